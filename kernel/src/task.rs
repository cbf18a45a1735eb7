//! What the kernel knows of one task.
//!
//! ```text
//!              spawn (1)
//!                 │
//!                 ▼      chosen (2)
//!   ┌────────► Ready ───────────────► Running ──────────┐
//!   │             ▲                      │  │           │
//!   │ unblock (5) │   yield, quantum (3) │  │ wait (4)  │ return, exit, panic (6)
//!   │             └──────────────────────┘  ▼           │
//!   └───────────────────────────────── Blocked (*)      │
//!                                           │           ▼
//!                      kill (7), from any ──┴─────► Zombie ───► Free
//!                                                    reaped (8), or at once if nobody will wait
//! ```
//!
//! (*) One variant for each thing that can be waited on: [`State::Reading`], [`State::Writing`],
//! [`State::Sending`], [`State::Receiving`], [`State::Polling`], [`State::Sleeping`], [`State::SleepingBounded`],
//! [`State::AwaitingChild`], [`State::AwaitingAny`], [`State::AwaitingChange`], [`State::AwaitingSignal`],
//! [`State::Joining`].
//!
//! Beside its state a task may be *stopped* ([`crate::signal`]): it has no turn until it goes on, and takes
//! nothing that another could have (`stopped.rs`).
//!
//! A task is a *slot* of 64 bytes, a cache line, in one table. What few tasks need (a name, own
//! descriptors, children, deadlines, callers of a subroutine) is in a *cold part*, made when first
//! needed; a plain child has none.

use crate::{
    change::Awaited, fd::FdTable, file::Pending, inherited::Inherited, kernel::broken, limits, one_line::is_harmful,
    poll::Polling, port::Outgoing, signal::Signalling, trap::Step, wait::Links,
};
use std::{
    collections::BTreeSet,
    mem::{forget, replace, take},
    panic::Location,
    sync::Arc,
};
use yieldix_syscalls::{Errno, ExitStatus, Gauge, Reply, Task, Tid, Time, Value};

/// No slot, no cold part: the end of a list.
pub const NIL: u32 = u32::MAX;

/// What a task is doing, and what it needs for that.
#[derive(Debug)]
pub enum State {
    /// Waiting for a turn, with the answer to its last trap.
    Ready(Reply),
    /// Has the turn.
    Running,
    /// Queued for input from a file; the operation is in the cold part.
    Reading {
        /// Index of the file.
        file: u32,
        /// Neighbours in the file's queue.
        links: Links,
    },
    /// Queued for room in a file; the operation is in the cold part.
    Writing {
        /// Index of the file.
        file: u32,
        /// Neighbours in the file's queue.
        links: Links,
    },
    /// Queued for room in a port; the message is in the cold part.
    Sending {
        /// Index of the port.
        port: u32,
        /// Neighbours among its senders.
        links: Links,
    },
    /// Queued for a message of a port.
    Receiving {
        /// Index of the port.
        port: u32,
        /// Neighbours among its receivers.
        links: Links,
    },
    /// Waiting for one of several things; the cold part says for which.
    Polling,
    /// Waiting for the clock.
    Sleeping {
        /// When its timer wakes it.
        alarm: Alarm,
    },
    /// Waiting for the clock, and for a deadline that comes first.
    SleepingBounded {
        /// When the deadline's timer does.
        alarm: Alarm,
    },
    /// Waiting for the exit of the child in this slot.
    AwaitingChild {
        /// The child's slot.
        child: u32,
    },
    /// Waiting for the exit of any child.
    AwaitingAny,
    /// Waiting for a change of children; the cold part says of which.
    AwaitingChange,
    /// Waiting for a signal that it catches.
    AwaitingSignal,
    /// Queued for the exit of any task.
    Joining {
        /// Slot of the task that is waited for.
        target: u32,
        /// Neighbours in its queue of joiners.
        links: Links,
    },
    /// Ended; its parent has not asked yet.
    Zombie {
        /// Neighbours among the parent's zombies.
        links: Links,
        /// Its exit code. How it ended otherwise is in the cold part.
        code: i32,
    },
    /// No task: a link of the table's free list.
    Free {
        /// The next free slot.
        next: u32,
    },
}

/// The moment of a task's timer, in words of 32 bits, so that it fits beside the state's tag.
#[derive(Clone, Copy, Debug)]
pub struct Alarm {
    at: [u32; 2],
}

impl Alarm {
    /// One for this moment; for none when that is [`Time::NEVER`].
    pub fn new(at: Time) -> Alarm {
        let nanos = at.as_nanos();
        Alarm { at: [nanos as u32, (nanos >> 32) as u32] }
    }

    /// When it fires.
    pub fn at(self) -> Time {
        Time::from_nanos(u64::from(self.at[1]) << 32 | u64::from(self.at[0]))
    }
}

impl State {
    /// Waiting for something other than a turn?
    pub fn is_blocked(&self) -> bool {
        match self {
            State::Reading { .. }
            | State::Writing { .. }
            | State::Sending { .. }
            | State::Receiving { .. }
            | State::Polling
            | State::Sleeping { .. }
            | State::SleepingBounded { .. }
            | State::AwaitingChild { .. }
            | State::AwaitingAny
            | State::AwaitingChange
            | State::AwaitingSignal
            | State::Joining { .. } => true,
            State::Ready(_) | State::Running | State::Zombie { .. } | State::Free { .. } => false,
        }
    }

    /// Waiting for the end of a task, or of any of several?
    #[inline(always)]
    pub fn awaits_an_end(&self) -> bool {
        matches!(self, State::AwaitingChild { .. } | State::AwaitingAny | State::AwaitingChange | State::Joining { .. })
    }

    /// Not ended?
    pub fn is_live(&self) -> bool {
        !matches!(self, State::Zombie { .. } | State::Free { .. })
    }
}

/// Is an answer due, and is it the commonest? A turn asks once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Due {
    /// None: the task is not ready.
    Nothing,
    /// [`Reply::Unit`].
    Unit,
    /// Another.
    Another,
}

/// One slot of the task table.
#[derive(Debug)]
#[repr(align(64))]
pub struct Slot {
    /// The coroutine that runs next: the task's own, or the innermost subroutine on the trampoline.
    pub body: Option<Task>,
    /// What the task is doing.
    pub state: State,
    /// Where its last trap stands in the source.
    pub at: Option<&'static Location<'static>>,
    /// Its parent, who may have ended since.
    pub parent: Tid,
    /// The serial number, a bit that is set while the task is stopped, and the index of the cold part in
    /// the low 23 bits.
    identity: u64,
    /// Turns, modulo 2^32; what overflows is carried into the cold part.
    pub turns: u32,
    /// Traps, modulo 2^32; what overflows is carried into the cold part.
    pub traps: u32,
}

const _: () = assert!(size_of::<State>() == 16);
const _: () = assert!(size_of::<Slot>() == 64);
// There are no more cold parts than slots.
const _: () = assert!(Tid::SLOTS <= Slot::COLD_NONE);

impl Slot {
    const COLD_BITS: u32 = 23;
    const STOP: u64 = 1 << Self::COLD_BITS;
    const SERIAL_SHIFT: u32 = Self::COLD_BITS + 1;
    const COLD_NONE: u32 = (1 << Self::COLD_BITS) - 1;

    /// A slot for a task with this serial number.
    pub fn new(serial: u64, parent: Tid, body: Task) -> Slot {
        Slot {
            body: Some(body),
            state: State::Ready(Reply::Unit),
            at: None,
            parent,
            identity: serial << Self::SERIAL_SHIFT | u64::from(Self::COLD_NONE),
            turns: 0,
            traps: 0,
        }
    }

    /// Gives the slot, which is free, to another task. Field by field: a whole slot would be put
    /// together elsewhere, in narrow words, and moved in wide ones.
    #[inline(always)]
    pub fn renew(&mut self, serial: u64, parent: Tid, body: Task) {
        forget(self.body.replace(body));
        self.set_state(State::Ready(Reply::Unit));
        self.at = None;
        self.parent = parent;
        self.identity = serial << Self::SERIAL_SHIFT | u64::from(Self::COLD_NONE);
        (self.turns, self.traps) = (0, 0);
    }

    /// The serial number of the task that is, or was last, in this slot.
    #[inline(always)]
    pub fn serial(&self) -> u64 {
        self.identity >> Self::SERIAL_SHIFT
    }

    /// Is this task in the slot, and not stopped? One comparison answers both.
    #[inline(always)]
    pub fn may_run(&self, tid: Tid) -> bool {
        self.identity >> Self::COLD_BITS == tid.serial_and_bit()
    }

    /// The serial number in the high 40 bits, as [`Tid::to_bits`] has it, and other things below.
    #[inline(always)]
    pub fn identity(&self) -> u64 {
        self.identity
    }

    /// Is the task stopped?
    #[inline]
    pub fn is_stopped(&self) -> bool {
        self.identity & Self::STOP != 0
    }

    /// Stops the task, or lets it go on.
    pub fn set_stopped(&mut self, is_stopped: bool) {
        self.identity = if is_stopped { self.identity | Self::STOP } else { self.identity & !Self::STOP };
    }

    /// Is this task, alive or a zombie, in the slot?
    #[inline(always)]
    pub fn is_of(&self, tid: Tid) -> bool {
        self.serial() == tid.serial() && !matches!(self.state, State::Free { .. })
    }

    /// The index of the cold part.
    #[inline(always)]
    pub fn cold(&self) -> Option<u32> {
        let index = self.identity as u32 & Self::COLD_NONE;
        (index != Self::COLD_NONE).then_some(index)
    }

    /// Sets the index of the cold part.
    pub fn set_cold(&mut self, index: Option<u32>) {
        let index = index.unwrap_or(Self::COLD_NONE);
        self.identity = self.identity & !u64::from(Self::COLD_NONE) | u64::from(index);
    }

    /// Counts traps; true when the counter has overflowed.
    #[inline(always)]
    pub fn note_traps(&mut self, traps: u64) -> bool {
        let (sum, has_overflowed) = self.traps.overflowing_add(traps as u32);
        self.traps = sum;
        has_overflowed
    }

    /// Counts a turn; true when the counter has overflowed.
    #[inline(always)]
    pub fn note_turn(&mut self) -> bool {
        self.turns = self.turns.wrapping_add(1);
        self.turns == 0
    }

    /// The answer that is due.
    #[inline(always)]
    pub fn due(&self) -> Due {
        match self.state {
            State::Ready(Reply::Unit) => Due::Unit,
            State::Ready(_) => Due::Another,
            _ => Due::Nothing,
        }
    }

    /// Resumes the task with the answer that is due.
    #[inline(always)]
    pub fn resume(&mut self, due: Due) -> Step {
        let Some(body) = &mut self.body else { broken("a task without a body has the turn") };
        // Common answers are made anew and not moved: written narrow and read back wide, a whole
        // reply costs the processor a failed store forward, as much as the rest of a switch.
        let reply = match self.state {
            _ if due == Due::Unit => Reply::Unit,
            State::Ready(Reply::Tid(tid)) => Reply::Tid(tid),
            State::Ready(Reply::Buf(ref mut data)) => Reply::Buf(take(data)),
            _ => return body.resume(take_reply(&mut self.state)),
        };
        forget(replace(&mut self.state, State::Running));
        body.resume(reply)
    }

    /// Resumes the task, which runs and has trapped, with an answer that never lay in its state.
    #[inline(always)]
    pub fn resume_with(&mut self, reply: Reply) -> Step {
        let Some(body) = &mut self.body else { broken("a task without a body has the turn") };
        body.resume(reply)
    }

    /// The task that runs is ready again, with this answer.
    #[inline(always)]
    pub fn answer(&mut self, reply: Reply) {
        debug_assert!(matches!(self.state, State::Running), "only a task that runs is answered");
        self.set_state(State::Ready(reply));
    }

    /// Puts the task into another state. The old one is forgotten and not dropped, so it must own
    /// nothing: only [`State::Ready`] can.
    #[inline(always)]
    pub fn set_state(&mut self, state: State) {
        debug_assert!(!matches!(self.state, State::Ready(_)), "an answer is delivered or dropped first");
        forget(replace(&mut self.state, state));
    }
}

/// What few tasks have.
#[derive(Debug)]
pub struct Cold {
    /// Its descriptors from 3 on, and its own 0, 1, 2 where they differ from the machine's.
    pub fds: FdTable,
    /// What its children will begin with, where that is not what the first tasks have.
    pub inherited: Option<Arc<Inherited>>,
    /// The operation that a queued task waits to finish.
    pub pending: Option<Pending>,
    /// What is rare even among these.
    rare: Option<Box<Rare>>,
    /// Children that are not detached, zombies included.
    pub children: u32,
    /// Children that have ended, in the order in which they did.
    pub zombies: crate::wait::Queue,
    /// Traps a turn.
    pub quantum: u16,
    /// Will nobody wait for it?
    pub is_detached: bool,
}

// A server has one for each connection.
const _: () = assert!(size_of::<Cold>() == 96);

/// What is rare even among tasks with a cold part: a connection's has none of it.
#[derive(Debug, Default)]
pub struct Rare {
    /// The name it was given.
    pub name: Option<Box<str>>,
    /// Callers of the subroutine that runs, outermost first.
    pub callers: Vec<Caller>,
    /// Open deadline scopes, outermost first.
    pub deadlines: Vec<Deadline>,
    /// The message that a task in [`State::Sending`] has to send.
    pub outgoing: Option<Outgoing>,
    /// What a task in [`State::Polling`] waits for.
    pub polling: Option<Box<Polling>>,
    /// The stages of its flows, by name.
    pub probes: Vec<(Box<str>, Gauge)>,
    /// Tasks that wait for this one's end.
    pub joiners: crate::wait::Queue,
    /// Its signals.
    pub signals: Signalling,
    /// What a task in [`State::AwaitingChange`] waits for.
    pub awaited: Option<Awaited>,
    /// Live children that have stopped or gone on, which it has not been told.
    pub changed: BTreeSet<Tid>,
    /// Live children that are to end when it does.
    pub bound: BTreeSet<Tid>,
    /// How often the counters of the slot have overflowed: turns, traps.
    pub carried: [u32; 2],
    /// The error that its body returned.
    pub failure: Option<Errno>,
    /// What it leaves to its parent.
    pub value: Option<Box<Value>>,
    /// The nursery of its parent that it is in, if it is to end when that does.
    pub nursery: Option<Tid>,
    /// How it ended, when it did not exit.
    pub ending: Option<ExitStatus>,
}

/// A coroutine that waits for its subroutine.
#[derive(Debug)]
pub struct Caller {
    /// Itself.
    pub body: Task,
    /// Where it called.
    pub at: Option<&'static Location<'static>>,
    /// Deadline scopes that were open when it called: a return closes what was opened since.
    pub deadlines: usize,
}

/// One deadline scope.
#[derive(Clone, Copy, Debug)]
pub struct Deadline {
    /// When waits in it end.
    pub at: Time,
    /// Has it ended one?
    pub has_fired: bool,
}

impl Cold {
    /// An empty cold part with this quantum.
    pub fn new(quantum: u16) -> Cold {
        Cold {
            fds: FdTable::default(),
            inherited: None,
            pending: None,
            rare: None,
            children: 0,
            zombies: crate::wait::Queue::default(),
            quantum,
            is_detached: false,
        }
    }

    /// Has it anything that its children inherit? Standard streams, a quantum, and [`Inherited`].
    #[inline]
    pub fn bequeaths(&self, quantum: u16) -> bool {
        self.quantum != quantum || self.inherited.is_some() || self.fds.streams().is_some()
    }

    /// The error that its body returned, if it did.
    pub fn failure(&self) -> Option<Errno> {
        self.rare()?.failure
    }

    /// What is rare, if it has any.
    #[inline]
    pub fn rare(&self) -> Option<&Rare> {
        self.rare.as_deref()
    }

    /// What is rare, if it has any, to change.
    #[inline]
    pub fn rare_mut(&mut self) -> Option<&mut Rare> {
        self.rare.as_deref_mut()
    }

    /// What is rare, made if need be.
    #[inline]
    pub fn make_rare(&mut self) -> &mut Rare {
        self.rare.get_or_insert_default()
    }

    /// The message that it waits to send, taken out.
    pub fn take_outgoing(&mut self) -> Option<Outgoing> {
        self.rare_mut()?.outgoing.take()
    }

    /// What it polls for.
    pub fn polling(&self) -> Option<&Polling> {
        self.rare()?.polling.as_deref()
    }

    /// Does a subroutine on the trampoline run in the task's place?
    #[inline]
    pub fn is_in_subroutine(&self) -> bool {
        self.rare().is_some_and(|rare| !rare.callers.is_empty())
    }

    /// May its next wait be ended: is a deadline scope open, or a signal due?
    #[inline]
    pub fn has_deadline(&self) -> bool {
        self.rare().is_some_and(|rare| !rare.deadlines.is_empty() || rare.signals.is_due)
    }

    /// The earliest of the open deadlines. A signal that is due ends a wait as one does that has passed
    /// long ago.
    #[inline]
    pub fn deadline(&self) -> Time {
        let earliest = |rare: &Rare| {
            if rare.signals.is_due {
                return Some(Time::BOOT);
            }
            rare.deadlines.iter().map(|deadline| deadline.at).min()
        };
        self.rare().and_then(earliest).unwrap_or(Time::NEVER)
    }
}

/// A name as the kernel keeps it: cut to its bound, and nothing in it that could break a log's line.
pub fn clean_name(name: &str) -> Box<str> {
    let name = &name[..name.floor_char_boundary(limits::NAME_BYTES)];
    name.chars().map(|letter| if is_harmful(letter) { '?' } else { letter }).collect()
}

/// Takes the answer out of the state of a task that is ready, and the task is running.
#[inline(never)]
fn take_reply(state: &mut State) -> Reply {
    let State::Ready(reply) = state else { broken("a task that is not ready has the turn") };
    let renewed = match reply {
        Reply::Count(count) => Reply::Count(*count),
        Reply::Time(time) => Reply::Time(*time),
        Reply::Exited { code, tid } => Reply::Exited { code: *code, tid: *tid },
        other => replace(other, Reply::Unit),
    };
    forget(replace(state, State::Running));
    renewed
}
