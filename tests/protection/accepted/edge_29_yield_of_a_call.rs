#![feature(coroutines)]
use yieldix_syscalls::*;

fn main() {
    drop(task!({
        let _: Reply = yield Syscall::GetTid.into();
        Ok(())
    }));
}
