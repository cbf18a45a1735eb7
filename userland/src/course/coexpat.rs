//! The same stages behind a parser that collects text itself: of two parsers that send the same events
//! the stages do not know which it is.

use super::allroutes::{USAGE, push};
use super::buses::north_on_22;
use crate::{flow::*, prelude::*, xml};

pub(crate) const PROGRAM: Program =
    Program::new("coexpat", Group::Course(Part::Events), "buses, by a parser that collects text", main).usage(USAGE);

fn main(args: Args) -> Task {
    task!({
        let out = Output::new();
        let parser = xml::parse(xml::Strict::coalescing(), north_on_22(out.clone()));
        call!(push(&PROGRAM, args, parser, out))
    })
}
