#![feature(coroutines, coroutine_trait)]
use yieldix_userland::{flow::*, prelude::*};

fn count() -> Task {
    task!({
        yield 42;
        Ok(())
    })
}

fn main() {}
