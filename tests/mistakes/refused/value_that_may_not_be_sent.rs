#![feature(coroutines, coroutine_trait)]
use yieldix_userland::{flow::*, prelude::*};

fn shares() -> impl Generator<u32> {
    generator!({
        let shared = std::rc::Rc::new(1);
        yield *shared;
        drop(shared);
    })
}

fn main() {}
