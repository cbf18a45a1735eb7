#![feature(coroutines, coroutine_trait)]
use yieldix_userland::{flow::*, prelude::*};

fn printer(out: Output) -> impl Consumer<String> {
    consumer!(String, {
        while let Some(line) = (yield) {
            out.line(line);
        }
        Ok(())
    })
}

fn main() {}
