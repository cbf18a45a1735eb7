//! Tells by its exit code whether a condition holds: `test`, and `[` with its `]`.

use crate::{
    args::USAGE_CODE,
    condition::{Condition, Malformed, holds},
    prelude::*,
};

const ABOUT: &str = "exits with 0 when a condition holds (-e FILE, A = B, 1 -lt 2, !, -a, -o, …), else with 1";

pub(crate) const PROGRAM: Program = Program::new("test", Group::Tools, ABOUT, test).usage("[CONDITION]");

pub(crate) const BRACKET: Program =
    Program::new("[", Group::Tools, "test, with a ] at the end", bracket).usage("[CONDITION] ]");

fn test(args: Args) -> Task {
    let condition = Condition::parse(&args);
    judge(&PROGRAM, args, condition)
}

fn bracket(args: Args) -> Task {
    let condition = Condition::parse_bracketed(&args);
    judge(&BRACKET, args, condition)
}

fn judge(program: &'static Program, args: Args, condition: Result<Condition, Malformed>) -> Task {
    task!({
        if args == ["--help"] {
            call!(or_usage(program, Err::<(), _>(Misuse::Help)))?;
        }
        let condition = match condition {
            Ok(condition) => condition,
            Err(malformed) => {
                eprintln!("{}: {malformed}", program.name)?;
                return trap!(yield exit(USAGE_CODE));
            }
        };
        let code = if call!(holds(condition))? { 0 } else { 1 };
        trap!(yield exit(code))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fake_kernel::{End, run, words};

    #[test]
    fn the_code_is_the_answer() {
        assert_eq!(run(test(words("1 -lt 2"))).end, End::Exited(0));
        assert_eq!(run(test(words("2 -lt 1"))).end, End::Exited(1));
        assert_eq!(run(test(words(""))).end, End::Exited(1));
        assert_eq!(run(bracket(words("a = a ]"))).end, End::Exited(0));
    }

    #[test]
    fn what_is_no_condition_is_an_error_with_a_code_of_its_own() {
        let without_bracket = run(bracket(words("a = a")));
        assert_eq!((without_bracket.errors.as_str(), without_bracket.end), ("[: missing ]\n", End::Exited(2)));
        let no_number = run(test(words("a -lt 1")));
        assert_eq!((no_number.errors.as_str(), no_number.end), ("test: \"a\": not an integer\n", End::Exited(2)));
    }
}
