//! What must be true of the kernel between any two traps.
//!
//! In checked runs the task that was touched is checked after every trap, and the whole kernel once
//! a round while it is small, and at the end. A broken invariant is a bug of the kernel, and stops
//! the machine.

use crate::{
    fd::Object,
    file::{Direction, Kind},
    fs::Opened,
    hardware::{Hardware, HardwareStats},
    kernel::{Kernel, broken},
    limits,
    poll::{Watch, operation},
    sched::Policy,
    task::{Cold, State},
};
use std::collections::{BTreeMap, BTreeSet};
use yieldix_syscalls::{Tid, Time};

impl<H: Hardware, P: Policy> Kernel<H, P> {
    /// Checks the task in `slot`, which a trap has just touched.
    pub(crate) fn check_touched(&self, slot: u32) {
        if self.options.is_checked {
            self.check_task(slot);
        }
    }

    /// Once a round, while that is cheap enough: a round may be a single trap.
    pub(crate) fn check_round(&self) {
        if self.options.is_checked && self.is_small() {
            self.check();
        }
    }

    fn is_small(&self) -> bool {
        let messages = || self.ports.iter().map(|(_, port)| port.messages.len()).sum::<usize>();
        self.table.live() + self.table.zombies() <= limits::FULL_CHECK_TASKS
            && messages() <= limits::FULL_CHECK_MESSAGES
    }

    /// Checks everything; panics with the invariant that is broken.
    ///
    /// Every live task is in one state, and what that state names is there. Whoever is ready is
    /// queued for a turn, once. Each file counts its holders. A queue holds just the tasks that
    /// wait there. Timers are those of blocked tasks. Zombies have parents that live, and hold
    /// nothing.
    pub fn check(&self) {
        let mut found = Found::default();
        for (slot, place) in self.table.iter() {
            self.check_task(slot);
            if self.stands_aside(slot) {
                found.live += 1;
                found.aside += u32::from(matches!(place.state, State::Reading { .. } | State::Writing { .. }));
            } else {
                found.count(&place.state);
            }
            found.ready += usize::from(self.is_queued(slot));
            found.timers += u32::from(self.timers.at(slot).is_some());
            let Some(cold) = self.table.cold(slot) else { continue };
            found.alarms += usize::from(cold.rare().is_some_and(|rare| rare.signals.alarm.is_some()));
            let joiners = cold.rare().map(|rare| rare.joiners.iter(self.table.slots()).count());
            found.joiners_queued += joiners.unwrap_or(0);
            found.hold(cold.fds.objects());
            if let (Some(operation), &(State::Reading { file, .. } | State::Writing { file, .. })) =
                (&cold.pending, &place.state)
                && operation.holds()
            {
                found.hold([Object::File(file)]);
            }
            for &watch in cold.polling().iter().flat_map(|polling| &polling.watches) {
                ensure(found.watches.insert((slot, watch)), "a poll lists a watch once");
            }
        }
        found.hold(self.streams.iter().copied().flatten());
        for (_, port) in self.ports.iter() {
            found.hold(port.messages.iter().flat_map(|message| message.objects().iter().copied()));
        }
        ensure(found.live == self.table.live(), "the table counts its live tasks");
        ensure(found.zombies == self.table.zombies(), "the table counts its zombies");
        ensure(found.live + found.zombies <= self.table.tasks_max(), "there are no more tasks than there may be");
        ensure(found.timers == self.timers.len(), "every timer is a blocked task's");
        ensure(found.alarms == self.alarms.len(), "every alarm is a task's that has set it");
        ensure(found.joiners == found.joiners_queued, "every task that joins is queued with whom it joins");
        self.check_queued(found.ready);
        self.check_watches(&found);
        self.check_files(&found);
        self.check_ports(&found);
        let HardwareStats { sockets, jobs, programs, disk_devices, .. } = self.hardware.stats();
        let devices = sockets + jobs + programs + disk_devices + self.own.len() + 3;
        ensure(devices == self.files.len(), "every device is an open file's");
        let ends = |kind| self.files.iter().filter(|(_, file)| file.kind == kind).count() as u32;
        self.check_tracers(ends(Kind::Tracer));
        ensure(self.own.is_settled(), "the kernel's own devices have been told what they are owed");
        let pipe_ends = [ends(Kind::PipeReader), ends(Kind::PipeWriter)];
        ensure(pipe_ends.iter().all(|&ends| ends <= self.own.pipes()), "a pipe has one end of a kind at most");
        ensure(pipe_ends.iter().sum::<u32>() >= self.own.pipes(), "a pipe without ends is gone");
        if self.fs.ram.inodes() <= limits::FULL_CHECK_INODES {
            self.check_ram();
        }
    }

    fn check_tracers(&self, files: u32) {
        let tracers = self.own.tracers.borrow();
        ensure(tracers.len() == files, "a tracer is an open file's");
        for tracer in tracers.iter() {
            ensure(tracer.traced().all(|tid| self.table.find_live(tid).is_some()), "a traced task lives");
            ensure(tracer.is_within_bounds(), "a tracer holds no more than it may");
            ensure(!tracer.owes_its_reader(), "who reads a tracer is told when there is something");
        }
    }

    fn check_ram(&self) {
        let mut holders = BTreeMap::new();
        for (_, file) in self.files.iter() {
            if let Some(inode) = file.opened().and_then(Opened::inode) {
                *holders.entry(inode).or_default() += 1;
            }
        }
        if let Some(invariant) = self.fs.ram.broken_invariant(&holders) {
            broken(invariant);
        }
    }

    fn is_queued(&self, slot: u32) -> bool {
        let is_parked = self.table.rare(slot).is_some_and(|rare| rare.signals.is_parked);
        matches!(self.table.slot(slot).state, State::Ready(_)) && !is_parked
    }

    /// Whoever is ready has a turn to come, and one only. (The policy may also name the ended.)
    fn check_queued(&self, ready: usize) {
        let is_ready = |tid: &Tid| {
            let slot = self.table.find(*tid);
            slot.is_some_and(|slot| self.is_queued(slot))
        };
        let queued: Vec<u64> = self.policy.queued().filter(is_ready).map(|tid| tid.serial()).collect();
        let distinct: BTreeSet<u64> = queued.iter().copied().collect();
        ensure(queued.len() == distinct.len(), "nobody has two turns to come");
        ensure(distinct.len() == ready, "a task that is ready and not parked has a turn to come");
    }

    fn check_files(&self, found: &Found) {
        let mut waiters = 0;
        for (index, file) in self.files.iter() {
            ensure(found.holders(Object::File(index)) == file.holders, "each file counts what holds it");
            ensure(file.holders > 0, "a file that nobody holds is closed");
            ensure(self.file_of_device(file.device) == Some(index), "a device knows its file");
            let has_place = file.rare().is_some_and(|rare| rare.place.is_some());
            let should_have = matches!(file.kind, Kind::Regular | Kind::Directory);
            ensure(has_place == should_have, "a regular file and a directory have a place, no other has");
            for direction in [Direction::Read, Direction::Write] {
                let (queue, watched) = (file.queue(direction), file.watched(direction));
                waiters += watched.iter(&self.watches).count() as u32;
                let is_waited_on = !queue.is_empty() || !watched.is_empty();
                ensure(!is_waited_on || !file.is_promising(direction), "nobody waits on a file that may be ready");
                for slot in queue.iter(self.table.slots()) {
                    waiters += 1;
                    let is_there = match self.table.slot(slot).state {
                        State::Reading { file, .. } => direction == Direction::Read && file == index,
                        State::Writing { file, .. } => direction == Direction::Write && file == index,
                        _ => false,
                    };
                    ensure(is_there, "a file's queue holds tasks that wait on it");
                }
            }
        }
        ensure(waiters + found.aside == self.file_waiters, "the kernel counts the waits on files");
        let queued =
            waiters - self.watches.iter().filter(|(_, watch)| matches!(watch.object, Object::File(_))).count() as u32;
        ensure(queued == found.file_waiters, "every task that waits on a file is queued there");
    }

    fn check_ports(&self, found: &Found) {
        let mut waiters = 0;
        for (index, port) in self.ports.iter() {
            ensure(found.holders(Object::Sender(index)) == port.senders, "each port counts what holds its sending end");
            ensure(found.holders(Object::Receiver(index)) == port.receivers, "and its receiving end");
            ensure(port.senders + port.receivers > 0, "a port that nobody holds is closed");
            ensure(port.messages.len() <= port.capacity as usize, "a port holds no more messages than it was made for");
            ensure(port.receivers > 0 || port.messages.is_empty(), "what nobody can receive is dropped");
            let is_named = port.name.as_ref().map(|name| self.port_names.get(name) == Some(&index));
            ensure(is_named != Some(false), "a port's name names it");
            let mut objects = port.messages.iter().flat_map(|message| message.objects());
            ensure(!objects.any(|object| matches!(object, Object::Receiver(_))), "no message holds a receiving end");
            let [to_read, to_write] = port.watched;
            let ends = [(port.receiving, to_read, port.is_dry()), (port.sending, to_write, port.is_full())];
            for (queue, watched, must_wait) in ends {
                ensure(must_wait || queue.is_empty() && watched.is_empty(), "nobody waits at a port that could answer");
            }
            for slot in port.receiving.iter(self.table.slots()) {
                waiters += 1;
                let state = &self.table.slot(slot).state;
                ensure(matches!(state, State::Receiving { port, .. } if *port == index), "receivers wait to receive");
            }
            for slot in port.sending.iter(self.table.slots()) {
                waiters += 1;
                let state = &self.table.slot(slot).state;
                ensure(matches!(state, State::Sending { port, .. } if *port == index), "senders wait to send");
            }
        }
        ensure(waiters == found.port_waiters, "every task that waits at a port is queued there");
        let named = self.ports.iter().filter(|(_, port)| port.name.is_some()).count();
        ensure(named == self.port_names.len(), "a name is a port's");
    }

    /// Each watch is listed by the task that polls, and queued where it watches.
    fn check_watches(&self, found: &Found) {
        ensure(found.watches.len() == self.watches.len() as usize, "every watch is a poll's");
        for (index, watch) in self.watches.iter() {
            ensure(found.watches.contains(&(watch.slot, index)), "a poll lists its watches");
            let has_object = self.object_of(watch.slot, watch.interest.fd()) == Ok(watch.object);
            ensure(has_object, "who watches an object has it");
        }
        let of_file = |file| [Direction::Read, Direction::Write].map(|direction| (Object::File(file), direction));
        let of_port = |port| [(Object::Receiver(port), Direction::Read), (Object::Sender(port), Direction::Write)];
        let files = self.files.iter().flat_map(|(file, _)| of_file(file));
        let ports = self.ports.iter().flat_map(|(port, _)| of_port(port));
        let mut queued = 0;
        for (object, direction) in files.chain(ports) {
            for index in self.watched(object, direction).iter(&self.watches) {
                queued += 1;
                let watches_there =
                    |watch: &Watch| (watch.object, operation(watch.interest).direction()) == (object, direction);
                ensure(
                    self.watches.get(index).is_some_and(watches_there),
                    "a queue of watches holds those that watch there",
                );
            }
        }
        // In no queue twice, nor in two: so if they are as many, they are all.
        ensure(queued == self.watches.len(), "a watch is queued where it watches");
    }

    /// What a task has to do with signals, with children that change, and with those bound to it.
    fn check_signals(&self, slot: u32) {
        let place = self.table.slot(slot);
        let is_stopped = place.is_stopped();
        ensure(!is_stopped || place.state.is_live(), "a task that is stopped lives");
        let Some(rare) = self.table.rare(slot) else { return ensure(!is_stopped, "a task is stopped by a signal") };
        let signals = &rare.signals;
        let is_ready = matches!(place.state, State::Ready(_));
        ensure(!signals.is_parked || is_stopped && is_ready, "a task that is parked is stopped and ready");
        let mask = self.table.inherited(slot).mask;
        ensure((signals.told & !signals.pending).is_empty(), "only a pending signal has ended a wait");
        let untold = signals.takeable(mask) & !signals.told;
        let waits = place.state.is_blocked() && !is_stopped;
        ensure(untold.is_empty() || !waits, "nobody waits who was not told of a signal");
        let is_held = is_stopped || !place.state.is_live();
        ensure(is_held || signals.is_due != untold.is_empty(), "a signal is due that was not told");
        let is_acted_on = (signals.pending & !(signals.caught | mask)).is_empty();
        ensure(is_held || is_acted_on, "what is pending is stopped, masked or caught");
        let is_waiting = matches!(place.state, State::AwaitingChange);
        ensure(rare.awaited.is_some() == is_waiting, "a task that waits for a change has said of whom, no other has");
        if let Some(at) = signals.alarm {
            ensure(self.alarms.contains(&(at, self.table.tid(slot))), "an alarm is listed under its moment");
        }
        let is_live_child = |&child: &Tid| {
            let child = self.table.find_live(child);
            child.is_some_and(|child| self.table.slot(child).parent == self.table.tid(slot))
        };
        if place.state.is_live() {
            ensure(rare.bound.iter().all(is_live_child), "those bound to a task are children that live");
            ensure(rare.changed.iter().all(is_live_child), "children that have changed live");
        }
    }

    fn check_task(&self, slot: u32) {
        let place = self.table.slot(slot);
        let cold = self.table.cold(slot);
        let rare = cold.and_then(Cold::rare);
        let has_pending = cold.is_some_and(|cold| cold.pending.is_some());
        let is_on_file = matches!(place.state, State::Reading { .. } | State::Writing { .. });
        ensure(has_pending == is_on_file, "a task that waits on a file has an operation to finish, no other has");
        let has_outgoing = cold.and_then(|cold| cold.rare()).is_some_and(|rare| rare.outgoing.is_some());
        let is_sending = matches!(place.state, State::Sending { .. });
        ensure(has_outgoing == is_sending, "a task that waits to send has a message, no other has");
        let has_watches = cold.is_some_and(|cold| cold.polling().is_some());
        ensure(has_watches == matches!(place.state, State::Polling), "a task that polls has watches, no other has");
        self.check_signals(slot);
        match place.state {
            State::Ready(_) => ensure(place.body.is_some(), "a task that is ready has a body"),
            State::Running | State::AwaitingAny | State::AwaitingChange | State::AwaitingSignal | State::Polling => {}
            State::Sending { port, links } | State::Receiving { port, links } => {
                ensure(links.is_alone(slot) == self.stands_aside(slot), "who is stopped stands aside, and nobody else");
                ensure(self.ports.get(port).is_some(), "a task waits at a port that is there");
            }
            State::Reading { file, links } | State::Writing { file, links } => {
                ensure(links.is_alone(slot) == self.stands_aside(slot), "who is stopped stands aside, and nobody else");
                ensure(self.files.get(file).is_some(), "a task waits on a file that is open");
            }
            State::Sleeping { alarm } | State::SleepingBounded { alarm } => {
                ensure(self.timers.at(slot) == timer_for(alarm.at()), "a task that sleeps has a timer");
            }
            State::AwaitingChild { child } => {
                ensure(self.table.slot(child).parent == self.table.tid(slot), "a task waits for a child of its own");
                ensure(self.table.slot(child).state.is_live(), "a task waits for a child that lives");
            }
            State::Joining { target, .. } => {
                ensure(self.table.slot(target).state.is_live(), "a task joins one that lives");
                let joiners = self.table.rare(target).map(|rare| rare.joiners);
                let is_queued =
                    joiners.is_some_and(|queue| queue.iter(self.table.slots()).any(|joiner| joiner == slot));
                ensure(is_queued, "a task that joins is among the joiners");
            }
            State::Zombie { .. } => {
                ensure(place.body.is_none(), "a zombie has no body");
                ensure(cold.is_none_or(|cold| cold.fds.open() == 0), "a zombie has no descriptors");
                ensure(rare.is_none_or(|rare| rare.callers.is_empty()), "a zombie has no coroutines");
                ensure(rare.is_none_or(|rare| rare.joiners.is_empty()), "nobody joins a zombie");
                let is_kept = place.parent.is_none() && self.keeps_status(self.table.tid(slot));
                ensure(is_kept || self.table.find_live(place.parent).is_some(), "the parent of a zombie lives");
            }
            State::Free { .. } => {}
        }
        if !place.state.is_blocked() {
            ensure(self.timers.at(slot).is_none(), "only a blocked task has a timer");
        }
        let Some(cold) = cold else { return };
        let is_bounded = place.state.is_blocked() && !matches!(place.state, State::Sleeping { .. });
        if is_bounded {
            let own = cold.polling().map_or(Time::NEVER, |polling| polling.until);
            let bound = timer_for(cold.deadline().min(own));
            ensure(self.timers.at(slot) == bound, "a wait with a deadline has its timer");
        }
        let zombies = cold.zombies.iter(self.table.slots()).count() as u32;
        ensure(zombies <= cold.children, "zombies are counted among the children");
        ensure(cold.fds.open() <= self.options.fds_per_task, "a task has no more descriptors than it may");
    }
}

/// What a look through the task table has found.
#[derive(Default)]
struct Found {
    live: u32,
    zombies: u32,
    ready: usize,
    timers: u32,
    alarms: usize,
    joiners: usize,
    joiners_queued: usize,
    file_waiters: u32,
    port_waiters: u32,
    /// Those who stand aside and wait on files.
    aside: u32,
    /// Who lists which.
    watches: BTreeSet<(u32, u32)>,
    holders: BTreeMap<Object, u32>,
}

impl Found {
    fn hold(&mut self, objects: impl IntoIterator<Item = Object>) {
        for object in objects {
            *self.holders.entry(object).or_default() += 1;
        }
    }

    fn holders(&self, object: Object) -> u32 {
        self.holders.get(&object).copied().unwrap_or(0)
    }

    fn count(&mut self, state: &State) {
        match state {
            State::Zombie { .. } => return self.zombies += 1,
            State::Reading { .. } | State::Writing { .. } => self.file_waiters += 1,
            State::Sending { .. } | State::Receiving { .. } => self.port_waiters += 1,
            State::Joining { .. } => self.joiners += 1,
            State::Ready(_)
            | State::Running
            | State::Sleeping { .. }
            | State::SleepingBounded { .. }
            | State::Polling => {}
            State::AwaitingChild { .. } | State::AwaitingAny | State::AwaitingChange => {}
            State::AwaitingSignal | State::Free { .. } => {}
        }
        self.live += 1;
    }
}

/// The timer of a wait that ends at this moment.
fn timer_for(at: Time) -> Option<Time> {
    Some(at).filter(|at| *at != Time::NEVER)
}

fn ensure(is_true: bool, invariant: &str) {
    if !is_true {
        broken(invariant);
    }
}
