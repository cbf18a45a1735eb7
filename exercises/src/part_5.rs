//! Parts 5 and 6: tasks, and what an operating system does.

use yieldix::userland::prelude::*;

/// Runs all tasks at once, waits until each has ended, and gives their statuses, in the order of the tasks.
pub fn all(tasks: Vec<Task>) -> impl Routine<Result<Vec<ExitStatus>, Errno>> {
    routine!(move { Ok(Vec::new()) })
}

/// Reads a line from standard input and prints `hello, LINE`; if none has come within `patience`, it prints
/// `too slow` and ends well.
///
/// `timeout!(patience, { … })` gives a result within a result: the outer one says whether it was in time.
pub fn greet_in_time(patience: Duration) -> Task {
    task!({ Ok(()) })
}
