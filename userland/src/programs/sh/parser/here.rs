//! Texts that stand in a script: `<<END`.
//!
//! One is named in a command and stands behind the line; until that was read it waits.

use super::Parser;
use crate::programs::sh::{
    cursor::SyntaxError,
    syntax::{Part, Word},
    word::Place,
};
use alloc::{format, string::String, sync::Arc, vec};
use core::mem;
use spin::Once;

/// A text that is still to come.
pub(in crate::programs::sh) struct Waiting {
    /// The line that ends it.
    end: String,
    /// Is it taken as it is?
    is_quoted: bool,
    /// Do its lines lose the tabs they begin with?
    strips_tabs: bool,
    text: Arc<Once<Word>>,
}

impl Waiting {
    /// For the text that ends with this word.
    pub(super) fn new(word: &Word, strips_tabs: bool, text: Arc<Once<Word>>) -> Waiting {
        fn add(parts: &[Part], end: &mut String) {
            for part in parts {
                match part {
                    Part::Text(text) | Part::Quoted(text) => *end += text,
                    Part::DoubleQuoted(parts) => add(parts, end),
                    Part::Tilde => end.push('~'),
                    // Not expanded by any shell, and nobody's way to call an end.
                    Part::Parameter(_) | Part::Command(_) | Part::Arithmetic(_) => end.push('$'),
                }
            }
        }
        let mut end = String::new();
        add(&word.0, &mut end);
        let is_quoted = !word.0.iter().all(|part| matches!(part, Part::Text(_) | Part::Tilde));
        Waiting { end, is_quoted, strips_tabs, text }
    }
}

impl Parser<'_> {
    /// Reads the texts that wait, a line end having been taken.
    pub(super) fn read_waiting(&mut self) -> Result<(), SyntaxError> {
        for waiting in mem::take(&mut self.waiting) {
            let start = self.cursor.at();
            let line = self.cursor.line(start);
            let mut body = String::new();
            loop {
                let Some(text) = self.cursor.take_line() else {
                    if self.cursor.is_last() {
                        break;
                    }
                    return Err(self.cursor.incomplete(start, format!("unterminated <<{}", waiting.end)));
                };
                let text = if waiting.strips_tabs { text.trim_start_matches('\t') } else { text };
                // An escaped line end goes on with the line, so that what follows it is not the end.
                if text == waiting.end && (waiting.is_quoted || !is_continued(&body)) {
                    break;
                }
                body += text;
                // The last line of a script may lack its end.
                body.extend(self.cursor.has_just_ended_line().then_some('\n'));
            }
            let word = if waiting.is_quoted {
                Word(vec![Part::Quoted(body)])
            } else {
                let mut inner = Parser::new(&body, line, true);
                inner.depth = self.depth;
                Word(vec![Part::DoubleQuoted(inner.parts(Place::Here)?)])
            };
            waiting.text.call_once(|| word);
        }
        Ok(())
    }
}

/// Does the last line of it end with a backslash that counts?
fn is_continued(body: &str) -> bool {
    let Some(body) = body.strip_suffix('\n') else { return false };
    (body.len() - body.trim_end_matches('\\').len()) % 2 == 1
}
