//! Programs that a tool runs for its work: one at a time, each waited for.

use crate::{
    executable::{search_path, start},
    prelude::*,
};

/// Runs what the first word names, a program or a script found by `PATH`, with the others as its arguments, and waits
/// for its end: its standard streams are the tool's. Without a word, none is found.
///
/// Errors: those of [`start`]; `ENOENT` when there is no such program.
pub fn run(words: Vec<String>) -> impl Routine<Result<ExitStatus, Errno>> {
    routine!(move {
        let mut words = words.into_iter();
        let name = words.next().ok_or(Errno::ENOENT)?;
        let path = call!(search_path());
        let child = call!(start(&name, words.collect(), SpawnOptions::default(), &path))?;
        trap!(yield wait(child))
    })
}
