//! Random programs against a model: what every task is told must be what a simple account of the
//! machine foretells.
//!
//! The tasks are *actors*: one coroutine that draws its next act from the seed, tells the model of
//! it, traps, and compares the answer. The model knows no scheduler and no queues. It rests on one
//! promise of the kernel: a trap takes effect when it is made, before any other task runs. So an
//! act changes the model first, its answer is known at once or when another act ends the wait, and
//! time alone is reported to it: which waits a deadline has ended.
#![feature(coroutines, coroutine_trait)]

mod chaos_support;
mod common;
mod model_support;

use chaos_support::{Doing, assert_nothing_is_left, seeds, watched};
use model_support::{actor::actor, world::World};
use std::{
    cell::Cell,
    collections::BTreeMap,
    sync::{Arc, Mutex},
};
use yieldix::event::{Event, Record};
use yieldix::syscalls::*;
use yieldix::{Ended, Faults, Work};

/// Few, so that their bounds are met.
const TASKS_MAX: u32 = 20;
const FDS_MAX: u32 = 5;

/// Acts of all actors of one machine.
const ACTS: u32 = 600;

#[derive(Clone, Copy, Debug)]
struct Setting {
    quantum: u32,
    faults: Faults,
}

/// How often each act had which kind of answer.
type Tally = BTreeMap<String, u32>;

/// Runs one machine to its end. Panics with what the model and the machine disagree on.
fn run(seed: u64, Setting { quantum, faults }: Setting, tally: &mut Tally) -> Ended {
    let world = Arc::new(Mutex::new(World::new(seed, TASKS_MAX, FDS_MAX, ACTS)));
    let seen = Arc::clone(&world);
    // The answer to a wait follows its end, of which the timer has told; one that never began has no timer.
    let woken = Cell::new(Tid::NONE);
    let observer = move |record: &Record<'_>| {
        // Poisoned by what the model and the machine have been found to disagree on, as the machine is dropped.
        let Ok(mut seen) = seen.lock() else { return };
        seen.traces.note(record);
        let just_woken = woken.replace(Tid::NONE);
        match record.event {
            Event::TimerFired { tid, .. } => seen.time_is_up(tid),
            Event::Woken { tid, .. } => woken.set(tid),
            Event::Answered { tid, reply: Reply::Err(Errno::ETIMEDOUT), .. }
            | Event::Answered { tid, reply: Reply::Unsent { errno: Errno::ETIMEDOUT, .. }, .. }
                if tid != just_woken =>
            {
                seen.time_is_up(tid);
            }
            _ => {}
        }
    };
    // They end with whatever they have just then.
    let mut machine = common::machine_but_for(&["signal not taken", "messages not received", "job not taken"])
        .simulate(seed)
        .faults(faults)
        .quantum(quantum)
        .max_tasks(TASKS_MAX)
        .max_fds(FDS_MAX)
        .task(watched(actor(Arc::clone(&world), 1)))
        .observe(observer)
        .start()
        .unwrap();
    loop {
        // With a handle the machine does not end of itself, so that it can be compared first.
        let handle = machine.handle();
        let work = machine.step();
        drop(handle);
        machine.check();
        let mut model = world.lock().unwrap();
        model.compare(&machine.tasks());
        let victim = model.victim();
        model.assert_no_disagreement();
        drop(model);
        if let Some((tid, signal, expected)) = victim {
            assert_eq!(machine.kill(tid, signal), expected, "a kill from outside, of {tid}");
            machine.check();
        }
        let work = if work == Work::Waiting { machine.wait() } else { work };
        if work == Work::Over {
            break;
        }
    }
    // A deadlock ends those that are left; the model, which they do not tell, has counted them.
    let model = world.lock().unwrap();
    model.assert_no_disagreement();
    // Whoever ends now is told of.
    drop(model);
    let ended = machine.shutdown();
    let model = world.lock().unwrap();
    match ended {
        Ended::Deadlock(tasks) => assert_eq!(tasks, model.live(), "tasks that were left in a deadlock"),
        Ended::Finished(ref status) => {
            assert_eq!(model.live(), 0, "tasks live on in a machine that has finished");
            assert_eq!(Some(status), model.first_status(), "the first task's status");
        }
        ref other => panic!("an actor ended the machine: {other:?}"),
    }
    for (kind, count) in &model.tally {
        *tally.entry(kind.clone()).or_default() += count;
    }
    drop(model);
    assert_nothing_is_left(&machine);
    ended
}

fn run_seeds(seeds: std::ops::Range<u64>, setting: Setting) {
    chaos_support::keep_task_panics_quiet();
    let (mut finished, mut deadlocked) = (0, 0);
    let mut tally = Tally::new();
    for seed in seeds {
        let _doing = Doing(format!("YIELDIX_SEED={seed} under {setting:?}"));
        match run(seed, setting, &mut tally) {
            Ended::Deadlock(_) => deadlocked += 1,
            _ => finished += 1,
        }
    }
    println!("{finished} machines finished, {deadlocked} ended in a deadlock; acts: {tally:?}");
}

const CALM: Faults = Faults {
    short_reads_permille: 0,
    short_writes_permille: 0,
    resets_permille: 0,
    spurious_ready_permille: 0,
    lost_datagrams_permille: 0,
    doubled_datagrams_permille: 0,
    reordered_datagrams_permille: 0,
    fail_call: None,
};

#[test]
fn random_tasks_are_told_what_the_model_foretells() {
    run_seeds(seeds(0..60), Setting { quantum: 64, faults: CALM });
}

#[test]
fn random_tasks_are_told_what_the_model_foretells_a_trap_a_turn() {
    run_seeds(seeds(1000..1060), Setting { quantum: 1, faults: CALM });
}

#[test]
fn random_tasks_are_told_what_the_model_foretells_in_a_bad_world() {
    let faults = Faults {
        short_reads_permille: 300,
        short_writes_permille: 300,
        resets_permille: 50,
        spurious_ready_permille: 500,
        ..CALM
    };
    run_seeds(seeds(2000..2060), Setting { quantum: 3, faults });
}
