//! Where a shell's commands come from, and the loop that runs them.

use super::{
    parser::Parser,
    shell::{Boxed, ERROR, Outcome, Shell, Unwind},
};
use crate::{
    executable::NOT_STARTED_CODE,
    limits::{READ_BYTES, TEXT_BYTES_MAX},
    prelude::*,
};
use core::mem;

/// What a shell reads, a piece of whole lines at a time.
pub(super) trait Source: Send {
    /// The next lines, shown this prompt if anybody looks; `None` at the end. `EINTR` when what was typed is to be
    /// forgotten.
    fn lines<'a>(&'a mut self, prompt: &'a str) -> Boxed<'a, Result<Option<String>, Errno>>;

    /// Does it begin a new line when what was typed is dropped? A terminal that edits lines itself does not.
    fn ends_dropped_lines(&self) -> bool {
        false
    }

    /// Does somebody look, who may mend what is wrong?
    fn is_interactive(&self) -> bool {
        false
    }
}

/// A descriptor, read ahead: what its lines run does not get what follows them.
pub(super) struct Stream {
    fd: Fd,
    /// What has no line end yet.
    rest: Vec<u8>,
    is_first: bool,
    has_ended: bool,
    is_interactive: bool,
}

impl Stream {
    /// Reads this descriptor; prompts if it is interactive.
    pub(super) fn new(fd: Fd, is_interactive: bool) -> Stream {
        Stream { fd, rest: Vec::new(), is_first: true, has_ended: false, is_interactive }
    }

    /// Bytes that came, as a text without the mark that some editors begin a file with.
    fn text(&mut self, bytes: Vec<u8>) -> Result<String, Errno> {
        let text = String::from_utf8(bytes).ok().filter(|text| self.is_interactive || !text.contains('\0'));
        let text = text.ok_or(Errno::EILSEQ)?;
        match mem::take(&mut self.is_first).then(|| text.strip_prefix('\u{feff}')).flatten() {
            Some(text) => Ok(text.to_owned()),
            None => Ok(text),
        }
    }
}

impl Source for Stream {
    fn lines<'a>(&'a mut self, prompt: &'a str) -> Boxed<'a, Result<Option<String>, Errno>> {
        Box::pin(routine!(move -> Result<Option<String>, Errno> {
            if self.is_interactive {
                eprint!("{prompt}")?;
            }
            while !self.has_ended {
                let data = trap!(yield read(self.fd, READ_BYTES))?;
                if data.is_empty() {
                    self.has_ended = true;
                    break;
                }
                self.rest.extend_from_slice(&data);
                if self.rest.len() > TEXT_BYTES_MAX {
                    return Err(Errno::EMSGSIZE);
                }
                if let Some(newline) = data.iter().rposition(|byte| *byte == b'\n') {
                    let behind = self.rest.split_off(self.rest.len() - (data.len() - newline - 1));
                    let lines = mem::replace(&mut self.rest, behind);
                    return self.text(lines).map(Some);
                }
            }
            let rest = mem::take(&mut self.rest);
            if rest.is_empty() { Ok(None) } else { self.text(rest).map(Some) }
        }))
    }

    fn is_interactive(&self) -> bool {
        self.is_interactive
    }
}

impl Shell {
    /// Runs the commands of a text, whose first line has this number.
    pub(super) fn run_lines<'a>(&'a mut self, text: &'a str, line: u32, is_tested: bool) -> Boxed<'a, Outcome> {
        Box::pin(routine!(move -> Outcome {
            let mut at = 0;
            let mut line = line.max(1);
            let mut is_empty = true;
            loop {
                // A parser is no part of what waits: it is made anew for each command.
                let (read, taken, next) = {
                    let mut parser = Parser::new(&text[at..], line, true);
                    let read = parser.next();
                    (read, parser.read_bytes(), parser.next_line())
                };
                match read {
                    Ok(None) => break,
                    Ok(Some(list)) => {
                        is_empty = false;
                        call!(self.show_input(&text[at..at + taken]));
                        call!(self.list(&list, is_tested))?;
                    }
                    Err(error) => return Err(call!(self.refuse(error))),
                }
                (at, line) = (at + taken, next);
            }
            if is_empty {
                self.status = 0;
            }
            Ok(())
        }))
    }

    /// Runs the commands of a source to its end.
    pub(super) fn run_source<'a>(&'a mut self, source: &'a mut dyn Source) -> Boxed<'a, Outcome> {
        Box::pin(routine!(move -> Outcome {
            let mut text = String::new();
            let mut at = 0;
            let mut line = 1;
            let mut has_ended = false;
            loop {
                let (read, taken, next) = {
                    let mut parser = Parser::new(&text[at..], line, has_ended);
                    let read = parser.next();
                    (read, parser.read_bytes(), parser.next_line())
                };
                match read {
                    Ok(Some(list)) => {
                        call!(self.show_input(&text[at..at + taken]));
                        (at, line) = (at + taken, next);
                        match call!(self.list(&list, false)) {
                            Ok(()) => {}
                            Err(unwind @ (Unwind::Abort | Unwind::Interrupt)) if source.is_interactive() => {
                                if unwind == Unwind::Interrupt {
                                    call!(leave_key());
                                }
                                text.clear();
                                (at, self.loops, self.calls) = (0, 0, 0);
                            }
                            Err(unwind) => return Err(unwind),
                        }
                        continue;
                    }
                    Err(error) if !error.is_incomplete => {
                        let unwind = call!(self.refuse(error));
                        if !source.is_interactive() {
                            return Err(unwind);
                        }
                        text.clear();
                        // Who ends the input in the middle of a command drops that.
                        (at, has_ended) = (0, false);
                        continue;
                    }
                    Ok(None) if has_ended => return Ok(()),
                    Ok(None) => (at, line) = (at + taken, next),
                    Err(_) => {}
                }
                text.drain(..at);
                at = 0;
                let is_continued = !text.is_empty();
                if !is_continued && source.is_interactive() {
                    call!(self.tell_jobs());
                    call!(self.note_signals());
                    // What was pressed while nothing ran was for nothing.
                    match call!(self.run_traps()) {
                        Ok(()) | Err(Unwind::Abort) => {}
                        Err(Unwind::Interrupt) => call!(leave_key()),
                        Err(unwind) => return Err(unwind),
                    }
                    self.jobs.prompts += 1;
                }
                let prompt = self.prompt(is_continued);
                match call!(source.lines(&prompt)) {
                    Ok(Some(lines)) => text += &lines,
                    Ok(None) => has_ended = is_continued || !call!(self.stays_for_jobs()),
                    Err(Errno::EINTR) => match call!(self.run_traps()) {
                        Ok(()) => {}
                        Err(unwind @ (Unwind::Abort | Unwind::Interrupt)) if source.is_interactive() => {
                            if unwind == Unwind::Interrupt && !source.ends_dropped_lines() {
                                call!(leave_key());
                            }
                            text.clear();
                        }
                        Err(unwind) => return Err(unwind),
                    },
                    Err(errno) => {
                        if !call!(self.is_input_over(errno, source.is_interactive())) {
                            text.clear();
                            continue;
                        }
                        return Err(Unwind::Exit);
                    }
                }
                if text.len() > TEXT_BYTES_MAX {
                    return Err(call!(self.abort("a command is too long")));
                }
            }
        }))
    }

    /// Tells why the input cannot be read; is that the end of it?
    fn is_input_over(&mut self, errno: Errno, is_interactive: bool) -> impl Routine<bool> {
        routine!(move -> bool {
            self.line = 0;
            match errno {
                // At a terminal a slip of the keyboard; nobody wants to be thrown out for it.
                Errno::EILSEQ if is_interactive => {
                    call!(self.complain("line is not UTF-8"));
                    self.status = ERROR;
                    false
                }
                // Whatever its next lines happen to spell, nobody meant it.
                Errno::EILSEQ => {
                    call!(self.complain("standard input: not a text in UTF-8"));
                    self.status = NOT_STARTED_CODE;
                    true
                }
                Errno::EMSGSIZE => {
                    call!(self.complain("line too long"));
                    self.status = ERROR;
                    true
                }
                // A directory, a terminal that went away: what runs it must tell that from a script that ended.
                errno => {
                    call!(self.complain(format!("standard input: {errno}")));
                    self.status = ERROR;
                    true
                }
            }
        })
    }

    /// Says what is wrong with a script, which ends it.
    fn refuse(&mut self, error: super::cursor::SyntaxError) -> impl Routine<Unwind> {
        routine!(move -> Unwind {
            self.line = 0;
            call!(self.abort(format!("syntax error: {error}")))
        })
    }

    /// Shows what was read, for `set -v`.
    fn show_input<'a>(&'a self, text: &'a str) -> impl Routine<()> + 'a {
        routine!(move -> () {
            if self.options.shows_input {
                let _ = write_all!(Fd::STDERR, Buf::copy_from(text.as_bytes()));
            }
        })
    }

    /// What a line is asked for with: by default a failure's status before the `$`.
    fn prompt(&self, is_continued: bool) -> String {
        match (is_continued, self.status) {
            (true, _) => self.variables.get("PS2").unwrap_or("> ").to_owned(),
            (false, status) => match self.variables.get("PS1") {
                Some(prompt) => prompt.to_owned(),
                None if status == 0 => "$ ".to_owned(),
                None => format!("[{status}] $ "),
            },
        }
    }
}

/// Begins a new line: what a key has left in the one before stays there.
fn leave_key() -> impl Routine<()> {
    routine!(move -> () {
        let _ = write_all!(Fd::STDERR, Buf::from("\n"));
    })
}
