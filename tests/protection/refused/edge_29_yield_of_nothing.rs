#![feature(coroutines)]
use yieldix_syscalls::*;

fn main() {
    drop(task!({
        yield;
        Ok(())
    }));
}
