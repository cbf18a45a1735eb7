//! `help`, `programs`.

use super::Builtin;
use crate::{
    listing::{listing, names},
    prelude::*,
    programs::sh::shell::Shell,
};

const HELP: &str = "\
A line is a command: a program's name and its words. Commands are joined by
  |   the next reads what the one before it writes
  &&  the next is run if the one before it went well; || if it did not
  ;   the next is run in any case; & without waiting for the one before it
< FILE, > FILE and >> FILE are where a command reads and writes, 2> FILE where it complains.
'...' and \\ keep characters as they are, \"...\" all but $ and `; $? is the last status.
if, while, until, for, case, functions, $(...), $((...)) and patterns are as in any POSIX shell.
`programs` lists the programs with what they do.
What still runs in the background when the first shell ends is ended with the machine,
without a word: wait for it first.

";

impl Shell {
    /// `help`
    pub(super) fn help(&self) -> impl Routine<i32> {
        let built_in = format!("Built-in commands:\n  {}\n\n", Builtin::NAMES.join(" "));
        self.say(format!("{HELP}{built_in}{}", names(crate::PROGRAMS)))
    }

    /// `programs`
    pub(super) fn programs(&self) -> impl Routine<i32> {
        self.say(listing(crate::PROGRAMS).to_string())
    }
}
