#![feature(coroutines, coroutine_trait)]
use yieldix_userland::{flow::*, prelude::*};

fn nap() -> Task {
    task!({ trap!(sleep(Duration::from_secs(1))) })
}

fn main() {}
