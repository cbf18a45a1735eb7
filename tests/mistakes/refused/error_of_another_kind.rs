#![feature(coroutines, coroutine_trait)]
use yieldix_userland::{flow::*, prelude::*};

fn numbers(mut target: impl Consumer<i64>) -> impl Consumer<String> {
    consumer!(String, {
        while let Some(line) = (yield)? {
            target.send(line.parse::<i64>()?)?;
        }
        target.close()
    })
}

fn main() {}
