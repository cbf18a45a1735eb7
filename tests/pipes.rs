//! Pipes: crowds and chains that wait at them, and waits that nobody can end.
#![feature(coroutines)]

mod common;

use common::{boot, run};
use yieldix::{
    Ended,
    syscalls::{calls::*, *},
};

const WELL: Ended = Ended::Finished(ExitStatus::Exited(0));

#[test]
fn a_hundred_thousand_that_read_are_told_the_end() {
    const READERS: usize = 100_000;
    let task = task!({
        let (from, to) = trap!(yield pipe())?;
        for _ in 0..READERS {
            let reader = task!({
                let data = trap!(yield read(from, 1))?;
                trap!(yield exit(i32::from(!data.is_empty())))
            });
            trap!(yield spawn(reader).share(from))?;
        }
        // All of them have to wait first.
        trap!(yield yield_now())?;
        trap!(yield close(to))?;
        while let Ok((_, status)) = trap!(yield wait_any()) {
            assert_eq!(status, ExitStatus::Exited(0));
        }
        Ok(())
    });
    // A check counts a parent's zombies after each of its traps.
    let machine = common::machine().task(task).simulate(common::SEED).checked(false);
    assert_eq!(machine.boot().expect("it boots"), WELL);
}

/// Each task writes to a pipe that is full, and has the only reading end of the next one's: when the first is
/// ended, `PIPE` ends them all, one by the other.
#[test]
fn a_long_chain_of_broken_pipes_takes_little_of_the_stack() {
    const WRITERS: usize = 20_000;
    let task = task!({
        let (first, to) = trap!(yield pipe())?;
        let mut writes_to = to;
        for _ in 0..WRITERS {
            let (reads_from, next) = trap!(yield pipe())?;
            let writer = task!({
                loop {
                    trap!(yield write(writes_to, vec![0; 1 << 16]))?;
                }
            });
            trap!(yield spawn(writer).pass(writes_to).pass(reads_from))?;
            writes_to = next;
        }
        trap!(yield close(writes_to))?;
        trap!(yield yield_now())?;
        trap!(yield close(first))?;
        while let Ok((_, status)) = trap!(yield wait_any()) {
            assert_eq!(status, ExitStatus::Killed(Signal::Pipe));
        }
        Ok(())
    });
    assert_eq!(common::machine().task(task).simulate(common::SEED).boot().expect("it boots"), WELL);
}

#[test]
fn a_read_that_only_the_reader_could_end_is_a_deadlock_on_both_hardwares() {
    let task = || {
        task!({
            let (from, _to) = trap!(yield pipe())?;
            trap!(yield read(from, 1))?;
            Ok(())
        })
    };
    assert_eq!(run(common::machine().task(task())).0, Ended::Deadlock(1));
    assert_eq!(common::machine().task(task()).boot().expect("it boots"), Ended::Deadlock(1));
}

#[test]
fn who_waits_for_the_console_keeps_a_machine_from_being_deadlocked() {
    let task = task!({
        let (from, _to) = trap!(yield pipe())?;
        let child = trap!(yield spawn(task!({ trap!(yield read(from, 1)).map(drop) })).share(from))?;
        let typed = trap!(yield read(Fd::STDIN, 9))?;
        assert_eq!(typed, Buf::from("late"));
        trap!(yield kill(child, Signal::Kill))
    });
    let console = yieldix::MemoryConsole::new().kept_open();
    console.type_at(Time::BOOT + std::time::Duration::from_secs(1), "late");
    let machine = common::machine().task(task).simulate(common::SEED).console(yieldix::Console::Memory(console));
    assert_eq!(machine.boot().expect("it boots"), WELL);
}

#[test]
fn the_log_tells_the_ends_of_a_pipe_by_each_other() {
    let task = task!({ trap!(yield pipe()).map(drop) });
    let (mut machine, witness) = boot(common::machine().task(task));
    machine.run();
    let opened = witness.events_of(|event| match event {
        common::Seen::Opened { file, address } => Some((*file, address.clone())),
        _ => None,
    });
    assert_eq!(opened, [(3, "file 4".to_owned()), (4, "file 3".to_owned())]);
    assert_eq!(machine.stats().files, 3);
}
