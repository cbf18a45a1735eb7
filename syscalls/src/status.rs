//! How a task ended.

use crate::Signal;
use alloc::boxed::Box;
use core::fmt;

/// How a task ended, as its parent reads it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ExitStatus {
    /// It returned, or called `exit` with this code. `Ok` is 0 and `Err` is 1.
    Exited(i32),
    /// A signal ended it.
    Killed(Signal),
    /// It panicked with this message.
    Panicked(Box<str>),
}

impl ExitStatus {
    /// Exited with 0?
    pub fn is_success(&self) -> bool {
        *self == ExitStatus::Exited(0)
    }

    /// As a shell shows it: the code, 128 + the signal's number, or 101 for a panic.
    pub fn code(&self) -> i32 {
        match self {
            ExitStatus::Exited(code) => *code,
            ExitStatus::Killed(signal) => 128 + i32::from(signal.number()),
            ExitStatus::Panicked(_) => 101,
        }
    }
}

impl fmt::Display for ExitStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ExitStatus::Exited(code) => write!(f, "exited with {code}"),
            ExitStatus::Killed(signal) => write!(f, "killed by {signal}"),
            ExitStatus::Panicked(message) => write!(f, "panicked: {}", message.escape_debug()),
        }
    }
}
