#![feature(coroutines, coroutine_trait)]
use yieldix_userland::flow::*;

fn counter() -> impl Consumer<u32> {
    consumer!(u32, {
        while (yield)?.is_some() {}
        Ok(())
    })
}

fn summer() -> impl Consumer<u32> {
    consumer!(u32, {
        while (yield)?.is_some() {}
        Ok(())
    })
}

fn both() -> impl Consumer<u32> {
    broadcast([counter(), summer()])
}

fn main() {}
