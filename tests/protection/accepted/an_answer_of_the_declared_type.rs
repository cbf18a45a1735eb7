#![feature(coroutines)]
use yieldix_syscalls::{calls::*, *};

fn main() {
    drop(task!({
        let tid: Tid = trap!(yield gettid())?;
        trap!(yield kill(tid, Signal::Kill))
    }));
}
