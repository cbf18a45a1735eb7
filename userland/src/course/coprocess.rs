//! The same stages in two processes, `yieldix run coprocess | yieldix run busproc`: this one parses, and
//! sends each bus to its standard output, as bytes. What stands behind a stage is nothing to it.

use super::allroutes::{USAGE, push};
use super::bus::buses_to_dicts;
use crate::{flow::*, prelude::*, xml};

pub(crate) const PROGRAM: Program =
    Program::new("coprocess", Group::Course(Part::Concurrency), "buses, as bytes for busproc in another process", main)
        .usage(USAGE);

fn main(args: Args) -> Task {
    task!({
        let out = Output::new();
        let parser = xml::parse(xml::Strict::piecewise(), buses_to_dicts(sendto(out.clone())));
        call!(push(&PROGRAM, args, parser, out))
    })
}
