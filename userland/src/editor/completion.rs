//! What may follow: the words that Tab offers.

use crate::{
    columns::{Filling, columns},
    limits::COMPLETIONS_LISTED,
};
use alloc::{format, string::String, vec::Vec};
use yieldix_syscalls::{Errno, Routine};

/// One way to go on.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Candidate {
    /// What takes the place of the word that is completed, quoted as the line needs it.
    pub text: String,
    /// How a list shows it.
    pub shown: String,
    /// May more of the same word follow, as behind a directory? If not, a space does.
    pub goes_on: bool,
}

/// The ways to go on with a line.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Completions {
    /// The byte of the line at which the word that is completed begins.
    pub start: usize,
    /// In the order in which they are listed.
    pub candidates: Vec<Candidate>,
}

/// Who knows how a line may go on.
pub trait Completer: Send {
    /// The ways to go on with a line whose cursor stands at the end of `before`. An error rings the bell.
    fn complete(&mut self, before: &str) -> impl Routine<Result<Completions, Errno>>;
}

/// No completions.
#[derive(Clone, Copy, Debug, Default)]
pub struct Uncompleted;

impl Completer for Uncompleted {
    fn complete(&mut self, _before: &str) -> impl Routine<Result<Completions, Errno>> {
        yieldix_syscalls::routine!(move { Ok(Completions::default()) })
    }
}

impl Completions {
    /// What all of them begin with; of one alone, all of it. `None` when there is none.
    pub(super) fn common(&self) -> Option<String> {
        let (first, others) = self.candidates.split_first()?;
        if others.is_empty() {
            let end = if first.goes_on { "" } else { " " };
            return Some(format!("{}{end}", first.text));
        }
        let common = others.iter().fold(first.text.as_str(), |common, other| {
            let same = common.chars().zip(other.text.chars()).take_while(|(a, b)| a == b);
            &common[..same.map(|(a, _)| a.len_utf8()).sum()]
        });
        // Not amid a quoted character.
        let backslashes = common.len() - common.trim_end_matches('\\').len();
        Some(common[..common.len() - backslashes % 2].into())
    }

    /// In lines of `width` cells; of many the first, and how many more there are.
    pub(super) fn list(&self, width: usize) -> String {
        let listed = self.candidates.len().min(COMPLETIONS_LISTED);
        let names: Vec<String> =
            self.candidates[..listed].iter().map(|candidate| candidate.shown.escape_debug().collect()).collect();
        let mut text = columns(&names, width, Filling::Blanks);
        if listed < self.candidates.len() {
            text += &format!("… and {} more\n", self.candidates.len() - listed);
        }
        text
    }
}
