//! What a tracer is told of the tasks that it traces.

use crate::{CallInfo, Errno, ExitStatus, Signal, Tid, Time};
use alloc::boxed::Box;
use core::{fmt, ops::BitOr, panic::Location, time::Duration};

/// What a tracer is to be told, and of whom.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
pub struct TraceFlags(u8);

impl TraceFlags {
    /// Each call of those that are named.
    pub const NONE: TraceFlags = TraceFlags(0);
    /// Of those too that they spawn from now on, and so on.
    pub const FOLLOW: TraceFlags = TraceFlags(1);
    /// No calls and answers, which are only counted.
    pub const COUNT: TraceFlags = TraceFlags(2);
    /// Also when somebody, traced or not, may have come to wait for the end of another.
    pub const WAITS: TraceFlags = TraceFlags(4);

    /// Does it ask for all of these?
    pub const fn has(self, flags: TraceFlags) -> bool {
        self.0 & flags.0 == flags.0
    }
}

impl BitOr for TraceFlags {
    type Output = TraceFlags;

    fn bitor(self, other: TraceFlags) -> TraceFlags {
        TraceFlags(self.0 | other.0)
    }
}

/// `FOLLOW|COUNT`.
impl fmt::Debug for TraceFlags {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = [(TraceFlags::FOLLOW, "FOLLOW"), (TraceFlags::COUNT, "COUNT"), (TraceFlags::WAITS, "WAITS")];
        let mut separator = "";
        for (_, name) in names.iter().filter(|(flag, _)| self.has(*flag)) {
            write!(f, "{separator}{name}")?;
            separator = "|";
        }
        if separator.is_empty() { f.write_str("none") } else { Ok(()) }
    }
}

/// One thing that a traced task did, or that happened to it.
#[derive(Debug)]
pub struct TraceRecord {
    /// Which task; [`Tid::NONE`] for what is of none.
    pub tid: Tid,
    /// When, read from the clock for it and not for the round.
    pub at: Time,
    /// What.
    pub what: Traced,
}

/// What a traced task did, or what happened to it.
#[derive(Debug)]
pub enum Traced {
    /// It is traced from now on. It was there before.
    Attached {
        /// Its name.
        name: Box<str>,
        /// What it waits on; empty when it does not wait.
        waits: Box<str>,
        /// Where it has trapped last.
        line: Option<Location<'static>>,
    },
    /// It was made, and is traced from its first trap.
    Spawned {
        /// By this task.
        parent: Tid,
        /// Its name.
        name: Box<str>,
    },
    /// It traps.
    Trap {
        /// The call.
        info: &'static CallInfo,
        /// The call with its arguments: `write(1, "hi\n" (3 bytes))`.
        call: Box<str>,
        /// Of the `yield`.
        line: Location<'static>,
        /// Subroutines on the trampoline that it is in.
        depth: u32,
    },
    /// It has the answer to a trap, the last of those that have none.
    Answer {
        /// To which call; `None` when that was made before the task was traced.
        info: Option<&'static CallInfo>,
        /// The answer, as `3`, or the name of its errno.
        reply: Box<str>,
        /// Why the call failed, if it did.
        errno: Option<Errno>,
        /// From the trap to the answer, or from when it is traced.
        took: Duration,
    },
    /// A signal has come to it, and this is what it does.
    Signal {
        /// Which.
        signal: Signal,
        /// What it does.
        fate: SignalFate,
    },
    /// It was stopped and goes on.
    Continued,
    /// It has ended, and is not traced any more.
    Exited {
        /// How.
        status: ExitStatus,
    },
    /// It may not be traced, and by what it does somebody may have come to wait for the end of another: it begins to
    /// wait for one, has ended, enters another group, or goes on after a stop. Told with [`TraceFlags::WAITS`].
    WaitsChange,
    /// So many records were lost here: the tracer has read too slowly.
    Lost {
        /// How many.
        records: u64,
    },
}

/// What a signal does to a task that it has come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignalFate {
    /// The task catches it.
    Caught,
    /// It stops the task.
    Stops,
    /// It ends the task.
    Ends,
}

/// What traced tasks have done with one call.
#[derive(Clone, Copy, Debug)]
pub struct CallCount {
    /// The call.
    pub info: &'static CallInfo,
    /// Traps.
    pub calls: u64,
    /// Answers that were an errno.
    pub errors: u64,
    /// From traps to answers, in all.
    pub took: Duration,
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;

    #[test]
    fn flags_are_shown_by_their_names() {
        assert_eq!(format!("{:?}", TraceFlags::NONE), "none");
        assert_eq!(format!("{:?}", TraceFlags::COUNT | TraceFlags::FOLLOW), "FOLLOW|COUNT");
        assert_eq!(format!("{:?}", TraceFlags::WAITS | TraceFlags::COUNT), "COUNT|WAITS");
    }
}
