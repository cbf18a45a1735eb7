#![feature(coroutines, coroutine_trait)]
use yieldix_userland::{flow::*, prelude::*};

fn one() -> impl Generator<u32> {
    generator!({ yield 1 })
}

fn pipeline() -> impl Consumer<u32> {
    filter(|n| n % 2 == 0, one())
}

fn main() {}
