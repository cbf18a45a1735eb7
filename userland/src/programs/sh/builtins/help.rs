//! `help`, `programs`.

use super::Builtin;
use crate::{
    args,
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
`programs` lists the programs with what they do, `help PROGRAM` tells of one.
What still runs in the background when the first shell ends is ended with the machine,
without a word: wait for it first.

";

impl Shell {
    /// `help [PROGRAM...]`
    pub(super) fn help(&self, words: Vec<String>) -> impl Routine<i32> {
        routine!(move -> i32 {
            if words.is_empty() {
                let built_in = format!("Built-in commands:\n  {}\n\n", Builtin::NAMES.join(" "));
                return call!(self.say(format!("{HELP}{built_in}{}", names(crate::PROGRAMS))));
            }
            let mut code = 0;
            for word in &words {
                let program = crate::PROGRAMS.iter().find(|program| program.name == word);
                let failed = if let Some(program) = program {
                    call!(self.say(args::help(program)))
                } else if Builtin::NAMES.contains(&word.as_str()) {
                    call!(self.say(format!("{word}: built into the shell; `help` alone tells of the shell\n")))
                } else {
                    call!(self.misused(format!("help: {}: no such program", excerpt(word))))
                };
                code = code.max(failed);
            }
            code
        })
    }

    /// `programs`
    pub(super) fn programs(&self) -> impl Routine<i32> {
        self.say(listing(crate::PROGRAMS).to_string())
    }
}
