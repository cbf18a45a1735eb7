//! Events by callback: a handler with a function for each kind.
//!
//! The handler is called in the middle of the parser's work and has to go back at once, so whatever it
//! wants to remember from one call to the next it must put away by hand.

use super::allroutes::{USAGE, push};
use crate::{flow::*, prelude::*, xml};

pub(crate) const PROGRAM: Program =
    Program::new("basicsax", Group::Course(Part::Events), "prints XML events from callbacks", main).usage(USAGE);

/// How much of a text is shown, in characters.
const SHOWN: usize = 40;

struct Handler {
    out: Output,
}

impl Handler {
    fn start_element(&self, name: &str) {
        self.out.line(format_args!("startElement {name}"));
    }

    fn characters(&self, text: &str) {
        let shown: String = format!("{text:?}").chars().take(SHOWN).collect();
        self.out.line(format_args!("characters {shown}"));
    }

    fn end_element(&self, name: &str) {
        self.out.line(format_args!("endElement {name}"));
    }

    fn call_back(&self, event: xml::Event) {
        match event {
            xml::Event::Start { name, .. } => self.start_element(&name),
            xml::Event::Text(text) => self.characters(&text),
            xml::Event::End { name } => self.end_element(&name),
        }
    }
}

fn main(args: Args) -> Task {
    task!({
        let out = Output::new();
        let handler = Handler { out: out.clone() };
        let callbacks = consumer!(xml::Event, {
            while let Some(event) = (yield)? {
                handler.call_back(event);
            }
            Ok(())
        });
        call!(push(&PROGRAM, args, xml::parse(xml::Strict::piecewise(), callbacks), out))
    })
}
