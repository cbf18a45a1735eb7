//! Waiting, and the one way out of it.
//!
//! `Kernel::block` puts a task into the queue of what it waits on and sets its timer;
//! `Kernel::unblock` takes it out of both with an answer. A wake-up, a timeout and a signal all
//! end a wait through it, and a kill uses its first half, `Kernel::leave`.

use crate::{
    emit,
    file::{Direction, Pending},
    hardware::Hardware,
    kernel::{Kernel, broken},
    port::{Outgoing, port_mut},
    sched::Policy,
    table::Table,
    task::{Alarm, State},
    trap::{Next, On, Stop},
    wait::{Links, Queue},
};
use std::fmt;
use yieldix_syscalls::{Errno, Reply, Tid, Time};

/// Why a task is ready, as the log tells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// It is new.
    Spawned,
    /// It gave up its turn.
    Yielded,
    /// Its quantum was used up.
    Preempted,
    /// A device answered.
    Device {
        /// Index of the file.
        file: u32,
    },
    /// A port had a message or room for it, or an end of it was closed.
    Port {
        /// Index of the port.
        port: u32,
    },
    /// Its sleep is over.
    Timer,
    /// A deadline ended its wait.
    Deadline,
    /// A task that it waited for has ended.
    Exit(Tid),
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Cause::Spawned => f.write_str("spawned"),
            Cause::Yielded => f.write_str("yielded"),
            Cause::Preempted => f.write_str("quantum used up"),
            Cause::Device { file } => write!(f, "file {file} answered"),
            Cause::Port { port } => write!(f, "port {port} answered"),
            Cause::Timer => f.write_str("slept enough"),
            Cause::Deadline => f.write_str("deadline passed"),
            Cause::Exit(tid) => write!(f, "task {tid} ended"),
        }
    }
}

/// What a task that has left a wait had waited to bring about.
#[must_use]
pub enum Left {
    /// Nothing that it held.
    Nothing,
    /// An operation on a file.
    Operation {
        /// Index of the file.
        file: u32,
        /// What was to finish.
        operation: Pending,
    },
    /// A message to send.
    Message(Outgoing),
}

impl<H: Hardware, P: Policy> Kernel<H, P> {
    /// The task that has the turn begins to wait, unless a deadline of its has passed.
    ///
    /// Inlined, so that each caller has what its own kind of wait needs and no more.
    #[inline(always)]
    pub(crate) fn block(&mut self, slot: u32, on: On) -> Next {
        let deadline = self.table.cold(slot).map_or(Time::NEVER, |cold| cold.deadline());
        if deadline != Time::NEVER && deadline <= self.now_exactly() {
            return self.refuse_to_wait(slot, on);
        }
        emit!(self, Blocked { tid: self.table.tid(slot), on: self.describe(slot, &on) });
        let state = match on {
            On::File { file, operation } => {
                let direction = operation.direction();
                self.file_waiters += 1;
                self.table.make_cold(slot).pending = Some(operation);
                match direction {
                    Direction::Read => State::Reading { file, links: Links::LOOSE },
                    Direction::Write => State::Writing { file, links: Links::LOOSE },
                }
            }
            On::Send { port, message } => {
                self.table.make_cold(slot).outgoing = Some(message);
                State::Sending { port, links: Links::LOOSE }
            }
            On::Receive { port } => State::Receiving { port, links: Links::LOOSE },
            On::Poll { wanted, polling } => {
                self.table.slot_mut(slot).wait(State::Polling);
                let at = deadline.min(polling.until);
                if at != Time::NEVER {
                    self.set_bound(slot, at);
                }
                self.begin_watches(slot, wanted, polling);
                return Next::Stop(Stop::Blocked);
            }
            On::Sleep { until } => {
                let at = until.min(deadline);
                // A sleep for ever has no timer; only a kill ends it.
                let sequence = if at == Time::NEVER { 0 } else { self.timers.set(at, slot) };
                let alarm = Alarm::new(at, sequence);
                let is_bounded = deadline < until;
                self.table.slot_mut(slot).wait(match is_bounded {
                    true => State::SleepingBounded { alarm },
                    false => State::Sleeping { alarm },
                });
                return Next::Stop(Stop::Blocked);
            }
            On::Join { target } => State::Joining { target, links: Links::LOOSE },
            On::Child { child } => State::AwaitingChild { child },
            On::AnyChild => State::AwaitingAny,
        };
        let is_for_a_task = matches!(state, State::Joining { .. } | State::AwaitingChild { .. });
        self.table.slot_mut(slot).wait(state);
        self.with_own_queue(slot, |queue, table| queue.push(table, slot));
        if deadline != Time::NEVER {
            self.set_bound(slot, deadline);
        }
        if is_for_a_task {
            self.report_cycle(slot);
        }
        Next::Stop(Stop::Blocked)
    }

    /// A deadline has passed before the wait that it bounds has begun.
    #[cold]
    fn refuse_to_wait(&mut self, slot: u32, on: On) -> Next {
        let now = self.now();
        self.fire_deadline(slot, now);
        let left = match on {
            On::File { file, operation } => Left::Operation { file, operation },
            On::Send { message, .. } => Left::Message(message),
            _ => Left::Nothing,
        };
        let reply = self.give_up(left, Errno::ETIMEDOUT);
        self.answer(slot, reply)
    }

    /// Changes the queue that the state of a blocked task stands for, if it does for one.
    #[inline(always)]
    fn with_own_queue(&mut self, slot: u32, change: impl FnOnce(&mut Queue, &mut Table)) {
        match self.table.slot(slot).state {
            State::Reading { file, .. } => self.with_queue(file, Direction::Read, change),
            State::Writing { file, .. } => self.with_queue(file, Direction::Write, change),
            State::Sending { port, .. } => change(&mut port_mut(&mut self.ports, port).sending, &mut self.table),
            State::Receiving { port, .. } => change(&mut port_mut(&mut self.ports, port).receiving, &mut self.table),
            State::Joining { target, .. } => self.table.with_queue(target, |cold| &mut cold.joiners, change),
            _ => {}
        }
    }

    /// Bounds the wait that has begun by a timer.
    fn set_bound(&mut self, slot: u32, at: Time) {
        let sequence = self.timers.set(at, slot);
        self.table.make_cold(slot).timer = Some((at, sequence));
    }

    /// Ends the wait of the task in `slot` with an answer: it leaves every queue, its timer is
    /// taken back, and it is ready.
    pub(crate) fn unblock(&mut self, slot: u32, reply: Reply, cause: Cause) {
        // What it had waited for has come about, or its waker took it.
        let _ = self.leave(slot);
        self.table.slot_mut(slot).state = State::Ready(reply);
        self.make_ready(slot, cause);
    }

    /// A task whose state is ready is told to the policy.
    #[inline(always)]
    pub(crate) fn make_ready(&mut self, slot: u32, cause: Cause) {
        let tid = self.table.tid(slot);
        self.policy.ready(tid);
        if self.is_observed {
            self.note_ready(slot, cause);
        }
    }

    /// Takes a blocked task out of what it waits on. Its state is stale afterwards: the caller
    /// sets the next one. Gives what it had waited to bring about.
    pub(crate) fn leave(&mut self, slot: u32) -> Left {
        let mut left = Left::Nothing;
        self.with_own_queue(slot, |queue, table| queue.remove(table, slot));
        match self.table.slot(slot).state {
            State::Reading { file, .. } | State::Writing { file, .. } => {
                self.file_waiters -= 1;
                if let Some(operation) = self.table.cold_mut(slot).and_then(|cold| cold.pending.take()) {
                    left = Left::Operation { file, operation };
                }
            }
            State::Sending { .. } => {
                if let Some(message) = self.table.cold_mut(slot).and_then(|cold| cold.outgoing.take()) {
                    left = Left::Message(message);
                }
            }
            State::Polling => self.end_watches(slot),
            State::Sleeping { alarm } | State::SleepingBounded { alarm } => {
                self.timers.cancel(alarm.at(), alarm.sequence());
            }
            State::Receiving { .. } | State::Joining { .. } | State::AwaitingChild { .. } | State::AwaitingAny => {}
            State::Ready(_) | State::Running | State::Zombie { .. } | State::Free { .. } => {
                broken("a task that does not wait is taken out of a wait")
            }
        }
        self.end_bound(slot);
        left
    }

    /// Takes back the timer that bounded a wait, if one did.
    #[inline(always)]
    pub(crate) fn end_bound(&mut self, slot: u32) {
        if let Some((at, sequence)) = self.table.cold_mut(slot).and_then(|cold| cold.timer.take()) {
            self.timers.cancel(at, sequence);
        }
    }

    /// Wakes the tasks whose timers are due.
    pub(crate) fn fire_timers(&mut self) {
        if self.timers.len() == 0 {
            return;
        }
        let now = self.now();
        while let Some((at, slot)) = self.timers.due(now) {
            emit!(self, TimerFired { tid: self.table.tid(slot), due: at });
            if let Some(reply) = self.answer_in_time(slot) {
                self.unblock(slot, reply, Cause::Timer);
                continue;
            }
            self.fire_deadline(slot, now);
            self.end_wait(slot, Errno::ETIMEDOUT, Cause::Deadline);
        }
    }

    /// The answer to a wait that was for the clock, and not only bounded by it.
    fn answer_in_time(&self, slot: u32) -> Option<Reply> {
        match self.table.slot(slot).state {
            State::Sleeping { .. } => Some(Reply::Unit),
            State::Polling => {
                let cold = self.table.cold(slot)?;
                let is_its_own = cold.polling.as_ref()?.until <= cold.deadline();
                is_its_own.then(|| Reply::Ready(Box::default()))
            }
            _ => None,
        }
    }

    /// Ends the wait of the task in `slot` without what it waited for.
    pub(crate) fn end_wait(&mut self, slot: u32, errno: Errno, cause: Cause) {
        let left = self.leave(slot);
        let reply = self.give_up(left, errno);
        self.table.slot_mut(slot).state = State::Ready(reply);
        self.make_ready(slot, cause);
    }

    /// Gives up what a task had waited to bring about, now that it waits no more; gives its answer.
    pub(crate) fn give_up(&mut self, left: Left, errno: Errno) -> Reply {
        match left {
            Left::Nothing => Reply::Err(errno),
            Left::Message(message) => message.unsent(errno),
            Left::Operation { file, operation } => {
                let reply = operation.give_up(errno);
                if operation.lets_go_after(&reply) {
                    self.let_go_of_file(file);
                }
                reply
            }
        }
    }

    /// Notes that a deadline has ended a wait: of those that are due, the outermost.
    fn fire_deadline(&mut self, slot: u32, now: Time) {
        let due = |scope: &&mut crate::task::Deadline| scope.at <= now;
        if let Some(scope) = self.table.cold_mut(slot).and_then(|cold| cold.deadlines.iter_mut().find(due)) {
            scope.has_fired = true;
        }
    }
}
