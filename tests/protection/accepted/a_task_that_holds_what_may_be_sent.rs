#![feature(coroutines)]
use std::sync::Arc;
use yieldix_syscalls::{calls::*, *};

fn main() {
    drop(task!({
        let shared = Arc::new(1);
        trap!(yield yield_now())?;
        drop(shared);
        Ok(())
    }));
}
