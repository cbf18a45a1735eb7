#![feature(coroutines, coroutine_trait)]
use std::ops::Coroutine;
use yieldix_syscalls::{calls::*, *};

fn generator() -> impl Coroutine<Reply, Yield = i32, Return = Result<(), Errno>> + Send {
    #[coroutine]
    static |_: Reply| {
        yield 1;
        Ok(())
    }
}

fn main() {
    drop(task!({ trap!(yield subroutine(generator())) }));
}
