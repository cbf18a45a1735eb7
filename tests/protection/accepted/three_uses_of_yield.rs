#![feature(coroutines, coroutine_trait)]
use std::ops::Coroutine;
use yieldix_syscalls::{calls::*, *};

fn generator() -> impl Coroutine<(), Yield = i32, Return = ()> {
    #[coroutine]
    || {
        for n in 0..3 {
            yield n;
        }
    }
}

fn consumer() -> impl Coroutine<i32, Yield = (), Return = ()> {
    #[coroutine]
    |mut item: i32| {
        while item > 0 {
            item = yield;
        }
    }
}

fn routine() -> impl Routine<Result<(), Errno>> {
    routine!(move { trap!(yield yield_now()) })
}

fn main() {
    drop((generator(), consumer(), routine()));
    drop(task!({
        trap!(yield subroutine(routine()))?;
        call!(routine())
    }));
}
