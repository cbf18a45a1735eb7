//! The words after a program's name: flags, options with a value, operands.
//!
//! As POSIX has it, options stand before the first operand and `--` ends them. A program says what
//! it understands by a plain function from [`Args`] to options of its own, and hands the result to
//! [`or_usage`], which answers `--help` and refuses what is wrong in the same words everywhere.

use crate::{eprintln, excerpt::excerpt, println};
use alloc::{format, string::String, vec::Vec};
use core::{fmt::Display, net::SocketAddr, str::FromStr};
use yieldix_syscalls::{Args, Errno, Program, Routine, calls::exit, routine, trap};

/// The exit code of a program that was called wrongly.
pub const USAGE_CODE: i32 = 2;
/// The exit code of a program that could not do what it was told.
pub const FAILED_CODE: i32 = 1;

/// Why a program does not get to work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Misuse {
    /// It was asked for help.
    Help,
    /// A word is wrong, as said here.
    Wrong(String),
}

/// What was given, sorted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Given {
    flags: Vec<&'static str>,
    values: Vec<(&'static str, String)>,
    /// What is not an option, in order.
    pub operands: Vec<String>,
}

impl Given {
    /// Sorts `args` into these flags, these options that take a value (`--name value` or
    /// `--name=value`), and operands.
    pub fn parse(
        args: Args,
        flags: &'static [&'static str],
        options: &'static [&'static str],
    ) -> Result<Given, Misuse> {
        let known = |name: &str, names: &'static [&'static str]| names.iter().copied().find(|n| *n == name);
        let mut given = Given::default();
        let mut words = args.into_iter();
        while let Some(word) = words.next() {
            if word == "--" {
                break;
            }
            if word == "-" || !word.starts_with('-') {
                given.operands.push(word);
                break;
            }
            if word == "--help" {
                return Err(Misuse::Help);
            }
            let (name, value) = match word.split_once('=') {
                Some((name, value)) if name.starts_with("--") => (name, Some(String::from(value))),
                _ => (word.as_str(), None),
            };
            if let Some(name) = known(name, options) {
                let value = value.or_else(|| words.next());
                let value = value.ok_or_else(|| Misuse::Wrong(format!("{name} needs a value")))?;
                given.values.push((name, value));
            } else if let Some(name) = known(name, flags) {
                if value.is_some() {
                    return Err(Misuse::Wrong(format!("{name} takes no value")));
                }
                given.flags.push(name);
            } else {
                return Err(Misuse::Wrong(format!("unknown option {}", excerpt(name))));
            }
        }
        given.operands.extend(words);
        Ok(given)
    }

    /// Was this flag given?
    pub fn has(&self, flag: &str) -> bool {
        self.flags.contains(&flag)
    }

    /// The value of this option, if it was given; of several, the last.
    pub fn value<T: FromStr<Err: Display>>(&self, option: &str) -> Result<Option<T>, Misuse> {
        match self.values.iter().rfind(|(name, _)| *name == option) {
            Some((name, text)) => parse(name, text).map(Some),
            None => Ok(None),
        }
    }

    /// The value of this option as an address, if it was given.
    ///
    /// Apart from [`value`](Given::value), whose words for a bad one would not say that a host's name
    /// is none.
    pub fn address(&self, option: &str) -> Result<Option<SocketAddr>, Misuse> {
        let Some(text) = self.value::<String>(option)? else { return Ok(None) };
        let not_an_address = |_| {
            let text = excerpt(&text);
            Misuse::Wrong(format!("{option} {text:?}: not IP:PORT (such as 127.0.0.1:7000); names are not resolved"))
        };
        text.parse().map(Some).map_err(not_an_address)
    }

    /// An error when there are operands.
    pub fn without_operands(self) -> Result<Given, Misuse> {
        match self.operands.first() {
            Some(word) => Err(Misuse::Wrong(format!("unexpected {:?}", excerpt(word)))),
            None => Ok(self),
        }
    }

    /// The one operand of a program that takes at most this; an error when there are more.
    pub fn at_most_one(self, what: &str) -> Result<Option<String>, Misuse> {
        match <[String; 1]>::try_from(self.operands) {
            Ok([operand]) => Ok(Some(operand)),
            Err(operands) if operands.is_empty() => Ok(None),
            Err(_) => Err(Misuse::Wrong(format!("more than one {what}"))),
        }
    }
}

/// The value that `text` stands for; `what` names it when it stands for none.
pub fn parse<T: FromStr<Err: Display>>(what: &str, text: &str) -> Result<T, Misuse> {
    text.parse().map_err(|error| Misuse::Wrong(format!("{what} {:?}: {error}", excerpt(text))))
}

/// The options of a program, or its end: help goes to standard output and exits with 0, what is
/// wrong goes to standard error and exits with [`USAGE_CODE`].
///
/// `let options = call!(or_usage(&PROGRAM, parse(args)))?;`
pub fn or_usage<T: Send>(program: &'static Program, options: Result<T, Misuse>) -> impl Routine<Result<T, Errno>> {
    routine!(move {
        let code = match options {
            Ok(options) => return Ok(options),
            Err(Misuse::Help) => {
                println!("usage: {}\n{}", usage(program), program.about)?;
                0
            }
            Err(Misuse::Wrong(what)) => {
                eprintln!("{}: {what}\nusage: {}", program.name, usage(program))?;
                USAGE_CODE
            }
        };
        trap!(yield exit(code))?;
        // Not reached: exit is not answered.
        Err(Errno::EPROTO)
    })
}

/// What became of a file, or the program's end: why there is none goes to standard error, the code is 1.
///
/// `let fd = call!(or_complain(&PROGRAM, &path, trap!(yield open(path.as_str(), flags))))?;`
pub fn or_complain<T: Send>(
    program: &'static Program,
    path: &str,
    opened: Result<T, Errno>,
) -> impl Routine<Result<T, Errno>> {
    routine!(move {
        let errno = match opened {
            Ok(opened) => return Ok(opened),
            Err(errno) => errno,
        };
        let hint = if errno == Errno::ENOENT { "; is its folder mounted (yieldix --mount HOST:GUEST)?" } else { "" };
        eprintln!("{}: {}: {errno}{hint}", program.name, excerpt(path))?;
        trap!(yield exit(FAILED_CODE))?;
        // Not reached: exit is not answered.
        Err(Errno::EPROTO)
    })
}

/// Tells on standard error why a program's work has failed, if it has, and gives that back as the errno for the
/// program to end with: `let result = call!(drive(…)); call!(told(&PROGRAM, result))`.
pub fn told<E>(program: &'static Program, result: Result<(), E>) -> impl Routine<Result<(), Errno>>
where
    E: Display + Into<Errno> + Send,
{
    routine!(move {
        let Err(error) = result else { return Ok(()) };
        eprintln!("{}: {error}", program.name)?;
        Err(error.into())
    })
}

/// As [`or_usage`], for a program that takes no arguments: `call!(no_args(&PROGRAM, args))?`.
pub fn no_args(program: &'static Program, args: Args) -> impl Routine<Result<(), Errno>> {
    or_usage(program, Given::parse(args, &[], &[]).and_then(Given::without_operands).map(drop))
}

/// The one operand of a program that takes no options and at most this.
pub fn at_most_one(args: Args, what: &str) -> Result<Option<String>, Misuse> {
    Given::parse(args, &[], &[])?.at_most_one(what)
}

/// The program's name and arguments, as they are typed.
pub(crate) fn usage(program: &Program) -> String {
    format!("{} {}", program.name, program.usage).trim_end().into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fake_kernel::{End, run};
    use alloc::{borrow::ToOwned, vec};
    use yieldix_syscalls::{Group, Task, call, task};

    fn given(line: &str) -> Result<Given, Misuse> {
        Given::parse(line.split_whitespace().map(ToOwned::to_owned).collect(), &["-q", "--loud"], &["--addr", "-c"])
    }

    #[test]
    fn options_stand_before_the_first_operand() {
        let given = given("-q --addr here -c --loud one -q --addr").unwrap();
        assert!(given.has("-q") && !given.has("--loud"));
        assert_eq!(given.value::<String>("--addr"), Ok(Some("here".to_owned())));
        assert_eq!(given.value::<String>("-c"), Ok(Some("--loud".to_owned())));
        assert_eq!(given.operands, ["one", "-q", "--addr"]);
    }

    #[test]
    fn a_value_may_stand_behind_an_equals_sign() {
        assert_eq!(given("--addr=a=b").unwrap().value::<String>("--addr"), Ok(Some("a=b".to_owned())));
        assert_eq!(given("--addr=1 --addr=2").unwrap().value::<u8>("--addr"), Ok(Some(2)));
        assert_eq!(given("").unwrap().value::<u8>("--addr"), Ok(None));
    }

    #[test]
    fn two_dashes_end_the_options() {
        assert_eq!(given("-- -q --help").unwrap().operands, ["-q", "--help"]);
        assert_eq!(given("- -q").unwrap().operands, ["-", "-q"]);
    }

    #[test]
    fn what_is_wrong_is_said() {
        let wrong = |line| match given(line) {
            Err(Misuse::Wrong(what)) => what,
            other => panic!("{other:?}"),
        };
        assert_eq!(wrong("-x"), "unknown option -x");
        assert_eq!(wrong("-\u{1b}c"), "unknown option -\\u{1b}c");
        assert_eq!(wrong("--addr"), "--addr needs a value");
        assert_eq!(wrong("--loud=yes"), "--loud takes no value");
        assert_eq!(given("-q --help"), Err(Misuse::Help));
        let number = given("--addr x").unwrap().value::<u8>("--addr");
        assert_eq!(number, Err(Misuse::Wrong("--addr \"x\": invalid digit found in string".to_owned())));
        assert_eq!(given("x").unwrap().without_operands(), Err(Misuse::Wrong("unexpected \"x\"".to_owned())));
    }

    #[test]
    fn an_address_is_numbers_and_a_name_is_told_to_be_none() {
        assert_eq!(given("").unwrap().address("--addr"), Ok(None));
        assert_eq!(given("--addr [::1]:7").unwrap().address("--addr"), Ok(Some("[::1]:7".parse().unwrap())));
        let told = "--addr \"localhost:0\": not IP:PORT (such as 127.0.0.1:7000); names are not resolved";
        let name = given("--addr localhost:0").unwrap().address("--addr");
        assert_eq!(name, Err(Misuse::Wrong(told.to_owned())));
    }

    const SAMPLE: Program = Program::new("sample", Group::Other, "does nothing", sample).usage("[-q]");

    fn sample(args: Args) -> Task {
        task!({
            let given = Given::parse(args, &["-q"], &[]);
            let _given = call!(or_usage(&SAMPLE, given))?;
            println!("at work")
        })
    }

    #[test]
    fn help_is_printed_and_ends_the_program_well() {
        let run = run(sample(vec!["--help".to_owned()]));
        assert_eq!(run.output, "usage: sample [-q]\ndoes nothing\n");
        assert_eq!(run.end, End::Exited(0));
    }

    #[test]
    fn misuse_is_an_error_with_the_usage_below() {
        let run = run(sample(vec!["-z".to_owned()]));
        assert_eq!(run.errors, "sample: unknown option -z\nusage: sample [-q]\n");
        assert_eq!((run.output.as_str(), run.end), ("", End::Exited(USAGE_CODE)));
    }
}
