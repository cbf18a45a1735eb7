//! Bracket expressions: `[a-z[:digit:]]`.

use super::{PatternError, Scope};
use crate::bytes::class;

/// Which bytes a bracket expression stands for.
pub(super) type Members = [bool; 256];

const UNMATCHED: PatternError = PatternError("unmatched [");

/// Reads what follows a `[`, and gives its members and how long it is with its `]`.
pub(super) fn parse(text: &[u8], scope: Scope) -> Result<(Members, usize), PatternError> {
    let mut reader = Reader { text, at: 0, members: [false; 256] };
    let is_negated = reader.take(b"^");
    let mut looks_like_class = Some(reader.text.get(reader.at) == Some(&b':'));
    let start = reader.at;
    while reader.at == start || reader.peek()? != b']' {
        if reader.item()? {
            looks_like_class = None;
        }
    }
    let content = &reader.text[start..reader.at];
    if looks_like_class == Some(true) && content[1..].contains(&b':') && content.iter().any(|&byte| byte != b':') {
        return Err(PatternError("character class syntax is [[:space:]], not [:space:]"));
    }
    let mut members = reader.members;
    if is_negated {
        members = members.map(|is_member| !is_member);
        if scope == Scope::Lines {
            members[usize::from(b'\n')] = false;
        }
    }
    Ok((members, reader.at + 1))
}

struct Reader<'a> {
    text: &'a [u8],
    at: usize,
    members: Members,
}

impl Reader<'_> {
    fn peek(&self) -> Result<u8, PatternError> {
        self.text.get(self.at).copied().ok_or(UNMATCHED)
    }

    fn take(&mut self, word: &[u8]) -> bool {
        let is_there = self.text[self.at..].starts_with(word);
        self.at += if is_there { word.len() } else { 0 };
        is_there
    }

    /// Reads a byte, a range or a class; is it more than a byte?
    fn item(&mut self) -> Result<bool, PatternError> {
        if self.take(b"[:") {
            let name = self.name(b":]")?;
            let contains = class(name).ok_or(PatternError("invalid character class name"))?;
            (0..=u8::MAX).filter(contains).for_each(|byte| self.members[usize::from(byte)] = true);
            return Ok(true);
        }
        let first = self.endpoint()?;
        if self.text.get(self.at) != Some(&b'-') || self.text.get(self.at + 1).is_none_or(|&next| next == b']') {
            self.members[usize::from(first)] = true;
            return Ok(false);
        }
        self.at += 1;
        let last = self.endpoint()?;
        if first > last {
            return Err(PatternError("invalid range end"));
        }
        (first..=last).for_each(|byte| self.members[usize::from(byte)] = true);
        Ok(true)
    }

    /// A byte, or `[.x.]` or `[=x=]`, which in the C locale are one.
    fn endpoint(&mut self) -> Result<u8, PatternError> {
        for (open, close) in [(b"[.", b".]"), (b"[=", b"=]")] {
            if self.take(open) {
                return match *self.name(close)? {
                    [byte] => Ok(byte),
                    _ => Err(PatternError("invalid collation character")),
                };
            }
        }
        let byte = self.peek()?;
        self.at += 1;
        Ok(byte)
    }

    fn name(&mut self, close: &[u8; 2]) -> Result<&[u8], PatternError> {
        let start = self.at;
        // `[.].]` has its name before it ends.
        let rest = self.text.get(start..).ok_or(UNMATCHED)?;
        let length = rest.windows(2).position(|pair| pair == close).ok_or(UNMATCHED)?;
        self.at = start + length + 2;
        Ok(&self.text[start..start + length])
    }
}
