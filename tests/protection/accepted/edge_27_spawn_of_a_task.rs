#![feature(coroutines)]
use yieldix_syscalls::{calls::*, *};

fn main() {
    let _ = spawn(Task::new(#[coroutine] static move |_: Reply| -> Result<(), Errno> { trap!(yield yield_now()) }));
}
