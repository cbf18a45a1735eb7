//! What stages say, in order, until a task has trapped it out.

use crate::write_all;
use alloc::{string::String, sync::Arc, vec::Vec};
use core::{
    fmt::{Display, Write},
    mem,
};
use spin::Mutex;
use yieldix_syscalls::{Errno, Fd, Routine, routine};

/// A queue of bytes for descriptors, which stages fill and the task that drives them
/// [flushes](Output::flush).
///
/// Clones are handles of one queue, for standard output or, by [`to`](Output::to), for another descriptor.
/// What is written is kept until it is flushed, in the order in which it was written whatever the handle.
#[derive(Clone, Debug)]
pub struct Output {
    queue: Arc<Mutex<Vec<Said>>>,
    fd: Fd,
}

/// Bytes for one descriptor.
#[derive(Debug)]
struct Said {
    fd: Fd,
    bytes: Vec<u8>,
}

impl Output {
    /// An empty queue; the handle is for standard output.
    pub fn new() -> Output {
        Output { queue: Arc::default(), fd: Fd::STDOUT }
    }

    /// A handle of the same queue for `fd`.
    pub fn to(&self, fd: Fd) -> Output {
        Output { queue: Arc::clone(&self.queue), fd }
    }

    /// Says a line: `out.line("done")`, `out.line(format_args!("{n} of {all}"))`.
    pub fn line(&self, what: impl Display) {
        // Formatted before the queue is locked: what formats itself may say something, too.
        let mut text = String::new();
        // Writing to a String does not fail.
        let _ = writeln!(text, "{what}");
        self.bytes(text.as_bytes());
    }

    /// Says bytes as they are.
    pub fn bytes(&self, bytes: &[u8]) {
        let mut queue = self.queue.lock();
        match queue.last_mut() {
            Some(last) if last.fd == self.fd => last.bytes.extend_from_slice(bytes),
            _ => queue.push(Said { fd: self.fd, bytes: bytes.to_vec() }),
        }
    }

    /// Writes everything that was said, through all handles: `call!(out.flush())?`. Waits where a
    /// descriptor has no room.
    ///
    /// Errors: those of [`write`](yieldix_syscalls::calls::write). What was to be written then is lost; what
    /// was said after it is kept.
    pub fn flush(&self) -> impl Routine<Result<(), Errno>> {
        routine!(move {
            let mut said = mem::take(&mut *self.queue.lock()).into_iter();
            while let Some(Said { fd, bytes }) = said.next() {
                if let Err(errno) = write_all!(fd, bytes.into()) {
                    self.queue.lock().splice(0..0, said);
                    return Err(errno);
                }
            }
            Ok(())
        })
    }
}

impl Default for Output {
    fn default() -> Output {
        Output::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fake_kernel::{End, run, step};
    use yieldix_syscalls::{Reply, Syscall, call, task};

    #[test]
    fn what_was_said_comes_out_in_order_whatever_the_handle() {
        let run = run(task!({
            let out = Output::new();
            let errors = out.to(Fd::STDERR);
            out.line("one");
            errors.line("two");
            out.clone().line(3);
            call!(out.flush())?;
            call!(out.flush())
        }));
        assert_eq!((run.output.as_str(), run.errors.as_str()), ("one\n3\n", "two\n"));
        assert_eq!(run.end, End::Returned(Ok(())));
    }

    #[test]
    fn a_failed_write_loses_no_more_than_itself() {
        let out = Output::new();
        let handle = out.clone();
        let mut task = task!({
            assert_eq!(call!(handle.flush()), Err(Errno::EPIPE));
            call!(handle.flush())
        });
        out.line("lost");
        out.to(Fd::STDERR).line("kept");
        assert!(matches!(step(&mut task, Reply::Unit), Syscall::Write { fd: Fd::STDOUT, .. }));
        let Syscall::Write { fd: Fd::STDERR, data } = step(&mut task, Reply::Err(Errno::EPIPE)) else {
            panic!("not the rest")
        };
        assert_eq!(&*data, b"kept\n");
    }
}
