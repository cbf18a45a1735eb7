//! One source, three branches: each line goes to all of them, and in each as far as its end, before the
//! next line comes.

use super::{cofollow::printer, copipe::grep, log::log};
use crate::{flow::*, prelude::*};

pub(crate) const PROGRAM: Program = Program::new(
    "cobroadcast",
    Group::Course(Part::Dataflow),
    "one source into three filters, each with its sink",
    main,
)
.usage("[FILE]");

fn main(args: Args) -> Task {
    task!({
        let log = call!(log(&PROGRAM, args))?;
        let out = Output::new();
        let branches = ["python", "ply", "swig"].map(|pattern| grep(pattern, printer(out.clone())));
        let result = call!(drive(log, broadcast(branches), &out));
        call!(told(&PROGRAM, result))
    })
}
