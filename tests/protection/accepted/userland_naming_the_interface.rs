use yieldix_syscalls as _;
use yieldix_userland as _;

fn main() {}
