//! The other half of `yieldix run coprocess | yieldix run busproc`: buses come as bytes on standard input,
//! from whoever sends them, and go into the stages that they would have gone into there.

use super::bus::Bus;
use super::buses::buses_north_on_22;
use crate::{flow::*, prelude::*};

pub(crate) const PROGRAM: Program =
    Program::new("busproc", Group::Course(Part::Concurrency), "where the buses are that coprocess sends", main);

fn main(args: Args) -> Task {
    task!({
        call!(or_usage(&PROGRAM, Given::parse(args, &[], &[]).and_then(Given::without_operands)))?;
        let out = Output::new();
        let result = call!(drive(recvfrom::<Bus>(Fd::STDIN), buses_north_on_22(out.clone()), &out));
        call!(told(&PROGRAM, result))
    })
}
