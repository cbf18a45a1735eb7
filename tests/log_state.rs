//! The log is complete: from it alone the kernel's state can be rebuilt, at any event.
//!
//! A machine runs turn by turn. After turns that chance draws its own account of its state is compared with what its log says,
//! read by code that knows nothing of the kernel. A failing test names its seed, and takes others from `YIELDIX_SEED`.
#![feature(coroutines, coroutine_trait)]

mod common;
mod log_support;

use common::chance::{Chance, Doing, seeds};
use log_support::{echoes, log, pipelines};
use std::time::Duration;
use yieldix::{
    Console, Machine, MemoryConsole, Work,
    syscalls::{calls::*, *},
};
use yieldix_trace::{LogError, Reader, State};
use yieldix_userland::PROGRAMS;

/// How often a machine is compared with its log, at most.
const POINTS: u64 = 1000;

/// Runs a machine to its end, for each seed one, and compares its state with its log's after one of `every` turns, as
/// chance has it; at no fewer points than these.
fn follow(what: &str, machine: impl Fn() -> Machine, every: u64, points_min: u64) {
    for seed in seeds(1..2) {
        let _doing = Doing(format!("YIELDIX_SEED={seed} {what}"));
        let compared = follow_one(machine(), every, &mut Chance(seed));
        assert!(compared >= points_min, "compared only {compared} times");
    }
}

/// Gives how often it has compared.
fn follow_one(machine: Machine, every: u64, chance: &mut Chance) -> u64 {
    let log = log();
    log.take();
    let mut running = machine.start().unwrap();
    let (mut state, mut compared) = (State::default(), 0);
    loop {
        let work = running.step_turn();
        if compared < POINTS && chance.below(every) == 0 {
            read_on(&mut state, &log.take());
            let (seq, snapshot) = running.snapshot();
            assert_eq!(state.seq, seq);
            assert_same(&snapshot, &state);
            compared += 1;
        }
        match work {
            Work::Ready => {}
            Work::Waiting => drop(running.wait()),
            Work::Over => break,
        }
    }
    assert_eq!(running.run().code(), 0);
    drop(running);
    read_on(&mut state, &log.take());
    assert!(state.tasks.is_empty(), "nobody is left at the end: {state}");
    compared
}

fn read_on(state: &mut State, lines: &[u8]) {
    for event in Reader::after(lines, state.seq) {
        event.and_then(|event| state.apply(&event)).unwrap();
    }
}

#[track_caller]
fn assert_same(kernels: &str, logs: &State) {
    let logs_text = logs.to_string();
    if kernels == logs_text {
        return;
    }
    let differ: Vec<String> = diff(kernels, &logs_text);
    panic!("after event {} the kernel (-) and the log (+) differ:\n{}", logs.seq, differ.join("\n"));
}

fn diff(kernels: &str, logs: &str) -> Vec<String> {
    let has = |text: &str, line: &str| text.lines().any(|other| other == line);
    let gone = kernels.lines().filter(|line| !has(logs, line)).map(|line| format!("- {line}"));
    let new = logs.lines().filter(|line| !has(kernels, line)).map(|line| format!("+ {line}"));
    gone.chain(new).take(40).collect()
}

#[test]
fn a_thousand_echo_clients_in_a_simulated_world() {
    follow("echoes", || common::machine().simulate(1).task(echoes(1000)), 30, POINTS);
}

#[test]
fn a_thousand_echo_clients_on_the_host() {
    follow("echoes on the host", || common::machine().task(echoes(1000)), 4, POINTS);
}

#[test]
fn a_shell_that_churns_pipelines_in_a_simulated_world() {
    follow("pipelines", || pipelines(common::machine().simulate(2)), 2, POINTS);
}

#[test]
fn a_shell_that_churns_pipelines_on_the_host() {
    follow("pipelines on the host", || pipelines(common::machine()), 2, POINTS);
}

#[test]
fn ports_storms_signals_and_usertests() {
    for (program, every, points_min) in [("philosophers", 1, 30), ("storm", 1, 200), ("usertests", 20, 500)] {
        let machine = || {
            let console = Console::Memory(MemoryConsole::new());
            common::machine().simulate(3).programs(PROGRAMS).program(program, [""; 0]).console(console)
        };
        follow(program, machine, every, points_min);
    }
}

/// Two tasks that wait for the same in this way. The first is stopped, and goes on while the second waits.
fn stops_the_first_of_two(waits: Waits) -> Task {
    task!({
        let (reader, writer) = trap!(yield pipe())?;
        let (sender, receiver) = trap!(yield port_create(1))?;
        trap!(yield port_send(sender, "full"))?;
        let target = trap!(yield spawn(task!({ trap!(yield sleep(Duration::from_secs(1))) })))?;
        let awaited = Awaited { target, reader, sender };
        let first = trap!(yield spawn(waits(awaited)).share(reader).share(sender))?;
        let second = trap!(yield spawn(waits(awaited)).share(reader).share(sender))?;
        for signal in [Signal::Stop, Signal::Cont] {
            trap!(yield sleep(Duration::from_millis(1)))?;
            trap!(yield kill(first, signal))?;
        }
        trap!(yield sleep(Duration::from_millis(1)))?;
        trap!(yield write(writer, "for both"))?;
        while trap!(yield port_try_recv(receiver)).is_ok() {
            trap!(yield yield_now())?;
        }
        for task in [target, first, second] {
            assert_eq!(trap!(yield wait(task))?, ExitStatus::Exited(0));
        }
        Ok(())
    })
}

/// A task that waits for some of it.
type Waits = fn(Awaited) -> Task;

/// What two tasks wait for.
#[derive(Clone, Copy)]
struct Awaited {
    target: Tid,
    reader: Fd,
    sender: Fd,
}

#[test]
fn who_goes_on_is_queued_where_the_kernel_has_queued_it() {
    let join = |Awaited { target, .. }| task!({ trap!(yield join(target)).map(drop) });
    let read_wait = |Awaited { reader, .. }| task!({ trap!(yield read_wait(reader)) });
    let read = |Awaited { reader, .. }| task!({ trap!(yield read(reader, 4)).map(drop) });
    let send = |Awaited { sender, .. }| task!({ Ok(trap!(yield port_send(sender, "late"))?) });
    let all: [(&str, Waits); 4] = [("join", join), ("read_wait", read_wait), ("read", read), ("port_send", send)];
    for (what, waits) in all {
        follow(what, || common::machine().simulate(4).task(stops_the_first_of_two(waits)), 1, 10);
    }
}

#[test]
fn a_log_with_a_hole_is_refused() {
    let log = log();
    log.take();
    common::machine().simulate(1).task(task!({ trap!(yield sleep(Duration::from_secs(1))) })).boot().unwrap();
    let lines = String::from_utf8(log.take()).unwrap();
    assert!(State::at(&mut Reader::new(lines.as_bytes()), None).is_ok());
    let with_hole: String =
        lines.lines().enumerate().filter(|(index, _)| *index != 3).map(|(_, line)| format!("{line}\n")).collect();
    assert!(matches!(
        State::at(&mut Reader::new(with_hole.as_bytes()), None),
        Err(LogError::Missing { from: 4, to: 4 })
    ));
    assert!(
        matches!(State::at(&mut Reader::new(lines.as_bytes()), Some(1_000_000)), Err(LogError::NoEvent { last, .. }) if last > 5)
    );
    assert!(matches!(State::at(&mut Reader::new(lines.as_bytes()), Some(0)), Err(LogError::NoEvent { .. })));
}
