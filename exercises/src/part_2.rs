//! Part 2: coroutines, pipelines and dataflow.

use yieldix::userland::{flow::*, prelude::*};

/// Passes on what differs from the item before: of 1, 1, 2, 1 it passes on 1, 2, 1. Its target is closed
/// when it is.
pub fn changes(mut target: impl Consumer<u32>) -> impl Consumer<u32> {
    consumer!(u32, {
        while (yield)?.is_some() {}
        Ok(())
    })
}

/// Sends each line to a branch for each pattern; a branch counts the lines that contain its pattern. When all
/// is closed, each branch sends `pattern: count` into the one `target`, in the order of the patterns.
///
/// `broadcast` and `shared` are what it takes, and a stage that counts.
pub fn tally(patterns: Vec<&'static str>, target: impl Consumer<String>) -> impl Consumer<String> {
    consumer!(String, {
        while (yield)?.is_some() {}
        Ok(())
    })
}

/// Reads lines from standard input, leaves out those that are no number, and prints the sum so far after each
/// number: a source, two stages or more, a sink, and `drive`.
pub fn running_sum() -> Task {
    task!({ Ok(()) })
}
