//! Jobs: pipelines that a shell has started, and what has become of them.

use crate::{limits::SHELL_JOBS, prelude::*};

/// How a member of a job is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    Running,
    Stopped(Signal),
    /// With the status that a shell has for it; and by which signal, if it was one.
    Ended(i32, Option<Signal>),
}

/// One task of a job.
#[derive(Clone, Debug)]
pub(super) struct Member {
    pub tid: Tid,
    pub state: State,
}

/// A pipeline in the background, or one that was stopped.
#[derive(Clone, Debug)]
pub(super) struct Job {
    pub number: u32,
    /// Its process group, if it has one of its own.
    pub group: Option<Tid>,
    /// The last one's status is the job's.
    pub members: Vec<Member>,
    /// As it was written.
    pub text: Box<str>,
    /// Has its state been told?
    pub is_told: bool,
}

impl Job {
    /// A job of these tasks.
    pub(super) fn new(members: &[Tid], group: Option<Tid>, text: &str) -> Job {
        let members = members.iter().map(|&tid| Member { tid, state: State::Running }).collect();
        Job { number: 0, group, members, text: text.into(), is_told: true }
    }

    /// How it is: running as long as one of it is, stopped when all others have ended.
    pub(super) fn state(&self) -> State {
        let states = || self.members.iter().map(|member| member.state);
        if states().any(|state| state == State::Running) {
            return State::Running;
        }
        let stopped = states().find(|state| matches!(state, State::Stopped(_)));
        stopped.or_else(|| states().next_back()).unwrap_or(State::Ended(0, None))
    }

    /// Notes what has become of a task; is it one of the job's?
    pub(super) fn note(&mut self, tid: Tid, change: &Change) -> bool {
        let Some(member) = self.members.iter_mut().find(|member| member.tid == tid) else { return false };
        member.state = match change {
            Change::Ended(status) => State::Ended(code(status), signal(status)),
            Change::Stopped(signal) => State::Stopped(*signal),
            Change::Continued => State::Running,
        };
        self.is_told = false;
        true
    }

    /// It goes on, as far as it was stopped.
    pub(super) fn resume(&mut self) {
        let stopped = self.members.iter_mut().filter(|member| matches!(member.state, State::Stopped(_)));
        stopped.for_each(|member| member.state = State::Running);
    }

    /// Those that have not ended.
    pub(super) fn alive(&self) -> Vec<Tid> {
        let alive = self.members.iter().filter(|member| !matches!(member.state, State::Ended(..)));
        alive.map(|member| member.tid).collect()
    }

    /// `[1] + Running                 sleep 9`
    pub(super) fn line(&self, mark: char) -> String {
        let state = match self.state() {
            State::Running => "Running".to_owned(),
            State::Stopped(Signal::Stop) => "Stopped (signal)".to_owned(),
            State::Stopped(Signal::Ttin) => "Stopped (tty input)".to_owned(),
            State::Stopped(_) => "Stopped".to_owned(),
            State::Ended(0, _) => "Done".to_owned(),
            State::Ended(_, Some(signal)) => format!("Killed by {signal}"),
            State::Ended(code, None) => format!("Done({code})"),
        };
        format!("[{}] {mark} {state:<26} {}\n", self.number, self.text)
    }
}

/// Where a child runs.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Place {
    /// In this process group, or in the shell's own.
    pub group: Option<Tid>,
    /// As the first in the foreground of this terminal.
    pub foreground: Option<Fd>,
}

impl Place {
    /// What a child is spawned with that runs there.
    pub(super) fn options(self) -> SpawnOptions {
        SpawnOptions { group: self.group, foreground: self.foreground, ..SpawnOptions::default() }
    }
}

/// The jobs there are, the one that was last stopped or started last.
#[derive(Clone, Debug, Default)]
pub(super) struct Jobs {
    all: Vec<Job>,
    /// The terminal, where jobs can be in the foreground; and the shell's own process group.
    pub terminal: Option<(Fd, Tid)>,
    /// How often a command was asked for.
    pub prompts: u64,
    /// When it was last told that some are stopped, by that count.
    told_stopped: Option<u64>,
}

impl Jobs {
    /// Adds a job; gives its number, the lowest above all.
    pub(super) fn add(&mut self, mut job: Job) -> u32 {
        if self.all.len() >= SHELL_JOBS
            && let Some(oldest) = self.all.iter().position(|job| matches!(job.state(), State::Ended(..)))
        {
            self.all.remove(oldest);
        }
        if job.number == 0 {
            job.number = self.all.iter().map(|job| job.number).max().unwrap_or(0) + 1;
        }
        let number = job.number;
        self.all.push(job);
        number
    }

    /// Takes a job out.
    pub(super) fn take(&mut self, number: u32) -> Option<Job> {
        let index = self.all.iter().position(|job| job.number == number)?;
        Some(self.all.remove(index))
    }

    /// Is it to be told, before the shell ends, that some are stopped? Who insists is not told again.
    pub(super) fn are_to_be_minded(&mut self) -> bool {
        let is_stopped = self.all.iter().any(|job| matches!(job.state(), State::Stopped(_)));
        if !is_stopped || self.told_stopped.is_some_and(|told| told + 1 >= self.prompts) {
            return false;
        }
        self.told_stopped = Some(self.prompts);
        true
    }

    /// The job of this number.
    pub(super) fn get(&self, number: u32) -> Option<&Job> {
        self.all.iter().find(|job| job.number == number)
    }

    /// The same, to be changed.
    pub(super) fn get_mut(&mut self, number: u32) -> Option<&mut Job> {
        self.all.iter_mut().find(|job| job.number == number)
    }

    /// The number of the job that this task is of.
    pub(super) fn of_task(&self, tid: Tid) -> Option<u32> {
        self.all.iter().find(|job| job.members.iter().any(|member| member.tid == tid)).map(|job| job.number)
    }

    /// Their numbers, in order.
    pub(super) fn numbers(&self) -> Vec<u32> {
        let mut numbers: Vec<u32> = self.all.iter().map(|job| job.number).collect();
        numbers.sort_unstable();
        numbers
    }

    /// Notes what has become of a child.
    pub(super) fn note(&mut self, tid: Tid, change: &Change) {
        for job in &mut self.all {
            if job.note(tid, change) {
                return;
            }
        }
    }

    /// The current job and the one before it: stopped ones first, then the latest.
    fn current(&self) -> (Option<u32>, Option<u32>) {
        let mut order: Vec<&Job> = self.all.iter().rev().collect();
        order.sort_by_key(|job| !matches!(job.state(), State::Stopped(_)));
        (order.first().map(|job| job.number), order.get(1).map(|job| job.number))
    }

    /// `+` for the current job, `-` for the one before it.
    pub(super) fn mark(&self, number: u32) -> char {
        match self.current() {
            (Some(current), _) if current == number => '+',
            (_, Some(previous)) if previous == number => '-',
            _ => ' ',
        }
    }

    /// The number of the job that a word such as `%1`, `%+`, `%vi` or `%?text` names.
    pub(super) fn named(&self, word: &str) -> Result<u32, String> {
        let none = || format!("{}: no such job", excerpt(word));
        let name = word.strip_prefix('%').ok_or_else(none)?;
        let found = match name {
            "" | "%" | "+" => self.current().0,
            "-" => self.current().1,
            name => match name.parse() {
                Ok(number) => self.get(number).map(|job| job.number),
                Err(_) => {
                    let matches = |job: &&Job| match name.strip_prefix('?') {
                        Some(part) => job.text.contains(part),
                        None => job.text.starts_with(name),
                    };
                    let mut matching = self.all.iter().filter(matches);
                    let found = matching.next().map(|job| job.number);
                    if matching.next().is_some() {
                        return Err(format!("{}: means several jobs", excerpt(word)));
                    }
                    found
                }
            },
        };
        found.ok_or_else(none)
    }

    /// The current job, if there is one.
    pub(super) fn current_number(&self) -> Option<u32> {
        self.current().0
    }
}

/// A status as a shell has it: a code's last eight bits, or above 128 for a signal.
pub(super) fn code(status: &ExitStatus) -> i32 {
    match status {
        ExitStatus::Exited(code) => code & 0xff,
        status => status.code(),
    }
}

fn signal(status: &ExitStatus) -> Option<Signal> {
    match status {
        ExitStatus::Killed(signal) => Some(*signal),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tid(serial: u64) -> Tid {
        Tid::from_serial(serial)
    }

    #[test]
    fn a_job_has_ended_with_its_last_member_and_runs_while_one_does() {
        let mut job = Job::new(&[tid(1), tid(2)], None, "a | b");
        job.note(tid(2), &Change::Ended(ExitStatus::Exited(3)));
        assert_eq!(job.state(), State::Running);
        job.note(tid(1), &Change::Stopped(Signal::Tstp));
        assert_eq!(job.state(), State::Stopped(Signal::Tstp));
        job.note(tid(1), &Change::Ended(ExitStatus::Killed(Signal::Pipe)));
        assert_eq!(job.state(), State::Ended(3, None));
    }

    #[test]
    fn jobs_are_named_by_number_by_text_and_by_how_they_stand() {
        let mut jobs = Jobs::default();
        for (serial, text) in [(5, "sleep 1"), (6, "cat x"), (7, "cat y")] {
            jobs.add(Job::new(&[tid(serial)], None, text));
        }
        jobs.note(tid(5), &Change::Stopped(Signal::Tstp));
        assert_eq!(["%1", "%+", "%-", "%sl", "%?y"].map(|word| jobs.named(word).unwrap()), [1, 1, 3, 1, 3]);
        assert!(jobs.named("%cat").is_err() && jobs.named("%9").is_err() && jobs.named("1").is_err());
    }

    #[test]
    fn past_the_most_jobs_one_that_has_ended_is_forgotten() {
        let mut jobs = Jobs::default();
        for serial in 1..=SHELL_JOBS as u64 {
            jobs.add(Job::new(&[tid(serial)], None, "x"));
        }
        jobs.note(tid(2), &Change::Ended(ExitStatus::Exited(0)));
        jobs.add(Job::new(&[tid(99_999)], None, "y"));
        assert_eq!((jobs.numbers().len(), jobs.of_task(tid(2)), jobs.of_task(tid(1))), (SHELL_JOBS, None, Some(1)));
    }
}
