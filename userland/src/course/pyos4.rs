//! Lesson 4: `yield` is a trap. A task asks the kernel for something and is resumed with the
//! answer.
//!
//! First the raw form, in which the answer could be any [`Reply`]; then the typed one, in which
//! `trap!` knows what the call declares.

use crate::prelude::*;

pub(crate) const PROGRAM: Program =
    Program::lesson("pyos4", "the first system call: who am I?", Lesson::COURSE, |_| vec![foo(), bar()]);

fn foo() -> Task {
    task!({
        let Reply::Tid(mytid) = yield Syscall::GetTid.into() else { return Err(Errno::EPROTO) };
        for _ in 0..5 {
            println!("I'm foo {mytid}")?;
            yield Syscall::YieldNow.into();
        }
        Ok(())
    })
}

fn bar() -> Task {
    task!({
        let mytid = trap!(yield gettid())?;
        for _ in 0..10 {
            println!("I'm bar {mytid}")?;
            trap!(yield yield_now())?;
        }
        Ok(())
    })
}
