#![feature(coroutines, coroutine_trait)]
use yieldix_userland::prelude::*;

fn greet() -> Task {
    task!({ println!("hello") })
}

fn main() {}
