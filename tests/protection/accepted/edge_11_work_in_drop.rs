use yieldix_syscalls::*;

struct Willing;

impl Drop for Willing {
    fn drop(&mut self) {
        drop(Trap::new(Syscall::YieldNow));
    }
}

fn main() {
    drop(Willing);
}
