//! A generator with a start, an end and a step: the state between two values is its local variables.

use crate::{flow::*, prelude::*};

pub(crate) const PROGRAM: Program =
    Program::new("range", Group::Course(Part::Around), "a generator with a start, an end and a step", main);

fn range(start: u32, end: u32, step: u32) -> impl Generator<u32> {
    generator!({
        let mut n = start;
        while n < end {
            yield n;
            n += step;
        }
    })
}

fn main(args: Args) -> Task {
    task!({
        call!(no_args(&PROGRAM, args))?;
        let numbers: Vec<String> = range(1, 10, 2).map(|n| n.to_string()).collect();
        println!("{}", numbers.join(" "))
    })
}
