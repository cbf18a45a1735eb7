//! Lesson 3: tasks that end. The kernel takes a task that is done out of its table and says so.
//!
//! It is the kernel that says it, here as there: the program prints its own lines and no others.

use crate::prelude::*;

pub(crate) const PROGRAM: Program =
    Program::lesson("pyos3", "two tasks, each of which ends", Lesson::COURSE, |_| vec![foo(), bar()]);

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
        for _ in 0..5 {
            println!("I'm bar")?;
            yield Syscall::YieldNow.into();
        }
        Ok(())
    })
}
