#![feature(coroutines, coroutine_trait)]
use yieldix_userland::{flow::*, prelude::*};

fn sink() -> impl Consumer<u32> {
    consumer!(u32, {
        while let Some(_) = (yield)? {}
        Ok(())
    })
}

fn pull() {
    for _ in sink() {}
}

fn main() {}
