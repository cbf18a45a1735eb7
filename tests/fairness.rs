//! What one task does with its turns does not make the others wait long, and a span begins when it
//! is asked for. On the host's clock: a simulation's stands still while tasks compute.

#![feature(coroutines, coroutine_trait)]

mod common;

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};
use yieldix::{
    Console, MemoryConsole,
    syscalls::{calls::*, *},
};

fn boot(task: Task) -> i32 {
    let console = Console::Memory(MemoryConsole::new());
    common::machine().checked(false).console(console).task(task).boot().expect("a host").code()
}

fn compute_for(span: Duration) {
    let begin = Instant::now();
    while begin.elapsed() < span {
        std::hint::spin_loop();
    }
}

/// How late a sleeper wakes beside `hog`, which is to end when its flag is set.
fn lateness_beside(hog: impl Fn(Arc<AtomicBool>) -> Task) -> Duration {
    let is_over = Arc::new(AtomicBool::new(false));
    let hog = hog(Arc::clone(&is_over));
    let lateness = Arc::new(std::sync::Mutex::new(Duration::MAX));
    let seen = Arc::clone(&lateness);
    let task = task!({
        let hog = trap!(yield spawn(hog))?;
        const NAP: Duration = Duration::from_millis(10);
        let mut worst = Duration::ZERO;
        for _ in 0..5 {
            let begin = Instant::now();
            trap!(yield sleep(NAP))?;
            worst = worst.max(begin.elapsed() - NAP);
        }
        *seen.lock().map_err(|_| Errno::EIO)? = worst;
        is_over.store(true, Ordering::Relaxed);
        trap!(yield wait(hog))?;
        Ok(())
    });
    assert_eq!(boot(task), 0);
    let lateness = lateness.lock().unwrap();
    *lateness
}

/// More than a full turn of what the hogs here do, less than two dozen of them.
const BOUND: Duration = Duration::from_secs(1);

#[test]
fn long_calls_do_not_keep_a_sleeper_waiting() {
    let late = lateness_beside(|is_over| {
        task!({
            while !is_over.load(Ordering::Relaxed) {
                trap!(yield getrandom(1 << 20))?;
            }
            Ok(())
        })
    });
    assert!(late < BOUND, "{late:?}");
}

#[test]
fn lists_of_many_tasks_do_not_keep_a_sleeper_waiting() {
    let late = lateness_beside(|is_over| {
        task!({
            let mut children = Vec::new();
            for _ in 0..2000 {
                children.push(trap!(yield spawn(task!({ trap!(yield sleep(Duration::MAX)) })))?);
            }
            while !is_over.load(Ordering::Relaxed) {
                trap!(yield tasks())?;
            }
            for child in children {
                trap!(yield kill(child, Signal::Kill))?;
            }
            Ok(())
        })
    });
    assert!(late < BOUND, "{late:?}");
}

#[test]
fn computing_between_traps_does_not_keep_a_sleeper_waiting() {
    let late = lateness_beside(|is_over| {
        task!({
            while !is_over.load(Ordering::Relaxed) {
                compute_for(Duration::from_micros(100));
                trap!(yield gettid())?;
            }
            Ok(())
        })
    });
    assert!(late < BOUND, "{late:?}");
}

#[test]
fn a_span_begins_when_it_is_asked_for_and_not_when_its_round_did() {
    let worker = task!({
        compute_for(Duration::from_millis(100));
        Ok(())
    });
    let task = task!({
        trap!(yield spawn(worker))?;
        // Another turn of the round in which the worker computes; something has read the clock.
        trap!(yield spawn(task!({ trap!(yield now()).map(drop) })))?;
        let napper = trap!(
            yield spawn(task!({
                trap!(yield now())?;
                compute_for(Duration::from_millis(60));
                let begin = Instant::now();
                trap!(yield sleep(Duration::from_millis(50)))?;
                let napped = begin.elapsed();
                let begin = Instant::now();
                trap!(yield now())?;
                compute_for(Duration::from_millis(60));
                let timed = timeout!(Duration::from_millis(50), { trap!(yield sleep(Duration::from_secs(9))) });
                let waited = begin.elapsed();
                let is_well = napped >= Duration::from_millis(50) && waited >= Duration::from_millis(110);
                trap!(yield exit(i32::from(!is_well || timed != Err(Elapsed))))
            }))
        )?;
        let status = trap!(yield wait(napper))?;
        trap!(yield exit(status.code()))
    });
    assert_eq!(boot(task), 0);
}

#[test]
fn a_quantum_has_an_upper_bound() {
    let task = task!({
        let child = trap!(yield spawn(task!({ Ok(()) })).quantum(u32::MAX));
        trap!(yield exit(if child == Err(Errno::EINVAL) { 0 } else { 1 }))
    });
    assert_eq!(boot(task), 0);
}
