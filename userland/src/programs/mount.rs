//! What is mounted where.

use crate::prelude::*;

pub(crate) const PROGRAM: Program =
    Program::new("mount", Group::System, "lists what is mounted: the place, the file system, ro or rw", main);

fn main(args: Args) -> Task {
    task!({
        call!(no_args(&PROGRAM, args))?;
        let mounts = call!(or_complain(&PROGRAM, MOUNTS, call!(read_text(MOUNTS))))?;
        print!("{mounts}")
    })
}

const MOUNTS: &str = "/proc/mounts";
