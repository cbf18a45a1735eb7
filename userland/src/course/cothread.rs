//! The same stages on a helper thread: the task reads and puts what it has read into a queue, the
//! helper parses. Neither the parser nor any stage behind it was changed for that. What each costs
//! shows `yieldix --log yieldix::flow run cothread`.

use super::allroutes::{USAGE, push};
use super::buses::north_on_22;
use crate::{flow::*, prelude::*, xml};

pub(crate) const PROGRAM: Program =
    Program::new("cothread", Group::Course(Part::Concurrency), "buses, its stages on a helper thread", main)
        .usage(USAGE);

fn main(args: Args) -> Task {
    task!({
        let out = Output::new();
        let (parses, finds) = (trap!(yield probe("parser"))?, trap!(yield probe("buses"))?);
        let buses = counted(&parses, probed(&finds, north_on_22(out.clone())));
        let parser = probed(&parses, xml::parse(xml::Strict::piecewise(), buses));
        call!(push(&PROGRAM, args, threaded(parser), out))
    })
}
