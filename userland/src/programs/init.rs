//! The first task: starts the program it is given, waits for it, and ends with its code.
//!
//! Tasks whose parent has ended become its children, so it reaps whatever ends meanwhile. Its own
//! end is the machine's.

use crate::{
    executable::{NOT_FOUND_CODE, NOT_STARTED_CODE, why_not_started},
    prelude::*,
};

pub(crate) const PROGRAM: Program =
    Program::new("init", Group::System, "starts a program and ends with it", main).usage("NAME [ARGUMENT...]");

fn parse(args: Args) -> Result<(String, Args), Misuse> {
    let mut words = Given::parse(args, &[], &[])?.operands.into_iter();
    let name = words.next().ok_or_else(|| Misuse::Wrong("no program given".to_owned()))?;
    Ok((name, words.collect()))
}

fn main(args: Args) -> Task {
    task!({
        let (name, args) = call!(or_usage(&PROGRAM, parse(args)))?;
        let request = ProgramRequest { name: name.as_str().into(), args, options: SpawnOptions::default() };
        let code = match trap!(yield spawn_program(request)) {
            Ok(program) => loop {
                let (child, status) = trap!(yield wait_any())?;
                if child == program {
                    break status.code();
                }
            },
            Err(Errno::ENOENT) => {
                eprintln!("init: {}: no such program", excerpt(&name))?;
                NOT_FOUND_CODE
            }
            Err(errno) => {
                eprintln!("init: {}: {}", excerpt(&name), why_not_started(errno))?;
                NOT_STARTED_CODE
            }
        };
        trap!(yield exit(code))
    })
}
