//! A script's text, how far it was read, and what is wrong with it.
//!
//! A backslash before a line end is never seen by those who read through [`Cursor::peek`].

use alloc::{format, string::String};
use core::fmt;

/// Why a script is none, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::programs) struct SyntaxError {
    pub(super) what: String,
    line: u32,
    column: u32,
    /// Could more lines mend it?
    pub(super) is_incomplete: bool,
}

/// `line 3, column 7: unexpected )`
impl fmt::Display for SyntaxError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}: {}", self.line, self.column, self.what)
    }
}

/// A text and a place in it.
pub(super) struct Cursor<'a> {
    text: &'a str,
    at: usize,
    first_line: u32,
    /// A place whose line is known, so that lines are counted once.
    counted: (usize, u32),
    /// Is there no more to come behind the text?
    is_last: bool,
}

impl<'a> Cursor<'a> {
    /// Stands at the beginning of `text`, whose first line has this number.
    pub(super) fn new(text: &'a str, first_line: u32, is_last: bool) -> Cursor<'a> {
        Cursor { text, at: 0, first_line, counted: (0, first_line), is_last }
    }

    /// How many bytes were read.
    pub(super) fn at(&self) -> usize {
        self.at
    }

    /// Goes to a place.
    pub(super) fn go(&mut self, at: usize) {
        self.at = at;
    }

    /// What was read since `start`.
    pub(super) fn since(&self, start: usize) -> &'a str {
        &self.text[start..self.at]
    }

    /// What is still to be read.
    pub(super) fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    /// The next character as it is.
    pub(super) fn raw(&self) -> Option<char> {
        self.rest().chars().next()
    }

    /// Takes the next character as it is.
    pub(super) fn take_raw(&mut self) -> Option<char> {
        let c = self.raw()?;
        self.at += c.len_utf8();
        Some(c)
    }

    /// The next character.
    pub(super) fn peek(&mut self) -> Option<char> {
        while self.rest().starts_with("\\\n") {
            self.at += 2;
        }
        self.raw()
    }

    /// Takes the next character.
    pub(super) fn take(&mut self) -> Option<char> {
        self.peek()?;
        self.take_raw()
    }

    /// Takes this character if it is the next.
    pub(super) fn take_if(&mut self, wanted: char) -> bool {
        let is_next = self.peek() == Some(wanted);
        if is_next {
            self.at += wanted.len_utf8();
        }
        is_next
    }

    /// Takes characters while they hold.
    pub(super) fn take_while(&mut self, holds: impl Fn(char) -> bool) -> String {
        let mut taken = String::new();
        while let Some(c) = self.peek().filter(|&c| holds(c)) {
            self.at += c.len_utf8();
            taken.push(c);
        }
        taken
    }

    /// Takes a line without its end; `None` at the end of the text.
    pub(super) fn take_line(&mut self) -> Option<&'a str> {
        let rest = self.rest();
        if rest.is_empty() {
            return None;
        }
        let (line, taken) = rest.split_once('\n').map_or((rest, rest.len()), |(line, _)| (line, line.len() + 1));
        self.at += taken;
        Some(line)
    }

    /// Was a line end the last that was taken?
    pub(super) fn has_just_ended_line(&self) -> bool {
        self.text[..self.at].ends_with('\n')
    }

    /// Is the end of the text the end of all?
    pub(super) fn is_last(&self) -> bool {
        self.is_last
    }

    /// The number of the line in which `at` is.
    pub(super) fn line(&mut self, at: usize) -> u32 {
        let (from, line) = if self.counted.0 <= at { self.counted } else { (0, self.first_line) };
        let newlines = self.text[from..at].bytes().filter(|&byte| byte == b'\n').count();
        self.counted = (at, line + newlines as u32);
        self.counted.1
    }

    /// What is wrong at a place.
    pub(super) fn error(&mut self, at: usize, what: impl Into<String>) -> SyntaxError {
        let start = self.text[..at].rfind('\n').map_or(0, |newline| newline + 1);
        let column = self.text[start..at].chars().count() as u32 + 1;
        SyntaxError { what: what.into(), line: self.line(at), column, is_incomplete: false }
    }

    /// The text has ended where it may not; `what` began at a place.
    pub(super) fn incomplete(&mut self, at: usize, what: impl Into<String>) -> SyntaxError {
        let is_incomplete = !self.is_last;
        SyntaxError { is_incomplete, ..self.error(at, what) }
    }

    /// What stands here is none of what may.
    pub(super) fn unexpected(&mut self, at: usize, what: &str) -> SyntaxError {
        match what {
            "" => self.incomplete(at, "unexpected end of file"),
            "\n" => self.error(at, "unexpected end of line"),
            what => self.error(at, format!("unexpected {}", crate::excerpt::excerpt(what))),
        }
    }
}

/// Is it how a variable may be called?
pub(super) fn is_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') && text.chars().all(is_name_char)
}

/// May it stand in a name?
pub(super) fn is_name_char(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

/// A text that is quoted so that a shell reads it back.
pub(super) fn quoted(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    loop {
        let plain = rest.find('\'').unwrap_or(rest.len());
        out += &["'", &rest[..plain], "'"].concat();
        rest = &rest[plain..];
        let quotes = rest.len() - rest.trim_start_matches('\'').len();
        if quotes > 0 {
            out += &["\"", &rest[..quotes], "\""].concat();
            rest = &rest[quotes..];
        }
        if rest.is_empty() {
            return out;
        }
    }
}
