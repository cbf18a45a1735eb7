//! Three branches that meet again: all send into one printer, of which each has a handle.
//!
//! That is safe since a send returns before the next begins. A branch that led back to where it came from
//! would send into a stage that is sending: an error, as the program `limits` shows.

use super::{cofollow::printer, copipe::grep, log::log};
use crate::{flow::*, prelude::*};

pub(crate) const PROGRAM: Program = Program::new(
    "cobroadcast2",
    Group::Course(Part::Dataflow),
    "one source into three filters, and these into one sink",
    main,
)
.usage("[FILE]");

fn main(args: Args) -> Task {
    task!({
        let log = call!(log(&PROGRAM, args))?;
        let out = Output::new();
        let printer = shared(printer(out.clone()));
        let branches = ["python", "ply", "swig"].map(|pattern| grep(pattern, printer.clone()));
        drop(printer);
        let result = call!(drive(log, broadcast(branches), &out));
        call!(told(&PROGRAM, result))
    })
}
