//! What stages say, in order, until a task has trapped it out.

use crate::{limits::MESSAGE_BYTES_MAX, write_all};
use alloc::{string::String, sync::Arc, vec::Vec};
use core::{
    fmt::{Display, Write},
    mem,
};
use spin::Mutex;
use yieldix_syscalls::{
    Buf, Errno, Fd, Routine, call,
    calls::{port_send, sync},
    routine, trap,
};

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
    /// Is it to be known that they are out?
    is_synced: bool,
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
            Some(last) if last.fd == self.fd && !last.is_synced => last.bytes.extend_from_slice(bytes),
            _ => queue.push(Said { fd: self.fd, bytes: bytes.to_vec(), is_synced: false }),
        }
    }

    /// Has the flush wait, at this point, until what was written to the descriptor is out, and tell when it
    /// cannot be: a console takes output before it is.
    pub fn sync(&self) {
        let mut queue = self.queue.lock();
        match queue.last_mut() {
            Some(last) if last.fd == self.fd => last.is_synced = true,
            _ => queue.push(Said { fd: self.fd, bytes: Vec::new(), is_synced: true }),
        }
    }

    /// Writes everything that was said, through all handles: `call!(out.flush())?`. Waits where a
    /// descriptor has no room. To a port goes a message, of what was said to it in a row.
    ///
    /// Errors: those of [`write`](yieldix_syscalls::calls::write), [`port_send`] and [`sync`]. What was to be
    /// written then is lost; what was said after it is kept.
    pub fn flush(&self) -> impl Routine<Result<(), Errno>> {
        routine!(move {
            let mut said = mem::take(&mut *self.queue.lock()).into_iter();
            while let Some(next) = said.next() {
                if let Err(errno) = call!(next.bring_out()) {
                    self.queue.lock().splice(0..0, said);
                    return Err(errno);
                }
            }
            Ok(())
        })
    }
}

impl Said {
    fn bring_out(self) -> impl Routine<Result<(), Errno>> {
        routine!(move {
            let Said { fd, bytes, is_synced } = self;
            if !bytes.is_empty() {
                let mut rest = Buf::from(bytes);
                match write_all!(fd, rest.clone()) {
                    Err(Errno::EOPNOTSUPP) => {
                        while !rest.is_empty() {
                            let tail = rest.split_off(MESSAGE_BYTES_MAX);
                            trap!(yield port_send(fd, rest))?;
                            rest = tail;
                        }
                    }
                    written => written?,
                }
            }
            if is_synced {
                match trap!(yield sync(fd)) {
                    // What keeps nothing back has nothing to tell.
                    Err(Errno::EINVAL) => {}
                    synced => synced?,
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
    use crate::fake_kernel::{End, run, run_script, step};
    use alloc::vec;
    use yieldix_syscalls::{Reply, Syscall, task};

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
    fn a_port_is_sent_messages_and_what_is_synced_is_known_to_be_out() {
        let port = Fd::new(3, 0);
        let run = run_script(
            task!({
                let out = Output::new();
                let to_port = out.to(port);
                to_port.bytes(&vec![b'x'; MESSAGE_BYTES_MAX + 1]);
                to_port.sync();
                to_port.bytes(b"y");
                out.line("one");
                out.sync();
                call!(out.flush())
            }),
            [
                ("write(3, \"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\"… (1048577 bytes))", Reply::Err(Errno::EOPNOTSUPP)),
                ("port_send(3, \"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\"… (1048576 bytes))", Reply::Unit),
                ("port_send(3, \"x\" (1 byte))", Reply::Unit),
                ("sync(3)", Reply::Err(Errno::EINVAL)),
                ("write(3, \"y\" (1 byte))", Reply::Err(Errno::EOPNOTSUPP)),
                ("port_send(3, \"y\" (1 byte))", Reply::Unit),
                ("sync(1)", Reply::Err(Errno::EPIPE)),
            ],
        );
        assert_eq!((run.output.as_str(), run.end), ("one\n", End::Returned(Err(Errno::EPIPE))));
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
