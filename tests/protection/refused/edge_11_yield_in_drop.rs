#![feature(coroutines)]
use yieldix_syscalls::*;

struct Stubborn;

impl Drop for Stubborn {
    fn drop(&mut self) {
        yield Trap::new(Syscall::YieldNow);
    }
}

fn main() {
    drop(Stubborn);
}
