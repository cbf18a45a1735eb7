//! Sorted runs become one.

use super::{key::Order, run::Run};
use crate::limits::{PIECE_BYTES, SORTED_LINES};
use alloc::{vec, vec::Vec};
use core::cmp::Ordering;

/// A tournament of the first lines of all runs. A match is played anew only where the last winner had come through.
#[derive(Debug)]
pub(super) struct Merge<'a> {
    runs: Vec<Run>,
    /// The next line of each run.
    next: Vec<usize>,
    /// At 1 the winner, at `i` who won the match of `2 * i` and `2 * i + 1`; from the number of runs on, the runs.
    winners: Vec<usize>,
    order: &'a Order,
    /// With -u, the line that was written last.
    last: Option<Vec<u8>>,
}

impl<'a> Merge<'a> {
    /// The lines of these runs, each of which is in order.
    pub(super) fn new(runs: Vec<Run>, order: &'a Order) -> Merge<'a> {
        let count = runs.len();
        let mut winners = vec![0; count];
        winners.extend(0..count);
        let mut merge = Merge { next: vec![0; count], runs, winners, order, last: None };
        for place in (1..count).rev() {
            merge.play(place);
        }
        merge
    }

    fn play(&mut self, place: usize) {
        let (one, other) = (self.winners[2 * place], self.winners[2 * place + 1]);
        self.winners[place] = if self.is_before(one, other) { one } else { other };
    }

    /// Is the next line of one run before that of the other? Of equals, that of the earlier run is.
    fn is_before(&self, one: usize, other: usize) -> bool {
        let line = |run: usize| self.runs[run].line(self.next[run]);
        match (line(one), line(other)) {
            (Some((one_rank, one_line)), Some((other_rank, other_line))) => {
                let order = one_rank.cmp(&other_rank).then_with(|| self.order.compare(one_line, other_line));
                order.then(one.cmp(&other)) == Ordering::Less
            }
            (Some(_), None) => true,
            (None, _) => false,
        }
    }

    /// Writes the next lines, not very many; false when there are none.
    pub(super) fn put_some(&mut self, out: &mut Vec<u8>) -> bool {
        for _ in 0..SORTED_LINES {
            let winner = if self.runs.len() == 1 { 0 } else { self.winners[1] };
            let Some((_, line)) = self.runs[winner].line(self.next[winner]) else { return false };
            let order = self.order;
            let is_repeated = |last: &Vec<u8>| order.compare(last, line).is_eq();
            if !(order.is_unique && self.last.as_ref().is_some_and(is_repeated)) {
                out.extend_from_slice(line);
                out.push(b'\n');
                if order.is_unique {
                    let last = self.last.get_or_insert_default();
                    last.clear();
                    last.extend_from_slice(line);
                }
            }
            self.next[winner] += 1;
            if self.runs[winner].line(self.next[winner]).is_none() {
                // Its memory is given back here, a run at a time.
                self.runs[winner] = Run::default();
            }
            let mut place = (self.runs.len() + winner) / 2;
            while place > 0 {
                self.play(place);
                place /= 2;
            }
            if out.len() >= PIECE_BYTES as usize {
                break;
            }
        }
        true
    }
}
