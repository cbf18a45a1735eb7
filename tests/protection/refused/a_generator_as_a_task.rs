#![feature(coroutines)]
use yieldix_syscalls::*;

fn main() {
    drop(Task::new(
        #[coroutine]
        static |_: Reply| -> Result<(), Errno> {
            for n in 0..3 {
                yield n;
            }
            Ok(())
        },
    ));
}
