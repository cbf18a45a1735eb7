#![feature(coroutines, coroutine_trait)]
use std::ops::Coroutine;
use yieldix_syscalls::*;

fn generator() -> impl Coroutine<(), Yield = i32, Return = ()> {
    #[coroutine]
    static || {
        yield Trap::new(Syscall::YieldNow);
    }
}

fn main() {
    drop(generator());
}
