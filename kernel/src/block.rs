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
            Cause::Timer => f.write_str("slept enough"),
            Cause::Deadline => f.write_str("deadline passed"),
            Cause::Exit(tid) => write!(f, "task {tid} ended"),
        }
    }
}

impl<H: Hardware, P: Policy> Kernel<H, P> {
    /// The task that has the turn begins to wait, unless a deadline of its has passed.
    pub(crate) fn block(&mut self, slot: u32, on: On) -> Next {
        let deadline = self.table.cold(slot).map_or(Time::NEVER, |cold| cold.deadline());
        if deadline != Time::NEVER && deadline <= self.now_exactly() {
            let now = self.now();
            self.fire_deadline(slot, now);
            let reply = match on {
                On::File { file, operation } => self.abandon(file, operation, Errno::ETIMEDOUT),
                _ => Reply::Err(Errno::ETIMEDOUT),
            };
            return self.answer(slot, reply);
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
            On::Sleep { until } => {
                let at = until.min(deadline);
                // A sleep for ever has no timer; only a kill ends it.
                let sequence = if at == Time::NEVER { 0 } else { self.timers.set(at, slot) };
                let alarm = Alarm::new(at, sequence);
                self.table.slot_mut(slot).state =
                    if deadline < until { State::SleepingBounded { alarm } } else { State::Sleeping { alarm } };
                return Next::Stop(Stop::Blocked);
            }
            On::Join { target } => State::Joining { target, links: Links::LOOSE },
            On::Child { child } => State::AwaitingChild { child },
            On::AnyChild => State::AwaitingAny,
        };
        self.table.slot_mut(slot).state = state;
        self.with_own_queue(slot, |queue, table| queue.push(table, slot));
        self.set_deadline_timer(slot, deadline);
        self.report_cycle(slot);
        Next::Stop(Stop::Blocked)
    }

    /// Changes the queue that the state of a blocked task stands for, if it does for one.
    fn with_own_queue(&mut self, slot: u32, change: impl FnOnce(&mut Queue, &mut Table)) {
        match self.table.slot(slot).state {
            State::Reading { file, .. } => self.with_queue(file, Direction::Read, change),
            State::Writing { file, .. } => self.with_queue(file, Direction::Write, change),
            State::Joining { target, .. } => self.table.with_queue(target, |cold| &mut cold.joiners, change),
            _ => {}
        }
    }

    fn set_deadline_timer(&mut self, slot: u32, deadline: Time) {
        if deadline != Time::NEVER {
            let sequence = self.timers.set(deadline, slot);
            self.table.make_cold(slot).timer = Some((deadline, sequence));
        }
    }

    /// Ends the wait of the task in `slot` with an answer: it leaves every queue, its timer is
    /// taken back, and it is ready.
    pub(crate) fn unblock(&mut self, slot: u32, reply: Reply, cause: Cause) {
        self.leave(slot);
        self.table.slot_mut(slot).state = State::Ready(reply);
        self.make_ready(slot, cause);
    }

    /// A task whose state is ready is told to the policy.
    pub(crate) fn make_ready(&mut self, slot: u32, cause: Cause) {
        let tid = self.table.tid(slot);
        self.policy.ready(tid);
        if self.is_observed {
            self.note_ready(slot, cause);
        }
    }

    /// Takes a blocked task out of what it waits on. Its state is stale afterwards: the caller
    /// sets the next one. Gives the operation that it waited to finish, and that operation's file.
    pub(crate) fn leave(&mut self, slot: u32) -> Option<(u32, Pending)> {
        let mut left = None;
        self.with_own_queue(slot, |queue, table| queue.remove(table, slot));
        match self.table.slot(slot).state {
            State::Reading { file, .. } | State::Writing { file, .. } => {
                self.file_waiters -= 1;
                left =
                    self.table.cold_mut(slot).and_then(|cold| cold.pending.take()).map(|operation| (file, operation));
            }
            State::Sleeping { alarm } | State::SleepingBounded { alarm } => {
                self.timers.cancel(alarm.at(), alarm.sequence());
            }
            State::Joining { .. } | State::AwaitingChild { .. } | State::AwaitingAny => {}
            State::Ready(_) | State::Running | State::Zombie { .. } | State::Free { .. } => {
                broken("a task that does not wait is taken out of a wait")
            }
        }
        if let Some((at, sequence)) = self.table.cold_mut(slot).and_then(|cold| cold.timer.take()) {
            self.timers.cancel(at, sequence);
        }
        left
    }

    /// Wakes the tasks whose timers are due.
    pub(crate) fn fire_timers(&mut self) {
        if self.timers.len() == 0 {
            return;
        }
        let now = self.now();
        while let Some((at, slot)) = self.timers.due(now) {
            emit!(self, TimerFired { tid: self.table.tid(slot), due: at });
            if let State::Sleeping { .. } = self.table.slot(slot).state {
                self.unblock(slot, Reply::Unit, Cause::Timer);
                continue;
            }
            self.fire_deadline(slot, now);
            self.end_wait(slot, Errno::ETIMEDOUT, Cause::Deadline);
        }
    }

    /// Ends the wait of the task in `slot` without what it waited for.
    fn end_wait(&mut self, slot: u32, errno: Errno, cause: Cause) {
        let reply = match self.leave(slot) {
            Some((file, operation)) => self.abandon(file, operation, errno),
            None => Reply::Err(errno),
        };
        self.table.slot_mut(slot).state = State::Ready(reply);
        self.make_ready(slot, cause);
    }

    /// Gives up an operation whose task has left the file's queue, and gives its answer.
    pub(crate) fn abandon(&mut self, file: u32, operation: Pending, errno: Errno) -> Reply {
        let reply = operation.give_up(errno);
        if operation.lets_go_after(&reply) {
            self.let_go(file);
        }
        reply
    }

    /// Notes that a deadline has ended a wait: of those that are due, the outermost.
    fn fire_deadline(&mut self, slot: u32, now: Time) {
        let due = |scope: &&mut crate::task::Deadline| scope.at <= now;
        if let Some(scope) = self.table.cold_mut(slot).and_then(|cold| cold.deadlines.iter_mut().find(due)) {
            scope.has_fired = true;
        }
    }
}
