//! A tool at work: the files it was named, its standard output, and what it could not do.
//!
//! What goes wrong with one file is told on standard error, by the file's name and the errno, and the tool goes on
//! with the next; its exit code then says so. Output is gathered and written 64 KiB at a time, before more is read
//! from standard input, and before anything is told.

use crate::{
    args::{FAILED_CODE, Misuse, or_usage_with},
    eprintln,
    excerpt::excerpt,
    limits::PIECE_BYTES,
    lines::ByteLines,
    prelude::{FileId, FileKind, SeekFrom, fstat, seek},
    write_all,
};
use alloc::{
    string::{String, ToString},
    vec,
    vec::Vec,
};
use core::{fmt::Display, mem, ops::ControlFlow};
use yieldix_syscalls::{
    Buf, Errno, Fd, OpenFlags, Program, Routine, call,
    calls::{close, exit, open, yield_now},
    routine, trap,
};

/// The name of standard input among operands.
pub const STANDARD_INPUT: &str = "-";

/// One program's work: where its output gathers, and its exit code so far.
#[derive(Debug)]
pub struct Tool {
    program: &'static Program,
    /// What is to be written to standard output; [`flush`](Tool::flush) writes it.
    pub out: Vec<u8>,
    /// The exit code, if nothing else goes wrong.
    pub code: i32,
    failed_code: i32,
    output: Fd,
    /// The file that standard output is, if it is not to be read as well.
    unread: Option<FileId>,
    /// Is nothing told of files that cannot be read? The exit code still says so.
    pub is_silent: bool,
}

/// A file that a tool reads.
#[derive(Debug)]
pub struct Input {
    /// As it was named.
    pub name: String,
    /// What it is.
    pub kind: InputKind,
    /// What is in it.
    pub lines: ByteLines,
}

/// Where input comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InputKind {
    /// Standard input.
    Standard,
    /// A file that was opened.
    File,
}

impl Input {
    /// Is it standard input?
    pub fn is_standard(&self) -> bool {
        self.kind == InputKind::Standard
    }

    /// Its name for people.
    pub fn title(&self) -> &str {
        if self.is_standard() { "standard input" } else { &self.name }
    }
}

impl Tool {
    /// The work of `program`, which exits with [`FAILED_CODE`] when something went wrong.
    pub const fn new(program: &'static Program) -> Tool {
        Tool::failing_with(program, FAILED_CODE)
    }

    /// The same with another code.
    pub const fn failing_with(program: &'static Program, failed_code: i32) -> Tool {
        Tool { program, out: Vec::new(), code: 0, failed_code, output: Fd::STDOUT, unread: None, is_silent: false }
    }

    /// The options of the program, or its end: see [`or_usage_with`]. Misuse exits with the code of failure.
    pub fn or_usage<T: Send>(&self, options: Result<T, Misuse>) -> impl Routine<Result<T, Errno>> {
        or_usage_with(self.program, self.failed_code, options)
    }

    /// From now on refuses to read the file that standard output is: what is written there would be read for ever.
    pub fn mind_output(&mut self) -> impl Routine<()> {
        routine!(move -> () {
            let output = trap!(yield fstat(self.output)).ok();
            self.unread = output.filter(|info| info.kind == FileKind::Regular).map(|info| info.id);
        })
    }

    /// Is there something to read in the file that is written, and is to be minded?
    fn would_grow(&self, fd: Fd) -> impl Routine<bool> {
        routine!(move -> bool {
            let Some(unread) = self.unread else { return false };
            let Ok(info) = trap!(yield fstat(fd)) else { return false };
            info.id == unread && trap!(yield seek(fd, SeekFrom::Current(0))).is_ok_and(|at| at < info.size)
        })
    }

    /// Opens a file to read, or gives standard input for `-`. What cannot be opened is told, and `None`; a directory
    /// can be, and is told as soon as it is read.
    pub fn open(&mut self, name: &str) -> impl Routine<Result<Option<Input>, Errno>> {
        routine!(move {
            let input = |kind, lines| Some(Input { name: name.into(), kind, lines });
            let opened = match name == STANDARD_INPUT {
                true => Ok((Fd::STDIN, InputKind::Standard)),
                false => trap!(yield open(name, OpenFlags::READ)).map(|fd| (fd, InputKind::File)),
            };
            let errno = match opened {
                Ok((fd, kind)) => {
                    let opened = input(kind, ByteLines::new(fd));
                    if !call!(self.would_grow(fd)) {
                        return Ok(opened);
                    }
                    call!(self.complain(name, "input file is output file"))?;
                    if kind == InputKind::File {
                        trap!(yield close(fd))?;
                    }
                    return Ok(None);
                }
                Err(errno) => errno,
            };
            call!(self.complain(name, errno))?;
            Ok(None)
        })
    }

    /// Reads on; false at the end, which an error is too, once it is told.
    pub fn fill(&mut self, input: &mut Input) -> impl Routine<Result<bool, Errno>> {
        routine!(move {
            if input.is_standard() || self.is_full() {
                call!(self.flush())?;
            }
            match call!(input.lines.fill()) {
                Ok(is_more) => Ok(is_more),
                Err(errno) => {
                    call!(self.complain(input.title(), errno))?;
                    Ok(false)
                }
            }
        })
    }

    /// The next line with its newline, or `None` at the end: for whoever reads several files in turn.
    pub fn next_line<'a>(&mut self, input: &'a mut Input) -> impl Routine<Result<Option<&'a [u8]>, Errno>> {
        routine!(move {
            while !input.lines.has_line() {
                if !call!(self.fill(input))? {
                    return Ok(None);
                }
            }
            Ok(input.lines.take_line())
        })
    }

    /// Closes what [`open`](Tool::open) has opened.
    pub fn close(&self, input: &Input) -> impl Routine<Result<(), Errno>> {
        routine!(move {
            if input.kind == InputKind::File { trap!(yield close(input.lines.fd())) } else { Ok(()) }
        })
    }

    /// Hands every line of these files, and of standard input if there are none, to `take`, with the place for
    /// what is to be written, until it breaks off.
    pub fn each_line<F>(&mut self, names: Vec<String>, mut take: F) -> impl Routine<Result<(), Errno>>
    where
        F: FnMut(&[u8], &mut Vec<u8>) -> ControlFlow<()> + Send,
    {
        routine!(move {
            for name in or_standard_input(names) {
                let Some(mut input) = call!(self.open(&name))? else { continue };
                while call!(self.fill(&mut input))? {
                    while let Some(line) = input.lines.take_line() {
                        if take(line, &mut self.out).is_break() {
                            return call!(self.close(&input));
                        }
                    }
                }
                call!(self.close(&input))?;
            }
            Ok(())
        })
    }

    /// As [`each_line`](Tool::each_line), of pieces of any length.
    pub fn each_piece<F>(&mut self, names: Vec<String>, mut take: F) -> impl Routine<Result<(), Errno>>
    where
        F: FnMut(&[u8], &mut Vec<u8>) + Send,
    {
        routine!(move {
            for name in or_standard_input(names) {
                let Some(mut input) = call!(self.open(&name))? else { continue };
                while call!(self.fill(&mut input))? {
                    take(&input.lines.take_piece(), &mut self.out);
                }
                call!(self.close(&input))?;
            }
            Ok(())
        })
    }

    /// Is there so much output that it should be written?
    pub fn is_full(&self) -> bool {
        self.out.len() >= PIECE_BYTES as usize
    }

    /// Writes the output if there is much of it, and gives way: for whoever makes output without reading.
    pub fn flush_if_full(&mut self) -> impl Routine<Result<(), Errno>> {
        routine!(move {
            if self.is_full() {
                call!(self.flush())?;
                trap!(yield yield_now())?;
            }
            Ok(())
        })
    }

    /// Writes the output so far. `EPIPE` when nobody reads it any more, of which nothing is told; after any other
    /// error, which is, the program has ended.
    pub fn flush(&mut self) -> impl Routine<Result<(), Errno>> {
        routine!(move {
            if self.out.is_empty() {
                return Ok(());
            }
            let data = Buf::from(mem::take(&mut self.out));
            call!(self.write(data))
        })
    }

    /// Writes `data` behind the output so far, without a copy. Errors as for [`flush`](Tool::flush).
    pub fn write(&mut self, data: Buf) -> impl Routine<Result<(), Errno>> {
        routine!(move {
            if !self.out.is_empty() {
                let before = Buf::from(mem::take(&mut self.out));
                call!(self.written(write_all!(self.output, before)))?;
            }
            call!(self.written(write_all!(self.output, data)))
        })
    }

    fn written(&self, written: Result<(), Errno>) -> impl Routine<Result<(), Errno>> {
        routine!(move {
            let Err(errno) = written else { return Ok(()) };
            if errno != Errno::EPIPE {
                eprintln!("{}: output: {errno}", self.program.name)?;
                trap!(yield exit(self.failed_code))?;
            }
            Err(errno)
        })
    }

    /// From now on writes to the file at `path`, which is made or emptied. One that cannot be is told, and the
    /// program's end.
    pub fn write_to(&mut self, path: &str) -> impl Routine<Result<(), Errno>> {
        routine!(move {
            match trap!(yield open(path, OpenFlags::WRITE | OpenFlags::CREATE | OpenFlags::TRUNCATE)) {
                Ok(fd) => {
                    self.output = fd;
                    Ok(())
                }
                Err(errno) => {
                    call!(self.complain(path, errno))?;
                    trap!(yield exit(self.failed_code))
                }
            }
        })
    }

    /// Tells on standard error what is wrong with `what`, behind the output so far; the tool goes on, and fails
    /// in the end.
    pub fn complain(&mut self, what: &str, error: impl Display + Send) -> impl Routine<Result<(), Errno>> {
        routine!(move {
            self.code = self.failed_code;
            if self.is_silent { Ok(()) } else { call!(self.tell(what, error)) }
        })
    }

    /// Tells on standard error what is to be known of `what`, which is no failure.
    pub fn tell(&mut self, what: &str, message: impl Display + Send) -> impl Routine<Result<(), Errno>> {
        routine!(move {
            let message = message.to_string();
            call!(self.flush())?;
            eprintln!("{}: {}: {message}", self.program.name, excerpt(what))
        })
    }

    /// Writes what is left of the output, and ends the program with its exit code.
    pub fn finish(mut self) -> impl Routine<Result<(), Errno>> {
        routine!(move {
            call!(self.flush())?;
            if self.code == 0 { Ok(()) } else { trap!(yield exit(self.code)) }
        })
    }
}

/// The operands, or standard input when there are none.
pub fn or_standard_input(names: Vec<String>) -> Vec<String> {
    if names.is_empty() { vec![STANDARD_INPUT.into()] } else { names }
}
