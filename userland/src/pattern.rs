//! Patterns with `*`, `?` and `[...]`: of file names, of a shell's `case`, and of what it takes from a value.
//!
//! What was quoted stands for itself. Classes are those of ASCII. A match takes at worst as many steps as the pattern
//! is long, times the text.

use alloc::{string::String, vec, vec::Vec};
use core::mem;

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
        // From where the members of a set come to no end.
        let mut endless = vec![false; chars.len() + 1];
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
                '[' => match set(&chars, at, &mut endless) {
                    Some((step, end)) => {
                        at = end;
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
        self.matches_chars(&text.chars().collect::<Vec<char>>())
    }

    /// The same of bytes, one of which is what `?` stands for: as in the C locale.
    pub fn matches_bytes(&self, text: &[u8]) -> bool {
        self.matches_chars(&text.iter().copied().map(char::from).collect::<Vec<char>>())
    }

    fn matches_chars(&self, text: &[char]) -> bool {
        let steps: Vec<&Step> = self.0.iter().collect();
        front(&steps, text, true, Step::takes) == Some(text.len())
    }

    /// The text without the part at its front that this matches.
    pub fn trim_front(&self, text: &str, is_longest: bool) -> String {
        let (steps, chars): (Vec<&Step>, Vec<char>) = (self.0.iter().collect(), text.chars().collect());
        let length = front(&steps, &chars, is_longest, Step::takes).unwrap_or(0);
        chars[length..].iter().collect()
    }

    /// The text without the part at its back that this matches.
    pub fn trim_back(&self, text: &str, is_longest: bool) -> String {
        // The back of a text is the front of the reversed one.
        let (steps, chars): (Vec<&Step>, Vec<char>) = (self.0.iter().rev().collect(), text.chars().rev().collect());
        let length = front(&steps, &chars, is_longest, Step::takes).unwrap_or(0);
        chars[length..].iter().rev().collect()
    }
}

/// The length of the shortest or longest part at the front of `text` that `steps` match; `takes` is asked whether a
/// step takes a character.
///
/// Stars part the steps into runs of a fixed length. The first run stands at the very front, and each other as near to
/// it as it can: where it stands leaves most to those behind it. Only the last makes the part short or long.
fn front(steps: &[&Step], text: &[char], is_longest: bool, takes: impl Fn(&Step, char) -> bool) -> Option<usize> {
    let mut runs = steps.split(|step| matches!(step, Step::Many));
    let stands = |run: &[&Step], at: usize| run.iter().zip(&text[at..]).all(|(step, &c)| takes(step, c));
    let places = |run: &[&Step], from: usize| Some(from..=text.len().checked_sub(run.len())?);
    let first = runs.next()?;
    places(first, 0).filter(|_| stands(first, 0))?;
    let mut end = first.len();
    let Some(last) = runs.next_back() else { return Some(end) };
    for run in runs {
        end = places(run, end)?.find(|&at| stands(run, at))? + run.len();
    }
    let mut places = places(last, end)?;
    let stands = |at: &usize| stands(last, *at);
    let place = if is_longest { places.rev().find(stands) } else { places.find(stands) };
    Some(place? + last.len())
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

/// The set whose `[` stands before `start`, and where it ends; `None` when it has no end.
///
/// `endless` has the places from which that was seen before, so that many `[` do not take long.
fn set(chars: &[(char, bool)], start: usize, endless: &mut [bool]) -> Option<(Step, usize)> {
    let mut at = start;
    let is_negated = matches!(chars.get(at), Some(('!' | '^', false)));
    at += usize::from(is_negated);
    let mut members = Vec::new();
    let first = at;
    loop {
        let &(mut c, is_quoted) = chars.get(at)?;
        if c == ']' && !is_quoted && at > first {
            return Some((Step::Set { is_negated, members }, at + 1));
        }
        if mem::replace(&mut endless[at], true) {
            return None;
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
    use alloc::format;
    use core::cell::Cell;

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

    /// The same by trying all that a star may stand for.
    fn is_match(pattern: &[char], text: &[char]) -> bool {
        match pattern.split_first() {
            None => text.is_empty(),
            Some(('*', rest)) => (0..=text.len()).any(|eaten| is_match(rest, &text[eaten..])),
            Some((c, rest)) => {
                text.split_first().is_some_and(|(first, behind)| (*c == '?' || c == first) && is_match(rest, behind))
            }
        }
    }

    /// All texts of these characters, the shortest first.
    fn texts(alphabet: &[char], longest: usize) -> Vec<Vec<char>> {
        let mut texts = vec![Vec::new()];
        for at in 0.. {
            let text: &Vec<char> = &texts[at];
            if text.len() == longest {
                break;
            }
            let longer: Vec<_> = alphabet.iter().map(|c| text.iter().chain([c]).copied().collect()).collect();
            texts.extend(longer);
        }
        texts
    }

    #[test]
    fn all_small_patterns_match_and_trim_as_trying_everything_does() {
        for written in texts(&['a', 'b', '?', '*'], 5) {
            let pattern = Pattern::new(written.iter().map(|&c| (c, false)));
            for chars in texts(&['a', 'b'], 5) {
                let text: String = chars.iter().collect();
                let told = format!("{written:?} {text}");
                assert_eq!(pattern.matches(&text), is_match(&written, &chars), "{told}");
                let fronts: Vec<usize> =
                    (0..=chars.len()).filter(|&length| is_match(&written, &chars[..length])).collect();
                let backs: Vec<usize> =
                    (0..=chars.len()).filter(|&start| is_match(&written, &chars[start..])).collect();
                let after = |length: Option<&usize>| &text[length.copied().unwrap_or(0)..];
                let before = |start: Option<&usize>| &text[..start.copied().unwrap_or(chars.len())];
                assert_eq!(pattern.trim_front(&text, false), after(fronts.first()), "{told}");
                assert_eq!(pattern.trim_front(&text, true), after(fronts.last()), "{told}");
                assert_eq!(pattern.trim_back(&text, false), before(backs.last()), "{told}");
                assert_eq!(pattern.trim_back(&text, true), before(backs.first()), "{told}");
            }
        }
    }

    /// How often a step is tried.
    fn tries(pattern: &Pattern, text: &[char], is_longest: bool) -> usize {
        let (steps, count): (Vec<&Step>, _) = (pattern.0.iter().collect(), Cell::new(0));
        front(&steps, text, is_longest, |step, c| {
            count.set(count.get() + 1);
            step.takes(c)
        });
        count.get()
    }

    #[test]
    fn a_match_tries_no_more_steps_than_the_pattern_has_times_the_text() {
        let text = vec!['a'; 10_000];
        for (written, most) in [
            // What is not found is looked for once.
            ("*1*2*3*".into(), text.len()),
            ("*a*a*a*1".into(), text.len() + 3),
            ("*aaa1*".into(), 4 * text.len()),
            (["*a"; 20].concat() + "1", 21 * text.len()),
        ] {
            for is_longest in [false, true] {
                let tried = tries(&pattern(&written), &text, is_longest);
                assert!(tried <= most, "{written} {is_longest}: {tried}");
            }
        }
    }

    #[test]
    fn a_bracket_that_comes_where_another_found_no_end_is_not_followed() {
        let written: Vec<_> = "[[a]".chars().map(|c| (c, false)).collect();
        assert!(set(&written, 1, &mut [false; 5]).is_some());
        assert!(set(&written, 1, &mut [true; 5]).is_none());
        let mut endless = [false; 4];
        assert!(set(&written[..3], 1, &mut endless).is_none());
        assert_eq!(endless, [false, true, true, false]);
        assert!(pattern("[[[a\\]").matches("[[[a]"));
        assert!(pattern("[[[:alpha:]").matches("[[a"));
    }

    #[test]
    fn a_megabyte_is_trimmed_and_taken_as_a_pattern() {
        let text = "a".repeat(1_300_000);
        let never = pattern("*1*2*3*");
        for is_longest in [false, true] {
            assert!(never.trim_front(&text, is_longest) == text && never.trim_back(&text, is_longest) == text);
        }
        assert!(pattern(&"[".repeat(1_300_000)).begins_with('['));
    }
}
