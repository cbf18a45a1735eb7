//! A pipeline that is pulled: each stage asks the one before it for the next line, when it is asked itself.
//!
//! Nothing runs until the loop pulls. What waits, for a file that grows, is a `Source`, and a stage behind
//! it is one as well; what never waits is a generator, which is a source that is always ready.

use super::log::log;
use crate::{flow::*, prelude::*};

pub(crate) const PROGRAM: Program =
    Program::new("pipeline", Group::Course(Part::Generators), "a filter that is pulled, and pulls a log", main)
        .usage("[FILE]");

struct Grep<S> {
    pattern: &'static str,
    lines: S,
}

impl<S: Source<String>> Source<String> for Grep<S> {
    fn pull(&mut self) -> impl Routine<Result<Option<String>, Error>> {
        routine!(move -> Result<Option<String>, Error> {
            while let Some(line) = call!(self.lines.pull())? {
                if line.contains(self.pattern) {
                    return Ok(Some(line));
                }
            }
            Ok(None)
        })
    }
}

fn main(args: Args) -> Task {
    task!({
        let mut python = Grep { pattern: "python", lines: call!(log(&PROGRAM, args))? };
        loop {
            match call!(python.pull()) {
                Ok(Some(line)) => println!("{line}")?,
                end => return call!(told(&PROGRAM, end.map(drop))),
            }
        }
    })
}
