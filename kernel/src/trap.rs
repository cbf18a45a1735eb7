//! From a trap to its answer.
//!
//! Dispatch is one match, a line a call; a handler decides and returns an [`Outcome`]; one place,
//! `Kernel::apply`, carries it out. Handlers do not touch the ready queue or the caller's state.

use crate::{
    block::Cause,
    emit,
    file::{Pending, Wants},
    hardware::Hardware,
    kernel::{Kernel, broken},
    limits,
    sched::Policy,
    task::Caller,
};
use std::{
    fmt,
    ops::CoroutineState,
    panic::{AssertUnwindSafe, catch_unwind},
};
use yieldix_syscalls::{Errno, ExitStatus, Reply, Syscall, Task, Tid, Time, Trap, Value};

/// What a handler decided.
#[must_use = "a trap that is not applied is never answered"]
#[derive(Debug)]
pub enum Outcome {
    /// The answer, now; it costs one trap of the quantum.
    Answer(Reply),
    /// The answer, now, for nothing.
    Free(Reply),
    /// No answer yet.
    Block(On),
    /// Ready again, behind the others.
    Yield,
    /// A subroutine runs in the caller's place.
    Call(Task),
    /// The innermost subroutine is done; its caller runs on with this.
    Return(Reply),
    /// The task is over.
    Exit(ExitStatus),
    /// The task is over already: it killed itself.
    Gone,
}

impl Outcome {
    /// The answer to a call that may have failed.
    pub fn answer(result: Result<Reply, Errno>) -> Outcome {
        Outcome::Answer(result.unwrap_or_else(Reply::Err))
    }
}

/// What a task begins to wait on.
#[derive(Debug)]
pub enum On {
    /// A file, to finish this operation.
    File {
        /// Index of the file.
        file: u32,
        /// What to finish.
        operation: Pending,
    },
    /// The clock.
    Sleep {
        /// How long.
        until: Time,
    },
    /// The exit of the child in this slot.
    Child {
        /// The child's slot.
        child: u32,
    },
    /// The exit of any child.
    AnyChild,
    /// The exit of the task in this slot.
    Join {
        /// The task's slot.
        target: u32,
    },
}

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
            Stop::Exited => "exited",
            Stop::Panicked => "panicked",
        })
    }
}

/// A step that yielded such a call. Matched through, and not bound on the way: moving a whole call
/// costs the processor as much as answering most of them.
macro_rules! on {
    ($call:pat) => {
        CoroutineState::Yielded(Trap { call: $call, .. })
    };
}

impl<H: Hardware, P: Policy> Kernel<H, P> {
    /// Acts on what a task yielded or returned.
    #[inline(never)]
    pub(crate) fn act(&mut self, tid: Tid, slot: u32, step: CoroutineState<Trap, Result<(), Errno>>) -> Next {
        self.running = Tid::NONE;
        if let CoroutineState::Yielded(Trap { call, at }) = &step {
            self.traps += 1;
            if self.table.slot_mut(slot).note_trap(at) {
                self.carry(slot, 1);
            }
            emit!(self, Trapped { tid, call, line: at });
            if let Some(reply) = self.answer_plainly(tid, slot, call) {
                // Such a call owns nothing, and dropping it would cost as much as its answer.
                std::mem::forget(step);
                return self.answer(slot, reply);
            }
        }
        let operations_before = self.operations;
        let outcome = self.dispatch(tid, slot, step);
        let next = self.apply(tid, slot, outcome);
        let is_long = self.operations - operations_before >= limits::OPERATIONS_PER_LONG_CALL;
        if is_long && next == Next::Resume { Next::ResumeLater } else { next }
    }

    /// The answer to a call that only asks: it owns nothing, changes nothing and cannot fail, so it
    /// needs no [`Outcome`].
    #[inline(always)]
    fn answer_plainly(&mut self, tid: Tid, slot: u32, call: &Syscall) -> Option<Reply> {
        match call {
            Syscall::GetTid => Some(Reply::Tid(tid)),
            Syscall::GetPpid => Some(Reply::Tid(self.parent_of(slot))),
            Syscall::Now => Some(Reply::Time(self.now())),
            _ => None,
        }
    }

    /// Carries out what a handler decided: the one place that does.
    fn apply(&mut self, tid: Tid, slot: u32, outcome: Outcome) -> Next {
        match outcome {
            Outcome::Answer(reply) => self.answer(slot, reply),
            Outcome::Free(reply) => {
                let _ = self.answer(slot, reply);
                Next::ResumeFree
            }
            Outcome::Block(on) => self.block(slot, on),
            Outcome::Yield => {
                self.table.slot_mut(slot).answer(Reply::Unit);
                self.make_ready(slot, Cause::Yielded);
                Next::Stop(Stop::Yielded)
            }
            Outcome::Call(subroutine) => self.enter(slot, subroutine),
            Outcome::Return(reply) => {
                let caller = self.table.cold_mut(slot).and_then(|cold| {
                    let Caller { body, deadlines } = cold.callers.pop()?;
                    cold.deadlines.truncate(deadlines);
                    Some(body)
                });
                let done = std::mem::replace(&mut self.table.slot_mut(slot).body, caller);
                self.discard(tid, done);
                let _ = self.answer(slot, reply);
                Next::ResumeFree
            }
            Outcome::Exit(status) => {
                self.exit(slot, status);
                Next::Stop(Stop::Exited)
            }
            Outcome::Gone => Next::Stop(Stop::Exited),
        }
    }

    /// The task that has the turn may run on with this.
    #[inline]
    pub(crate) fn answer(&mut self, slot: u32, reply: Reply) -> Next {
        emit!(self, Answered { tid: self.table.tid(slot), reply: &reply });
        self.table.slot_mut(slot).answer(reply);
        Next::Resume
    }

    fn dispatch(&mut self, tid: Tid, slot: u32, step: CoroutineState<Trap, Result<(), Errno>>) -> Outcome {
        use Syscall::*;
        match step {
            CoroutineState::Complete(result) => self.complete(slot, result),
            on!(YieldNow) => Outcome::Yield,
            on!(GetTid | GetPpid | Now) => broken("a call that only asks has been answered plainly"),
            on!(Spawn { task }) => self.sys_spawn(tid, slot, task, None),
            on!(SpawnWith { request }) => self.sys_spawn(tid, slot, request.task, Some(request.options)),
            on!(SpawnProgram { request }) => self.sys_spawn_program(tid, slot, *request),
            on!(Exit { code }) => Outcome::Exit(ExitStatus::Exited(code)),
            on!(Wait { child }) => self.sys_wait(tid, slot, child),
            on!(WaitAny) => self.sys_wait_any(slot),
            on!(TryWait { children }) => self.sys_try_wait(tid, slot, children),
            on!(Join { tid: target }) => self.sys_join(slot, target),
            on!(Kill { tid: target, signal }) => self.sys_kill(tid, target, signal),
            on!(Tasks) => self.sys_tasks(),
            on!(Subroutine { body }) => Outcome::Call(body),
            on!(Return { value }) => self.sys_return(tid, slot, value),
            on!(Sleep { span }) => self.sys_sleep(span),
            on!(SleepUntil { moment }) => self.sys_sleep_until(moment),
            on!(DeadlinePush { span }) => self.sys_deadline_push(slot, span),
            on!(DeadlinePop { scope }) => self.sys_deadline_pop(slot, scope),
            on!(Read { fd, max }) => self.operate(slot, fd, Wants::Anything, Pending::Read { max }),
            on!(Write { fd, data }) => self.operate(slot, fd, Wants::Anything, Pending::Write { data }),
            on!(Close { fd }) => self.sys_close(slot, fd),
            on!(Dup { fd }) => self.sys_dup(slot, fd),
            on!(ReadWait { fd }) => self.operate(slot, fd, Wants::Anything, Pending::ReadWait),
            on!(WriteWait { fd }) => self.operate(slot, fd, Wants::Anything, Pending::WriteWait),
            on!(TcpListen { address, backlog }) => self.sys_tcp_listen(slot, *address, backlog),
            on!(Accept { fd }) => self.operate(slot, fd, Wants::Socket, Pending::Accept),
            on!(TcpConnect { address }) => self.sys_tcp_connect(slot, *address),
            on!(Recv { fd, max }) => self.operate(slot, fd, Wants::Socket, Pending::Read { max }),
            on!(Send { fd, data }) => self.operate(slot, fd, Wants::Socket, Pending::Write { data }),
            on!(SendAll { fd, data }) => self.operate(slot, fd, Wants::Socket, Pending::WriteAll { data, sent: 0 }),
            on!(Shutdown { fd, how }) => self.sys_shutdown(slot, fd, how),
            on!(LocalAddr { fd }) => self.sys_local_addr(slot, fd),
            on!(PeerAddr { fd }) => self.sys_peer_addr(slot, fd),
            on!(SetOption { fd, option }) => self.sys_set_option(slot, fd, option),
            on!(GetRandom { count }) => self.sys_getrandom(count),
            on!(SysInfo) => self.sys_sysinfo(),
            on!(SetName { .. } | SetPriority { .. } | SetLimit { .. } | Pledge { .. }) => not_built(),
            on!(DupTo { .. } | Poll { .. } | Pipe) => not_built(),
            on!(UdpBind { .. } | SendTo { .. } | RecvFrom { .. } | UnixListen { .. } | UnixConnect { .. }) => {
                not_built()
            }
            on!(Resolve { .. } | Ktrace { .. } | ConsoleMode { .. } | HostExec { .. } | DriverCall { .. }) => {
                not_built()
            }
            on!(Offload { body }) => self.sys_offload(tid, body),
            on!(PortCreate { .. } | PortSend { .. } | PortTrySend { .. } | PortRecv { .. }) => not_built(),
            on!(PortTryRecv { .. } | PortPublish { .. } | PortOpen { .. } | PortSendFds { .. }) => not_built(),
            on!(WaitGroup { .. } | SetGroup { .. } | SetForeground { .. } | SetMask { .. }) => not_built(),
            on!(CatchSignals { .. } | TakeSignal | GetEnv { .. } | SetEnv { .. }) => not_built(),
            on!(Open { .. } | Seek { .. } | Stat { .. } | Fstat { .. } | ReadDir { .. } | Mkdir { .. }) => not_built(),
            on!(Unlink { .. } | Rmdir { .. } | Rename { .. } | Truncate { .. } | Sync { .. }) => not_built(),
            on!(Chdir { .. } | GetCwd | Watch { .. }) => not_built(),
        }
    }

    /// A coroutine has returned: the task's own, or a subroutine that failed or returns nothing.
    fn complete(&mut self, slot: u32, result: Result<(), Errno>) -> Outcome {
        let is_subroutine = self.table.cold(slot).is_some_and(|cold| !cold.callers.is_empty());
        match result {
            Ok(()) if is_subroutine => Outcome::Return(Reply::Unit),
            Err(errno) if is_subroutine => Outcome::Return(Reply::Err(errno)),
            Ok(()) => Outcome::Exit(ExitStatus::Exited(0)),
            Err(errno) => {
                self.table.make_cold(slot).failure = Some(errno);
                Outcome::Exit(ExitStatus::Exited(1))
            }
        }
    }

    fn sys_return(&mut self, tid: Tid, slot: u32, value: Box<Value>) -> Outcome {
        match self.table.cold(slot) {
            Some(cold) if !cold.callers.is_empty() => Outcome::Return(Reply::Value(value)),
            _ => {
                self.discard(tid, value);
                Outcome::Answer(Reply::Err(Errno::EPROTO))
            }
        }
    }

    /// Not built; what came with the call is the task's own and dropped as such.
    fn sys_offload(&mut self, tid: Tid, body: Task) -> Outcome {
        self.discard(tid, body);
        not_built()
    }

    /// Puts a subroutine in its caller's place, unless that would be too deep.
    fn enter(&mut self, slot: u32, subroutine: Task) -> Next {
        let depth = self.table.make_cold(slot).callers.len();
        if depth >= limits::SUBROUTINE_DEPTH {
            self.discard(self.table.tid(slot), subroutine);
            return self.answer(slot, Reply::Err(Errno::ENOMEM));
        }
        emit!(self, Called { tid: self.table.tid(slot), name: subroutine.function(), depth: depth + 1 });
        if let Some(caller) = self.table.slot_mut(slot).body.replace(subroutine) {
            let cold = self.table.make_cold(slot);
            cold.callers.push(Caller { body: caller, deadlines: cold.deadlines.len() });
        }
        self.table.slot_mut(slot).answer(Reply::Unit);
        Next::ResumeFree
    }

    /// A counter of the slot has overflowed: turns (0) or traps (1).
    #[cold]
    pub(crate) fn carry(&mut self, slot: u32, counter: usize) {
        self.table.make_cold(slot).carried[counter] += 1;
    }

    /// Drops what is a task's: its coroutine, a value, the payload of its panic. That runs its
    /// destructors; a panic of one is logged and contained.
    pub(crate) fn discard(&mut self, tid: Tid, what: impl Sized) {
        let Err(payload) = catch_unwind(AssertUnwindSafe(|| drop(what))) else { return };
        let message = crate::kernel::panic_message(&*payload);
        emit!(self, DestructorPanicked { tid, panic: &message });
        // What a destructor panics with may have a destructor that panics, and so on for ever.
        if let Err(another) = catch_unwind(AssertUnwindSafe(|| drop(payload))) {
            std::mem::forget(another);
        }
    }
}

fn not_built() -> Outcome {
    Outcome::Answer(Reply::Err(Errno::ENOSYS))
}
