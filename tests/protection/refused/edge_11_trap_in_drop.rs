#![feature(coroutines)]
use yieldix_syscalls::{calls::*, *};

struct Stubborn;

impl Drop for Stubborn {
    fn drop(&mut self) {
        let _ = trap!(yield yield_now());
    }
}

fn main() {
    drop(Stubborn);
}
