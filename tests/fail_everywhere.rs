//! The hardware at its worst: each of its calls fails once, and chance cuts, resets and disturbs
//! the rest. Programs may fail; the machine must not, and nothing may be left behind.
#![feature(coroutines, coroutine_trait)]

mod chaos_support;
mod common;

use chaos_support::{Chaos, Doing, Scenario, Setting, affordable, evenly, keep_task_panics_quiet, scenarios, seeds};
use yieldix::{Ended, Faults};

/// Rounds that a program which does not end is run for.
const ROUNDS_MAX: u64 = 400;

/// What came of a run.
struct Outcome {
    /// Calls that could have failed.
    calls: u64,
    rounds: u64,
    /// Tasks that panicked, and how.
    panics: Vec<String>,
    ended: Ended,
}

/// Runs a scenario for at most so many rounds.
fn run(scenario: &Scenario, setting: Setting, rounds_max: u64) -> Outcome {
    let _doing = Doing(format!("{} {} under {setting:?}", scenario.name, scenario.args.join(" ")));
    let mut chaos = Chaos::start(scenario, setting);
    chaos.run(rounds_max);
    let (calls, rounds) = (chaos.machine.fallible_calls(), chaos.rounds);
    let panics = std::mem::take(&mut chaos.notes.borrow_mut().panics);
    Outcome { calls, rounds, panics, ended: chaos.finish() }
}

#[test]
fn any_call_of_the_hardware_may_fail() {
    keep_task_panics_quiet();
    for scenario in scenarios() {
        let Outcome { calls, rounds, .. } = run(&scenario, Setting::default(), ROUNDS_MAX);
        let affordable = affordable(&scenario, rounds);
        for index in evenly(calls as usize, affordable) {
            let faults = Faults { fail_call: Some(index as u64 + 1), ..Faults::default() };
            let failed = run(&scenario, Setting { faults, ..Setting::default() }, ROUNDS_MAX);
            assert_eq!(
                failed.panics,
                Vec::<String>::new(),
                "{}: a failed call, number {}, made a task panic",
                scenario.name,
                index + 1
            );
        }
        let tried = affordable.min(calls as usize);
        let capped = if (tried as u64) < calls { " (capped)" } else { "" };
        println!(
            "{:<32} {rounds:>4} rounds, {tried:>4} of {calls:>4} calls failed{capped}",
            format!("{} {}", scenario.name, scenario.args.join(" "))
        );
    }
}

#[test]
fn any_dose_of_misfortune_is_survived() {
    keep_task_panics_quiet();
    let doses = [
        ("resets", Faults { resets_permille: 100, ..Faults::default() }),
        (
            "all of it",
            Faults {
                short_reads_permille: 300,
                short_writes_permille: 300,
                resets_permille: 30,
                spurious_ready_permille: 300,
                lost_datagrams_permille: 100,
                doubled_datagrams_permille: 100,
                reordered_datagrams_permille: 300,
                fail_call: None,
            },
        ),
    ];
    for scenario in scenarios() {
        for (name, faults) in doses {
            for (seed, quantum) in seeds(0..8_u64.div_ceil(scenario.of)).flat_map(|seed| [(seed, 1), (seed, 64)]) {
                let outcome = run(&scenario, Setting { seed, quantum, faults }, ROUNDS_MAX);
                assert_eq!(
                    outcome.panics,
                    Vec::<String>::new(),
                    "{}, {name}, seed {seed}, quantum {quantum}",
                    scenario.name
                );
            }
        }
    }
}

#[test]
fn what_is_merely_inconvenient_changes_no_programs_end() {
    keep_task_panics_quiet();
    let doses = [
        ("short reads", Faults { short_reads_permille: 700, ..Faults::default() }),
        ("short writes", Faults { short_writes_permille: 700, ..Faults::default() }),
        ("spurious readiness", Faults { spurious_ready_permille: 1000, ..Faults::default() }),
    ];
    for scenario in scenarios() {
        for (seed, quantum) in seeds(0..8_u64.div_ceil(scenario.of)).flat_map(|seed| [(seed, 1), (seed, 64)]) {
            let calm = run(&scenario, Setting { seed, quantum, ..Setting::default() }, ROUNDS_MAX);
            for (name, faults) in doses {
                // What comes in pieces takes longer.
                let is_endless = calm.ended == Ended::ShutDown;
                let rounds_max = if is_endless { ROUNDS_MAX } else { 50 * ROUNDS_MAX };
                let outcome = run(&scenario, Setting { seed, quantum, faults }, rounds_max);
                let what = format!("{} {:?}, {name}, seed {seed}, quantum {quantum}", scenario.name, scenario.args);
                assert_eq!(outcome.panics, Vec::<String>::new(), "{what}");
                // What an endless one was doing when it was cut says nothing; nor does the verdict of a
                // usertest that asks for bytes and counts on all of them.
                if let (Ended::Finished(_), false) = (&calm.ended, scenario.panics) {
                    assert_eq!(outcome.ended, calm.ended, "{what}");
                }
            }
        }
    }
}
