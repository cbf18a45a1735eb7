//! What a task is resumed with: one variant a shape of answer.

use crate::{
    Buf, CallCount, Datagram, DirEntry, Errno, Fd, FileInfo, HostProcess, Interest, Message, Probe, ScopeId, Show,
    SysInfo, TaskInfo, TerminalInfo, Tid, Time, TraceRecord, Value, show::Counted,
};
use alloc::{boxed::Box, vec::Vec};
use core::{
    fmt,
    net::{IpAddr, SocketAddr},
};

/// The kernel's answer to one trap. Sixteen bytes, so that it travels in two registers.
// The tag fills a word, and what is beside it starts at the next. With a tag of a byte, the seven
// that follow it are copied by two moves that overlap, at every level of `call!`, and reading back
// what overlapping moves have written stalls the processor: a level took more than twice as long.
#[derive(Debug)]
#[repr(u32)]
pub enum Reply {
    /// Done.
    Unit,
    /// A task.
    Tid(Tid),
    /// A new descriptor.
    Fd(Fd),
    /// A count, of bytes mostly.
    Count(u64),
    /// Yes or no.
    Bool(bool),
    /// Bytes; none at the end of a stream.
    Buf(Buf),
    /// Bytes, and descriptors that came with them.
    Message(Box<Message>),
    /// No more messages: nobody is left to send any.
    End,
    /// Two new descriptors.
    Pair(Box<(Fd, Fd)>),
    /// What is ready.
    Ready(Box<Vec<Interest>>),
    /// A moment.
    Time(Time),
    /// A deadline scope that was opened.
    Scope(ScopeId),
    /// An address.
    Addr(Box<SocketAddr>),
    /// A connection, and whose it is.
    Conn(Box<(Fd, SocketAddr)>),
    /// A task that exited by itself.
    Exited {
        /// Its code.
        code: i32,
        /// Which.
        tid: Tid,
    },
    /// A task that a signal ended.
    Killed {
        /// By what.
        signal: crate::Signal,
        /// Which.
        tid: Tid,
    },
    /// A task that panicked, and its message.
    Panicked(Box<(Tid, Box<str>)>),
    /// A child that a signal stopped.
    Stopped {
        /// By what.
        signal: crate::Signal,
        /// Which.
        tid: Tid,
    },
    /// A child that was stopped and goes on.
    Continued(Tid),
    /// No child has exited or changed yet, no signal has come.
    Nobody,
    /// A signal that was caught.
    Signal(crate::Signal),
    /// A set of signals.
    Signals(crate::Signals),
    /// The variables of an environment.
    Environment(Box<Vec<(Box<str>, Box<str>)>>),
    /// A terminal.
    Terminal(Box<TerminalInfo>),
    /// Entries of a directory.
    Entries(Box<Vec<DirEntry>>),
    /// A datagram.
    Datagram(Box<Datagram>),
    /// Addresses of a host.
    Addresses(Box<Vec<IpAddr>>),
    /// A program of the host.
    Host(Box<HostProcess>),
    /// The tasks of the machine.
    Tasks(Box<Vec<TaskInfo>>),
    /// The machine.
    SysInfo(Box<SysInfo>),
    /// What traced tasks have done.
    Traced(Box<Vec<TraceRecord>>),
    /// Tasks.
    Tids(Box<Vec<Tid>>),
    /// What traced tasks have done, call by call.
    Counts(Box<Vec<CallCount>>),
    /// What is known of a file.
    File(Box<FileInfo>),
    /// What a subroutine or a job gave.
    Value(Box<Value>),
    /// A stage's probe. Boxed: its own drop, inlined wherever a reply is dropped, made a level of `call!` six
    /// instructions dearer.
    Probe(Box<Probe>),
    /// A send that stopped midway.
    Short {
        /// Why no more were taken.
        errno: Errno,
        /// Bytes that were.
        sent: u64,
    },
    /// A message that was not sent.
    Unsent {
        /// Why.
        errno: Errno,
        /// Its bytes.
        data: Buf,
    },
    /// The call failed.
    Err(Errno),
}

impl Reply {
    /// The answer that says how `tid` ended.
    pub fn exit(tid: Tid, status: crate::ExitStatus) -> Reply {
        match status {
            crate::ExitStatus::Exited(code) => Reply::Exited { tid, code },
            crate::ExitStatus::Killed(signal) => Reply::Killed { tid, signal },
            crate::ExitStatus::Panicked(message) => Reply::Panicked(Box::new((tid, message))),
        }
    }

    /// Why the call failed, if it did.
    pub fn errno(&self) -> Option<Errno> {
        match self {
            Reply::Err(errno) | Reply::Short { errno, .. } | Reply::Unsent { errno, .. } => Some(*errno),
            _ => None,
        }
    }
}

fn counted(count: usize, of: &'static str) -> Counted {
    Counted(count as u64, of)
}

/// As strace shows it, after the `=`. Payloads are cut after so many bytes as the precision says, as those of a call.
impl fmt::Display for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Reply::Unit => f.write_str("ok"),
            Reply::Tid(tid) => write!(f, "{tid}"),
            Reply::Fd(fd) => write!(f, "{fd}"),
            Reply::Count(count) => write!(f, "{count}"),
            Reply::Bool(answer) => write!(f, "{answer}"),
            Reply::Buf(buf) => buf.show(f),
            Reply::Message(message) => message.show(f),
            Reply::End => f.write_str("the end"),
            Reply::Pair(pair) => write!(f, "{} and {}", pair.0, pair.1),
            Reply::Ready(ready) => ready.show(f),
            Reply::Time(time) => write!(f, "{time}"),
            Reply::Scope(scope) => scope.show(f),
            Reply::Addr(addr) => write!(f, "{addr}"),
            Reply::Conn(conn) => write!(f, "{} from {}", conn.0, conn.1),
            Reply::Exited { tid, code } => write!(f, "{tid} exited with {code}"),
            Reply::Killed { tid, signal } => write!(f, "{tid} killed by {signal}"),
            Reply::Panicked(who) => write!(f, "{} panicked: {}", who.0, who.1.escape_debug()),
            Reply::Stopped { tid, signal } => write!(f, "{tid} stopped by {signal}"),
            Reply::Continued(tid) => write!(f, "{tid} goes on"),
            Reply::Nobody => f.write_str("nobody yet"),
            Reply::Signal(signal) => write!(f, "{signal}"),
            Reply::Signals(signals) => write!(f, "{signals}"),
            Reply::Environment(variables) => write!(f, "{}", counted(variables.len(), "variable")),
            Reply::Terminal(_) => f.write_str("a terminal"),
            Reply::Entries(entries) if entries.len() == 1 => f.write_str("1 entry"),
            Reply::Entries(entries) => write!(f, "{} entries", entries.len()),
            Reply::Datagram(datagram) => datagram.data.show(f),
            Reply::Addresses(addresses) => addresses.show(f),
            Reply::Host(process) => write!(f, "{}", process.process),
            Reply::Tasks(tasks) => write!(f, "{}", counted(tasks.len(), "task")),
            Reply::SysInfo(_) => f.write_str("the machine"),
            Reply::Traced(records) => write!(f, "{}", counted(records.len(), "record")),
            Reply::Tids(tids) => write!(f, "{}", counted(tids.len(), "task")),
            Reply::Counts(counts) => write!(f, "{}", counted(counts.len(), "call")),
            Reply::File(info) => info.show(f),
            Reply::Value(value) => value.show(f),
            Reply::Probe(_) => f.write_str("a probe"),
            Reply::Short { sent, errno } => write!(f, "{} after {}", errno.name(), Counted(*sent, "byte")),
            Reply::Unsent { errno, .. } => f.write_str(errno.name()),
            Reply::Err(errno) => f.write_str(errno.name()),
        }
    }
}
