//! The log of this process: complete, as JSON, in memory.

#[path = "lines.rs"]
mod lines;

use lines::Lines;
use std::{
    mem::take,
    sync::{LazyLock, Mutex, MutexGuard},
};
use yieldix::{LogFormat, LogGuard, start_log};

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
