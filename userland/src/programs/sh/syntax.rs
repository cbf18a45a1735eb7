//! What a script is once it is read: lists of pipelines of commands, and the words in them.
//!
//! Nothing here refers to the text it was read from, and what the shell keeps or hands to another task
//! is behind an [`Arc`]: a function, the body of a loop, a part of a pipeline.

use alloc::{boxed::Box, string::String, sync::Arc, vec::Vec};
use spin::Once;

/// Commands one after the other.
#[derive(Debug, Default)]
pub(super) struct List(pub Vec<Item>);

/// One of a list, up to its `;`, `&` or line end.
#[derive(Debug)]
pub(super) struct Item {
    pub and_or: Arc<AndOr>,
    pub is_background: bool,
}

/// Pipelines joined by `&&` and `||`.
#[derive(Debug)]
pub(super) struct AndOr {
    pub first: Pipeline,
    pub rest: Vec<(Connector, Pipeline)>,
    /// As it was written.
    pub text: Box<str>,
}

impl AndOr {
    /// The commands of its pipeline, if that is all there is and its status is theirs.
    pub(super) fn only_commands(&self) -> Option<&[Arc<Command>]> {
        (self.rest.is_empty() && !self.first.is_negated).then_some(&self.first.commands)
    }
}

/// What joins two pipelines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Connector {
    And,
    Or,
}

/// Commands joined by `|`, of which there is at least one.
#[derive(Debug)]
pub(super) struct Pipeline {
    pub is_negated: bool,
    pub commands: Vec<Arc<Command>>,
    /// As it was written.
    pub text: Box<str>,
}

/// A command and what it may be.
#[derive(Debug)]
pub(super) enum Command {
    Simple(Simple),
    /// A compound command with the redirections behind it.
    Compound(Compound, Vec<Redirection>),
    /// The definition of a function.
    Function(String, Arc<Command>),
}

/// Assignments, words, redirections; any but not all of them may be missing.
#[derive(Debug, Default)]
pub(super) struct Simple {
    pub assignments: Vec<(String, Word)>,
    pub words: Vec<Word>,
    pub redirections: Vec<Redirection>,
    /// Where it begins.
    pub line: u32,
}

/// What has commands in it.
#[derive(Debug)]
pub(super) enum Compound {
    Group(List),
    Subshell(Arc<List>),
    /// Conditions with what is run when they hold, and what is run when none does.
    If(Vec<(List, List)>, Option<List>),
    While {
        condition: List,
        body: List,
        /// Ends when the condition holds, and not when it fails.
        is_until: bool,
    },
    For {
        name: String,
        /// The positional parameters when there are none.
        words: Option<Vec<Word>>,
        body: List,
    },
    Case(Word, Vec<(Vec<Word>, List)>),
}

/// A change of one descriptor.
#[derive(Debug)]
pub(super) struct Redirection {
    /// Which; as the operator has it when none is named.
    pub slot: u32,
    pub target: Target,
}

/// What a descriptor becomes.
#[derive(Debug)]
pub(super) enum Target {
    /// A file to read.
    Read(Word),
    /// A file to write, emptied first; `set -C` has an effect unless it is insisted on by `>|`.
    Write { path: Word, is_forced: bool },
    /// A file to write at its end.
    Append(Word),
    /// A file to read and write.
    Both(Word),
    /// Another descriptor, or `-` for none.
    Copy(Word),
    /// A text that stands in the script; it is known once the lines behind the command were read.
    Here(Arc<Once<Word>>),
}

impl Redirection {
    /// Can it be done by another shell than the one that it is meant for: does nothing but its descriptor change?
    pub(super) fn is_pure(&self) -> bool {
        match &self.target {
            Target::Read(path) | Target::Write { path, .. } | Target::Append(path) | Target::Both(path) => {
                path.is_pure()
            }
            Target::Copy(word) => word.plain().is_some_and(|text| text == "-" || text.parse::<u32>().is_ok()),
            Target::Here(_) => false,
        }
    }
}

/// What becomes a string, or several, or none.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Word(pub Vec<Part>);

/// A part of a word.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Part {
    /// Characters as they are, which may be a pattern's.
    Text(String),
    /// Characters that mean nothing but themselves.
    Quoted(String),
    /// What stands in double quotes.
    DoubleQuoted(Vec<Part>),
    Parameter(Box<Expansion>),
    Command(Substitution),
    Arithmetic(Vec<Part>),
    /// `~` where it is the home directory.
    Tilde,
}

/// The commands of a `$(…)`.
#[derive(Clone, Debug)]
pub(super) struct Substitution(pub Arc<List>);

impl PartialEq for Substitution {
    fn eq(&self, other: &Substitution) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

/// A parameter, and what is made of its value.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Expansion {
    pub parameter: Parameter,
    pub change: Change,
}

/// What a `$` names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Parameter {
    Variable(String),
    Positional(usize),
    /// `@ * # ? - $ !`
    Special(char),
}

/// What is made of a parameter's value.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Change {
    Nothing,
    /// `${#x}`
    Length,
    /// `${x:-w}` and its kin.
    Otherwise {
        otherwise: Otherwise,
        /// Is an empty value as good as none: is there a colon?
        is_empty_none: bool,
        word: Word,
    },
    /// `${x%w}` and its kin.
    Trim {
        side: Side,
        is_longest: bool,
        pattern: Word,
    },
    /// What no shell knows: an error when it is come to.
    Bad,
}

/// What is done about a parameter that has no value; or, in one case, that has one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Otherwise {
    /// `-`
    Use,
    /// `=`
    Assign,
    /// `?`
    Fail,
    /// `+`: the word in the place of a value.
    Replace,
}

/// The end of a value that a pattern is taken from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    Front,
    Back,
}

impl Word {
    /// Can it be expanded with no effect but its value: without commands, assignments and errors?
    pub(super) fn is_pure(&self) -> bool {
        fn is_pure(part: &Part) -> bool {
            match part {
                Part::Text(_) | Part::Quoted(_) | Part::Tilde => true,
                Part::DoubleQuoted(parts) => parts.iter().all(is_pure),
                Part::Command(_) | Part::Arithmetic(_) => false,
                Part::Parameter(expansion) => matches!(expansion.change, Change::Nothing | Change::Length),
            }
        }
        self.0.iter().all(is_pure)
    }

    /// The text of a word that is nothing but plain characters.
    pub(super) fn plain(&self) -> Option<&str> {
        match self.0.as_slice() {
            [Part::Text(text)] => Some(text),
            _ => None,
        }
    }
}
