#![feature(coroutines)]
use yieldix_syscalls::*;

fn main() {
    drop(task!({
        yield 42;
        Ok(())
    }));
}
