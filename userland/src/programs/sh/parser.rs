//! A script is read: its operators, and the commands that they make.
//!
//! The parser gives one line's commands at a time, as they are to be run: what is wrong further down
//! does not hold up what stands before it. Of a text that may go on it says when more lines are needed.

use super::{
    cursor::{Cursor, SyntaxError},
    syntax::{AndOr, Command, Connector, Item, List, Pipeline, Redirection, Simple, Target, Word},
    word::{Place, ends_word},
};
use alloc::{borrow::ToOwned, boxed::Box, format, string::String, sync::Arc, vec, vec::Vec};
use core::mem;
use spin::Once;

mod compound;
mod here;

use here::Waiting;

/// The smallest piece of a script that has a meaning.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Token {
    Word(Word),
    /// `&&`, `;`, `<<-` and so on.
    Operator(&'static str),
    /// The digits right before a `<` or `>`.
    Number(u32),
    Newline,
    End,
}

/// Longer ones first, so that the first that fits is the one.
const OPERATORS: &[&str] =
    &["<<-", "&&", "||", ";;", "<<", ">>", "<&", ">&", "<>", ">|", "&", "|", ";", "<", ">", "(", ")"];

/// Words that are no commands.
const RESERVED: &[&str] = &["then", "else", "elif", "fi", "do", "done", "esac", "}", "in"];

/// Reads a script.
pub(super) struct Parser<'a> {
    pub(super) cursor: Cursor<'a>,
    peeked: Option<(Token, usize)>,
    /// Where the last token that was taken ends.
    end: usize,
    /// Texts that stand behind the line that is being read.
    pub(super) waiting: Vec<Waiting>,
    pub(super) depth: usize,
}

impl<'a> Parser<'a> {
    /// Reads `text`, whose first line has this number. Unless it is the last, more may follow.
    pub(super) fn new(text: &'a str, first_line: u32, is_last: bool) -> Parser<'a> {
        Parser { cursor: Cursor::new(text, first_line, is_last), peeked: None, end: 0, waiting: Vec::new(), depth: 0 }
    }

    /// How many bytes of the text have been read.
    pub(super) fn read_bytes(&self) -> usize {
        self.cursor.at()
    }

    /// The number of the line to be read next.
    pub(super) fn next_line(&mut self) -> u32 {
        self.cursor.line(self.cursor.at())
    }

    /// The commands of the next line that has any; `None` at the end.
    ///
    /// Lines are read as a whole: those that follow a command that goes on, too.
    pub(super) fn next(&mut self) -> Result<Option<List>, SyntaxError> {
        self.peeked = None;
        loop {
            match self.peek(true)? {
                Token::Newline => {
                    self.advance()?;
                }
                Token::End => return Ok(None),
                _ => break,
            }
        }
        let list = self.items(false)?;
        match self.take()? {
            Token::Newline | Token::End => Ok(Some(list)),
            token => Err(self.unexpected(&token)),
        }
    }

    /// All commands of the text.
    pub(super) fn whole(&mut self) -> Result<List, SyntaxError> {
        let list = self.items(true)?;
        match self.take()? {
            Token::End => Ok(list),
            token => Err(self.unexpected(&token)),
        }
    }

    /// The commands up to a `)`, which is taken: the rest of a `$(` that began at `start`.
    pub(super) fn list_until_parenthesis(&mut self, start: usize) -> Result<List, SyntaxError> {
        let (peeked, end) = (self.peeked.take(), self.end);
        let list = self.items(true)?;
        match self.take()? {
            Token::Operator(")") => {}
            Token::End => return Err(self.cursor.incomplete(start, "unterminated $(")),
            token => return Err(self.unexpected(&token)),
        }
        (self.peeked, self.end) = (peeked, end);
        Ok(list)
    }

    /// The next token, which stays. In an assignment's place a `~` may be expanded behind its `=`.
    fn peek(&mut self, is_assigning: bool) -> Result<&Token, SyntaxError> {
        if self.peeked.is_none() {
            self.skip_blanks();
            let start = self.cursor.at();
            let token = self.read(is_assigning)?;
            self.peeked = Some((token, start));
        }
        let Some((token, _)) = &self.peeked else { unreachable!("it was just read") };
        Ok(token)
    }

    /// Takes the next token.
    fn take(&mut self) -> Result<Token, SyntaxError> {
        self.peek(false)?;
        Ok(self.peeked.take().map_or(Token::End, |(token, _)| {
            self.end = self.cursor.at();
            token
        }))
    }

    /// Takes the next token, which is known.
    fn advance(&mut self) -> Result<(), SyntaxError> {
        self.take().map(|_| ())
    }

    /// Where the next token begins.
    fn start(&mut self) -> Result<usize, SyntaxError> {
        self.peek(true)?;
        Ok(self.peeked.as_ref().map_or(self.end, |(_, start)| *start))
    }

    fn skip_blanks(&mut self) {
        loop {
            match self.cursor.peek() {
                Some(' ' | '\t') => {
                    self.cursor.take();
                }
                Some('#') => {
                    let comment = self.cursor.rest().find('\n').unwrap_or(self.cursor.rest().len());
                    self.cursor.go(self.cursor.at() + comment);
                }
                _ => return,
            }
        }
    }

    fn read(&mut self, is_assigning: bool) -> Result<Token, SyntaxError> {
        let Some(c) = self.cursor.peek() else { return Ok(Token::End) };
        if c == '\n' {
            self.cursor.take();
            self.read_waiting()?;
            return Ok(Token::Newline);
        }
        if ends_word(c) {
            return Ok(Token::Operator(self.operator(c)));
        }
        let start = self.cursor.at();
        let parts = self.parts(if is_assigning { Place::Assigning } else { Place::Plain })?;
        let word = Word(parts);
        if let Some(digits) = word.plain()
            && matches!(self.cursor.peek(), Some('<' | '>'))
            && digits.bytes().all(|byte| byte.is_ascii_digit())
        {
            return digits.parse().map(Token::Number).map_err(|_| self.cursor.error(start, "no such descriptor"));
        }
        Ok(Token::Word(word))
    }

    /// The operator that begins with `c`, which is next.
    fn operator(&mut self, c: char) -> &'static str {
        let mut text = String::new();
        let mut found = "";
        let mut next = Some(c);
        // An operator of more characters begins with one of fewer, so it is enough to go on while one fits.
        while let Some(c) = next {
            text.push(c);
            let Some(&operator) = OPERATORS.iter().find(|operator| **operator == text) else { break };
            self.cursor.take();
            found = operator;
            next = self.cursor.peek();
        }
        found
    }

    /// Commands up to what cannot begin one; over several lines if so wanted.
    fn items(&mut self, crosses_lines: bool) -> Result<List, SyntaxError> {
        let mut items = Vec::new();
        loop {
            if crosses_lines {
                self.skip_newlines()?;
            }
            if !self.begins_command()? {
                return Ok(List(items));
            }
            let and_or = Arc::new(self.and_or()?);
            let (is_background, goes_on) = match self.peek(true)? {
                Token::Operator("&") => (true, true),
                Token::Operator(";") => (false, true),
                Token::Newline if crosses_lines => (false, true),
                _ => (false, false),
            };
            items.push(Item { and_or, is_background });
            if !goes_on {
                return Ok(List(items));
            }
            self.advance()?;
        }
    }

    /// As [`items`](Parser::items) over several lines, of which there must be one.
    fn some_items(&mut self) -> Result<List, SyntaxError> {
        let list = self.nested(|parser| parser.items(true))?;
        if list.0.is_empty() {
            let token = self.take()?;
            return Err(self.unexpected(&token));
        }
        Ok(list)
    }

    fn skip_newlines(&mut self) -> Result<(), SyntaxError> {
        while *self.peek(true)? == Token::Newline {
            self.advance()?;
        }
        Ok(())
    }

    fn begins_command(&mut self) -> Result<bool, SyntaxError> {
        Ok(match self.peek(true)? {
            Token::Word(word) => !word.plain().is_some_and(|text| text != "in" && RESERVED.contains(&text)),
            Token::Number(_) => true,
            Token::Operator(operator) => operator.starts_with(['<', '>', '(']),
            Token::Newline | Token::End => false,
        })
    }

    fn and_or(&mut self) -> Result<AndOr, SyntaxError> {
        let start = self.start()?;
        let first = self.pipeline()?;
        let mut rest = Vec::new();
        loop {
            let connector = match self.peek(true)? {
                Token::Operator("&&") => Connector::And,
                Token::Operator("||") => Connector::Or,
                _ => break,
            };
            self.advance()?;
            self.skip_newlines()?;
            rest.push((connector, self.pipeline()?));
        }
        Ok(AndOr { first, rest, text: self.text(start) })
    }

    /// What was read from `start` on, as it was written.
    pub(super) fn text(&mut self, start: usize) -> Box<str> {
        let at = self.cursor.at();
        self.cursor.go(self.end.max(start));
        let text = self.cursor.since(start).into();
        self.cursor.go(at);
        text
    }

    fn pipeline(&mut self) -> Result<Pipeline, SyntaxError> {
        let mut start = self.start()?;
        let is_negated = self.take_reserved("!")?;
        if is_negated {
            start = self.start()?;
        }
        let mut commands = vec![Arc::new(self.command()?)];
        while *self.peek(true)? == Token::Operator("|") {
            self.advance()?;
            self.skip_newlines()?;
            commands.push(Arc::new(self.command()?));
        }
        Ok(Pipeline { is_negated, commands, text: self.text(start) })
    }

    /// Takes this word if it is next and nothing in it is quoted.
    fn take_reserved(&mut self, reserved: &str) -> Result<bool, SyntaxError> {
        let is_next = matches!(self.peek(true)?, Token::Word(word) if word.plain() == Some(reserved));
        if is_next {
            self.advance()?;
        }
        Ok(is_next)
    }

    fn expect_reserved(&mut self, reserved: &str) -> Result<(), SyntaxError> {
        if self.take_reserved(reserved)? {
            return Ok(());
        }
        let token = self.take()?;
        let mut error = self.unexpected(&token);
        error.what += &format!(" (expected {reserved})");
        Err(error)
    }

    /// This token, which was taken last, may not stand where it does.
    fn unexpected(&mut self, token: &Token) -> SyntaxError {
        let what = match token {
            Token::End => "",
            Token::Newline => "\n",
            Token::Operator(operator) => operator,
            Token::Number(_) => "redirection",
            Token::Word(word) => word.plain().unwrap_or("word"),
        };
        let at = match token {
            Token::End => self.cursor.at(),
            Token::Newline => self.end - 1,
            _ => self.end.saturating_sub(what.len()),
        };
        self.cursor.unexpected(at, what)
    }

    fn simple(&mut self) -> Result<Command, SyntaxError> {
        let start = self.start()?;
        let mut simple = Simple { line: self.cursor.line(start), ..Simple::default() };
        loop {
            let is_assigning = simple.words.is_empty();
            match self.peek(is_assigning)? {
                Token::Word(_) => {
                    let Token::Word(word) = self.take()? else { unreachable!("it was just seen") };
                    match if is_assigning { assignment(word) } else { Err(word) } {
                        Ok(assignment) => simple.assignments.push(assignment),
                        Err(word) => simple.words.push(word),
                    }
                }
                Token::Number(_) => {
                    let redirection = self.redirection()?;
                    simple.redirections.push(redirection);
                }
                Token::Operator(operator) if operator.starts_with(['<', '>']) => {
                    let redirection = self.redirection()?;
                    simple.redirections.push(redirection);
                }
                Token::Operator("(") => {
                    let is_first = simple.assignments.is_empty() && simple.redirections.is_empty();
                    let name = match simple.words.as_slice() {
                        [name] if is_first => name.plain().map(ToOwned::to_owned),
                        _ => None,
                    };
                    self.advance()?;
                    return match name {
                        Some(name) => self.function(name),
                        None => Err(self.unexpected(&Token::Operator("("))),
                    };
                }
                _ => return Ok(Command::Simple(simple)),
            }
        }
    }

    /// Redirections behind a compound command.
    fn redirections(&mut self) -> Result<Vec<Redirection>, SyntaxError> {
        let mut redirections = Vec::new();
        loop {
            match self.peek(false)? {
                Token::Number(_) => {}
                Token::Operator(operator) if operator.starts_with(['<', '>']) => {}
                _ => return Ok(redirections),
            }
            redirections.push(self.redirection()?);
        }
    }

    fn redirection(&mut self) -> Result<Redirection, SyntaxError> {
        let (slot, token) = match self.take()? {
            Token::Number(slot) => (Some(slot), self.take()?),
            token => (None, token),
        };
        let Token::Operator(operator) = token else { return Err(self.unexpected(&token)) };
        let word = match self.take()? {
            Token::Word(word) => word,
            token => return Err(self.unexpected(&token)),
        };
        let target = match operator {
            "<" => Target::Read(word),
            ">" => Target::Write { path: word, is_forced: false },
            ">|" => Target::Write { path: word, is_forced: true },
            ">>" => Target::Append(word),
            "<>" => Target::Both(word),
            "<&" | ">&" => Target::Copy(word),
            operator => {
                let text = Arc::new(Once::new());
                self.waiting.push(Waiting::new(&word, operator == "<<-", text.clone()));
                Target::Here(text)
            }
        };
        Ok(Redirection { slot: slot.unwrap_or(operator.starts_with('>').into()), target })
    }
}

/// `x=word`, if the word is that; the word back if it is not.
fn assignment(word: Word) -> Result<(String, Word), Word> {
    use super::{cursor::is_name, syntax::Part};
    let Some(Part::Text(text)) = word.0.first() else { return Err(word) };
    let Some((name, value)) = text.split_once('=').filter(|(name, _)| is_name(name)) else { return Err(word) };
    let first = (!value.is_empty()).then(|| Part::Text(value.to_owned()));
    let name = name.to_owned();
    let mut parts = word.0;
    let rest = mem::take(&mut parts).into_iter().skip(1);
    Ok((name, Word(first.into_iter().chain(rest).collect())))
}
