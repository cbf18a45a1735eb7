#![feature(coroutines)]
use yieldix_syscalls::{calls::*, *};

fn main() {
    drop(task!({ trap!(yield close(3)) }));
}
