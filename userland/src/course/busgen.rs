//! Writes a file as the course's `allroutes.xml`, of any size: `busgen --bytes 30M > allroutes.xml`.
//!
//! The document is a generator, so that no more of it than a piece is ever in memory.

use super::allroutes::{SEED, SIZE, made_up};
use crate::{prelude::*, size::Size, write_all};

pub(crate) const PROGRAM: Program =
    Program::new("busgen", Group::Course(Part::Events), "writes a synthetic allroutes.xml", main)
        .usage("[--bytes N] [--seed N] [FILE]");

struct Wanted {
    size: u64,
    seed: u64,
    path: Option<String>,
}

fn parse(args: Args) -> Result<Wanted, Misuse> {
    let given = Given::parse(args, &[], &["--bytes", "--seed"])?;
    let Size(size) = given.value("--bytes")?.unwrap_or(Size(SIZE));
    let seed = given.value("--seed")?.unwrap_or(SEED);
    Ok(Wanted { size, seed, path: given.at_most_one("file")? })
}

fn main(args: Args) -> Task {
    task!({
        let Wanted { size, seed, path } = call!(or_usage(&PROGRAM, parse(args)))?;
        let into = match path {
            None => Fd::STDOUT,
            Some(path) => {
                let flags = OpenFlags::WRITE | OpenFlags::CREATE | OpenFlags::TRUNCATE;
                let opened = trap!(yield open(path.as_str(), flags));
                call!(or_complain(&PROGRAM, &path, opened))?
            }
        };
        for piece in made_up(size, seed) {
            write_all!(into, piece)?;
        }
        Ok(())
    })
}
