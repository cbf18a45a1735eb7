//! A generator that gives its place to others: `delegate!` yields all that another one yields, as a
//! loop would that does it by hand.

use crate::{flow::*, prelude::*};

pub(crate) const PROGRAM: Program =
    Program::new("delegate", Group::Course(Part::Around), "a generator that delegates to two others in turn", main);

fn ten(from: u32) -> impl Generator<u32> {
    generator!({
        for n in from..from + 10 {
            yield n;
        }
    })
}

fn delegated() -> impl Generator<u32> {
    generator!({
        delegate!(ten(0));
        delegate!(ten(10));
    })
}

fn by_hand() -> impl Generator<u32> {
    generator!({
        for n in ten(0) {
            yield n;
        }
        for n in ten(10) {
            yield n;
        }
    })
}

fn row(numbers: impl Generator<u32>) -> String {
    numbers.map(|n| n.to_string()).collect::<Vec<_>>().join(" ")
}

fn main(args: Args) -> Task {
    task!({
        call!(no_args(&PROGRAM, args))?;
        println!("delegated: {}", row(delegated()))?;
        println!("by hand: {}", row(by_hand()))
    })
}
