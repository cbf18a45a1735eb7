#![feature(coroutines)]
use yieldix_syscalls::*;

fn main() {
    drop(Task::new(
        #[coroutine]
        static |_: i32| -> Result<(), Errno> {
            loop {
                let _: i32 = yield;
            }
        },
    ));
}
