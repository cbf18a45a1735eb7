//! `command`, `type`, `getopts`.

use super::Builtin;
use crate::{
    executable::{NOT_FOUND_CODE, find},
    prelude::*,
    programs::sh::{
        cursor::is_name,
        shell::{Boxed, NextOption, Outcome, Shell, Unwind},
    },
};

/// Words that begin or part commands.
const KEYWORDS: &[&str] =
    &["!", "{", "}", "case", "do", "done", "elif", "else", "esac", "fi", "for", "if", "in", "then", "until", "while"];

/// What a name stands for.
enum Meaning {
    Keyword,
    Function,
    Special,
    Builtin,
    /// What is at a path.
    Executable(String),
    Nothing,
}

impl Shell {
    fn meaning<'a>(&'a self, name: &'a str) -> impl Routine<Meaning> + 'a {
        routine!(move -> Meaning {
            match Builtin::named(name) {
                _ if KEYWORDS.contains(&name) => Meaning::Keyword,
                Some(builtin) if builtin.is_special() => Meaning::Special,
                _ if self.functions.contains_key(name) => Meaning::Function,
                Some(_) => Meaning::Builtin,
                None => match call!(find(name, self.search_path(name))) {
                    Ok(path) => Meaning::Executable(path),
                    Err(_) => Meaning::Nothing,
                },
            }
        })
    }

    /// `type name...`
    pub(super) fn tell_types(&mut self, words: Vec<String>) -> impl Routine<i32> {
        routine!(move -> i32 {
            let (mut text, mut status) = (String::new(), 0);
            for name in words {
                text += &match call!(self.meaning(&name)) {
                    Meaning::Keyword => format!("{name} is a shell keyword\n"),
                    Meaning::Special => format!("{name} is a special shell builtin\n"),
                    Meaning::Function => format!("{name} is a shell function\n"),
                    Meaning::Builtin => format!("{name} is a shell builtin\n"),
                    Meaning::Executable(path) => format!("{} is {}\n", excerpt(&name), excerpt(&path)),
                    Meaning::Nothing => {
                        status = NOT_FOUND_CODE;
                        format!("{}: not found\n", excerpt(&name))
                    }
                };
            }
            let said = call!(self.say(text));
            if said == 0 { status } else { said }
        })
    }

    /// `command [-pvV] name [word...]`
    pub(super) fn command_command(&mut self, words: Vec<String>, is_tested: bool) -> Boxed<'_, Outcome> {
        Box::pin(routine!(move -> Outcome {
            let mut words = words.into_iter().peekable();
            let mut asks = None;
            while let Some(option) = words.next_if(|word| word.starts_with('-') && word.len() > 1) {
                match option.as_str() {
                    "--" => break,
                    "-p" => {}
                    "-v" => asks = Some(false),
                    "-V" => asks = Some(true),
                    option => {
                        self.status = call!(self.misused(format!("command: illegal option {}", excerpt(option))));
                        return Ok(());
                    }
                }
            }
            let Some(name) = words.next() else {
                self.status = 0;
                return Ok(());
            };
            match asks {
                Some(true) => self.status = call!(self.tell_types(vec![name])),
                Some(false) => {
                    self.status = match call!(self.meaning(&name)) {
                        Meaning::Nothing => NOT_FOUND_CODE,
                        Meaning::Executable(path) => call!(self.say(format!("{path}\n"))),
                        _ => call!(self.say(format!("{name}\n"))),
                    };
                }
                None => {
                    let outcome = call!(self.run(name, words.collect(), is_tested, false));
                    // What would end a script does not, if it is run so.
                    if outcome == Err(Unwind::Abort) {
                        return Ok(());
                    }
                    return outcome;
                }
            }
            Ok(())
        }))
    }

    /// `getopts OPTIONS name [word...]`
    pub(super) fn getopts(&mut self, words: Vec<String>) -> impl Routine<Outcome<i32>> {
        routine!(move -> Outcome<i32> {
            let [options, name, given @ ..] = words.as_slice() else {
                return Ok(call!(self.misused("getopts: usage: getopts optstring var [arg...]")));
            };
            if !is_name(name) {
                return Ok(call!(self.misused(format!("getopts: {}: bad variable name", excerpt(name)))));
            }
            let args = if given.is_empty() { self.parameters.clone() } else { given.to_vec() };
            let is_quiet = options.starts_with(':');
            let NextOption { mut word, mut place } = self.next_option;
            let mut found = Found::End;
            if place == 0 {
                match args.get(word).map(String::as_str) {
                    Some("--") => word += 1,
                    Some(text) if text.starts_with('-') && text.len() > 1 => place = 1,
                    _ => {}
                }
            }
            if place > 0
                && let Some(letter) = args.get(word).and_then(|text| text.chars().nth(place))
            {
                let behind: String = args[word].chars().skip(place + 1).collect();
                let known = options.find(letter).filter(|_| letter != ':');
                let wants_value = known.is_some_and(|known| options[known + letter.len_utf8()..].starts_with(':'));
                let is_last = behind.is_empty();
                found = match known {
                    None => Found::Unknown(letter),
                    Some(_) if !wants_value => Found::Option(letter, None),
                    Some(_) if !is_last => Found::Option(letter, Some(behind)),
                    Some(_) => match args.get(word + 1) {
                        Some(value) => Found::Option(letter, Some(value.clone())),
                        None => Found::Lacking(letter),
                    },
                };
                (word, place) = match (wants_value, is_last) {
                    (true, true) => ((word + 2).min(args.len()), 0),
                    (true, false) | (false, true) => (word + 1, 0),
                    (false, false) => (word, place + 1),
                };
            } else {
                place = 0;
            }
            let (shown, value, status) = match found {
                Found::End => ("?".to_owned(), None, 1),
                Found::Option(letter, value) => (letter.to_string(), value, 0),
                Found::Unknown(letter) if is_quiet => ("?".to_owned(), Some(letter.to_string()), 0),
                Found::Lacking(letter) if is_quiet => (":".to_owned(), Some(letter.to_string()), 0),
                Found::Unknown(letter) => {
                    call!(self.complain(format!("illegal option -{letter}")));
                    ("?".to_owned(), None, 0)
                }
                Found::Lacking(letter) => {
                    call!(self.complain(format!("no arg for -{letter} option")));
                    ("?".to_owned(), None, 0)
                }
            };
            let name = name.clone();
            match value {
                Some(value) => call!(self.assign("OPTARG", value))?,
                None if status == 0 => {
                    let _ = self.variables.unset("OPTARG");
                }
                None => {}
            }
            call!(self.assign("OPTIND", (word + 1).to_string()))?;
            self.next_option = NextOption { word, place };
            call!(self.assign(&name, shown))?;
            Ok(status)
        })
    }
}

/// What `getopts` has come to.
enum Found {
    End,
    Option(char, Option<String>),
    Unknown(char),
    /// It lacks its value.
    Lacking(char),
}
