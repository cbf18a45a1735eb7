//! The smallest program that says something.

use crate::prelude::*;

pub(crate) const PROGRAM: Program =
    Program::new("hello", Group::Tools, "greets the world, or whoever is named", main).usage("[NAME]");

fn main(args: Args) -> Task {
    task!({
        let name = call!(or_usage(&PROGRAM, at_most_one(args, "name")))?;
        println!("Hello, {}!", name.as_deref().unwrap_or("world"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fake_kernel::run;

    #[test]
    fn the_world_is_greeted_unless_another_is_named() {
        assert_eq!(run(main(vec![])).output, "Hello, world!\n");
        assert_eq!(run(main(vec!["Dave".to_owned()])).output, "Hello, Dave!\n");
    }
}
