//! Lesson 5: task management. A task makes another, and kills it.
//!
//! In the course a killed task ended when its turn came next. Here the kill has happened when the
//! killer is answered.

use crate::prelude::*;

pub(crate) const PROGRAM: Program =
    Program::lesson("pyos5", "a task makes a task, and kills it", Lesson::COURSE, |_| vec![main()]);

fn foo() -> Task {
    task!({
        let mytid = trap!(yield gettid())?;
        loop {
            println!("I'm foo {mytid}")?;
            trap!(yield yield_now())?;
        }
    })
}

fn main() -> Task {
    task!({
        let child = trap!(yield spawn(foo()))?;
        for _ in 0..5 {
            trap!(yield yield_now())?;
        }
        trap!(yield kill(child, Signal::Kill))?;
        println!("main done")
    })
}
