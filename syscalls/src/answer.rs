//! Typed calls: a system call, and the type its answer decodes to.

use crate::{
    Buf, CallCount, Change, Datagram, DirEntry, Errno, ExitStatus, Fd, FileInfo, HostProcess, Interest, Message, Reply,
    Routine, ScopeId, Signal, Signals, Spawned, SysInfo, Syscall, Task, TaskInfo, TerminalInfo, Tid, Time, TraceRecord,
    Unsent, Value, task::Returning,
};
use alloc::{boxed::Box, string::String, vec::Vec};
use core::{
    fmt,
    marker::PhantomData,
    mem::forget,
    net::{IpAddr, SocketAddr},
};

/// How the reply to a call is read.
pub trait Answer {
    /// What a caller gets.
    type Value;
    /// What it gets when the call fails; mostly [`Errno`].
    type Error;
    /// Reads the reply. One of the wrong shape is `EPROTO`.
    fn decode(reply: Reply) -> Result<Self::Value, Self::Error>;
}

/// A system call that knows the type of its answer. It does nothing until it is trapped.
#[must_use = "a system call does nothing until it is trapped with `trap!`"]
#[derive(Debug)]
pub struct Call<A> {
    /// What will be asked.
    pub syscall: Syscall,
    /// How the answer is read.
    pub typed: Typed<A>,
}

/// The type of an answer, and nothing else.
pub struct Typed<A>(PhantomData<fn() -> A>);

impl<A> fmt::Debug for Typed<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(core::any::type_name::<A>())
    }
}

impl<A: Answer> Call<A> {
    /// The call that is answered so.
    #[inline(always)]
    pub const fn new(syscall: Syscall) -> Call<A> {
        Call { syscall, typed: Typed(PhantomData) }
    }
}

impl<A: Answer> Typed<A> {
    /// Reads the reply.
    #[inline(always)]
    pub fn decode(self, reply: Reply) -> Result<A::Value, A::Error> {
        A::decode(reply)
    }
}

#[cold]
#[inline(never)]
fn failed(reply: Reply) -> Errno {
    match reply {
        Reply::Err(errno) => errno,
        _ => Errno::EPROTO,
    }
}

/// Answers that own nothing. `forget` spares the hot path the reply's drop glue, 11 to 20
/// instructions a call: what is forgotten holds no memory.
macro_rules! plain_answers {
    ($($answer:ty: $pattern:pat => $value:expr;)+) => {$(
        impl Answer for $answer {
            type Value = $answer;
            type Error = Errno;

            #[inline(always)]
            fn decode(reply: Reply) -> Result<$answer, Errno> {
                match reply {
                    $pattern => { forget(reply); Ok($value) }
                    reply => Err(failed(reply)),
                }
            }
        }
    )+};
}

plain_answers! {
    (): Reply::Unit => ();
    Tid: Reply::Tid(tid) => tid;
    Fd: Reply::Fd(fd) => fd;
    bool: Reply::Bool(answer) => answer;
    Time: Reply::Time(time) => time;
    ScopeId: Reply::Scope(scope) => scope;
    u64: Reply::Count(count) => count;
    Signal: Reply::Signal(signal) => signal;
    Signals: Reply::Signals(signals) => signals;
}

/// Answers of several shapes: those that own nothing, and then those that do.
macro_rules! answers {
    ($($answer:ty as $value:ty: [$($plain:pat => $copied:expr),*], [$($owning:pat => $moved:expr),*];)+) => {$(
        impl Answer for $answer {
            type Value = $value;
            type Error = Errno;

            #[inline(always)]
            fn decode(reply: Reply) -> Result<$value, Errno> {
                match reply {
                    $($plain => { forget(reply); Ok($copied) })*
                    $($owning => Ok($moved),)*
                    reply => Err(failed(reply)),
                }
            }
        }
    )+};
}

answers! {
    usize as usize: [Reply::Count(count) => count as usize], [];
    Spawned as Tid: [Reply::Tid(tid) => tid], [];
    Buf as Buf: [], [Reply::Buf(buf) => buf];
    Option<Message> as Option<Message>: [Reply::End => None], [
        Reply::Buf(data) => Some(Message::from(data)),
        Reply::Message(message) => Some(*message)
    ];
    (Fd, Fd) as (Fd, Fd): [], [Reply::Pair(pair) => *pair];
    Vec<Interest> as Vec<Interest>: [], [Reply::Ready(ready) => *ready];
    SocketAddr as SocketAddr: [], [Reply::Addr(addr) => *addr];
    (Fd, SocketAddr) as (Fd, SocketAddr): [], [Reply::Conn(conn) => *conn];
    Value as Value: [], [Reply::Value(value) => *value];
    SysInfo as SysInfo: [], [Reply::SysInfo(info) => *info];
    FileInfo as FileInfo: [], [Reply::File(info) => *info];
    Vec<TaskInfo> as Vec<TaskInfo>: [], [Reply::Tasks(tasks) => *tasks];
    Vec<TraceRecord> as Vec<TraceRecord>: [], [Reply::Traced(records) => *records];
    Vec<Tid> as Vec<Tid>: [], [Reply::Tids(tids) => *tids];
    Vec<CallCount> as Vec<CallCount>: [], [Reply::Counts(counts) => *counts];
    Vec<DirEntry> as Vec<DirEntry>: [], [Reply::Entries(entries) => *entries];
    Vec<(Box<str>, Box<str>)> as Vec<(Box<str>, Box<str>)>: [], [Reply::Environment(variables) => *variables];
    Vec<IpAddr> as Vec<IpAddr>: [], [Reply::Addresses(addresses) => *addresses];
    Datagram as Datagram: [], [Reply::Datagram(datagram) => *datagram];
    TerminalInfo as TerminalInfo: [], [Reply::Terminal(info) => *info];
    HostProcess as HostProcess: [], [Reply::Host(process) => *process];
    Option<Signal> as Option<Signal>: [Reply::Nobody => None, Reply::Signal(signal) => Some(signal)], [];
    Option<(Tid, Change)> as Option<(Tid, Change)>: [
        Reply::Nobody => None,
        Reply::Stopped { tid, signal } => Some((tid, Change::Stopped(signal))),
        Reply::Continued(tid) => Some((tid, Change::Continued)),
        Reply::Exited { tid, code } => Some((tid, Change::Ended(ExitStatus::Exited(code)))),
        Reply::Killed { tid, signal } => Some((tid, Change::Ended(ExitStatus::Killed(signal))))
    ], [Reply::Panicked(who) => Some((who.0, Change::Ended(ExitStatus::Panicked(who.1))))];
    ExitStatus as ExitStatus: [
        Reply::Exited { code, .. } => ExitStatus::Exited(code),
        Reply::Killed { signal, .. } => ExitStatus::Killed(signal)
    ], [Reply::Panicked(who) => ExitStatus::Panicked(who.1)];
    (Tid, ExitStatus) as (Tid, ExitStatus): [
        Reply::Exited { tid, code } => (tid, ExitStatus::Exited(code)),
        Reply::Killed { tid, signal } => (tid, ExitStatus::Killed(signal))
    ], [Reply::Panicked(who) => (who.0, ExitStatus::Panicked(who.1))];
    Option<(Tid, ExitStatus)> as Option<(Tid, ExitStatus)>: [
        Reply::Nobody => None,
        Reply::Exited { tid, code } => Some((tid, ExitStatus::Exited(code))),
        Reply::Killed { tid, signal } => Some((tid, ExitStatus::Killed(signal)))
    ], [Reply::Panicked(who) => Some((who.0, ExitStatus::Panicked(who.1)))];
}

/// The answer to a call that gives a text: bytes that the kernel has seen to be UTF-8.
pub struct Text;

impl Answer for Text {
    type Value = String;
    type Error = Errno;

    fn decode(reply: Reply) -> Result<String, Errno> {
        match reply {
            Reply::Buf(bytes) => String::from_utf8(bytes.to_vec()).map_err(|_| Errno::EPROTO),
            reply => Err(failed(reply)),
        }
    }
}

/// The answer to `send_all`: nothing, or how far it came.
pub struct SendAll;

/// A `send_all` that failed. Converts to its [`Errno`] with `?`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SendError {
    /// Why.
    pub errno: Errno,
    /// Bytes the network had taken before.
    pub sent: usize,
}

impl fmt::Display for SendError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} after {} bytes", self.errno, self.sent)
    }
}

impl core::error::Error for SendError {}

impl From<SendError> for Errno {
    fn from(error: SendError) -> Errno {
        error.errno
    }
}

impl Answer for SendAll {
    type Value = ();
    type Error = SendError;

    #[inline(always)]
    fn decode(reply: Reply) -> Result<(), SendError> {
        match reply {
            Reply::Unit => Ok(()),
            Reply::Short { sent, errno } => Err(SendError { errno, sent: sent as usize }),
            reply => Err(SendError { errno: failed(reply), sent: 0 }),
        }
    }
}

/// The answer to `port_send` and its kin: nothing, or the bytes back.
pub struct PortSend;

impl Answer for PortSend {
    type Value = ();
    type Error = Unsent;

    #[inline(always)]
    fn decode(reply: Reply) -> Result<(), Unsent> {
        match reply {
            Reply::Unit => {
                forget(reply);
                Ok(())
            }
            Reply::Unsent { errno, data } => Err(Unsent { errno, data }),
            reply => Err(Unsent { errno: failed(reply), data: Buf::EMPTY }),
        }
    }
}

/// The answer to `subroutine`: what it returned.
pub struct Returned<T>(PhantomData<fn() -> T>);

impl<T: 'static> Answer for Returned<T> {
    type Value = T;
    type Error = Errno;

    fn decode(reply: Reply) -> Result<T, Errno> {
        match reply {
            Reply::Value(value) => value.downcast().ok_or(Errno::EPROTO),
            reply => Err(failed(reply)),
        }
    }
}

/// The answer to `wait_value`: which child has ended, and what it left, or how it ended instead.
pub struct Left<T>(PhantomData<fn() -> T>);

impl<T: 'static> Answer for Left<T> {
    type Value = (Tid, Result<T, ExitStatus>);
    type Error = Errno;

    fn decode(reply: Reply) -> Result<Self::Value, Errno> {
        match reply {
            Reply::Value(value) => {
                let (tid, left) = value.downcast::<(Tid, Value)>().ok_or(Errno::EPROTO)?;
                Ok((tid, Ok(left.downcast().ok_or(Errno::EPROTO)?)))
            }
            reply => <(Tid, ExitStatus)>::decode(reply).map(|(tid, status)| (tid, Err(status))),
        }
    }
}

impl<T: Send + 'static> Call<Returned<T>> {
    #[inline(always)]
    pub(crate) fn subroutine(routine: impl Routine<Result<T, Errno>> + 'static) -> Self {
        Call::new(Syscall::Subroutine { body: Task::new(Returning::new(routine)) })
    }
}
