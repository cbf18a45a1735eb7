//! What the command says for itself, and the codes that it ends with.

use std::{
    fmt::Display,
    io::{self, ErrorKind, Write},
};

/// What a process ends with.
pub type Code = u8;

/// All went well.
pub const SUCCESS: Code = 0;
/// What a log ends with that cannot be read, or is not whole.
pub const BAD_LOG: Code = 1;
/// What a bad command line, or a bad filter, ends with.
pub const USAGE: Code = 2;
/// What a host that refuses ends with.
pub const HOST_REFUSED: Code = 71;
/// What a program that ended well ends with when its output, its log or its timeline was lost (`EX_IOERR`); and a
/// command whose own output was.
pub const OUTPUT_LOST: Code = 74;
/// What a bug of the kernel ends with.
pub const KERNEL_PANIC: Code = 101;
/// What a program that is not there ends with.
pub const NOT_FOUND: Code = 127;

/// The part of the help that lists them.
pub const TABLE: &str = "\
Exit codes:
  0-255    the program's own
  1        log state, sched, timeline: the log cannot be read, or is not whole
  2        bad command line or log filter; a script that cannot be read
  70       deadlock: no task could ever run again
  71       the host refused what the machine needs, a folder to mount for one
  74       the program ended well, and its output, its log or its timeline was lost;
           log state, sched, timeline: what they made could not be written
  101      the program, or the kernel, panicked, or --refuse-lints met a lint
  127      no such program
  128+N    ended by signal N: 130 for Ctrl-C";

/// Says on standard error what went wrong, and gives the code, which says it too, to who cannot be told.
pub fn complain(code: Code, error: &dyn Display) -> Code {
    let _ = writeln!(io::stderr(), "yieldix: {error}");
    code
}

/// Prints to standard output.
pub fn print(text: &str) -> Code {
    code_of_printing(io::stdout().write_all(text.as_bytes()))
}

/// The code of a command that has printed; a reader that has gone away is no failure of ours.
pub fn code_of_printing(outcome: io::Result<()>) -> Code {
    match outcome {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            complain(OUTPUT_LOST, &format!("standard output: {error}"))
        }
        _ => SUCCESS,
    }
}
