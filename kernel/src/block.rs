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
    task::{Alarm, State},
    trap::{Next, On, Stop},
    wait::Links,
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
    ///
    /// In line, so that each call has no more of it than what it waits on needs.
    #[inline(always)]
    pub(crate) fn block(&mut self, slot: u32, on: On) -> Next {
        let deadline = self.table.cold(slot).map_or(Time::NEVER, |cold| cold.deadline());
        if deadline != Time::NEVER && deadline <= self.now_exactly() {
            return self.refuse_to_block(slot, on);
        }
        emit!(self, Blocked { tid: self.table.tid(slot), on: self.describe(slot, &on) });
        let state = match on {
            On::File { file, operation } => {
                self.wait_on_file(slot, file, operation);
                self.bound_wait(slot, deadline);
                return Next::Stop(Stop::Blocked);
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
        if let On::Join { target } = on {
            self.table.with_queue(
                target,
                |cold| &mut cold.make_rare().joiners,
                |joiners, table| joiners.push(table, slot),
            );
        }
        self.bound_wait(slot, deadline);
        self.report_cycle(slot);
        Next::Stop(Stop::Blocked)
    }

    /// The wait is over before it begins: a deadline has passed.
    #[cold]
    fn refuse_to_block(&mut self, slot: u32, on: On) -> Next {
        let now = self.now();
        self.fire_deadline(slot, now);
        let reply = match on {
            On::File { file, operation } => self.abandon(file, operation, Errno::ETIMEDOUT),
            _ => Reply::Err(Errno::ETIMEDOUT),
        };
        self.answer(slot, reply)
    }

    /// Queues a task for its file, and keeps what it waits to finish there.
    #[inline(always)]
    fn wait_on_file(&mut self, slot: u32, file: u32, operation: Pending) {
        let direction = operation.direction();
        let before = self.table.make_cold(slot).pending.replace(operation);
        debug_assert!(before.is_none(), "a task finishes one operation before the next");
        // Nothing, as the compiler cannot know.
        std::mem::forget(before);
        self.table.slot_mut(slot).state = match direction {
            Direction::Read => State::Reading { file, links: Links::LOOSE },
            Direction::Write => State::Writing { file, links: Links::LOOSE },
        };
        self.file_waiters += 1;
        self.with_queue(file, direction, |queue, table| queue.push(table, slot));
    }

    /// Sets the timer of the deadline that ends the wait of the task in `slot`, if there is one.
    #[inline(always)]
    fn bound_wait(&mut self, slot: u32, deadline: Time) {
        if deadline != Time::NEVER {
            let sequence = self.timers.set(deadline, slot);
            self.table.make_rare(slot).timer = Some((deadline, sequence));
        }
    }

    /// Ends the wait of the task in `slot` with an answer: it leaves every queue, its timer is
    /// taken back, and it is ready. An operation that it waited to finish has been taken from it.
    #[inline(always)]
    pub(crate) fn unblock(&mut self, slot: u32, reply: Reply, cause: Cause) {
        self.leave_queues(slot);
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
    /// sets the next one. Gives the operation that it waited to finish, and that operation's file.
    pub(crate) fn leave(&mut self, slot: u32) -> Option<(u32, Pending)> {
        let file = self.leave_queues(slot)?;
        let operation = self.table.cold_mut(slot)?.pending.take()?;
        Some((file, operation))
    }

    /// The same, but for the operation. Gives the file whose queue it was.
    #[inline(always)]
    fn leave_queues(&mut self, slot: u32) -> Option<u32> {
        let left = match self.table.slot(slot).state {
            State::Reading { file, .. } => Some((file, Direction::Read)),
            State::Writing { file, .. } => Some((file, Direction::Write)),
            _ => {
                self.leave_other(slot);
                None
            }
        };
        if let Some((file, direction)) = left {
            self.file_waiters -= 1;
            self.with_queue(file, direction, |queue, table| queue.remove(table, slot));
        }
        if let Some((at, sequence)) = self.table.rare_mut(slot).and_then(|rare| rare.timer.take()) {
            self.timers.cancel(at, sequence);
        }
        left.map(|(file, _)| file)
    }

    /// Takes a task out of what it waits on when that is no file.
    fn leave_other(&mut self, slot: u32) {
        match self.table.slot(slot).state {
            State::Sleeping { alarm } | State::SleepingBounded { alarm } => {
                self.timers.cancel(alarm.at(), alarm.sequence());
            }
            State::Joining { target, .. } => {
                self.table.with_queue(
                    target,
                    |cold| &mut cold.make_rare().joiners,
                    |joiners, table| joiners.remove(table, slot),
                );
            }
            State::AwaitingChild { .. } | State::AwaitingAny => {}
            _ => broken("a task that does not wait is taken out of a wait"),
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
        if let Some(scope) = self.table.rare_mut(slot).and_then(|rare| rare.deadlines.iter_mut().find(due)) {
            scope.has_fired = true;
        }
    }
}
