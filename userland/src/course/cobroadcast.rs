//! One source, three branches: each line goes to all of them, and in each as far as its end, before the
//! next line comes.

use super::{cofollow::printer, copipe::grep, sample};
use crate::{flow::*, prelude::*};

pub(crate) const PROGRAM: Program = Program::new(
    "cobroadcast",
    Group::Course(Part::Dataflow),
    "one source into three filters, each with its sink",
    main,
);

fn main(args: Args) -> Task {
    task!({
        call!(no_args(&PROGRAM, args))?;
        let out = Output::new();
        let branches = ["python", "ply", "swig"].map(|pattern| grep(pattern, printer(out.clone())));
        Ok(call!(drive(sample::lines(), broadcast(branches), &out))?)
    })
}
