//! A generator that never ends by itself: whoever pulls it stops, and it is dropped where it waits.
//!
//! Its destructors run then, as they would have at its end. So an infinite one costs no more than the
//! values that were asked for.

use crate::{flow::*, prelude::*};

pub(crate) const PROGRAM: Program =
    Program::new("naturals", Group::Course(Part::Around), "a generator without an end, and a loop with one", main);

fn naturals() -> impl Generator<u32> {
    generator!({
        let mut n = 1;
        loop {
            yield n;
            n += 1;
        }
    })
}

fn main(args: Args) -> Task {
    task!({
        call!(no_args(&PROGRAM, args))?;
        for n in naturals() {
            println!("{n}")?;
            if n * n > 50 {
                break;
            }
        }
        Ok(())
    })
}
