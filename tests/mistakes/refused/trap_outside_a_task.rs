#![feature(coroutines, coroutine_trait)]
use yieldix_userland::{flow::*, prelude::*};

fn nap() -> Result<(), Errno> {
    trap!(yield sleep(Duration::from_secs(1)))
}

fn main() {}
