//! Lesson 2: a scheduler. Tasks in a queue take turns, and each runs until it yields.
//!
//! Neither of these two ever ends, so they alternate until something stops the machine.

use crate::prelude::*;

pub(crate) const PROGRAM: Program =
    Program::lesson("pyos2", "two tasks take turns, for ever", Lesson { quantum: 1, exits_announced: false }, |_| {
        vec![foo(), bar()]
    });

fn foo() -> Task {
    task!({
        loop {
            println!("I'm foo")?;
            yield Syscall::YieldNow.into();
        }
    })
}

fn bar() -> Task {
    task!({
        loop {
            println!("I'm bar")?;
            yield Syscall::YieldNow.into();
        }
    })
}
