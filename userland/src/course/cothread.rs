//! The same stages on a helper thread: the task reads and puts what it has read into a queue, the
//! helper parses. Neither the parser nor any stage behind it was changed for that.

use super::allroutes::{USAGE, push};
use super::buses::north_on_22;
use crate::{flow::*, prelude::*, xml};

pub(crate) const PROGRAM: Program =
    Program::new("cothread", Group::Course(Part::Events), "buses, its stages on a helper thread", main).usage(USAGE);

fn main(args: Args) -> Task {
    task!({
        let out = Output::new();
        let parser = xml::parse(xml::Strict::piecewise(), north_on_22(out.clone()));
        call!(push(&PROGRAM, args, threaded(parser), out))
    })
}
