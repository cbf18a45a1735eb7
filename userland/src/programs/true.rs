//! Does nothing, successfully.

use crate::prelude::*;

pub(crate) const PROGRAM: Program = Program::new("true", Group::Tools, "does nothing, successfully", main);

fn main(args: Args) -> Task {
    task!({
        // Whatever else it is given, it succeeds.
        if let Err(Misuse::Help) = Given::parse(args, &[], &[]) {
            call!(or_usage(&PROGRAM, Err::<(), _>(Misuse::Help)))?;
        }
        Ok(())
    })
}
