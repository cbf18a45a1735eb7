//! The table of system calls: one declaration each, from which everything else is made.
//!
//! An entry gives a call its number, its name, its arguments, the type of its answer, what it does
//! to the caller's turn, the promise it falls under, the errors it can fail with, and its manual
//! page. From it come the variant of [`Syscall`], the typed constructor in [`calls`], the decoded
//! line of a trace, and the page in `docs/syscalls.md`. To add a call: an entry here, one line in
//! the kernel's dispatch, one handler.
//!
//! A call that is declared and not built (`planned`) is answered `ENOSYS`.

use crate::*;
use alloc::{boxed::Box, vec::Vec};
use core::{
    fmt,
    net::{IpAddr, SocketAddr},
};

/// What a call does to its caller's turn when it is answered at once.
///
/// A call that has to wait always ends the turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// Nothing; but a turn has at most 1,024 of these.
    Free,
    /// Uses up one trap of the quantum.
    Costs,
    /// Free when it goes to a console, as Python's print was; elsewhere it costs.
    FreeOnConsole,
    /// Ends it.
    Ends,
}

impl Turn {
    /// As the manual says it.
    pub const fn phrase(self) -> &'static str {
        match self {
            Turn::Free => "free",
            Turn::Costs => "costs one trap of the quantum",
            Turn::FreeOnConsole => "free on a console, else costs one trap of the quantum",
            Turn::Ends => "ends the turn",
        }
    }
}

/// The class of a call, by which a task's rights will be limited (after OpenBSD's pledge).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Promise {
    /// Itself, its time, and descriptors it has.
    Stdio,
    /// Other tasks.
    Proc,
    /// Programs, by name.
    Exec,
    /// The network.
    Net,
    /// Reading files.
    Rpath,
    /// Changing files.
    Wpath,
    /// The terminal's modes.
    Tty,
    /// Messages between tasks.
    Port,
    /// Watching other tasks' traps.
    Trace,
    /// The host.
    Host,
}

/// Which children a wait is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Children {
    /// This one.
    Only(Tid),
    /// Any.
    Any,
    /// Those of this process group.
    Group(Tid),
    /// Those in this nursery of the caller: see [`Call::nursery`].
    Nursery(Tid),
}

impl From<Tid> for Children {
    fn from(tid: Tid) -> Children {
        Children::Only(tid)
    }
}

/// The manual's facts about one call.
#[derive(Debug)]
pub struct CallInfo {
    /// The heading it stands under.
    pub group: &'static str,
    /// Its number, fixed for good.
    pub number: u16,
    /// Its name.
    pub name: &'static str,
    /// Its arguments as the typed constructor takes them: name and type.
    pub arguments: &'static [(&'static str, &'static str)],
    /// The type of its answer.
    pub answer: &'static str,
    /// What it does to the turn.
    pub turn: Turn,
    /// Its promise class.
    pub promise: Promise,
    /// The errors it can fail with, beside those that end any wait: `ETIMEDOUT` of a deadline, `EINTR` of a
    /// signal that the task catches.
    pub errors: &'static [Errno],
    /// Is it built? If not it is answered `ENOSYS`.
    pub is_built: bool,
    /// Its manual page, a line each.
    pub doc: &'static [&'static str],
}

impl CallInfo {
    /// Is the task that makes it answered? Who exits is not, and what answers the return from a subroutine is the
    /// call that is returned from.
    pub const fn is_answered(&self) -> bool {
        self.number != CALLS[Place::Exit as usize].number && self.number != CALLS[Place::Return as usize].number
    }
}

/// `recv(4, 8192)`
fn show_call(f: &mut fmt::Formatter<'_>, name: &str, arguments: &[&dyn Show]) -> fmt::Result {
    write!(f, "{name}(")?;
    for (index, argument) in arguments.iter().enumerate() {
        if index > 0 {
            f.write_str(", ")?;
        }
        argument.show(f)?;
    }
    f.write_str(")")
}

macro_rules! stored {
    ($user:ty) => {
        $user
    };
    ($user:ty, $stored:ty) => {
        $stored
    };
}

macro_rules! is_built {
    (built) => {
        true
    };
    (planned) => {
        false
    };
}

macro_rules! syscalls {
    ($(
        $group:literal {$(
            $(#[doc = $doc:literal])+
            $status:ident $number:literal fn $name:ident $(($($arg:ident: $user:ty $(=> $stored:ty)?),+))? -> $answer:ty
                = $Variant:ident, $turn:ident, $promise:ident, [$($errno:ident),*];
        )+}
    )+) => {
        /// A system call and its arguments. What a raw trap carries: `yield Syscall::GetTid.into()`.
        #[derive(Debug)]
        pub enum Syscall {
            $($(
                $(#[doc = $doc])+
                #[allow(missing_docs, reason = "the manual page names the arguments")]
                $Variant $({ $($arg: stored!($user $(, $stored)?)),+ })?,
            )+)+
        }

        impl Syscall {
            /// The call's place in [`CALLS`].
            #[inline]
            pub const fn info(&self) -> &'static CallInfo {
                match self { $($(Syscall::$Variant { .. } => &CALLS[Place::$Variant as usize],)+)+ }
            }
        }

        #[allow(clippy::enum_variant_names, reason = "the names are the calls'")]
        enum Place { $($($Variant,)+)+ }

        /// Every call, with arguments that differ by `turn`.
        #[cfg(test)]
        pub(crate) fn samples(turn: usize) -> Vec<Syscall> {
            alloc::vec![$($(Syscall::$Variant $({ $($arg: crate::show::tests::Sample::sample(turn)),+ })?,)+)+]
        }

        /// Every call, in the order of their numbers.
        pub static CALLS: &[CallInfo] = &[
            $($(CallInfo {
                group: $group,
                number: $number,
                name: stringify!($name),
                arguments: &[$($((stringify!($arg), stringify!($user))),+)?],
                answer: stringify!($answer),
                turn: Turn::$turn,
                promise: Promise::$promise,
                errors: &[$(Errno::$errno),*],
                is_built: is_built!($status),
                doc: &[$($doc),+],
            },)+)+
        ];

        /// As a trace shows it: `recv(4, 8192)`.
        impl fmt::Display for Syscall {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                match self {
                    $($(Syscall::$Variant $({ $($arg),+ })? => {
                        show_call(f, stringify!($name), &[$($($arg as &dyn Show),+)?])
                    })+)+
                }
            }
        }

        /// One typed constructor a call. Each makes a value; nothing happens until it is trapped
        /// with [`trap!`](crate::trap!).
        pub mod calls {
            use super::*;

            $($(
                $(#[doc = $doc])+
                #[inline(always)]
                pub fn $name($($($arg: $user),+)?) -> Call<$answer> {
                    Call::new(Syscall::$Variant $({ $($arg: $arg.into()),+ })?)
                }
            )+)+

            /// Runs `routine` on the kernel's own stack of subroutines (the trampoline) and gives
            /// what it returns.
            ///
            /// A trap inside costs the same at any depth, and recursion may go 100,000 deep; each
            /// call and return costs an allocation or three. The subroutine owns what it uses. A
            /// function that calls itself gives this call, `-> Call<Returned<T>>`, and not the
            /// routine, which would be of a type that contains itself.
            /// Neither the call nor the return is a scheduling point; both are free calls, of which a
            /// turn has a bound, so that a recursion which makes no other trap cannot keep the
            /// machine.
            ///
            /// Errors: `ENOMEM` past the deepest stack, and those that `routine` returns.
            #[inline(always)]
            pub fn subroutine<T: Send + 'static>(
                routine: impl Routine<Result<T, Errno>> + 'static,
            ) -> Call<Returned<T>> {
                Call::subroutine(routine)
            }

            /// Spawns a task that leaves a value to its parent: what `routine` returns. `wait_value` takes it; any
            /// other wait drops it, as does whoever ends without. A builder as `spawn` is, with its errors.
            ///
            /// ```
            /// # #![feature(coroutines, coroutine_trait)]
            /// use yieldix_syscalls::{calls::*, *};
            ///
            /// fn answer() -> impl Routine<Result<u64, Errno>> {
            ///     routine!(move { Ok(42) })
            /// }
            ///
            /// fn asker() -> Task {
            ///     task!({
            ///         let child = trap!(yield spawn_value(answer()))?;
            ///         let (_, value) = trap!(yield wait_value::<u64>(child))?;
            ///         assert_eq!(value, Ok(42));
            ///         Ok(())
            ///     })
            /// }
            /// ```
            #[inline(always)]
            pub fn spawn_value<T: Send + 'static>(
                routine: impl Routine<Result<T, Errno>> + 'static,
            ) -> Call<Spawned> {
                spawn(Task::giving(routine))
            }

            /// Waits for one of these children to end, reaps it, and gives which and what it has left: `Err` with how
            /// it ended when it left nothing. `EPROTO` when it left something else than a `T`, which is lost.
            ///
            /// Errors: those of `wait_change`.
            #[inline(always)]
            pub fn wait_value<T: 'static>(children: impl Into<Children>) -> Call<Left<T>> {
                Call::new(Syscall::WaitChange { children: children.into(), flags: WaitFlags::VALUES })
            }

            /// Has a closure run on a helper thread while the task goes on, and gives a [`Job`] by
            /// which to wait for what it gives: [`offload_work`], typed.
            ///
            /// ```
            /// # #![feature(coroutines, coroutine_trait)]
            /// use yieldix_syscalls::{calls::*, *};
            ///
            /// fn total(numbers: Vec<u64>) -> impl Routine<Result<u64, Errno>> {
            ///     routine!(move {
            ///         let job = trap!(yield offload(move || numbers.iter().sum::<u64>()))?;
            ///         trap!(yield yield_now())?;
            ///         Ok(trap!(yield job.take())?)
            ///     })
            /// }
            /// ```
            pub fn offload<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Call<Job<T>> {
                Call::new(Syscall::Offload { work: Box::new(Work::new(work)) })
            }
        }
    };
}

syscalls! {
    "Tasks" {
        /// Ends the turn; the task is ready again at once, behind all that were ready before.
        built 0 fn yield_now -> () = YieldNow, Ends, Stdio, [];
        /// The caller's own id.
        built 1 fn gettid -> Tid = GetTid, Costs, Stdio, [];
        /// The parent's id. A task whose parent has ended belongs to init; without an init, or for
        /// a first task, this is 0 (`Tid::NONE`).
        built 2 fn getppid -> Tid = GetPpid, Costs, Stdio, [];
        /// Makes a task and gives its id. It is queued before the caller would be, and first runs
        /// in the next round; the caller goes on with its turn.
        ///
        /// The call is a builder: `.name()`, `.pass(fd)`, `.share(fd)`, `.pass_as(fd, slot)`,
        /// `.detach()`, `.quantum(n)` (1 to 4,096), `.announced()`, `.group(group)`, `.foreground(terminal)`,
        /// `.bound()`, `.nursery(name)`, `.traced(fd)`. The child has the caller's 0, 1 and 2 and the descriptors that were granted, nothing else. Quantum, announced exits,
        /// process group, environment, ignored signals and the mask are inherited. Unless detached, it stays a
        /// zombie until it is waited for.
        ///
        /// A group of `Tid::NONE` is a new one, named after the child; `EPERM` for one that nobody is in. With a terminal,
        /// the group is its foreground at once, as by `set_foreground`; `ENOTTY` when it is none. A bound
        /// child ends, by `KILL`, before its parent does, however that ends; so do those bound to it. A nursery is a name for some of
        /// them: the id of its first.
        ///
        /// On an error nothing has moved. A name of more than 64 bytes is cut.
        built 3 fn spawn(task: Task) -> Spawned = Spawn, Costs, Proc, [EAGAIN, EBADF, EMFILE, EINVAL, EPERM, ENOTTY];
        /// `spawn` with its options as a value.
        built 4 fn spawn_with(request: SpawnRequest => Box<SpawnRequest>) -> Spawned = SpawnWith, Costs, Proc, [EAGAIN, EBADF, EMFILE, EINVAL, EPERM, ENOTTY];
        /// Starts a program of the machine's table by name, or by a path that leads to it in `/bin`, as one task; a
        /// builder as `spawn` is. `EOPNOTSUPP` for a path that leads elsewhere, whether a file is there or not: who
        /// runs scripts reads them. `EISDIR` for `/bin` itself, `ENOEXEC` when the program panics before it has made
        /// its task.
        built 5 fn spawn_program(request: ProgramRequest => Box<ProgramRequest>) -> Spawned = SpawnProgram, Costs, Exec, [ENOENT, ENOTDIR, EISDIR, ENAMETOOLONG, EOPNOTSUPP, ENOEXEC, EAGAIN, EBADF, EMFILE, EINVAL, EPERM, ENOTTY];
        /// Ends the calling task, subroutines and all, with this code. Not answered.
        built 6 fn exit(code: i32) -> () = Exit, Ends, Stdio, [];
        /// Waits for one child to end, reaps it, and gives how it ended.
        ///
        /// `ECHILD` when the task is not a child of the caller, was reaped, or was detached.
        built 7 fn wait(child: Tid) -> ExitStatus = Wait, Costs, Proc, [ECHILD];
        /// Waits for whichever child ends first, reaps it, and gives which and how. Zombies are
        /// reaped in the order in which they died. `ECHILD` when there is no child to wait for.
        built 8 fn wait_any -> (Tid, ExitStatus) = WaitAny, Costs, Proc, [ECHILD];
        /// As the waits, but never waits: `None` when no such child has ended yet.
        built 9 fn try_wait(children: impl Into<Children> => Children) -> Option<(Tid, ExitStatus)> = TryWait, Costs, Proc, [ECHILD];
        /// Waits for any task to end and gives how. Reaps nothing; several joiners are woken in the
        /// order in which they joined. The course's WaitTask.
        ///
        /// `ESRCH` when it does not exist (any more), `EDEADLK` on oneself. A longer cycle of
        /// waits blocks: it is logged once, and reported when nothing else can run.
        built 10 fn join(tid: Tid) -> ExitStatus = Join, Costs, Proc, [ESRCH, EDEADLK];
        /// Sends a signal to a task.
        ///
        /// Unless it is caught, ignored or masked, `CHLD` does nothing, `CONT` has a task go on that was
        /// stopped, `STOP`, `TSTP` and `TTIN` stop it, and any other ends it at once, subroutines and all: its
        /// destructors have run when the caller is answered. Signalling oneself so is not answered.
        ///
        /// A task that is stopped has no turn. What it waits for may come meanwhile, and its deadlines pass. But
        /// for `KILL` and `CONT`, signals wait until it goes on. A zombie's status stays as it was, and that is
        /// no error. init is `EPERM`.
        built 11 fn kill(tid: Tid, signal: Signal) -> () = Kill, Costs, Proc, [ESRCH, EPERM];
        /// Every task of the machine, zombies included, in the order of their ids.
        built 12 fn tasks -> Vec<TaskInfo> = Tasks, Costs, Proc, [];
        /// Renames the calling task.
        planned 13 fn set_name(name: impl Into<Box<str>> => Box<str>) -> () = SetName, Costs, Stdio, [ENAMETOOLONG];
        /// Sets a task's share of the machine, -20 to 19.
        planned 14 fn set_priority(tid: Tid, nice: i32) -> () = SetPriority, Costs, Proc, [ESRCH, EPERM, EINVAL];
        /// Sets a limit of the calling task and of its children to come.
        planned 15 fn set_limit(limit: u8, value: u64) -> () = SetLimit, Costs, Stdio, [EINVAL, EPERM];
        /// Gives up all calls but those of these promise classes, for good.
        planned 16 fn pledge(promises: u64) -> () = Pledge, Costs, Stdio, [EPERM];
    }
    "Subroutines" {
        /// Calls a subroutine on the trampoline: the form without types of `subroutine`.
        built 17 fn subroutine_task(body: Task) -> () = Subroutine, Free, Stdio, [ENOMEM];
        /// Returns a value from a subroutine to its caller. Made by `subroutine` itself, and by `spawn_value`: from
        /// a task's own level it ends the task with code 0 and leaves the value to a parent that asks for it.
        built 18 fn subroutine_return(value: Value => Box<Value>) -> () = Return, Free, Stdio, [];
    }
    "Time" {
        /// Waits for so long. Zero is `yield_now`; a span that does not fit the clock is for ever.
        built 20 fn sleep(span: impl Into<Nanos> => Nanos) -> () = Sleep, Ends, Stdio, [];
        /// Waits until that moment; one that has passed is `yield_now`.
        built 21 fn sleep_until(moment: Time) -> () = SleepUntil, Ends, Stdio, [];
        /// Time since the machine booted. Tasks that run in the same round see the same time.
        built 22 fn now -> Time = Now, Costs, Stdio, [];
        /// Opens a deadline scope: a wait that goes on past its deadline fails with `ETIMEDOUT`,
        /// at once when it has passed. See `timeout!`, which also closes it.
        built 23 fn deadline_push(span: impl Into<Nanos> => Nanos) -> ScopeId = DeadlinePush, Costs, Stdio, [ENOMEM];
        /// Closes a scope, and all that were opened in it. True when its deadline had ended a
        /// wait; of several that were due, the outermost is the one that fired.
        built 24 fn deadline_pop(scope: ScopeId) -> bool = DeadlinePop, Costs, Stdio, [EINVAL];
    }
    "Descriptors" {
        /// Reads up to `max` bytes: at most 1 MiB at a time, and often less. Waits when there are
        /// none. No bytes: the end, or `max` was 0. Who reads a terminal from the background is stopped by `TTIN`, or
        /// answered `EIO` where that cannot be.
        ///
        /// A regular file is read from where its descriptor stands, which is then behind what was read; it
        /// waits only for the disk. After the end it may have grown: read again. `EISDIR` for a directory, which
        /// `readdir` lists.
        built 30 fn read(fd: Fd, max: u32) -> Buf = Read, Costs, Stdio, [EBADF, EINVAL, EIO, EISDIR, ECONNRESET, ENOTCONN, EOPNOTSUPP, ETIMEDOUT];
        /// Writes, and gives how many bytes were taken: at least one, maybe fewer than all. Waits
        /// when there is no room. A console has room for 256 KiB and is answered at once.
        ///
        /// A regular file is written where its descriptor stands, which is then behind what was written, or
        /// at its end (`OpenFlags::APPEND`). A write that a kill or a deadline gives up while the host is at
        /// it may still take place.
        built 31 fn write(fd: Fd, data: impl Into<Buf> => Buf) -> usize = Write, FreeOnConsole, Stdio, [EBADF, EDQUOT, EFBIG, EISDIR, ENOSPC, EPIPE, EIO, ECONNRESET, ENOTCONN, EOPNOTSUPP, ETIMEDOUT];
        /// Closes a descriptor. Another task that shares the object, and may wait on it, is not
        /// disturbed; the object goes with its last descriptor.
        built 32 fn close(fd: Fd) -> () = Close, Costs, Stdio, [EBADF];
        /// A second descriptor for the same open file, in the lowest free slot from 3.
        built 33 fn dup(fd: Fd) -> Fd = Dup, Costs, Stdio, [EBADF, EMFILE];
        /// Waits until a read would not wait: bytes, the end, an error, or a connection to accept.
        /// Reads nothing, and is never answered without cause.
        built 34 fn read_wait(fd: Fd) -> () = ReadWait, Costs, Stdio, [EBADF, EOPNOTSUPP];
        /// Waits until a write would not wait. Writes nothing.
        built 35 fn write_wait(fd: Fd) -> () = WriteWait, Costs, Stdio, [EBADF, EOPNOTSUPP];
        /// Makes this slot of the caller's table a descriptor of the same open file, and gives it. What was
        /// open there is closed first. Slots 0, 1 and 2 are the standard streams. A descriptor to its
        /// own slot changes nothing.
        ///
        /// `EMFILE` for a slot past the most descriptors.
        built 36 fn dup_to(fd: Fd, slot: u32) -> Fd = DupTo, Costs, Stdio, [EBADF, EMFILE];
        /// Waits until at least one of these is ready, for at most `span`, and gives those that are,
        /// in the order in which they were asked for; none when the time is over. `Duration::ZERO`
        /// only looks, `Duration::MAX` waits for ever.
        ///
        /// What is ready is told again for as long as it is. Who waits with a read or a write is
        /// served before those who poll, and what was ready may be taken by another before the caller
        /// acts on it. When it had to wait it gives what ended the wait; the next call tells the rest.
        ///
        /// `EBADF` also for the end of a port that cannot do this; `EINVAL` past 65,536 interests.
        built 37 fn poll(interests: Vec<Interest> => Box<Vec<Interest>>, span: impl Into<Nanos> => Nanos) -> Vec<Interest> = Poll, Costs, Stdio, [EBADF, EINVAL, EOPNOTSUPP, ETIMEDOUT];
        /// Makes a pipe and gives its two ends: the one to read from, and the one to write to. It holds
        /// 64 KiB; a write of up to 4,096 bytes is not mixed with another's, and not taken in part.
        ///
        /// A read waits while it is empty, and gives no bytes once nobody has the writing end any more. A
        /// write waits while it is full. When nobody has the reading end, a write sends its caller `PIPE`,
        /// which ends it unless it is ignored, caught or masked, and fails with `EPIPE`.
        built 38 fn pipe -> (Fd, Fd) = Pipe, Costs, Stdio, [EMFILE, ENFILE];
        /// Makes a terminal and gives its two ends: the one that a program at the keyboard's side has, and
        /// the terminal itself.
        ///
        /// What is written to the first is typed at the terminal, what a task writes to the terminal is
        /// read from the first. See `set_terminal` for what the terminal makes of keys.
        built 39 fn pty -> (Fd, Fd) = Pty, Costs, Tty, [EMFILE, ENFILE];
    }
    "Network" {
        /// A socket that listens on `address`; port 0 takes a free one. An IPv6 wildcard listens
        /// for IPv4 too. The address may be reused at once after a close (`SO_REUSEADDR`), never
        /// shared.
        built 40 fn tcp_listen(address: SocketAddr => Box<SocketAddr>, backlog: u32) -> Fd = TcpListen, Costs, Net, [EADDRINUSE, EADDRNOTAVAIL, EACCES, EAFNOSUPPORT, EMFILE, ENFILE];
        /// Waits for a connection and gives its descriptor and the peer's address. A connection
        /// that was aborted before it was accepted is passed over; `ECONNABORTED` tells of very many
        /// in a row, so that others have their turn: try again.
        ///
        /// `EMFILE` and `ENFILE` leave the connection in the queue: close something, wait a
        /// little, try again.
        built 41 fn accept(fd: Fd) -> (Fd, SocketAddr) = Accept, Costs, Net, [EBADF, ENOTSOCK, EINVAL, ECONNABORTED, EMFILE, ENFILE, ENOBUFS, ENOMEM];
        /// Connects to `address`; waits until the peer has answered.
        ///
        /// `ECONNRESET` and `EPIPE`: it was connected, and the peer has ended that already.
        built 42 fn tcp_connect(address: SocketAddr => Box<SocketAddr>) -> Fd = TcpConnect, Costs, Net, [ECONNREFUSED, ECONNRESET, EPIPE, ETIMEDOUT, EHOSTUNREACH, ENETUNREACH, EADDRNOTAVAIL, EAFNOSUPPORT, EACCES, EMFILE, ENFILE];
        /// Receives up to `max` bytes: at most 1 MiB at a time, and often less. Waits when there
        /// are none. No bytes: the peer has closed, or `max` was 0.
        built 43 fn recv(fd: Fd, max: u32) -> Buf = Recv, Costs, Net, [EBADF, ENOTSOCK, ENOTCONN, ECONNRESET, ETIMEDOUT];
        /// Sends, and gives how many bytes were taken: at least one, maybe fewer than all. Waits
        /// when there is no room.
        built 44 fn send(fd: Fd, data: impl Into<Buf> => Buf) -> usize = Send, Costs, Net, [EBADF, ENOTSOCK, ENOTCONN, EPIPE, ECONNRESET, ETIMEDOUT];
        /// Sends all of it; waits for room as often as it must. Two tasks that send on one socket
        /// do not mix their bytes.
        ///
        /// Fails with a `SendError`: the errno, and how many bytes had been taken.
        built 45 fn send_all(fd: Fd, data: impl Into<Buf> => Buf) -> SendAll = SendAll, Costs, Net, [EBADF, ENOTSOCK, ENOTCONN, EPIPE, ECONNRESET, ETIMEDOUT];
        /// Closes one half of a connection, or both, for all who share it.
        built 46 fn shutdown(fd: Fd, how: Shutdown) -> () = Shutdown, Costs, Net, [EBADF, ENOTSOCK, ENOTCONN];
        /// The address of a socket's own end. `EAFNOSUPPORT` for a Unix socket.
        built 47 fn local_addr(fd: Fd) -> SocketAddr = LocalAddr, Costs, Net, [EBADF, ENOTSOCK, EAFNOSUPPORT];
        /// The address of the other end.
        built 48 fn peer_addr(fd: Fd) -> SocketAddr = PeerAddr, Costs, Net, [EBADF, ENOTSOCK, EAFNOSUPPORT, ENOTCONN];
        /// Sets a property of a stream socket.
        built 49 fn set_option(fd: Fd, option: SocketOption) -> () = SetOption, Costs, Net, [EBADF, ENOTSOCK, EAFNOSUPPORT, EINVAL, ENOPROTOOPT];
        /// A UDP socket bound to `address`; port 0 takes a free one. One on the IPv6 wildcard receives from
        /// IPv4 too. `local_addr` gives the address; `read_wait`, `write_wait` and `poll` wait for it.
        built 50 fn udp_bind(address: SocketAddr => Box<SocketAddr>) -> Fd = UdpBind, Costs, Net, [EADDRINUSE, EADDRNOTAVAIL, EACCES, EAFNOSUPPORT, EMFILE, ENFILE];
        /// Sends one datagram of at most 65,507 bytes from a UDP socket to an address, and gives its length.
        /// Waits when there is no room.
        ///
        /// Whether anybody receives it is not known: a datagram may be lost, arrive twice, or overtake
        /// another. What the network tells of those that nobody heard is passed over. `EINVAL` for port 0,
        /// `EAFNOSUPPORT` for IPv6 from a socket of IPv4, `ENETUNREACH` for IPv4 from one that is bound to an
        /// address of IPv6.
        built 51 fn send_to(fd: Fd, datagram: (SocketAddr, Buf) => Box<(SocketAddr, Buf)>) -> usize = SendTo, Costs, Net, [EBADF, ENOTSOCK, EOPNOTSUPP, EAFNOSUPPORT, EINVAL, EMSGSIZE, ENETUNREACH, EHOSTUNREACH, ENOBUFS, EACCES, ETIMEDOUT];
        /// Receives one datagram of a UDP or Unix socket, and whose it is; waits when there is none. One
        /// that is longer than `max` is cut, and says so; the rest of it is lost.
        ///
        /// A socket keeps a bounded number of bytes that nobody has received; what comes on top of UDP is
        /// dropped.
        built 52 fn recv_from(fd: Fd, max: u32) -> Datagram = RecvFrom, Costs, Net, [EBADF, ENOTSOCK, EOPNOTSUPP, ENOBUFS, ETIMEDOUT];
        /// A Unix socket that listens at `path`, of which there must be nothing (`EADDRINUSE`). A connection
        /// is accepted by `unix_accept`, and then is a stream like one of TCP, without addresses.
        ///
        /// In memory the name is the machine's own and leads to this socket, by whatever name it has meanwhile,
        /// until `unlink` removes it or the socket is closed; then who connects is refused. Up to 1,024
        /// connections wait to be accepted. In a folder of the host it is a socket of the host, whose name may
        /// be shorter (`ENAMETOOLONG`); that is `EOPNOTSUPP` where the host is not Linux, and in a simulated
        /// world. `EROFS` where nothing can be made.
        built 53 fn unix_listen(path: impl Into<Box<str>> => Box<str>) -> Fd = UnixListen, Costs, Net, [EADDRINUSE, EACCES, EINVAL, EIO, ENAMETOOLONG, ENOENT, ENOSPC, ENOTDIR, EOPNOTSUPP, EROFS, EMFILE, ENFILE];
        /// Connects to the Unix socket that listens at `path`; waits while as many wait to be accepted as may.
        /// `ECONNREFUSED` when none listens there; in a folder of the host also when as many wait as may, and
        /// `ELOOP` for a link.
        built 54 fn unix_connect(path: impl Into<Box<str>> => Box<str>) -> Fd = UnixConnect, Costs, Net, [ECONNREFUSED, EACCES, EINVAL, EIO, ELOOP, ENOENT, ENOTDIR, ENAMETOOLONG, EOPNOTSUPP, EMFILE, ENFILE, ETIMEDOUT];
        /// The addresses of a host by its name, in the order in which they should be tried. An address in
        /// figures is itself, `localhost` is this machine, and both are answered at once. Other names are
        /// asked of the host that the machine runs on, by a helper thread; in a simulated world, of a table.
        ///
        /// `ENOENT` for a name that nobody has, `EAGAIN` when nobody who knows could be asked, or the most
        /// jobs are open: try again. `EINVAL` for what can be no name: it is of visible ASCII.
        /// `ENAMETOOLONG` past 253 bytes.
        built 55 fn resolve(name: impl Into<Box<str>> => Box<str>) -> Vec<IpAddr> = Resolve, Costs, Net, [ENOENT, EAGAIN, EINVAL, EIO, ENAMETOOLONG, ENFILE, ENOMEM, ETIMEDOUT];
        /// A Unix socket for datagrams, bound to `path`, of which there must be nothing (`EADDRINUSE`). Names are
        /// as for `unix_listen`; datagrams are received by `recv_from`, which tells the path that their sender
        /// was bound to. `EOPNOTSUPP` in a folder of the host.
        built 56 fn unix_bind(path: impl Into<Box<str>> => Box<str>) -> Fd = UnixBind, Costs, Net, [EADDRINUSE, EINVAL, ENAMETOOLONG, ENOENT, ENOSPC, ENOTDIR, EOPNOTSUPP, EROFS, EMFILE, ENFILE];
        /// Sends one datagram of at most 65,507 bytes to the Unix socket bound to `path`, and gives its length.
        /// Waits when there is no room; none is lost, and their order stays. `ECONNREFUSED` when none is bound
        /// there, also when that has become so meanwhile.
        built 57 fn unix_send_to(fd: Fd, datagram: (Box<str>, Buf) => Box<(Box<str>, Buf)>) -> usize = UnixSendTo, Costs, Net, [EBADF, ENOTSOCK, EOPNOTSUPP, EAFNOSUPPORT, EINVAL, EMSGSIZE, ECONNREFUSED, ENOENT, ENOTDIR, ENAMETOOLONG, ETIMEDOUT];
        /// Waits for a connection to a Unix socket and gives its descriptor. `EMFILE` and `ENFILE` leave it in
        /// the queue.
        built 58 fn unix_accept(fd: Fd) -> Fd = UnixAccept, Costs, Net, [EBADF, ENOTSOCK, EINVAL, EMFILE, ENFILE, ETIMEDOUT];
    }
    "System" {
        /// Random bytes, at most 1 MiB: from the host, or from the seed in a simulation.
        built 60 fn getrandom(count: u32) -> Buf = GetRandom, Costs, Stdio, [EINVAL, EIO];
        /// Counts of the whole machine.
        built 61 fn sysinfo -> SysInfo = SysInfo, Costs, Stdio, [];
        /// Makes a tracer and gives its descriptor, by which `ktrace_read` tells of each trap of another task, of its
        /// answer, and of its end. A task may have several tracers; init may be traced as any other. With `FOLLOW`
        /// the tasks are traced too that it spawns from now on, and those that they spawn. With `COUNT` calls are not
        /// told but counted, for `ktrace_counts`. With `WAITS` it tells also, while it traces somebody, when any task,
        /// traced or not, begins to wait for the end of a task, has ended, enters another group, or goes on after a
        /// stop: who waits for whom may be otherwise then. Payloads and texts are cut after `shown` bytes.
        ///
        /// `Tid::NONE` traces nobody yet: a task that is spawned with `.traced(fd)` is traced from its first trap, and
        /// `ktrace_attach` adds those that run already. These are traced from the next round on, which the caller has its
        /// next turn in. Closing the last descriptor of a tracer ends the tracing, of which the traced task knows
        /// nothing: it goes on as it is when its tracer is killed.
        ///
        /// A task may trace one that traces it. Each is told of the other's reading then, and has no end of it,
        /// unless calls are only counted.
        ///
        /// While records wait in large number, a traced task's turn ends after each trap, so that the tracer has its
        /// own. Those past the bound are lost, and told as so many.
        ///
        /// `EINVAL` for oneself, `ESRCH` for a task that has ended, `EAGAIN` past the most tracers.
        built 62 fn ktrace(tid: Tid, flags: TraceFlags, shown: u16) -> Fd = Ktrace, Costs, Trace, [ESRCH, EINVAL, EAGAIN, EMFILE, ENFILE];
        /// Sets what a terminal, which may be the console, makes of keys: see [`TerminalMode`]. `ENOTTY`
        /// for what is no terminal.
        built 63 fn set_terminal(fd: Fd, mode: TerminalMode) -> () = SetTerminal, Costs, Tty, [EBADF, ENOTTY, EIO];
        /// Runs a program of the host, if the machine was started so, and gives its process: the ends of
        /// its standard streams, and a descriptor of the process itself, which is readable when it has ended.
        /// When the last descriptor of the process is closed, it is killed, with those of its process group,
        /// and reaped; one that has ended is reaped when that is learnt, and what it has left running goes on.
        ///
        /// The streams are pipes: a read gives the end when nobody has the other end any more, a write is
        /// `EPIPE`, without a signal. The program has the host's environment and working folder, and a process
        /// group of its own, so that the terminal's keys do not reach it.
        ///
        /// `EPERM` unless the machine allows it (`--host-exec`). `EAGAIN` past the most programs, `ENOMEM` when the
        /// host has no room for one more process, `EINVAL` for a word with a NUL. Always waits.
        built 64 fn host_exec(command: HostCommand => Box<HostCommand>) -> HostProcess = HostExec, Costs, Host, [EPERM, ENOENT, EACCES, ENOEXEC, E2BIG, EAGAIN, ENOMEM, EMFILE, ENFILE, EINVAL, EIO, ETIMEDOUT];
        /// Asks a driver; what the words mean is the driver's own matter.
        planned 65 fn driver_call(fd: Fd, op: u32, data: impl Into<Buf> => Buf) -> Buf = DriverCall, Costs, Host, [EBADF, EINVAL];
        /// Has work done on a helper thread of the host while the task goes on, and gives its job: a
        /// descriptor that is readable when the work is done. `offload(closure)` is the same with
        /// types: it gives a `Job<T>`.
        ///
        /// Work begins in the order in which it was given, when one of the few helpers is free. It may
        /// block, but it must not wait for a task: in a simulated world it is done at once, and its
        /// result comes later. Closing the last descriptor of the job before it is done abandons it:
        /// it is not begun any more, or what comes of it is dropped. So does the end of the task.
        ///
        /// `EAGAIN` past the most jobs; abandoned ones count until a helper has come to them. `ENOMEM`
        /// when the host has no thread.
        built 66 fn offload_work(work: Work => Box<Work>) -> Fd = Offload, Costs, Proc, [EAGAIN, EMFILE, ENFILE, ENOMEM];
        /// Waits until a job is done, gives what its work gave, and closes the descriptor.
        /// `job.take()` is the same with types.
        ///
        /// `EOWNERDEAD`: the work has panicked, which is logged; the descriptor is closed too. `ESTALE`:
        /// another holder has taken the value. `EINVAL`: it is no job. After these, and after a deadline,
        /// the descriptor stays.
        built 67 fn job_take(fd: Fd) -> Value = JobTake, Costs, Proc, [EBADF, EINVAL, EOWNERDEAD, ESTALE, ENOMEM, ETIMEDOUT];
        /// A probe for a stage of a flow, by which its items are counted and its time is taken. When the
        /// task ends, or sooner when the probe is gone and there are many, the event `stage` tells them. It
        /// counts only if somebody watches the machine when it is asked for, or costs next to nothing.
        ///
        /// A task has 64 that count at a time; one past them does not. A name of more than 64 bytes is cut.
        built 68 fn probe(stage: impl Into<Box<str>> => Box<str>) -> Probe = Probe, Costs, Stdio, [];
    }
    "Ports" {
        /// Makes a port, a queue of at most `capacity` messages (1 to 65,536) between tasks, and gives
        /// its two ends: the one to send to, and the one to receive from.
        ///
        /// Either end may be held by many tasks: `dup`, `share`, `pass`. Each message goes to one
        /// receiver, in the order in which they were sent; senders and receivers that wait are served in
        /// the order in which they came.
        built 70 fn port_create(capacity: u32) -> (Fd, Fd) = PortCreate, Costs, Port, [EINVAL, EMFILE, ENFILE];
        /// Sends bytes as one message of at most 1 MiB; waits while the queue is full. A receiver that
        /// waits is handed the message at once. The bytes are not copied. No bytes are a message too.
        ///
        /// Fails with an `Unsent`: the errno, and the bytes back. `EPIPE` when nobody has the receiving
        /// end any more, also while it waits; `EBADF` for a receiving end, `EOPNOTSUPP` for what is no
        /// port.
        built 71 fn port_send(fd: Fd, data: impl Into<Buf> => Buf) -> PortSend = PortSend, Costs, Port, [EBADF, EOPNOTSUPP, EMSGSIZE, EPIPE, ETIMEDOUT];
        /// As `port_send`, but `EAGAIN` where that would wait.
        built 72 fn port_try_send(fd: Fd, data: impl Into<Buf> => Buf) -> PortSend = PortTrySend, Costs, Port, [EBADF, EOPNOTSUPP, EMSGSIZE, EPIPE, EAGAIN];
        /// Receives the next message; waits while there is none. `None` is the end: the queue is empty,
        /// nobody has the sending end any more, and the port has no name by which to open one.
        ///
        /// Descriptors that came with it are in the caller's table, in its lowest free slots, and the
        /// caller's to close. With too few slots it is `EMFILE`, and the message stays the first.
        built 73 fn port_recv(fd: Fd) -> Option<Message> = PortRecv, Costs, Port, [EBADF, EOPNOTSUPP, EMFILE, ETIMEDOUT];
        /// As `port_recv`, but `EAGAIN` where that would wait.
        built 74 fn port_try_recv(fd: Fd) -> Option<Message> = PortTryRecv, Costs, Port, [EBADF, EOPNOTSUPP, EMFILE, EAGAIN];
        /// Gives a port a name by which any task can open its sending end. The caller must have the
        /// receiving end. The name lasts until nobody has that any more.
        ///
        /// A name has 1 to 64 bytes of UTF-8: `EINVAL`, `ENAMETOOLONG`. `EEXIST` when it is taken, or the
        /// port has one.
        built 75 fn port_publish(fd: Fd, name: impl Into<Buf> => Buf) -> () = PortPublish, Costs, Port, [EBADF, EOPNOTSUPP, EINVAL, ENAMETOOLONG, EEXIST];
        /// Opens the sending end of the port of this name. It never waits for one.
        built 76 fn port_open(name: impl Into<Box<str>> => Box<str>) -> Fd = PortOpen, Costs, Port, [ENOENT, EMFILE];
        /// As `port_send`, with descriptors (at most 64), which leave the caller's table when the message
        /// leaves the caller. On an error they have not moved. A message that is dropped unread closes
        /// them.
        ///
        /// `EINVAL` for one that is named twice, and for the receiving end of a port: a queue could end
        /// up in itself. Those are given away at a spawn.
        built 77 fn port_send_fds(fd: Fd, message: Message => Box<Message>) -> PortSend = PortSendFds, Costs, Port, [EBADF, EOPNOTSUPP, EINVAL, EMSGSIZE, EPIPE, ETIMEDOUT];
    }
    "Processes and signals" {
        /// Waits for a change of a child, and gives which and what: that it has ended, which reaps it, and
        /// with the flags that ask for it that it was stopped or goes on. Each stop and each continuation is
        /// told once, of several that were not told the last. Ends come first. With `WaitFlags::NOHANG` it never
        /// waits: `None` when nothing has changed.
        ///
        /// `Children::Group(Tid::NONE)` is the caller's group. `ECHILD` when there is no such child.
        built 80 fn wait_change(children: impl Into<Children> => Children, flags: WaitFlags) -> Option<(Tid, Change)> = WaitChange, Costs, Proc, [ECHILD, EINTR, ETIMEDOUT];
        /// Puts a task, the caller or a child of its, into a process group. A group is named by the id of
        /// the task that was its first; `Tid::NONE` stands for the caller as `tid`, and for a new group of
        /// the task's own as `group`. Children inherit it.
        ///
        /// `ESRCH` for any other task, and for a zombie; `EPERM` for a group that nobody is in.
        built 81 fn set_group(tid: Tid, group: Tid) -> () = SetGroup, Costs, Proc, [ESRCH, EPERM];
        /// Makes a group the foreground of a terminal, which may be the console: what its keys send goes
        /// there, and so does what is typed. Who waits to read in another group is sent `TTIN`.
        built 82 fn set_foreground(fd: Fd, group: Tid) -> () = SetForeground, Costs, Tty, [EBADF, ENOTTY, ESRCH];
        /// Sets the signals that are held back until they are masked no more, and gives the old ones. `KILL`
        /// and `STOP` cannot be: they are left out. What was held back and is masked no more has its effect
        /// before the call is answered, which it may end. Children inherit the mask. See also `mask_signals`.
        built 83 fn set_mask(mask: impl Into<Signals> => Signals) -> Signals = SetMask, Costs, Stdio, [];
        /// Catches these signals from now on and no others, and gives those that were caught. One that comes
        /// ends a wait of the caller with `EINTR`, once, and is there for `take_signal`. If the caller does not
        /// wait, its next wait is ended; a call that is answered at once is not. `EINVAL` for `KILL` and `STOP`.
        ///
        /// A signal that has come and was not taken does what it does by default when it is caught no more.
        /// Children begin with none. `CHLD` comes when a child has ended, stopped or gone on, but not for a
        /// change that the caller waits for and is answered with.
        built 84 fn catch_signals(caught: impl Into<Signals> => Signals) -> Signals = CatchSignals, Costs, Stdio, [EINVAL];
        /// The next signal that was caught and is not masked, lowest number first; waits for one. One that has
        /// ended a wait is there until it is taken. It may have come more than once.
        built 85 fn take_signal -> Signal = TakeSignal, Costs, Stdio, [ETIMEDOUT];
        /// The value of a variable of the environment. `ENOENT` when it is not set.
        built 86 fn getenv(name: impl Into<Box<str>> => Box<str>) -> Text = GetEnv, Costs, Stdio, [ENOENT];
        /// Sets a variable of the environment, for the caller and its children to come. `EINVAL` for a name
        /// that is empty or has a `=`, and for a name or value with a NUL or that is not UTF-8; `E2BIG` past
        /// 64 KiB in all, two bytes for each variable beside its name and its value.
        built 87 fn setenv(name: impl Into<Buf> => Buf, value: impl Into<Buf> => Buf) -> () = SetEnv, Costs, Stdio, [EINVAL, E2BIG];
        /// The process group of a task, a zombie's too; `Tid::NONE` stands for the caller. Tasks whose parents
        /// have made no group are in that of the machine's first task.
        built 88 fn get_group(tid: Tid) -> Tid = GetGroup, Costs, Proc, [ESRCH];
        /// Ignores these signals from now on and no others, and gives those that were ignored. Children
        /// inherit it. What is caught as well is caught. `EINVAL` for `KILL` and `STOP`.
        built 89 fn ignore_signals(ignored: impl Into<Signals> => Signals) -> Signals = IgnoreSignals, Costs, Stdio, [EINVAL];
    }
    "Files" {
        /// Opens a file, or a directory to list it. The descriptor stands at the beginning.
        ///
        /// One name space has it all: files in memory at `/`, devices at `/dev`, what is told of tasks at
        /// `/proc`, and the folders of the host that the machine has mounted. Of several, the longest place that
        /// a path begins with has it. Files in memory are bounded in their bytes and their number (`ENOSPC`);
        /// they are gone with the machine.
        ///
        /// A path has at most 4,096 bytes, and a name in memory 255. One that does not begin at the root begins
        /// at the working directory. Paths are resolved by their text: `.` and empty parts are left out, `..`
        /// takes the part before it, and at the root nothing.
        ///
        /// Links are followed inside a mounted folder. `EACCES` for what the host does not permit and for
        /// a link that leads out of the folder, every absolute one included. A directory can be opened to read
        /// and then be listed; `EISDIR` to write. `EOPNOTSUPP` for a pipe, a socket or a device of the host.
        /// `EROFS` to change what is mounted to read only, `/dev` and `/proc`. `EINVAL` for flags that neither
        /// read nor write, or that create or truncate and do not write, and for a path with a NUL. Below a
        /// mounted folder it always waits, elsewhere never.
        ///
        /// `/dev/stdin`, `/dev/stdout` and `/dev/stderr` are what the caller has there, `EBADF` if it has closed it.
        /// `/dev/console` is opened to read or to write, not both (`EINVAL`); `/dev/tty` is the terminal among the
        /// caller's streams, or else the console. `ENXIO` where the machine has no such stream.
        built 90 fn open(path: impl Into<Box<str>> => Box<str>, flags: OpenFlags) -> Fd = Open, Costs, Rpath, [ENOENT, EACCES, EBADF, EEXIST, EINVAL, EISDIR, ELOOP, EMFILE, ENAMETOOLONG, ENFILE, ENOSPC, ENOTDIR, ENXIO, EOPNOTSUPP, EROFS, EIO, ETIMEDOUT];
        /// Sets where the next read or write is, and gives it, from the beginning. It may be past the end.
        /// All who share the open file (`dup`, `share`) share the place.
        ///
        /// `ESPIPE` for what is no regular file, `EINVAL` for a place before the beginning. A directory can
        /// be sought to its beginning only, from which it is listed anew.
        built 91 fn seek(fd: Fd, to: SeekFrom => Box<SeekFrom>) -> u64 = Seek, Costs, Stdio, [EBADF, EINVAL, EIO, ESPIPE];
        /// What is known of the file at this path: its kind, its size, which it is, when it was changed.
        /// Paths are as for `open`; links are followed. Waits as `open` does.
        built 92 fn stat(path: impl Into<Box<str>> => Box<str>) -> FileInfo = Stat, Costs, Rpath, [ENOENT, EACCES, EINVAL, ELOOP, ENAMETOOLONG, ENFILE, ENOTDIR, EIO, ETIMEDOUT];
        /// What is known of an open file or directory, or of what else a descriptor is for: a pipe, whose size is what it
        /// holds, a socket, a device. Never waits.
        built 93 fn fstat(fd: Fd) -> FileInfo = Fstat, Costs, Stdio, [EBADF, EIO];
        /// The next entries of a directory that was opened to read; none at its end. Without `.` and `..`,
        /// in no order that is promised, with what is mounted there. `seek` to the start begins anew. What
        /// stays while the directory changes is told once. `ENOTDIR` for what is no open directory. Waits below
        /// a mounted folder only. Names are text: one of the host that is not UTF-8 is told with U+FFFD for what
        /// is none, and no path leads to it (`ENOENT`).
        built 94 fn readdir(fd: Fd) -> Vec<DirEntry> = ReadDir, Costs, Stdio, [EBADF, ENOTDIR, EACCES, EIO, ETIMEDOUT];
        /// Makes a directory. Its parent must be there. What is made in a folder of the host, by `open` too, may
        /// be used by whom the process's umask lets. Paths are as for `open`. This call and those below that
        /// take paths wait below a mounted folder only; one that a deadline has ended may still take place.
        built 95 fn mkdir(path: impl Into<Box<str>> => Box<str>) -> () = Mkdir, Costs, Wpath, [EEXIST, ENOENT, EACCES, EINVAL, ELOOP, ENAMETOOLONG, ENFILE, ENOSPC, ENOTDIR, EROFS, EIO, ETIMEDOUT];
        /// Removes a file; a link, and not what it leads to. Who has it open keeps it. `EISDIR` for a directory.
        built 96 fn unlink(path: impl Into<Box<str>> => Box<str>) -> () = Unlink, Costs, Wpath, [ENOENT, EACCES, EISDIR, EINVAL, ELOOP, ENAMETOOLONG, ENFILE, ENOTDIR, EPERM, EROFS, EIO, ETIMEDOUT];
        /// Removes an empty directory. `EBUSY` for the root, and for one where or below which something is
        /// mounted.
        built 97 fn rmdir(path: impl Into<Box<str>> => Box<str>) -> () = Rmdir, Costs, Wpath, [ENOENT, EACCES, EBUSY, EINVAL, ELOOP, ENAMETOOLONG, ENFILE, ENOTDIR, ENOTEMPTY, EROFS, EIO, ETIMEDOUT];
        /// Gives a file or a directory another name, in place of a file or an empty directory of that name.
        /// `EXDEV` from one mount to another, `EINVAL` for a directory into itself and for a path that is not
        /// UTF-8, `EBUSY` as for `rmdir`.
        built 98 fn rename(from: impl Into<Buf> => Buf, to: impl Into<Buf> => Buf) -> () = Rename, Costs, Wpath, [ENOENT, EACCES, EBUSY, EINVAL, EISDIR, ELOOP, ENAMETOOLONG, ENFILE, ENOSPC, ENOTDIR, ENOTEMPTY, EROFS, EXDEV, EIO, ETIMEDOUT];
        /// Sets a file's length: what is beyond is gone, what is added is zeros. The descriptor must be open
        /// for writing (`EBADF`); its place stays.
        ///
        /// `EINVAL` for what is no regular file, and for a length that hosts have no number for.
        built 99 fn truncate(fd: Fd, length: u64) -> () = Truncate, Costs, Wpath, [EBADF, EFBIG, EINVAL, EIO, ENOSPC, ETIMEDOUT];
        /// Waits until what was written to a stream of the console is out, or what was written to a file of a
        /// folder, or done to the names in a directory, is on the disk itself. A write is answered before that;
        /// this tells what became of it. Files in memory have nothing to wait for.
        ///
        /// Errors: the one that the stream has failed with, `EPIPE` when nobody reads it any more; `EBADF` also
        /// for the console's input; `EINVAL` for all else: a socket, a pipe and a port keep nothing back.
        built 100 fn sync(fd: Fd) -> () = Sync, Costs, Stdio, [EBADF, EINVAL, EIO, ENOSPC, EPIPE, ETIMEDOUT];
        /// Sets the working directory, from which paths lead that do not begin at the root. Children to come
        /// inherit it. It is kept as its path: one that is removed or renamed since leads nowhere, or to what
        /// has its name then. `ENOTDIR` for what is no directory.
        built 101 fn chdir(path: impl Into<Box<str>> => Box<str>) -> () = Chdir, Costs, Rpath, [ENOENT, EACCES, EINVAL, ELOOP, ENAMETOOLONG, ENFILE, ENOTDIR, EIO, ETIMEDOUT];
        /// The working directory, absolute and in plain form.
        built 102 fn getcwd -> Text = GetCwd, Costs, Rpath, [];
        /// A descriptor that tells what happens to the file at this path, from now on. A read waits until
        /// something has and gives one line for each kind of thing, however often it happened, in this
        /// order:
        ///
        /// - `modified`: bytes of the file were written, or its length was set;
        /// - `moved`: the file has another name;
        /// - `removed`: the name is gone;
        /// - `created`: a file was made under the name, or was moved there. From then on that one is watched;
        ///   until then it is the old one, if there was any.
        ///
        /// The directory must be there, the file need not. To miss nothing: watch, then read what there is,
        /// then read the watch. A read of fewer bytes than there are lines gives the first lines; of fewer
        /// than a line has, 16 are always enough, it is `EINVAL`. What is told may be more than has happened,
        /// never less. When a new file of the name cannot be watched, a read fails once with the reason. When
        /// the directory is removed or has another name, the one in its place is watched; if there is none,
        /// reads fail from then on.
        ///
        /// Paths, and what is refused, are as for `open`; a link is watched as what it leads to, by both names.
        /// `EISDIR` for a directory, `EOPNOTSUPP` in `/dev` and `/proc`. `ENOSYS` below a mounted folder of a
        /// host that is not Linux, `ENOSPC` when the host watches as much as it will. Waits as `open` does.
        built 103 fn watch(path: impl Into<Box<str>> => Box<str>) -> Fd = Watch, Costs, Rpath, [ENOENT, EACCES, EINVAL, EISDIR, ELOOP, EMFILE, ENAMETOOLONG, ENFILE, ENOSPC, ENOSYS, ENOTDIR, EOPNOTSUPP, EIO, ETIMEDOUT];
        /// As `stat`, but of a link itself, one that leads out of its folder included.
        built 104 fn lstat(path: impl Into<Box<str>> => Box<str>) -> FileInfo = Lstat, Costs, Rpath, [ENOENT, EACCES, EINVAL, ELOOP, ENAMETOOLONG, ENFILE, ENOTDIR, EIO, ETIMEDOUT];
        /// Sets when a file was last changed, since 1970 in UTC; `u64::MAX` nanoseconds stand for now. Links
        /// are followed. `EPERM` on a host's file of somebody else, `EOPNOTSUPP` for what is neither file nor
        /// directory in a simulated world.
        built 105 fn set_modified(path: impl Into<Buf> => Buf, moment: impl Into<Nanos> => Nanos) -> () = SetModified, Costs, Wpath, [ENOENT, EACCES, EINVAL, ELOOP, ENAMETOOLONG, ENFILE, ENOTDIR, EOPNOTSUPP, EPERM, EROFS, EIO, ETIMEDOUT];
    }
    "More of processes, signals and terminals" {
        /// As `take_signal`, but never waits: `None` when none has come.
        built 110 fn try_take_signal -> Option<Signal> = TryTakeSignal, Costs, Stdio, [];
        /// Sends a signal to every task of a process group, in the order of their ids; `Tid::NONE` stands for
        /// the caller's. init is passed over. `ESRCH` when there is no such group, `EPERM` when only init is in
        /// it.
        built 111 fn kill_group(group: Tid, signal: Signal) -> () = KillGroup, Costs, Proc, [ESRCH, EPERM];
        /// Sends the caller `ALRM` after so long; zero takes that back. A later call replaces an earlier.
        /// Children do not inherit it.
        built 112 fn alarm(span: impl Into<Nanos> => Nanos) -> () = SetAlarm, Costs, Stdio, [];
        /// Removes a variable of the environment; one that is not there is no error.
        built 113 fn unsetenv(name: impl Into<Box<str>> => Box<str>) -> () = UnsetEnv, Costs, Stdio, [];
        /// Every variable of the environment and its value, in the order of their names.
        built 114 fn environment -> Vec<(Box<str>, Box<str>)> = Environment, Costs, Stdio, [];
        /// What is known of a terminal. `ENOTTY` for what is none.
        built 115 fn terminal(fd: Fd) -> TerminalInfo = Terminal, Costs, Tty, [EBADF, ENOTTY];
        /// Sets how large a terminal is that a task has made; nobody is told. `EPERM` for the console, which is
        /// as large as its window.
        built 116 fn resize_terminal(fd: Fd, columns: u16, rows: u16) -> () = ResizeTerminal, Costs, Tty, [EBADF, ENOTTY, EPERM];
        /// Waits until a program of the host has ended, and gives how, as often as it is asked. A signal that
        /// has no name here is told as a shell does, by the code 128 and its number on top. `EINVAL` for what
        /// is no such process.
        built 117 fn host_wait(fd: Fd) -> ExitStatus = HostWait, Costs, Host, [EBADF, EINVAL, EINTR, EIO, ENOMEM, ETIMEDOUT];
        /// Sends a signal to a program of the host, and to those that it has started and that have stayed in
        /// its process group. One that has ended: success.
        built 118 fn host_kill(fd: Fd, signal: Signal) -> () = HostKill, Costs, Host, [EBADF, EINVAL, EIO, EPERM];
        /// Holds back these signals beside those that are, and gives the mask as it was: what `set_mask` takes to
        /// undo it. See `masked!`.
        built 119 fn mask_signals(more: impl Into<Signals> => Signals) -> Signals = MaskSignals, Costs, Stdio, [];
    }
    "Tracing" {
        /// Takes what a tracer has to tell, at most `max` records at a time; waits when there are none. None: all
        /// traced tasks have ended, or `max` was 0.
        ///
        /// `EINVAL` for what is no tracer, and for a task that it traces: that would have to be told of its own reading
        /// for ever.
        built 120 fn ktrace_read(fd: Fd, max: u32) -> Vec<TraceRecord> = KtraceRead, Costs, Trace, [EBADF, EINVAL, ETIMEDOUT];
        /// What the tasks of a tracer have done until now, call by call, in the order of their numbers: how often, with
        /// how many errors, and how long they waited for answers. Exact, whatever was lost.
        ///
        /// `EINVAL` for what is no tracer.
        built 121 fn ktrace_counts(fd: Fd) -> Vec<CallCount> = KtraceCounts, Costs, Trace, [EBADF, EINVAL];
        /// Has a tracer trace one more task, beside those that it traces, as `ktrace` has it trace the first.
        ///
        /// `EINVAL` for what is no tracer and for oneself, `EEXIST` for a task that it traces already, `ESRCH` for one
        /// that has ended.
        built 122 fn ktrace_attach(fd: Fd, tid: Tid) -> () = KtraceAttach, Costs, Trace, [EBADF, EINVAL, EEXIST, ESRCH];
        /// The tasks that a tracer traces now, in the order of their numbers: exact, whatever was lost, and ahead of
        /// what is not read yet.
        ///
        /// `EINVAL` for what is no tracer.
        built 123 fn ktrace_tasks(fd: Fd) -> Vec<Tid> = KtraceTasks, Costs, Trace, [EBADF, EINVAL];
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_names_are_unique_and_in_order() {
        for pair in CALLS.windows(2) {
            assert!(pair[0].number < pair[1].number, "{} before {}", pair[0].name, pair[1].name);
        }
        for (index, call) in CALLS.iter().enumerate() {
            assert!(CALLS[..index].iter().all(|other| other.name != call.name), "{} twice", call.name);
        }
    }

    #[test]
    fn who_exits_and_who_returns_is_not_answered() {
        let unanswered: Vec<&str> = CALLS.iter().filter(|info| !info.is_answered()).map(|info| info.name).collect();
        assert_eq!(unanswered, ["exit", "subroutine_return"]);
    }

    #[test]
    fn every_call_knows_its_entry() {
        assert_eq!(Syscall::GetTid.info().name, "gettid");
        assert_eq!(calls::watch("/a").syscall.info().number, 103);
    }
}
