//! The end of a machine: told once, and nothing is left.
#![feature(coroutines)]

mod common;

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
    time::Duration,
};
use yieldix::event::{Event, Record};
use yieldix::syscalls::{calls::*, *};
use yieldix::{Console, Ended, MemoryConsole, TaskStatus, Work};

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
    let mut machine = common::machine().simulate(0).task(sleeper()).observe(observer).start().unwrap();
    assert_eq!(machine.shutdown(), Ended::ShutDown);
    assert_eq!(machine.shutdown(), Ended::ShutDown);
    drop(machine);
    assert_eq!(told.get(), 1);
}

#[test]
fn a_shutdown_leaves_no_zombie_of_a_task_that_was_spawned_from_outside() {
    let mut machine = common::machine().simulate(0).task(sleeper()).start().unwrap();
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
    let mut machine = common::machine().simulate(0).task(task!({ trap!(yield exit(3)) })).start().unwrap();
    while machine.step() != Work::Over {}
    assert_eq!(machine.shutdown(), Ended::Finished(ExitStatus::Exited(3)));
}

/// The output of one task is lost to `errno`: what is told of that, and how many bytes are counted.
fn lost_to(errno: Errno, is_simulated: bool) -> (Vec<String>, u64) {
    let told = Rc::new(RefCell::new(Vec::new()));
    let list = Rc::clone(&told);
    let observer = move |record: &Record<'_>| {
        if let Event::OutputLost { stream, bytes, errno } = record.event {
            list.borrow_mut().push(format!("{stream} {bytes} {errno:?}"));
        }
    };
    let task = task!({
        trap!(yield write(Fd::STDOUT, "four"))?;
        trap!(yield write(Fd::STDERR, "fives"))?;
        Ok(())
    });
    let console = Console::Memory(MemoryConsole::new().losing_output(errno));
    let machine = common::machine().console(console).task(task).observe(observer);
    let machine = if is_simulated { machine.simulate(0) } else { machine };
    let mut running = machine.start().unwrap();
    assert_eq!(running.run(), Ended::Finished(ExitStatus::Exited(0)));
    let lost = running.stats().output_lost;
    drop(running);
    (told.take(), lost)
}

#[test]
fn lost_output_is_told_stream_by_stream() {
    for is_simulated in [true, false] {
        let (told, lost) = lost_to(Errno::ENOSPC, is_simulated);
        assert_eq!(told, ["stdout 4 ENOSPC", "stderr 5 ENOSPC"]);
        assert_eq!(lost, 9);
    }
}

#[test]
fn who_syncs_is_told_what_became_of_its_output() {
    for is_simulated in [true, false] {
        let task = task!({
            trap!(yield write(Fd::STDOUT, "four"))?;
            assert_eq!(trap!(yield sync(Fd::STDERR)), Ok(()));
            trap!(yield sync(Fd::STDOUT))
        });
        let console = Console::Memory(MemoryConsole::new().losing_output(Errno::EPIPE));
        let machine = common::machine().console(console).task(task);
        let machine = if is_simulated { machine.simulate(0) } else { machine };
        assert_eq!(machine.boot().unwrap(), Ended::Finished(ExitStatus::Exited(1)));
    }
}

#[test]
fn output_whose_reader_has_gone_is_not_lost() {
    assert_eq!(lost_to(Errno::EPIPE, true), (vec![], 0));
}
