//! Random arguments, options and input, from a seed.

use super::Case;
use crate::chaos_support::Chance;

/// Picks among things.
pub struct Pick(Chance);

impl Pick {
    pub fn new(seed: u64) -> Pick {
        Pick(Chance(seed))
    }

    /// A number below `bound`.
    pub fn below(&mut self, bound: u64) -> u64 {
        self.0.below(bound)
    }

    pub fn is(&mut self, one_of: u64) -> bool {
        self.below(one_of) == 0
    }

    pub fn of<'a, T>(&mut self, among: &'a [T]) -> &'a T {
        &among[self.below(among.len() as u64) as usize]
    }

    /// Some of these, in their order.
    pub fn some<'a>(&mut self, among: &[&'a str], one_of: u64) -> Vec<&'a str> {
        among.iter().copied().filter(|_| self.is(one_of)).collect()
    }

    /// A text of these parts.
    pub fn text(&mut self, parts: &[&str], most: u64) -> String {
        (0..self.below(most + 1)).map(|_| *self.of(parts)).collect()
    }
}

const FILES: &[&str] = &[
    "w/log",
    "w/words",
    "w/empty",
    "w/newline",
    "w/unended",
    "w/crlf",
    "w/blanks",
    "w/repeats",
    "w/numbers",
    "w/fields",
    "w/zeros",
    "w/binary",
    "w/every",
    "w/repeats",
    "w/fields",
    "w/numbers",
];

/// A case of `tool` with some of these flags and what `options` adds, on none to three files or on standard input.
pub fn case(
    tool: &'static str,
    pick: &mut Pick,
    flags: &[&str],
    options: impl Fn(&mut Pick) -> Vec<String>,
    files_max: u64,
) -> Case {
    let mut args: Vec<String> = pick.some(flags, 4).into_iter().map(Into::into).collect();
    if pick.is(3) && args.len() > 1 && args.iter().all(|flag| flag.len() == 2) {
        // Together behind one dash.
        args = vec![format!("-{}", args.concat().replace('-', ""))];
    }
    args.extend(options(pick));
    let makes_files = args.iter().any(|arg| arg.contains("made"));
    for _ in 0..pick.below(files_max + 1) {
        args.push(match pick.below(24) {
            0 => "-".into(),
            1 => "w/missing".into(),
            // Whether a file is made when another turns out to be none is not to be held on to.
            2 if !makes_files && tool != "tail" && tool != "od" => "w/folder".into(),
            3 => "w/long".into(),
            4 => "w/biglog".into(),
            _ => (*pick.of(FILES)).into(),
        });
    }
    Case::new(tool, args).reading(input(pick))
}

/// What may stand on standard input.
fn input(pick: &mut Pick) -> Vec<u8> {
    let parts = [
        "a", "b", "ab", "A", " ", "  ", "\t", "\n", "\n", "\n", "1", "10", "x y", "foo", "foo_bar", ":", ".", "-",
        "\\", "\r", "\u{e9}", "\0",
    ];
    // Zeros make it no text, so that they are rare.
    let parts = if pick.is(6) { &parts[..] } else { &parts[..parts.len() - 1] };
    pick.text(parts, 120).into_bytes()
}
