//! Commands that are typed at a terminal, with a line editor.

use super::{completion::Words, input::Source, shell::Boxed};
use crate::{
    editor::{Editor, Line},
    prelude::*,
};

/// A line editor on standard input, which draws on standard error.
pub(super) struct Typed {
    editor: Editor,
}

/// Are both terminals?
pub(super) fn is_possible() -> impl Routine<bool> {
    routine!(move -> bool {
        trap!(yield terminal(Fd::STDIN)).is_ok() && trap!(yield terminal(Fd::STDERR)).is_ok()
    })
}

impl Typed {
    pub(super) fn new() -> Typed {
        Typed { editor: Editor::new(Fd::STDIN, Fd::STDERR) }
    }
}

impl Source for Typed {
    fn lines<'a>(&'a mut self, prompt: &'a str) -> Boxed<'a, Result<Option<String>, Errno>> {
        Box::pin(routine!(move -> Result<Option<String>, Errno> {
            // Whatever a program has left it in that had no time to tidy up.
            trap!(yield set_terminal(Fd::STDIN, TerminalMode::Lines))?;
            match call!(self.editor.read_line(prompt, &mut Words))? {
                Line::Text(text) => Ok(Some(text + "\n")),
                Line::End => Ok(None),
                Line::Interrupted => {
                    // As the key would have been a signal without an editor, with all that a trap may make of it.
                    let own = trap!(yield gettid())?;
                    trap!(yield kill(own, Signal::Int))?;
                    Err(Errno::EINTR)
                }
            }
        }))
    }

    fn ends_dropped_lines(&self) -> bool {
        true
    }

    fn is_interactive(&self) -> bool {
        true
    }
}
