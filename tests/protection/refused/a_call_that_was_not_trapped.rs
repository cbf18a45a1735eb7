#![feature(coroutines)]
#![deny(unused_must_use)]
use yieldix_syscalls::{calls::*, *};

fn main() {
    drop(task!({
        yield_now();
        Ok(())
    }));
}
