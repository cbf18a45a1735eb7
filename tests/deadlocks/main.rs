//! What is told of tasks that wait for each other: who is in a cycle, who only waits for it, what each waits at and
//! where. And what is no deadlock, of which nothing is told.
#![feature(coroutines, coroutine_trait)]

#[path = "../common/mod.rs"]
mod common;
mod joins;
mod no_cycle;
mod other_threads;
mod pipes;
mod ports;
mod sockets;

use common::SEED;
use std::{cell::RefCell, ops::Range, rc::Rc, time::Duration};
use yieldix::{
    Console, Ended, Machine, MemoryConsole,
    event::{Event, Record},
    syscalls::{calls::*, *},
};

/// What was told, in its order.
#[derive(Default)]
struct Told {
    /// Cycles that others went on beside.
    cycles: Vec<String>,
    /// What the tasks in these wait at.
    in_cycles: Vec<(u64, String)>,
    /// The cycles of a deadlock.
    deadlock: Option<String>,
    /// Its tasks: what each waits at, and what it has to do with the cycles.
    parts: Vec<(u64, String, String)>,
}

/// Runs a machine to its end.
fn run(task: Task) -> (Ended, Told) {
    run_machine(common::machine().task(task))
}

fn run_machine(machine: Machine) -> (Ended, Told) {
    let told = Rc::new(RefCell::new(Told::default()));
    let seen = Rc::clone(&told);
    let observer = move |record: &Record<'_>| {
        let mut told = seen.borrow_mut();
        match record.event {
            Event::Cycle { tids, .. } => told.cycles.push(tids.to_owned()),
            Event::InCycle { tid, what, line, .. } => {
                assert!(line.starts_with("tests/deadlocks/"), "{line}");
                told.in_cycles.push((tid.serial(), what.to_owned()));
            }
            Event::Deadlock { cycle, .. } => told.deadlock = Some(cycle.to_owned()),
            Event::Deadlocked { tid, what, line, part, .. } => {
                assert!(line.starts_with("tests/deadlocks/"), "{line}");
                told.parts.push((tid.serial(), what.to_owned(), part.to_owned()));
            }
            _ => {}
        }
    };
    let machine = machine.simulate(SEED).console(Console::Memory(MemoryConsole::new())).observe(observer);
    let ended = machine.start().expect("the machine boots").run();
    (ended, told.take())
}

const WELL: Ended = Ended::Finished(ExitStatus::Exited(0));
const PIPE_BYTES: usize = 64 << 10;

/// The tasks of a deadlock with this part in it.
fn with_part(told: &Told, wanted: &str) -> Vec<u64> {
    told.parts.iter().filter(|(_, _, part)| part == wanted).map(|(tid, ..)| *tid).collect()
}

/// Takes the fork at the left and then, when all have theirs, the one at the right.
fn philosopher(left: Fd, right: Fd) -> Task {
    task!({
        trap!(yield port_recv(left))?;
        trap!(yield yield_now())?;
        trap!(yield port_recv(right)).map(drop)
    })
}

/// Five of them, who all have both ends of both their forks, as their parent has of all.
fn dinner() -> impl Routine<Result<(), Errno>> {
    routine!(move {
        let mut forks = Vec::new();
        for _ in 0..5 {
            let (put, take) = trap!(yield port_create(1))?;
            trap!(yield port_send(put, ""))?;
            forks.push((put, take));
        }
        for seat in 0..5 {
            let (left, right) = (forks[seat], forks[(seat + 1) % 5]);
            let spawned = spawn(philosopher(left.1, right.1)).share(left.0).share(left.1).share(right.0).share(right.1);
            trap!(yield spawned)?;
        }
        Ok(())
    })
}

/// Reads a pipe before it writes to the other.
fn reads_first(from: Fd, to: Fd) -> Task {
    task!({
        trap!(yield read(from, 1))?;
        trap!(yield write(to, "x")).map(drop)
    })
}

/// Two tasks with crossed pipes, and who begins as their parent waits.
fn crossed() -> impl Routine<Result<(), Errno>> {
    routine!(move {
        let (first, to_first) = trap!(yield pipe())?;
        let (second, to_second) = trap!(yield pipe())?;
        trap!(yield spawn(reads_first(first, to_second)).pass(first).pass(to_second).name("one"))?;
        trap!(yield spawn(reads_first(second, to_first)).pass(second).pass(to_first).name("two"))?;
        Ok(())
    })
}

/// Asks so often, and never waits. Each call counts as two operations, of which 128 bring a look at the hardware.
fn is_busy_for(calls: u32) -> impl Routine<Result<(), Errno>> {
    routine!(move {
        for _ in 0..calls {
            trap!(yield environment())?;
        }
        Ok(())
    })
}

/// So many that what a few tasks wait for is searched more than once.
const CALLS_UNTIL_TOLD: u32 = 100 * 64;

/// What is told while the first task, which has called `make`, is busy and never waits; then it kills the tasks with
/// these numbers.
fn beside_a_busy_task(make: impl Routine<Result<(), Errno>> + 'static, tids: Range<u64>) -> Told {
    let (ended, told) = run(task!({
        call!(make)?;
        call!(is_busy_for(CALLS_UNTIL_TOLD))?;
        for tid in tids.map(Tid::from_serial) {
            trap!(yield kill(tid, Signal::Kill))?;
        }
        while trap!(yield wait_any()).is_ok() {}
        Ok(())
    }));
    assert_eq!((ended, &told.deadlock), (WELL, &None));
    told
}

const NONE: [&str; 0] = [];
