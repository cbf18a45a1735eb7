//! Reads a regular expression of POSIX into what the `regex-syntax` crate has of one.

use super::{
    PatternError, Scope, Syntax, TOO_BIG,
    bracket::{self, Members},
};
use crate::limits::REGEX_DEPTH;
use alloc::{boxed::Box, vec::Vec};
use regex_syntax::hir::{Capture, Class, ClassBytes, ClassBytesRange, Hir, Look, Repetition};

/// The most often that something may be repeated.
const REPEATS_MAX: u32 = 32767;

const INVALID_INTERVAL: PatternError = PatternError("invalid content of {}");

/// What a pattern stands for.
pub(super) struct Parsed {
    pub(super) hir: Hir,
    /// How many groups it has.
    pub(super) groups: usize,
}

/// Reads `pattern`, which has a newline only if it is searched for in a text. There its groups are told apart.
pub(super) fn parse(pattern: &[u8], syntax: Syntax, folds_case: bool, scope: Scope) -> Result<Parsed, PatternError> {
    if syntax == Syntax::Fixed {
        let hir = Hir::concat(pattern.iter().map(|&byte| one(byte, folds_case)).collect());
        return Ok(Parsed { hir, groups: 0 });
    }
    let is_extended = syntax == Syntax::Extended;
    let mut parser = Parser { text: pattern, at: 0, is_extended, folds_case, scope, depth: 0, groups: 0 };
    let hir = parser.alternatives()?;
    Ok(Parsed { hir, groups: parser.groups })
}

/// One byte, in both cases if case does not count.
fn one(byte: u8, folds_case: bool) -> Hir {
    if folds_case && byte.is_ascii_alphabetic() {
        return any_of(|other| other.eq_ignore_ascii_case(&byte));
    }
    Hir::literal([byte])
}

fn any_of(contains: impl Fn(&u8) -> bool) -> Hir {
    let ranges = (0..=u8::MAX).filter(contains).map(|byte| ClassBytesRange::new(byte, byte));
    Hir::class(Class::Bytes(ClassBytes::new(ranges)))
}

struct Parser<'a> {
    text: &'a [u8],
    at: usize,
    is_extended: bool,
    folds_case: bool,
    scope: Scope,
    /// Parentheses that are open.
    depth: usize,
    /// Groups that have begun.
    groups: usize,
}

/// How often something is repeated; `None` is without end.
type Interval = (u32, Option<u32>);

impl Parser<'_> {
    /// Can this byte be one among others?
    fn is_in_scope(&self, byte: u8) -> bool {
        self.scope == Scope::Text || byte != b'\n'
    }

    fn start(&self) -> Hir {
        Hir::look(if self.scope == Scope::Text { Look::Start } else { Look::StartLF })
    }

    fn end(&self) -> Hir {
        Hir::look(if self.scope == Scope::Text { Look::End } else { Look::EndLF })
    }

    /// The next operator is this sign: bare in an extended expression, behind a backslash in a basic one.
    fn is_operator(&self, sign: u8) -> bool {
        let rest = &self.text[self.at..];
        if self.is_extended { rest.first() == Some(&sign) } else { rest.starts_with(&[b'\\', sign]) }
    }

    fn take_operator(&mut self, sign: u8) -> bool {
        let is_there = self.is_operator(sign);
        self.at += if is_there { self.operator_bytes() } else { 0 };
        is_there
    }

    fn operator_bytes(&self) -> usize {
        if self.is_extended { 1 } else { 2 }
    }

    /// Branches with `|` between them, up to the end or the parenthesis that closes them.
    fn alternatives(&mut self) -> Result<Hir, PatternError> {
        let mut branches = Vec::new();
        loop {
            branches.push(self.branch()?);
            if !self.take_operator(b'|') {
                return Ok(Hir::alternation(branches));
            }
        }
    }

    fn branch(&mut self) -> Result<Hir, PatternError> {
        let mut items = Vec::new();
        // There is nothing yet that could be repeated.
        let mut is_start = true;
        while self.at < self.text.len() && !self.is_operator(b'|') && !(self.depth > 0 && self.is_operator(b')')) {
            if is_start && self.take_lone_repetition()? {
                continue;
            }
            let is_anchor = self.is_start_anchor(is_start);
            if is_anchor {
                self.at += 1;
                items.push(self.start());
            } else {
                let item = self.atom(is_start)?;
                items.push(self.repeated(item)?);
            }
            is_start = is_anchor;
        }
        Ok(Hir::concat(items))
    }

    fn is_start_anchor(&self, is_start: bool) -> bool {
        self.text[self.at] == b'^' && (self.is_extended || is_start)
    }

    /// In an extended expression a repetition of nothing is nothing.
    fn take_lone_repetition(&mut self) -> Result<bool, PatternError> {
        Ok(self.is_extended && self.repetition()?.is_some())
    }

    fn repeated(&mut self, mut item: Hir) -> Result<Hir, PatternError> {
        while let Some((min, max)) = self.repetition()? {
            item = Hir::repetition(Repetition { min, max, greedy: true, sub: Box::new(item) });
        }
        Ok(item)
    }

    fn repetition(&mut self) -> Result<Option<Interval>, PatternError> {
        if self.text.get(self.at) == Some(&b'*') {
            self.at += 1;
            return Ok(Some((0, None)));
        }
        if self.take_operator(b'+') {
            return Ok(Some((1, None)));
        }
        if self.take_operator(b'?') {
            return Ok(Some((0, Some(1))));
        }
        if !self.is_operator(b'{') {
            return Ok(None);
        }
        let start = self.at;
        self.at += self.operator_bytes();
        let interval = self.interval();
        // In an extended expression what is no interval is text.
        match interval {
            Ok(None) if self.is_extended => {
                self.at = start;
                Ok(None)
            }
            Ok(None) if self.text[self.at..].is_empty() => Err(PatternError("unmatched \\{")),
            Ok(None) => Err(INVALID_INTERVAL),
            interval => interval,
        }
    }

    /// `2}`, `2,}`, `,3}` or `2,3}`.
    fn interval(&mut self) -> Result<Option<Interval>, PatternError> {
        let min = self.number();
        let max = if self.text.get(self.at) == Some(&b',') {
            self.at += 1;
            self.number()
        } else {
            match min {
                Some(_) => min,
                None => return Ok(None),
            }
        };
        if !self.take_operator(b'}') {
            return Ok(None);
        }
        let (min, max) = (min.unwrap_or(0), max);
        if max.is_some_and(|max| max < min) {
            return Err(INVALID_INTERVAL);
        }
        if max.unwrap_or(min) > REPEATS_MAX {
            return Err(TOO_BIG);
        }
        Ok(Some((min, max)))
    }

    fn number(&mut self) -> Option<u32> {
        let digits = self.text[self.at..].iter().take_while(|byte| byte.is_ascii_digit());
        let (number, length) = digits.fold((0u32, 0), |(number, length), digit| {
            (number.saturating_mul(10).saturating_add(u32::from(digit - b'0')), length + 1)
        });
        self.at += length;
        (length > 0).then_some(number)
    }

    fn atom(&mut self, is_start: bool) -> Result<Hir, PatternError> {
        if self.take_operator(b'(') {
            return self.group();
        }
        if !self.is_extended && self.is_operator(b')') {
            return Err(PatternError("unmatched ) or \\)"));
        }
        let byte = self.text[self.at];
        self.at += 1;
        match byte {
            b'\\' => self.escape(is_start),
            b'.' => Ok(any_of(|&byte| self.is_in_scope(byte))),
            b'[' => {
                let (members, length) = bracket::parse(&self.text[self.at..], self.scope)?;
                self.at += length;
                Ok(self.any_member(&members))
            }
            b'$' if self.is_extended || self.is_branch_over() => Ok(self.end()),
            byte => Ok(one(byte, self.folds_case)),
        }
    }

    fn any_member(&self, members: &Members) -> Hir {
        let contains = |byte: u8| members[usize::from(byte)];
        any_of(|&byte| {
            contains(byte)
                || self.folds_case && (contains(byte.to_ascii_lowercase()) || contains(byte.to_ascii_uppercase()))
        })
    }

    fn is_branch_over(&self) -> bool {
        self.at == self.text.len() || self.is_operator(b'|') || self.is_operator(b')')
    }

    fn group(&mut self) -> Result<Hir, PatternError> {
        if self.depth == REGEX_DEPTH {
            return Err(TOO_BIG);
        }
        self.depth += 1;
        self.groups += 1;
        let number = self.groups;
        let inner = self.alternatives()?;
        if !self.take_operator(b')') {
            return Err(PatternError("unmatched ( or \\("));
        }
        self.depth -= 1;
        if self.scope == Scope::Lines {
            return Ok(inner);
        }
        let index = u32::try_from(number).map_err(|_| TOO_BIG)?;
        Ok(Hir::capture(Capture { index, name: None, sub: Box::new(inner) }))
    }

    /// What stands behind a backslash.
    fn escape(&mut self, is_start: bool) -> Result<Hir, PatternError> {
        let &byte = self.text.get(self.at).ok_or(PatternError("trailing backslash"))?;
        self.at += 1;
        let is_word = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
        let is_space = |byte: &u8| matches!(byte, b' ' | 9..=13);
        Ok(match byte {
            b'<' => Hir::look(Look::WordStartAscii),
            b'>' => Hir::look(Look::WordEndAscii),
            b'b' => Hir::look(Look::WordAscii),
            b'B' => Hir::look(Look::WordAsciiNegate),
            b'w' => any_of(is_word),
            b'W' => any_of(|byte| !is_word(byte) && self.is_in_scope(*byte)),
            b's' => any_of(|byte| is_space(byte) && self.is_in_scope(*byte)),
            b'S' => any_of(|byte| !is_space(byte)),
            b'`' => self.start(),
            b'\'' => self.end(),
            b'1'..=b'9' => return Err(PatternError("back-references are not supported")),
            // Only at the start of a basic expression they come here.
            b'{' if !self.is_extended && !is_start => return Err(INVALID_INTERVAL),
            byte => one(byte, self.folds_case),
        })
    }
}
