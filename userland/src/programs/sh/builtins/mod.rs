//! What a shell does itself: what changes it, what asks about it, and little that would be dear to start.

mod command;
mod control;
mod directory;
mod help;
mod jobs;
mod read;
mod settings;
mod signals;

pub(super) use settings::Listing;

use super::shell::{Boxed, Outcome, Shell};
use crate::{
    condition::{self, Condition},
    prelude::*,
};

macro_rules! builtins {
    ($($name:literal = $Variant:ident, $kind:ident;)+) => {
        /// A command that the shell has in itself.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(in crate::programs) enum Builtin { $($Variant,)+ }

        impl Builtin {
            /// Their names, in order.
            pub(in crate::programs) const NAMES: &[&str] = &[$($name),+];

            /// The one of this name.
            pub(super) fn named(name: &str) -> Option<Builtin> {
                match name {
                    $($name => Some(Builtin::$Variant),)+
                    _ => None,
                }
            }

            /// Is it one whose errors end a script, and whose assignments stay?
            pub(super) const fn is_special(self) -> bool {
                match self {
                    $(Builtin::$Variant => builtins!($kind),)+
                }
            }
        }
    };
    (special) => { true };
    (plain) => { false };
}

builtins! {
    "." = Dot, special;
    ":" = Colon, special;
    "[" = Bracket, plain;
    "bg" = Bg, plain;
    "break" = Break, special;
    "cd" = Cd, plain;
    "command" = Command, plain;
    "continue" = Continue, special;
    "eval" = Eval, special;
    "exec" = Exec, special;
    "exit" = Exit, special;
    "export" = Export, special;
    "false" = False, plain;
    "fg" = Fg, plain;
    "getopts" = Getopts, plain;
    "help" = Help, plain;
    "jobs" = Jobs, plain;
    "kill" = Kill, plain;
    "local" = Local, plain;
    "programs" = Programs, plain;
    "pwd" = Pwd, plain;
    "read" = Read, plain;
    "readonly" = ReadOnly, special;
    "return" = Return, special;
    "set" = Set, special;
    "shift" = Shift, special;
    "test" = Test, plain;
    "trap" = Trap, special;
    "true" = True, plain;
    "type" = Type, plain;
    "unset" = Unset, special;
    "wait" = Wait, plain;
}

impl Shell {
    /// Runs one of them; what it gives is the status.
    pub(super) fn built_in(&mut self, builtin: Builtin, words: Vec<String>, is_tested: bool) -> Boxed<'_, Outcome> {
        Box::pin(routine!(move -> Outcome {
            self.status = match builtin {
                Builtin::Colon | Builtin::True => 0,
                Builtin::False => 1,
                Builtin::Dot => call!(self.dot(words, is_tested))?,
                Builtin::Bracket => call!(self.test(Condition::parse_bracketed(&words))),
                Builtin::Test => call!(self.test(Condition::parse(&words))),
                Builtin::Bg => call!(self.bg(words)),
                Builtin::Break => call!(self.leave_loop(words, super::shell::Unwind::Break))?,
                Builtin::Cd => call!(self.cd(words)),
                Builtin::Command => return call!(self.command_command(words, is_tested)),
                Builtin::Continue => call!(self.leave_loop(words, super::shell::Unwind::Continue))?,
                Builtin::Eval => return call!(self.eval(words, is_tested)),
                Builtin::Exec => return call!(self.exec_again(words)),
                Builtin::Exit => return call!(self.leave(words, super::shell::Unwind::Exit)),
                Builtin::Export => call!(self.export(words))?,
                Builtin::Fg => call!(self.fg(words)),
                Builtin::Getopts => call!(self.getopts(words))?,
                Builtin::Help => call!(self.help(words)),
                Builtin::Jobs => call!(self.list_jobs(words)),
                Builtin::Kill => call!(self.kill(words)),
                Builtin::Local => call!(self.local(words))?,
                Builtin::Programs => call!(self.programs()),
                Builtin::Pwd => call!(self.pwd(words)),
                Builtin::Read => call!(self.read(words))?,
                Builtin::ReadOnly => call!(self.read_only(words))?,
                Builtin::Return => return call!(self.leave(words, super::shell::Unwind::Return)),
                Builtin::Set => call!(self.set(words))?,
                Builtin::Shift => call!(self.shift(words))?,
                Builtin::Trap => call!(self.trap(words))?,
                Builtin::Type => call!(self.tell_types(words)),
                Builtin::Unset => call!(self.unset(words))?,
                Builtin::Wait => call!(self.wait(words))?,
            };
            Ok(())
        }))
    }

    /// `test` and `[`.
    fn test(&mut self, condition: Result<Condition, condition::Malformed>) -> impl Routine<i32> {
        routine!(move -> i32 {
            match condition {
                Err(malformed) => call!(self.misused(format!("test: {malformed}"))),
                Ok(condition) => match call!(condition::holds(condition)) {
                    Ok(holds) => (!holds).into(),
                    Err(errno) => call!(self.misused(format!("test: {}", errno.meaning()))),
                },
            }
        })
    }
}
