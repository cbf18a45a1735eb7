//! What the groups of a match hold.
//!
//! Of all ways to the longest match that is the one on which each choice, from the left, takes the first of its
//! branches that can be taken, as GNU's finds it.

use super::{BYTES_MAX, PatternError, TOO_BIG};
use alloc::{vec, vec::Vec};
use core::ops::Range;
use regex_automata::{
    Anchored, Input, MatchKind,
    nfa::thompson::{self, pikevm},
    util::primitives::NonMaxUsize,
};
use regex_syntax::hir::Hir;

/// Finds the groups of matches.
#[derive(Debug)]
pub(super) struct Groups {
    /// It keeps one way to each place, the first, and goes on behind a match until it cannot be longer.
    machine: pikevm::PikeVM,
    cache: pikevm::Cache,
    /// Two ends for each group, the whole match being the first of them.
    ends: Vec<Option<NonMaxUsize>>,
}

impl Groups {
    pub(super) fn new(expression: &Hir, count: usize) -> Result<Groups, PatternError> {
        let config = thompson::Config::new().utf8(false).nfa_size_limit(Some(BYTES_MAX));
        let nfa = thompson::Compiler::new().configure(config).build_from_hir(expression).map_err(|_| TOO_BIG)?;
        let config = pikevm::Config::new().match_kind(MatchKind::All);
        let machine = pikevm::Builder::new().configure(config).build_from_nfa(nfa).map_err(|_| TOO_BIG)?;
        Ok(Groups { cache: machine.create_cache(), machine, ends: vec![None; 2 * (count + 1)] })
    }

    /// How many there are, the whole match not counted.
    pub(super) fn count(&self) -> usize {
        self.ends.len() / 2 - 1
    }

    /// Those of the longest match that begins at `start`, behind the whole of it.
    pub(super) fn find(&mut self, text: &[u8], start: usize) -> Vec<Option<Range<usize>>> {
        let input = Input::new(text).span(start..text.len()).anchored(Anchored::Yes);
        if self.machine.search_slots(&mut self.cache, &input, &mut self.ends).is_none() {
            return Vec::new();
        }
        let range = |ends: &[Option<NonMaxUsize>]| Some(ends[0]?.get()..ends[1]?.get());
        self.ends.chunks(2).map(range).collect()
    }
}
