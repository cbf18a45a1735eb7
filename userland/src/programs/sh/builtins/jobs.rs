//! `jobs`, `fg`, `bg`, `wait`, `kill`.

use super::control::illegal_number;
use crate::{
    executable::NOT_FOUND_CODE,
    prelude::*,
    programs::sh::{
        jobs::State,
        shell::{Outcome, Shell},
    },
};

impl Shell {
    /// The numbers of the jobs that words name, or of the current one; or the status of an error that was told.
    fn named_jobs(&mut self, command: &'static str, words: Vec<String>) -> impl Routine<Result<Vec<u32>, i32>> {
        routine!(move -> Result<Vec<u32>, i32> {
            call!(self.note_children());
            if words.is_empty() {
                return match self.jobs.current_number() {
                    Some(number) => Ok(vec![number]),
                    None => Err(call!(self.misused(format!("{command}: no current job")))),
                };
            }
            let mut numbers = Vec::new();
            for word in words {
                match self.jobs.named(&word) {
                    Ok(number) => numbers.push(number),
                    Err(what) => return Err(call!(self.misused(format!("{command}: {what}")))),
                }
            }
            Ok(numbers)
        })
    }

    /// `jobs [-l | -p] [%job...]`
    pub(super) fn list_jobs(&mut self, mut words: Vec<String>) -> impl Routine<i32> {
        routine!(move -> i32 {
            let mut flag = String::new();
            if words.first().is_some_and(|word| word.starts_with('-')) {
                flag = words.remove(0);
            }
            let numbers = if words.is_empty() {
                call!(self.note_children());
                self.jobs.numbers()
            } else {
                match call!(self.named_jobs("jobs", words)) {
                    Ok(numbers) => numbers,
                    Err(status) => return status,
                }
            };
            let mut text = String::new();
            for number in numbers {
                let Some(job) = self.jobs.get(number) else { continue };
                let leader = job.members.first().map(|member| member.tid).unwrap_or(Tid::NONE);
                match flag.as_str() {
                    "-p" => text += &format!("{leader}\n"),
                    "-l" => text += &format!("{leader} {}", job.line(self.jobs.mark(number))),
                    _ => text += &job.line(self.jobs.mark(number)),
                }
                self.forget_ended(number);
            }
            call!(self.say(text))
        })
    }

    /// Has a job go on.
    fn resume(&mut self, number: u32) -> impl Routine<()> {
        routine!(move -> () {
            let Some(job) = self.jobs.get_mut(number) else { return };
            let (group, alive) = (job.group, job.alive());
            job.resume();
            // One that has ended meanwhile needs nothing.
            match group {
                Some(group) => drop(trap!(yield kill_group(group, Signal::Cont))),
                None => {
                    for tid in alive {
                        let _ = trap!(yield kill(tid, Signal::Cont));
                    }
                }
            }
        })
    }

    /// `fg [%job]`
    pub(super) fn fg(&mut self, words: Vec<String>) -> impl Routine<i32> {
        routine!(move -> i32 {
            let number = match call!(self.named_jobs("fg", words)) {
                Ok(numbers) => numbers[0],
                Err(status) => return status,
            };
            let text = self.jobs.get(number).map(|job| job.text.clone()).unwrap_or_default();
            call!(self.say(format!("{text}\n")));
            // The terminal is its before it goes on, so that it does not stop again at once.
            if let (Some((fd, _)), Some(group)) = (self.jobs.terminal, self.jobs.get(number).and_then(|job| job.group)) {
                let _ = trap!(yield set_foreground(fd, group));
            }
            call!(self.resume(number));
            let Some(job) = self.jobs.take(number) else { return 0 };
            let signal = call!(self.wait_in_front(job));
            call!(self.tell_killed(&text, signal));
            self.status
        })
    }

    /// `bg [%job...]`
    pub(super) fn bg(&mut self, words: Vec<String>) -> impl Routine<i32> {
        routine!(move -> i32 {
            let numbers = match call!(self.named_jobs("bg", words)) {
                Ok(numbers) => numbers,
                Err(status) => return status,
            };
            for number in numbers {
                call!(self.resume(number));
                let text = self.jobs.get(number).map(|job| job.text.clone()).unwrap_or_default();
                call!(self.say(format!("[{number}] {text}\n")));
            }
            0
        })
    }

    /// `wait [%job | TID ...]`
    pub(super) fn wait(&mut self, words: Vec<String>) -> impl Routine<Outcome<i32>> {
        routine!(move -> Outcome<i32> {
            // Those that have ended already have sent `CHLD`.
            call!(self.note_children());
            if words.is_empty() {
                for number in self.jobs.numbers() {
                    // A trap is run as soon as it can be.
                    if let Some(signal) = self.noted_signal() {
                        return Ok(128 + i32::from(signal.number()));
                    }
                    if let Err(status) = call!(self.wait_for_job(number)) {
                        return Ok(status);
                    }
                }
                return Ok(0);
            }
            let mut status = 0;
            for word in words {
                let number = match word.strip_prefix('%') {
                    Some(_) => self.jobs.named(&word).ok(),
                    None => match word.parse::<Tid>() {
                        Ok(tid) => self.jobs.of_task(tid),
                        Err(_) => return Ok(call!(self.misused(format!("wait: {}", illegal_number(&word))))),
                    },
                };
                status = match number {
                    None => NOT_FOUND_CODE,
                    Some(number) => match call!(self.wait_for_job(number)) {
                        Ok(status) => status,
                        Err(status) => return Ok(status),
                    },
                };
            }
            Ok(status)
        })
    }

    /// Waits until a job runs no more; gives its status, or that of the signal that ended the wait.
    fn wait_for_job(&mut self, number: u32) -> impl Routine<Result<i32, i32>> {
        routine!(move -> Result<i32, i32> {
            loop {
                let Some(job) = self.jobs.get(number) else { return Ok(NOT_FOUND_CODE) };
                let running = job.members.iter().find(|member| member.state == State::Running);
                let Some(tid) = running.map(|member| member.tid) else { break };
                match trap!(yield wait_change(tid, WaitFlags::STOPPED)) {
                    Ok(Some((tid, change))) => {
                        self.traps.note_collected();
                        self.jobs.note(tid, &change);
                    }
                    Ok(None) => {}
                    Err(Errno::EINTR) => {
                        call!(self.note_signals());
                        if let Some(signal) = self.noted_signal() {
                            return Err(128 + i32::from(signal.number()));
                        }
                    }
                    Err(_) => self.jobs.note(tid, &Change::Ended(ExitStatus::Exited(NOT_FOUND_CODE))),
                }
            }
            let state = self.jobs.get(number).map(|job| job.state());
            self.forget_ended(number);
            Ok(match state {
                Some(State::Ended(status, _)) => status,
                Some(State::Stopped(signal)) => 128 + i32::from(signal.number()),
                Some(State::Running) | None => 0,
            })
        })
    }

    /// `kill [-SIGNAL | -s SIGNAL] TID | -GROUP | %job ...`, `kill -l [STATUS]`
    pub(super) fn kill(&mut self, words: Vec<String>) -> impl Routine<i32> {
        routine!(move -> i32 {
            let mut words = words.into_iter().peekable();
            let mut name = "TERM".to_owned();
            match words.next_if(|word| word.starts_with('-')).as_deref() {
                None | Some("--") => {}
                Some("-l") => {
                    let word = words.next();
                    return call!(self.list_signals(word));
                }
                Some("-s") => name = words.next().unwrap_or_default(),
                Some(option) => name = option[1..].to_owned(),
            }
            words.next_if(|word| word == "--");
            let signal: Option<Signal> = match name.as_str() {
                "0" => None,
                name => match name.parse() {
                    Ok(signal) => Some(signal),
                    Err(()) => return call!(self.misused(format!("kill: {}: no such signal", excerpt(name)))),
                },
            };
            if words.peek().is_none() {
                return call!(self.misused("kill: no task given"));
            }
            let mut status = 0;
            for word in words {
                if let Err(what) = call!(self.kill_one(&word, signal)) {
                    call!(self.complain(format!("kill: {}: {what}", excerpt(&word))));
                    status = 1;
                }
            }
            status
        })
    }

    fn kill_one<'a>(&'a mut self, word: &'a str, signal: Option<Signal>) -> impl Routine<Result<(), String>> + 'a {
        routine!(move -> Result<(), String> {
            let told = |result: Result<(), Errno>| result.map_err(|errno| errno.meaning().to_owned());
            if word.starts_with('%') {
                let number = self.jobs.named(word).map_err(|_| "no such job".to_owned())?;
                let Some(job) = self.jobs.get(number) else { return Ok(()) };
                let (group, alive) = (job.group, job.alive());
                let Some(signal) = signal else { return Ok(()) };
                let is_stopped = matches!(job.state(), State::Stopped(_));
                match group {
                    Some(group) => told(trap!(yield kill_group(group, signal)))?,
                    None => {
                        for tid in alive {
                            told(trap!(yield kill(tid, signal)))?;
                        }
                    }
                }
                // One that is stopped gets it when it goes on, which who wants it to end means as well.
                if is_stopped && matches!(signal, Signal::Term | Signal::Hup) {
                    call!(self.resume(number));
                }
                return Ok(());
            }
            let (number, is_group) = word.strip_prefix('-').map_or((word, false), |number| (number, true));
            let tid: Tid = number.parse().map_err(|_| "not a task's number".to_owned())?;
            match (signal, is_group) {
                (Some(signal), true) => told(trap!(yield kill_group(tid, signal))),
                (Some(signal), false) => told(trap!(yield kill(tid, signal))),
                (None, _) => told(trap!(yield get_group(tid)).map(|_| ())),
            }
        })
    }

    fn list_signals(&mut self, word: Option<String>) -> impl Routine<i32> {
        routine!(move -> i32 {
            let text = match word {
                None => Signal::ALL.iter().map(|signal| format!("{}\n", signal.name())).collect(),
                Some(word) => {
                    let number = word.parse::<u8>().ok().map(|status| if status > 128 { status - 128 } else { status });
                    match number.and_then(Signal::from_number) {
                        Some(signal) => format!("{}\n", signal.name()),
                        None => return call!(self.misused(format!("kill: {}", illegal_number(&word)))),
                    }
                }
            };
            call!(self.say(text))
        })
    }
}
