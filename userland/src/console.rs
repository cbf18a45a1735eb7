//! The console: `print!` and its kin, and lines of input.
//!
//! Printing is a trap like any other, so it can fail and says so: `println!("hello")?;`. A text is
//! formatted first and written whole, however many bytes the kernel takes at a time.

use crate::limits::{LINE_BYTES_MAX, READ_BYTES};
use alloc::{string::String, vec::Vec};
use core::{fmt, mem};
use yieldix_syscalls::{Buf, Errno, Fd, Routine, calls::read, routine, trap};

/// The formatted text, ready to be written.
pub fn text(arguments: fmt::Arguments<'_>) -> Buf {
    Buf::from(alloc::fmt::format(arguments))
}

/// Writes all of a [`Buf`] to a descriptor: `write_all!(Fd::STDOUT, data)?`.
///
/// A macro and no routine, so that a trace shows the line that prints.
#[macro_export]
macro_rules! write_all {
    ($fd:expr, $data:expr) => {{
        let mut rest: $crate::prelude::Buf = $data;
        loop {
            match $crate::prelude::trap!(yield $crate::prelude::write($fd, rest.clone())) {
                Ok(taken) if taken < rest.len() => rest.advance(taken),
                Ok(_) => break Ok::<(), $crate::prelude::Errno>(()),
                Err(errno) => break Err(errno),
            }
        }
    }};
}

/// Prints to standard output: `print!("{name}: ")?`.
#[macro_export]
macro_rules! print {
    ($($format:tt)*) => {
        $crate::write_all!($crate::prelude::Fd::STDOUT, $crate::console::text(::core::format_args!($($format)*)))
    };
}

/// Prints a line to standard output: `println!("I'm task {tid}")?`.
#[macro_export]
macro_rules! println {
    () => { $crate::print!("\n") };
    ($($format:tt)*) => { $crate::print!("{}\n", ::core::format_args!($($format)*)) };
}

/// Prints to standard error.
#[macro_export]
macro_rules! eprint {
    ($($format:tt)*) => {
        $crate::write_all!($crate::prelude::Fd::STDERR, $crate::console::text(::core::format_args!($($format)*)))
    };
}

/// Prints a line to standard error.
#[macro_export]
macro_rules! eprintln {
    () => { $crate::eprint!("\n") };
    ($($format:tt)*) => { $crate::eprint!("{}\n", ::core::format_args!($($format)*)) };
}

/// Lines from a descriptor.
///
/// It reads ahead: bytes past the line it gave stay here, and other readers of the descriptor do
/// not see them.
#[derive(Debug)]
pub struct Lines {
    fd: Fd,
    pending: Pieces,
    has_ended: bool,
}

impl Lines {
    /// The lines that come from `fd`.
    pub const fn new(fd: Fd) -> Lines {
        Lines { fd, pending: Pieces::new(), has_ended: false }
    }

    /// The next line without its newline, nor a carriage return before that, or `None` at the end:
    /// `call!(lines.read_line())?`. A last line that lacks its newline counts.
    ///
    /// `EMSGSIZE` for a line of more than [`LINE_BYTES_MAX`], `EILSEQ` for one that is not UTF-8.
    /// Either is consumed, so that reading can go on with the next.
    pub fn read_line(&mut self) -> impl Routine<Result<Option<String>, Errno>> {
        routine!(move {
            loop {
                if let Some(line) = self.pending.take_line() {
                    return line.map(Some);
                }
                if self.has_ended {
                    return self.pending.take_rest().transpose();
                }
                let data = trap!(yield read(self.fd, READ_BYTES))?;
                self.has_ended = data.is_empty();
                self.pending.push(&data);
            }
        })
    }
}

/// Bytes as they arrive, until they make a line.
#[derive(Debug)]
pub(crate) struct Pieces {
    bytes: Vec<u8>,
    /// Where the next line begins; what is before it was taken.
    start: usize,
    /// How far it was searched for a newline, in vain.
    searched: usize,
    /// That line has lost its beginning.
    is_too_long: bool,
}

impl Pieces {
    pub(crate) const fn new() -> Pieces {
        Pieces { bytes: Vec::new(), start: 0, searched: 0, is_too_long: false }
    }

    pub(crate) fn push(&mut self, data: &[u8]) {
        self.bytes.drain(..self.start);
        self.searched -= self.start;
        self.start = 0;
        self.bytes.extend_from_slice(data);
    }

    /// The next line that has its newline, without that and a carriage return before it.
    pub(crate) fn take_line(&mut self) -> Option<Result<String, Errno>> {
        let Some(newline) = self.bytes[self.searched..].iter().position(|&byte| byte == b'\n') else {
            self.searched = self.bytes.len();
            if self.searched - self.start > LINE_BYTES_MAX {
                self.is_too_long = true;
                self.start = self.searched;
            }
            return None;
        };
        let line = &self.bytes[self.start..self.searched + newline];
        let is_too_long = mem::take(&mut self.is_too_long) || line.len() > LINE_BYTES_MAX;
        // Only now: whether a line is too long must not hang on how its bytes arrive.
        let line = text_line(line.strip_suffix(b"\r").unwrap_or(line), is_too_long);
        self.searched += newline + 1;
        self.start = self.searched;
        Some(line)
    }

    /// All that has come and was not taken.
    pub(crate) fn take_all(&mut self) -> Vec<u8> {
        let mut pieces = mem::replace(self, Pieces::new());
        pieces.bytes.drain(..pieces.start);
        pieces.bytes
    }

    /// What is left at the end, if anything is: a line that lacks its newline.
    pub(crate) fn take_rest(&mut self) -> Option<Result<String, Errno>> {
        let line = &self.bytes[self.start..];
        let is_too_long = self.is_too_long || line.len() > LINE_BYTES_MAX;
        let line = (is_too_long || !line.is_empty()).then(|| text_line(line, is_too_long));
        *self = Pieces::new();
        line
    }
}

fn text_line(line: &[u8], is_too_long: bool) -> Result<String, Errno> {
    if is_too_long { Err(Errno::EMSGSIZE) } else { String::from_utf8(line.to_vec()).map_err(|_| Errno::EILSEQ) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fake_kernel::{End, run, run_script, step};
    use alloc::{format, vec};
    use core::ops::CoroutineState;
    use yieldix_syscalls::{Reply, Syscall, Task, call, task};

    fn greet(name: &'static str) -> Task {
        task!({
            print!("hello, ")?;
            println!("{name}")?;
            eprintln!("to {name}, {}", 1 + 1)?;
            println!()
        })
    }

    #[test]
    fn printing_formats_and_picks_the_stream() {
        let run = run(greet("world"));
        assert_eq!((run.output.as_str(), run.errors.as_str()), ("hello, world\n\n", "to world, 2\n"));
    }

    #[test]
    fn a_short_write_is_gone_on_with() {
        let mut task = task!({ println!("abcdef") });
        let Syscall::Write { data, .. } = step(&mut task, Reply::Unit) else { panic!("not a write") };
        assert_eq!(&*data, b"abcdef\n");
        let Syscall::Write { data, .. } = step(&mut task, Reply::Count(3)) else { panic!("not a write") };
        assert_eq!(&*data, b"def\n");
        let end = task.resume(Reply::Count(4));
        assert!(matches!(end, CoroutineState::Complete(Ok(()))), "{end:?}");
    }

    #[test]
    fn a_failed_write_is_the_programs_to_handle() {
        let mut task = task!({ println!("into the void") });
        step(&mut task, Reply::Unit);
        let end = task.resume(Reply::Err(Errno::EPIPE));
        assert!(matches!(end, CoroutineState::Complete(Err(Errno::EPIPE))), "{end:?}");
    }

    /// Prints each line it reads, and each error.
    fn number_lines() -> Task {
        task!({
            let mut lines = Lines::new(Fd::STDIN);
            loop {
                match call!(lines.read_line()) {
                    Ok(Some(line)) => println!("[{line}]")?,
                    Ok(None) => return Ok(()),
                    Err(errno @ (Errno::EMSGSIZE | Errno::EILSEQ)) => println!("{}", errno.name())?,
                    Err(errno) => return Err(errno),
                }
            }
        })
    }

    fn input(bytes: impl Into<Buf>) -> (&'static str, Reply) {
        ("read(0, 4096)", Reply::Buf(bytes.into()))
    }

    #[test]
    fn lines_are_put_together_from_any_pieces() {
        let run = run_script(number_lines(), [input("on"), input("e\n\ntwo\nth"), input("ree"), input("")]);
        assert_eq!(run.output, "[one]\n[]\n[two]\n[three]\n");
        assert_eq!(run.end, End::Returned(Ok(())));
    }

    #[test]
    fn a_carriage_return_belongs_to_the_line_end_and_to_no_other_place() {
        let pieces = [input("one\r"), input("\n\r\n\r\r\na\rb\nlast\r"), input("")];
        assert_eq!(run_script(number_lines(), pieces).output, "[one]\n[]\n[\r]\n[a\rb]\n[last\r]\n");
    }

    #[test]
    fn no_input_is_no_line() {
        assert_eq!(run_script(number_lines(), [input("")]).output, "");
        assert_eq!(run_script(number_lines(), [input("\n"), input("")]).output, "[]\n");
    }

    #[test]
    fn a_line_of_the_greatest_length_is_read() {
        let longest = "x".repeat(LINE_BYTES_MAX);
        let run = run_script(number_lines(), [input(format!("{longest}\n")), input("")]);
        assert_eq!(run.output, format!("[{longest}]\n"));
    }

    #[test]
    fn a_line_too_long_is_an_error_and_the_next_is_read() {
        let half = vec![b'x'; LINE_BYTES_MAX / 2 + 1];
        let pieces = [input(half.clone()), input(half), input("tail\nnext\n"), input("")];
        assert_eq!(run_script(number_lines(), pieces).output, "EMSGSIZE\n[next]\n");
    }

    #[test]
    fn a_line_too_long_at_the_end_is_an_error_too() {
        let long = vec![b'x'; LINE_BYTES_MAX + 1];
        assert_eq!(run_script(number_lines(), [input(long.clone()), input("")]).output, "EMSGSIZE\n");
        assert_eq!(run_script(number_lines(), [input(long), input("\n"), input("")]).output, "EMSGSIZE\n");
    }

    #[test]
    fn a_line_that_is_no_text_is_an_error_and_the_next_is_read() {
        let run = run_script(number_lines(), [input(b"\xff\nnext\n"), input("")]);
        assert_eq!(run.output, "EILSEQ\n[next]\n");
    }

    #[test]
    fn a_failed_read_is_passed_on() {
        let run = run_script(number_lines(), [input("half"), ("read(0, 4096)", Reply::Err(Errno::EIO))]);
        assert_eq!(run.end, End::Returned(Err(Errno::EIO)));
    }
}
