//! The end of a machine: told once, and nothing is left.
#![feature(coroutines)]
#![allow(missing_docs)]

use std::{cell::Cell, rc::Rc, time::Duration};
use yieldix::event::{Event, Record};
use yieldix::syscalls::{calls::*, *};
use yieldix::{Ended, Machine, TaskStatus, Work};

fn sleeper() -> Task {
    task!({ trap!(yield sleep(Duration::MAX)) })
}

#[test]
fn the_end_is_told_once() {
    let told = Rc::new(Cell::new(0));
    let count = Rc::clone(&told);
    let observer = move |record: &Record<'_>| {
        if let Event::Ended { .. } = record.event {
            count.set(count.get() + 1);
        }
    };
    let mut machine = Machine::new().simulate(0).task(sleeper()).observe(observer).start().unwrap();
    assert_eq!(machine.shutdown(), Ended::ShutDown);
    assert_eq!(machine.shutdown(), Ended::ShutDown);
    drop(machine);
    assert_eq!(told.get(), 1);
}

#[test]
fn a_shutdown_leaves_no_zombie_of_a_task_that_was_spawned_from_outside() {
    let mut machine = Machine::new().simulate(0).task(sleeper()).start().unwrap();
    let handle = machine.handle();
    let tid = machine.spawn(task!({ Ok(()) })).unwrap();
    assert_eq!(machine.run_until_blocked(), Work::Waiting);
    assert_eq!(machine.stats().zombies, 1);
    machine.shutdown();
    assert_eq!((machine.stats().tasks, machine.stats().zombies), (0, 0));
    assert_eq!(machine.status(tid), TaskStatus::Unknown);
    machine.check();
    drop(handle);
}

#[test]
fn a_machine_that_was_stepped_to_its_end_says_how_it_finished() {
    let mut machine = Machine::new().simulate(0).task(task!({ trap!(yield exit(3)) })).start().unwrap();
    while machine.step() != Work::Over {}
    assert_eq!(machine.shutdown(), Ended::Finished(ExitStatus::Exited(3)));
}
