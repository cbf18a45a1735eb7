//! What must be true of the kernel between any two traps.
//!
//! In checked runs the task that was touched is checked after every trap, and the whole kernel once
//! a round while it is small, and at the end. A broken invariant is a bug of the kernel, and stops
//! the machine.

use crate::{
    file::Direction,
    hardware::Hardware,
    kernel::{Kernel, broken},
    limits,
    sched::Policy,
    task::{NIL, State},
};
use yieldix_syscalls::Time;

impl<H: Hardware, P: Policy> Kernel<H, P> {
    /// Checks the task in `slot`, which a trap has just touched.
    pub(crate) fn check_touched(&self, slot: u32) {
        if self.options.is_checked {
            self.check_task(slot);
        }
    }

    /// Once a round, while that is cheap enough.
    pub(crate) fn check_round(&self) {
        if self.options.is_checked && self.table.live() + self.table.zombies() <= limits::FULL_CHECK_TASKS {
            self.check();
        }
    }

    /// Checks everything; panics with the invariant that is broken.
    ///
    /// Every live task is in one state, and what that state names is there. Each file counts its
    /// holders. Queues hold just the tasks that wait there. Timers are those of blocked tasks.
    /// Zombies have parents that live, and hold nothing.
    pub fn check(&self) {
        let mut timers = 0;
        let mut file_waiters = 0;
        let (mut live, mut zombies, mut ready) = (0, 0, 0);
        let mut holders =
            vec![
                0u32;
                self.file_of_device.len().max(self.files.iter().map(|(i, _)| i as usize + 1).max().unwrap_or(0))
            ];
        for (slot, place) in self.table.iter() {
            self.check_task(slot);
            match place.state {
                State::Zombie { .. } => zombies += 1,
                _ => live += 1,
            }
            match place.state {
                State::Ready(_) => ready += 1,
                State::Reading { .. } | State::Writing { .. } => file_waiters += 1,
                State::Sleeping { alarm } | State::SleepingBounded { alarm } => {
                    timers += usize::from(alarm.at() != Time::NEVER);
                }
                _ => {}
            }
            let Some(cold) = self.table.cold(slot) else { continue };
            timers += usize::from(cold.timer.is_some());
            for file in cold.fds.files() {
                holders[file as usize] += 1;
            }
            if let (Some(crate::file::Pending::Connect), State::Writing { file, .. }) = (&cold.pending, &place.state) {
                holders[*file as usize] += 1;
            }
        }
        for &file in self.streams.iter().filter(|&&file| file != NIL) {
            holders[file as usize] += 1;
        }
        // The policy may also name tasks that have ended since.
        ensure(ready <= self.policy.left() + self.policy.waiting(), "a task that is ready waits for a turn");
        ensure(live == self.table.live(), "the table counts its live tasks");
        ensure(zombies == self.table.zombies(), "the table counts its zombies");
        ensure(live + zombies <= self.table.tasks_max(), "there are no more tasks than there may be");
        ensure(timers == self.timers.len(), "every timer is a blocked task's");
        ensure(file_waiters == self.file_waiters, "the kernel counts the tasks that wait on files");
        for (index, file) in self.files.iter() {
            ensure(holders[index as usize] == file.holders, "each file counts what holds it");
            ensure(self.file_of_device[file.device.index as usize] == index, "a device knows its file");
            for direction in [Direction::Read, Direction::Write] {
                let is_promising = match direction {
                    Direction::Read => file.maybe_readable,
                    Direction::Write => file.maybe_writable,
                };
                let queue = self.queue(index, direction);
                ensure(queue.is_empty() || !is_promising, "nobody waits on a file that may be ready");
                for slot in queue.iter(&self.table) {
                    let is_there = match self.table.slot(slot).state {
                        State::Reading { file, .. } => direction == Direction::Read && file == index,
                        State::Writing { file, .. } => direction == Direction::Write && file == index,
                        _ => false,
                    };
                    ensure(is_there, "a file's queue holds tasks that wait on it");
                }
            }
        }
        ensure(self.hardware.stats().sockets + 3 == self.files.len(), "every socket is an open file's");
    }

    fn check_task(&self, slot: u32) {
        let place = self.table.slot(slot);
        let cold = self.table.cold(slot);
        let has_pending = cold.is_some_and(|cold| cold.pending.is_some());
        let is_on_file = matches!(place.state, State::Reading { .. } | State::Writing { .. });
        ensure(has_pending == is_on_file, "a task that waits on a file has an operation to finish, no other has");
        match place.state {
            State::Ready(_) => ensure(place.body.is_some(), "a task that is ready has a body"),
            State::Running | State::AwaitingAny => {}
            State::Reading { file, .. } | State::Writing { file, .. } => {
                ensure(self.files.get(file).is_some(), "a task waits on a file that is open");
            }
            State::Sleeping { alarm } | State::SleepingBounded { alarm } => {
                let is_set = self.timers.slot(alarm.at(), alarm.sequence()) == Some(slot);
                ensure(is_set || alarm.at() == Time::NEVER, "a task that sleeps has a timer");
            }
            State::AwaitingChild { child } => {
                ensure(self.table.slot(child).parent == self.table.tid(slot), "a task waits for a child of its own");
                ensure(self.table.slot(child).state.is_live(), "a task waits for a child that lives");
            }
            State::Joining { target, .. } => {
                ensure(self.table.slot(target).state.is_live(), "a task joins one that lives");
                let joiners = self.table.cold(target).map(|cold| cold.joiners);
                let is_queued = joiners.is_some_and(|queue| queue.iter(&self.table).any(|joiner| joiner == slot));
                ensure(is_queued, "a task that joins is among the joiners");
            }
            State::Zombie { .. } => {
                ensure(place.body.is_none(), "a zombie has no body");
                ensure(
                    cold.is_none_or(|cold| cold.fds.open() == 0 && cold.callers.is_empty()),
                    "a zombie holds nothing",
                );
                ensure(cold.is_none_or(|cold| cold.joiners.is_empty()), "nobody joins a zombie");
                let is_kept = place.parent.is_none() && self.keeps_status(self.table.tid(slot));
                ensure(is_kept || self.live_slot(place.parent).is_some(), "the parent of a zombie lives");
            }
            State::Free { .. } => {}
        }
        let Some(cold) = cold else { return };
        if let Some((at, sequence)) = cold.timer {
            ensure(place.state.is_blocked(), "only a blocked task has a deadline's timer");
            ensure(self.timers.slot(at, sequence) == Some(slot), "a deadline's timer is set");
        }
        let zombies = cold.zombies.iter(&self.table).count() as u32;
        ensure(zombies <= cold.children, "zombies are counted among the children");
        ensure(cold.fds.open() <= self.options.fds_per_task, "a task has no more descriptors than it may");
    }
}

fn ensure(is_true: bool, invariant: &str) {
    if !is_true {
        broken(invariant);
    }
}
