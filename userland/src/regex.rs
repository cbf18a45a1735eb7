//! Regular expressions of POSIX, basic and extended, over the bytes of lines in the C locale.
//!
//! An expression is read here, with what GNU adds to it, and searched for by the `regex-automata` crate, in a time that
//! is linear in the text whatever the expression; back-references are therefore an error. Of the matches that begin
//! first the longest is found, as POSIX has it. No match spans lines, unless it is looked for in a text of several.

mod bracket;
mod groups;
mod parser;

use alloc::{boxed::Box, string::String, vec::Vec};
use core::{fmt, ops::Range};
use groups::Groups;
use regex_automata::{Anchored, Input, MatchKind, hybrid::dfa, meta, nfa::thompson};
use regex_syntax::hir::{Hir, Look};

/// How an expression is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Syntax {
    /// `\(a\|b\)\{2\}`.
    Basic,
    /// `(a|b){2}`.
    Extended,
    /// Nothing has a meaning of its own.
    Fixed,
}

/// How much of a line has to match.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extent {
    /// Any part.
    Part,
    /// A part that is not amid a word.
    Words,
    /// All of it.
    Line,
}

/// What an expression is searched for in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Scope {
    /// Lines: each begins and ends where `^` and `$` say, and nothing but a newline is one.
    Lines,
    /// A text as a whole, in which newlines are like other bytes.
    Text,
}

/// Why a text is no regular expression.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PatternError(pub(crate) &'static str);

impl fmt::Display for PatternError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

/// The most memory that one expression takes, in bytes: an error past it.
const BYTES_MAX: usize = 16 << 20;

/// Several expressions that are searched for at once.
#[derive(Debug)]
pub struct Regex {
    /// Finds where the first match begins.
    first: meta::Regex,
    first_cache: meta::Cache,
    /// Finds how far the longest match from a place on goes.
    longest: dfa::DFA,
    longest_cache: dfa::Cache,
    /// Finds what the groups of a match hold; only in a text.
    groups: Option<Box<Groups>>,
}

const TOO_BIG: PatternError = PatternError("the regular expression is too big");

impl Regex {
    /// What matches any of `patterns`; without one, nothing.
    pub fn new(patterns: &[String], syntax: Syntax, folds_case: bool, extent: Extent) -> Result<Regex, PatternError> {
        let parse = |pattern: &String| Ok(parser::parse(pattern.as_bytes(), syntax, folds_case, Scope::Lines)?.hir);
        let parsed = patterns.iter().map(parse);
        let any = Hir::alternation(parsed.collect::<Result<Vec<_>, _>>()?);
        let whole = match extent {
            Extent::Part => any,
            Extent::Words => {
                Hir::concat([Hir::look(Look::WordStartHalfAscii), any, Hir::look(Look::WordEndHalfAscii)].into())
            }
            Extent::Line => Hir::concat([Hir::look(Look::StartLF), any, Hir::look(Look::EndLF)].into()),
        };
        Regex::of_hir(&whole)
    }

    /// What matches `pattern` in a text that may have several lines: `.` is a newline as well, and `^` and `$` are the
    /// ends of the text. Its [`groups`](Regex::groups) can be asked for.
    pub fn of_text(pattern: &[u8], syntax: Syntax, folds_case: bool) -> Result<Regex, PatternError> {
        let parsed = parser::parse(pattern, syntax, folds_case, Scope::Text)?;
        let groups = Groups::new(&parsed.hir, parsed.groups)?;
        Ok(Regex { groups: Some(Box::new(groups)), ..Regex::of_hir(&parsed.hir)? })
    }

    fn of_hir(whole: &Hir) -> Result<Regex, PatternError> {
        let config = meta::Config::new()
            .utf8_empty(false)
            .which_captures(thompson::WhichCaptures::Implicit)
            .nfa_size_limit(Some(BYTES_MAX));
        let first = meta::Builder::new().configure(config).build_from_hir(whole).map_err(|_| TOO_BIG)?;
        let config = thompson::Config::new()
            .utf8(false)
            .which_captures(thompson::WhichCaptures::None)
            .nfa_size_limit(Some(BYTES_MAX));
        let nfa = thompson::Compiler::new().configure(config).build_from_hir(whole).map_err(|_| TOO_BIG)?;
        let config = dfa::Config::new().match_kind(MatchKind::All).skip_cache_capacity_check(true);
        let longest = dfa::Builder::new().configure(config).build_from_nfa(nfa).map_err(|_| TOO_BIG)?;
        let (first_cache, longest_cache) = (first.create_cache(), longest.create_cache());
        Ok(Regex { first_cache, longest_cache, first, longest, groups: None })
    }

    /// How many groups the expression has, if it is one of a text.
    pub fn group_count(&self) -> usize {
        self.groups.as_ref().map_or(0, |groups| groups.count())
    }

    /// What each group of the longest match holds that begins at `start`, behind the whole match; `None` for those that
    /// took no part in it. Nothing, if there is no match or the expression is not one of a text.
    pub fn groups(&mut self, text: &[u8], start: usize) -> Vec<Option<Range<usize>>> {
        self.groups.as_mut().map_or_else(Vec::new, |groups| groups.find(text, start))
    }

    /// Where a first match begins from `from` on, and some end of it, which need not be the longest.
    pub fn find(&mut self, text: &[u8], from: usize) -> Option<Range<usize>> {
        let input = Input::new(text).span(from..text.len());
        Some(self.first.search_with(&mut self.first_cache, &input)?.range())
    }

    /// The longest of the matches that begin first from `from` on, in one line.
    pub fn find_longest(&mut self, line: &[u8], from: usize) -> Option<Range<usize>> {
        let some = self.find(line, from)?;
        let input = Input::new(line).span(some.start..line.len()).anchored(Anchored::Yes);
        // It neither quits nor gives up, as it was not told to.
        let end = self.longest.try_search_fwd(&mut self.longest_cache, &input).ok().flatten();
        Some(some.start..end.map_or(some.end, |end| end.offset()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::REGEX_DEPTH;
    use alloc::borrow::ToOwned;

    fn regex(pattern: &str, syntax: Syntax) -> Result<Regex, PatternError> {
        Regex::new(&[pattern.to_owned()], syntax, false, Extent::Part)
    }

    /// The longest of the first matches.
    fn found<'a>(pattern: &str, syntax: Syntax, text: &'a str) -> Option<&'a str> {
        regex(pattern, syntax).unwrap().find_longest(text.as_bytes(), 0).map(|range| &text[range])
    }

    #[test]
    fn of_the_matches_that_begin_first_the_longest_is_found() {
        assert_eq!(found("a|ab", Syntax::Extended, "xab"), Some("ab"));
        assert_eq!(found("(a|ab)(c|bcd)", Syntax::Extended, "abcd"), Some("abcd"));
        assert_eq!(found("b*|ab", Syntax::Extended, "ab"), Some("ab"));
        assert_eq!(found("x", Syntax::Extended, "ab"), None);
    }

    #[test]
    fn operators_are_bare_in_extended_expressions_and_behind_a_backslash_in_basic_ones() {
        assert_eq!(found(r"a\{2\}\|c+", Syntax::Basic, "aac+"), Some("aa"));
        assert_eq!(found(r"(a+)", Syntax::Basic, "aa(a+)"), Some("(a+)"));
        assert_eq!(found(r"\(a\+\)", Syntax::Extended, "aa(a+)"), Some("(a+)"));
        assert_eq!(found(r"a.*[", Syntax::Fixed, "aa.*["), Some("a.*["));
    }

    #[test]
    fn what_is_no_expression_is_refused_by_name() {
        for (pattern, what) in [
            (r"\(a\)\1", "back-references are not supported"),
            (r"a\", "trailing backslash"),
            ("[a", "unmatched ["),
            (r"\(a", "unmatched ( or \\("),
            (r"a\)", "unmatched ) or \\)"),
            ("[z-a]", "invalid range end"),
            ("[[:foo:]]", "invalid character class name"),
            (r"a\{2,1\}", "invalid content of {}"),
            (r"a\{40000\}", "the regular expression is too big"),
        ] {
            assert_eq!(regex(pattern, Syntax::Basic).err(), Some(PatternError(what)), "{pattern}");
        }
    }

    #[test]
    fn parentheses_lie_in_each_other_up_to_a_bound() {
        let nested = |depth| ["(".repeat(depth), ")".repeat(depth)].concat();
        assert!(regex(&nested(REGEX_DEPTH), Syntax::Extended).is_ok());
        let too_deep = regex(&nested(REGEX_DEPTH + 1), Syntax::Extended);
        assert_eq!(too_deep.err(), Some(PatternError("the regular expression is too big")));
    }

    #[test]
    fn a_text_is_searched_across_its_lines() {
        let mut regex = Regex::of_text(b"^a.*[^x]$", Syntax::Basic, false).unwrap();
        assert_eq!(regex.find_longest(b"a\nb\n", 0), Some(0..4));
        assert_eq!(regex.find_longest(b"b\na", 0), None);
        assert_eq!(regex.find_longest(b"ab\n", 1), None, "a search that begins later begins no text");
    }

    #[test]
    fn groups_hold_what_the_longest_match_gives_them() {
        let groups = |pattern: &str, text: &str| {
            let mut regex = Regex::of_text(pattern.as_bytes(), Syntax::Extended, false).unwrap();
            let start = regex.find_longest(text.as_bytes(), 0).unwrap().start;
            let held = regex.groups(text.as_bytes(), start).into_iter();
            held.map(|group| group.map_or("-", |group| &text[group]).to_owned()).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(groups("(a|ab)(c|bcd)(d?)", "xabcd"), "abcd a bcd ");
        assert_eq!(groups("(a)|(b)", "b"), "b - b");
        assert_eq!(groups("((a)|(b)|(c))*", "abc"), "abc c a b c");
        assert_eq!(groups("(a|ab)(b*)", "abb"), "abb a bb");
        assert_eq!(groups("(a*)(ab)*(b*)", "abb"), "abb a - bb");
    }

    #[test]
    fn none_of_no_patterns_matches() {
        let mut none = Regex::new(&[], Syntax::Basic, false, Extent::Part).unwrap();
        assert_eq!(none.find(b"", 0), None);
    }
}
