//! Programs that a tool runs for its work: one at a time, each waited for.

use crate::prelude::*;

/// Runs the program that the first word names, with the others as its arguments, and waits for its end: its standard
/// streams are the tool's. Without a word, none is found.
///
/// Errors: those of [`spawn_program`]; `ENOENT` when there is no such program.
pub fn run(words: Vec<String>) -> impl Routine<Result<ExitStatus, Errno>> {
    routine!(move {
        let mut words = words.into_iter();
        let name = words.next().ok_or(Errno::ENOENT)?;
        let request = ProgramRequest { name: name.as_str().into(), args: words.collect(), options: SpawnOptions::default() };
        let child = trap!(yield spawn_program(request))?;
        trap!(yield wait(child))
    })
}
