//! So many lines as can be sorted without holding up the machine.

use super::key::Order;
use alloc::vec::Vec;

/// Lines in one piece of memory.
#[derive(Debug, Default)]
pub(super) struct Run {
    text: Vec<u8>,
    lines: Vec<Line>,
}

/// Where a line is, and its rank, by which most are told apart without a look at them.
#[derive(Clone, Copy, Debug)]
struct Line {
    rank: u64,
    start: usize,
    end: usize,
}

impl Run {
    pub(super) fn push(&mut self, line: &[u8], order: &Order) {
        let start = self.text.len();
        self.text.extend_from_slice(line);
        self.lines.push(Line { rank: order.rank(line), start, end: self.text.len() });
    }

    pub(super) fn is_full(&self) -> bool {
        self.lines.len() >= crate::limits::SORTED_LINES || self.text.len() >= crate::limits::SORTED_BYTES
    }

    /// Puts it in order; lines that are equal stay in theirs.
    pub(super) fn sort(&mut self, order: &Order) {
        let Run { text, lines } = self;
        let bytes = |line: &Line| &text[line.start..line.end];
        lines.sort_by(|one, other| one.rank.cmp(&other.rank).then_with(|| order.compare(bytes(one), bytes(other))));
    }

    /// The line of this number, and its rank.
    pub(super) fn line(&self, number: usize) -> Option<(u64, &[u8])> {
        self.lines.get(number).map(|line| (line.rank, &self.text[line.start..line.end]))
    }
}
