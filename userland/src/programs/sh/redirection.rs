//! Redirections: what a command's descriptors are while it runs.
//!
//! Standard input, output and error are the task's own 0, 1 and 2, so programs inherit them. Descriptors from
//! 3 on are kept wherever there is room, and known by the numbers that scripts have for them. Subshells share
//! them; programs, a shell among them, get copies of the first few in these very places.

use super::{
    shell::{Boxed, ERROR, Outcome, Shell},
    syntax::{Redirection, Target},
};
use crate::prelude::*;

/// What descriptors were before a redirection, the first changed first; `None` for one that was closed.
#[derive(Debug, Default)]
pub(super) struct Saved(Vec<(u32, Option<Fd>)>);

impl Shell {
    /// Redirects; gives what was before, or nothing when that fails, which has been told and is in the status.
    pub(super) fn redirect<'a>(&'a mut self, redirections: &'a [Redirection]) -> Boxed<'a, Outcome<Option<Saved>>> {
        Box::pin(routine!(move -> Outcome<Option<Saved>> {
            let mut saved = Saved::default();
            for redirection in redirections {
                let opened = call!(self.open_target(&redirection.target));
                let placed = match opened {
                    Ok(Ok(fd)) => {
                        call!(self.place(fd, redirection.slot, &mut saved)).map_err(|errno| ("redirection".to_owned(), errno))
                    }
                    Ok(Err(failed)) => Err(failed),
                    Err(unwind) => {
                        call!(self.restore(saved));
                        return Err(unwind);
                    }
                };
                if let Err((what, errno)) = placed {
                    call!(self.restore(saved));
                    call!(self.complain(format!("{}: {}", excerpt(&what), errno.meaning())));
                    self.status = ERROR;
                    return Ok(None);
                }
            }
            Ok(Some(saved))
        }))
    }

    /// A descriptor that nobody else has, for a target; `None` for none. Or what could not be opened, and why.
    fn open_target<'a>(
        &'a mut self,
        target: &'a Target,
    ) -> impl Routine<Outcome<Result<Option<Fd>, (String, Errno)>>> + 'a {
        routine!(move -> Outcome<Result<Option<Fd>, (String, Errno)>> {
            let (path, flags) = match target {
                Target::Read(path) => (path, OpenFlags::READ),
                Target::Write { path, is_forced } if *is_forced || !self.options.keeps_files => {
                    (path, OpenFlags::WRITE | OpenFlags::CREATE | OpenFlags::TRUNCATE)
                }
                Target::Write { path, .. } => (path, OpenFlags::WRITE | OpenFlags::CREATE_NEW),
                Target::Append(path) => (path, OpenFlags::APPEND | OpenFlags::CREATE),
                Target::Both(path) => (path, OpenFlags::READ | OpenFlags::WRITE | OpenFlags::CREATE),
                Target::Copy(word) => {
                    let text = call!(self.text(word))?;
                    if text == "-" {
                        return Ok(Ok(None));
                    }
                    let Ok(slot) = text.parse() else {
                        return Err(call!(self.abort(format!("{}: bad descriptor number", excerpt(&text)))));
                    };
                    let Some(fd) = self.fd(slot) else { return Ok(Err((text, Errno::EBADF))) };
                    return Ok(trap!(yield dup(fd)).map(Some).map_err(|errno| (text, errno)));
                }
                Target::Here(text) => {
                    let text = match text.get() {
                        Some(word) => call!(self.text(word))?,
                        None => String::new(),
                    };
                    return Ok(call!(feed(text)).map(Some).map_err(|errno| ("<<".to_owned(), errno)));
                }
            };
            let path = call!(self.text(path))?;
            loop {
                match trap!(yield open(path.as_str(), flags)) {
                    Ok(fd) => return Ok(Ok(Some(fd))),
                    Err(Errno::EINTR) => call!(self.note_signals()),
                    Err(errno) => return Ok(Err((format!("cannot open {path}"), errno))),
                }
            }
        })
    }

    /// Takes for a script's what whoever started this has given it beside the standard three. Nothing may have
    /// been opened before.
    pub(super) fn find_inherited(&mut self) -> impl Routine<()> {
        routine!(move -> () {
            for slot in 3..limits::SHELL_FD_SLOTS {
                // The first descriptor in a place, as one is that was passed to it.
                let fd = Fd::new(slot, 1);
                if trap!(yield fstat(fd)).is_ok() {
                    self.fds.insert(slot, fd);
                }
            }
        })
    }

    /// The descriptor that a script has this number for; it may be closed.
    pub(super) fn fd(&self, slot: u32) -> Option<Fd> {
        if slot < 3 { Some(Fd::new(slot, 0)) } else { self.fds.get(&slot).copied() }
    }

    /// Makes `fd` the descriptor of this number, or closes that.
    pub(super) fn place(&mut self, fd: Option<Fd>, slot: u32, saved: &mut Saved) -> impl Routine<Result<(), Errno>> {
        routine!(move {
            if slot >= 3 {
                saved.0.push((slot, self.fds.remove(&slot)));
                self.fds.extend(fd.map(|fd| (slot, fd)));
                return Ok(());
            }
            let before = match trap!(yield dup(Fd::new(slot, 0))) {
                Ok(before) => Some(before),
                Err(Errno::EBADF) => None,
                Err(errno) => {
                    if let Some(fd) = fd {
                        let _ = trap!(yield close(fd));
                    }
                    return Err(errno);
                }
            };
            saved.0.push((slot, before));
            match fd {
                Some(fd) => {
                    let placed = trap!(yield dup_to(fd, slot)).map(|_| ());
                    let _ = trap!(yield close(fd));
                    placed
                }
                None => {
                    // One that is closed already is as it is to be.
                    let _ = trap!(yield close(Fd::new(slot, 0)));
                    Ok(())
                }
            }
        })
    }

    /// Everything is as it was, the last change being undone first.
    pub(super) fn restore(&mut self, saved: Saved) -> impl Routine<()> {
        routine!(move -> () {
            for (slot, before) in saved.0.into_iter().rev() {
                if slot >= 3 {
                    if let Some(fd) = self.fds.remove(&slot) {
                        let _ = trap!(yield close(fd));
                    }
                    self.fds.extend(before.map(|fd| (slot, fd)));
                } else if let Some(fd) = before {
                    let _ = trap!(yield dup_to(fd, slot));
                    let _ = trap!(yield close(fd));
                } else {
                    let _ = trap!(yield close(Fd::new(slot, 0)));
                }
            }
        })
    }

    /// Nothing will be as it was.
    pub(super) fn settle(&mut self, saved: Saved) -> impl Routine<()> {
        routine!(move -> () {
            for (_, before) in saved.0 {
                if let Some(fd) = before {
                    let _ = trap!(yield close(fd));
                }
            }
        })
    }
}

/// A pipe from which this text can be read.
fn feed(text: String) -> impl Routine<Result<Fd, Errno>> {
    routine!(move {
        let (reader, writer) = trap!(yield pipe())?;
        let text = Buf::from(text.into_bytes());
        let fed = if text.len() <= limits::HERE_BYTES_AT_ONCE {
            let written = if text.is_empty() { Ok(0) } else { trap!(yield write(writer, text)) };
            let _ = trap!(yield close(writer));
            written.map(|_| ())
        } else {
            let feeder = task!({ write_all!(writer, text) });
            let fed = trap!(yield spawn(feeder).name("sh").pass(writer).detach());
            if fed.is_err() {
                let _ = trap!(yield close(writer));
            }
            fed.map(|_| ())
        };
        if let Err(errno) = fed {
            let _ = trap!(yield close(reader));
            return Err(errno);
        }
        Ok(reader)
    })
}
