#![feature(coroutines, coroutine_trait)]
use yieldix_userland::{flow::*, prelude::*};

fn doubled() -> impl Consumer<u32> {
    consumer!(u32, {
        while let Some(n) = (yield)? {
            yield n * 2;
        }
        Ok(())
    })
}

fn main() {}
