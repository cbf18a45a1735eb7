//! Which words are programs.

use crate::prelude::*;

pub(crate) const PROGRAM: Program =
    Program::new("which", Group::Tools, "prints those of the names that are programs", main).usage("NAME...");

fn parse(args: Args) -> Result<Vec<String>, Misuse> {
    Ok(Given::parse(args, &[], &[])?.operands)
}

fn main(args: Args) -> Task {
    task!({
        let names = call!(or_usage(&PROGRAM, parse(args)))?;
        let mut code = if names.is_empty() { 1 } else { 0 };
        for name in names {
            if crate::PROGRAMS.iter().any(|program| program.name == name) {
                println!("{name}")?;
            } else {
                code = 1;
            }
        }
        trap!(yield exit(code))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fake_kernel::{End, run, words};

    #[test]
    fn programs_are_printed_and_one_that_is_none_is_the_code() {
        let both = run(main(words("echo which")));
        assert_eq!((both.output.as_str(), both.end), ("echo\nwhich\n", End::Exited(0)));
        let one = run(main(words("echo nonesuch")));
        assert_eq!((one.output.as_str(), one.end), ("echo\n", End::Exited(1)));
        assert_eq!(run(main(words(""))).end, End::Exited(1));
    }
}
