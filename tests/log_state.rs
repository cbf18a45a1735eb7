//! The log is complete: from it alone the kernel's state can be rebuilt, at any event.
//!
//! A machine runs turn by turn. After turns that chance draws its own account of its state is compared with what its log says,
//! read by code that knows nothing of the kernel.
#![feature(coroutines, coroutine_trait)]

mod common;
mod log_support;

use log_support::{echoes, log, pipelines};
use std::time::Duration;
use yieldix::{
    Console, Machine, MemoryConsole, Work,
    syscalls::{calls::*, *},
};
use yieldix_trace::{LogError, Reader, State};
use yieldix_userland::PROGRAMS;

/// A step of a generator that is good enough to draw turns.
fn draw(seed: &mut u64) -> u64 {
    *seed = seed.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
    *seed >> 33
}

/// How often a machine is compared with its log, at most.
const POINTS: u64 = 1000;

/// Runs a machine to its end and compares its state with its log's after one of `every` turns, as chance has it.
/// Gives how often.
fn follow(machine: Machine, every: u64) -> u64 {
    let log = log();
    log.take();
    let mut running = machine.start().unwrap();
    let (mut state, mut compared, mut seed) = (State::default(), 0, 1);
    loop {
        let work = running.step_turn();
        if compared < POINTS && draw(&mut seed).is_multiple_of(every) {
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
    let compared = follow(common::machine().simulate(1).task(echoes(1000)), 30);
    assert_eq!(compared, POINTS);
}

#[test]
fn a_thousand_echo_clients_on_the_host() {
    let compared = follow(common::machine().task(echoes(1000)), 4);
    assert_eq!(compared, POINTS);
}

#[test]
fn a_shell_that_churns_pipelines_in_a_simulated_world() {
    let compared = follow(pipelines(common::machine().simulate(2)), 2);
    assert_eq!(compared, POINTS);
}

#[test]
fn a_shell_that_churns_pipelines_on_the_host() {
    let compared = follow(pipelines(common::machine()), 2);
    assert_eq!(compared, POINTS);
}

#[test]
fn ports_storms_signals_and_usertests() {
    for program in ["philosophers", "storm", "usertests"] {
        let console = MemoryConsole::new();
        let machine = common::machine().simulate(3).programs(PROGRAMS).program(program, [""; 0]);
        let compared = follow(machine.console(Console::Memory(console)), 100);
        assert!(compared > 0, "{program}");
    }
}

#[test]
fn a_log_with_a_hole_is_refused() {
    let log = log();
    log.take();
    common::machine().simulate(1).task(task!({ trap!(yield sleep(Duration::from_secs(1))) })).boot().unwrap();
    let lines = String::from_utf8(log.take()).unwrap();
    assert!(State::at(lines.as_bytes(), None).is_ok());
    let with_hole: String =
        lines.lines().enumerate().filter(|(index, _)| *index != 3).map(|(_, line)| format!("{line}\n")).collect();
    assert!(matches!(State::at(with_hole.as_bytes(), None), Err(LogError::Missing { from: 4, to: 4 })));
    assert!(matches!(State::at(lines.as_bytes(), Some(1_000_000)), Err(LogError::Short { .. })));
}
