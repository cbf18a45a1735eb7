//! From a trap to its answer.
//!
//! Dispatch is one match, a line a call. A handler decides, and ends with one of few verbs, which
//! says what becomes of the turn: `answer`, `block`, `give_way`, `enter`, `go_back`, `exit`. But
//! for the shortcut of messages in `port.rs`, handlers do not touch the ready queue or the caller's state.

use crate::{
    block::Cause,
    emit,
    file::{Pending, Wants},
    hardware::Hardware,
    kernel::{Kernel, broken},
    limits, panic,
    port::Outgoing,
    sched::Policy,
    task::{Caller, Cold},
};
use std::{
    fmt,
    mem::{forget, take},
    ops::CoroutineState,
};
use yieldix_syscalls::{Errno, ExitStatus, Reply, Syscall::*, Task, Tid, Trap, Value};

/// What becomes of the turn after a trap.
#[must_use]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// It goes on, having cost one trap.
    Resume,
    /// It goes on, having cost nothing.
    ResumeFree,
    /// It goes on in another turn: the call has taken long.
    ResumeLater,
    /// It is over.
    Stop(Stop),
}

/// Why a turn is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// There was none before.
    NoTurn,
    /// The task gave it up.
    Yielded,
    /// Its quantum was used up.
    Preempted,
    /// Its free calls were used up: many subroutines, or much printing, and nothing else.
    Overdrawn,
    /// The task waits.
    Blocked,
    /// The task has stopped itself.
    Stopped,
    /// The task is over.
    Exited,
    /// The task panicked.
    Panicked,
}

impl fmt::Display for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Stop::NoTurn => "no turn yet",
            Stop::Yielded => "yielded",
            Stop::Preempted => "quantum used up",
            Stop::Overdrawn => "free calls used up",
            Stop::Blocked => "blocked",
            Stop::Stopped => "stopped",
            Stop::Exited => "exited",
            Stop::Panicked => "panicked",
        })
    }
}

/// What a coroutine does when it is resumed: it traps, or is over.
pub type Step = CoroutineState<Trap, Result<(), Errno>>;

/// A step that yielded such a call. Matched through, and not bound on the way: moving a whole call
/// costs the processor as much as answering most of them.
macro_rules! on {
    ($call:pat) => {
        CoroutineState::Yielded(Trap { call: $call, .. })
    };
}

impl<H: Hardware, P: Policy> Kernel<H, P> {
    /// Acts on what a task yielded or returned. Each handler has a frame of its own, so that none
    /// pays for another's.
    #[inline(never)]
    pub(crate) fn act<const OBSERVED: bool>(&mut self, tid: Tid, slot: u32, mut step: Step) -> Next {
        self.pulse.rest();
        if OBSERVED {
            self.note_trapped(slot, &step);
            self.tell_trapped(tid, slot, &step);
        }
        if let CoroutineState::Yielded(Trap { at, .. }) = step {
            self.traps += 1;
            self.table.slot_mut(slot).at = Some(at);
        }
        // What owns nothing is forgotten and not dropped: its drop would cost as much as its answer.
        match step {
            CoroutineState::Complete(result) => {
                forget(step);
                self.complete(tid, slot, result)
            }
            on!(YieldNow) => {
                forget(step);
                self.give_way(slot)
            }
            on!(GetTid) => {
                forget(step);
                self.answer(slot, Reply::Tid(tid))
            }
            on!(GetPpid) => {
                forget(step);
                self.sys_getppid(slot)
            }
            on!(Now) => {
                forget(step);
                self.sys_now(slot)
            }
            on!(Wait { child }) => {
                forget(step);
                self.sys_wait(tid, slot, child)
            }
            on!(WaitAny) => {
                forget(step);
                self.sys_wait_any(slot)
            }
            on!(PortRecv { fd }) => {
                forget(step);
                self.sys_port_recv(slot, fd)
            }
            on!(PortSend { fd, ref mut data }) => {
                let data = take(data);
                forget(step);
                self.sys_port_send(slot, fd, data)
            }
            on!(Spawn { task }) => self.sys_spawn(tid, slot, task),
            on!(Subroutine { body }) => self.enter(tid, slot, body),
            on!(Return { value }) => self.sys_return(tid, slot, value),
            on!(Recv { fd, max }) => {
                forget(step);
                self.sys_recv(slot, fd, max)
            }
            on!(SendAll { fd, ref mut data }) => {
                let data = take(data);
                forget(step);
                self.sys_send_all(slot, fd, data)
            }
            step => self.dispatch(tid, slot, step),
        }
    }

    /// The calls whose own work outweighs the way to them. One that has taken long ends the turn.
    #[inline(never)]
    fn dispatch(&mut self, tid: Tid, slot: u32, step: Step) -> Next {
        let operations_before = self.operations;
        let next = match step {
            on!(YieldNow | GetTid | GetPpid | Now | Wait { .. } | WaitAny)
            | on!(PortSend { .. } | PortRecv { .. } | Recv { .. } | SendAll { .. })
            | on!(Spawn { .. } | Subroutine { .. } | Return { .. })
            | CoroutineState::Complete(_) => broken("a step was acted on before"),
            on!(SpawnWith { request }) => self.sys_spawn_with(tid, slot, *request),
            on!(SpawnProgram { request }) => self.sys_spawn_program(tid, slot, *request),
            on!(Exit { code }) => self.sys_exit(slot, ExitStatus::Exited(code)),
            on!(TryWait { children }) => self.sys_try_wait(tid, slot, children),
            on!(Join { tid: target }) => self.sys_join(slot, target),
            on!(Kill { tid: target, signal }) => self.sys_kill(tid, slot, target, signal),
            on!(Tasks) => self.sys_tasks(slot),
            on!(Sleep { span }) => self.sys_sleep(slot, span),
            on!(SleepUntil { moment }) => self.sys_sleep_until(slot, moment),
            on!(DeadlinePush { span }) => self.sys_deadline_push(slot, span),
            on!(DeadlinePop { scope }) => self.sys_deadline_pop(slot, scope),
            on!(Read { fd, max }) => self.operate(slot, fd, Wants::Anything, Pending::Read { max }),
            on!(Write { fd, data }) => self.operate(slot, fd, Wants::Anything, Pending::Write { data }),
            on!(Sync { fd }) => self.operate(slot, fd, Wants::Anything, Pending::Sync),
            on!(Close { fd }) => self.sys_close(tid, slot, fd),
            on!(Dup { fd }) => self.sys_dup(slot, fd),
            on!(ReadWait { fd }) => self.operate(slot, fd, Wants::Anything, Pending::ReadWait),
            on!(WriteWait { fd }) => self.operate(slot, fd, Wants::Anything, Pending::WriteWait),
            on!(TcpListen { address, backlog }) => self.sys_tcp_listen(slot, *address, backlog),
            on!(Accept { fd }) => self.operate(slot, fd, Wants::Socket, Pending::Accept),
            on!(TcpConnect { address }) => self.sys_tcp_connect(slot, *address),
            on!(Send { fd, data }) => self.operate(slot, fd, Wants::Socket, Pending::Write { data }),
            on!(Shutdown { fd, how }) => self.sys_shutdown(slot, fd, how),
            on!(LocalAddr { fd }) => self.sys_local_addr(slot, fd),
            on!(PeerAddr { fd }) => self.sys_peer_addr(slot, fd),
            on!(SetOption { fd, option }) => self.sys_set_option(slot, fd, option),
            on!(GetRandom { count }) => self.sys_getrandom(slot, count),
            on!(SysInfo) => self.sys_sysinfo(slot),
            on!(SetName { .. } | SetPriority { .. } | SetLimit { .. } | Pledge { .. }) => self.not_built(slot),
            on!(Poll { interests, span }) => self.sys_poll(slot, *interests, span),
            on!(DriverCall { .. }) => self.not_built(slot),
            on!(Ktrace { tid: target, flags, shown }) => self.sys_ktrace(tid, slot, target, flags, shown),
            on!(KtraceRead { fd, max }) => self.sys_ktrace_read(tid, slot, fd, max),
            on!(KtraceCounts { fd }) => self.sys_ktrace_counts(slot, fd),
            on!(KtraceTasks { fd }) => self.sys_ktrace_tasks(slot, fd),
            on!(KtraceAttach { fd, tid: target }) => self.sys_ktrace_attach(tid, slot, fd, target),
            on!(DupTo { fd, slot: to }) => self.sys_dup_to(tid, slot, fd, to),
            on!(Pipe) => self.sys_pipe(slot),
            on!(Pty) => self.sys_pty(slot),
            on!(SetTerminal { fd, mode }) => self.sys_set_terminal(slot, fd, mode),
            on!(SetForeground { fd, group }) => self.sys_set_foreground(slot, fd, group),
            on!(Terminal { fd }) => self.sys_terminal(slot, fd),
            on!(ResizeTerminal { fd, columns, rows }) => self.sys_resize_terminal(slot, fd, columns, rows),
            on!(UdpBind { address }) => self.sys_udp_bind(slot, *address),
            on!(SendTo { fd, datagram }) => {
                let (to, data) = *datagram;
                self.sys_send_to(slot, fd, to, data)
            }
            on!(RecvFrom { fd, max }) => self.operate(slot, fd, Wants::Socket, Pending::RecvFrom { max }),
            on!(Resolve { name }) => self.sys_resolve(slot, &name),
            on!(UnixListen { path }) => self.sys_unix_listen(slot, &path),
            on!(UnixConnect { path }) => self.sys_unix_connect(slot, &path),
            on!(UnixAccept { fd }) => self.operate(slot, fd, Wants::Socket, Pending::UnixAccept),
            on!(UnixBind { path }) => self.sys_unix_bind(slot, &path),
            on!(UnixSendTo { fd, datagram }) => {
                let (path, data) = *datagram;
                self.sys_unix_send_to(slot, fd, &path, data)
            }
            on!(HostExec { command }) => self.sys_host_exec(slot, &command),
            on!(HostWait { fd }) => self.sys_host_wait(slot, fd),
            on!(HostKill { fd, signal }) => self.sys_host_kill(slot, fd, signal),
            on!(Offload { work }) => self.sys_offload(tid, slot, work),
            on!(Probe { stage }) => self.sys_probe(slot, &stage),
            on!(JobTake { fd }) => self.sys_job_take(slot, fd),
            on!(PortCreate { capacity }) => self.sys_port_create(slot, capacity),
            on!(PortTrySend { fd, data }) => self.send_or_block(slot, fd, Outgoing::Plain(data), false),
            on!(PortSendFds { fd, message }) => self.send_or_block(slot, fd, Outgoing::WithFds(message), true),
            on!(PortTryRecv { fd }) => self.receive_or_block(slot, fd, false),
            on!(PortPublish { fd, name }) => self.sys_port_publish(slot, fd, &name),
            on!(PortOpen { name }) => self.sys_port_open(slot, &name),
            on!(WaitChange { children, flags }) => self.sys_wait_change(tid, slot, children, flags),
            on!(SetGroup { tid: target, group }) => self.sys_set_group(tid, slot, target, group),
            on!(GetGroup { tid: target }) => self.sys_get_group(slot, target),
            on!(KillGroup { group, signal }) => self.sys_kill_group(tid, slot, group, signal),
            on!(SetMask { mask }) => self.sys_set_mask(tid, slot, mask),
            on!(MaskSignals { more }) => self.sys_mask_signals(tid, slot, more),
            on!(CatchSignals { caught }) => self.sys_catch_signals(tid, slot, caught),
            on!(IgnoreSignals { ignored }) => self.sys_ignore_signals(tid, slot, ignored),
            on!(TakeSignal) => self.sys_take_signal(slot),
            on!(TryTakeSignal) => self.sys_try_take_signal(slot),
            on!(SetAlarm { span }) => self.sys_alarm(tid, slot, span),
            on!(GetEnv { name }) => self.sys_getenv(slot, &name),
            on!(SetEnv { name, value }) => self.sys_setenv(slot, &name, &value),
            on!(UnsetEnv { name }) => self.sys_unsetenv(slot, &name),
            on!(Environment) => self.sys_environment(slot),
            on!(Open { path, flags }) => self.sys_open(slot, &path, flags),
            on!(Seek { fd, to }) => self.sys_seek(slot, fd, *to),
            on!(Stat { path }) => self.sys_stat(slot, &path, true),
            on!(Lstat { path }) => self.sys_stat(slot, &path, false),
            on!(Fstat { fd }) => self.sys_fstat(slot, fd),
            on!(Truncate { fd, length }) => self.sys_truncate(slot, fd, length),
            on!(Watch { path }) => self.sys_watch(slot, &path),
            on!(ReadDir { fd }) => self.sys_readdir(slot, fd),
            on!(Mkdir { path }) => self.sys_mkdir(slot, &path),
            on!(Unlink { path }) => self.sys_unlink(slot, &path),
            on!(Rmdir { path }) => self.sys_rmdir(slot, &path),
            on!(Rename { from, to }) => self.sys_rename(slot, &from, &to),
            on!(SetModified { path, moment }) => self.sys_set_modified(slot, &path, moment),
            on!(Chdir { path }) => self.sys_chdir(slot, &path),
            on!(GetCwd) => self.sys_getcwd(slot),
        };
        self.unless_long(operations_before, next)
    }

    /// What becomes of the turn after a call that has done so much since.
    pub(crate) fn unless_long(&self, operations_before: u32, next: Next) -> Next {
        let is_long = self.operations - operations_before >= limits::OPERATIONS_PER_LONG_CALL;
        if is_long && next == Next::Resume { Next::ResumeLater } else { next }
    }

    /// The task that has the turn may run on with this.
    #[inline(always)]
    pub(crate) fn answer(&mut self, slot: u32, reply: Reply) -> Next {
        self.table.slot_mut(slot).answer(reply);
        if self.is_observed() {
            self.tell_answered(slot);
        }
        Next::Resume
    }

    /// The same for a call that may have failed.
    pub(crate) fn answer_with(&mut self, slot: u32, result: Result<Reply, Errno>) -> Next {
        self.answer(slot, result.unwrap_or_else(Reply::Err))
    }

    /// The task that has the turn is ready again, behind the others.
    #[inline(never)]
    pub(crate) fn give_way(&mut self, slot: u32) -> Next {
        self.table.slot_mut(slot).answer(Reply::Unit);
        self.make_ready(self.table.tid(slot), Cause::Yielded);
        Next::Stop(Stop::Yielded)
    }

    fn not_built(&mut self, slot: u32) -> Next {
        self.answer(slot, Reply::Err(Errno::ENOSYS))
    }

    /// A coroutine has returned: the task's own, or a subroutine that failed or returns nothing.
    #[inline(never)]
    fn complete(&mut self, tid: Tid, slot: u32, result: Result<(), Errno>) -> Next {
        if self.table.cold(slot).is_some_and(Cold::is_in_subroutine) {
            return self.go_back(tid, slot, result.map_or_else(Reply::Err, |()| Reply::Unit));
        }
        if let Err(errno) = result {
            self.table.make_rare(slot).failure = Some(errno);
        }
        self.sys_exit(slot, ExitStatus::Exited(i32::from(result.is_err())))
    }

    #[inline(always)]
    fn sys_exit(&mut self, slot: u32, status: ExitStatus) -> Next {
        self.exit(slot, status);
        Next::Stop(Stop::Exited)
    }

    #[inline(never)]
    fn sys_return(&mut self, tid: Tid, slot: u32, value: Box<Value>) -> Next {
        match self.table.cold(slot) {
            Some(cold) if cold.is_in_subroutine() => self.go_back(tid, slot, Reply::Value(value)),
            _ => {
                self.table.make_rare(slot).value = Some(value);
                self.sys_exit(slot, ExitStatus::Exited(0))
            }
        }
    }

    /// Puts a subroutine in its caller's place, unless that would be too deep.
    #[inline(never)]
    fn enter(&mut self, tid: Tid, slot: u32, subroutine: Task) -> Next {
        let depth = self.table.make_rare(slot).callers.len();
        if depth >= limits::SUBROUTINE_DEPTH {
            self.discard(tid, subroutine);
            return self.answer(slot, Reply::Err(Errno::ENOMEM));
        }
        emit!(self, Called { tid, name: subroutine.function(), depth: depth + 1 });
        let place = self.table.slot_mut(slot);
        let at = place.at;
        if let Some(caller) = place.body.replace(subroutine) {
            let rare = self.table.make_rare(slot);
            rare.callers.push(Caller { body: caller, at, deadlines: rare.deadlines.len() });
        }
        self.table.slot_mut(slot).answer(Reply::Unit);
        Next::ResumeFree
    }

    /// The innermost subroutine is done: its caller runs on with this.
    fn go_back(&mut self, tid: Tid, slot: u32, reply: Reply) -> Next {
        let caller = self.table.rare_mut(slot).and_then(|rare| {
            let Caller { body, at, deadlines } = rare.callers.pop()?;
            rare.deadlines.truncate(deadlines);
            Some((body, at))
        });
        // What runs on is behind the call; the line of the return is nobody's, but the library's.
        let (body, at) = caller.unzip();
        let place = self.table.slot_mut(slot);
        place.at = at.flatten();
        let done = std::mem::replace(&mut place.body, body);
        self.discard(tid, done);
        emit!(self, Returned { tid, depth: self.table.rare(slot).map_or(0, |rare| rare.callers.len()) });
        let _ = self.answer(slot, reply);
        Next::ResumeFree
    }

    /// A counter of the slot has overflowed: turns (0) or traps (1).
    #[cold]
    pub(crate) fn carry(&mut self, slot: u32, counter: usize) {
        self.table.make_rare(slot).carried[counter] += 1;
    }

    /// Drops what is a task's: its coroutine, a value, the payload of its panic. That runs its
    /// destructors; a panic of one is logged and contained.
    #[inline(never)]
    pub(crate) fn discard(&mut self, tid: Tid, what: impl Sized) {
        if let Err(message) = panic::contain(|| drop(what)) {
            emit!(self, DestructorPanicked { tid, panic: &message });
        }
    }
}
