#![feature(coroutines, coroutine_trait)]
use yieldix_userland::{flow::*, prelude::*};

fn one() -> impl Generator<u32> {
    generator!(u32, { yield 1 })
}

fn main() {}
