//! A task that panics, to see that it ends alone.

use crate::prelude::*;

pub(crate) const PROGRAM: Program =
    Program::new("panic", Group::Tests, "panics, with what it is told to say", main).usage("[WORD...]");

fn main(args: Args) -> Task {
    task!({
        let words = call!(or_usage(&PROGRAM, Given::parse(args, &[], &[])))?.operands;
        let message = if words.is_empty() { "as asked".to_owned() } else { words.join(" ") };
        panic!("{message}")
    })
}
