//! A consumer that is closed: its `yield` gives `None` instead of an item, and what stands behind its
//! loop runs.
//!
//! It cannot go on after that: one that asks for another item is an error of `close`. And dropping is not
//! closing; a consumer that is only dropped does not say goodbye.

use crate::{flow::*, prelude::*};

pub(crate) const PROGRAM: Program =
    Program::new("grepclose", Group::Course(Part::Generators), "a consumer that hears it is closed", main);

fn grep(pattern: &'static str, out: Output) -> impl Consumer<&'static str> {
    consumer!(&'static str, {
        out.line(format_args!("Looking for {pattern}"));
        while let Some(line) = (yield)? {
            if line.contains(pattern) {
                out.line(line);
            }
        }
        out.line("Going away. Goodbye");
        Ok(())
    })
}

fn main(args: Args) -> Task {
    task!({
        call!(no_args(&PROGRAM, args))?;
        let out = Output::new();
        let mut grep = grep("python", out.clone());
        grep.send("a line about something else")?;
        grep.send("python generators rock!")?;
        grep.close()?;
        call!(out.flush())
    })
}
