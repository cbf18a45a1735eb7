#![feature(coroutines, coroutine_trait)]
use std::ops::Coroutine;
use yieldix_syscalls::{calls::*, *};

fn consumer() -> impl Coroutine<i32, Yield = ()> {
    routine!(move { trap!(yield yield_now()) })
}

fn main() {
    drop(consumer());
}
