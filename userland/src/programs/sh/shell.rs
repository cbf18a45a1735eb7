//! A shell: all that it knows, and how what it does comes to an end early.
//!
//! A subshell is a clone of it in a task of its own. What lies deep is run by handing the whole shell to a
//! subroutine and taking it back ([`Shell::run_deep`]), so that no script can exhaust the machine's stack.

use super::{
    jobs::Jobs,
    syntax::{Command, List},
    traps::Traps,
    variables::Variables,
};
use crate::{executable, prelude::*};
use alloc::{collections::BTreeMap, sync::Arc};
use core::{fmt::Display, mem, pin::Pin};

/// What ends the commands that run, up to whoever it is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unwind {
    /// So many loops.
    Break(u32),
    /// All but the outermost of so many loops, which goes on.
    Continue(u32),
    /// The function or file.
    Return,
    /// The shell, with the status there is.
    Exit,
    /// The shell, without what it was to do at its end: another program has taken its place.
    Replaced,
    /// The script, for an error that was told; at a terminal only what was typed last.
    Abort,
    /// What was typed last at a terminal, by the key for it.
    Interrupt,
}

/// How something went that may end more than itself.
pub(super) type Outcome<T = ()> = Result<T, Unwind>;

/// A routine behind a pointer: what a routine that comes back to itself gives, and one that is large and soon over,
/// so that a shell that waits has no room for it.
pub(super) type Boxed<'a, T> = Pin<Box<dyn Routine<T> + 'a>>;

/// The status of what was called wrongly, and of errors that end a script.
pub(super) const ERROR: i32 = 2;

/// Programs that other shells have in themselves: they are there whatever `PATH` is.
const IN_OTHER_SHELLS: [&str; 2] = ["echo", "printf"];

/// What `set` sets.
#[derive(Clone, Debug, Default)]
pub(super) struct Options {
    /// `-a`: what is assigned is exported.
    pub exports_all: bool,
    /// `-C`: `>` empties no file.
    pub keeps_files: bool,
    /// `-e`: a failure ends the shell.
    pub is_strict: bool,
    /// `-f`: patterns are no file names.
    pub is_literal: bool,
    /// `-m`: a job is a process group, and may have the terminal.
    pub has_jobs: bool,
    /// `-n`: commands are read and not run.
    pub is_dry: bool,
    /// `-u`: a parameter that is not set is an error.
    pub is_careful: bool,
    /// `-v`: what is read is shown.
    pub shows_input: bool,
    /// `-x`: what is run is shown.
    pub shows_commands: bool,
    /// `-i`
    pub is_interactive: bool,
}

impl Options {
    /// The option of this letter.
    pub(super) fn by_letter(&mut self, letter: char) -> Option<&mut bool> {
        Some(match letter {
            'a' => &mut self.exports_all,
            'C' => &mut self.keeps_files,
            'e' => &mut self.is_strict,
            'f' => &mut self.is_literal,
            'm' => &mut self.has_jobs,
            'n' => &mut self.is_dry,
            'u' => &mut self.is_careful,
            'v' => &mut self.shows_input,
            'x' => &mut self.shows_commands,
            _ => return None,
        })
    }

    /// Each with its letter and its name.
    pub(super) fn listed(&self) -> [(char, &'static str, bool); 10] {
        [
            ('e', "errexit", self.is_strict),
            ('f', "noglob", self.is_literal),
            ('i', "interactive", self.is_interactive),
            ('m', "monitor", self.has_jobs),
            ('n', "noexec", self.is_dry),
            ('x', "xtrace", self.shows_commands),
            ('v', "verbose", self.shows_input),
            ('C', "noclobber", self.keeps_files),
            ('a', "allexport", self.exports_all),
            ('u', "nounset", self.is_careful),
        ]
    }
}

/// Where `getopts` goes on. `OPTIND` tells it, and only what is assigned to that changes it.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct NextOption {
    /// How many words are behind it.
    pub word: usize,
    /// The place in the word after those; 0 when it is still to be looked at.
    pub place: usize,
}

/// What a shell knows.
#[derive(Clone, Debug, Default)]
pub(super) struct Shell {
    /// `$0`
    pub name: String,
    /// `$1` and so on.
    pub parameters: Vec<String>,
    pub variables: Variables,
    /// Shared with subshells, as the variables are.
    pub functions: Arc<BTreeMap<String, Arc<Command>>>,
    pub options: Options,
    /// Of the last command, as `$?` shows it.
    pub status: i32,
    /// `$$`: of a subshell its parent's.
    pub id: Option<Tid>,
    /// `$!`
    pub background: Option<Tid>,
    pub traps: Traps,
    pub jobs: Jobs,
    /// Descriptors from 3 on, by the numbers that scripts have for them.
    pub fds: BTreeMap<u32, Fd>,
    /// Where the command that runs stands.
    pub line: u32,
    /// Of the last `$(…)` of the command that runs.
    pub substituted: Option<i32>,
    /// How many loops of the function that runs are around.
    pub loops: u32,
    /// How many functions and files run.
    pub calls: u32,
    /// How many subroutines run.
    pub depth: usize,
    /// Where `getopts` is.
    pub next_option: NextOption,
}

/// What is run apart.
#[derive(Clone, Debug)]
pub(super) enum Body {
    Command(Arc<Command>),
    /// One that forks already and need not do so again, for a `( … )`.
    List(Arc<List>),
    AndOr(Arc<super::syntax::AndOr>),
}

impl Shell {
    /// A copy that runs in another task: its children are not the parent's, and signals end it again.
    pub(super) fn fork(&self) -> Shell {
        let mut shell = self.clone();
        shell.jobs = Jobs::default();
        shell.traps.reset();
        shell.options.is_interactive = false;
        shell.options.has_jobs = false;
        shell.depth = 0;
        shell
    }

    /// A task that runs `body` in a copy of this shell and ends with its status.
    pub(super) fn apart(&self, body: Body, is_tested: bool) -> Task {
        // Behind a pointer: a frame that has it by value has room for it twice.
        let mut shell = Box::new(self.fork());
        task!({
            let outcome = match &body {
                Body::Command(command) => call!(shell.command(command, is_tested)),
                Body::List(list) => call!(shell.list(list, is_tested)),
                Body::AndOr(and_or) => call!(shell.and_or(and_or, is_tested)),
            };
            let code = call!(shell.finish(outcome));
            trap!(yield exit(code))
        })
    }

    /// What an interrupted shell has still to do; gives the code to exit with.
    pub(super) fn finish(&mut self, outcome: Outcome) -> impl Routine<i32> {
        routine!(move -> i32 {
            if outcome == Err(Unwind::Replaced) {
                return self.status & 0xff;
            }
            if let Some(action) = self.traps.take_exit() {
                let status = self.status;
                // An exit in there has a status of its own; whatever else becomes of it changes nothing.
                if call!(self.run_text(&action, self.line, false)) != Err(Unwind::Exit) {
                    self.status = status;
                }
            }
            self.status & 0xff
        })
    }

    /// Runs this on the trampoline, with the shell that it may change.
    pub(super) fn run_deep(&mut self, deep: Deep, is_tested: bool) -> impl Routine<Outcome> {
        routine!(move -> Outcome {
            if self.depth >= limits::SHELL_CALL_DEPTH {
                return Err(call!(self.abort("commands lie too deep in each other")));
            }
            self.depth += 1;
            let owned = Box::new(mem::take(self));
            match trap!(yield run_owned(owned, deep, is_tested)) {
                Ok((shell, outcome)) => {
                    *self = *shell;
                    self.depth -= 1;
                    outcome
                }
                Err(errno) => {
                    // The shell went with the subroutine that there was no room for.
                    call!(self.complain(errno));
                    self.status = ERROR;
                    Err(Unwind::Exit)
                }
            }
        })
    }

    /// Runs the commands of a text, whose first line has this number.
    pub(super) fn run_text(&mut self, text: &str, line: u32, is_tested: bool) -> Boxed<'_, Outcome> {
        Box::pin(self.run_deep(Deep::Text(text.into(), line), is_tested))
    }

    /// Says what went wrong. Whether that can be heard changes nothing.
    pub(super) fn complain(&self, what: impl Display + Send) -> impl Routine<()> {
        let text = match self.line {
            0 => format!("sh: {what}\n"),
            line => format!("sh: {line}: {what}\n"),
        };
        routine!(move -> () {
            let _ = write_all!(Fd::STDERR, Buf::from(text.into_bytes()));
        })
    }

    /// Says what went wrong, which ends the script.
    pub(super) fn abort(&mut self, what: impl Display + Send) -> impl Routine<Unwind> {
        routine!(move -> Unwind {
            call!(self.complain(what));
            self.status = ERROR;
            Unwind::Abort
        })
    }

    /// Writes to standard output; gives the status of a command that has written this.
    pub(super) fn say(&self, text: impl Into<Buf>) -> impl Routine<i32> {
        let text = text.into();
        routine!(move -> i32 {
            match write_all!(Fd::STDOUT, text) {
                Ok(()) => 0,
                Err(errno) => {
                    call!(self.complain(format!("write error: {}", errno.meaning())));
                    1
                }
            }
        })
    }

    /// Tells the environment, which children inherit, what was changed of what is exported.
    pub(super) fn publish(&mut self) -> impl Routine<Outcome> {
        routine!(move -> Outcome {
            for (name, value) in self.variables.take_changed() {
                let told = match value {
                    Some(value) => trap!(yield setenv(name.clone(), value)),
                    None => trap!(yield unsetenv(name.as_str())),
                };
                if let Err(errno) = told {
                    return Err(call!(self.abort(format!("{}: {}", excerpt(&name), errno.meaning()))));
                }
            }
            Ok(())
        })
    }

    /// The folders where a command of this name is looked for.
    pub(super) fn search_path(&self, name: &str) -> &str {
        if IN_OTHER_SHELLS.contains(&name) {
            return executable::PROGRAMS_FOLDER;
        }
        self.variables.get("PATH").unwrap_or_default()
    }

    /// Assigns a variable; one that is read-only ends the script.
    pub(super) fn assign(&mut self, name: &str, value: String) -> impl Routine<Outcome> {
        routine!(move -> Outcome {
            if name == "OPTIND" {
                let number = value.parse().unwrap_or(1);
                self.next_option = NextOption { word: usize::max(number, 1) - 1, place: 0 };
            }
            let assigned = match self.options.exports_all {
                true => self.variables.export(name, Some(value)),
                false => self.variables.set(name, value),
            };
            match assigned {
                Ok(()) => Ok(()),
                Err(what) => Err(call!(self.abort(what))),
            }
        })
    }
}

/// What is run by a subroutine of its own.
pub(super) enum Deep {
    /// A compound command, whose redirections are done.
    Compound(Arc<Command>),
    /// A text, and the number of its first line.
    Text(Box<str>, u32),
}

/// Runs this in a shell that it owns; gives the shell back.
fn run_owned(mut shell: Box<Shell>, deep: Deep, is_tested: bool) -> Call<Returned<(Box<Shell>, Outcome)>> {
    subroutine(routine!(move {
        let outcome = match &deep {
            Deep::Compound(command) => call!(shell.compound(command, is_tested)),
            Deep::Text(text, line) => call!(shell.run_lines(text, *line, is_tested)),
        };
        Ok((shell, outcome))
    }))
}

impl Shell {
    /// What a shell does first: it takes the environment for variables, and at a terminal the foreground.
    pub(super) fn begin(&mut self) -> impl Routine<()> {
        routine!(move -> () {
            self.id = trap!(yield gettid()).ok();
            call!(self.find_inherited());
            for (name, value) in trap!(yield environment()).unwrap_or_default() {
                if super::cursor::is_name(&name) && &*name != "IFS" {
                    // Nothing is read-only yet.
                    let _ = self.variables.export(&name, Some(value.into()));
                }
            }
            self.variables.take_changed();
            if self.variables.get("PATH").is_none() {
                let _ = self.variables.set("PATH", executable::PROGRAMS_FOLDER);
            }
            let parent = trap!(yield getppid()).map(|parent| parent.to_string()).ok();
            let folder = trap!(yield getcwd()).ok();
            let defaults = [("IFS", Some(" \t\n".to_owned())), ("OPTIND", Some("1".to_owned())), ("PPID", parent)];
            for (name, value) in defaults.into_iter().chain([("PWD", folder)]) {
                if let Some(value) = value {
                    let _ = self.variables.set(name, value);
                }
            }
            self.variables.take_changed();
            if !self.options.is_interactive {
                return;
            }
            call!(self.come_to_the_foreground());
            call!(self.arm_traps());
            // Without a terminal to give away, jobs are no groups.
            self.options.has_jobs = trap!(yield terminal(Fd::STDIN)).is_ok();
            if self.options.has_jobs
                && let Ok(keyboard) = trap!(yield dup(Fd::STDIN))
            {
                let own = self.id.unwrap_or(Tid::NONE);
                let _ = trap!(yield set_group(Tid::NONE, Tid::NONE));
                let _ = trap!(yield set_foreground(keyboard, own));
                self.jobs.terminal = Some((keyboard, own));
            }
        })
    }

    /// Waits in the background, stopped, until whoever has the terminal gives it: two shells would part its lines.
    fn come_to_the_foreground(&mut self) -> impl Routine<()> {
        routine!(move -> () {
            while let Ok(TerminalInfo { foreground, .. }) = trap!(yield terminal(Fd::STDIN))
                && !foreground.is_none()
                && trap!(yield get_group(Tid::NONE)) != Ok(foreground)
            {
                // Whoever ignored it could not be stopped; the traps are armed afterwards.
                let _ = trap!(yield ignore_signals(Signals::NONE));
                let _ = trap!(yield kill_group(Tid::NONE, Signal::Ttin));
            }
        })
    }
}
