//! A source of lines that never ends: what others append to a file, as `tail -F` shows it.
//!
//! Where there is nothing to read it waits until the kernel tells of a change, and takes no time.

use super::log::log;
use crate::{flow::*, prelude::*};

pub(crate) const PROGRAM: Program =
    Program::new("follow", Group::Course(Part::Generators), "prints the lines that are appended to a file", main)
        .usage("[FILE]");

fn main(args: Args) -> Task {
    task!({
        let mut lines = call!(log(&PROGRAM, args))?;
        loop {
            match call!(lines.pull()) {
                Ok(Some(line)) => println!("{line}")?,
                end => return call!(told(&PROGRAM, end.map(drop))),
            }
        }
    })
}
