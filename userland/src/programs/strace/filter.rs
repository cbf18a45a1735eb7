//! Which calls are shown: `read,write`, `!yield_now`, `%file`.

use crate::prelude::*;
use core::str::FromStr;

/// Classes of calls, and the groups of the manual that are in each.
const CLASSES: &[(&str, &[&str])] = &[
    ("desc", &["Descriptors"]),
    ("file", &["Files"]),
    ("network", &["Network"]),
    ("port", &["Ports"]),
    ("process", &["Tasks", "Subroutines", "Processes and signals", "More of processes, signals and terminals"]),
    ("time", &["Time"]),
];

/// The class of the calls that are about signals, which are in several groups: what their names have in them.
const SIGNAL: (&str, &[&str]) = ("signal", &["signal", "mask", "kill", "alarm"]);

/// A set of calls. At first it has all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Filter {
    /// A bit a call, by their numbers.
    numbers: u128,
}

impl Default for Filter {
    fn default() -> Filter {
        Filter { numbers: !0 }
    }
}

// Each has its bit.
const _: () = assert!(CALLS[CALLS.len() - 1].number < u128::BITS as u16);

/// The names of the classes.
#[cfg(test)]
pub(super) fn class_names() -> impl Iterator<Item = &'static str> {
    CLASSES.iter().map(|(name, _)| *name).chain([SIGNAL.0])
}

fn bit(info: &CallInfo) -> u128 {
    1 << info.number
}

impl Filter {
    /// Is this call in it?
    pub fn has(&self, info: &CallInfo) -> bool {
        self.numbers & bit(info) != 0
    }

    fn of(is_in: impl Fn(&CallInfo) -> bool) -> Option<u128> {
        let numbers = CALLS.iter().filter(|info| is_in(info)).fold(0, |numbers, info| numbers | bit(info));
        (numbers != 0).then_some(numbers)
    }

    /// What one word between commas stands for.
    fn named(word: &str) -> Option<u128> {
        match word.strip_prefix('%') {
            _ if word == "all" => Some(!0),
            _ if word == "none" => Some(0),
            None => Filter::of(|info| info.name == word),
            Some(class) if class == SIGNAL.0 => {
                Filter::of(|info| SIGNAL.1.iter().any(|piece| info.name.contains(piece)))
            }
            Some(class) => {
                let (_, groups) = CLASSES.iter().find(|(name, _)| *name == class)?;
                Filter::of(|info| groups.contains(&info.group))
            }
        }
    }
}

/// `trace=` may stand before it, and `!` before all but these.
impl FromStr for Filter {
    type Err = String;

    fn from_str(text: &str) -> Result<Filter, String> {
        let text = text.strip_prefix("trace=").unwrap_or(text);
        let (text, is_inverted) = match text.strip_prefix('!') {
            Some(text) => (text, true),
            None => (text, false),
        };
        let mut numbers = 0;
        for word in text.split(',') {
            let named = Filter::named(word);
            numbers |= named.ok_or_else(|| format!("no call and no class {:?}", excerpt(word)))?;
        }
        Ok(Filter { numbers: if is_inverted { !numbers } else { numbers } })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(text: &str) -> Vec<&'static str> {
        let filter: Filter = text.parse().unwrap();
        CALLS.iter().filter(|info| filter.has(info)).map(|info| info.name).collect()
    }

    #[test]
    fn calls_are_named_by_name_by_class_and_by_what_they_are_not() {
        assert_eq!(names("trace=write,read"), ["read", "write"]);
        assert_eq!(names("%time"), ["sleep", "sleep_until", "now", "deadline_push", "deadline_pop"]);
        assert_eq!(names("!yield_now").len(), CALLS.len() - 1);
        assert_eq!((names("none").len(), names("!none").len()), (0, CALLS.len()));
        assert!(names("%signal").contains(&"kill") && !names("%signal").contains(&"read"));
    }

    #[test]
    fn every_class_has_calls_and_every_group_of_a_class_too() {
        for (class, groups) in CLASSES {
            assert!(!names(&format!("%{class}")).is_empty());
            for group in *groups {
                assert!(CALLS.iter().any(|info| info.group == *group), "{group}");
            }
        }
    }

    #[test]
    fn what_is_no_call_is_an_error_and_not_passed_over() {
        for wrong in ["", "nonesuch", "read,", "%nonesuch", "! read"] {
            assert!(wrong.parse::<Filter>().is_err(), "{wrong:?}");
        }
    }
}
