//! Events into a coroutine: the same ones, sent to whoever takes them.
//!
//! The parser knows one thing of its target, that it takes events. What a handler would put away between
//! two callbacks, a coroutine has in its variables and in the place where it stands.

use super::allroutes::{USAGE, push};
use crate::{flow::*, prelude::*, xml};
use alloc::collections::BTreeMap;

pub(crate) const PROGRAM: Program =
    Program::new("cosax", Group::Course(Part::Events), "prints XML events that a coroutine takes", main).usage(USAGE);

fn printer(out: Output) -> impl Consumer<xml::Event> {
    consumer!(xml::Event, {
        while let Some(event) = (yield)? {
            match event {
                xml::Event::Start { name, attributes } => {
                    let attributes: BTreeMap<_, _> = attributes.into_iter().collect();
                    out.line(format_args!("('start', ('{name}', {attributes:?}))"));
                }
                xml::Event::Text(text) => out.line(format_args!("('text', {text:?})")),
                xml::Event::End { name } => out.line(format_args!("('end', '{name}')")),
            }
        }
        Ok(())
    })
}

fn main(args: Args) -> Task {
    task!({
        let out = Output::new();
        let parser = xml::parse(xml::Strict::piecewise(), printer(out.clone()));
        call!(push(&PROGRAM, args, parser, out))
    })
}
