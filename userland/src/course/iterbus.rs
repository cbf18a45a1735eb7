//! The same question, pulled: the task asks for the next bus, and what is in between is plain code.
//!
//! No stage is called back, no filter is a stage of its own; an `if` does. The columns begin with the id,
//! as the course has them here.

use super::allroutes::{USAGE, asked_for};
use super::bus::next_bus;
use crate::{flow, prelude::*, xml};

pub(crate) const PROGRAM: Program =
    Program::new("iterbus", Group::Course(Part::Events), "buses, by a loop that pulls", main).usage(USAGE);

const COLUMNS: &[&str] = &["id", "route", "direction", "latitude", "longitude"];

fn main(args: Args) -> Task {
    task!({
        let document = call!(asked_for(&PROGRAM, args))?;
        let result = call!(north_on_22(xml::events(xml::Strict::coalescing(), document)));
        call!(told(&PROGRAM, result))
    })
}

fn north_on_22(mut events: impl flow::Source<xml::Event>) -> impl Routine<Result<(), flow::Error>> {
    routine!(move -> Result<(), flow::Error> {
        while let Some(bus) = call!(next_bus(&mut events))? {
            if bus.is("route", "22") && bus.is("direction", "North Bound") {
                println!("{}", bus.row(COLUMNS)?)?;
            }
        }
        Ok(())
    })
}
