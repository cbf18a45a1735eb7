#![feature(coroutines, coroutine_trait)]
use yieldix_userland::{flow::*, prelude::*};

fn one() -> impl Generator<u32> {
    generator!({ yield 1 })
}

fn send() {
    one().send(3).unwrap();
}

fn main() {}
