//! Words are read: quotes, escapes, and what a `$` or a backquote begins.
//!
//! Whatever is read here nests, and each level counts: past the most a script is refused and not
//! the machine's stack.

use super::{
    cursor::{SyntaxError, is_name_char},
    parser::Parser,
    syntax::{Change, Expansion, List, Otherwise, Parameter, Part, Side, Substitution, Word},
};
use crate::limits::SHELL_SYNTAX_DEPTH;
use alloc::{
    borrow::ToOwned,
    boxed::Box,
    string::{String, ToString},
    sync::Arc,
    vec::Vec,
};
use core::mem;

/// Where a word stands, which says how it is read and where it ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// Between blanks and operators.
    Plain,
    /// The same, and what is behind the `=` of an assignment may begin with a `~`.
    Assigning,
    /// In `${x-…}`, up to its brace.
    Braces,
    /// There in double quotes.
    QuotedBraces,
    /// In double quotes.
    Quotes,
    /// A text in the script, up to its end.
    Here,
    /// In `$((…))`.
    Arithmetic,
}

impl Place {
    /// Is what stands there quoted?
    fn is_quoted(self) -> bool {
        !matches!(self, Place::Plain | Place::Assigning | Place::Braces)
    }
}

/// Does it end a plain word?
pub(super) fn ends_word(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\n' | ';' | '&' | '|' | '<' | '>' | '(' | ')')
}

/// Parts as they come, whose characters are put together.
#[derive(Default)]
struct Parts {
    done: Vec<Part>,
    text: String,
}

impl Parts {
    fn push(&mut self, part: Part) {
        self.end_text();
        self.done.push(part);
    }

    fn push_quoted(&mut self, c: char) {
        self.end_text();
        match self.done.last_mut() {
            Some(Part::Quoted(text)) => text.push(c),
            _ => self.done.push(Part::Quoted(c.to_string())),
        }
    }

    fn end_text(&mut self) {
        if !self.text.is_empty() {
            self.done.push(Part::Text(mem::take(&mut self.text)));
        }
    }

    fn end(mut self) -> Vec<Part> {
        self.end_text();
        self.done
    }
}

impl Parser<'_> {
    /// Goes one level deeper for as long as `read` takes.
    pub(super) fn nested<T>(
        &mut self,
        read: impl FnOnce(&mut Self) -> Result<T, SyntaxError>,
    ) -> Result<T, SyntaxError> {
        let at = self.cursor.at();
        if self.depth >= SHELL_SYNTAX_DEPTH {
            return Err(self.cursor.error(at, "nested too deep"));
        }
        self.depth += 1;
        let read = read(self);
        self.depth -= 1;
        read
    }

    /// A word of this place; what ends it is taken, but where a blank or an operator does.
    pub(super) fn parts(&mut self, place: Place) -> Result<Vec<Part>, SyntaxError> {
        let start = self.cursor.at();
        let mut parts = Parts::default();
        let mut parentheses = 0usize;
        let mut is_value = false;
        if !place.is_quoted() {
            self.tilde(&mut parts, place);
        }
        loop {
            let Some(c) = self.cursor.peek() else {
                return match place {
                    Place::Plain | Place::Assigning | Place::Here => Ok(parts.end()),
                    Place::Quotes => Err(self.cursor.incomplete(start - 1, "unterminated \"")),
                    Place::Braces | Place::QuotedBraces => Err(self.cursor.incomplete(start, "unterminated ${")),
                    Place::Arithmetic => Err(self.cursor.incomplete(start, "unterminated $((")),
                };
            };
            let is_end = match place {
                Place::Plain | Place::Assigning => ends_word(c),
                Place::Braces | Place::QuotedBraces => c == '}',
                Place::Quotes => c == '"',
                Place::Here => false,
                Place::Arithmetic => c == ')' && parentheses == 0,
            };
            if is_end {
                if !matches!(place, Place::Plain | Place::Assigning) {
                    self.cursor.take();
                }
                if place == Place::Arithmetic && !self.cursor.take_if(')') {
                    let at = self.cursor.at();
                    return Err(self.cursor.error(at, "missing ))"));
                }
                return Ok(parts.end());
            }
            match c {
                '\'' if !place.is_quoted() => {
                    let text = self.single_quoted()?;
                    parts.push(Part::Quoted(text));
                }
                '"' if matches!(place, Place::Arithmetic) => {
                    self.cursor.take();
                }
                '"' if place != Place::Here => {
                    self.cursor.take();
                    let inner = self.nested(|parser| parser.parts(Place::Quotes))?;
                    parts.push(Part::DoubleQuoted(inner));
                }
                '\\' => self.escaped(place, &mut parts)?,
                '$' => {
                    self.cursor.take();
                    let part = self.nested(|parser| parser.dollar(place))?;
                    match part {
                        Some(part) => parts.push(part),
                        None => parts.text.push('$'),
                    }
                }
                '`' => {
                    let list = self.nested(|parser| parser.backquoted(place))?;
                    parts.push(Part::Command(Substitution(Arc::new(list))));
                }
                c => {
                    match (place, c) {
                        (Place::Arithmetic, '(') => parentheses += 1,
                        (Place::Arithmetic, ')') => parentheses -= 1,
                        _ => {}
                    }
                    self.cursor.take();
                    parts.text.push(c);
                    let begins_value = c == '=' && !is_value && parts.done.is_empty();
                    is_value |= begins_value;
                    if place == Place::Assigning && (begins_value || is_value && c == ':') {
                        self.tilde(&mut parts, place);
                    }
                }
            }
        }
    }

    /// Takes a `~` that is the home directory.
    fn tilde(&mut self, parts: &mut Parts, place: Place) {
        if self.cursor.peek() != Some('~') {
            return;
        }
        let before = self.cursor.at();
        self.cursor.take();
        let is_home = match self.cursor.peek() {
            None | Some('/') => true,
            Some(':') => place == Place::Assigning,
            Some('}') => place == Place::Braces,
            Some(c) => ends_word(c),
        };
        if is_home {
            parts.push(Part::Tilde);
        } else {
            self.cursor.go(before);
        }
    }

    fn single_quoted(&mut self) -> Result<String, SyntaxError> {
        let start = self.cursor.at();
        self.cursor.take();
        let Some((text, _)) = self.cursor.rest().split_once('\'') else {
            return Err(self.cursor.incomplete(start, "unterminated '"));
        };
        self.cursor.go(start + text.len() + 2);
        Ok(text.to_owned())
    }

    /// A backslash and what it stands before.
    fn escaped(&mut self, place: Place, parts: &mut Parts) -> Result<(), SyntaxError> {
        self.cursor.take();
        let Some(next) = self.cursor.raw() else {
            // It escapes nothing, and a script's last character is itself.
            if !self.cursor.is_last() && place != Place::Here {
                let at = self.cursor.at();
                return Err(self.cursor.incomplete(at, "unterminated \\"));
            }
            parts.push_quoted('\\');
            return Ok(());
        };
        let is_special = match place {
            Place::Plain | Place::Assigning | Place::Braces => true,
            Place::Quotes => matches!(next, '$' | '`' | '"' | '\\'),
            Place::QuotedBraces => matches!(next, '$' | '`' | '"' | '\\' | '}'),
            Place::Here | Place::Arithmetic => matches!(next, '$' | '`' | '\\'),
        };
        if is_special {
            self.cursor.take_raw();
            parts.push_quoted(next);
        } else {
            parts.push_quoted('\\');
        }
        Ok(())
    }

    /// What a `$` that was taken begins, if anything.
    fn dollar(&mut self, place: Place) -> Result<Option<Part>, SyntaxError> {
        match self.cursor.peek() {
            Some('(') => {
                let start = self.cursor.at();
                self.cursor.take();
                if self.cursor.take_if('(') {
                    return Ok(Some(Part::Arithmetic(self.parts(Place::Arithmetic)?)));
                }
                let list = self.substituted(start)?;
                Ok(Some(Part::Command(Substitution(Arc::new(list)))))
            }
            Some('{') => {
                let start = self.cursor.at();
                self.cursor.take();
                self.braces(start, place).map(|expansion| Some(Part::Parameter(Box::new(expansion))))
            }
            Some(c) => Ok(self
                .parameter(c, false)
                .map(|parameter| Part::Parameter(Box::new(Expansion { parameter, change: Change::Nothing })))),
            None => Ok(None),
        }
    }

    /// The parameter that begins with `c`, which is next; of several digits only in braces.
    fn parameter(&mut self, c: char, is_in_braces: bool) -> Option<Parameter> {
        match c {
            '@' | '*' | '#' | '?' | '-' | '$' | '!' => {
                self.cursor.take();
                Some(Parameter::Special(c))
            }
            '0'..='9' if is_in_braces => {
                let digits = self.cursor.take_while(|c| c.is_ascii_digit());
                // None has so high a number as does not fit: it is as good as one that is not set.
                Some(Parameter::Positional(digits.parse().unwrap_or(usize::MAX)))
            }
            '0'..='9' => {
                self.cursor.take();
                Some(Parameter::Positional(c as usize - '0' as usize))
            }
            c if is_name_char(c) => Some(Parameter::Variable(self.cursor.take_while(is_name_char))),
            _ => None,
        }
    }

    /// The rest of a `${`, with its brace.
    fn braces(&mut self, start: usize, place: Place) -> Result<Expansion, SyntaxError> {
        if self.cursor.peek() == Some('#') {
            let before = self.cursor.at();
            self.cursor.take();
            let next = self.cursor.peek();
            if let Some(parameter) = next.and_then(|c| self.parameter(c, true))
                && self.cursor.take_if('}')
            {
                return Ok(Expansion { parameter, change: Change::Length });
            }
            self.cursor.go(before);
        }
        let Some(c) = self.cursor.peek() else { return Err(self.cursor.incomplete(start, "unterminated ${")) };
        let Some(parameter) = self.parameter(c, true) else { return self.bad(start, place) };
        if self.cursor.take_if('}') {
            return Ok(Expansion { parameter, change: Change::Nothing });
        }
        let is_empty_none = self.cursor.take_if(':');
        let Some(operator) = self.cursor.peek() else {
            return Err(self.cursor.incomplete(start, "unterminated ${"));
        };
        let otherwise = match operator {
            '-' => Otherwise::Use,
            '=' => Otherwise::Assign,
            '?' => Otherwise::Fail,
            '+' => Otherwise::Replace,
            '%' | '#' if !is_empty_none => {
                self.cursor.take();
                let is_longest = self.cursor.take_if(operator);
                let side = if operator == '#' { Side::Front } else { Side::Back };
                // Quotes around the whole do not quote the pattern.
                let pattern = Word(self.parts(Place::Braces)?);
                return Ok(Expansion { parameter, change: Change::Trim { side, is_longest, pattern } });
            }
            _ => return self.bad(start, place),
        };
        self.cursor.take();
        let place = if place.is_quoted() { Place::QuotedBraces } else { Place::Braces };
        let word = Word(self.parts(place)?);
        Ok(Expansion { parameter, change: Change::Otherwise { otherwise, is_empty_none, word } })
    }

    /// A `${…}` that means nothing: only an error when it is expanded.
    fn bad(&mut self, start: usize, place: Place) -> Result<Expansion, SyntaxError> {
        self.parts(if place.is_quoted() { Place::QuotedBraces } else { Place::Braces })?;
        let text = self.cursor.since(start).to_owned();
        Ok(Expansion { parameter: Parameter::Variable(text), change: Change::Bad })
    }

    /// The commands of a `$(`, with its parenthesis.
    fn substituted(&mut self, start: usize) -> Result<List, SyntaxError> {
        let waiting = mem::take(&mut self.waiting);
        let list = self.list_until_parenthesis(start);
        // What still waits for its text gets it behind the line, as the commands around do.
        self.waiting.splice(..0, waiting);
        list
    }

    /// The commands between backquotes: a text of its own, in which some backslashes stand for another quoting.
    fn backquoted(&mut self, place: Place) -> Result<List, SyntaxError> {
        let start = self.cursor.at();
        let line = self.cursor.line(start);
        self.cursor.take();
        let mut text = String::new();
        loop {
            match self.cursor.take_raw() {
                Some('`') => break,
                Some('\\') => match self.cursor.raw() {
                    Some(c) if matches!(c, '$' | '`' | '\\') || c == '"' && place.is_quoted() => {
                        self.cursor.take_raw();
                        text.push(c);
                    }
                    _ => text.push('\\'),
                },
                Some(c) => text.push(c),
                None => return Err(self.cursor.incomplete(start, "unterminated `")),
            }
        }
        let mut inner = Parser::new(&text, line, true);
        inner.depth = self.depth;
        inner.whole()
    }
}
