//! What the tests share: a machine in a simulated world, and what came out of it.

#![allow(dead_code, reason = "each test crate uses its own part of this")]

pub mod chance;
pub mod compiler;
#[cfg(unix)]
pub mod folder;
pub mod golden;
#[cfg(unix)]
pub mod outside;
pub mod page;
pub mod served;

use std::{
    cell::RefCell,
    io::Write,
    process::{Command, Output, Stdio},
    rc::Rc,
};
use yieldix::{
    Console, Ended, Machine, MemoryConsole, Running,
    event::{Event, Level, Observer, Record},
    syscalls::{ExitStatus, Tid, Time, WaitsOn},
};
use yieldix_kernel::{LintRefusal, block::Cause, trap::Stop};
use yieldix_userland::PROGRAMS;

/// The seed of every test that does not say another.
pub const SEED: u64 = 7;

/// An event as it was seen; tasks are their numbers.
#[derive(Clone, Debug, PartialEq)]
pub enum Seen {
    Spawned {
        tid: u64,
        parent: u64,
    },
    Chosen {
        tid: u64,
        of_ready: usize,
    },
    TurnOver {
        tid: u64,
        why: Stop,
    },
    Trapped {
        tid: u64,
        call: String,
    },
    Answered {
        tid: u64,
        reply: String,
    },
    Blocked {
        tid: u64,
        on: WaitsOn,
    },
    Ready {
        tid: u64,
        because: Cause,
    },
    Exited {
        tid: u64,
        status: ExitStatus,
        turns: u64,
        traps: u64,
    },
    Faulted {
        tid: u64,
        panic: String,
    },
    Idle {
        until: Time,
    },
    Cycle {
        tids: String,
    },
    Deadlock {
        tasks: u32,
        cycle: String,
    },
    Deadlocked {
        tid: u64,
        on: WaitsOn,
    },
    Opened {
        file: u32,
        address: String,
    },
    Closed {
        file: u32,
    },
    /// One that no test has asked about yet, by its message.
    Other(&'static str),
}

impl From<&Record<'_>> for Seen {
    fn from(record: &Record<'_>) -> Seen {
        let number = |tid: Tid| tid.serial();
        match record.event {
            Event::Spawned { tid, parent, .. } => Seen::Spawned { tid: number(tid), parent: number(parent) },
            Event::Chosen { tid, of_ready, .. } => Seen::Chosen { tid: number(tid), of_ready },
            Event::TurnOver { tid, why, .. } => Seen::TurnOver { tid: number(tid), why },
            Event::Trapped { tid, call, .. } => Seen::Trapped { tid: number(tid), call: call.to_string() },
            Event::Answered { tid, reply, .. } => Seen::Answered { tid: number(tid), reply: reply.to_string() },
            Event::Blocked { tid, on, .. } => Seen::Blocked { tid: number(tid), on },
            Event::Woken { tid, because, .. } => Seen::Ready { tid: number(tid), because },
            Event::Exited { tid, status, turns, traps, .. } => {
                Seen::Exited { tid: number(tid), status: status.clone(), turns, traps }
            }
            Event::Faulted { tid, panic, .. } => Seen::Faulted { tid: number(tid), panic: panic.into() },
            Event::Idle { until } => Seen::Idle { until },
            Event::Cycle { tids, .. } => Seen::Cycle { tids: tids.into() },
            Event::Deadlock { tasks, cycle } => Seen::Deadlock { tasks, cycle: cycle.into() },
            Event::Deadlocked { tid, on, .. } => Seen::Deadlocked { tid: number(tid), on },
            Event::Opened { file, address, .. } => Seen::Opened { file, address: address.to_string() },
            Event::Closed { file } => Seen::Closed { file },
            _ => Seen::Other(record.message()),
        }
    }
}

/// What came out of a machine: its console and its events. It outlives the machine.
#[derive(Clone, Default)]
pub struct Witness {
    console: MemoryConsole,
    events: Rc<RefCell<Vec<Seen>>>,
}

impl Witness {
    /// All that was printed so far.
    pub fn text(&self) -> String {
        String::from_utf8(self.console.stdout()).expect("what is printed is text")
    }

    /// The same, whatever it is.
    pub fn bytes(&self) -> Vec<u8> {
        self.console.stdout()
    }

    /// All that was said on standard error so far.
    pub fn errors(&self) -> String {
        String::from_utf8(self.console.stderr()).expect("what is printed is text")
    }

    /// All that happened so far.
    pub fn events(&self) -> Vec<Seen> {
        self.events.borrow().clone()
    }

    /// What `pick` makes of the events, in their order.
    pub fn events_of<T>(&self, pick: impl Fn(&Seen) -> Option<T>) -> Vec<T> {
        self.events.borrow().iter().filter_map(pick).collect()
    }

    /// Who had the turn, turn after turn.
    pub fn chosen(&self) -> Vec<u64> {
        self.events_of(|event| match event {
            Seen::Chosen { tid, .. } => Some(*tid),
            _ => None,
        })
    }

    /// How many turns a task had.
    pub fn turns_of(&self, tid: u64) -> usize {
        self.chosen().into_iter().filter(|&chosen| chosen == tid).count()
    }

    /// Who ended and how, in the order in which they did.
    pub fn exits(&self) -> Vec<(u64, ExitStatus)> {
        self.events_of(|event| match event {
            Seen::Exited { tid, status, .. } => Some((*tid, status.clone())),
            _ => None,
        })
    }
}

/// A machine that panics at a lint. All tests begin with this, or with [`yieldix`]: nothing that they run is anything
/// that a lint should speak up about, but what is planted in tests/lints.rs, which holds them to it.
pub fn machine() -> Machine {
    Machine::new().refuse_lints()
}

/// The same for tasks that do anything at all, by chance: of these lints nothing is thought.
pub fn machine_but_for(planted: &'static [&'static str]) -> Machine {
    Machine::new().observe(RefusesBut(planted))
}

struct RefusesBut(&'static [&'static str]);

impl Observer for RefusesBut {
    fn event(&self, record: &Record<'_>) {
        if !self.0.contains(&record.message()) {
            LintRefusal.event(record);
        }
    }

    fn least_level(&self) -> Level {
        LintRefusal.least_level()
    }
}

/// What has the command panic at a lint.
pub const REFUSE_LINTS: (&str, &str) = ("YIELDIX_REFUSE_LINTS", "1");

/// Runs a command with this on its standard input.
pub fn fed(command: &mut Command, input: &[u8]) -> Output {
    let command = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("the command runs");
    let mut stdin = child.stdin.take().expect("a pipe");
    let output = std::thread::scope(|scope| {
        // Beside the reader: what is printed fills pipes as well. Who does not read its input may be gone already.
        scope.spawn(move || drop(stdin.write_all(input)));
        child.wait_with_output()
    });
    output.expect("the command ends")
}

/// The command, with the log as it is when nobody chooses one; it panics at a lint.
pub fn yieldix() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_yieldix"));
    command.env(REFUSE_LINTS.0, REFUSE_LINTS.1).env_remove("YIELDIX_LOG");
    command
}

/// A machine that boots a program of ours.
pub fn program(name: &str, args: &[&str]) -> Machine {
    machine().programs(PROGRAMS).program(name, args.iter().copied())
}

/// Boots a machine in a simulated world, with somebody to watch it.
pub fn boot(machine: Machine) -> (Running, Witness) {
    let witness = Witness::default();
    let events = Rc::clone(&witness.events);
    let running = machine
        .simulate(SEED)
        .console(Console::Memory(witness.console.clone()))
        .observe(move |record: &Record<'_>| events.borrow_mut().push(record.into()))
        .start()
        .expect("the machine boots");
    (running, witness)
}

/// Boots a machine in a simulated world and runs it to its end.
pub fn run(machine: Machine) -> (Ended, Witness) {
    let (mut running, witness) = boot(machine);
    (running.run(), witness)
}
