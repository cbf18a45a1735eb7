#![feature(coroutines)]
use yieldix_syscalls::{calls::*, *};

fn main() {
    drop(task!({
        let fd: Fd = trap!(yield gettid())?;
        trap!(yield close(fd))
    }));
}
