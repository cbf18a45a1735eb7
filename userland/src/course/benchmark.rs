//! A million sends into a coroutine, and as many calls of an object's method that does the same.
//!
//! In the course the coroutine won, since it finds its state in local variables and the object in a
//! dictionary. Here both are structs and a jump; the coroutine also looks whether it has finished.

use crate::{flow::*, prelude::*};
use core::hint::black_box;

pub(crate) const PROGRAM: Program =
    Program::new("benchmark", Group::Course(Part::Dataflow), "a million sends to a coroutine and to an object", main)
        .usage("[--sends N]");

const SENDS: u32 = 1_000_000;
const LINE: &str = "python is nice";

fn null() -> impl Consumer<&'static str> {
    consumer!(&'static str, {
        while (yield)?.is_some() {}
        Ok(())
    })
}

struct Filter<C> {
    pattern: &'static str,
    target: C,
}

impl<C: Consumer<&'static str>> Filter<C> {
    fn send(&mut self, line: &'static str) -> Result<(), Error> {
        if line.contains(self.pattern) { self.target.send(line) } else { Ok(()) }
    }
}

fn parse(args: Args) -> Result<u32, Misuse> {
    Ok(Given::parse(args, &[], &["--sends"])?.without_operands()?.value("--sends")?.unwrap_or(SENDS))
}

/// The time, as a turn of its own begins; within one, the clock stands still.
fn clock() -> impl Routine<Result<Time, Errno>> {
    routine!({
        trap!(yield yield_now())?;
        trap!(yield now())
    })
}

fn main(args: Args) -> Task {
    task!({
        let sends = call!(or_usage(&PROGRAM, parse(args)))?;
        let mut coroutine = filter(|line: &&str| line.contains("python"), null());
        let start = call!(clock())?;
        for _ in 0..sends {
            coroutine.send(black_box(LINE))?;
        }
        println!("coroutine: {:.6}", (call!(clock())? - start).as_secs_f64())?;
        let mut object = Filter { pattern: "python", target: null() };
        let start = call!(clock())?;
        for _ in 0..sends {
            object.send(black_box(LINE))?;
        }
        println!("object: {:.6}", (call!(clock())? - start).as_secs_f64())
    })
}
