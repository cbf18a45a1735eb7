#![feature(coroutines, coroutine_trait)]
use yieldix_userland::{flow::*, prelude::*};

fn patient() -> impl Consumer<u32> {
    consumer!(u32, {
        while let Some(_) = (yield)? {
            trap!(yield sleep(Duration::from_secs(1)))?;
        }
        Ok(())
    })
}

fn main() {}
