//! The file of a log: it grows to a size, and then the next one begins.

use std::{
    fs::{self, File},
    io::{self, Write},
    path::{Path, PathBuf},
};

/// A file that a log is written to. At its limit it is renamed to `NAME.1`, which replaces the one before, and a new
/// one begins: so a log takes twice the limit at most.
#[derive(Debug)]
pub struct LogFile {
    path: PathBuf,
    file: File,
    bytes: u64,
    limit: u64,
}

impl LogFile {
    /// Makes the file, or empties it. `limit` is in bytes; none is none.
    ///
    /// Errors: those of the host.
    pub fn create(path: impl Into<PathBuf>, limit: Option<u64>) -> io::Result<LogFile> {
        let path = path.into();
        let file = File::create(&path)?;
        Ok(LogFile { path, file, bytes: 0, limit: limit.unwrap_or(u64::MAX) })
    }

    fn rotate(&mut self) -> io::Result<()> {
        fs::rename(&self.path, older(&self.path))?;
        self.file = File::create(&self.path)?;
        self.bytes = 0;
        Ok(())
    }
}

fn older(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".1");
    name.into()
}

impl Write for LogFile {
    /// Each write is of whole lines, and none is split between two files.
    fn write(&mut self, lines: &[u8]) -> io::Result<usize> {
        if self.bytes > 0 && self.bytes.saturating_add(lines.len() as u64) > self.limit {
            self.rotate()?;
        }
        self.file.write_all(lines)?;
        self.bytes += lines.len() as u64;
        Ok(lines.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}
