//! What a timeline needs of an event: the same, whether it was read in a log or happens now.

use crate::{Event, FieldError};

/// What has happened, in words. Tasks are numbers; 0 is nobody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Happening {
    /// A task was made.
    Spawned {
        /// Which.
        tid: u64,
        /// By whom.
        parent: u64,
        /// Its name.
        name: Box<str>,
    },
    /// A task has ended.
    Exited {
        /// Which.
        tid: u64,
        /// How.
        status: Box<str>,
    },
    /// A task has the turn.
    Chosen {
        /// Which.
        tid: u64,
        /// Why it was ready.
        because: Box<str>,
        /// Who made it so, where `because` does not say.
        by: u64,
        /// For how long it was.
        waited_ns: u64,
        /// Of how many it was chosen.
        of_ready: u64,
        /// By which rule.
        rule: Box<str>,
    },
    /// A task traps.
    Trapped {
        /// Which.
        tid: u64,
        /// The call, without its arguments.
        call: Box<str>,
        /// The source line.
        line: Box<str>,
    },
    /// A turn is over.
    TurnOver {
        /// Whose.
        tid: u64,
        /// Why.
        why: Box<str>,
        /// Traps in it.
        traps: u64,
    },
    /// A task waits.
    Blocked {
        /// Which.
        tid: u64,
        /// For what.
        on: Box<str>,
        /// In which queues.
        queues: Box<str>,
        /// Until then at the latest, in nanoseconds since boot.
        until: Option<u64>,
    },
    /// A task is ready that was not.
    Ready {
        /// Which.
        tid: u64,
    },
    /// A signal has stopped a task.
    Stopped {
        /// Which.
        tid: u64,
        /// The signal.
        signal: Box<str>,
    },
    /// A task that was stopped goes on.
    Continued {
        /// Which.
        tid: u64,
    },
    /// A file was opened.
    Opened,
    /// A file was closed.
    Closed,
    /// Something that is worth a mark, and changes nothing else.
    Marked {
        /// On whose track; on nobody's for 0.
        tid: u64,
        /// What it is: `task fault`.
        name: &'static str,
        /// More of it.
        detail: Box<str>,
    },
    /// Nothing that a timeline shows.
    Other,
}

impl Happening {
    /// What an event of a log tells.
    ///
    /// Errors: a field is not as the schema says.
    pub fn of(event: &Event) -> Result<Happening, FieldError> {
        let text = |field| event.text(field).map(Box::<str>::from);
        let mark = |tid, name, detail| Ok(Happening::Marked { tid: event.number(tid)?, name, detail: text(detail)? });
        let tid = || event.number("tid");
        Ok(match &*event.message {
            "spawned" => Happening::Spawned { tid: tid()?, parent: event.number("parent")?, name: text("name")? },
            "exited" => Happening::Exited { tid: tid()?, status: text("status")? },
            "chosen" => Happening::Chosen {
                tid: tid()?,
                because: text("because")?,
                by: event.number("by")?,
                waited_ns: event.number("waited_ns")?,
                of_ready: event.number("of_ready")?,
                rule: text("rule")?,
            },
            "trap" => {
                let call = event.text("call")?;
                let name = call.split_once('(').map_or(call, |(name, _)| name);
                Happening::Trapped { tid: tid()?, call: name.into(), line: text("line")? }
            }
            "turn over" => Happening::TurnOver { tid: tid()?, why: text("why")?, traps: event.number("traps")? },
            "blocked" => Happening::Blocked {
                tid: tid()?,
                on: text("on")?,
                queues: text("queues")?,
                until: event.time("until")?,
            },
            "ready" => Happening::Ready { tid: tid()? },
            "stopped" => Happening::Stopped { tid: tid()?, signal: text("signal")? },
            "continued" => Happening::Continued { tid: tid()? },
            "opened" | "offloaded" => Happening::Opened,
            "closed" => Happening::Closed,
            "task fault" => mark("tid", "task fault", "panic")?,
            "task failed" => mark("tid", "task failed", "errno")?,
            "destructor panicked" => mark("tid", "destructor panicked", "panic")?,
            "sent" => mark("to", "signal sent", "signal")?,
            "caught" => mark("tid", "signal caught", "signal")?,
            "delivered" => mark("tid", "signal ends it", "signal")?,
            "from the host" => Happening::Marked { tid: 0, name: "signal from the host", detail: text("signal")? },
            "cycle of waits" => Happening::Marked { tid: 0, name: "cycle of waits", detail: text("tids")? },
            "deadlock" => Happening::Marked { tid: 0, name: "deadlock", detail: text("cycle")? },
            _ => Happening::Other,
        })
    }
}
