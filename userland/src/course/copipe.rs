//! A stage between source and sink: it takes with one hand and gives with the other.
//!
//! The pipeline is put together from its end, since each stage has to be given its target. An error of the
//! sink comes out of the filter's `send`, goes on to the source by `?`, and finishes the filter.

use super::{cofollow::printer, log::log};
use crate::{flow::*, prelude::*};

pub(crate) const PROGRAM: Program =
    Program::new("copipe", Group::Course(Part::Dataflow), "a source, a filter and a sink", main).usage("[FILE]");

pub(super) fn grep(pattern: &'static str, mut target: impl Consumer<String>) -> impl Consumer<String> {
    consumer!(String, {
        while let Some(line) = (yield)? {
            if line.contains(pattern) {
                target.send(line)?;
            }
        }
        target.close()
    })
}

fn main(args: Args) -> Task {
    task!({
        let log = call!(log(&PROGRAM, args))?;
        let out = Output::new();
        let result = call!(drive(log, grep("python", printer(out.clone())), &out));
        call!(told(&PROGRAM, result))
    })
}
