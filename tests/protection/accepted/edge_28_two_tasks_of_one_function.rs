#![feature(coroutines)]
use yieldix_syscalls::{calls::*, *};

fn twins(make: fn() -> Task) -> Task {
    task!({
        trap!(yield spawn(make()))?;
        trap!(yield spawn(make()))?;
        Ok(())
    })
}

fn main() {
    drop(twins(|| task!({ Ok(()) })));
}
