//! What the disk is asked to tell or to do by path, and what comes of that.
//!
//! A question is not an operation on an open file: nothing stays open behind it, and its device is there
//! until the answer is. One that was given up may still take place.

use std::time::Duration;
use yieldix_syscalls::FileInfo;

/// What the disk is asked. A path is relative to its folder, which is `.`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Question {
    /// What is known of what a path names.
    Stat {
        /// Which.
        path: Box<str>,
        /// Of what a link leads to, rather than of the link?
        follows: bool,
    },
    /// Makes a directory.
    Mkdir(Box<str>),
    /// Removes what is no directory; a link, and not what it leads to.
    Unlink(Box<str>),
    /// Removes an empty directory.
    Rmdir(Box<str>),
    /// Gives something another name, in place of a file or an empty directory of that name.
    Rename {
        /// The name that it has.
        from: Box<str>,
        /// The name that it is to have, in the same folder.
        to: Box<str>,
    },
    /// Sets when something was last changed; links are followed.
    SetModified {
        /// What.
        path: Box<str>,
        /// Since 1970 in UTC, in a simulated world since boot; none is now.
        moment: Option<Duration>,
    },
}

impl Question {
    /// Is the folder different afterwards?
    pub fn changes(&self) -> bool {
        !matches!(self, Question::Stat { .. })
    }
}

/// The answer to a question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Told {
    /// What is known of a file.
    Info(FileInfo),
    /// It was done.
    Done,
}
