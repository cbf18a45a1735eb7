#![feature(coroutines, coroutine_trait)]
use yieldix_userland::{flow::*, prelude::*};

fn sink() -> impl Consumer<u32> {
    consumer!(u32, {
        while let Some(_) = (yield)? {}
        Ok(())
    })
}

fn run() -> Task {
    task!({
        let out = Output::new();
        Ok(call!(drive(Lines::new(Fd::STDIN), sink(), &out))?)
    })
}

fn main() {}
