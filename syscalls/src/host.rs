//! Programs of the host.

use crate::Fd;
use alloc::{boxed::Box, string::String, vec::Vec};

/// What is to run. It has the host's environment and no open file but its standard three, each of which is
/// a pipe.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostCommand {
    /// The program: a path of the host, or a name that is looked for where the host looks for names.
    pub program: Box<str>,
    /// The words after its name.
    pub args: Vec<String>,
}

/// A program of the host that runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HostProcess {
    /// Itself: readable when it has ended; the last one who closes it kills it.
    pub process: Fd,
    /// Where its input is written to.
    pub stdin: Fd,
    /// Where its output is read from.
    pub stdout: Fd,
    /// Where its error output is read from.
    pub stderr: Fd,
}
