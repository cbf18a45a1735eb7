//! Lines on their way out, and those that could not be brought there.

use super::{Log, LogFile, lock};
use std::{
    fmt,
    io::{self, ErrorKind, Write},
    sync::{Arc, Mutex, mpsc},
    thread,
    time::Duration,
};

/// Bytes of lines that are kept for one write to a file.
const KEPT: u64 = 64 << 10;

/// Where lines go.
pub struct Writer {
    to: Box<dyn Write + Send>,
    /// Whole lines, not written yet.
    lines: Vec<u8>,
    /// Does what was written end within a line, whose rest could not be?
    is_torn: bool,
    /// How many bytes may be kept before they are written.
    room: u64,
    lost: u64,
}

impl Writer {
    /// Writes each line at once.
    pub fn line_by_line(to: impl Write + Send + 'static) -> Writer {
        Writer { to: Box::new(to), lines: Vec::new(), is_torn: false, room: 0, lost: 0 }
    }

    /// Writes many lines at a time, and no more than the file may have.
    pub fn many_at_once(to: LogFile) -> Writer {
        Writer { room: KEPT.min(to.limit()), ..Writer::line_by_line(to) }
    }

    /// Adds a line, which `write` writes without its end.
    pub fn add(&mut self, write: impl FnOnce(&mut Vec<u8>)) {
        let before = self.lines.len();
        write(&mut self.lines);
        self.lines.push(b'\n');
        if self.lines.len() as u64 > self.room && before > 0 {
            self.write_first(before);
        }
        if self.lines.len() as u64 >= self.room {
            self.flush();
        }
    }

    /// How many lines could not be written so far.
    pub fn lost(&self) -> u64 {
        self.lost
    }

    /// Writes what is kept. Lines that cannot be written are lost.
    pub fn flush(&mut self) {
        if !self.lines.is_empty() {
            self.write_first(self.lines.len());
        }
    }

    /// Writes the first so many bytes of what is kept, which are whole lines.
    fn write_first(&mut self, bytes: usize) {
        let mut done = 0;
        let written = self.write_on(bytes, &mut done).and_then(|()| self.to.flush());
        if let Err(error) = written {
            self.is_torn |= done > 0 && self.lines[done - 1] != b'\n';
            // A reader that has gone away misses nothing.
            if error.kind() != ErrorKind::BrokenPipe {
                self.lost += self.lines[done..bytes].iter().filter(|&&byte| byte == b'\n').count() as u64;
            }
        }
        self.lines.drain(..bytes);
    }

    /// Writes on from what is `done`.
    fn write_on(&mut self, bytes: usize, done: &mut usize) -> io::Result<()> {
        if self.is_torn {
            // What comes is not to look like the rest of that line.
            self.to.write_all(b"\n")?;
            self.is_torn = false;
        }
        while *done < bytes {
            match self.to.write(&self.lines[*done..bytes]) {
                Ok(0) => return Err(ErrorKind::WriteZero.into()),
                Ok(more) => *done += more,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
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

    /// Writes what is kept, and gives how many lines could not be written so far. Those for a reader that has gone
    /// away are not counted.
    pub fn lost(&self) -> u64 {
        let mut log = lock(&self.log);
        log.writer.flush();
        log.writer.lost()
    }

    /// Gives what can write the log from any thread, also before a process ends at once.
    pub fn flusher(&self) -> LogFlusher {
        LogFlusher { log: Arc::clone(&self.log) }
    }
}

impl Drop for LogGuard {
    fn drop(&mut self) {
        lock(&self.log).writer.flush();
    }
}

/// Writes what is kept of a log, from any thread. A clone is another handle on the same.
#[derive(Clone)]
pub struct LogFlusher {
    log: Arc<Mutex<Log>>,
}

impl LogFlusher {
    /// Writes what was not written yet, and waits for that, so long at most. Is it done? It is not when somebody else
    /// holds the log for that long, or the host does not take it, or has no thread to give. Lines that the host
    /// refuses are lost, and counted.
    pub fn flush_within(&self, span: Duration) -> bool {
        let (log, (done, is_done)) = (Arc::clone(&self.log), mpsc::channel());
        // Another thread does it: nothing holds up this one, not even if it is in the middle of a line itself.
        let flush = thread::Builder::new().name("yieldix log".to_owned()).spawn(move || {
            lock(&log).writer.flush();
            // Who has waited long enough is not there any more.
            let _ = done.send(());
        });
        flush.is_ok() && is_done.recv_timeout(span).is_ok()
    }
}

impl fmt::Debug for LogFlusher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LogFlusher").finish_non_exhaustive()
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

    /// Takes so many bytes, says once that it is full, and takes all after that.
    #[derive(Clone, Default)]
    struct OnceFull {
        written: Arc<Mutex<Vec<u8>>>,
        room: usize,
    }

    impl Write for OnceFull {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            if self.room == 0 {
                self.room = usize::MAX;
                return Err(ErrorKind::StorageFull.into());
            }
            let taken = bytes.len().min(self.room);
            self.room -= taken;
            self.written.lock().unwrap().extend_from_slice(&bytes[..taken]);
            Ok(taken)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn add(writer: &mut Writer, line: &str) {
        writer.add(|to| to.extend_from_slice(line.as_bytes()));
    }

    #[test]
    fn a_line_that_was_written_in_part_is_lost_and_the_next_is_not() {
        let to = OnceFull { room: 10, ..OnceFull::default() };
        let mut writer = Writer { room: 1000, ..Writer::line_by_line(to.clone()) };
        for line in ["first", "second", "third"] {
            add(&mut writer, line);
        }
        writer.flush();
        assert_eq!(writer.lost, 2);
        add(&mut writer, "fourth");
        writer.flush();
        assert_eq!((&*to.written.lock().unwrap(), writer.lost), (&b"first\nseco\nfourth\n".to_vec(), 2));
    }

    #[test]
    fn a_reader_that_has_gone_away_misses_nothing() {
        let (reader, to) = io::pipe().unwrap();
        drop(reader);
        let mut writer = Writer::line_by_line(to);
        add(&mut writer, "line");
        assert_eq!(writer.lost, 0);
    }
}
