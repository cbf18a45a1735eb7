//! Writes a file as the course's `allroutes.xml`, of any size: `busgen --bytes 30M > allroutes.xml`.
//!
//! The document is a generator, so that no more of it than a piece is ever in memory.

use super::allroutes::{SEED, SIZE, document};
use crate::{prelude::*, size::Size, write_all};

pub(crate) const PROGRAM: Program =
    Program::new("busgen", Group::Course(Part::Events), "writes a synthetic allroutes.xml", main)
        .usage("[--bytes N] [--seed N]");

fn parse(args: Args) -> Result<(u64, u64), Misuse> {
    let given = Given::parse(args, &[], &["--bytes", "--seed"])?.without_operands()?;
    let Size(size) = given.value("--bytes")?.unwrap_or(Size(SIZE));
    Ok((size, given.value("--seed")?.unwrap_or(SEED)))
}

fn main(args: Args) -> Task {
    task!({
        let (size, seed) = call!(or_usage(&PROGRAM, parse(args)))?;
        for piece in document(size, seed) {
            write_all!(Fd::STDOUT, piece)?;
        }
        Ok(())
    })
}
