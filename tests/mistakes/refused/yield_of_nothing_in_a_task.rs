#![feature(coroutines, coroutine_trait)]
use yieldix_userland::{flow::*, prelude::*};

fn idle() -> Task {
    task!({
        yield;
        Ok(())
    })
}

fn main() {}
