//! Lesson 6: waiting. A task sleeps until another has ended.
//!
//! The course's WaitTask is `join`: anyone may wait for anyone. (A parent that wants to know how
//! its child ended, and be rid of it, uses `wait`.)

use crate::prelude::*;

pub(crate) const PROGRAM: Program =
    Program::lesson("pyos6", "a task waits for another", Lesson::COURSE, |_| vec![main()]);

fn foo() -> Task {
    task!({
        for _ in 0..5 {
            println!("I'm foo")?;
            trap!(yield yield_now())?;
        }
        Ok(())
    })
}

fn main() -> Task {
    task!({
        let child = trap!(yield spawn(foo()))?;
        println!("Waiting for child")?;
        trap!(yield join(child))?;
        println!("Child done")
    })
}
