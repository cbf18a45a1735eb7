//! The process's own streams where there is no Unix: the standard library's.

use super::limits::CONSOLE_READ_MAX;
use std::io::{Error, ErrorKind, Read, Write};
use yieldix_syscalls::Errno;

/// Reads from standard input; none is the end.
pub fn read(max: usize) -> Result<Vec<u8>, Errno> {
    let mut data = vec![0; max.min(CONSOLE_READ_MAX)];
    let count = std::io::stdin().read(&mut data).map_err(errno)?;
    data.truncate(count);
    Ok(data)
}

/// Writes to standard output (0) or standard error (1), and brings it out.
pub fn write(stream: usize, data: &[u8]) -> Result<usize, Errno> {
    fn write_out(mut to: impl Write, data: &[u8]) -> std::io::Result<usize> {
        let count = to.write(data)?;
        to.flush()?;
        Ok(count)
    }
    if stream == 0 { write_out(std::io::stdout(), data) } else { write_out(std::io::stderr(), data) }.map_err(errno)
}

/// Such a host's numbers have no names of ours.
fn errno(error: Error) -> Errno {
    if error.kind() == ErrorKind::BrokenPipe { Errno::EPIPE } else { Errno::EIO }
}
