//! What the kernel tells about itself and its tasks.

use crate::{Fd, Tid, Time};
use alloc::boxed::Box;
use core::{fmt, panic::Location, time::Duration};

/// One task, as `ps` sees it.
#[derive(Clone, Debug)]
pub struct TaskInfo {
    /// Which.
    pub tid: Tid,
    /// Its parent; [`Tid::NONE`] for a first task.
    pub parent: Tid,
    /// Its name.
    pub name: Box<str>,
    /// What it is doing.
    pub state: TaskState,
    /// Turns it has had.
    pub turns: u64,
    /// Traps it has made.
    pub traps: u64,
    /// Descriptors open in its own table, the standard three not counted.
    pub fds: u32,
    /// Where its last trap stands in the source.
    pub at: Option<&'static Location<'static>>,
    /// Its process group.
    pub group: Tid,
    /// How long it has run, in the turns that were watched: while nobody observes the machine, the clock
    /// is not read for each.
    pub ran: Duration,
    /// How long it has waited for these turns, ready.
    pub waited: Duration,
}

/// What a task is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TaskState {
    /// Waiting for its turn.
    Ready,
    /// Has the turn.
    Running,
    /// Waiting for something else.
    Blocked(WaitsOn),
    /// Stopped by a signal, whatever it waits on, until it is sent `CONT`.
    Stopped,
    /// Ended, and not waited for yet.
    Zombie,
}

/// What a blocked task waits on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WaitsOn {
    /// Input on a descriptor.
    Read(Fd),
    /// A connection on a descriptor.
    Accept(Fd),
    /// Room for output on a descriptor.
    Write(Fd),
    /// A connection being made.
    Connect,
    /// A file being opened.
    Open,
    /// The addresses of a host.
    Resolve,
    /// The start of a program of the host.
    HostExec,
    /// The answer to a question to the disk: to look at a path, or to change a name.
    Question,
    /// A message from a port.
    Receive(Fd),
    /// Room in a port.
    Send(Fd),
    /// The end of a job.
    Job(Fd),
    /// One of several descriptors: so many interests.
    Poll(u32),
    /// The clock.
    Sleep(Time),
    /// The exit of one child.
    Child(Tid),
    /// The exit, or another change, of any child.
    AnyChild,
    /// That of any child in this process group.
    GroupChild(Tid),
    /// That of any child in this nursery of its.
    NurseryChild(Tid),
    /// A signal that it catches.
    Signal,
    /// To be sent `CONT`: it is stopped.
    Continue,
    /// The exit of some task.
    Join(Tid),
}

impl WaitsOn {
    /// Is it the end of a task, or another change of one?
    pub const fn is_an_end(self) -> bool {
        matches!(
            self,
            WaitsOn::Child(_)
                | WaitsOn::AnyChild
                | WaitsOn::GroupChild(_)
                | WaitsOn::NurseryChild(_)
                | WaitsOn::Join(_)
        )
    }
}

impl fmt::Display for WaitsOn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            WaitsOn::Read(fd) => write!(f, "read {fd}"),
            WaitsOn::Accept(fd) => write!(f, "accept {fd}"),
            WaitsOn::Write(fd) => write!(f, "write {fd}"),
            WaitsOn::Connect => f.write_str("connect"),
            WaitsOn::Open => f.write_str("open"),
            WaitsOn::Resolve => f.write_str("resolve"),
            WaitsOn::HostExec => f.write_str("host exec"),
            WaitsOn::Question => f.write_str("disk"),
            WaitsOn::Receive(fd) => write!(f, "receive {fd}"),
            WaitsOn::Send(fd) => write!(f, "send {fd}"),
            WaitsOn::Job(fd) => write!(f, "job {fd}"),
            WaitsOn::Poll(count) => write!(f, "poll of {count}"),
            WaitsOn::Sleep(until) => write!(f, "sleep until {until}"),
            WaitsOn::Child(tid) => write!(f, "child {tid}"),
            WaitsOn::AnyChild => f.write_str("any child"),
            WaitsOn::GroupChild(group) => write!(f, "child in group {group}"),
            WaitsOn::NurseryChild(nursery) => write!(f, "child in nursery {nursery}"),
            WaitsOn::Signal => f.write_str("signal"),
            WaitsOn::Continue => f.write_str("SIGCONT"),
            WaitsOn::Join(tid) => write!(f, "join {tid}"),
        }
    }
}

impl fmt::Display for TaskState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            TaskState::Ready => f.write_str("ready"),
            TaskState::Running => f.write_str("running"),
            TaskState::Blocked(on) => write!(f, "{on}"),
            TaskState::Stopped => f.write_str("stopped"),
            TaskState::Zombie => f.write_str("zombie"),
        }
    }
}

/// The machine, as `sysinfo` sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SysInfo {
    /// Time since boot.
    pub uptime: Time,
    /// Tasks that are not zombies.
    pub tasks: u32,
    /// Zombies.
    pub zombies: u32,
    /// The most tasks there may be.
    pub tasks_max: u32,
    /// Open-file descriptions, and ports.
    pub files: u32,
    /// Pipes.
    pub pipes: u32,
    /// Jobs that are not closed.
    pub jobs: u32,
    /// Tasks that wait on a file, and polls of one.
    pub file_waiters: u32,
    /// Timers that are set.
    pub timers: u32,
    /// Sockets that are registered with the poller.
    pub registrations: u32,
    /// Files and directories in memory.
    pub ram_inodes: u32,
    /// Bytes of those files.
    pub ram_bytes: u64,
    /// Turns given so far.
    pub turns: u64,
    /// Traps answered so far.
    pub traps: u64,
    /// The time since 1970 in UTC, as the host has it; in a simulated world, since boot.
    pub wall_clock: Duration,
}
