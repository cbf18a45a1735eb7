//! A task's fault is its own: whatever its code, its destructors and its panics do, the others run
//! on and the machine stands.
#![feature(coroutines)]
#![allow(missing_docs)]

use yieldix::syscalls::{calls::*, *};
use yieldix::{Console, Ended, Machine, MemoryConsole};

/// Panics where it is dropped.
struct Bomb;

impl Drop for Bomb {
    fn drop(&mut self) {
        panic!("a destructor's own panic");
    }
}

/// Boots `task` in a simulation; gives how the machine ended and what was printed.
fn boot(task: Task) -> (Ended, String) {
    let console = MemoryConsole::new();
    let machine = Machine::new().simulate(0).console(Console::Memory(console.clone())).task(task);
    let ended = machine.boot().unwrap();
    (ended, String::from_utf8(console.stdout()).unwrap())
}

fn say(text: &'static str) -> Task {
    task!({ trap!(yield write(Fd::STDOUT, text)).map(drop) })
}

/// Asserts that the machine finished well and printed this.
#[track_caller]
fn assert_prints(task: Task, expected: &str) {
    let (ended, printed) = boot(task);
    assert_eq!((ended, printed.as_str()), (Ended::Finished(ExitStatus::Exited(0)), expected));
}

#[test]
fn tasks_after_one_that_panics_have_their_turn_in_the_same_round() {
    assert_prints(
        task!({
            trap!(yield spawn(say("before ")))?;
            trap!(yield spawn(task!({ panic!("on purpose") })))?;
            trap!(yield spawn(say("after ")))?;
            trap!(yield spawn(task!({ panic!("on purpose, again") })))?;
            trap!(yield spawn(say("at last")))?;
            for _ in 0..5 {
                trap!(yield wait_any())?;
            }
            Ok(())
        }),
        "before after at last",
    );
}
