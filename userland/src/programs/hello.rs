//! The smallest program that says something.

use crate::prelude::*;

pub(crate) const PROGRAM: Program =
    Program::new("hello", Group::Tools, "greets the world, or whoever is named", main).usage("[NAME]");

fn parse(args: Args) -> Result<String, Misuse> {
    match <[String; 1]>::try_from(Given::parse(args, &[], &[])?.operands) {
        Ok([name]) => Ok(name),
        Err(names) if names.is_empty() => Ok("world".to_owned()),
        Err(_) => Err(Misuse::Wrong("more than one name".to_owned())),
    }
}

fn main(args: Args) -> Task {
    task!({
        let name = call!(or_usage(&PROGRAM, parse(args)))?;
        println!("Hello, {name}!")
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
