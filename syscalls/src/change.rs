//! What becomes of children, and how one waits for it.

use crate::{ExitStatus, Signal};
use core::{fmt, ops::BitOr};

/// What has become of a child.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// It has ended, and was reaped.
    Ended(ExitStatus),
    /// It was stopped, by this signal.
    Stopped(Signal),
    /// It was stopped and goes on.
    Continued,
}

/// How to wait for a change: `WaitFlags::NOHANG | WaitFlags::STOPPED`.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
pub struct WaitFlags(u8);

impl WaitFlags {
    /// For an end, however long it takes.
    pub const NONE: WaitFlags = WaitFlags(0);
    /// Do not wait.
    pub const NOHANG: WaitFlags = WaitFlags(1);
    /// Tell also that a child was stopped; each stop is told once.
    pub const STOPPED: WaitFlags = WaitFlags(2);
    /// Tell also that a child goes on; each time is told once.
    pub const CONTINUED: WaitFlags = WaitFlags(4);
    /// Take the value that a child has left, as `wait_value` does.
    pub const VALUES: WaitFlags = WaitFlags(8);

    /// Does it ask for all of these?
    pub const fn has(self, flags: WaitFlags) -> bool {
        self.0 & flags.0 == flags.0
    }
}

impl BitOr for WaitFlags {
    type Output = WaitFlags;

    fn bitor(self, other: WaitFlags) -> WaitFlags {
        WaitFlags(self.0 | other.0)
    }
}

/// `NOHANG|STOPPED`.
impl fmt::Debug for WaitFlags {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = [
            (WaitFlags::NOHANG, "NOHANG"),
            (WaitFlags::STOPPED, "STOPPED"),
            (WaitFlags::CONTINUED, "CONTINUED"),
            (WaitFlags::VALUES, "VALUES"),
        ];
        let mut separator = "";
        for (_, name) in names.iter().filter(|(flag, _)| self.has(*flag)) {
            write!(f, "{separator}{name}")?;
            separator = "|";
        }
        if separator.is_empty() { f.write_str("none") } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;

    #[test]
    fn flags_are_shown_by_their_names() {
        assert_eq!(format!("{:?}", WaitFlags::NONE), "none");
        assert_eq!(format!("{:?}", WaitFlags::CONTINUED | WaitFlags::NOHANG), "NOHANG|CONTINUED");
    }
}
