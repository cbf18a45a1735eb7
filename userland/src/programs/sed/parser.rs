//! Reads a script.

use super::script::{
    Action, Case, Command, End, Expression, Part, Place, RangeState, Replacement, Script, Selection, Substitution,
};
use crate::{
    limits::SED_DEPTH,
    prelude::*,
    regex::{Regex, Syntax},
};
use core::fmt;

/// Why a text is no script: what is wrong, and in which of its lines.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct ScriptError {
    what: String,
    line: usize,
}

impl fmt::Display for ScriptError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.what)
    }
}

/// What is left is to be put into the command at this place.
struct Label {
    name: Vec<u8>,
    command: usize,
}

struct Parser<'a> {
    text: &'a [u8],
    at: usize,
    syntax: Syntax,
    commands: Vec<Command>,
    expressions: Vec<Regex>,
    /// Commands that have opened a block.
    open: Vec<usize>,
    labels: Vec<Label>,
    jumps: Vec<Label>,
}

/// Reads `text`, whose expressions are written in `syntax`.
pub(super) fn parse(text: &[u8], syntax: Syntax) -> Result<Script, ScriptError> {
    let (commands, expressions, open) = (Vec::new(), Vec::new(), Vec::new());
    let (labels, jumps) = (Vec::new(), Vec::new());
    let mut parser = Parser { text, at: 0, syntax, commands, expressions, open, labels, jumps };
    match parser.script() {
        Ok(()) => {
            let is_quiet = text.starts_with(b"#n");
            Ok(Script { commands: parser.commands, expressions: parser.expressions, is_quiet })
        }
        Err(what) => {
            let read = &text[..parser.at.min(text.len())];
            let newlines = read.iter().filter(|&&byte| byte == b'\n').count();
            // What is wrong was read, its newline as well.
            let line = newlines + usize::from(!read.ends_with(b"\n") || newlines == 0);
            Err(ScriptError { what, line })
        }
    }
}

fn wrong<T>(what: impl Into<String>) -> Result<T, String> {
    Err(what.into())
}

/// The byte that is meant by what stands behind a backslash, and how long that is.
fn escaped(text: &[u8]) -> Option<(u8, usize)> {
    let number = |radix: u32, digits_max: usize| {
        let digits = text[1..].iter().take(digits_max).map_while(|&byte| char::from(byte).to_digit(radix));
        let (value, length) = digits.fold((0, 1), |(value, length), digit| (value * radix + digit, length + 1));
        // As elsewhere, more than a byte holds is cut.
        (length > 1).then_some(((value & 0xff) as u8, length))
    };
    match text.first()? {
        b'a' => Some((7, 1)),
        b'f' => Some((12, 1)),
        b'n' => Some((b'\n', 1)),
        b'r' => Some((b'\r', 1)),
        b't' => Some((b'\t', 1)),
        b'v' => Some((11, 1)),
        b'd' => number(10, 3),
        b'o' => number(8, 3),
        b'x' => number(16, 2),
        _ => None,
    }
}

/// Is it a blank, or another that is not seen, but no newline?
fn is_blank(byte: u8) -> bool {
    byte != b'\n' && (byte.is_ascii_whitespace() || byte == 11)
}

impl Parser<'_> {
    fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    fn next(&mut self) -> Option<u8> {
        let next = self.peek();
        self.at += usize::from(next.is_some());
        next
    }

    fn take(&mut self, byte: u8) -> bool {
        let is_there = self.peek() == Some(byte);
        self.at += usize::from(is_there);
        is_there
    }

    fn skip(&mut self, is_skipped: impl Fn(u8) -> bool) {
        while self.peek().is_some_and(&is_skipped) {
            self.at += 1;
        }
    }

    fn number(&mut self) -> Option<u64> {
        let start = self.at;
        let mut number = 0u64;
        while let Some(digit) = self.peek().filter(u8::is_ascii_digit) {
            number = number.saturating_mul(10).saturating_add(u64::from(digit - b'0'));
            self.at += 1;
        }
        (self.at > start).then_some(number)
    }

    fn script(&mut self) -> Result<(), String> {
        loop {
            self.skip(|byte| byte.is_ascii_whitespace() || byte == b';');
            if self.peek().is_none() {
                break;
            }
            self.command()?;
        }
        if !self.open.is_empty() {
            return wrong("`{` without its `}`");
        }
        for jump in &self.jumps {
            let label = self.labels.iter().find(|label| label.name == jump.name);
            let Some(to) = label.map(|label| label.command) else {
                return wrong(format!("there is no label `{}`", excerpt(&String::from_utf8_lossy(&jump.name))));
            };
            match &mut self.commands[jump.command].action {
                Action::Jump(place) | Action::JumpIfReplaced(place) | Action::JumpUnlessReplaced(place) => *place = to,
                _ => {}
            }
        }
        Ok(())
    }

    fn command(&mut self) -> Result<(), String> {
        let selection = self.selection()?;
        self.skip(is_blank);
        let is_negated = self.take(b'!');
        self.skip(is_blank);
        if is_negated && self.peek() == Some(b'!') {
            return wrong("more than one `!`");
        }
        let Some(letter) = self.next() else { return wrong("a command is missing") };
        let has_range = matches!(selection, Selection::Range { .. });
        let is_for_all = matches!(selection, Selection::All);
        let action = match letter {
            b'#' if is_for_all && !is_negated => {
                self.skip(|byte| byte != b'\n');
                return Ok(());
            }
            b':' if is_for_all && !is_negated => {
                let name = self.label();
                if name.is_empty() {
                    return wrong("`:` has no label");
                }
                if self.labels.iter().any(|label| label.name == name) {
                    return wrong("a label stands twice");
                }
                self.labels.push(Label { name, command: self.commands.len() });
                return Ok(());
            }
            b'}' if is_for_all && !is_negated => {
                let Some(block) = self.open.pop() else { return wrong("`}` without its `{`") };
                self.commands[block].action = Action::Block { end: self.commands.len() };
                return self.end();
            }
            b'#' | b':' | b'}' => return wrong(format!("`{}` is for no line", char::from(letter))),
            b'{' => {
                if self.open.len() == SED_DEPTH {
                    return wrong("too many `{` in each other");
                }
                self.open.push(self.commands.len());
                Action::Block { end: 0 }
            }
            b'b' | b't' | b'T' => self.jump(letter),
            b'a' | b'i' | b'c' => {
                let text = self.text()?;
                match letter {
                    b'a' => Action::Append(text),
                    b'i' => Action::Insert(text),
                    _ => Action::Change(text),
                }
            }
            b's' => self.substitution()?,
            b'y' => self.translation()?,
            b'q' | b'Q' if has_range => return wrong(format!("`{}` is for one line", char::from(letter))),
            b'q' | b'Q' => {
                self.skip(is_blank);
                let code = i32::try_from(self.number().unwrap_or(0)).unwrap_or(i32::MAX);
                Action::Quit { code, is_printing: letter == b'q' }
            }
            b'd' => Action::Delete,
            b'D' => Action::DeleteFirst,
            b'g' => Action::Get,
            b'G' => Action::GetBehind,
            b'h' => Action::Hold,
            b'H' => Action::HoldBehind,
            b'x' => Action::Exchange,
            b'n' => Action::Next,
            b'N' => Action::NextBehind,
            b'=' => Action::Number,
            b'p' => Action::Print,
            b'P' => Action::PrintFirst,
            letter => return wrong(format!("no command: `{}`", excerpt(&String::from_utf8_lossy(&[letter])))),
        };
        let has_own_end = matches!(letter, b'{' | b'a' | b'i' | b'c' | b'b' | b't' | b'T');
        self.commands.push(Command { selection, is_negated, action });
        if has_own_end { Ok(()) } else { self.end() }
    }

    /// What may stand behind a command.
    fn end(&mut self) -> Result<(), String> {
        self.skip(is_blank);
        match self.peek() {
            None | Some(b'\n' | b';' | b'}' | b'#') => Ok(()),
            Some(_) => wrong("more than a command"),
        }
    }

    fn label(&mut self) -> Vec<u8> {
        self.skip(is_blank);
        let start = self.at;
        self.skip(|byte| !byte.is_ascii_whitespace() && byte != b';' && byte != b'}');
        self.text[start..self.at].to_vec()
    }

    fn jump(&mut self, letter: u8) -> Action {
        let name = self.label();
        // Behind the last command, unless there is a label.
        let to = usize::MAX;
        if !name.is_empty() {
            self.jumps.push(Label { name, command: self.commands.len() });
        }
        match letter {
            b'b' => Action::Jump(to),
            b't' => Action::JumpIfReplaced(to),
            _ => Action::JumpUnlessReplaced(to),
        }
    }

    fn selection(&mut self) -> Result<Selection, String> {
        let Some(first) = self.place()? else { return Ok(Selection::All) };
        self.skip(is_blank);
        if !self.take(b',') {
            return match first {
                Place::Line(0) => wrong("there is no line 0"),
                first => Ok(Selection::One(first)),
            };
        }
        self.skip(is_blank);
        let last = match self.peek() {
            Some(sign @ (b'+' | b'~')) => {
                self.at += 1;
                let Some(count) = self.number() else { return wrong("a range without its end") };
                if sign == b'+' { End::After(count) } else { End::Multiple(count) }
            }
            _ => match self.place()? {
                Some(Place::Line(line)) => End::Line(line),
                Some(Place::Every { first, step }) => End::Every { first, step },
                Some(Place::Last) => End::Last,
                Some(Place::Match(expression)) => End::Match(expression),
                None => return wrong("a range without its end"),
            },
        };
        let state = match (first, last) {
            // It has begun before the first line, where its end may be.
            (Place::Line(0), End::Match(_)) => RangeState::Inside(None),
            (Place::Line(0), _) => return wrong("there is no line 0"),
            _ => RangeState::Outside,
        };
        Ok(Selection::Range { first, last, state })
    }

    fn place(&mut self) -> Result<Option<Place>, String> {
        if let Some(first) = self.number() {
            self.skip(is_blank);
            if !self.take(b'~') {
                return Ok(Some(Place::Line(first)));
            }
            self.skip(is_blank);
            return Ok(Some(match self.number() {
                None | Some(0) => Place::Line(first),
                Some(step) => Place::Every { first, step },
            }));
        }
        let sign = match self.peek() {
            Some(b'$') => {
                self.at += 1;
                return Ok(Some(Place::Last));
            }
            Some(b'/') => self.next(),
            Some(b'\\') => {
                self.at += 1;
                self.next()
            }
            _ => return Ok(None),
        };
        let Some(sign) = sign.filter(|sign| !matches!(sign, b'\n' | b'\\')) else { return wrong("no expression") };
        let pattern = self.pattern(sign)?;
        let mut folds_case = false;
        loop {
            match self.peek() {
                Some(b'I') => folds_case = true,
                Some(b'M') => return wrong("the flag M is not supported"),
                _ => break,
            }
            self.at += 1;
        }
        Ok(Some(Place::Match(self.expression(&pattern, folds_case)?)))
    }

    fn expression(&mut self, pattern: &[u8], folds_case: bool) -> Result<Expression, String> {
        if pattern.is_empty() {
            return if folds_case { wrong("an empty expression has no flags") } else { Ok(None) };
        }
        match Regex::of_text(pattern, self.syntax, folds_case) {
            Ok(regex) => {
                self.expressions.push(regex);
                Ok(Some(self.expressions.len() - 1))
            }
            Err(error) => Err(error.to_string()),
        }
    }

    /// Reads an expression up to `sign`, with its escapes as the bytes they mean.
    fn pattern(&mut self, sign: u8) -> Result<Vec<u8>, String> {
        const UNENDED: &str = "an expression has no end";
        let mut pattern = Vec::new();
        loop {
            match self.next() {
                None | Some(b'\n') => return wrong(UNENDED),
                Some(byte) if byte == sign => return Ok(pattern),
                Some(b'[') => {
                    let Some(length) = bracket_bytes(&self.text[self.at..]) else { return wrong(UNENDED) };
                    let members = &self.text[self.at..self.at + length];
                    self.at += length;
                    pattern.push(b'[');
                    put_members(members, &mut pattern);
                }
                Some(b'\\') => match self.peek() {
                    None => return wrong(UNENDED),
                    Some(byte) if byte == sign || byte == b'\n' => {
                        self.at += 1;
                        pattern.push(byte);
                    }
                    Some(byte) => match escaped(&self.text[self.at..]) {
                        Some((meant, length)) => {
                            self.at += length;
                            // It means what it would if it stood there.
                            pattern.push(meant);
                        }
                        None => {
                            self.at += 1;
                            pattern.extend([b'\\', byte]);
                        }
                    },
                },
                Some(byte) => pattern.push(byte),
            }
        }
    }

    /// Reads up to `sign`; backslashes stay, but for those before it.
    fn delimited(&mut self, sign: u8, what: &str) -> Result<Vec<u8>, String> {
        let mut text = Vec::new();
        loop {
            match self.next() {
                None | Some(b'\n') => return wrong(format!("`{what}` has no end")),
                Some(byte) if byte == sign => return Ok(text),
                Some(b'\\') => match self.next() {
                    None => return wrong(format!("`{what}` has no end")),
                    // A newline, or an `&` that is no match, needs its backslash behind the border as well.
                    Some(byte) if byte == sign && byte != b'&' => text.push(byte),
                    Some(byte) => text.extend([b'\\', byte]),
                },
                Some(byte) => text.push(byte),
            }
        }
    }

    fn sign(&mut self, what: &str) -> Result<u8, String> {
        match self.next() {
            None | Some(b'\n' | b'\\') => wrong(format!("`{what}` has no end")),
            Some(sign) => Ok(sign),
        }
    }

    fn substitution(&mut self) -> Result<Action, String> {
        let sign = self.sign("s")?;
        let pattern = self.pattern(sign)?;
        let replacement = replacement(&self.delimited(sign, "s")?);
        let (mut is_global, mut is_printed, mut number, mut folds_case) = (false, false, None, false);
        loop {
            match self.peek() {
                Some(b'g') if !core::mem::replace(&mut is_global, true) => self.at += 1,
                Some(b'p') if !core::mem::replace(&mut is_printed, true) => self.at += 1,
                Some(b'i' | b'I') => {
                    folds_case = true;
                    self.at += 1;
                }
                Some(b'0'..=b'9') if number.is_none() => match self.number() {
                    Some(0) => return wrong("`s` replaces no match 0"),
                    given => number = given,
                },
                Some(b'g' | b'p' | b'0'..=b'9') => return wrong("`s` has a flag twice"),
                Some(flag @ (b'm' | b'M' | b'e' | b'w')) => {
                    return wrong(format!("the flag {} is not supported", char::from(flag)));
                }
                _ => break,
            }
        }
        let expression = self.expression(&pattern, folds_case)?;
        if let Some(expression) = expression
            && self.expressions[expression].group_count() < replacement.group_max
        {
            return wrong(format!("there is no group {}", replacement.group_max));
        }
        let number = number.unwrap_or(1);
        Ok(Action::Substitute(Box::new(Substitution { expression, replacement, number, is_global, is_printed })))
    }

    fn translation(&mut self) -> Result<Action, String> {
        let sign = self.sign("y")?;
        let from = unescaped(&self.delimited(sign, "y")?);
        let to = unescaped(&self.delimited(sign, "y")?);
        if from.len() != to.len() {
            return wrong("`y` has two texts that are not of one length");
        }
        let mut table = Box::new(core::array::from_fn(|byte| byte as u8));
        for (&from, to) in from.iter().zip(to).rev() {
            table[usize::from(from)] = to;
        }
        Ok(Action::Translate(table))
    }

    /// Reads the text of `a`, `i` or `c`: one line, or several with a backslash before each newline.
    fn text(&mut self) -> Result<Vec<u8>, String> {
        self.skip(is_blank);
        if matches!(self.peek(), None | Some(b'\n')) {
            return wrong("a text is missing");
        }
        if self.take(b'\\') {
            let start = self.at;
            self.skip(is_blank);
            if !self.take(b'\n') {
                // What stands behind the backslash is the text, with its blanks.
                self.at = start;
            }
            if self.peek().is_none() {
                return Ok(Vec::new());
            }
        }
        let mut text = Vec::new();
        loop {
            match self.next() {
                None | Some(b'\n') => break,
                Some(b'\\') => match escaped(&self.text[self.at..]) {
                    Some((meant, length)) => {
                        self.at += length;
                        text.push(meant);
                    }
                    None => text.extend(self.next()),
                },
                Some(byte) => text.push(byte),
            }
        }
        text.push(b'\n');
        Ok(text)
    }
}

/// How long a bracket expression is, behind its `[` and with its `]`; `None` when it does not end in this line.
fn bracket_bytes(text: &[u8]) -> Option<usize> {
    let mut at = usize::from(text.first() == Some(&b'^'));
    at += usize::from(text.get(at) == Some(&b']'));
    loop {
        match (text.get(at)?, text.get(at + 1)) {
            (b'\n', _) => return None,
            (b']', _) => return Some(at + 1),
            (b'[', Some(kind @ (b':' | b'.' | b'='))) => {
                let name = text.get(at + 2..)?;
                at += 4 + name.windows(2).position(|pair| pair == [*kind, b']'])?;
            }
            _ => at += 1,
        }
    }
}

/// Writes what stands in brackets, with escapes as the bytes they mean: the expression itself knows none there.
fn put_members(members: &[u8], pattern: &mut Vec<u8>) {
    let mut at = 0;
    while let Some(&byte) = members.get(at) {
        at += 1;
        match escaped(&members[at..]).filter(|_| byte == b'\\') {
            Some((meant, length)) => {
                at += length;
                pattern.push(meant);
            }
            None => pattern.push(byte),
        }
    }
}

/// A text of `y` without its backslashes.
fn unescaped(text: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut at = 0;
    while let Some(&byte) = text.get(at) {
        at += 1;
        match text.get(at) {
            Some(&next) if byte == b'\\' => {
                let (meant, length) = escaped(&text[at..]).unwrap_or((next, 1));
                at += length;
                bytes.push(meant);
            }
            _ => bytes.push(byte),
        }
    }
    bytes
}

/// Reads what stands in the place of matches.
fn replacement(text: &[u8]) -> Replacement {
    let mut replacement = Replacement::default();
    let mut literal = Vec::new();
    let mut at = 0;
    while let Some(&byte) = text.get(at) {
        at += 1;
        let part = match (byte, text.get(at)) {
            (b'&', _) => Part::Group(0),
            (b'\\', Some(&next)) => {
                at += 1;
                match next {
                    b'0'..=b'9' => Part::Group(usize::from(next - b'0')),
                    b'U' => Part::Case(Some(Case::Upper)),
                    b'L' => Part::Case(Some(Case::Lower)),
                    b'E' => Part::Case(None),
                    b'u' => Part::CaseOnce(Case::Upper),
                    b'l' => Part::CaseOnce(Case::Lower),
                    next => {
                        let (meant, length) = escaped(&text[at - 1..]).unwrap_or((next, 1));
                        at += length - 1;
                        literal.push(meant);
                        continue;
                    }
                }
            }
            _ => {
                literal.push(byte);
                continue;
            }
        };
        if let Part::Group(number) = part {
            replacement.group_max = replacement.group_max.max(number);
        }
        if !literal.is_empty() {
            replacement.parts.push(Part::Text(core::mem::take(&mut literal)));
        }
        replacement.parts.push(part);
    }
    if !literal.is_empty() {
        replacement.parts.push(Part::Text(literal));
    }
    replacement
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(script: &str) -> String {
        parse(script.as_bytes(), Syntax::Basic).err().map_or_else(String::new, |error| error.to_string())
    }

    #[test]
    fn what_is_no_script_is_refused_by_its_line() {
        for (script, what) in [
            ("k", "line 1: no command: `k`"),
            ("p\np p", "line 2: more than a command"),
            ("{p", "line 1: `{` without its `}`"),
            ("p}}", "line 1: `}` without its `{`"),
            ("s/a/b", "line 1: `s` has no end"),
            ("s/[/b/", "line 1: an expression has no end"),
            ("s/a/\\1/", "line 1: there is no group 1"),
            ("s/\\(a\\)\\1/b/", "line 1: back-references are not supported"),
            ("s/a/b/0", "line 1: `s` replaces no match 0"),
            ("s/a/b/gg", "line 1: `s` has a flag twice"),
            ("y/ab/c/", "line 1: `y` has two texts that are not of one length"),
            ("1,p", "line 1: a range without its end"),
            ("0p", "line 1: there is no line 0"),
            ("1!!p", "line 1: more than one `!`"),
            ("bx", "line 1: there is no label `x`"),
            ("1,2q", "line 1: `q` is for one line"),
            ("a", "line 1: a text is missing"),
            ("1:x", "line 1: `:` is for no line"),
            ("1", "line 1: a command is missing"),
        ] {
            assert_eq!(error(script), what, "{script}");
        }
    }

    #[test]
    fn blocks_lie_in_each_other_up_to_a_bound() {
        let nested = |depth| ["{".repeat(depth), "}".repeat(depth)].concat();
        assert_eq!(error(&nested(SED_DEPTH)), "");
        assert_eq!(error(&nested(SED_DEPTH + 1)), "line 1: too many `{` in each other");
    }

    #[test]
    fn a_replacement_is_in_the_case_that_it_says() {
        let made = |text: &str| {
            let mut out = Vec::new();
            replacement(text.as_bytes()).expand(|number| if number == 0 { b"aBc" } else { b"" }, &mut out);
            String::from_utf8(out).unwrap()
        };
        assert_eq!(made(r"\U&x\E&"), "ABCXaBc");
        assert_eq!(made(r"\u&\l&\L&"), "ABcaBcabc");
        assert_eq!(made(r"\u\L&"), "Abc");
        assert_eq!(made(r"\&\\\n\x41[&]"), "&\\\nA[aBc]");
    }
}
