//! Prints its arguments.
//!
//! As X/Open has it, and with it Debian's `sh`: a backslash begins an escape, and `-n` is the only option.

use crate::{bytes, prelude::*};

pub(crate) const PROGRAM: Program = Program::new(
    "echo",
    Group::Tools,
    "prints its arguments; with -n, no newline after them. \\n, \\t, \\0NNN and their kin are escapes, \\c ends all",
    main,
)
.usage("[-n] [WORD...]");

fn main(args: Args) -> Task {
    task!({
        // As everywhere, what follows the first word is text, whatever it looks like.
        if args == ["--help"] {
            call!(or_usage(&PROGRAM, Err::<(), _>(Misuse::Help)))?;
        }
        let mut tool = Tool::new(&PROGRAM);
        let (words, end) = match args.split_first() {
            Some((flag, words)) if flag == "-n" => (words, ""),
            _ => (args.as_slice(), "\n"),
        };
        if bytes::expand(words.join(" ").as_bytes(), &mut tool.out).is_continue() {
            tool.out.extend_from_slice(end.as_bytes());
        }
        call!(tool.finish())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fake_kernel::{run, words};

    fn echo(line: &str) -> String {
        run(main(words(line))).output
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

    #[test]
    fn a_backslash_begins_an_escape() {
        assert_eq!(echo("a\\tb\\0101\\\\ \\q \\"), "a\tbA\\ \\q \\\n");
        assert_eq!(echo("one\\c two"), "one");
    }
}
