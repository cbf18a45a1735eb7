//! The flight recorder: the last of what happened, always on.
//!
//! A ring of records of 32 bytes: spawns, exits, faults, waits and wake-ups, each with its task, and a wait with the
//! line of the `yield`. Plain turns are in it only when asked for. A record costs a few instructions, so nothing is
//! decoded, looked up or formatted before somebody asks. Time is in it as marks, one for each look at the
//! hardware since which something was recorded: so a time is that of the last look.

use crate::{
    block::Cause,
    hardware::Hardware,
    kernel::Kernel,
    limits::{self, FLIGHT_RECORDS},
    one_line::Word,
    pulse::Line,
    sched::Policy,
    task::{Slot, State},
};
use std::{collections::BTreeMap, fmt, fmt::Write};
use yieldix_syscalls::{ExitStatus, Signal, Tid, Time};

/// One thing that happened, as it lies in the ring.
#[derive(Clone, Copy, Debug)]
#[repr(align(32))]
struct Entry {
    /// The task: its serial number in the high 40 bits, as [`Tid::to_bits`] and [`Slot::identity`] have it.
    who: u64,
    /// The number that goes with what happened; a task as in `who`.
    number: u64,
    /// Where it waits; of what is no wait this is left from before.
    line: Line,
    kind: Recorded,
}

/// What the flight recorder is read out as.
#[derive(Clone, Copy, Debug)]
pub struct Flight<'a> {
    /// What is wrong, or who asks.
    pub why: &'a str,
    /// The last of what happened, a line each, oldest first: the time, the task, what.
    pub events: &'a str,
    /// When somebody asks, where each task is now, a line each; else nothing.
    pub tasks: &'a str,
}

/// Who is given it.
pub type FlightSink = Box<dyn FnMut(&Flight<'_>)>;

/// The ring.
#[derive(Debug)]
pub struct Recorder {
    ring: Box<[Entry; FLIGHT_RECORDS]>,
    /// Records ever made; the next one's place is this, modulo the ring's length.
    made: u64,
}

const _: () = assert!(size_of::<Entry>() == 32);
const _: () = assert!(FLIGHT_RECORDS.is_power_of_two());

/// What is recorded. The number beside it is told here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Recorded {
    /// The clock said this, in nanoseconds.
    Clock,
    /// By this task.
    Spawned,
    /// With this code.
    Exited,
    /// By this signal.
    Killed,
    /// By a panic of its own.
    Panicked,
    /// A turn began.
    Turn,
    /// It waits to read from this file.
    Reading,
    /// To write to this file.
    Writing,
    /// To send to this port.
    Sending,
    /// To receive from this port.
    Receiving,
    /// For one of several things.
    Polling,
    /// For the clock, at this moment.
    Sleeping,
    /// For a child.
    AwaitingChild,
    /// For a signal.
    AwaitingSignal,
    /// For the end of a task.
    Joining,
    /// It is ready: this file answered.
    Device,
    /// This port.
    Port,
    /// Its sleep is over.
    Timer,
    /// A deadline has passed.
    Deadline,
    /// This task has ended.
    Exit,
    /// This one has stopped, or goes on.
    Change,
    /// This signal has come.
    Caught,
    /// It was stopped, and goes on.
    Continued,
}

impl Entry {
    const SERIAL_SHIFT: u32 = 24;
    const EMPTY: Entry = Entry { who: 0, number: 0, line: None, kind: Recorded::Clock };

    fn serial(&self) -> u64 {
        self.who >> Entry::SERIAL_SHIFT
    }

    /// The other task that its number names; 0 for nobody.
    fn other(&self) -> u64 {
        self.number >> Entry::SERIAL_SHIFT
    }

    fn is_wait(&self) -> bool {
        (Recorded::Reading..=Recorded::Joining).contains(&self.kind)
    }
}

impl fmt::Display for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let number = self.number;
        match self.kind {
            Recorded::Clock => write!(f, "the clock: {}", Time::from_nanos(number)),
            Recorded::Spawned if self.other() == 0 => f.write_str("spawned"),
            Recorded::Spawned => write!(f, "spawned by {}", self.other()),
            Recorded::Exited => write!(f, "exited with {}", number as u32 as i32),
            Recorded::Killed => match Signal::from_number(number as u8) {
                Some(signal) => write!(f, "killed by {signal}"),
                None => write!(f, "killed by {number}"),
            },
            Recorded::Panicked => f.write_str("panicked"),
            Recorded::Turn => f.write_str("runs"),
            Recorded::Reading => write!(f, "waits: read file {number}"),
            Recorded::Writing => write!(f, "waits: write file {number}"),
            Recorded::Sending => write!(f, "waits: send port {number}"),
            Recorded::Receiving => write!(f, "waits: receive port {number}"),
            Recorded::Polling => f.write_str("waits: poll"),
            Recorded::Sleeping => write!(f, "waits: sleep until {}", Time::from_nanos(number)),
            Recorded::AwaitingChild => f.write_str("waits: child"),
            Recorded::AwaitingSignal => f.write_str("waits: signal"),
            Recorded::Joining => f.write_str("waits: join"),
            Recorded::Device => write!(f, "ready: file {number} answered"),
            Recorded::Port => write!(f, "ready: port {number} answered"),
            Recorded::Timer => f.write_str("ready: slept enough"),
            Recorded::Deadline => f.write_str("ready: deadline passed"),
            Recorded::Exit => write!(f, "ready: task {} ended", self.other()),
            Recorded::Change => write!(f, "ready: task {} stopped or went on", self.other()),
            Recorded::Caught => match Signal::from_number(number as u8) {
                Some(signal) => write!(f, "ready: {signal} came"),
                None => write!(f, "ready: signal {number} came"),
            },
            Recorded::Continued => f.write_str("ready: continued"),
        }?;
        match self.line {
            Some(line) if self.is_wait() => write!(f, " at {line}"),
            _ => Ok(()),
        }
    }
}

impl Recorder {
    /// An empty one.
    pub fn new() -> Recorder {
        let ring = vec![Entry::EMPTY; FLIGHT_RECORDS].into_boxed_slice();
        let Ok(ring) = ring.try_into() else { unreachable!("the slice has the length of the array") };
        Recorder { ring, made: 0 }
    }

    #[inline(always)]
    fn record(&mut self, who: u64, kind: Recorded, number: u64) -> &mut Entry {
        if cfg!(feature = "without-recorder") {
            return &mut self.ring[0];
        }
        let entry = &mut self.ring[self.made as usize % FLIGHT_RECORDS];
        self.made += 1;
        (entry.who, entry.kind, entry.number) = (who, kind, number);
        entry
    }

    /// The hardware is looked at, and the clock says this.
    pub fn clock(&mut self, now: Time) {
        let last = &mut self.ring[self.made.wrapping_sub(1) as usize % FLIGHT_RECORDS];
        if self.made > 0 && last.kind == Recorded::Clock {
            last.number = now.as_nanos();
        } else {
            self.record(0, Recorded::Clock, now.as_nanos());
        }
    }

    /// How many records were made.
    pub fn made(&self) -> u64 {
        self.made
    }

    /// A task is new.
    #[inline(always)]
    pub fn spawned(&mut self, tid: Tid, parent: Tid) {
        self.record(tid.to_bits(), Recorded::Spawned, parent.to_bits());
    }

    /// A task has ended.
    #[inline(always)]
    pub fn ended(&mut self, slot: &Slot, status: &ExitStatus) {
        let (kind, number) = match status {
            ExitStatus::Exited(code) => (Recorded::Exited, u64::from(*code as u32)),
            ExitStatus::Killed(signal) => (Recorded::Killed, u64::from(signal.number())),
            ExitStatus::Panicked(_) => (Recorded::Panicked, 0),
        };
        self.record(slot.identity(), kind, number);
    }

    /// A turn begins.
    pub fn turn(&mut self, tid: Tid) {
        self.record(tid.to_bits(), Recorded::Turn, 0);
    }

    /// A task begins to wait, in this state.
    #[inline(always)]
    pub fn blocked(&mut self, slot: &Slot, state: &State) {
        let (kind, number) = match state {
            State::Reading { file, .. } => (Recorded::Reading, u64::from(*file)),
            State::Writing { file, .. } => (Recorded::Writing, u64::from(*file)),
            State::Sending { port, .. } => (Recorded::Sending, u64::from(*port)),
            State::Receiving { port, .. } => (Recorded::Receiving, u64::from(*port)),
            State::Sleeping { alarm } | State::SleepingBounded { alarm } => (Recorded::Sleeping, alarm.at().as_nanos()),
            State::AwaitingChild { .. } | State::AwaitingAny | State::AwaitingChange => (Recorded::AwaitingChild, 0),
            State::AwaitingSignal => (Recorded::AwaitingSignal, 0),
            State::Joining { .. } => (Recorded::Joining, 0),
            _ => (Recorded::Polling, 0),
        };
        self.record(slot.identity(), kind, number).line = slot.at;
    }

    /// A task is ready that was not.
    #[inline(always)]
    pub fn woken(&mut self, tid: Tid, cause: Cause) {
        let (kind, number) = match cause {
            Cause::Device { file } => (Recorded::Device, u64::from(file)),
            Cause::Port { port } => (Recorded::Port, u64::from(port)),
            Cause::Timer => (Recorded::Timer, 0),
            Cause::Deadline => (Recorded::Deadline, 0),
            Cause::Exit(tid) => (Recorded::Exit, tid.to_bits()),
            Cause::Change(tid) => (Recorded::Change, tid.to_bits()),
            Cause::Signal(signal) => (Recorded::Caught, u64::from(signal.number())),
            Cause::Continued => (Recorded::Continued, 0),
            // A turn that was given up or used up is told by none, a spawn by its own; and nothing is made ready unobserved.
            Cause::Spawned | Cause::Yielded | Cause::Preempted | Cause::Unobserved => return,
        };
        self.record(tid.to_bits(), kind, number);
    }

    /// What is in the ring, oldest first.
    fn entries(&self) -> impl Iterator<Item = &Entry> {
        let kept = self.made.min(FLIGHT_RECORDS as u64);
        (self.made - kept..self.made).map(|number| &self.ring[number as usize % FLIGHT_RECORDS])
    }
}

impl<H: Hardware, P: Policy> Kernel<H, P> {
    /// What the flight recorder has, a line each, oldest first: the time, the task, what happened. Tasks that live
    /// have their names.
    pub fn flight(&self) -> String {
        let mut text = String::new();
        let live: BTreeMap<u64, u32> = self.table.iter().map(|(slot, place)| (place.serial(), slot)).collect();
        // Of what was recorded before the first mark that is left nobody knows the time.
        let mut at = String::from("-");
        for entry in self.recorder.entries() {
            if entry.kind == Recorded::Clock {
                at = Time::from_nanos(entry.number).to_string();
                continue;
            }
            let name = Word(live.get(&entry.serial()).map_or("", |&slot| self.name_of(slot)));
            let task = format!("{} {name}", entry.serial());
            // Writing to a string cannot fail.
            let _ = writeln!(text, "{at:>14} {task:<12} {entry}");
        }
        text
    }

    /// Has the flight recorder read out to `sink`, with the reason, whenever something is wrong or it is asked for.
    pub fn on_flight(&mut self, sink: FlightSink) {
        self.flight_sink = Some(sink);
    }

    /// Something is wrong: reads the flight recorder out, if anybody wants it.
    #[cold]
    pub(crate) fn read_out_flight(&mut self, why: &str) {
        self.give_flight(why, "");
    }

    /// Somebody asks what is going on.
    #[cold]
    pub(crate) fn read_out_on_request(&mut self, who: &str) {
        self.give_flight(who, &self.parked());
    }

    fn give_flight(&mut self, why: &str, tasks: &str) {
        if let Some(mut sink) = self.flight_sink.take() {
            sink(&Flight { why, events: &self.flight(), tasks });
            self.flight_sink = Some(sink);
        }
    }

    /// What each task does or waits for, and the line at which it trapped last; the oldest first.
    fn parked(&self) -> String {
        let tids = self.table.tids();
        let mut text = String::new();
        for &tid in tids.iter().take(limits::FLIGHT_TASKS) {
            let slot = self.slot_of(tid);
            let task = format!("{tid} {}", Word(self.name_of(slot)));
            let place = self.table.slot(slot).at.map_or_else(String::new, |at| format!(" at {at}"));
            let _ = writeln!(text, "{task:<12} {}{place}", self.task_state(slot));
        }
        if let more @ 1.. = tids.len().saturating_sub(limits::FLIGHT_TASKS) {
            let _ = writeln!(text, "{more} more");
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::panic::Location;
    use yieldix_syscalls::task;

    #[test]
    fn the_last_records_are_kept_in_order() {
        let mut recorder = Recorder::new();
        let count = FLIGHT_RECORDS as u64 + 10;
        for serial in 1..=count {
            recorder.spawned(Tid::from_serial(serial), Tid::NONE);
        }
        let serials: Vec<u64> = recorder.entries().map(|entry| entry.serial()).collect();
        assert_eq!(serials, (11..=count).collect::<Vec<_>>());
    }

    #[test]
    fn what_is_recorded_is_told() {
        let mut recorder = Recorder::new();
        let [one, two] = [1, 2].map(Tid::from_serial);
        recorder.spawned(two, one);
        let mut slot = Slot::new(2, one, task!({ Ok(()) }));
        slot.at = Some(Location::caller());
        recorder.blocked(&slot, &State::AwaitingAny);
        recorder.woken(two, Cause::Yielded);
        recorder.woken(two, Cause::Device { file: 7 });
        recorder.ended(&slot, &ExitStatus::Exited(-1));
        recorder.ended(&slot, &ExitStatus::Killed(Signal::Term));
        let told: Vec<String> = recorder.entries().map(Entry::to_string).collect();
        let line = format!("waits: child at {}:", file!());
        assert!(told[1].starts_with(&line), "{}", told[1]);
        assert_eq!(told[0], "spawned by 1");
        assert_eq!(told[2..], ["ready: file 7 answered", "exited with -1", "killed by SIGTERM"]);
    }

    #[test]
    fn readings_of_the_clock_between_which_nothing_happened_take_one_place() {
        let mut recorder = Recorder::new();
        (1..=9).for_each(|second| recorder.clock(Time::from_nanos(second)));
        recorder.spawned(Tid::from_serial(1), Tid::NONE);
        recorder.clock(Time::from_nanos(10));
        let numbers: Vec<u64> = recorder.entries().map(|entry| entry.number).collect();
        assert_eq!(numbers, [9, 0, 10]);
    }
}
