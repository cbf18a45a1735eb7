use yieldix_userland::{flow::*, prelude::*};

fn one() -> impl Generator<u32> {
    generator!({ yield 1 })
}

fn main() {}
