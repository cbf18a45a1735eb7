//! Simple commands: assignments, and what their first word names.

use super::{
    builtins::Builtin,
    jobs::Job,
    shell::{Boxed, ERROR, Outcome, Shell, Unwind},
    syntax::{Command, Simple, Word},
};
use crate::{
    executable::{NOT_FOUND_CODE, NOT_STARTED_CODE, not_started_code, why_not_started},
    prelude::*,
};
use alloc::sync::Arc;

impl Shell {
    /// Runs a simple command.
    pub(super) fn simple<'a>(&'a mut self, simple: &'a Simple, is_tested: bool) -> Boxed<'a, Outcome> {
        Box::pin(routine!(move -> Outcome {
            self.line = simple.line;
            self.substituted = None;
            let mut words = call!(self.fields(&simple.words))?;
            if words.is_empty() {
                return call!(self.assignments_alone(simple));
            }
            let name = words.remove(0);
            if name == "exec" {
                return call!(self.exec(simple, words));
            }
            let builtin = Builtin::named(&name);
            let is_special = builtin.is_some_and(Builtin::is_special);
            let Some(saved) = call!(self.redirect(&simple.redirections))? else {
                return if is_special { Err(Unwind::Abort) } else { Ok(()) };
            };
            let outcome = if is_special {
                // What is assigned before one of these stays.
                match call!(self.assignments(&simple.assignments, false)) {
                    Ok(()) => call!(self.traced_run(simple, name, words, is_tested)),
                    Err(unwind) => Err(unwind),
                }
            } else if simple.assignments.is_empty() {
                call!(self.traced_run(simple, name, words, is_tested))
            } else {
                self.variables.push_frame();
                let outcome = match call!(self.assignments(&simple.assignments, true)) {
                    Ok(()) => call!(self.traced_run(simple, name, words, is_tested)),
                    Err(unwind) => Err(unwind),
                };
                self.variables.pop_frame();
                outcome
            };
            call!(self.restore(saved));
            outcome
        }))
    }

    /// A command without a word: its assignments stay, its status is that of the last `$(…)`.
    fn assignments_alone<'a>(&'a mut self, simple: &'a Simple) -> Boxed<'a, Outcome> {
        Box::pin(routine!(move -> Outcome {
            let Some(saved) = call!(self.redirect(&simple.redirections))? else { return Ok(()) };
            let assigned = call!(self.assignments(&simple.assignments, false));
            call!(self.restore(saved));
            assigned?;
            if self.options.shows_commands && !simple.assignments.is_empty() {
                call!(self.trace(&simple.assignments, &[]))?;
            }
            self.status = self.substituted.unwrap_or(0);
            Ok(())
        }))
    }

    /// Assigns; for a while if so wanted, and then for children as well.
    fn assignments<'a>(&'a mut self, assignments: &'a [(String, Word)], for_a_while: bool) -> Boxed<'a, Outcome> {
        Box::pin(routine!(move -> Outcome {
            for (name, word) in assignments {
                let value = call!(self.text(word))?;
                if for_a_while {
                    self.variables.keep(name);
                    if let Err(what) = self.variables.export(name, Some(value)) {
                        return Err(call!(self.abort(what)));
                    }
                } else {
                    call!(self.assign(name, value))?;
                }
            }
            Ok(())
        }))
    }

    /// Shows what is run, on standard error.
    fn trace<'a>(&'a mut self, assignments: &'a [(String, Word)], words: &'a [String]) -> Boxed<'a, Outcome> {
        Box::pin(routine!(move -> Outcome {
            let mut line = self.variables.get("PS4").unwrap_or("+ ").to_owned();
            let values = assignments.iter().map(|(name, _)| {
                format!("{name}={}", self.variables.get(name).unwrap_or_default())
            });
            let shown: Vec<String> = values.chain(words.iter().cloned()).collect();
            line += &shown.join(" ");
            line.push('\n');
            // Whether it can be shown changes nothing.
            let _ = write_all!(Fd::STDERR, Buf::from(line.into_bytes()));
            Ok(())
        }))
    }

    fn traced_run<'a>(
        &'a mut self,
        simple: &'a Simple,
        name: String,
        words: Vec<String>,
        is_tested: bool,
    ) -> Boxed<'a, Outcome> {
        Box::pin(routine!(move -> Outcome {
            if self.options.shows_commands {
                let shown: Vec<String> = core::iter::once(&name).chain(&words).cloned().collect();
                call!(self.trace(&simple.assignments, &shown))?;
            }
            call!(self.run(name, words, is_tested, true))
        }))
    }

    /// Runs what a name stands for, its redirections and assignments being done. Functions are passed over for
    /// `command`.
    pub(super) fn run(
        &mut self,
        name: String,
        words: Vec<String>,
        is_tested: bool,
        with_functions: bool,
    ) -> Boxed<'_, Outcome> {
        Box::pin(routine!(move -> Outcome {
            let builtin = Builtin::named(&name);
            if let Some(builtin) = builtin.filter(|builtin| builtin.is_special()) {
                return call!(self.built_in(builtin, words, is_tested));
            }
            if let Some(body) = self.functions.get(&name).filter(|_| with_functions).cloned() {
                return call!(self.function(body, words, is_tested));
            }
            match builtin {
                Some(builtin) => call!(self.built_in(builtin, words, is_tested)),
                None => call!(self.program(&name, words, false)),
            }
        }))
    }

    /// Runs a function.
    fn function(&mut self, body: Arc<Command>, words: Vec<String>, is_tested: bool) -> Boxed<'_, Outcome> {
        Box::pin(routine!(move -> Outcome {
            let parameters = core::mem::replace(&mut self.parameters, words);
            let loops = core::mem::take(&mut self.loops);
            self.variables.push_frame();
            self.calls += 1;
            let outcome = call!(self.command(&body, is_tested));
            self.calls -= 1;
            self.variables.pop_frame();
            self.loops = loops;
            self.parameters = parameters;
            match outcome {
                Err(Unwind::Return) => Ok(()),
                outcome => outcome,
            }
        }))
    }

    /// Runs a program and waits for it. Of one that takes the shell's place, the status tells all.
    fn program<'a>(&'a mut self, name: &'a str, args: Vec<String>, is_replacing: bool) -> Boxed<'a, Outcome> {
        Box::pin(routine!(move -> Outcome {
            let text = core::iter::once(name).chain(args.iter().map(String::as_str)).collect::<Vec<_>>().join(" ");
            let place = self.in_front(None);
            call!(self.publish())?;
            match call!(self.start_program(name, args, place)) {
                Ok(child) => {
                    let group = self.options.has_jobs.then_some(child);
                    let signal = call!(self.wait_in_front(Job::new(&[child], group, &text)));
                    if !is_replacing {
                        call!(self.tell_killed(&text, signal));
                    }
                }
                Err(errno) => {
                    call!(self.complain(format!("{}: {}", excerpt(name), why_not_started(errno))));
                    self.status = not_started_code(errno);
                }
            }
            Ok(())
        }))
    }

    /// `exec`: redirects the shell itself; a command takes the shell's place.
    fn exec<'a>(&'a mut self, simple: &'a Simple, mut words: Vec<String>) -> Boxed<'a, Outcome> {
        Box::pin(routine!(move -> Outcome {
            let Some(saved) = call!(self.redirect(&simple.redirections))? else { return Err(Unwind::Abort) };
            call!(self.settle(saved));
            call!(self.assignments(&simple.assignments, false))?;
            if words.first().is_some_and(|word| word == "--") {
                words.remove(0);
            }
            self.status = 0;
            if words.is_empty() {
                return Ok(());
            }
            let name = words.remove(0);
            for (variable, _) in &simple.assignments {
                if let Err(what) = self.variables.export(variable, None) {
                    return Err(call!(self.abort(what)));
                }
            }
            if self.options.shows_commands {
                let shown: Vec<String> = ["exec".to_owned(), name.clone()].into_iter().chain(words.clone()).collect();
                call!(self.trace(&[], &shown))?;
            }
            call!(self.program(&name, words, true))?;
            if self.options.is_interactive && matches!(self.status, NOT_FOUND_CODE | NOT_STARTED_CODE) {
                return Ok(());
            }
            Err(Unwind::Replaced)
        }))
    }

    /// Says that a command was called wrongly; gives its status.
    pub(super) fn misused(&self, what: impl core::fmt::Display + Send) -> impl Routine<i32> {
        let told = self.complain(what);
        routine!(move -> i32 {
            call!(told);
            ERROR
        })
    }
}
