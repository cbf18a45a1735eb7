//! Prints its arguments.

use crate::prelude::*;

pub(crate) const PROGRAM: Program =
    Program::new("echo", Group::Tools, "prints its arguments; with -n, no newline after them", main)
        .usage("[-n] [WORD...]");

fn main(args: Args) -> Task {
    task!({
        // As everywhere, what follows the first word is text, whatever it looks like.
        if args == ["--help"] {
            call!(or_usage(&PROGRAM, Err::<(), _>(Misuse::Help)))?;
        }
        match args.split_first() {
            Some((flag, words)) if flag == "-n" => print!("{}", words.join(" ")),
            _ => println!("{}", args.join(" ")),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fake_kernel::run;

    fn echo(line: &str) -> String {
        run(main(line.split_whitespace().map(ToOwned::to_owned).collect())).output
    }

    #[test]
    fn words_are_printed_with_one_blank_between() {
        assert_eq!(echo(""), "\n");
        assert_eq!(echo("one two"), "one two\n");
        assert_eq!(echo("-n one two"), "one two");
    }

    #[test]
    fn what_looks_like_an_option_is_text() {
        assert_eq!(echo("-x -n"), "-x -n\n");
        assert_eq!(echo("try --help"), "try --help\n");
    }
}
