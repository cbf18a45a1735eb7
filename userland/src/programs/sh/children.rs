//! A shell's children: how they are started and waited for, in the foreground and behind it.

use super::{
    jobs::{self, Job, Place, State},
    redirection::Saved,
    shell::{Body, Boxed, Outcome, Shell},
    syntax::AndOr,
};
use crate::{
    executable::{self, NOT_FOUND_CODE, why_not_started},
    prelude::*,
};
use alloc::sync::Arc;

impl Shell {
    /// Starts a task of a subshell, with one descriptor beside those it always has, in a group.
    pub(super) fn start_apart(
        &mut self,
        task: Task,
        grant: Option<FdGrant>,
        place: Place,
    ) -> impl Routine<Outcome<Tid>> {
        routine!(move -> Outcome<Tid> {
            call!(self.publish())?;
            let shared = self.fds.values().map(|fd| FdGrant::Share(*fd));
            let fds = shared.chain(grant).collect();
            let options = SpawnOptions { name: Some("sh".into()), fds, ..place.options() };
            match trap!(yield spawn_with(SpawnRequest { task, options })) {
                Ok(child) => Ok(child),
                Err(errno) => Err(call!(self.abort(format!("cannot fork: {}", why_not_started(errno))))),
            }
        })
    }

    /// Starts a program or a script. It has the standard three, and the descriptors that scripts have names for,
    /// under the same numbers.
    pub(super) fn start_program<'a>(
        &'a mut self,
        name: &'a str,
        args: Vec<String>,
        place: Place,
    ) -> Boxed<'a, Result<Tid, Errno>> {
        Box::pin(routine!(move {
            let mut copies = Vec::new();
            let mut refused = None;
            for (slot, fd) in self.fds.range(..limits::SHELL_FD_SLOTS) {
                match trap!(yield dup(*fd)) {
                    Ok(copy) => copies.push((copy, *slot)),
                    Err(errno) => refused = Some(errno),
                }
            }
            let fds = copies.iter().map(|&(copy, slot)| FdGrant::PassAs(copy, slot)).collect();
            let options = SpawnOptions { fds, ..place.options() };
            let started = match refused {
                None => {
                    call!(executable::start(name, args, options, self.search_path(name)))
                }
                Some(errno) => Err(errno),
            };
            if started.is_err() {
                for (copy, _) in copies {
                    let _ = trap!(yield close(copy));
                }
            }
            started
        }))
    }

    /// Where a child runs that has the foreground: in the group of this one, or as the first of its own.
    pub(super) fn in_front(&self, first: Option<Tid>) -> Place {
        match first {
            _ if !self.options.has_jobs => Place::default(),
            Some(first) => Place { group: Some(first), foreground: None },
            // Given with its start: a key may come before the shell's next turn.
            None => Place { group: Some(Tid::NONE), foreground: self.jobs.terminal.map(|(fd, _)| fd) },
        }
    }

    /// Where a child runs that has not the foreground: likewise.
    pub(super) fn behind(&self, first: Option<Tid>) -> Place {
        Place { group: self.options.has_jobs.then(|| first.unwrap_or(Tid::NONE)), foreground: None }
    }

    /// Waits for a child that is no job; gives its status.
    pub(super) fn wait_quietly(&mut self, child: Tid) -> impl Routine<i32> {
        routine!(move -> i32 {
            loop {
                match trap!(yield wait_change(child, WaitFlags::NONE)) {
                    Ok(Some((_, Change::Ended(status)))) => return jobs::code(&status),
                    Ok(_) => {}
                    Err(Errno::EINTR) => call!(self.note_signals()),
                    // It was waited for by nobody else, so it is gone in a way that leaves no status.
                    Err(_) => return NOT_FOUND_CODE,
                }
            }
        })
    }

    /// Waits until a job that has the foreground has ended or was stopped; the status is its. Gives the signal
    /// that has ended it, if one has.
    pub(super) fn wait_in_front(&mut self, mut job: Job) -> impl Routine<Option<Signal>> {
        routine!(move -> Option<Signal> {
            let terminal = self.jobs.terminal.filter(|_| job.group.is_some());
            let flags = if job.group.is_some() { WaitFlags::STOPPED } else { WaitFlags::NONE };
            while job.state() == State::Running {
                let running = job.members.iter().find(|member| member.state == State::Running);
                let Some(tid) = running.map(|member| member.tid) else { break };
                match trap!(yield wait_change(tid, flags)) {
                    Ok(Some((tid, change))) => drop(job.note(tid, &change)),
                    Ok(None) => {}
                    Err(Errno::EINTR) => call!(self.note_signals()),
                    Err(_) => {
                        job.note(tid, &Change::Ended(ExitStatus::Exited(NOT_FOUND_CODE)));
                    }
                }
            }
            if let Some((fd, own)) = terminal {
                let _ = trap!(yield set_foreground(fd, own));
            }
            match job.state() {
                State::Ended(status, signal) => {
                    self.status = status;
                    signal
                }
                State::Stopped(signal) => {
                    self.status = 128 + i32::from(signal.number());
                    job.is_told = true;
                    let number = self.jobs.add(job);
                    if let Some(job) = self.jobs.get(number) {
                        let line = format!("\n{}", job.line(self.jobs.mark(number)));
                        let _ = write_all!(Fd::STDERR, Buf::from(line.into_bytes()));
                    }
                    None
                }
                State::Running => None,
            }
        })
    }

    /// Tells that a signal has ended what was in the foreground, but for those that are meant to be.
    pub(super) fn tell_killed<'a>(&'a self, text: &'a str, signal: Option<Signal>) -> Boxed<'a, ()> {
        Box::pin(routine!(move -> () {
            match signal {
                // The keys that did it are all that stands in the line.
                Some(Signal::Int) if self.options.has_jobs => drop(write_all!(Fd::STDERR, Buf::from("\n"))),
                None | Some(Signal::Int | Signal::Pipe) => {}
                Some(signal) => call!(self.complain(format!("{}: killed by {signal}", excerpt(text)))),
            }
        }))
    }

    /// Notes what has become of the children behind the foreground.
    pub(super) fn note_children(&mut self) -> impl Routine<()> {
        routine!(move -> () {
            let flags = WaitFlags::NOHANG | WaitFlags::STOPPED | WaitFlags::CONTINUED;
            while let Ok(Some((tid, change))) = trap!(yield wait_change(Children::Any, flags)) {
                self.jobs.note(tid, &change);
            }
        })
    }

    /// Runs a list's `&`.
    pub(super) fn start_behind(&mut self, and_or: Arc<AndOr>) -> Boxed<'_, Outcome> {
        Box::pin(routine!(move -> Outcome {
            if self.options.is_dry && !self.options.is_interactive {
                return Ok(());
            }
            call!(self.note_children());
            let (members, outcome) = if self.options.has_jobs {
                call!(self.start_list(&and_or))
            } else {
                // What is typed is not for it: neither text nor the keys that end what is in the foreground.
                let mut saved = Saved::default();
                if let Err(errno) = call!(self.place_nothing(&mut saved)) {
                    call!(self.restore(saved));
                    return Err(call!(self.abort(format!("cannot make a pipe: {errno}"))));
                }
                let ignored = self.traps.ignored();
                let _ = trap!(yield ignore_signals(ignored | Signal::Int | Signal::Quit));
                let started = call!(self.start_list(&and_or));
                let _ = trap!(yield ignore_signals(ignored));
                call!(self.restore(saved));
                started
            };
            let Some(&child) = members.last() else { return outcome };
            let group = self.options.has_jobs.then(|| members[0]);
            let number = self.jobs.add(Job::new(&members, group, &and_or.text));
            self.background = Some(child);
            self.status = 0;
            if self.options.is_interactive {
                let _ = write_all!(Fd::STDERR, Buf::from(format!("[{number}] {child}\n").into_bytes()));
            }
            outcome
        }))
    }

    /// Makes standard input a pipe that nobody writes into.
    fn place_nothing<'a>(&'a mut self, saved: &'a mut Saved) -> impl Routine<Result<(), Errno>> + 'a {
        routine!(move {
            let (reader, writer) = trap!(yield pipe())?;
            let _ = trap!(yield close(writer));
            call!(self.place(Some(reader), 0, saved))
        })
    }

    /// Starts a list in tasks of its own: those of its pipeline's commands, if it is but one, so that what is sent to
    /// `$!` reaches a program and not a shell that waits for it.
    fn start_list<'a>(&'a mut self, and_or: &'a Arc<AndOr>) -> impl Routine<(Vec<Tid>, Outcome)> + 'a {
        routine!(move -> (Vec<Tid>, Outcome) {
            if let Some(commands) = and_or.only_commands() {
                return call!(self.start_stages(commands, false, false));
            }
            let task = self.apart(Body::AndOr(and_or.clone()), false);
            match call!(self.start_apart(task, None, self.behind(None))) {
                Ok(child) => (vec![child], Ok(())),
                Err(unwind) => (Vec::new(), Err(unwind)),
            }
        })
    }

    /// Tells what has become of jobs behind the foreground since it was last told, and forgets those that have
    /// ended.
    pub(super) fn tell_jobs(&mut self) -> impl Routine<()> {
        routine!(move -> () {
            call!(self.note_children());
            for number in self.jobs.numbers() {
                let Some(job) = self.jobs.get(number).filter(|job| !job.is_told) else { continue };
                if job.state() != State::Running {
                    let line = job.line(self.jobs.mark(number));
                    let _ = write_all!(Fd::STDERR, Buf::from(line.into_bytes()));
                }
                self.forget_ended(number);
            }
        })
    }

    /// Tells whoever wants the shell to end, once, that there are jobs that would stay stopped for ever.
    pub(super) fn stays_for_jobs(&mut self) -> impl Routine<bool> {
        routine!(move -> bool {
            if self.jobs.terminal.is_none() {
                return false;
            }
            call!(self.note_children());
            let stays = self.jobs.are_to_be_minded();
            if stays {
                call!(self.complain("there are stopped jobs; to leave them, exit again"));
            }
            stays
        })
    }

    /// Its state was told: it is forgotten if it has ended.
    pub(super) fn forget_ended(&mut self, number: u32) {
        let Some(job) = self.jobs.get_mut(number) else { return };
        job.is_told = true;
        if matches!(job.state(), State::Ended(..)) {
            self.jobs.take(number);
        }
    }
}
