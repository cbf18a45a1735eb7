use yieldix_syscalls::{calls::*, *};

fn main() {
    let _ = spawn(Task::new(42));
}
