//! The process's own streams: read and written in place, waiting as long as it takes.
//!
//! Past the standard library's buffers: a prompt without a newline is out before the answer is
//! asked for, and a failed write is told to who made it.

use super::limits::CONSOLE_READ_MAX;
use crate::hardware::errno::errno;
use rustix::event::{PollFd, PollFlags};
use std::os::fd::BorrowedFd;
use yieldix_syscalls::Errno;

/// Reads from standard input; none is the end.
pub fn read(max: usize) -> Result<Vec<u8>, Errno> {
    let stdin = rustix::stdio::stdin();
    let mut data = vec![0; max.min(CONSOLE_READ_MAX)];
    let count = patiently(stdin, PollFlags::IN, || rustix::io::read(stdin, &mut data))?;
    data.truncate(count);
    Ok(data)
}

/// Writes to standard output (0) or standard error (1).
pub fn write(stream: usize, data: &[u8]) -> Result<usize, Errno> {
    let own = if stream == 0 { rustix::stdio::stdout() } else { rustix::stdio::stderr() };
    patiently(own, PollFlags::OUT, || rustix::io::write(own, data))
}

/// Tries until it is done. The shell's other children share these streams, and one of them may
/// have made them non-blocking.
fn patiently(
    fd: BorrowedFd<'_>,
    until: PollFlags,
    mut attempt: impl FnMut() -> rustix::io::Result<usize>,
) -> Result<usize, Errno> {
    loop {
        let error = match attempt() {
            Ok(count) => return Ok(count),
            Err(rustix::io::Errno::AGAIN) => match rustix::event::poll(&mut [PollFd::new(&fd, until)], None) {
                Ok(_) => continue,
                Err(error) => error,
            },
            Err(error) => error,
        };
        if error != rustix::io::Errno::INTR {
            return Err(errno(error));
        }
    }
}
