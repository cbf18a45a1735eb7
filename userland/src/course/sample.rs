//! What the programs of the course read when they are given no file.

use crate::{flow::*, prelude::*};

/// Lines with `python`, `ply` and `swig` in them: one with each alone, one with two, one with all, one
/// with none.
const LINES: [&str; 6] = [
    "python generators are lazy",
    "parsing with ply is declarative",
    "no branch has a use for this line",
    "wrapping with swig saves typing",
    "python extensions are often made by swig",
    "ply parses, swig wraps, and python runs them both",
];

/// The lines, one by one.
pub(super) fn lines() -> impl Generator<String> {
    generator!({
        for line in LINES {
            yield line.to_owned();
        }
    })
}
