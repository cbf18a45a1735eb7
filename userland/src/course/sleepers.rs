//! Two sleeps of four seconds: one after the other they take eight, at once four.
//!
//! A subroutine runs within its caller, which waits for it. A task of its own runs beside it; to
//! gather several is to spawn all and then to wait for each.

use crate::prelude::*;

pub(crate) const PROGRAM: Program =
    Program::new("sleepers", Group::Course(Part::Around), "two sleeps, one by one and then both at once", main);

const SLEEP: Duration = Duration::from_secs(4);

fn sleeper(number: u32) -> impl Routine<Result<(), Errno>> {
    routine!(move {
        println!("will sleep {number}")?;
        trap!(yield sleep(SLEEP))?;
        println!("slept {number}")
    })
}

fn one_by_one() -> impl Routine<Result<(), Errno>> {
    routine!({
        for number in [1, 2] {
            call!(sleeper(number))?;
        }
        Ok(())
    })
}

fn at_once() -> impl Routine<Result<(), Errno>> {
    routine!({
        let mut sleepers = Vec::new();
        for number in [1, 2] {
            sleepers.push(trap!(yield spawn(Task::new(sleeper(number))))?);
        }
        for sleeper in sleepers {
            trap!(yield wait(sleeper))?;
        }
        Ok(())
    })
}

fn main(args: Args) -> Task {
    task!({
        call!(no_args(&PROGRAM, args))?;
        println!("one by one")?;
        let start = trap!(yield now())?;
        call!(one_by_one())?;
        println!("{} s", (trap!(yield now())? - start).as_secs())?;
        println!("at once")?;
        let start = trap!(yield now())?;
        call!(at_once())?;
        println!("{} s", (trap!(yield now())? - start).as_secs())
    })
}
