//! `set`, `shift`, `export`, `readonly`, `local`, `unset`: variables, parameters and options.

use super::control::illegal_number;
use crate::{
    prelude::*,
    programs::sh::{
        cursor::is_name,
        shell::{NextOption, Outcome, Shell},
    },
};
use alloc::sync::Arc;

/// Splits `name=value`.
fn assignment(word: &str) -> (String, Option<String>) {
    match word.split_once('=') {
        Some((name, value)) => (name.to_owned(), Some(value.to_owned())),
        None => (word.to_owned(), None),
    }
}

impl Shell {
    /// Does something to each variable that is named; a bad name, or one that is read-only, ends the script.
    fn each_variable(
        &mut self,
        words: Vec<String>,
        change: fn(&mut Shell, &str, Option<String>) -> Result<(), String>,
    ) -> impl Routine<Outcome<i32>> {
        routine!(move -> Outcome<i32> {
            for word in words {
                let (name, value) = assignment(&word);
                if !is_name(&name) {
                    return Err(call!(self.abort(format!("{}: bad variable name", excerpt(&name)))));
                }
                if let Err(what) = change(self, &name, value) {
                    return Err(call!(self.abort(what)));
                }
            }
            Ok(0)
        })
    }

    /// `export [-p] [name[=value]...]`
    pub(super) fn export(&mut self, words: Vec<String>) -> impl Routine<Outcome<i32>> {
        routine!(move -> Outcome<i32> {
            let words = operands(words, "-p");
            if words.is_empty() {
                return Ok(call!(self.say(self.variables.listing("export ", |variable| variable.is_exported))));
            }
            call!(self.each_variable(words, |shell, name, value| shell.variables.export(name, value)))
        })
    }

    /// `readonly [-p] [name[=value]...]`
    pub(super) fn read_only(&mut self, words: Vec<String>) -> impl Routine<Outcome<i32>> {
        routine!(move -> Outcome<i32> {
            let words = operands(words, "-p");
            if words.is_empty() {
                return Ok(call!(self.say(self.variables.listing("readonly ", |variable| variable.is_read_only))));
            }
            call!(self.each_variable(words, |shell, name, value| shell.variables.protect(name, value)))
        })
    }

    /// `local [name[=value]...]`: the function's own from now on.
    pub(super) fn local(&mut self, words: Vec<String>) -> impl Routine<Outcome<i32>> {
        routine!(move -> Outcome<i32> {
            if self.calls == 0 || !self.variables.has_frame() {
                return Err(call!(self.abort("local: not in a function")));
            }
            call!(self.each_variable(words, |shell, name, value| {
                shell.variables.keep(name);
                value.map_or(Ok(()), |value| shell.variables.set(name, value))
            }))
        })
    }

    /// `unset [-f | -v] name...`
    pub(super) fn unset(&mut self, mut words: Vec<String>) -> impl Routine<Outcome<i32>> {
        routine!(move -> Outcome<i32> {
            let are_functions = words.first().is_some_and(|word| word == "-f");
            if are_functions || words.first().is_some_and(|word| word == "-v" || word == "--") {
                words.remove(0);
            }
            for name in words {
                if are_functions {
                    Arc::make_mut(&mut self.functions).remove(&name);
                } else if !is_name(&name) {
                    return Err(call!(self.abort(format!("unset: {}: bad variable name", excerpt(&name)))));
                } else if let Err(what) = self.variables.unset(&name) {
                    return Err(call!(self.abort(what)));
                }
            }
            Ok(0)
        })
    }

    /// `shift [n]`
    pub(super) fn shift(&mut self, words: Vec<String>) -> impl Routine<Outcome<i32>> {
        routine!(move -> Outcome<i32> {
            let count = match words.first().map(|word| word.parse::<usize>()) {
                None => 1,
                Some(Ok(count)) => count,
                Some(Err(_)) => return Err(call!(self.abort(illegal_number(&words[0])))),
            };
            if count > self.parameters.len() {
                return Err(call!(self.abort("shift: can't shift that many")));
            }
            self.parameters.drain(..count);
            self.next_option = NextOption::default();
            Ok(0)
        })
    }

    /// `set [-+aCefmnuvx] [-+o name] [--] [word...]`
    pub(super) fn set(&mut self, words: Vec<String>) -> impl Routine<Outcome<i32>> {
        routine!(move -> Outcome<i32> {
            if words.is_empty() {
                return Ok(call!(self.say(self.variables.listing("", |variable| variable.value.is_some()))));
            }
            match self.set_options(words) {
                Ok((rest, sets_parameters)) => {
                    if sets_parameters || !rest.is_empty() {
                        self.parameters = rest;
                        self.next_option = NextOption::default();
                    }
                    Ok(0)
                }
                Err(Listing::Options(text)) => Ok(call!(self.say(text))),
                Err(Listing::Wrong(what)) => Err(call!(self.abort(what))),
            }
        })
    }

    /// Sets options; gives the words behind them, and whether those are parameters even if there are none.
    pub(in crate::programs::sh) fn set_options(&mut self, words: Vec<String>) -> Result<(Vec<String>, bool), Listing> {
        let mut words = words.into_iter().peekable();
        while let Some(word) = words.next_if(|word| word.len() > 1 && word.starts_with(['-', '+']) || word == "-") {
            if word == "--" {
                return Ok((words.collect(), true));
            }
            if word == "-" {
                (self.options.shows_commands, self.options.shows_input) = (false, false);
                return Ok((words.collect(), false));
            }
            let is_set = word.starts_with('-');
            for letter in word.chars().skip(1) {
                let letter = match letter {
                    'o' => match words.next() {
                        None => return Err(Listing::Options(self.list_options(is_set))),
                        Some(name) => self.letter_of(&name)?,
                    },
                    letter => letter,
                };
                match self.options.by_letter(letter) {
                    Some(option) => *option = is_set,
                    None => return Err(Listing::Wrong(format!("set: illegal option -{letter}"))),
                }
            }
        }
        Ok((words.collect(), false))
    }

    fn letter_of(&self, name: &str) -> Result<char, Listing> {
        let known = self.options.listed().into_iter().find(|(_, known, _)| *known == name);
        let wrong = || Listing::Wrong(format!("set: illegal option -o {}", excerpt(name)));
        known.map(|(letter, ..)| letter).ok_or_else(wrong)
    }

    fn list_options(&self, for_people: bool) -> String {
        let line = |(letter, name, is_set): (char, &str, bool)| match (for_people, is_set) {
            (true, true) => format!("{name:<16}on\n"),
            (true, false) => format!("{name:<16}off\n"),
            (false, true) => format!("set -o {name}\n"),
            (false, false) => {
                let _ = letter;
                format!("set +o {name}\n")
            }
        };
        let heading = if for_people { "Current option settings\n" } else { "" };
        core::iter::once(heading.to_owned()).chain(self.options.listed().into_iter().map(line)).collect()
    }
}

/// What `set` says instead of setting something.
pub(in crate::programs::sh) enum Listing {
    /// Nothing is wrong: it was asked to.
    Options(String),
    Wrong(String),
}

fn operands(words: Vec<String>, flag: &str) -> Vec<String> {
    words.into_iter().skip_while(|word| word == flag || word == "--").collect()
}
