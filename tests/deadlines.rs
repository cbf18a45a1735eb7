//! Deadline scopes: which one ends a wait.
#![feature(coroutines, coroutine_trait)]

mod common;

use std::time::Duration;
use yieldix::Ended;
use yieldix::syscalls::{calls::*, *};

fn boot(task: Task) -> Ended {
    common::machine().simulate(0).task(task).boot().unwrap()
}

/// Lets 20 µs pass outside of any wait that a deadline could end.
fn compute() -> impl Routine<Result<(), Errno>> {
    routine!({
        let end = trap!(yield now())? + Duration::from_micros(20);
        while trap!(yield now())? < end {
            trap!(yield yield_now())?;
        }
        Ok(())
    })
}

#[test]
fn of_two_deadlines_that_have_passed_before_a_wait_the_outer_one_fires() {
    let ended = boot(task!({
        let outer = trap!(yield deadline_push(Duration::from_micros(10)))?;
        let inner = trap!(yield deadline_push(Duration::from_micros(5)))?;
        call!(compute())?;
        assert_eq!(trap!(yield sleep(Duration::from_secs(1))), Err(Errno::ETIMEDOUT));
        assert_eq!(trap!(yield deadline_pop(inner)), Ok(false));
        assert_eq!(trap!(yield deadline_pop(outer)), Ok(true));
        Ok(())
    }));
    assert_eq!(ended, Ended::Finished(ExitStatus::Exited(0)));
}

#[test]
fn of_two_deadlines_one_of_which_has_passed_before_a_wait_that_one_fires() {
    let ended = boot(task!({
        let outer = trap!(yield deadline_push(Duration::from_secs(10)))?;
        let inner = trap!(yield deadline_push(Duration::from_micros(5)))?;
        call!(compute())?;
        assert_eq!(trap!(yield sleep(Duration::from_secs(1))), Err(Errno::ETIMEDOUT));
        assert_eq!(trap!(yield deadline_pop(inner)), Ok(true));
        assert_eq!(trap!(yield deadline_pop(outer)), Ok(false));
        Ok(())
    }));
    assert_eq!(ended, Ended::Finished(ExitStatus::Exited(0)));
}

#[test]
fn a_subroutine_that_returns_closes_the_deadlines_it_left_open() {
    let task = task!({
        // A raw return from inside a scope abandons the frame that would close it.
        let value = trap!(
            yield subroutine(routine!(move {
                trap!(yield deadline_push(Duration::from_millis(1)))?;
                Ok(7u32)
            }))
        )?;
        trap!(yield sleep(Duration::from_secs(1)))?;
        trap!(yield exit(if value == 7 { 0 } else { 1 }))
    });
    assert_eq!(boot(task).code(), 0);
}
