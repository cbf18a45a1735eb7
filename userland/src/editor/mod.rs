//! A line editor for terminals: the console, a terminal over the network, or one that a test made.
//!
//! Everything but reading and writing is a state machine without traps. Bytes become `keys`, a
//! key changes the line (`entry`), and the `screen` says which bytes make the terminal show
//! that; [`Editor::read_line`] is the task's part.
//!
//! The keys are those of Emacs: arrows, Home, End, Delete and their Ctrl letters, Alt-B, F, D and
//! Backspace for words, Ctrl-K, U, W and Y to kill and yank, Ctrl-T, Ctrl-L, Ctrl-R to search the
//! history, Tab to complete and again to list. Ctrl-C drops the line; Ctrl-D ends an empty one.

mod buffer;
mod completion;
mod entry;
mod history;
mod keys;
mod screen;
#[cfg(test)]
mod tests;

pub use completion::{Candidate, Completer, Completions, Uncompleted};
pub use history::History;

use crate::{limits::ESCAPE_WAIT, prelude::*, write_all};
use buffer::Killed;
use entry::{Entry, Pressed};
use keys::{Key, Keys};
use screen::{Screen, Size};

/// A line that was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Line {
    /// Its text, without a newline at the end; a text that was pasted may have some in it.
    Text(String),
    /// It was dropped by Ctrl-C.
    Interrupted,
    /// The end of the input, as Ctrl-D says it.
    End,
}

/// Marks the beginning and the end of what is pasted.
const MARK_PASTES: &str = "\x1b[?2004h";
/// As it was.
const DO_NOT_MARK_PASTES: &str = "\x1b[?2004l";
const BELL: char = '\x07';

/// An editor of lines, and what it keeps from one to the next: the history, and what was killed last.
#[derive(Debug)]
pub struct Editor {
    input: Fd,
    output: Fd,
    keys: Keys,
    history: History,
    killed: Killed,
}

impl Editor {
    /// An editor that reads keys from this terminal and draws on that; mostly both are one.
    pub fn new(input: Fd, output: Fd) -> Editor {
        Editor { input, output, keys: Keys::default(), history: History::default(), killed: Killed::default() }
    }

    /// The lines that were entered.
    pub fn history(&self) -> &History {
        &self.history
    }

    /// Prompts for a line, has it edited, and keeps it in the history: `call!(editor.read_line("$ ", &mut
    /// completer))?`. Waits for keys.
    ///
    /// Meanwhile the terminal is in [`TerminalMode::Raw`]; afterwards, also after an error, in the mode in which
    /// it was. Keys are read one at a time, so that what is typed ahead of the end of the line is there for whoever
    /// reads next.
    ///
    /// `ENOTTY` when the input is no terminal, `EINTR` when a signal came that the caller catches, which drops the
    /// line, and the errors of [`read`] and [`write()`].
    pub fn read_line<'a, C: Completer>(
        &'a mut self,
        prompt: &'a str,
        completer: &'a mut C,
    ) -> impl Routine<Result<Line, Errno>> {
        routine!(move {
            let before = trap!(yield terminal(self.input))?;
            trap!(yield set_terminal(self.input, TerminalMode::Raw))?;
            let line = call!(self.edit(prompt, completer, Size::new(before.columns, before.rows)));
            let restored = trap!(yield set_terminal(self.input, before.mode));
            if let Ok(Line::Text(text)) = &line {
                self.history.push(text);
            }
            line.and_then(|line| restored.map(|()| line))
        })
    }

    fn edit<'a, C: Completer>(
        &'a mut self,
        prompt: &'a str,
        completer: &'a mut C,
        size: Size,
    ) -> impl Routine<Result<Line, Errno>> {
        routine!(move {
            let mut screen = Screen::new(size);
            let mut entry = Entry::default();
            let mut out = String::from(MARK_PASTES);
            loop {
                if !call!(self.has_more())? {
                    let TerminalInfo { columns, rows, .. } = trap!(yield terminal(self.input))?;
                    screen.resize(Size::new(columns, rows), &mut out);
                    screen.draw(&entry.prompt(prompt), entry.buffer(), &mut out);
                    write_all!(self.output, core::mem::take(&mut out).into())?;
                }
                let pressed = match call!(self.key()) {
                    Ok(Some(key)) => entry.press(key, &self.history, &mut self.killed),
                    Ok(None) => Pressed::Ended(Line::End),
                    Err(errno) => {
                        leave(&mut screen, prompt, &mut entry, &Line::End, &mut out);
                        // The terminal is gone, or going: only the first error is of interest.
                        let _ = write_all!(self.output, out.into());
                        return Err(errno);
                    }
                };
                let pressed = match pressed {
                    Pressed::Completes => match call!(completer.complete(entry.buffer().before())) {
                        Ok(completions) => entry.complete(completions),
                        Err(_) => Pressed::Refused,
                    },
                    pressed => pressed,
                };
                match pressed {
                    Pressed::Edited | Pressed::Completes => {}
                    Pressed::Refused => out.push(BELL),
                    Pressed::Clears => screen.clear(&mut out),
                    Pressed::Lists(completions) => {
                        let list = completions.list(screen.size().columns);
                        draw_list(&mut screen, &entry.prompt(prompt), &entry, &list, &mut out);
                    }
                    Pressed::Ended(line) => {
                        leave(&mut screen, prompt, &mut entry, &line, &mut out);
                        write_all!(self.output, out.into())?;
                        return Ok(line);
                    }
                }
            }
        })
    }

    /// Is there more to read, so that it is too early to draw?
    fn has_more(&mut self) -> impl Routine<Result<bool, Errno>> {
        routine!(move {
            if self.keys.is_pasting() {
                return Ok(true);
            }
            let ready = trap!(yield poll(vec![Interest::Read(self.input)], Duration::ZERO))?;
            Ok(!ready.is_empty())
        })
    }

    /// The next key; `None` at the end of the input.
    fn key(&mut self) -> impl Routine<Result<Option<Key>, Errno>> {
        routine!(move {
            loop {
                if self.keys.is_undecided() {
                    let ready = trap!(yield poll(vec![Interest::Read(self.input)], ESCAPE_WAIT))?;
                    if ready.is_empty() {
                        return Ok(Some(self.keys.give_up()));
                    }
                }
                let data = trap!(yield read(self.input, 1))?;
                let Some(&byte) = data.first() else { return Ok(None) };
                if let Some(key) = self.keys.take(byte) {
                    return Ok(Some(key));
                }
            }
        })
    }
}

/// Lists below the line, and begins anew below the list.
fn draw_list(screen: &mut Screen, prompt: &str, entry: &Entry, list: &str, out: &mut String) {
    let mut at_end = entry.buffer().clone();
    at_end.end();
    screen.draw(prompt, &at_end, out);
    screen.leave("", out);
    out.push_str(&list.replace('\n', "\r\n"));
}

/// Draws the line for the last time and leaves it.
fn leave(screen: &mut Screen, prompt: &str, entry: &mut Entry, line: &Line, out: &mut String) {
    entry.leave();
    // What was entered has been taken out of the entry.
    match line {
        Line::Text(text) => screen.draw(prompt, &buffer::Buffer::new(text.clone()), out),
        Line::Interrupted | Line::End => screen.draw(prompt, entry.buffer(), out),
    }
    screen.leave(if *line == Line::Interrupted { "^C" } else { "" }, out);
    out.push_str(DO_NOT_MARK_PASTES);
}
