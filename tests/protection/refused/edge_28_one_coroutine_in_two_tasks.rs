#![feature(coroutines)]
use yieldix_syscalls::{calls::*, *};

fn twins(task: Task) -> Task {
    task!({
        trap!(yield spawn(task))?;
        trap!(yield spawn(task))?;
        Ok(())
    })
}

fn main() {
    drop(twins(task!({ Ok(()) })));
}
