//! The first coroutine that is sent to: its `yield` takes a value instead of giving one.
//!
//! It has to be started before that. A `yield` can only take what is sent once it has been reached,
//! and until `start` not even the first line has run.

use crate::{flow::*, prelude::*};

pub(crate) const PROGRAM: Program =
    Program::new("grep-coroutine", Group::Course(Part::Generators), "a consumer, started by hand", main);

fn grep(pattern: &'static str, out: Output) -> impl Consumer<&'static str> {
    unstarted!(&'static str, {
        out.line(format_args!("Looking for {pattern}"));
        while let Some(line) = (yield)? {
            if line.contains(pattern) {
                out.line(line);
            }
        }
        Ok(())
    })
}

fn main(args: Args) -> Task {
    task!({
        call!(no_args(&PROGRAM, args))?;
        let out = Output::new();
        let mut grep = grep("python", out.clone());
        grep.start()?;
        grep.send("a line about something else")?;
        grep.send("and one about snakes in general")?;
        grep.send("python generators rock!")?;
        call!(out.flush())
    })
}
