//! The same stages behind the fastest parser: the course moved it into an extension in C, here it is a
//! scanner that looks for `<` and copies next to nothing.
//!
//! It pays with care: see [`Scanner`](crate::xml::Scanner) for what it does not check.

use super::allroutes::{USAGE, push};
use super::buses::north_on_22;
use crate::{flow::*, prelude::*, xml};

pub(crate) const PROGRAM: Program =
    Program::new("cxml", Group::Course(Part::Events), "buses, by a scanner that is fast and trusting", main)
        .usage(USAGE);

fn main(args: Args) -> Task {
    task!({
        let out = Output::new();
        let parser = xml::parse(xml::Scanner::new(), north_on_22(out.clone()));
        call!(push(&PROGRAM, args, parser, out))
    })
}
