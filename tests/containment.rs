//! A task's fault is its own: whatever its code, its destructors and its panics do, the others run
//! on and the machine stands.
#![feature(coroutines)]

mod common;

use yieldix::syscalls::{calls::*, *};
use yieldix::{Console, Ended, MemoryConsole};
use yieldix_kernel::limits::FREE_CALLS_PER_TURN;

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
    let machine = common::machine().simulate(0).console(Console::Memory(console.clone())).task(task);
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

/// A task that would drop its bomb where it ends.
fn armed(bomb: Bomb) -> Task {
    task!({
        let _bomb = bomb;
        trap!(yield yield_now())
    })
}

#[test]
fn a_spawn_that_is_refused_drops_what_the_task_holds_and_goes_on() {
    assert_prints(
        task!({
            let refused = trap!(yield spawn(armed(Bomb)).pass(Fd::new(9, 9)));
            assert_eq!(refused, Err(Errno::EBADF));
            trap!(yield write(Fd::STDOUT, "alive"))?;
            Ok(())
        }),
        "alive",
    );
}

#[test]
fn a_spawn_past_the_most_tasks_drops_what_the_task_holds_and_goes_on() {
    let task =
        task!({ if trap!(yield spawn(armed(Bomb))) == Err(Errno::EAGAIN) { Ok(()) } else { Err(Errno::EPROTO) } });
    let ended = common::machine().simulate(0).max_tasks(1).task(task).boot().unwrap();
    assert_eq!(ended, Ended::Finished(ExitStatus::Exited(0)));
}

#[test]
fn jobs_that_nobody_takes_are_dropped_and_the_machine_goes_on() {
    assert_prints(
        task!({
            // A value, the payload of a panic, and work that is refused for want of a descriptor.
            for work in [|| Bomb, || std::panic::panic_any(Bomb)] {
                let job = trap!(yield offload(work))?;
                trap!(yield read_wait(job.fd()))?;
                trap!(yield job.close())?;
            }
            while trap!(yield dup(Fd::STDOUT)).is_ok() {}
            let bomb = Bomb;
            assert!(matches!(trap!(yield offload(move || bomb)), Err(Errno::EMFILE)));
            trap!(yield write(Fd::STDOUT, "alive"))?;
            Ok(())
        }),
        "alive",
    );
}

#[test]
fn a_value_that_nobody_takes_is_dropped_and_the_machine_goes_on() {
    assert_prints(
        task!({
            // Left to a parent that does not ask for it.
            let leaver = task!({ trap!(yield subroutine_return(Value::new(Bomb))) });
            let leaver = trap!(yield spawn(leaver))?;
            assert_eq!(trap!(yield wait(leaver))?, ExitStatus::Exited(0));
            // Killed between the subroutine's return, its turn's last free call, and the turn in
            // which it would have the value.
            let caller = task!({
                for _ in 0..FREE_CALLS_PER_TURN / 2 - 1 {
                    trap!(yield subroutine(routine!(move { Ok(()) })))?;
                }
                let bomb = trap!(yield subroutine(routine!(move { Ok(Bomb) })))?;
                std::mem::forget(bomb);
                Ok(())
            });
            let child = trap!(yield spawn(caller))?;
            trap!(yield yield_now())?;
            trap!(yield kill(child, Signal::Kill))?;
            assert_eq!(trap!(yield wait(child)), Ok(ExitStatus::Killed(Signal::Kill)));
            trap!(yield write(Fd::STDOUT, "alive"))?;
            Ok(())
        }),
        "alive",
    );
}

#[test]
fn a_panic_whose_payload_panics_when_it_is_dropped_ends_its_task_alone() {
    assert_prints(
        task!({
            let child = trap!(yield spawn(task!({ std::panic::panic_any(Bomb) })))?;
            assert!(matches!(trap!(yield wait(child))?, ExitStatus::Panicked(_)));
            trap!(yield write(Fd::STDOUT, "alive"))?;
            Ok(())
        }),
        "alive",
    );
}
