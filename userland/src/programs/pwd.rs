//! The working directory.

use crate::{
    args::{FAILED_CODE, or_usage_with},
    prelude::*,
};

pub(crate) const PROGRAM: Program =
    Program::new("pwd", Group::Tools, "prints the working directory", main).usage("[-LP]");

fn parse(args: Args) -> Result<Given, Misuse> {
    // Paths are resolved by their text, so the two are one.
    Given::parse(args, &["-L", "-P"], &[])?.without_operands()
}

fn main(args: Args) -> Task {
    task!({
        call!(or_usage_with(&PROGRAM, FAILED_CODE, parse(args)))?;
        println!("{}", trap!(yield getcwd())?)
    })
}
