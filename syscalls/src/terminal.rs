//! Terminals: the console, and those that tasks make.

use crate::Tid;

/// What a terminal makes of keys. Enter is a newline in all of them, so that what is typed ahead of a program that
/// changes the mode has its ends of lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TerminalMode {
    /// A read gives a line that was edited with the keys a terminal knows, and shown as it was typed.
    Lines,
    /// A read gives keys as they come, and none is shown; but those that send signals do.
    Keys,
    /// A read gives every key as it comes, those that send signals among them.
    Raw,
}

/// What is known of a terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TerminalInfo {
    /// What it makes of keys.
    pub mode: TerminalMode,
    /// Characters in a line of it.
    pub columns: u16,
    /// Lines of it.
    pub rows: u16,
    /// The process group that its keys send signals to; [`Tid::NONE`] when there is none.
    pub foreground: Tid,
}
