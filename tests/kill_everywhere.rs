//! Kill at every trap: whichever task dies in whatever state, nothing of it is left and the others
//! go on. Half of the times it is some signal that may do less, to the same end.
//!
//! For each program of the table a run is watched, and its trace gives the places to kill at: the
//! state right after each trap of each task, one trap a turn. Then the program is run again for
//! each place, and the task is killed there. What a task prints is answered within the turn, so a
//! print's state lasts no longer than its turn and is killed with the next trap's.
#![feature(coroutines, coroutine_trait)]

mod chaos_support;
mod common;

use chaos_support::{Chaos, Doing, Scenario, Setting, affordable, evenly, keep_task_panics_quiet, scenarios};
use yieldix::syscalls::*;

/// Rounds that a program which does not end is run for.
const ROUNDS_MAX: u64 = 400;

/// Rounds that the others get after a kill.
const ROUNDS_AFTER: u64 = 100;

/// One trap a turn, so that the state after each is there to be killed in.
fn setting() -> Setting {
    Setting { seed: 7, quantum: 1, ..Setting::default() }
}

/// A task and the number of a trap of its.
#[derive(Clone, Copy, Debug)]
struct Place {
    serial: u64,
    trap: u64,
}

/// Every trap of every task of an undisturbed run, how many rounds that took, and whether it ended.
fn places(scenario: &Scenario) -> (Vec<Place>, u64, bool) {
    let mut chaos = Chaos::start(scenario, setting());
    let has_ended = chaos.run(ROUNDS_MAX);
    let places = chaos
        .notes
        .borrow()
        .traps
        .iter()
        .flat_map(|(&serial, &traps)| (1..=traps).map(move |trap| Place { serial, trap }))
        .collect();
    let rounds = chaos.rounds;
    chaos.finish();
    (places, rounds, has_ended)
}

/// What a kill found.
#[derive(Debug, Default)]
struct Tally {
    blocked: u32,
    ready: u32,
    ended_before: u32,
    is_init: u32,
}

/// Runs a scenario and kills a task right after a trap of its.
fn kill_at(scenario: &Scenario, place: Place, signal: Signal, tally: &mut Tally) {
    let _doing = Doing(format!(
        "{} {}: task {} killed by {signal} at its trap {}",
        scenario.name,
        scenario.args.join(" "),
        place.serial,
        place.trap
    ));
    let mut chaos = Chaos::start(scenario, setting());
    loop {
        let work = chaos.step();
        if chaos.traps(place.serial) >= place.trap {
            break;
        }
        assert!(chaos.go_on(work), "the same seed, and the task never made that trap");
    }
    let tid = chaos.notes.borrow().tids[&place.serial];
    let found = chaos.machine.tasks().into_iter().find(|task| task.tid == tid);
    match found.map(|task| task.state) {
        Some(TaskState::Blocked(_)) => tally.blocked += 1,
        Some(TaskState::Ready) => tally.ready += 1,
        _ => tally.ended_before += 1,
    }
    let mut has_ended = true;
    match chaos.machine.kill(tid, signal) {
        Ok(()) => {
            let left = chaos.machine.tasks().into_iter().find(|task| task.tid == tid);
            has_ended = left.is_none_or(|task| task.state == TaskState::Zombie);
            assert!(has_ended || signal != Signal::Kill, "a killed task lives");
        }
        Err(Errno::ESRCH) => {}
        Err(Errno::EPERM) => tally.is_init += 1,
        Err(errno) => panic!("kill: {errno}"),
    }
    chaos.machine.check();
    chaos.run(ROUNDS_AFTER);
    // Who lives on may have been interrupted or stopped, and have reason to complain.
    if has_ended {
        assert_eq!(chaos.notes.borrow().panics, Vec::<String>::new(), "a task's death made another panic");
    }
    chaos.finish();
}

#[test]
fn a_task_can_be_killed_after_any_trap_and_nothing_is_left_of_it() {
    keep_task_panics_quiet();
    // Every signal, and `KILL` as often as all others.
    let signals: Vec<Signal> = Signal::ALL.iter().flat_map(|&signal| [Signal::Kill, signal]).collect();
    let mut sum = Tally::default();
    for scenario in scenarios() {
        let (places, rounds, has_ended) = places(&scenario);
        let affordable = affordable(&scenario, rounds + ROUNDS_AFTER);
        let mut tally = Tally::default();
        for index in evenly(places.len(), affordable) {
            kill_at(&scenario, places[index], signals[index % signals.len()], &mut tally);
        }
        let end = if has_ended { "to its end" } else { "cut" };
        let capped = if affordable < places.len() { " (capped)" } else { "" };
        println!(
            "{:<32} {rounds:>4} rounds {end:<10} killed at {:>4} of {:>4} traps{capped}: {} blocked, {} ready, {} init, {} ended in that turn",
            format!("{} {}", scenario.name, scenario.args.join(" ")),
            affordable.min(places.len()),
            places.len(),
            tally.blocked,
            tally.ready,
            tally.is_init,
            tally.ended_before,
        );
        sum.blocked += tally.blocked;
        sum.ready += tally.ready;
    }
    assert!(sum.blocked > 0 && sum.ready > 0, "tasks were killed in both kinds of state: {sum:?}");
}
