use yieldix_syscalls::Kernel;

fn main() {}
