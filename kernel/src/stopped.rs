//! The waits of tasks that are stopped.
//!
//! A task that is stopped takes nothing that another could have. It *stands aside*: it is out of the queue of the
//! file or port that it waits on, and still blocked, with what it waits to bring about. When it goes on, that is
//! attempted, and it is queued last if it has to wait on. So no queue holds such a task, and who serves a queue
//! need not ask. A wait for what is nobody else's (the clock, a child, what the disk was asked) may end meanwhile.
//!
//! Invariant: a task in a state that has a file's or a port's links is its own neighbour just when it stands
//! aside. To take it out of its queue once more changes nothing then, so all ways out of a wait stay as they are.

use crate::{
    block::Cause,
    file::{Direction, Pending},
    hardware::Hardware,
    kernel::Kernel,
    sched::Policy,
    task::State,
    wait::{Linked, Links},
    watch::emit,
};
use yieldix_syscalls::{Errno, Reply};

impl<H: Hardware, P: Policy> Kernel<H, P> {
    /// Is the task in `slot` out of the queue that its state stands for?
    pub(crate) fn stands_aside(&self, slot: u32) -> bool {
        self.table.slot(slot).is_stopped() && self.waits_with_others(slot)
    }

    /// Does the task in `slot` wait for what another could have?
    fn waits_with_others(&self, slot: u32) -> bool {
        match self.table.slot(slot).state {
            State::Sending { .. } | State::Receiving { .. } => true,
            State::Reading { .. } | State::Writing { .. } => {
                let operation = self.table.cold(slot).and_then(|cold| cold.pending.as_ref());
                operation.is_some_and(Pending::is_shared)
            }
            _ => false,
        }
    }

    /// A task is about to be stopped: others are served before it. For those who waited behind it to write there
    /// may be room; the caller settles that.
    pub(crate) fn step_aside(&mut self, slot: u32) {
        if !self.waits_with_others(slot) {
            return;
        }
        if let Some((queue, slots)) = self.own_queue(slot) {
            queue.remove(slots, slot);
            *slots.links_mut(slot) = Links::alone(slot);
        }
        if let State::Writing { file, .. } = self.table.slot(slot).state {
            self.note_out_of_the_way(file);
        }
    }

    /// A task that stood aside goes on: attempts what it waits for, or has it wait in its queue again.
    pub(crate) fn step_back(&mut self, slot: u32) {
        if !self.waits_with_others(slot) {
            return;
        }
        if let State::Reading { file, .. } = self.table.slot(slot).state
            && self.is_sent_back(slot, file)
        {
            return;
        }
        let is_answered = match self.table.slot(slot).state {
            State::Reading { file, .. } => self.serve_one(file, Direction::Read, slot),
            State::Writing { file, .. } => self.serve_one(file, Direction::Write, slot),
            State::Receiving { port, .. } => self.receive_late(slot, port),
            State::Sending { port, .. } => self.send_late(slot, port),
            _ => return,
        };
        if !is_answered && let Some((queue, slots)) = self.own_queue(slot) {
            queue.push(slots, slot);
            emit!(self, QueuedAgain { tid: self.table.tid(slot), queues: &self.queues_of(slot) });
        }
        self.settle();
    }

    /// Answers a task that waits on a file, if that may be ready. False: it has to wait on.
    fn serve_one(&mut self, file: u32, direction: Direction, slot: u32) -> bool {
        let operation = || self.table.cold(slot).and_then(|cold| cold.pending.as_ref());
        let may_do = self.file(file).is_promising(direction)
            || operation().is_some_and(|operation| self.overtakes_nobody(file, operation));
        may_do && self.serve_waiter(file, slot)
    }

    fn receive_late(&mut self, slot: u32, port: u32) -> bool {
        let Some(answer) = self.receive(slot, port) else { return false };
        self.unblock(slot, answer.unwrap_or_else(Reply::Err), Cause::Port { port });
        true
    }

    fn send_late(&mut self, slot: u32, port: u32) -> bool {
        if self.port(port).receivers == 0 {
            self.end_wait(slot, Errno::EPIPE, Cause::Port { port });
            return true;
        }
        !self.port(port).is_full() && {
            let message = self.take_message(slot);
            self.send(slot, port, message);
            self.unblock(slot, Reply::Unit, Cause::Port { port });
            true
        }
    }
}
