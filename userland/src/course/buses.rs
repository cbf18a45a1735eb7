//! A pipeline over events: of all buses, where are those of route 22 that drive north?
//!
//! Five stages, each of which knows nothing of the others; none holds more than a bus, so that the
//! document may be of any length.

use super::allroutes::{USAGE, push};
use super::bus::{Bus, bus_locations, buses_to_dicts};
use crate::{flow::*, prelude::*, xml};

pub(crate) const PROGRAM: Program =
    Program::new("buses", Group::Course(Part::Events), "where the buses of route 22 are that drive north", main)
        .usage(USAGE);

/// The stages behind the parser; its cousins have them too.
pub fn north_on_22(out: Output) -> impl Consumer<xml::Event> {
    buses_to_dicts(buses_north_on_22(out))
}

/// Those of them that know of buses only.
pub fn buses_north_on_22(out: Output) -> impl Consumer<Bus> {
    let north = filter(|bus: &Bus| bus.is("direction", "North Bound"), bus_locations(out));
    filter(|bus: &Bus| bus.is("route", "22"), north)
}

fn main(args: Args) -> Task {
    task!({
        let out = Output::new();
        let parser = xml::parse(xml::Strict::piecewise(), north_on_22(out.clone()));
        call!(push(&PROGRAM, args, parser, out))
    })
}
