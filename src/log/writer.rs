//! Lines on their way out, and those that could not be brought there.

use super::{Log, LogFile, lock};
use std::{
    fmt,
    io::Write,
    sync::{Arc, Mutex},
};

/// Bytes of lines that are kept for one write to a file.
const KEPT: usize = 64 << 10;

/// Where lines go.
pub struct Writer {
    to: Box<dyn Write + Send>,
    /// Whole lines, not written yet.
    lines: Vec<u8>,
    kept: u64,
    /// How many bytes may be kept before they are written.
    room: usize,
    lost: u64,
}

impl Writer {
    /// Writes each line at once.
    pub fn line_by_line(to: impl Write + Send + 'static) -> Writer {
        Writer { to: Box::new(to), lines: Vec::new(), kept: 0, room: 0, lost: 0 }
    }

    /// Writes many lines at a time.
    pub fn many_at_once(to: LogFile) -> Writer {
        Writer { room: KEPT, ..Writer::line_by_line(to) }
    }

    /// Adds a line, which `write` writes without its end.
    pub fn add(&mut self, write: impl FnOnce(&mut Vec<u8>)) {
        write(&mut self.lines);
        self.lines.push(b'\n');
        self.kept += 1;
        if self.lines.len() >= self.room {
            self.flush();
        }
    }

    /// Writes what is kept. Lines that cannot be written are lost.
    pub fn flush(&mut self) {
        if self.kept > 0 && self.to.write_all(&self.lines).and_then(|()| self.to.flush()).is_err() {
            self.lost += self.kept;
        }
        self.lines.clear();
        self.kept = 0;
    }
}

/// A log that has been started. Dropping it writes what was not written yet; the log goes on.
#[must_use = "what is not written yet when it is dropped is written then"]
pub struct LogGuard {
    log: Arc<Mutex<Log>>,
}

impl LogGuard {
    pub(super) fn new(log: Arc<Mutex<Log>>) -> LogGuard {
        LogGuard { log }
    }

    /// Writes what is kept, and gives how many lines could not be written so far.
    pub fn lost(&self) -> u64 {
        let mut log = lock(&self.log);
        log.writer.flush();
        log.writer.lost
    }
}

impl Drop for LogGuard {
    fn drop(&mut self) {
        lock(&self.log).writer.flush();
    }
}

impl fmt::Debug for LogGuard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LogGuard").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io;

    /// Takes so many bytes, and then is full.
    struct Full(usize);

    impl Write for Full {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0 = self.0.checked_sub(bytes.len()).ok_or(io::ErrorKind::StorageFull)?;
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn lines_that_cannot_be_written_are_counted() {
        let mut writer = Writer::line_by_line(Full(10));
        for _ in 0..5 {
            writer.add(|line| line.extend_from_slice(b"abc"));
        }
        assert_eq!(writer.lost, 3);
    }
}
