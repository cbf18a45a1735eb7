#![feature(coroutines, coroutine_trait)]
use yieldix_userland::{flow::*, prelude::*};

fn one() -> impl Generator<u32> {
    generator!({ yield 1 })
}

fn start() -> Task {
    task!({ call!(one()) })
}

fn main() {}
