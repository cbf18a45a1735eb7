//! Two tasks that wait for each other, to see what the kernel says of it.

use crate::prelude::*;

pub(crate) const PROGRAM: Program =
    Program::new("deadlock", Group::Tests, "two tasks that wait for each other", main).usage("");

fn joiner(other: Tid) -> Task {
    task!({
        trap!(yield join(other))?;
        Ok(())
    })
}

fn main(args: Args) -> Task {
    task!({
        call!(or_usage(&PROGRAM, Given::parse(args, &[], &[])))?;
        let me = trap!(yield gettid())?;
        let child = trap!(yield spawn(joiner(me)))?;
        trap!(yield join(child))?;
        Ok(())
    })
}
