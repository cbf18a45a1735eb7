//! A machine to be maltreated: every program in a scenario that makes it work, run step by step
//! with every invariant checked, and the count of what must be gone in the end.
//!
//! Every coroutine that a program makes, its children and its subroutines too, is wrapped in one
//! that counts itself ([`watched`]): so a test sees whether all destructors have run.
#![allow(dead_code, reason = "each test uses a part")]

mod scenarios;

#[allow(unused_imports, reason = "each test uses a part")]
pub use crate::common::chance::{Chance, Doing, seeds};
#[allow(unused_imports, reason = "each test uses a part")]
pub use scenarios::{Scenario, scenarios};
use std::{
    cell::{Cell, RefCell},
    collections::BTreeMap,
    net::SocketAddr,
    ops::CoroutineState,
    rc::Rc,
    time::Duration,
};
use yieldix::event::{Address, Event, Record};
use yieldix::syscalls::{calls::*, *};
use yieldix::{Console, Ended, Faults, HostProgram, MemoryConsole, MemoryFolder, Running, Stats, Work};
use yieldix_kernel::file::Kind;
use yieldix_userland::PROGRAMS;

thread_local! {
    /// Coroutines of this thread's machine that have not been dropped.
    static BODIES: Cell<i64> = const { Cell::new(0) };
    /// The program that the kernel is about to start: all of them have the same entry here.
    static STARTING: Cell<&'static str> = const { Cell::new("") };
}

/// Counted while it exists.
struct Body;

impl Body {
    fn new() -> Body {
        BODIES.set(BODIES.get() + 1);
        Body
    }
}

impl Drop for Body {
    fn drop(&mut self) {
        BODIES.set(BODIES.get() - 1);
    }
}

/// Coroutines that have been made by watched tasks and not been dropped.
pub fn bodies() -> i64 {
    BODIES.get()
}

/// `task`, counted, and all that it will make.
pub fn watched(mut task: Task) -> Task {
    let body = Body::new();
    task!({
        let _body = body;
        let mut reply = Reply::Unit;
        loop {
            match task.resume(reply) {
                CoroutineState::Yielded(Trap { call, at }) => reply = yield Trap { call: watch(call), at },
                CoroutineState::Complete(result) => return result,
            }
        }
    })
}

fn watch(call: Syscall) -> Syscall {
    match call {
        Syscall::Spawn { task } => {
            // As it would be called: after its own function.
            let options = SpawnOptions { name: Some(task.function().into()), ..SpawnOptions::default() };
            Syscall::SpawnWith { request: Box::new(SpawnRequest { task: watched(task), options }) }
        }
        Syscall::SpawnWith { request } => {
            let SpawnRequest { task, mut options } = *request;
            options.name.get_or_insert(task.function().into());
            Syscall::SpawnWith { request: Box::new(SpawnRequest { task: watched(task), options }) }
        }
        Syscall::Subroutine { body } => Syscall::Subroutine { body: watched(body) },
        // The kernel looks it up and starts it before any other code runs.
        Syscall::SpawnProgram { request } => {
            STARTING
                .set(PROGRAMS.iter().map(|program| program.name).find(|name| **name == *request.name).unwrap_or(""));
            Syscall::SpawnProgram { request }
        }
        call => call,
    }
}

/// The table of programs, each watched, and with this quantum unless it is 0.
fn watched_programs(quantum: u32) -> Vec<Program> {
    let watch = |program: &Program| {
        let entry = match program.entry {
            Entry::Task(_) => Entry::Task(|args| start(args).remove(0)),
            Entry::Together(_) => Entry::Together(start),
        };
        let boot = match program.boot {
            Boot::Alone(lesson) if quantum > 0 => Boot::Alone(Lesson { quantum, ..lesson }),
            boot => boot,
        };
        Program { entry, boot, ..*program }
    };
    PROGRAMS.iter().map(watch).collect()
}

fn start(args: Args) -> Vec<Task> {
    let program = program(STARTING.get());
    program.first_tasks(args).into_iter().map(watched).collect()
}

/// The program of this name.
pub fn program(name: &str) -> &'static Program {
    PROGRAMS.iter().find(|program| program.name == name).unwrap_or_else(|| panic!("no program {name:?}"))
}

type Change = fn(&MemoryFolder) -> Result<(), Errno>;

/// A folder with a log, to which something happens every few microseconds.
fn scratch() -> MemoryFolder {
    let folder = MemoryFolder::new();
    let changes: [Change; 5] = [
        |folder| folder.append("log", "one\nhalf "),
        |folder| folder.append("log", "and half\n"),
        |folder| folder.truncate("log", 0),
        |folder| folder.rename("log", "log.1"),
        |folder| folder.append("log", "python\n"),
    ];
    for (change, micros) in changes.into_iter().zip((500..).step_by(500)) {
        // A program of ours may have done something else to it by then.
        folder.at(Time::BOOT + Duration::from_micros(micros), move |folder| {
            let _ = change(folder);
        });
    }
    folder
}

/// What was seen of a run.
#[derive(Debug, Default)]
pub struct Notes {
    /// Traps by the serial of the task.
    pub traps: BTreeMap<u64, u64>,
    /// Ids by serial.
    pub tids: BTreeMap<u64, Tid>,
    /// Tasks that panicked and should not have, and how.
    pub panics: Vec<String>,
    panics_by_design: bool,
    /// Where a listener was opened and no client was sent yet.
    listeners: Vec<SocketAddr>,
}

impl Notes {
    fn take(&mut self, record: &Record<'_>) {
        match record.event {
            Event::Trapped { tid, .. } => *self.traps.entry(tid.serial()).or_default() += 1,
            Event::Spawned { tid, .. } => drop(self.tids.insert(tid.serial(), tid)),
            Event::Faulted { name, panic, .. } if !self.panics_by_design => {
                self.panics.push(format!("{name}: {panic}"))
            }
            Event::Opened { kind: Kind::Listener, address: Address::Socket(address), .. } if address.port() != 0 => {
                self.listeners.push(address);
            }
            _ => {}
        }
    }
}

/// How a scenario is run.
#[derive(Clone, Copy, Debug, Default)]
pub struct Setting {
    /// Of the simulation.
    pub seed: u64,
    /// What goes wrong.
    pub faults: Faults,
    /// Traps a turn; the machine's, or the program's, own when 0.
    pub quantum: u32,
}

/// A scenario that runs, a step at a time.
pub struct Chaos {
    /// The machine.
    pub machine: Running,
    /// What was seen.
    pub notes: Rc<RefCell<Notes>>,
    /// Its console.
    pub console: MemoryConsole,
    /// Rounds so far.
    pub rounds: u64,
    own_server: Option<SocketAddr>,
    has_clients: bool,
}

impl Chaos {
    /// Boots a scenario.
    pub fn start(scenario: &Scenario, setting: Setting) -> Chaos {
        assert_eq!(bodies(), 0, "an earlier machine of this thread has left coroutines");
        let console = MemoryConsole::new().input(scenario.input);
        let console = if scenario.has_terminal { console.terminal(80, 24) } else { console };
        let notes = Notes { panics_by_design: scenario.panics, ..Notes::default() };
        let notes = Rc::new(RefCell::new(notes));
        let noted = Rc::clone(&notes);
        let is_alone = matches!(program(scenario.name).boot, Boot::Alone(_));
        STARTING.set(if is_alone { scenario.name } else { "init" });
        let mut machine = crate::common::machine()
            .programs(&watched_programs(setting.quantum))
            .program(scenario.name, scenario.args.clone())
            .simulate(setting.seed)
            .faults(setting.faults)
            .console(Console::Memory(console.clone()))
            .mount(scratch(), "/scratch", false)
            .host_exec(true)
            .host_program("copies", HostProgram { echoes: true, stderr: b"it runs".to_vec(), ..HostProgram::default() })
            .observe(move |record: &Record<'_>| noted.borrow_mut().take(record));
        if setting.quantum > 0 {
            machine = machine.quantum(setting.quantum);
        }
        let mut machine = machine.start().expect("every program of the table boots");
        if let Some(address) = scenario.server {
            machine.spawn(watched(echo_server(address))).expect("there is room for a server");
        }
        Chaos { machine, notes, console, rounds: 0, own_server: scenario.server, has_clients: scenario.has_clients }
    }

    /// One round, and a look at the hardware that does not wait. Nothing ends of itself here, so
    /// that a task which is blocked for good can still be killed.
    pub fn step(&mut self) -> Work {
        let handle = self.machine.handle();
        let work = self.machine.step();
        drop(handle);
        self.rounds += 1;
        let listeners = std::mem::take(&mut self.notes.borrow_mut().listeners);
        let calls = |address: &SocketAddr| self.has_clients && self.own_server != Some(*address);
        for address in listeners.into_iter().filter(calls) {
            for client in [chatty(address), hasty(address)] {
                // A machine that has ended takes no more.
                let _ = self.machine.spawn(watched(client));
            }
        }
        self.machine.check();
        work
    }

    /// After a step: waits if there is nothing to do. False when the machine has ended.
    pub fn go_on(&mut self, work: Work) -> bool {
        if work != Work::Waiting {
            return work != Work::Over;
        }
        let work = self.machine.wait();
        self.machine.check();
        work != Work::Over
    }

    /// Runs on until the machine ends, at most so many rounds. True when it has ended.
    pub fn run(&mut self, rounds_max: u64) -> bool {
        let end = self.rounds + rounds_max;
        while self.rounds < end {
            let work = self.step();
            if !self.go_on(work) {
                return true;
            }
        }
        false
    }

    /// Traps of a task so far.
    pub fn traps(&self, serial: u64) -> u64 {
        self.notes.borrow().traps.get(&serial).copied().unwrap_or(0)
    }

    /// Ends the machine and asserts that nothing is left of it.
    pub fn finish(mut self) -> Ended {
        let ended = self.machine.shutdown();
        assert_nothing_is_left(&self.machine);
        ended
    }
}

/// Asserts that a machine which has ended has nothing left of its tasks, not a coroutine.
pub fn assert_nothing_is_left(machine: &Running) {
    machine.check();
    let Stats {
        tasks,
        zombies,
        files,
        ports,
        file_waiters,
        timers,
        sockets,
        registrations,
        cold_parts,
        pipes,
        jobs,
        disk_devices,
        ..
    } = machine.stats();
    assert_eq!((tasks, zombies, cold_parts), (0, 0, 0), "tasks, zombies, cold parts");
    assert_eq!((files, ports, file_waiters), (3, 0, 0), "files, ports, waiters");
    assert_eq!((sockets, registrations), (0, 0), "sockets, registered");
    assert_eq!((pipes, jobs, disk_devices), (0, 0, 0), "pipes, jobs, devices of the disk");
    assert_eq!(timers, 0, "timers");
    assert_eq!(bodies(), 0, "coroutines that were not dropped");
}

/// Talks to a server, as one that means it.
fn chatty(address: SocketAddr) -> Task {
    task!({
        let conn = trap!(yield tcp_connect(address))?;
        trap!(yield send_all(conn, "GET / HTTP/1.0\r\n\r\nand more"))?;
        let _ = timeout!(Duration::from_millis(1), { trap!(yield recv(conn, 4096)) });
        trap!(yield shutdown(conn, Shutdown::Write))?;
        let _ = timeout!(Duration::from_millis(1), { trap!(yield recv(conn, 4096)) });
        trap!(yield close(conn))
    })
}

/// Connects, and is gone with something unread.
fn hasty(address: SocketAddr) -> Task {
    task!({
        let conn = trap!(yield tcp_connect(address))?;
        trap!(yield send_all(conn, "never mind"))?;
        trap!(yield read_wait(conn))
    })
}

/// Echoes to whoever connects.
fn echo_server(address: SocketAddr) -> Task {
    task!({
        let listener = trap!(yield tcp_listen(address, 16))?;
        loop {
            let (conn, _) = trap!(yield accept(listener))?;
            trap!(yield spawn(echo(conn)).pass(conn).detach())?;
        }
    })
}

fn echo(conn: Fd) -> Task {
    task!({
        loop {
            let data = trap!(yield recv(conn, 4096))?;
            if data.is_empty() {
                return Ok(());
            }
            trap!(yield send_all(conn, data))?;
        }
    })
}

/// What a task of a test says when it panics as it should.
pub const MEANT_PANIC: &str = "a task panics as it should";

/// A panic that is meant is no news: keeps those of tasks off the test's output.
pub fn keep_task_panics_quiet() {
    let default = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        // The kernel's own stay loud, as do a test's assertions.
        let is_tasks = |file: &str| file.contains("userland/") || file.ends_with("model_support/actor.rs");
        let is_meant = panic.payload_as_str() == Some(MEANT_PANIC);
        if !is_meant && !panic.location().is_some_and(|at| is_tasks(at.file())) {
            default(panic);
        }
    }));
}

/// Rounds to spend on a program: what decides how many places of it are tried.
const ROUNDS_PER_PROGRAM: u64 = 100_000;

/// Places that are tried however long a run takes.
const PLACES_MIN: usize = 3;

/// How many places of a scenario to try, when one takes so many rounds. `YIELDIX_CHAOS=100` in the environment
/// tries a hundred times as many; see `scripts/chaos`.
pub fn affordable(scenario: &Scenario, rounds: u64) -> usize {
    let times = match std::env::var("YIELDIX_CHAOS") {
        Ok(times) => times.parse().expect("YIELDIX_CHAOS is a number"),
        Err(_) => 1,
    };
    ((ROUNDS_PER_PROGRAM * times / scenario.of / rounds) as usize).max(PLACES_MIN)
}

/// `count` of the numbers from 0 to `of`, evenly chosen.
pub fn evenly(of: usize, count: usize) -> impl Iterator<Item = usize> {
    let count = count.min(of);
    (0..count).map(move |index| index * of / count)
}
