//! Commands that have commands in them, and functions.

use super::{Parser, RESERVED, Token};
use crate::programs::sh::{
    cursor::{SyntaxError, is_name},
    syntax::{Command, Compound, List, Word},
};
use alloc::{borrow::ToOwned, string::String, sync::Arc, vec, vec::Vec};

impl Parser<'_> {
    pub(super) fn command(&mut self) -> Result<Command, SyntaxError> {
        let start = self.start()?;
        let compound = match self.peek(true)? {
            Token::Operator("(") => {
                self.advance()?;
                let list = self.some_items()?;
                match self.take()? {
                    Token::Operator(")") => Compound::Subshell(Arc::new(list), self.text(start)),
                    token => return Err(self.unexpected(&token)),
                }
            }
            Token::Word(word) => match word.plain() {
                Some("{") => {
                    self.advance()?;
                    let list = self.some_items()?;
                    self.expect_reserved("}")?;
                    Compound::Group(list)
                }
                Some("if") => self.if_command()?,
                Some("while") => self.loop_command(false)?,
                Some("until") => self.loop_command(true)?,
                Some("for") => self.for_command()?,
                Some("case") => self.case_command()?,
                Some(text) if text != "in" && RESERVED.contains(&text) => {
                    let token = self.take()?;
                    return Err(self.unexpected(&token));
                }
                _ => return self.simple(),
            },
            Token::Number(_) => return self.simple(),
            Token::Operator(operator) if operator.starts_with(['<', '>']) => return self.simple(),
            _ => {
                let token = self.take()?;
                return Err(match token {
                    Token::End => self.cursor.incomplete(start, "unexpected end of file"),
                    token => self.unexpected(&token),
                });
            }
        };
        Ok(Command::Compound(compound, self.redirections()?))
    }

    /// The rest of a function's definition, behind its `(`.
    pub(super) fn function(&mut self, name: String) -> Result<Command, SyntaxError> {
        match self.take()? {
            Token::Operator(")") => {}
            token => return Err(self.unexpected(&token)),
        }
        if !is_name(&name) {
            let at = self.cursor.at();
            return Err(self.cursor.error(at, "bad function name"));
        }
        self.skip_newlines()?;
        let body = self.nested(Parser::command)?;
        Ok(Command::Function(name, Arc::new(body)))
    }

    fn if_command(&mut self) -> Result<Compound, SyntaxError> {
        let mut branches = Vec::new();
        loop {
            self.advance()?;
            let condition = self.some_items()?;
            self.expect_reserved("then")?;
            branches.push((condition, self.some_items()?));
            if !matches!(self.peek(true)?, Token::Word(word) if word.plain() == Some("elif")) {
                break;
            }
        }
        let otherwise = if self.take_reserved("else")? { Some(self.some_items()?) } else { None };
        self.expect_reserved("fi")?;
        Ok(Compound::If(branches, otherwise))
    }

    fn loop_command(&mut self, is_until: bool) -> Result<Compound, SyntaxError> {
        self.advance()?;
        let condition = self.some_items()?;
        Ok(Compound::While { condition, body: self.body()?, is_until })
    }

    /// `do … done`
    fn body(&mut self) -> Result<List, SyntaxError> {
        self.expect_reserved("do")?;
        let body = self.some_items()?;
        self.expect_reserved("done")?;
        Ok(body)
    }

    fn for_command(&mut self) -> Result<Compound, SyntaxError> {
        self.advance()?;
        let name = match self.take()? {
            Token::Word(word) if word.plain().is_some_and(is_name) => word.plain().unwrap_or_default().to_owned(),
            Token::Word(_) => {
                let at = self.cursor.at();
                return Err(self.cursor.error(at, "bad name of a for loop's variable"));
            }
            token => return Err(self.unexpected(&token)),
        };
        self.skip_newlines()?;
        let mut words = None;
        if self.take_reserved("in")? {
            let mut list = vec![];
            while let Token::Word(_) = self.peek(false)? {
                let Token::Word(word) = self.take()? else { unreachable!("it was just seen") };
                list.push(word);
            }
            words = Some(list);
            match self.take()? {
                Token::Operator(";") | Token::Newline => {}
                token => return Err(self.unexpected(&token)),
            }
        } else if *self.peek(true)? == Token::Operator(";") {
            self.advance()?;
        }
        self.skip_newlines()?;
        Ok(Compound::For { name, words, body: self.body()? })
    }

    fn case_command(&mut self) -> Result<Compound, SyntaxError> {
        self.advance()?;
        let subject = self.word()?;
        self.skip_newlines()?;
        self.expect_reserved("in")?;
        let mut cases = Vec::new();
        loop {
            self.skip_newlines()?;
            if self.take_reserved("esac")? {
                return Ok(Compound::Case(subject, cases));
            }
            if *self.peek(false)? == Token::Operator("(") {
                self.advance()?;
            }
            let mut patterns = vec![self.word()?];
            loop {
                match self.take()? {
                    Token::Operator("|") => patterns.push(self.word()?),
                    Token::Operator(")") => break,
                    token => return Err(self.unexpected(&token)),
                }
            }
            let body = self.nested(|parser| parser.items(true))?;
            cases.push((patterns, body));
            match self.peek(true)? {
                Token::Operator(";;") => self.advance()?,
                _ => {
                    self.skip_newlines()?;
                    self.expect_reserved("esac")?;
                    return Ok(Compound::Case(subject, cases));
                }
            }
        }
    }

    fn word(&mut self) -> Result<Word, SyntaxError> {
        match self.take()? {
            Token::Word(word) => Ok(word),
            token => Err(self.unexpected(&token)),
        }
    }
}
