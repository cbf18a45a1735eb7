//! The log of this process: complete, as JSON, in memory.

use std::{
    io::{self, Write},
    mem::take,
    sync::{Arc, LazyLock, Mutex, MutexGuard},
};
use yieldix::{LogFormat, LogGuard, start_log};

/// What was logged and not read yet.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The log of this process, which one machine at a time has.
pub struct Log {
    lines: Lines,
    _guard: LogGuard,
}

impl Log {
    /// What was logged since this was asked last.
    pub fn take(&self) -> Vec<u8> {
        take(&mut *self.lines.0.lock().unwrap())
    }
}

static LOG: LazyLock<Mutex<Log>> = LazyLock::new(|| {
    let lines = Lines::default();
    let guard = start_log("yieldix=trace", LogFormat::Json, lines.clone()).unwrap();
    Mutex::new(Log { lines, _guard: guard })
});

/// The log, which is complete; nobody else has it meanwhile.
pub fn log() -> MutexGuard<'static, Log> {
    LOG.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}
