//! Parts 5 and 6: tasks, and what an operating system does.

use yieldix::userland::{prelude::*, println};

/// Runs all tasks at once and gives their statuses.
pub fn all(tasks: Vec<Task>) -> impl Routine<Result<Vec<ExitStatus>, Errno>> {
    routine!(move {
        let mut children = Vec::new();
        for task in tasks {
            children.push(trap!(yield spawn(task))?);
        }
        let mut statuses = Vec::new();
        for child in children {
            statuses.push(trap!(yield wait(child))?);
        }
        Ok(statuses)
    })
}

/// Greets who says a name within `patience`.
pub fn greet_in_time(patience: Duration) -> Task {
    task!({
        let mut lines = Lines::new(Fd::STDIN);
        match timeout!(patience, { call!(lines.read_line()) }) {
            Ok(line) => println!("hello, {}", line?.unwrap_or_default()),
            Err(Elapsed) => println!("too slow"),
        }
    })
}
