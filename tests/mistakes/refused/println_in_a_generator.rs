#![feature(coroutines, coroutine_trait)]
use yieldix_userland::{flow::*, prelude::*, println};

fn noisy() -> impl Generator<u32> {
    generator!({
        for n in 0..3 {
            println!("{n}");
            yield n;
        }
    })
}

fn main() {}
