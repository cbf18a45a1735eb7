//! Patterns with `*`, `?` and `[...]`: of file names, of a shell's `case`, and of what it takes from a value.
//!
//! What was quoted stands for itself. Classes are those of ASCII. A match takes at worst as many steps as the pattern
//! is long, times the text.

use alloc::{string::String, vec::Vec};

/// One step of a pattern.
#[derive(Debug)]
enum Step {
    Char(char),
    /// `?`
    Any,
    /// `*`
    Many,
    Set {
        is_negated: bool,
        members: Vec<Member>,
    },
}

/// What a bracket holds.
#[derive(Debug)]
enum Member {
    Range(char, char),
    Class(Class),
}

/// A pattern, ready to be matched.
#[derive(Debug, Default)]
pub struct Pattern(Vec<Step>);

/// Is it one of a class?
type Class = fn(&char) -> bool;

/// What `[:name:]` holds.
const CLASSES: &[(&str, Class)] = &[
    ("alpha", char::is_ascii_alphabetic),
    ("digit", char::is_ascii_digit),
    ("alnum", char::is_ascii_alphanumeric),
    ("upper", char::is_ascii_uppercase),
    ("lower", char::is_ascii_lowercase),
    ("space", |c| c.is_ascii_whitespace() || *c == '\u{b}'),
    ("blank", |c| matches!(c, ' ' | '\t')),
    ("punct", char::is_ascii_punctuation),
    ("print", |c| matches!(c, ' '..='~')),
    ("graph", char::is_ascii_graphic),
    ("cntrl", char::is_ascii_control),
    ("xdigit", char::is_ascii_hexdigit),
];

impl Pattern {
    /// The pattern of these characters, each of which may be quoted.
    pub fn new(chars: impl IntoIterator<Item = (char, bool)>) -> Pattern {
        let chars: Vec<(char, bool)> = chars.into_iter().collect();
        let mut steps = Vec::new();
        let mut at = 0;
        while let Some(&(c, is_quoted)) = chars.get(at) {
            at += 1;
            steps.push(match c {
                _ if is_quoted => Step::Char(c),
                '?' => Step::Any,
                '*' => Step::Many,
                // One that came of an expansion escapes what follows, as a written one does.
                '\\' if at < chars.len() => {
                    at += 1;
                    Step::Char(chars[at - 1].0)
                }
                '[' => match set(&chars[at..]) {
                    Some((step, taken)) => {
                        at += taken;
                        step
                    }
                    None => Step::Char('['),
                },
                c => Step::Char(c),
            });
        }
        Pattern(steps)
    }

    /// The pattern that stands in `text`, for [`matches_bytes`](Pattern::matches_bytes).
    pub fn of_bytes(text: &[u8]) -> Pattern {
        Pattern::new(text.iter().map(|&byte| (char::from(byte), false)))
    }

    /// Does it match anything but one text?
    pub fn is_wild(&self) -> bool {
        self.0.iter().any(|step| !matches!(step, Step::Char(_)))
    }

    /// Does it begin with this very character?
    pub fn begins_with(&self, c: char) -> bool {
        matches!(self.0.first(), Some(Step::Char(first)) if *first == c)
    }

    /// Does it match all of `text`?
    pub fn matches(&self, text: &str) -> bool {
        let chars: Vec<char> = text.chars().collect();
        self.matches_chars(&chars)
    }

    /// The same of bytes, one of which is what `?` stands for: as in the C locale.
    pub fn matches_bytes(&self, text: &[u8]) -> bool {
        let chars: Vec<char> = text.iter().map(|&byte| char::from(byte)).collect();
        self.matches_chars(&chars)
    }

    fn matches_chars(&self, text: &[char]) -> bool {
        let (mut step, mut at) = (0, 0);
        // Where the last star stands, and how far it has eaten: nothing before it needs to be tried again.
        let mut star: Option<(usize, usize)> = None;
        loop {
            match self.0.get(step) {
                Some(Step::Many) => {
                    star = Some((step, at));
                    step += 1;
                    continue;
                }
                Some(wanted) if text.get(at).is_some_and(|&c| wanted.takes(c)) => {
                    step += 1;
                    at += 1;
                    continue;
                }
                None if at == text.len() => return true,
                _ => {}
            }
            match star {
                Some((place, eaten)) if eaten < text.len() => {
                    star = Some((place, eaten + 1));
                    step = place + 1;
                    at = eaten + 1;
                }
                _ => return false,
            }
        }
    }

    /// The text without the part at its front that this matches.
    pub fn trim_front(&self, text: &str, is_longest: bool) -> String {
        let chars: Vec<char> = text.chars().collect();
        let mut lengths = 0..=chars.len();
        let matches = |&length: &usize| self.matches_chars(&chars[..length]);
        let length = if is_longest { lengths.rev().find(matches) } else { lengths.find(matches) };
        chars[length.unwrap_or(0)..].iter().collect()
    }

    /// The text without the part at its back that this matches.
    pub fn trim_back(&self, text: &str, is_longest: bool) -> String {
        let chars: Vec<char> = text.chars().collect();
        let mut starts = 0..=chars.len();
        let matches = |&start: &usize| self.matches_chars(&chars[start..]);
        let start = if is_longest { starts.find(matches) } else { starts.rev().find(matches) };
        chars[..start.unwrap_or(chars.len())].iter().collect()
    }
}

impl Step {
    fn takes(&self, c: char) -> bool {
        match self {
            Step::Char(wanted) => c == *wanted,
            Step::Any | Step::Many => true,
            Step::Set { is_negated, members } => {
                let is_in = members.iter().any(|member| match member {
                    Member::Range(first, last) => (*first..=*last).contains(&c),
                    Member::Class(holds) => holds(&c),
                });
                is_in != *is_negated
            }
        }
    }
}

/// The set whose `[` stands before `chars`, and how many of them are of it; `None` when it has no end.
fn set(chars: &[(char, bool)]) -> Option<(Step, usize)> {
    let mut at = 0;
    let is_negated = matches!(chars.first(), Some(('!' | '^', false)));
    at += usize::from(is_negated);
    let mut members = Vec::new();
    let first = at;
    loop {
        let &(mut c, is_quoted) = chars.get(at)?;
        if c == ']' && !is_quoted && at > first {
            return Some((Step::Set { is_negated, members }, at + 1));
        }
        if c == '[' && !is_quoted && chars.get(at + 1) == Some(&(':', false)) {
            let name: String = chars[at + 2..].iter().map_while(|(c, _)| (*c != ':').then_some(*c)).collect();
            let end = at + 2 + name.chars().count();
            let class = CLASSES.iter().find(|(known, _)| *known == name);
            if let (Some((_, holds)), Some((':', _)), Some((']', _))) = (class, chars.get(end), chars.get(end + 1)) {
                members.push(Member::Class(*holds));
                at = end + 2;
                continue;
            }
        }
        if c == '\\' && !is_quoted {
            at += 1;
            c = chars.get(at)?.0;
        }
        at += 1;
        let last = match (chars.get(at), chars.get(at + 1)) {
            (Some(('-', false)), Some(&(last, is_quoted))) if last != ']' || is_quoted => {
                at += 2;
                last
            }
            _ => c,
        };
        members.push(Member::Range(c, last));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pattern(text: &str) -> Pattern {
        Pattern::new(text.chars().map(|c| (c, false)))
    }

    #[test]
    fn a_pattern_matches_the_whole_text() {
        for (text, matching, other) in [
            ("", "", "a"),
            ("a*", "a", "ba"),
            ("*a*b", "xaxxbb", "xaxxbc"),
            ("?", "é", "ab"),
            ("[a-c]x", "bx", "dx"),
            ("[!a-c]x", "dx", "ax"),
            ("[]a]", "]", "b"),
            ("[[:digit:]_]", "7", "a"),
            ("[a", "[a", "a"),
            ("a\\*", "a*", "ab"),
            ("[a-]", "-", "b"),
        ] {
            assert!(pattern(text).matches(matching), "{text} {matching}");
            assert!(!pattern(text).matches(other), "{text} {other}");
        }
    }

    #[test]
    fn what_is_quoted_matches_itself_only() {
        let quoted = Pattern::new([('a', false), ('*', true)]);
        assert!(quoted.matches("a*") && !quoted.matches("ab"));
        assert!(!quoted.is_wild() && pattern("a*").is_wild());
    }

    #[test]
    fn the_shortest_or_longest_part_is_taken_from_either_end() {
        assert_eq!(pattern("*/").trim_front("a/b/c", false), "b/c");
        assert_eq!(pattern("*/").trim_front("a/b/c", true), "c");
        assert_eq!(pattern(".*").trim_back("a.b.c", false), "a.b");
        assert_eq!(pattern(".*").trim_back("a.b.c", true), "a");
        assert_eq!(pattern("x").trim_back("abc", true), "abc");
    }

    #[test]
    fn of_bytes_one_is_a_place() {
        assert!(Pattern::of_bytes(b"??").matches_bytes("é".as_bytes()));
        assert!(Pattern::of_bytes("é*".as_bytes()).matches_bytes("éa".as_bytes()));
    }

    #[test]
    fn many_stars_do_not_take_long() {
        let text = "a".repeat(2_000);
        assert!(!pattern(&"*a".repeat(20)).matches(&[&text, "b"].concat()));
    }
}
