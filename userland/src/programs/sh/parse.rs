//! The shell's language: words, quotes, `$?`, `;`, `&` and comments.
//!
//! What a later shell will give a meaning (pipes, redirection, variables) is refused now, so that
//! no script comes to rely on its being taken as text.

use crate::prelude::*;
use core::{fmt, iter::Peekable, mem, str::Chars};

/// A command: its words, the first of which names it. There is at least one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Command {
    pub words: Vec<Word>,
    pub is_background: bool,
}

/// A word, in which the last status may have to be filled in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Word(Vec<Piece>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    Text(char),
    Status,
}

impl Word {
    /// The text, when the last command's status was `status`.
    pub fn expand(&self, status: i32) -> String {
        let mut text = String::new();
        for piece in &self.0 {
            match piece {
                Piece::Text(c) => text.push(*c),
                Piece::Status => text += &status.to_string(),
            }
        }
        text
    }
}

/// Why a line is not run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum SyntaxError {
    Unterminated(char),
    TrailingBackslash,
    Unexpected(char),
    NotSupported(&'static str),
}

impl fmt::Display for SyntaxError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("syntax error: ")?;
        match self {
            SyntaxError::Unterminated(quote) => write!(f, "unterminated quote {quote}"),
            SyntaxError::TrailingBackslash => f.write_str("nothing after the last \\"),
            SyntaxError::Unexpected(c) => write!(f, "unexpected {c}"),
            SyntaxError::NotSupported(what) => write!(f, "{what} not supported"),
        }
    }
}

/// The commands of one line.
pub(super) fn parse(line: &str) -> Result<Vec<Command>, SyntaxError> {
    let mut parser = Parser { rest: line.chars().peekable(), word: None, words: Vec::new(), commands: Vec::new() };
    parser.line()?;
    Ok(parser.commands)
}

struct Parser<'a> {
    rest: Peekable<Chars<'a>>,
    /// The word that is being read. One may be there and empty, as `''` is.
    word: Option<Word>,
    words: Vec<Word>,
    commands: Vec<Command>,
}

impl Parser<'_> {
    fn line(&mut self) -> Result<(), SyntaxError> {
        while let Some(c) = self.rest.next() {
            match c {
                '#' if self.word.is_none() => break,
                '\'' => self.single_quoted()?,
                '"' => self.double_quoted()?,
                '\\' => {
                    let c = self.rest.next().ok_or(SyntaxError::TrailingBackslash)?;
                    self.push(Piece::Text(c));
                }
                '$' => self.dollar()?,
                '&' if self.rest.peek() == Some(&'&') => return Err(SyntaxError::NotSupported("&&")),
                '&' => self.end_command('&')?,
                ';' => self.end_command(';')?,
                '|' => return Err(SyntaxError::NotSupported("|")),
                '<' | '>' => return Err(SyntaxError::NotSupported("redirection")),
                '(' | ')' => return Err(SyntaxError::NotSupported("( )")),
                '`' => return Err(SyntaxError::NotSupported("`")),
                // A carriage return that does not end the line is no blank: on a terminal it would look
                // like one line over another, so better a name that is not found.
                c if c.is_whitespace() && c != '\r' => self.words.extend(self.word.take()),
                c => self.push(Piece::Text(c)),
            }
        }
        self.words.extend(self.word.take());
        if !self.words.is_empty() {
            self.end_command(';')?;
        }
        Ok(())
    }

    fn push(&mut self, piece: Piece) {
        self.word.get_or_insert_default().0.push(piece);
    }

    fn end_command(&mut self, end: char) -> Result<(), SyntaxError> {
        self.words.extend(self.word.take());
        if self.words.is_empty() {
            return Err(SyntaxError::Unexpected(end));
        }
        self.commands.push(Command { words: mem::take(&mut self.words), is_background: end == '&' });
        Ok(())
    }

    fn single_quoted(&mut self) -> Result<(), SyntaxError> {
        self.word.get_or_insert_default();
        loop {
            match self.rest.next().ok_or(SyntaxError::Unterminated('\''))? {
                '\'' => return Ok(()),
                c => self.push(Piece::Text(c)),
            }
        }
    }

    fn double_quoted(&mut self) -> Result<(), SyntaxError> {
        self.word.get_or_insert_default();
        loop {
            match self.rest.next().ok_or(SyntaxError::Unterminated('"'))? {
                '"' => return Ok(()),
                '$' => self.dollar()?,
                // As POSIX has it: a backslash is itself before anything that is not special here.
                '\\' => match self.rest.next_if(|c| matches!(c, '"' | '\\' | '$' | '`')) {
                    Some(c) => self.push(Piece::Text(c)),
                    None => self.push(Piece::Text('\\')),
                },
                c => self.push(Piece::Text(c)),
            }
        }
    }

    fn dollar(&mut self) -> Result<(), SyntaxError> {
        match self.rest.peek() {
            Some('?') => {
                self.rest.next();
                self.push(Piece::Status);
            }
            Some(c) if c.is_alphanumeric() || matches!(c, '_' | '{' | '(' | '$' | '!' | '@' | '*' | '#') => {
                return Err(SyntaxError::NotSupported("a variable other than $?"));
            }
            _ => self.push(Piece::Text('$')),
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The commands with their words expanded, a `&` behind those in the background.
    fn commands(line: &str) -> Vec<Vec<String>> {
        let expand = |command: &Command| {
            let mut words: Vec<String> = command.words.iter().map(|word| word.expand(42)).collect();
            words.extend(command.is_background.then(|| "&".to_owned()));
            words
        };
        parse(line).unwrap().iter().map(expand).collect()
    }

    fn words(line: &str) -> Vec<String> {
        commands(line).concat()
    }

    #[test]
    fn blanks_part_words() {
        assert_eq!(words("  echo one\ttwo  "), ["echo", "one", "two"]);
        assert!(commands("").is_empty());
        assert!(commands(" \t ").is_empty());
        assert_eq!(words("hello\rps"), ["hello\rps"]);
    }

    #[test]
    fn quotes_keep_what_they_hold() {
        assert_eq!(words("echo 'a  b' \"c  d\" e\\ f"), ["echo", "a  b", "c  d", "e f"]);
        assert_eq!(words("a'b'\"c\"d"), ["abcd"]);
        assert_eq!(words("'' x \"\""), ["", "x", ""]);
        assert_eq!(words("'\\' '\"' \"'\""), ["\\", "\"", "'"]);
        assert_eq!(words("'a|b>c;d&e#f$x'"), ["a|b>c;d&e#f$x"]);
    }

    #[test]
    fn a_backslash_in_double_quotes_escapes_only_what_is_special() {
        assert_eq!(words(r#""\"\\\$x\n""#), [r#""\$x\n"#]);
    }

    #[test]
    fn the_status_is_filled_in_but_for_single_quotes() {
        assert_eq!(words("echo $? \"<$?>\" '$?' \\$?"), ["echo", "42", "<42>", "$?", "$?"]);
        assert_eq!(words("$ a$ \"$\""), ["$", "a$", "$"]);
    }

    #[test]
    fn a_comment_begins_at_the_start_of_a_word() {
        assert_eq!(words("echo a # b"), ["echo", "a"]);
        assert_eq!(words("echo a#b"), ["echo", "a#b"]);
        assert!(commands("# all of it; & '").is_empty());
    }

    #[test]
    fn commands_are_parted_by_semicolons_and_ampersands() {
        assert_eq!(commands("a 1; b 2 & c&"), [vec!["a", "1"], vec!["b", "2", "&"], vec!["c", "&"]]);
        assert_eq!(commands("a;"), [["a"]]);
    }

    #[test]
    fn a_line_that_is_wrong_is_refused_by_name() {
        for (line, error) in [
            ("echo 'a", SyntaxError::Unterminated('\'')),
            ("echo \"a'", SyntaxError::Unterminated('"')),
            ("echo \\", SyntaxError::TrailingBackslash),
            ("&", SyntaxError::Unexpected('&')),
            ("a;;b", SyntaxError::Unexpected(';')),
            ("a & ;", SyntaxError::Unexpected(';')),
            ("a && b", SyntaxError::NotSupported("&&")),
            ("a | b", SyntaxError::NotSupported("|")),
            ("a >b", SyntaxError::NotSupported("redirection")),
            ("(a)", SyntaxError::NotSupported("( )")),
            ("echo $HOME", SyntaxError::NotSupported("a variable other than $?")),
            ("echo \"${x}\"", SyntaxError::NotSupported("a variable other than $?")),
        ] {
            assert_eq!(parse(line), Err(error), "{line}");
        }
    }
}
