use yieldix_syscalls::{calls::*, *};

fn main() {
    let _ = spawn(Task::new(|_: Reply| -> Result<(), Errno> { Ok(()) }));
}
