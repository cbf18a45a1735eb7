//! A generator: a function that gives values one at a time, to a loop that asks for them.
//!
//! Nothing of it runs when it is made. Its first line is reached when the first value is asked for,
//! and its last when one is asked for that it has not got.

use crate::{flow::*, prelude::*};

pub(crate) const PROGRAM: Program =
    Program::new("countdown", Group::Course(Part::Generators), "a generator, and a loop that pulls it", main);

fn countdown(from: u32, out: Output) -> impl Generator<u32> {
    generator!({
        out.line(format_args!("Counting down from {from}"));
        for n in (1..=from).rev() {
            yield n;
        }
        out.line("Done counting down");
    })
}

fn main(args: Args) -> Task {
    task!({
        call!(no_args(&PROGRAM, args))?;
        let out = Output::new();
        for n in countdown(10, out.clone()) {
            out.line(n);
        }
        call!(out.flush())
    })
}
