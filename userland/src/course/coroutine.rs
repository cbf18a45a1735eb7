//! A consumer that is ready when it is made: `consumer!` runs it to its first `yield`, so that nobody
//! can forget to.

use crate::{flow::*, prelude::*};

pub(crate) const PROGRAM: Program =
    Program::new("coroutine", Group::Course(Part::Generators), "a consumer that is started as it is made", main);

fn grep(pattern: &'static str, out: Output) -> impl Consumer<&'static str> {
    consumer!(&'static str, {
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
        grep.send("a line about something else")?;
        grep.send("and one about snakes in general")?;
        grep.send("python generators rock!")?;
        call!(out.flush())
    })
}
