#![feature(coroutines, coroutine_trait)]
use yieldix_userland::{flow::*, prelude::*};

fn slow() -> impl Generator<u32> {
    generator!({
        for n in 0..3 {
            trap!(yield sleep(Duration::from_secs(1)));
            yield n;
        }
    })
}

fn main() {}
