//! The lines that others append to a file, for as long as they do.

use crate::{console::Pieces, flow::Error, flow::Source, limits::READ_BYTES};
use alloc::string::String;
use yieldix_syscalls::{
    Buf, Errno, Fd, OpenFlags, Routine, SeekFrom, call,
    calls::{close, fstat, open, read, seek, stat, watch},
    routine, trap,
};

/// The lines that are appended to a file from now on, as a [`Source`] that never ends. `tail -F`.
///
/// A line is given when its newline has come. A file that is truncated is read again from its beginning,
/// and what had come of a line is forgotten. A file that another takes the place of (the log was rotated) is
/// read to its end, an unfinished line included, and the other from its beginning; so is a file that was not
/// there. While nothing is written it waits, and costs nothing.
///
/// It knows a file as truncated when it is shorter than what was read of it. One that has grown past that
/// before anybody looked is read on where it was.
#[derive(Debug)]
pub struct Follow {
    path: String,
    /// Tells of what happens to whatever is at the path.
    watch: Fd,
    /// None while there is no file.
    file: Option<Fd>,
    /// How much of it was read.
    place: u64,
    pending: Pieces,
    /// Something else may be at the path than the open file.
    is_moved: bool,
}

impl Follow {
    /// Follows the file at `path`, from its present end on. It need not be there yet, its folder must.
    ///
    /// Errors: those of [`watch`] and [`open`], but no `ENOENT` for the file.
    pub fn open(path: &str) -> impl Routine<Result<Follow, Errno>> {
        routine!(move {
            // In this order: what happens from here on is told.
            let watch = trap!(yield watch(path))?;
            let mut follow =
                Follow { path: path.into(), watch, file: None, place: 0, pending: Pieces::new(), is_moved: false };
            call!(follow.open_file())?;
            if let Some(file) = follow.file {
                follow.place = trap!(yield seek(file, SeekFrom::End(0)))?;
            }
            Ok(follow)
        })
    }

    /// As [`open`](Follow::open), from the file's beginning on, to be read as bytes: by
    /// [`read_appended`](Follow::read_appended), and [`take_news`](Follow::take_news) when there are none.
    pub fn from_beginning(path: &str) -> impl Routine<Result<Follow, Errno>> {
        routine!(move {
            let mut follow = call!(Follow::open(path))?;
            if let Some(file) = follow.file {
                follow.place = trap!(yield seek(file, SeekFrom::Start(0)))?;
            }
            Ok(follow)
        })
    }

    /// The file that is open now, if there is one.
    pub const fn file(&self) -> Option<Fd> {
        self.file
    }

    /// What is ready to `poll` when [`take_news`](Follow::take_news) need not wait.
    pub const fn news(&self) -> Fd {
        self.watch
    }

    /// Goes on behind what somebody else has read of the open file.
    pub fn skip_read(&mut self) -> impl Routine<Result<(), Errno>> {
        routine!(move {
            if let Some(file) = self.file {
                self.place = trap!(yield seek(file, SeekFrom::Current(0)))?;
            }
            Ok(())
        })
    }

    /// Bytes that were appended, as they are, or none when there are no more for now: read the news before
    /// asking again. Waits for no one but the disk.
    pub fn read_appended(&mut self) -> impl Routine<Result<Buf, Errno>> {
        routine!(move {
            loop {
                if call!(self.read_on())? {
                    return Ok(Buf::from(self.pending.take_all()));
                }
                if !self.is_moved {
                    return Ok(Buf::EMPTY);
                }
                call!(self.change_file())?;
                // The end of the old file, read before it was left.
                let rest = self.pending.take_all();
                if !rest.is_empty() {
                    return Ok(Buf::from(rest));
                }
            }
        })
    }

    /// Waits until something has happened to the file, or to its name.
    pub fn take_news(&mut self) -> impl Routine<Result<(), Errno>> {
        routine!(move {
            let news = trap!(yield read(self.watch, READ_BYTES))?;
            self.is_moved |= news.split(|&byte| byte == b'\n').any(|what| !matches!(what, b"" | b"modified"));
            Ok(())
        })
    }

    /// The next line, without its newline. Errors: `EMSGSIZE` and `EILSEQ` as for
    /// [`Lines`](crate::console::Lines::read_line), after which it can go on, and what the file's calls meet.
    pub fn read_line(&mut self) -> impl Routine<Result<String, Errno>> {
        routine!(move {
            loop {
                if let Some(line) = self.pending.take_line() {
                    return line;
                }
                if call!(self.read_on())? {
                    continue;
                }
                if let Some(rest) = call!(self.follow_name())? {
                    return rest;
                }
            }
        })
    }

    /// Reads what there is; was there anything?
    fn read_on(&mut self) -> impl Routine<Result<bool, Errno>> {
        routine!(move {
            let Some(file) = self.file else { return Ok(false) };
            let mut data = trap!(yield read(file, READ_BYTES))?;
            if data.is_empty() && trap!(yield fstat(file))?.size < self.place {
                self.pending = Pieces::new();
                self.place = trap!(yield seek(file, SeekFrom::Start(0)))?;
                data = trap!(yield read(file, READ_BYTES))?;
            }
            self.place += data.len() as u64;
            self.pending.push(&data);
            Ok(!data.is_empty())
        })
    }

    /// At the end of the open file: turns to the one that has taken its place, and gives the unfinished line of
    /// the old one; or else waits until something has happened.
    fn follow_name(&mut self) -> impl Routine<Result<Option<Result<String, Errno>>, Errno>> {
        routine!(move {
            if !self.is_moved {
                call!(self.take_news())?;
                return Ok(None);
            }
            if call!(self.change_file())? { Ok(self.pending.take_rest()) } else { Ok(None) }
        })
    }

    /// When something may have another place: turns to the file that has taken this one's, once this is read to
    /// its end; has it left it?
    fn change_file(&mut self) -> impl Routine<Result<bool, Errno>> {
        routine!(move {
            let Some(old) = self.file else {
                self.is_moved = false;
                call!(self.open_file())?;
                return Ok(false);
            };
            let old_id = trap!(yield fstat(old))?.id;
            match trap!(yield stat(self.path.as_str())) {
                Ok(info) if info.id != old_id => {}
                // The same file, under its name again, or still written to by who had it open.
                Ok(_) | Err(Errno::ENOENT) => {
                    self.is_moved = false;
                    return Ok(false);
                }
                Err(errno) => return Err(errno),
            }
            // What was written to the old file between the last read and the new one's appearance.
            if call!(self.read_on())? {
                return Ok(false);
            }
            self.file = None;
            trap!(yield close(old))?;
            Ok(true)
        })
    }

    /// Opens what is at the path now, if anything is.
    fn open_file(&mut self) -> impl Routine<Result<(), Errno>> {
        routine!(move {
            self.place = 0;
            self.file = match trap!(yield open(self.path.as_str(), OpenFlags::READ)) {
                Ok(file) => Some(file),
                Err(Errno::ENOENT) => None,
                Err(errno) => return Err(errno),
            };
            Ok(())
        })
    }
}

impl Source<String> for Follow {
    fn pull(&mut self) -> impl Routine<Result<Option<String>, Error>> {
        routine!(move -> Result<Option<String>, Error> { Ok(Some(call!(self.read_line())?)) })
    }
}
