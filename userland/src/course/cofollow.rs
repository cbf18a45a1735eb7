//! The other way round: the source pushes, and what takes the lines is a coroutine that waits for them.
//!
//! A source is no coroutine here. It has the loop; each send runs the sink until it wants the next line.

use super::log::log;
use crate::{flow::*, prelude::*};

pub(crate) const PROGRAM: Program =
    Program::new("cofollow", Group::Course(Part::Dataflow), "a source that pushes lines into a sink", main)
        .usage("[FILE]");

pub(super) fn printer(out: Output) -> impl Consumer<String> {
    consumer!(String, {
        while let Some(line) = (yield)? {
            out.line(line);
        }
        Ok(())
    })
}

fn main(args: Args) -> Task {
    task!({
        let log = call!(log(&PROGRAM, args))?;
        let out = Output::new();
        let result = call!(drive(log, printer(out.clone()), &out));
        call!(told(&PROGRAM, result))
    })
}
