//! Waiting, and the way out of it.
//!
//! `Kernel::block` puts a task into the queue of what it waits on and sets its timer; a sleep has only
//! the timer, a poll a watch in each of many queues. `Kernel::unblock` takes a task out of all of it with
//! an answer. A kill and a deadline use its first half, `Kernel::leave`, since they give up the operation
//! as well. Messages that are handed from task to task take a shortcut of their own, in `port.rs`.

use crate::{
    emit,
    event::level,
    fd::Object,
    file::{Direction, Pending},
    hardware::Hardware,
    kernel::{Kernel, broken},
    poll::Polling,
    port::{Outgoing, port_mut},
    sched::Policy,
    table::Slots,
    task::{Alarm, State},
    trap::{Next, Stop},
    wait::{Links, Queue},
};
use std::fmt;
use yieldix_syscalls::{Errno, Interest, Reply, Signal, Tid, Time};

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
    /// A child has stopped or goes on.
    Change(Tid),
    /// A signal that it catches has come.
    Signal(Signal),
    /// It was stopped, and goes on.
    Continued,
    /// Nobody observed the kernel as it became so.
    Unobserved,
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
            Cause::Change(tid) => write!(f, "task {tid} stopped or went on"),
            Cause::Signal(signal) => write!(f, "{signal} came"),
            Cause::Continued => f.write_str("continued"),
            Cause::Unobserved => f.write_str("not observed"),
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
    /// The task that has the turn begins to wait in this state, unless a deadline of its has passed.
    #[inline(always)]
    pub(crate) fn block(&mut self, slot: u32, state: State) -> Next {
        let deadline = self.table.cold(slot).map_or(Time::NEVER, |cold| cold.deadline());
        if self.has_passed(deadline) {
            return self.be_late(slot, &state);
        }
        let may_be_a_cycle = state.awaits_an_end();
        self.record_blocked(slot, &state);
        self.table.slot_mut(slot).set_state(state);
        if let Some((queue, slots)) = self.own_queue(slot) {
            queue.push(slots, slot);
        }
        self.set_timer(slot, deadline);
        self.tell_blocked(slot);
        if may_be_a_cycle {
            self.report_cycle(slot);
        }
        Next::Stop(Stop::Blocked)
    }

    /// Begins to wait for a file, to finish an operation.
    #[inline(always)]
    pub(crate) fn block_on_file(&mut self, slot: u32, file: u32, operation: Pending) -> Next {
        let (direction, links) = (operation.direction(), Links::LOOSE);
        let before = self.table.make_cold(slot).pending.replace(operation);
        debug_assert!(before.is_none(), "a task finishes one operation before the next");
        // There is nothing to drop, as the compiler cannot know.
        std::mem::forget(before);
        self.file_waiters += 1;
        match direction {
            Direction::Read => self.block(slot, State::Reading { file, links }),
            Direction::Write => self.block(slot, State::Writing { file, links }),
        }
    }

    /// Begins to wait for the clock. A deadline that comes first ends a sleep by the same timer.
    pub(crate) fn sleep(&mut self, slot: u32, until: Time) -> Next {
        let deadline = self.table.cold(slot).map_or(Time::NEVER, |cold| cold.deadline());
        let at = until.min(deadline);
        if self.has_passed(deadline) {
            return self.be_late(slot, &State::Running);
        }
        // A sleep for ever has no timer; only a kill ends it.
        self.set_timer(slot, at);
        let alarm = Alarm::new(at);
        let is_bounded = deadline < until;
        let state = if is_bounded { State::SleepingBounded { alarm } } else { State::Sleeping { alarm } };
        self.record_blocked(slot, &state);
        self.table.slot_mut(slot).set_state(state);
        self.tell_blocked(slot);
        Next::Stop(Stop::Blocked)
    }

    /// Is this deadline over? One that is set is compared with the time as it is now.
    #[inline]
    fn has_passed(&mut self, deadline: Time) -> bool {
        deadline != Time::NEVER && deadline <= self.now_exactly()
    }

    /// A wait that a signal or a deadline has ended before it began.
    #[cold]
    fn be_late(&mut self, slot: u32, state: &State) -> Next {
        let errno = if self.is_interrupted(slot) {
            Errno::EINTR
        } else {
            let now = self.now();
            self.fire_deadline(slot, now);
            Errno::ETIMEDOUT
        };
        self.file_waiters -= u32::from(matches!(state, State::Reading { .. } | State::Writing { .. }));
        let left = self.take_left(slot, state);
        let reply = self.give_up(left, errno);
        self.answer(slot, reply)
    }

    /// What a task that is in this state, or is about to be, waits to bring about.
    fn take_left(&mut self, slot: u32, state: &State) -> Left {
        let Some(cold) = self.table.cold_mut(slot) else { return Left::Nothing };
        match *state {
            State::AwaitingChange => {
                cold.make_rare().awaited = None;
                Left::Nothing
            }
            State::Reading { file, .. } | State::Writing { file, .. } => {
                cold.pending.take().map_or(Left::Nothing, |operation| Left::Operation { file, operation })
            }
            State::Sending { .. } => cold.take_outgoing().map_or(Left::Nothing, Left::Message),
            _ => Left::Nothing,
        }
    }

    /// Begins to wait for room in a port.
    pub(crate) fn block_on_port(&mut self, slot: u32, port: u32, message: Outgoing) -> Next {
        self.table.make_cold(slot).make_rare().outgoing = Some(message);
        self.block(slot, State::Sending { port, links: Links::LOOSE })
    }

    /// Begins to wait for one of several things.
    pub(crate) fn block_on_several(
        &mut self,
        slot: u32,
        wanted: Vec<(Object, Interest)>,
        polling: Box<Polling>,
    ) -> Next {
        let deadline = self.table.cold(slot).map_or(Time::NEVER, |cold| cold.deadline());
        if self.has_passed(deadline) {
            return self.be_late(slot, &State::Running);
        }
        self.record_blocked(slot, &State::Polling);
        self.table.slot_mut(slot).set_state(State::Polling);
        self.set_timer(slot, deadline.min(polling.until));
        self.begin_watches(slot, wanted, polling);
        self.tell_blocked(slot);
        Next::Stop(Stop::Blocked)
    }

    #[inline(always)]
    pub(crate) fn record_blocked(&mut self, slot: u32, state: &State) {
        self.recorder.blocked(self.table.slot(slot), state);
    }

    #[inline]
    pub(crate) fn tell_blocked(&mut self, slot: u32) {
        if self.wants(level::Blocked) {
            self.tell_wait(slot);
        }
    }

    #[cold]
    #[inline(never)]
    fn tell_wait(&mut self, slot: u32) {
        if let Some(on) = self.blocked_on(slot) {
            let (tid, queues) = (self.table.tid(slot), self.queues_of(slot));
            let until = self.timers.at(slot).unwrap_or(Time::NEVER);
            emit!(self, Blocked { tid, on, queues: &queues, until });
        }
    }

    /// The queue that the state of a blocked task stands for, if it does for one, and the states of
    /// those in it.
    #[inline(always)]
    pub(crate) fn own_queue(&mut self, slot: u32) -> Option<(&mut Queue, &mut Slots)> {
        let (file, direction) = match self.table.slot(slot).state {
            State::Reading { file, .. } => (file, Direction::Read),
            State::Writing { file, .. } => (file, Direction::Write),
            State::Sending { port, .. } => {
                return Some((&mut port_mut(&mut self.ports, port).sending, self.table.slots_mut()));
            }
            State::Receiving { port, .. } => {
                return Some((&mut port_mut(&mut self.ports, port).receiving, self.table.slots_mut()));
            }
            State::Joining { target, .. } => {
                let (cold, slots) = self.table.make_cold_and_slots(target);
                return Some((&mut cold.make_rare().joiners, slots));
            }
            _ => return None,
        };
        let Some(file) = self.files.get_mut(file) else { broken("a task waits on a file that is none") };
        Some((file.queue_mut(direction), self.table.slots_mut()))
    }

    #[inline(always)]
    fn set_timer(&mut self, slot: u32, at: Time) {
        if at != Time::NEVER {
            self.timers.set(at, slot);
        }
    }

    /// Ends the wait of the task in `slot` with an answer: it leaves every queue, its timer is
    /// taken back, and it is ready. An operation it waited to finish has been taken out.
    #[inline(always)]
    pub(crate) fn unblock(&mut self, slot: u32, reply: Reply, cause: Cause) {
        self.stop_waiting(slot);
        self.table.slot_mut(slot).set_state(State::Ready(reply));
        self.make_ready(self.table.tid(slot), cause);
    }

    /// A task whose state is ready is told to the policy.
    #[inline(always)]
    pub(crate) fn make_ready(&mut self, tid: Tid, cause: Cause) {
        self.policy.ready(tid);
        self.recorder.woken(tid, cause);
        if self.is_observed() {
            self.note_ready(self.slot_of(tid), cause);
        }
    }

    /// Takes a blocked task out of what it waits on. Its state is stale afterwards: the caller
    /// sets the next one. Gives what it had waited to bring about.
    pub(crate) fn leave(&mut self, slot: u32) -> Left {
        self.stop_waiting(slot);
        let place = self.table.slot_mut(slot);
        // Whatever comes next is set by the caller; a state that is waited in owns nothing.
        let state = std::mem::replace(&mut place.state, State::Running);
        self.take_left(slot, &state)
    }

    /// Takes a blocked task out of its queue, and its timer back.
    #[inline(always)]
    fn stop_waiting(&mut self, slot: u32) {
        match self.table.slot(slot).state {
            State::Sending { .. } | State::Receiving { .. } | State::Joining { .. } => {}
            State::AwaitingChild { .. } | State::AwaitingAny | State::AwaitingSignal => {}
            State::AwaitingChange => self.table.make_rare(slot).awaited = None,
            State::Polling => {
                self.end_watches(slot);
                self.timers.cancel(slot);
            }
            State::Reading { .. } | State::Writing { .. } => self.file_waiters -= 1,
            State::Sleeping { .. } | State::SleepingBounded { .. } => {
                self.timers.cancel(slot);
            }
            State::Ready(_) | State::Running | State::Zombie { .. } | State::Free { .. } => {
                broken("a task that does not wait is taken out of a wait")
            }
        }
        if let Some((queue, slots)) = self.own_queue(slot) {
            queue.remove(slots, slot);
        }
        if self.table.rare(slot).is_some_and(|rare| !rare.deadlines.is_empty()) {
            self.timers.cancel(slot);
        }
    }

    /// Wakes the tasks whose timers are due.
    pub(crate) fn fire_timers(&mut self) {
        self.fire_alarms();
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
                let is_its_own = cold.polling()?.until <= cold.deadline();
                is_its_own.then(|| Reply::Ready(Box::default()))
            }
            _ => None,
        }
    }

    /// Ends the wait of the task in `slot` without what it waited for.
    pub(crate) fn end_wait(&mut self, slot: u32, errno: Errno, cause: Cause) {
        let left = self.leave(slot);
        let reply = self.give_up(left, errno);
        self.table.slot_mut(slot).set_state(State::Ready(reply));
        self.make_ready(self.table.tid(slot), cause);
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
                } else {
                    self.note_given_up(file, &operation);
                }
                reply
            }
        }
    }

    /// Notes that a deadline has ended a wait: of those that are due, the outermost.
    fn fire_deadline(&mut self, slot: u32, now: Time) {
        let due = |scope: &&mut crate::task::Deadline| scope.at <= now;
        if let Some(scope) = self.table.rare_mut(slot).and_then(|rare| rare.deadlines.iter_mut().find(due)) {
            scope.has_fired = true;
        }
    }
}
