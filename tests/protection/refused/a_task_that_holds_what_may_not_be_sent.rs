#![feature(coroutines)]
use std::rc::Rc;
use yieldix_syscalls::{calls::*, *};

fn main() {
    drop(task!({
        let shared = Rc::new(1);
        trap!(yield yield_now())?;
        drop(shared);
        Ok(())
    }));
}
