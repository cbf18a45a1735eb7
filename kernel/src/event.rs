//! What happens in the kernel: one declaration an event, and the views made from it.
//!
//! Every state change and every decision is one [`Event`]. Its views are the `tracing` events on
//! the targets `yieldix::…`, which a log shows by the event's own words, and whatever an [`Observer`] makes of
//! the values. The time of an event
//! is a field, the kernel's own; in a simulation the same seed gives the same events to the last
//! digit. A reader of the log finds the fields in docs/tracing.md, which is made from here.

use crate::{block::Cause, fd::Object, file::Kind, trap::Stop};
use std::{fmt, net::SocketAddr, panic::Location};
pub use tracing::Level;
use tracing::level_filters::LevelFilter;
use yieldix_syscalls::{BYTES_SHOWN, Errno, ExitStatus, Fd, Reply, Signal, Syscall, Tid, Time, WaitsOn};

/// The version of the events' names and fields. It grows when one is renamed, removed or changes
/// its meaning; new ones may appear without.
pub const SCHEMA_VERSION: u32 = 3;

/// The targets of the kernel's log.
pub const TARGETS: &[&str] = &[
    "yieldix::boot",
    "yieldix::flow",
    "yieldix::io",
    "yieldix::lint",
    "yieldix::sched",
    "yieldix::signal",
    "yieldix::task",
    "yieldix::timer",
    "yieldix::trap",
];

/// An event, its place in the order of all, and when it happened.
#[derive(Debug)]
pub struct Record<'a> {
    /// Counts the events that were delivered, from 1; 0 is no step of the kernel's own. A number is left out where
    /// fewer levels are listened to from then on.
    pub sequence: u64,
    /// The kernel's time as it was read last: once a round, and anew for `chosen`, `trap`, `answer`, `turn over` and
    /// `hog`, and for a call that needs it.
    pub at: Time,
    /// What happened.
    pub event: Event<'a>,
    /// Bytes that the log shows of a payload or a text in a call or an answer.
    pub payload_shown: usize,
}

/// Sees events, beside the log.
pub trait Observer {
    /// One has happened.
    fn event(&self, record: &Record<'_>);

    /// The least important events that it is told of: all, unless it says otherwise. From DEBUG on turns are measured
    /// one by one for it.
    fn least_level(&self) -> Level {
        Level::TRACE
    }
}

impl<F: Fn(&Record<'_>)> Observer for F {
    fn event(&self, record: &Record<'_>) {
        self(record);
    }
}

/// The manual's facts about one event.
#[derive(Debug)]
pub struct EventInfo {
    /// Its message in the log.
    pub message: &'static str,
    /// The target it is logged on.
    pub target: &'static str,
    /// Its level.
    pub level: Level,
    /// The names of its fields.
    pub fields: &'static [&'static str],
    /// What each of them is in JSON.
    pub kinds: &'static [FieldKind],
    /// How it is told in the text of a log: the value of a field stands for `{field}`; for `{@field}` stand the
    /// numbers and names of tasks, for `{field noun}` so many of these. What is in brackets is left out when a field
    /// in it has nothing to say (it is empty, nobody, or never); what follows a `|` in them is told then.
    pub text: &'static str,
    /// Has it a place in the order of all? Else its `seq` is 0.
    pub is_numbered: bool,
    /// When it happens.
    pub doc: &'static str,
}

/// What a field is in JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FieldKind {
    /// A whole number from 0 on.
    Number,
    /// A whole number that may be below 0.
    Signed,
    /// `true` or `false`.
    Boolean,
    /// A moment: seconds since boot with nine digits behind the point, or `never`.
    Moment,
    /// Text.
    Text,
}

/// How a field is logged: as a number, or as text.
trait Field {
    const KIND: FieldKind = FieldKind::Text;
    type Logged: tracing::Value;
    fn logged(self) -> Self::Logged;
    /// The same, with so many bytes of what is in it.
    fn logged_with(self, _payload_shown: usize) -> Self::Logged
    where
        Self: Sized,
    {
        self.logged()
    }
}

macro_rules! logged_as {
    ($($type:ty => $kind:ident $logged:ty: $value:ident => $expression:expr;)+) => {$(
        impl<'a> Field for &'a $type {
            const KIND: FieldKind = FieldKind::$kind;
            type Logged = $logged;
            fn logged(self) -> $logged {
                let $value = self;
                $expression
            }
        }
    )+};
}

logged_as! {
    Tid => Number u64: tid => tid.serial();
    Fd => Number u64: fd => u64::from(fd.slot());
    u32 => Number u32: number => *number;
    u64 => Number u64: number => *number;
    i32 => Signed i32: number => *number;
    usize => Number u64: number => *number as u64;
    bool => Boolean bool: answer => *answer;
}

macro_rules! logged_as_word {
    ($($kind:ident: $type:ty),+) => {$(
        impl<'a> Field for &'a $type {
            const KIND: FieldKind = FieldKind::$kind;
            type Logged = tracing::field::DisplayValue<&'a $type>;
            fn logged(self) -> Self::Logged {
                tracing::field::display(self)
            }
        }
    )+};
}

// Nothing is made before it is written: what is displayed goes straight to where the line is made.
logged_as_word!(Moment: Time, Text: Signal, Text: Kind, Text: WaitsOn, Text: Cause, Text: Stop, Text: Object);
logged_as_word!(Text: LevelFilter);
logged_as_word!(Text: Tids<'a>, Text: Address<'a>, Text: &'a ExitStatus);
logged_as_word!(Text: &'a Location<'static>);

/// What was opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Address<'a> {
    /// A socket.
    Socket(SocketAddr),
    /// A file, by its path in plain form.
    Path(&'a str),
    /// A host, by its name.
    Name(&'a str),
    /// One end of two, by the file of the other.
    OtherEnd {
        /// Its index.
        file: u32,
    },
    /// Nothing that could be named.
    Nameless,
}

impl fmt::Display for Address<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Address::Socket(address) => address.fmt(f),
            Address::Path(text) | Address::Name(text) => text.fmt(f),
            Address::OtherEnd { file } => write!(f, "file {file}"),
            Address::Nameless => Ok(()),
        }
    }
}

/// What has payloads in it, of which so many bytes are shown.
pub struct Payload<'a, T> {
    value: &'a T,
    shown: usize,
}

impl<T: fmt::Display> fmt::Display for Payload<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.*}", self.shown, self.value)
    }
}

macro_rules! logged_as_payload {
    ($($type:ty),+) => {$(
        impl<'a> Field for &'a &'a $type {
            type Logged = tracing::field::DisplayValue<Payload<'a, $type>>;
            fn logged(self) -> Self::Logged {
                self.logged_with(BYTES_SHOWN.into())
            }
            fn logged_with(self, shown: usize) -> Self::Logged {
                tracing::field::display(Payload { value: self, shown })
            }
        }
    )+};
}

logged_as_payload!(Syscall, Reply);

impl<'b> Field for &&'b str {
    type Logged = &'b str;
    fn logged(self) -> &'b str {
        self
    }
}

impl Field for &Errno {
    type Logged = &'static str;
    fn logged(self) -> &'static str {
        self.name()
    }
}

/// A queue that a blocked task stands in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Queued {
    /// For input of a file, by its index.
    Read(u32),
    /// For room in a file.
    Write(u32),
    /// For a message of a port, by its index.
    Receive(u32),
    /// For room in a port.
    Send(u32),
    /// For the end of a task.
    End(Tid),
}

impl fmt::Display for Queued {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Queued::Read(file) => write!(f, "read file {file}"),
            Queued::Write(file) => write!(f, "write file {file}"),
            Queued::Receive(port) => write!(f, "receive port {port}"),
            Queued::Send(port) => write!(f, "send port {port}"),
            Queued::End(tid) => write!(f, "end of task {tid}"),
        }
    }
}

/// Queues, with commas between them.
struct Queues<'a>(&'a [Queued]);

impl fmt::Display for Queues<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, queue) in self.0.iter().enumerate() {
            let comma = if index > 0 { ", " } else { "" };
            write!(f, "{comma}{queue}")?;
        }
        Ok(())
    }
}

impl<'b> Field for &&'b [Queued] {
    type Logged = tracing::field::DisplayValue<Queues<'b>>;
    fn logged(self) -> Self::Logged {
        tracing::field::display(Queues(self))
    }
}

/// Tasks, in an order.
#[derive(Clone, Copy, Debug)]
pub struct Tids<'a>(pub &'a [Tid]);

impl fmt::Display for Tids<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, tid) in self.0.iter().enumerate() {
            let blank = if index > 0 { " " } else { "" };
            write!(f, "{blank}{tid}")?;
        }
        Ok(())
    }
}

impl fmt::Display for Object {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Object::File(file) => write!(f, "file {file}"),
            Object::Sender(port) => write!(f, "sender of port {port}"),
            Object::Receiver(port) => write!(f, "receiver of port {port}"),
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Kind::Console => "console",
            Kind::Listener => "listener",
            Kind::Datagram => "datagrams",
            Kind::UnixListener => "unix listener",
            Kind::UnixStream => "unix stream",
            Kind::UnixDatagram => "unix datagrams",
            Kind::Stream => "stream",
            Kind::Job => "job",
            Kind::Regular => "regular",
            Kind::Directory => "directory",
            Kind::Watch => "watch",
            Kind::Resolve => "resolve",
            Kind::HostProcess => "process of the host",
            Kind::HostInput => "input of the host",
            Kind::HostOutput => "output of the host",
            Kind::Question => "question",
            Kind::PipeReader => "pipe's reading end",
            Kind::PipeWriter => "pipe's writing end",
            Kind::Plain => "device",
            Kind::Terminal => "terminal",
            Kind::Master => "terminal's master",
            Kind::Tracer => "tracer",
        })
    }
}

/// A declaration says `unnumbered`, or nothing.
const fn is_numbered(flags: &[&str]) -> bool {
    flags.is_empty()
}

macro_rules! events {
    ($(
        $(#[doc = $doc:literal])+
        $level:ident $target:literal $message:literal $Name:ident { $($field:ident: $type:ty),* $(,)? } $($unnumbered:ident)? = $text:literal;
    )+) => {
        /// Something that happened in the kernel.
        #[derive(Clone, Copy, Debug)]
        pub enum Event<'a> {
            $($(#[doc = $doc])+ #[allow(missing_docs, reason = "the fields are named for what they hold")]
            $Name { $($field: $type),* },)+
        }

        /// The level of each event, by name.
        #[allow(non_upper_case_globals, reason = "a level is named as its event is")]
        pub(crate) mod level {
            use tracing::Level;
            $(pub const $Name: Level = Level::$level;)+
        }

        impl<'a> Event<'a> {
            /// Its level.
            pub(crate) fn level(&self) -> Level {
                match self {
                    $(Event::$Name { .. } => level::$Name,)+
                }
            }

            const DECLARED: &'static [EventInfo] = &[
                $(EventInfo {
                    message: $message,
                    target: $target,
                    level: Level::$level,
                    fields: &[$(stringify!($field)),*],
                    kinds: &[$(<&'a $type as Field>::KIND),*],
                    text: $text,
                    is_numbered: is_numbered(&[$(stringify!($unnumbered))?]),
                    doc: concat!($($doc),+),
                },)+
            ];
        }

        /// Every event, in the order of their declarations.
        pub static EVENTS: &[EventInfo] = Event::DECLARED;

        impl Record<'_> {
            /// Writes the event to the log.
            #[cold]
            #[inline(never)]
            pub(crate) fn log(&self) {
                let (sequence, at, payload_shown) = (self.sequence, self.at, self.payload_shown);
                match &self.event {
                    $(Event::$Name { $($field),* } => tracing::event!(
                        target: $target,
                        Level::$level,
                        { seq = sequence, at = %at, $($field = $field.logged_with(payload_shown)),* },
                        $message
                    ),)+
                }
            }

            /// The target that the event is logged on.
            pub fn target(&self) -> &'static str {
                match &self.event {
                    $(Event::$Name { .. } => $target,)+
                }
            }

            /// The event's message in the log.
            pub fn message(&self) -> &'static str {
                match &self.event {
                    $(Event::$Name { .. } => $message,)+
                }
            }
        }
    };
}

events! {
    /// The kernel begins. Events of the level `told` and above are told.
    INFO "yieldix::boot" "booted" Booted { schema: u32, told: LevelFilter, policy: &'a str, quantum: u32, tasks_max: u32 }
        = "the machine boots: {policy}, {quantum trap} a turn, at most {tasks_max task}; events of version {schema}, {told} and above";
    /// The kernel has ended: every task is gone.
    INFO "yieldix::boot" "ended" Ended { code: i32, reason: &'a str, turns: u64, traps: u64 }
        = "the machine ends with {code}: {reason}; {turns turn}, {traps trap}";
    /// A task was made.
    INFO "yieldix::task" "spawned" Spawned { tid: Tid, parent: Tid, group: Tid, name: &'a str }
        = "spawned[ by {@parent}], in group {group}";
    /// A task has ended; its destructors have run.
    INFO "yieldix::task" "exited" Exited { tid: Tid, name: &'a str, status: &'a ExitStatus, errno: &'a str, turns: u64, traps: u64 }
        = "{status}[ with {errno}], after {turns turn} and {traps trap}";
    /// A task ended by a fault of its own; `line` is its last trap's.
    WARN "yieldix::task" "task fault" Faulted { tid: Tid, name: &'a str, panic: &'a str, line: &'a str }
        = "PANIC: {panic}[ after the yield at {line}]";
    /// A first task, of which nobody else will ask, returned this error; `line` is its last trap's.
    WARN "yieldix::task" "task failed" Failed { tid: Tid, name: &'a str, errno: Errno, line: &'a str }
        = "failed with {errno}[ at {line}]";
    /// A task's destructor panicked while the kernel dropped it. The kernel goes on. The task is 0 when
    /// it was what a job gave, and nobody took.
    WARN "yieldix::task" "destructor panicked" DestructorPanicked { tid: Tid, panic: &'a str }
        = "a destructor panicked: {panic}";
    /// A task entered another process group.
    DEBUG "yieldix::task" "entered group" Grouped { tid: Tid, group: Tid }
        = "is in group {group} now";
    /// A zombie was waited for, or nobody would: its number is free.
    DEBUG "yieldix::task" "reaped" Reaped { tid: Tid, by: Tid }
        = "reaped[ by {@by}]";
    /// The policy chose a task. `because` is why it was ready, `by` the task that made it so, when that does not
    /// name it (0: nobody, or the hardware), `waited_ns` how long it has been; `of_ready` is how many could have been
    /// chosen, and `others` the first of the rest, in their order; `previous` had the turn before this.
    DEBUG "yieldix::sched" "chosen" Chosen { tid: Tid, name: &'a str, because: Cause, by: Tid, waited_ns: u64, of_ready: usize, others: Tids<'a>, rule: &'a str, previous: Tid, previous_stopped: Stop }
        = "runs: {because}[ by {@by}], ready for {waited_ns}; first of {of_ready}[ (then {@others})] by {rule}[; before it {@previous} ({previous_stopped})]";
    /// A turn is over, after `ran_ns`.
    TRACE "yieldix::sched" "turn over" TurnOver { tid: Tid, why: Stop, traps: u64, ran_ns: u64 }
        = "turn over after {traps trap} and {ran_ns}: {why}";
    /// A task waits for something else than a turn: in these queues, and until then at the latest.
    DEBUG "yieldix::sched" "blocked" Blocked { tid: Tid, on: WaitsOn, queues: &'a [Queued], until: Time }
        = "waits: {on}[ (queue: {queues})][, until {until}]";
    /// A task became ready that was not: it is new, or its wait is over. `by` is the task that
    /// brought it about, when `because` does not name it: 0 for the hardware and the clock.
    DEBUG "yieldix::sched" "ready" Woken { tid: Tid, because: Cause, by: Tid }
        = "ready: {because}[, by {@by}]";
    /// A task that was stopped goes on, and still waits: it is last in these queues.
    DEBUG "yieldix::sched" "queued again" QueuedAgain { tid: Tid, queues: &'a [Queued] }
        = "waits again, as the last in the queue: {queues}";
    /// Nothing is ready: the kernel waits for the hardware.
    DEBUG "yieldix::sched" "idle" Idle { until: Time }
        = "nobody is ready: waits for the hardware[, until {until}]";
    /// These tasks wait for each other; others go on. So many are in it, or bound to it: nobody else could wake one.
    WARN "yieldix::sched" "cycle of waits" Cycle { tids: &'a str, tasks: u32 }
        = "these wait for each other: {tids}";
    /// One task of such a cycle, what it waits at, and where.
    WARN "yieldix::sched" "task in a cycle" InCycle { tid: Tid, name: &'a str, on: WaitsOn, what: &'a str, line: &'a str }
        = "in that cycle: {on}[ ({what})][ at {line}]";
    /// No task can ever run again.
    ERROR "yieldix::sched" "deadlock" Deadlock { tasks: u32, cycle: &'a str }
        = "DEADLOCK: {tasks} tasks wait, and nothing can wake one; cycle: {cycle}";
    /// One task of a deadlock, what it waits at, and where; `part` is what it has to do with the cycles.
    ERROR "yieldix::sched" "deadlocked task" Deadlocked { tid: Tid, name: &'a str, on: WaitsOn, what: &'a str, line: &'a str, part: &'a str }
        = "waits for ever: {on}[ ({what})][ at {line}], {part}";
    /// A task traps.
    TRACE "yieldix::trap" "trap" Trapped { tid: Tid, call: &'a Syscall, line: &'a Location<'static> }
        = "{call}[ at {line}]";
    /// A trap is answered, `after_ns`: at once, or when the wait for it is over, or the subroutine that it called.
    /// `call` is its name; it is empty when nobody watched as the task trapped.
    TRACE "yieldix::trap" "answer" Answered { tid: Tid, call: &'a str, reply: &'a Reply, after_ns: u64 }
        = "= {reply}, after {after_ns}";
    /// A subroutine on the trampoline began.
    TRACE "yieldix::trap" "subroutine" Called { tid: Tid, name: &'a str, depth: usize }
        = "enters {name}, at depth {depth}";
    /// A subroutine on the trampoline is over; `depth` are left.
    TRACE "yieldix::trap" "subroutine over" Returned { tid: Tid, depth: usize }
        = "subroutine over, {depth} left";
    /// A stage of a flow, at the end of the task that asked for its probe: items that were sent to it, items
    /// that it sent on, and the time that it took itself.
    DEBUG "yieldix::flow" "stage" Stage { tid: Tid, stage: &'a str, items_in: u64, items_out: u64, time_ns: u64 }
        = "stage {stage}: {items_in} in, {items_out} out, {time_ns}";
    /// A file was opened, or is about to be: `address` is a socket's own or its peer's, the path, or
    /// the name of a host.
    DEBUG "yieldix::io" "opened" Opened { file: u32, kind: Kind, address: Address<'a> }
        = "file {file} opened: {kind} {address}";
    /// A task's work began to be done in the background; the file is its job.
    DEBUG "yieldix::io" "offloaded" Offloaded { file: u32, tid: Tid, name: &'a str }
        = "file {file} is the job {name}";
    /// The work of a job has panicked. Told when that is taken, or its job closed.
    WARN "yieldix::io" "job panicked" JobPanicked { file: u32, panic: &'a str }
        = "job {file} panicked: {panic}";
    /// A file was closed: its last holder let go.
    DEBUG "yieldix::io" "closed" Closed { file: u32 }
        = "file {file} closed";
    /// A task has a descriptor more, or another object behind one of its standard three.
    TRACE "yieldix::io" "descriptor opened" FdOpened { tid: Tid, fd: Fd, object: Object }
        = "descriptor {fd} is {object}";
    /// A task has a descriptor less. At its exit all are closed, without this.
    TRACE "yieldix::io" "descriptor closed" FdClosed { tid: Tid, fd: Fd }
        = "descriptor {fd} closed";
    /// A message was queued in a port, which has so many now.
    TRACE "yieldix::io" "message queued" MessageQueued { port: u32, messages: usize }
        = "port {port} has {messages message}, one more";
    /// A message was taken out of the queue of a port, which has so many now.
    TRACE "yieldix::io" "message taken" MessageTaken { port: u32, messages: usize }
        = "port {port} has {messages message}, one less";
    /// A port was made.
    DEBUG "yieldix::io" "port created" PortCreated { port: u32, capacity: u32 }
        = "port {port} made, for {capacity} messages";
    /// A port was given a name.
    DEBUG "yieldix::io" "port published" PortPublished { port: u32, name: &'a str }
        = "port {port} published as {name}";
    /// One end of a port has no holder any more: nobody sends, or nobody receives. `dropped` messages
    /// were not received.
    DEBUG "yieldix::io" "port end closed" PortEndClosed { port: u32, end: &'a str, dropped: usize }
        = "nobody has the {end} end of port {port}; {dropped} messages dropped";
    /// A port is gone: nobody holds either end.
    DEBUG "yieldix::io" "port closed" PortClosed { port: u32 }
        = "port {port} closed";
    /// What tasks had written to the console could not be brought out, and nobody was left to give
    /// the errno to. Not told of a reader that went away.
    WARN "yieldix::io" "output lost" OutputLost { stream: &'a str, bytes: u64, errno: Errno }
        = "{bytes} bytes for {stream} are lost: {errno}";
    /// A device may be ready.
    TRACE "yieldix::io" "device ready" DeviceReady { file: u32, readable: bool, writable: bool }
        = "file {file} may be ready: readable {readable}, writable {writable}";
    /// A timer fired.
    DEBUG "yieldix::timer" "fired" TimerFired { tid: Tid, due: Time }
        = "timer fired, due at {due}";
    /// A task has set its alarm, or, at `never`, taken it back.
    DEBUG "yieldix::timer" "alarm set" AlarmSet { tid: Tid, due: Time }
        = "alarm set[ for {due}]";
    /// An alarm went off: its task is sent `ALRM`.
    DEBUG "yieldix::timer" "alarm" AlarmFired { tid: Tid, due: Time }
        = "alarm, due at {due}";
    /// A task sent a signal.
    INFO "yieldix::signal" "sent" SignalSent { from: Tid, to: Tid, signal: Signal }
        = "{signal} sent[ by {@from}] to {@to}";
    /// A signal waits until its task goes on, or masks it no more.
    DEBUG "yieldix::signal" "held back" SignalHeld { tid: Tid, signal: Signal }
        = "{signal} is held back";
    /// A signal is there to be taken by its task, which catches it.
    DEBUG "yieldix::signal" "caught" SignalCaught { tid: Tid, signal: Signal }
        = "{signal} is caught";
    /// A signal ends its task.
    DEBUG "yieldix::signal" "delivered" SignalDelivered { tid: Tid, signal: Signal }
        = "{signal} ends it";
    /// A signal has stopped its task.
    INFO "yieldix::signal" "stopped" Stopped { tid: Tid, signal: Signal }
        = "{signal} stops it";
    /// A task that was stopped goes on.
    INFO "yieldix::signal" "continued" Continued { tid: Tid }
        = "goes on";
    /// The host sent this process a signal.
    INFO "yieldix::signal" "from the host" HostSignal { signal: Signal }
        = "{signal} from the host";
    /// A task ran for so long without a trap; `line` is that of the trap before.
    WARN "yieldix::lint" "hog" Hog { tid: Tid, name: &'a str, ran_ns: u64, line: &'a str }
        = "ran for {ran_ns} without a yield[, after the one at {line}|, before its first]: let it yield (yield_now), or offload the work";
    /// A task has held the machine for so long, and still does; `line` is that of its last trap. Told by a thread of
    /// its own, and not to observers: its `seq` is 0. That thread has the task's number and no look at its name.
    WARN "yieldix::lint" "holds the machine" HoldsMachine { tid: Tid, held_ns: u64, line: &'a str } unnumbered
        = "has had the machine for {held_ns}[, since the yield at {line}|, before its first yield]: let it yield (yield_now), or offload the work";
    /// So many calls of a task that do not wait came to nothing, one after the other, in less than a second.
    WARN "yieldix::lint" "poll storm" PollStorm { tid: Tid, name: &'a str, calls: u32, line: &'a str }
        = "asked {calls} times in a row, and there was nothing[, at {line}]: use the call that waits, or poll with a span";
    /// A task has ended of itself, and a signal that had ended a wait of its was never taken.
    WARN "yieldix::lint" "signal not taken" SignalUntaken { tid: Tid, name: &'a str, signal: Signal, line: &'a str }
        = "ends without having taken {signal}, which it catches[, after {line}]: take it (take_signal), or do not catch it";
    /// A task has ended well, and what came of its work elsewhere was there and not taken.
    WARN "yieldix::lint" "job not taken" JobUntaken { tid: Tid, name: &'a str, file: u32, line: &'a str }
        = "ends without having taken what came of its job (file {file})[, after {line}]: take it (job_take), or close it";
    /// A task has ended well that alone received from a port, and these messages were there.
    WARN "yieldix::lint" "messages not received" MessagesUnreceived { tid: Tid, name: &'a str, port: u32, messages: usize, line: &'a str }
        = "ends, and nobody will receive what is in port {port} (messages: {messages})[, after {line}]: receive to the end, or close it";
    /// A task is larger than a task should be; `line` is where it was spawned.
    WARN "yieldix::lint" "large frame" LargeFrame { tid: Tid, name: &'a str, bytes: usize, line: &'a str }
        = "has a frame of {bytes} bytes[, spawned at {line}]: what is large and held across a yield belongs on the heap (Vec, Box)";
    /// A task has opened so many descriptors at one line, and closed none of them.
    WARN "yieldix::lint" "descriptor leak" DescriptorLeak { tid: Tid, name: &'a str, opened: u32, line: &'a str }
        = "opened {opened} descriptors[ at {line}] and closed none of them: close them (close, using!)";
    /// A task of a program of the host yields with a span of `tracing` entered: others run in it.
    WARN "yieldix::lint" "span left entered" SpanLeft { tid: Tid, name: &'a str, span: &'a str, line: &'a str }
        = "yields at {line} with the span {span} entered, in which others run now: enter it between yields only (in_scope)";
}
