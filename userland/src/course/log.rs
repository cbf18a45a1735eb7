//! What the programs about logs read: the lines that are appended to a file, or a few that are given here.

use crate::{flow::*, prelude::*};
use core::array::IntoIter;

/// Lines with `python`, `ply` and `swig` in them: one with each alone, one with two, one with all, one
/// with none.
const LINES: [&str; 6] = [
    "python generators are lazy",
    "parsing with ply is declarative",
    "no branch has a use for this line",
    "wrapping with swig saves typing",
    "python extensions are often made by swig",
    "ply parses, swig wraps, and python runs them both",
];

/// Where the lines come from.
pub(super) enum Log {
    File(Follow),
    Given(IntoIter<&'static str, 6>),
}

impl Source<String> for Log {
    fn pull(&mut self) -> impl Routine<Result<Option<String>, Error>> {
        routine!(move -> Result<Option<String>, Error> {
            match self {
                Log::File(file) => call!(file.pull()),
                Log::Given(lines) => Ok(lines.next().map(String::from)),
            }
        })
    }
}

/// The log that a program was told to read: the file of its one operand, or the lines given here.
pub(super) fn log(program: &'static Program, args: Args) -> impl Routine<Result<Log, Errno>> {
    routine!(move {
        match call!(or_usage(program, at_most_one(args, "file")))? {
            Some(path) => {
                let file = call!(Follow::open(&path));
                Ok(Log::File(call!(or_complain(program, &path, file))?))
            }
            None => Ok(Log::Given(LINES.into_iter())),
        }
    })
}
