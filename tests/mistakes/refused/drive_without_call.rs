#![feature(coroutines, coroutine_trait)]
use yieldix_userland::{flow::*, prelude::*};

#[deny(unused_must_use)]
fn run() -> Task {
    task!({
        let out = Output::new();
        let (sink, _) = collect::<u32>();
        drive(1..3, sink, &out);
        Ok(())
    })
}

fn main() {}
