use yieldix_kernel as _;
use yieldix_userland as _;

fn main() {}
