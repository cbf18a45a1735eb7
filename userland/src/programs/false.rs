//! Does nothing, unsuccessfully.

use crate::prelude::*;

pub(crate) const PROGRAM: Program = Program::new("false", Group::Tools, "does nothing, unsuccessfully", main);

fn main(args: Args) -> Task {
    task!({
        // Whatever else it is given, it fails.
        if let Err(Misuse::Help) = Given::parse(args, &[], &[]) {
            call!(or_usage(&PROGRAM, Err::<(), _>(Misuse::Help)))?;
        }
        trap!(yield exit(1))
    })
}
