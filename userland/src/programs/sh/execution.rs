//! Lists, pipelines and compound commands are run.
//!
//! *Tested* is what is asked whether it fails: the condition of an `if`, what stands before `&&`. Its failure
//! does not end a strict shell (`set -e`).

use super::{
    jobs::{Job, Place},
    shell::{Body, Boxed, Deep, Outcome, Shell, Unwind},
    syntax::{AndOr, Command, Compound, Connector, List, Pipeline, Simple},
};
use crate::prelude::*;
use alloc::sync::Arc;

impl Shell {
    /// Runs commands one after the other.
    pub(super) fn list<'a>(&'a mut self, list: &'a List, is_tested: bool) -> Boxed<'a, Outcome> {
        Box::pin(routine!(move -> Outcome {
            for item in &list.0 {
                if item.is_background {
                    call!(self.start_behind(item.and_or.clone()))?;
                } else {
                    call!(self.and_or(&item.and_or, is_tested))?;
                }
            }
            Ok(())
        }))
    }

    /// Runs pipelines as far as they decide.
    pub(super) fn and_or<'a>(&'a mut self, and_or: &'a AndOr, is_tested: bool) -> Boxed<'a, Outcome> {
        Box::pin(routine!(move -> Outcome {
            let is_last = |index: usize| index == and_or.rest.len();
            call!(self.pipeline(&and_or.first, is_tested || !is_last(0)))?;
            for (index, (connector, pipeline)) in and_or.rest.iter().enumerate() {
                if (self.status == 0) == (*connector == Connector::And) {
                    call!(self.pipeline(pipeline, is_tested || !is_last(index + 1)))?;
                }
            }
            Ok(())
        }))
    }

    fn pipeline<'a>(&'a mut self, pipeline: &'a Pipeline, is_tested: bool) -> Boxed<'a, Outcome> {
        Box::pin(routine!(move -> Outcome {
            if self.options.is_dry && !self.options.is_interactive {
                return Ok(());
            }
            let is_tested = is_tested || pipeline.is_negated;
            match pipeline.commands.as_slice() {
                [command] => call!(self.command(command, is_tested))?,
                commands => {
                    call!(self.piped(commands, &pipeline.text, is_tested))?;
                    self.fail_if_strict(is_tested)?;
                }
            }
            if pipeline.is_negated {
                self.status = (self.status == 0).into();
            }
            Ok(())
        }))
    }

    /// Ends a strict shell when the last command has failed and nobody asked whether it would.
    pub(super) fn fail_if_strict(&self, is_tested: bool) -> Outcome {
        if self.options.is_strict && !is_tested && self.status != 0 { Err(Unwind::Exit) } else { Ok(()) }
    }

    /// Runs commands that read what the ones before them write, each in a task of its own.
    fn piped<'a>(&'a mut self, commands: &'a [Arc<Command>], text: &'a str, is_tested: bool) -> Boxed<'a, Outcome> {
        Box::pin(routine!(move -> Outcome {
            let (members, outcome) = call!(self.start_stages(commands, is_tested, true));
            let group = self.options.has_jobs.then(|| members.first().copied()).flatten();
            let signal = call!(self.wait_in_front(Job::new(&members, group, text)));
            call!(self.tell_killed(text, signal));
            outcome
        }))
    }

    /// Starts the commands of a pipeline, in a group of their own if the shell has jobs; gives those that were
    /// started, and why not all of them were.
    pub(super) fn start_stages<'a>(
        &'a mut self,
        commands: &'a [Arc<Command>],
        is_tested: bool,
        is_in_front: bool,
    ) -> Boxed<'a, (Vec<Tid>, Outcome)> {
        Box::pin(routine!(move -> (Vec<Tid>, Outcome) {
            let mut members: Vec<Tid> = Vec::new();
            let mut input: Option<Fd> = None;
            let mut outcome = Ok(());
            for (index, command) in commands.iter().enumerate() {
                let (reader, writer) = match index + 1 < commands.len() {
                    false => (None, None),
                    true => match trap!(yield pipe()) {
                        Ok((reader, writer)) => (Some(reader), Some(writer)),
                        Err(errno) => {
                            outcome = Err(call!(self.abort(format!("cannot make a pipe: {errno}"))));
                            break;
                        }
                    },
                };
                let first = members.first().copied();
                let place = if is_in_front { self.in_front(first) } else { self.behind(first) };
                let ends = [(input, 0), (writer, 1)];
                input = reader;
                match call!(self.stage(command, ends, place, is_tested)) {
                    Ok(member) => members.push(member),
                    Err(unwind) => {
                        outcome = Err(unwind);
                        break;
                    }
                }
            }
            if let Some(input) = input {
                let _ = trap!(yield close(input));
            }
            (members, outcome)
        }))
    }

    /// Starts a part of a pipeline, whose ends are its own from now on.
    fn stage<'a>(
        &'a mut self,
        command: &'a Arc<Command>,
        ends: [(Option<Fd>, u32); 2],
        place: Place,
        is_tested: bool,
    ) -> Boxed<'a, Outcome<Tid>> {
        Box::pin(routine!(move -> Outcome<Tid> {
            let mut saved = super::redirection::Saved::default();
            let mut placed = Ok(());
            for (end, slot) in ends {
                if end.is_some() && placed.is_ok() {
                    placed = call!(self.place(end, slot, &mut saved));
                } else if let Some(end) = end {
                    let _ = trap!(yield close(end));
                }
            }
            let started = match placed {
                Err(errno) => Err(call!(self.abort(format!("cannot make a pipe: {errno}")))),
                Ok(()) => match self.program_of(command) {
                    Some((simple, name)) => call!(self.start_directly(simple, &name, place)),
                    None => Ok(None),
                },
            };
            let started = match started {
                Ok(None) => {
                    let body = match &**command {
                        Command::Compound(Compound::Subshell(list, _), redirections) if redirections.is_empty() => {
                            Body::List(list.clone())
                        }
                        _ => Body::Command(command.clone()),
                    };
                    let task = self.apart(body, is_tested);
                    call!(self.start_apart(task, None, place))
                }
                Ok(Some(child)) => Ok(child),
                Err(unwind) => Err(unwind),
            };
            call!(self.restore(saved));
            started
        }))
    }

    /// The command, if all it does is to start a program of a plain name.
    fn program_of<'a>(&self, command: &'a Command) -> Option<(&'a Simple, String)> {
        let Command::Simple(simple) = command else { return None };
        let name = simple.words.first()?.plain()?;
        let is_program = crate::PROGRAMS.iter().any(|program| program.name == name)
            && super::builtins::Builtin::named(name).is_none()
            && !self.functions.contains_key(name);
        let is_pure = simple.assignments.is_empty()
            && simple.words.iter().all(super::syntax::Word::is_pure)
            && simple.redirections.iter().all(super::syntax::Redirection::is_pure);
        let options = &self.options;
        (is_program && is_pure && !options.is_careful && !options.shows_commands).then(|| (simple, name.to_owned()))
    }

    /// Starts a program without a subshell; `None` when it cannot be started so.
    fn start_directly<'a>(
        &'a mut self,
        simple: &'a Simple,
        name: &'a str,
        place: Place,
    ) -> impl Routine<Outcome<Option<Tid>>> + 'a {
        routine!(move -> Outcome<Option<Tid>> {
            self.line = simple.line;
            let mut args = call!(self.fields(&simple.words))?;
            args.remove(0);
            let status = self.status;
            let Some(saved) = call!(self.redirect(&simple.redirections))? else {
                // That is the child's failure, and not the shell's.
                let failure = core::mem::replace(&mut self.status, status);
                let task = task!({ trap!(yield exit(failure)) });
                return Ok(Some(call!(self.start_apart(task, None, place))?));
            };
            let started = match call!(self.publish()) {
                Ok(()) => Ok(call!(self.start_program(name, args, place)).ok()),
                Err(unwind) => Err(unwind),
            };
            call!(self.restore(saved));
            // Whatever speaks against it, the subshell will meet it and say so.
            started
        })
    }

    /// Runs one command.
    pub(super) fn command<'a>(&'a mut self, command: &'a Arc<Command>, is_tested: bool) -> Boxed<'a, Outcome> {
        Box::pin(routine!(move -> Outcome {
            match &**command {
                Command::Simple(simple) => {
                    call!(self.simple(simple, is_tested))?;
                    self.fail_if_strict(is_tested)?;
                }
                Command::Function(name, body) => {
                    Arc::make_mut(&mut self.functions).insert(name.clone(), body.clone());
                    self.status = 0;
                }
                Command::Compound(_, redirections) => {
                    let Some(saved) = call!(self.redirect(redirections))? else { return Ok(()) };
                    let outcome = call!(self.run_deep(Deep::Compound(command.clone()), is_tested));
                    call!(self.restore(saved));
                    outcome?;
                }
            }
            call!(self.run_traps())
        }))
    }

    /// Runs a compound command, whose redirections are done.
    pub(super) fn compound<'a>(&'a mut self, command: &'a Command, is_tested: bool) -> Boxed<'a, Outcome> {
        Box::pin(routine!(move -> Outcome {
            let Command::Compound(compound, _) = command else { return Ok(()) };
            match compound {
                Compound::Group(list) => call!(self.list(list, is_tested)),
                Compound::Subshell(list, text) => {
                    let task = self.apart(Body::List(list.clone()), is_tested);
                    let child = call!(self.start_apart(task, None, self.in_front(None)))?;
                    let group = self.options.has_jobs.then_some(child);
                    let signal = call!(self.wait_in_front(Job::new(&[child], group, text)));
                    call!(self.tell_killed(text, signal));
                    self.fail_if_strict(is_tested)
                }
                Compound::If(branches, otherwise) => {
                    for (condition, body) in branches {
                        call!(self.list(condition, true))?;
                        if self.status == 0 {
                            return call!(self.list(body, is_tested));
                        }
                    }
                    match otherwise {
                        Some(body) => call!(self.list(body, is_tested)),
                        None => {
                            self.status = 0;
                            Ok(())
                        }
                    }
                }
                Compound::While { condition, body, is_until } => {
                    self.loops += 1;
                    let ran = call!(self.run_while(condition, body, *is_until, is_tested));
                    self.loops -= 1;
                    ran
                }
                Compound::For { name, words, body } => {
                    let values = match words {
                        Some(words) => call!(self.fields(words))?,
                        None => self.parameters.clone(),
                    };
                    self.loops += 1;
                    let ran = call!(self.run_for(name, values, body, is_tested));
                    self.loops -= 1;
                    ran
                }
                Compound::Case(subject, cases) => {
                    let subject = call!(self.text(subject))?;
                    for (patterns, body) in cases {
                        for pattern in patterns {
                            if call!(self.pattern(pattern))?.matches(&subject) {
                                if body.0.is_empty() {
                                    self.status = 0;
                                }
                                return call!(self.list(body, is_tested));
                            }
                        }
                    }
                    self.status = 0;
                    Ok(())
                }
            }
        }))
    }

    fn run_while<'a>(
        &'a mut self,
        condition: &'a List,
        body: &'a List,
        is_until: bool,
        is_tested: bool,
    ) -> impl Routine<Outcome> + 'a {
        routine!(move -> Outcome {
            let mut status = 0;
            loop {
                match repeats(call!(self.list(condition, true)))? {
                    Some(true) => {}
                    Some(false) => continue,
                    None => break,
                }
                if (self.status == 0) == is_until {
                    break;
                }
                let ran = repeats(call!(self.list(body, is_tested)))?;
                status = self.status;
                if ran.is_none() {
                    break;
                }
            }
            self.status = status;
            Ok(())
        })
    }

    fn run_for<'a>(
        &'a mut self,
        name: &'a str,
        values: Vec<String>,
        body: &'a List,
        is_tested: bool,
    ) -> impl Routine<Outcome> + 'a {
        routine!(move -> Outcome {
            let mut status = 0;
            for value in values {
                call!(self.assign(name, value))?;
                let ran = repeats(call!(self.list(body, is_tested)))?;
                status = self.status;
                if ran.is_none() {
                    break;
                }
            }
            self.status = status;
            Ok(())
        })
    }
}

/// What is for the loop itself: it was run through (`true`), is gone on with anew, or is left (`None`).
fn repeats(outcome: Outcome) -> Outcome<Option<bool>> {
    match outcome {
        Ok(()) => Ok(Some(true)),
        Err(Unwind::Continue(1)) => Ok(Some(false)),
        Err(Unwind::Break(1)) => Ok(None),
        Err(Unwind::Continue(levels)) => Err(Unwind::Continue(levels - 1)),
        Err(Unwind::Break(levels)) => Err(Unwind::Break(levels - 1)),
        Err(unwind) => Err(unwind),
    }
}
