#![feature(coroutines, coroutine_trait)]
use yieldix_userland::{flow::*, prelude::*};

fn idle() -> Task {
    task!({ Ok(()) })
}

fn pipeline() -> impl Consumer<u32> {
    filter(|n| n % 2 == 0, idle())
}

fn main() {}
