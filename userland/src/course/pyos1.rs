//! Lesson 1: a task is a coroutine, and whoever runs it gets control back at each `yield`.
//!
//! The course ran one by hand, with no scheduler yet. Here the program itself is a task, so it
//! plays the scheduler for another: what that one asks of the kernel on its way is passed on.

use crate::prelude::*;
use core::ops::CoroutineState;

pub(crate) const PROGRAM: Program =
    Program::lesson("pyos1", "a task, run by hand", Lesson { quantum: 1, exits_announced: false }, |_| vec![main()]);

/// A simple coroutine.
fn foo() -> Task {
    task!({
        println!("Part 1")?;
        yield Syscall::YieldNow.into();
        println!("Part 2")
    })
}

fn main() -> Task {
    task!({
        let mut t1 = foo();
        println!("Running foo()")?;
        call!(run(&mut t1))?;
        println!("Resuming foo()")?;
        call!(run(&mut t1))
    })
}

/// Runs `task` until it yields its turn, or ends.
fn run(task: &mut Task) -> impl Routine<Result<(), Errno>> {
    routine!(move {
        let mut reply = Reply::Unit;
        loop {
            match task.resume(reply) {
                CoroutineState::Yielded(Trap { call: Syscall::YieldNow, .. }) => return Ok(()),
                CoroutineState::Yielded(trap) => reply = yield trap,
                CoroutineState::Complete(result) => return result,
            }
        }
    })
}
