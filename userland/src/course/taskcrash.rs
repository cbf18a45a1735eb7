//! Lesson 2, its flaw: what when a task ends?
//!
//! In the course's second kernel nothing was ready for that: the end of one task was an exception
//! out of the main loop, and all others went with it. Here foo ends, and bar goes on.

use crate::prelude::*;

pub(crate) const PROGRAM: Program = Program::lesson(
    "taskcrash",
    "one task ends, the other goes on",
    Lesson { quantum: 1, exits_announced: false },
    |_| vec![foo(), bar()],
);

fn foo() -> Task {
    task!({
        for _ in 0..10 {
            println!("I'm foo")?;
            yield Syscall::YieldNow.into();
        }
        Ok(())
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
