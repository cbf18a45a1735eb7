//! Empties the terminal.

use crate::prelude::*;

pub(crate) const PROGRAM: Program = Program::new("clear", Group::Tools, "empties the terminal", main);

fn main(args: Args) -> Task {
    task!({
        call!(no_args(&PROGRAM, args))?;
        print!("\x1b[H\x1b[2J\x1b[3J")
    })
}
