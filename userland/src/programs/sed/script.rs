//! A script as it is obeyed: commands in a row, with the places of their jumps.

use crate::regex::Regex;
use alloc::{boxed::Box, vec::Vec};

/// An expression by its number among those of the script; `None` is the last that was used.
pub(super) type Expression = Option<usize>;

/// What was read.
#[derive(Debug)]
pub(super) struct Script {
    pub(super) commands: Vec<Command>,
    pub(super) expressions: Vec<Regex>,
    /// It begins with `#n`: nothing is printed unasked.
    pub(super) is_quiet: bool,
}

#[derive(Debug)]
pub(super) struct Command {
    pub(super) selection: Selection,
    /// Is it for the lines that are not selected?
    pub(super) is_negated: bool,
    pub(super) action: Action,
}

/// Which lines a command is for.
#[derive(Debug)]
pub(super) enum Selection {
    All,
    One(Place),
    Range { first: Place, last: End, state: RangeState },
}

/// A line by its number or by what is in it.
#[derive(Clone, Copy, Debug)]
pub(super) enum Place {
    Line(u64),
    /// Each so-many-th from one on.
    Every {
        first: u64,
        step: u64,
    },
    Last,
    Match(Expression),
}

/// Where a range ends.
#[derive(Clone, Copy, Debug)]
pub(super) enum End {
    Line(u64),
    /// So many lines behind its first.
    After(u64),
    /// At the next line whose number is a multiple of this.
    Multiple(u64),
    /// At the next of each so-many-th line.
    Every {
        first: u64,
        step: u64,
    },
    Last,
    Match(Expression),
}

/// How far a range has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RangeState {
    Outside,
    /// Amid it; its last line, if it has a number.
    Inside(Option<u64>),
}

/// What a command does.
#[derive(Debug)]
pub(super) enum Action {
    /// `{`: what is behind this many commands comes next, unless the line is selected.
    Block { end: usize },
    /// `b`
    Jump(usize),
    /// `t`
    JumpIfReplaced(usize),
    /// `T`
    JumpUnlessReplaced(usize),
    /// `a`
    Append(Vec<u8>),
    /// `i`
    Insert(Vec<u8>),
    /// `c`
    Change(Vec<u8>),
    /// `d`
    Delete,
    /// `D`
    DeleteFirst,
    /// `g`
    Get,
    /// `G`
    GetBehind,
    /// `h`
    Hold,
    /// `H`
    HoldBehind,
    /// `x`
    Exchange,
    /// `n`
    Next,
    /// `N`
    NextBehind,
    /// `=`
    Number,
    /// `p`
    Print,
    /// `P`
    PrintFirst,
    /// `q` and, if it does not print, `Q`
    Quit { code: i32, is_printing: bool },
    /// `s`
    Substitute(Box<Substitution>),
    /// `y`
    Translate(Box<[u8; 256]>),
}

/// What `s` does.
#[derive(Debug)]
pub(super) struct Substitution {
    pub(super) expression: Expression,
    pub(super) replacement: Replacement,
    /// The first match that is replaced.
    pub(super) number: u64,
    /// Are those behind it as well?
    pub(super) is_global: bool,
    pub(super) is_printed: bool,
}

/// What stands in the place of a match.
#[derive(Debug, Default)]
pub(super) struct Replacement {
    pub(super) parts: Vec<Part>,
    /// The highest group that it asks for; the whole match is 0.
    pub(super) group_max: usize,
}

#[derive(Debug, PartialEq, Eq)]
pub(super) enum Part {
    Text(Vec<u8>),
    Group(usize),
    /// All that follows is in this case, or as it is.
    Case(Option<Case>),
    /// One byte is.
    CaseOnce(Case),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Case {
    Upper,
    Lower,
}

impl Case {
    fn of(self, byte: u8) -> u8 {
        match self {
            Case::Upper => byte.to_ascii_uppercase(),
            Case::Lower => byte.to_ascii_lowercase(),
        }
    }
}

impl Replacement {
    /// Writes it behind `out`, where `group` gives what the groups hold.
    pub(super) fn expand<'a>(&self, group: impl Fn(usize) -> &'a [u8], out: &mut Vec<u8>) {
        let (mut lasting, mut once) = (None, None);
        let mut put = |bytes: &[u8], lasting: Option<Case>, once: &mut Option<Case>| {
            let start = out.len();
            out.extend_from_slice(bytes);
            let mut rest = &mut out[start..];
            if let Some((first, behind)) = core::mem::take(&mut rest).split_first_mut() {
                if let Some(case) = once.take().or(lasting) {
                    *first = case.of(*first);
                }
                if let Some(case) = lasting {
                    behind.iter_mut().for_each(|byte| *byte = case.of(*byte));
                }
            }
        };
        for part in &self.parts {
            match part {
                Part::Text(text) => put(text, lasting, &mut once),
                Part::Group(number) => put(group(*number), lasting, &mut once),
                Part::Case(case) => lasting = *case,
                Part::CaseOnce(case) => once = Some(*case),
            }
        }
    }
}
