//! Lines that were entered, oldest first.

use crate::limits::HISTORY_LINES;
use alloc::{collections::VecDeque, string::String};

/// At most [`HISTORY_LINES`] lines; past it the oldest goes. A line that is entered again at once, or has
/// nothing but white space, is not kept.
#[derive(Debug, Default)]
pub struct History {
    lines: VecDeque<String>,
}

impl History {
    /// Keeps a line.
    pub fn push(&mut self, line: &str) {
        if line.trim().is_empty() || self.lines.back().is_some_and(|last| last == line) {
            return;
        }
        if self.lines.len() == HISTORY_LINES {
            self.lines.pop_front();
        }
        self.lines.push_back(line.into());
    }

    /// The place behind the newest.
    pub fn end(&self) -> usize {
        self.lines.len()
    }

    /// The line at this place, 0 for the oldest.
    pub fn line(&self, place: usize) -> Option<&str> {
        self.lines.get(place).map(String::as_str)
    }

    /// The lines, oldest first.
    pub fn lines(&self) -> impl Iterator<Item = &str> {
        self.lines.iter().map(String::as_str)
    }

    /// The newest line before this place that has `part` in it: its place, and where in it.
    pub fn find_before(&self, place: usize, part: &str) -> Option<(usize, usize)> {
        let places = (0..place.min(self.lines.len())).rev();
        places.filter_map(|place| Some((place, self.lines[place].rfind(part)?))).next()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::{format, vec::Vec};

    fn history(lines: &[&str]) -> History {
        let mut history = History::default();
        lines.iter().for_each(|line| history.push(line));
        history
    }

    #[test]
    fn a_line_entered_again_at_once_or_blank_is_not_kept() {
        let history = history(&["a", "a", "", " ", "b", "a"]);
        assert_eq!(history.lines().collect::<Vec<_>>(), ["a", "b", "a"]);
    }

    #[test]
    fn the_oldest_goes_at_the_bound() {
        let mut history = History::default();
        for number in 0..=HISTORY_LINES {
            history.push(&format!("{number}"));
        }
        assert_eq!((history.end(), history.line(0)), (HISTORY_LINES, Some("1")));
    }

    #[test]
    fn the_newest_line_with_a_part_is_found() {
        let history = history(&["ls a", "cat a a", "ls b"]);
        assert_eq!(history.find_before(3, "ls"), Some((2, 0)));
        assert_eq!(history.find_before(2, "ls"), Some((0, 0)));
        assert_eq!(history.find_before(3, "a a"), Some((1, 4)));
        assert_eq!(history.find_before(0, "ls"), None);
        assert_eq!(history.find_before(9, "none"), None);
    }
}
