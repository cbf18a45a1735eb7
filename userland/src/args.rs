//! The words after a program's name: flags, options with a value, operands.
//!
//! As POSIX has it, options stand before the first operand and `--` ends them; those of one letter may stand
//! together (`-rn`), the last with its value (`-k2`). A program says what it understands by a plain function
//! from [`Args`] to options of its own, and hands the result to [`or_usage`], which answers `--help` and
//! refuses what is wrong in the same words everywhere.

use crate::{eprintln, excerpt::excerpt, print};
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
    /// Flags, which have no value, and options, which have one, in the order in which they were given.
    options: Vec<(&'static str, Option<String>)>,
    /// What is not an option, in order.
    pub operands: Vec<String>,
}

/// The option that a bare number is, as in `head -5`: among a program's options it stands for all of them.
pub const NUMBER: &str = "-NUM";

/// What a program understands: its flags, and its options that take a value.
#[derive(Clone, Copy)]
struct Known {
    flags: &'static [&'static str],
    options: &'static [&'static str],
}

/// How an option is to be read.
enum Kind {
    Flag(&'static str),
    Valued(&'static str),
}

impl Known {
    fn find(self, name: &str) -> Option<Kind> {
        let first = |names: &'static [&'static str]| {
            let mut entries = names.iter().map(|entry| entry.split(' '));
            entries.find_map(|mut entry| entry.clone().any(|word| word == name).then(|| entry.next())).flatten()
        };
        first(self.options).map(Kind::Valued).or_else(|| first(self.flags).map(Kind::Flag))
    }
}

impl Given {
    /// Sorts `args` into these flags, these options that take a value, and operands.
    ///
    /// An entry is the option's name and, behind blanks, its other names: `"-n --lines"` is asked for as `-n`.
    /// A value is the next word, or stands behind the `=` of a long name, or right behind the one letter of a
    /// short one. [`NUMBER`] among the options is `-5`.
    pub fn parse(
        args: Args,
        flags: &'static [&'static str],
        options: &'static [&'static str],
    ) -> Result<Given, Misuse> {
        Given::sort(args, Known { flags, options }, false)
    }

    /// As [`parse`](Given::parse), but options may stand behind operands as well, as GNU's tools have it.
    pub fn parse_anywhere(
        args: Args,
        flags: &'static [&'static str],
        options: &'static [&'static str],
    ) -> Result<Given, Misuse> {
        Given::sort(args, Known { flags, options }, true)
    }

    fn sort(args: Args, known: Known, are_anywhere: bool) -> Result<Given, Misuse> {
        let mut given = Given::default();
        let mut words = args.into_iter();
        while let Some(word) = words.next() {
            if word == "--" {
                break;
            }
            if word == "-" || !word.starts_with('-') {
                given.operands.push(word);
                if are_anywhere {
                    continue;
                }
                break;
            }
            if word == "--help" {
                return Err(Misuse::Help);
            }
            given.take_option(known, &word, &mut words)?;
        }
        given.operands.extend(words);
        Ok(given)
    }

    /// Takes the option or the options that `word` is.
    fn take_option(
        &mut self,
        known: Known,
        word: &str,
        words: &mut impl Iterator<Item = String>,
    ) -> Result<(), Misuse> {
        let (name, value) = match word.split_once('=') {
            Some((name, value)) if name.starts_with("--") => (name, Some(String::from(value))),
            _ => (word, None),
        };
        match known.find(name) {
            Some(Kind::Valued(name)) => {
                let value = value.or_else(|| words.next());
                let value = value.ok_or_else(|| Misuse::Wrong(format!("{name} needs a value")))?;
                self.options.push((name, Some(value)));
            }
            Some(Kind::Flag(name)) => {
                if value.is_some() {
                    return Err(Misuse::Wrong(format!("{name} takes no value")));
                }
                self.options.push((name, None));
            }
            None if name.starts_with("--") => return Err(unknown(name)),
            None => self.take_letters(known, word, words)?,
        }
        Ok(())
    }

    /// Takes options of one letter that stand together, or a number.
    fn take_letters(
        &mut self,
        known: Known,
        word: &str,
        words: &mut impl Iterator<Item = String>,
    ) -> Result<(), Misuse> {
        let letters = &word[1..];
        if letters.bytes().all(|byte| byte.is_ascii_digit())
            && let Some(Kind::Valued(name)) = known.find(NUMBER)
        {
            self.options.push((name, Some(letters.into())));
            return Ok(());
        }
        for (at, letter) in letters.char_indices() {
            match known.find(&format!("-{letter}")) {
                Some(Kind::Flag(name)) => self.options.push((name, None)),
                Some(Kind::Valued(name)) => {
                    let attached = &letters[at + letter.len_utf8()..];
                    let value = if attached.is_empty() { words.next() } else { Some(attached.into()) };
                    let value = value.ok_or_else(|| Misuse::Wrong(format!("{name} needs a value")))?;
                    self.options.push((name, Some(value)));
                    break;
                }
                None => return Err(unknown(word)),
            }
        }
        Ok(())
    }

    /// Was this flag given?
    pub fn has(&self, flag: &str) -> bool {
        self.options.iter().any(|(name, _)| *name == flag)
    }

    /// Which of these options was given last.
    pub fn last_of(&self, names: &[&str]) -> Option<&'static str> {
        self.options.iter().rev().map(|(name, _)| *name).find(|name| names.contains(name))
    }

    /// The options that have a value, in the order in which they were given.
    pub fn values(&self) -> impl Iterator<Item = (&'static str, &str)> {
        self.options.iter().filter_map(|(name, value)| Some((*name, value.as_deref()?)))
    }

    /// The value of this option, if it was given; of several, the last.
    pub fn value<T: FromStr<Err: Display>>(&self, option: &str) -> Result<Option<T>, Misuse> {
        match self.values().filter(|(name, _)| *name == option).last() {
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
    or_usage_with(program, USAGE_CODE, options)
}

/// As [`or_usage`], for a program whose namesake in Unix exits with another code than [`USAGE_CODE`].
pub fn or_usage_with<T: Send>(
    program: &'static Program,
    misuse_code: i32,
    options: Result<T, Misuse>,
) -> impl Routine<Result<T, Errno>> {
    routine!(move {
        let code = match options {
            Ok(options) => return Ok(options),
            Err(Misuse::Help) => {
                print!("{}", help(program))?;
                0
            }
            Err(Misuse::Wrong(what)) => {
                eprintln!("{}: {what}\nusage: {}", program.name, usage(program))?;
                misuse_code
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

fn unknown(option: &str) -> Misuse {
    Misuse::Wrong(format!("unknown option {}", excerpt(option)))
}

/// As [`or_usage`], for a program that takes no arguments: `call!(no_args(&PROGRAM, args))?`.
pub fn no_args(program: &'static Program, args: Args) -> impl Routine<Result<(), Errno>> {
    or_usage(program, Given::parse(args, &[], &[]).and_then(Given::without_operands).map(drop))
}

/// The one operand of a program that takes no options and at most this.
pub fn at_most_one(args: Args, what: &str) -> Result<Option<String>, Misuse> {
    Given::parse(args, &[], &[])?.at_most_one(what)
}

/// What `--help` prints.
pub(crate) fn help(program: &Program) -> String {
    format!("usage: {}\n{}\n{}", usage(program), program.about, program.details)
}

/// The program's name and arguments, as they are typed.
pub(crate) fn usage(program: &Program) -> String {
    format!("{} {}", program.name, program.usage).trim_end().into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        fake_kernel::{End, run, words},
        println,
    };
    use alloc::{borrow::ToOwned, vec};
    use yieldix_syscalls::{Group, Task, call, task};

    fn given(line: &str) -> Result<Given, Misuse> {
        Given::parse(words(line), &["-q", "--loud"], &["--addr", "-c"])
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

    fn short(line: &str) -> Result<Given, Misuse> {
        Given::parse(words(line), &["-r --reverse", "-n"], &["-k --key", "-t", NUMBER])
    }

    #[test]
    fn letters_stand_together_and_the_last_has_its_value() {
        let given = short("-rnk2,3 -t x -nk 4 file").unwrap();
        assert!(given.has("-r") && given.has("-n"));
        assert_eq!(given.values().collect::<Vec<_>>(), [("-k", "2,3"), ("-t", "x"), ("-k", "4")]);
        assert_eq!(given.operands, ["file"]);
        assert_eq!(short("-rx"), Err(Misuse::Wrong("unknown option -rx".to_owned())));
        assert_eq!(short("-nk"), Err(Misuse::Wrong("-k needs a value".to_owned())));
    }

    #[test]
    fn options_stand_anywhere_where_a_program_takes_them_so() {
        let args = ["one", "-q", "-", "--", "-q"].map(ToOwned::to_owned).into();
        let given = Given::parse_anywhere(args, &["-q"], &[]).unwrap();
        assert!(given.has("-q"));
        assert_eq!(given.operands, ["one", "-", "-q"]);
    }

    #[test]
    fn an_option_has_several_names_and_is_asked_for_by_the_first() {
        let given = short("--reverse --key=1 --key 2 -n").unwrap();
        assert_eq!(given.last_of(&["-r", "-n"]), Some("-n"));
        assert_eq!(given.last_of(&["-r", "-t"]), Some("-r"));
        assert_eq!(given.value::<u8>("-k"), Ok(Some(2)));
    }

    #[test]
    fn a_bare_number_is_an_option_where_a_program_has_one() {
        assert_eq!(short("-15").unwrap().value::<u8>(NUMBER), Ok(Some(15)));
        assert_eq!(given("-15"), Err(Misuse::Wrong("unknown option -15".to_owned())));
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
