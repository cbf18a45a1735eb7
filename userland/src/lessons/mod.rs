//! The lessons of David Beazley's course, "A Curious Course on Coroutines and Concurrency" (2009),
//! part 7 and 8: pyos grows from a task to an echo server that reads as plain code.
//!
//! One file a lesson, under the name it has in the course. Each is booted as the original was:
//! alone, its first tasks numbered from 1, a turn a trap.

pub(crate) mod address;
pub(crate) mod blaster;
pub(crate) mod echobad;
pub(crate) mod echogood;
pub(crate) mod echogood2;
pub(crate) mod echoserver;
pub(crate) mod echoserver2;
pub(crate) mod pyos1;
pub(crate) mod pyos2;
pub(crate) mod pyos3;
pub(crate) mod pyos4;
pub(crate) mod pyos5;
pub(crate) mod pyos6;
pub(crate) mod pyos7;
pub(crate) mod pyos8;
pub(crate) mod sockwrap;
pub(crate) mod taskcrash;
pub(crate) mod trampoline;

#[cfg(test)]
mod golden;
