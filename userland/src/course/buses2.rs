//! The same with a stage more: pieces of text are put together before anybody sees them.
//!
//! A parser hands text on in pieces, and who takes events has to expect that. A stage in between takes
//! the trouble once for all that follow.

use super::allroutes::{USAGE, push};
use super::{bus::text_collector, buses::north_on_22};
use crate::{flow::*, prelude::*, xml};

pub(crate) const PROGRAM: Program =
    Program::new("buses2", Group::Course(Part::Events), "buses, with a stage that collects text", main).usage(USAGE);

fn main(args: Args) -> Task {
    task!({
        let out = Output::new();
        let collected = text_collector(north_on_22(out.clone()));
        call!(push(&PROGRAM, args, xml::parse(xml::Strict::piecewise(), collected), out))
    })
}
