//! Who could end a task's wait.
//!
//! Any one of its wakers is enough. A kill is not among them: any task may send one to any other. What the hardware is
//! asked for only the hardware brings, though another task may be at the other end of a connection.

use crate::{
    change::Awaited, event::Queued, fd::Object, file::Direction, hardware::Hardware, kernel::Kernel, limits,
    own::counterpart::Counterpart, sched::Policy, task::State,
};
use std::{collections::BTreeMap, fmt};
use yieldix_syscalls::{Children, Tid, Time};

/// What could end a wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Waker {
    /// A task that holds this.
    Holder(Object),
    /// The task in this slot, by its end.
    Task(u32),
    /// A child of those that are waited for.
    Child,
    /// The clock, at this moment.
    Clock(Time),
    /// The hardware.
    Hardware,
    /// Any task, in this way.
    Anyone(Way),
}

/// In which way any task could end a wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Way {
    /// It sends a signal that is caught.
    Signal,
    /// It sends `CONT`.
    Continue,
    /// It knows the name of what is waited at.
    Name,
    /// It changes the file that is watched.
    File,
}

impl fmt::Display for Way {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Way::Signal => "a signal",
            Way::Continue => "SIGCONT",
            Way::Name => "its name",
            Way::File => "a change of the file",
        })
    }
}

/// Who holds what others may wait at, and whose child is who.
#[derive(Debug, Default)]
pub(crate) struct Holders {
    tasks: BTreeMap<Object, Vec<u32>>,
    /// In the messages of which ports it is on its way.
    carried: BTreeMap<Object, Vec<u32>>,
    children: BTreeMap<Tid, Vec<u32>>,
}

/// How much a search has looked at, and past how much it gives up: what it has found by then is not whole.
#[derive(Debug)]
pub(crate) struct Search {
    looked_at: usize,
    most: usize,
    has_given_up: bool,
}

impl Search {
    /// One that never gives up.
    pub const UNBOUNDED: Search = Search::of_at_most(usize::MAX);

    /// One that gives up past so many things.
    pub const fn of_at_most(most: usize) -> Search {
        Search { looked_at: 0, most, has_given_up: false }
    }

    /// Is about to look at so many things more. May it? If not it has given up.
    pub fn may_look_at(&mut self, things: usize) -> bool {
        self.has_given_up |= things > self.most - self.looked_at;
        self.looked_at += if self.has_given_up { 0 } else { things };
        !self.has_given_up
    }

    /// Would it have had to look at more than it may?
    pub fn has_given_up(&self) -> bool {
        self.has_given_up
    }

    /// How many things it has looked at.
    pub fn looked_at(&self) -> usize {
        self.looked_at
    }
}

impl Holders {
    /// The tasks that hold this themselves, by their slots.
    pub fn of(&self, object: Object) -> &[u32] {
        self.tasks.get(&object).map_or(&[], Vec::as_slice)
    }

    /// The ports whose messages hold this.
    pub fn carriers_of(&self, object: Object) -> &[u32] {
        self.carried.get(&object).map_or(&[], Vec::as_slice)
    }

    fn note(map: &mut BTreeMap<Object, Vec<u32>>, object: Object, holder: u32) {
        let holders = map.entry(object).or_default();
        if holders.last() != Some(&holder) {
            holders.push(holder);
        }
    }
}

impl<H: Hardware, P: Policy> Kernel<H, P> {
    /// Looks who holds what: at tasks, their descriptors, the watches of those that poll, ports, their messages, and
    /// what travels with these.
    pub(crate) fn holders(&self, search: &mut Search) -> Holders {
        let mut holders = Holders::default();
        // Free slots are passed over as well.
        if !search.may_look_at((self.table.slot_count() / limits::SLOTS_PER_OPERATION) as usize) {
            return holders;
        }
        for (slot, place) in self.table.iter() {
            if !search.may_look_at(1) {
                return holders;
            }
            if !place.state.is_live() {
                continue;
            }
            if self.table.find_live(place.parent).is_some() && self.is_child(place.parent, slot) {
                holders.children.entry(place.parent).or_default().push(slot);
            }
            let Some(cold) = self.table.cold(slot) else { continue };
            if !search.may_look_at(cold.polling().map_or(0, |polling| polling.watches.len())) {
                return holders;
            }
            let under_way = match place.state {
                State::Reading { file, .. } | State::Writing { file, .. } => {
                    cold.pending.as_ref().filter(|operation| operation.holds()).map(|_| Object::File(file))
                }
                _ => None,
            };
            for object in cold.fds.objects().chain(under_way) {
                if !search.may_look_at(1) {
                    return holders;
                }
                if self.is_between_tasks(object) {
                    Holders::note(&mut holders.tasks, object, slot);
                }
            }
        }
        for (port, entry) in self.ports.iter() {
            if !search.may_look_at(1) {
                return holders;
            }
            for message in &entry.messages {
                if !search.may_look_at(1 + message.objects().len()) {
                    return holders;
                }
                for &object in message.objects() {
                    if self.is_between_tasks(object) {
                        Holders::note(&mut holders.carried, object, port);
                    }
                }
            }
        }
        holders
    }

    /// Could a task wait there for another?
    fn is_between_tasks(&self, object: Object) -> bool {
        match object {
            Object::File(file) => self.file(file).device.is_own(),
            Object::Sender(_) | Object::Receiver(_) => true,
        }
    }

    /// What could end the wait of the task in `slot`, in order; nothing when it does not wait.
    pub(crate) fn wakers_of(&self, slot: u32) -> Vec<Waker> {
        let place = self.table.slot(slot);
        if place.is_stopped() {
            return vec![Waker::Anyone(Way::Continue)];
        }
        if !place.state.is_blocked() {
            return Vec::new();
        }
        let mut wakers = Vec::new();
        for queue in self.queues_of(slot) {
            self.add_wakers(slot, queue, &mut wakers);
        }
        match place.state {
            State::AwaitingChild { child } => wakers.push(Waker::Task(child)),
            State::AwaitingAny | State::AwaitingChange => wakers.push(Waker::Child),
            State::AwaitingSignal => wakers.push(Waker::Anyone(Way::Signal)),
            _ => {}
        }
        self.add_whatever_it_waits_for(slot, &mut wakers);
        wakers.sort_unstable();
        wakers.dedup();
        wakers
    }

    /// What ends any wait of the task in `slot`.
    fn add_whatever_it_waits_for(&self, slot: u32, wakers: &mut Vec<Waker>) {
        wakers.extend(self.timers.at(slot).map(Waker::Clock));
        let Some(rare) = self.table.rare(slot) else { return };
        wakers.extend(rare.signals.alarm.map(Waker::Clock));
        if !(rare.signals.caught & !self.table.inherited(slot).mask).is_empty() {
            wakers.push(Waker::Anyone(Way::Signal));
        }
    }

    /// Could the wait of the task in `slot` end without what it is for?
    pub(crate) fn may_be_cut_short(&self, slot: u32) -> bool {
        let mut wakers = Vec::new();
        self.add_whatever_it_waits_for(slot, &mut wakers);
        !wakers.is_empty() || self.table.slot(slot).is_stopped()
    }

    /// What could end a wait in a queue.
    fn add_wakers(&self, slot: u32, queue: Queued, wakers: &mut Vec<Waker>) {
        let (file, direction) = match queue {
            Queued::Read(file) => (file, Direction::Read),
            Queued::Write(file) => (file, Direction::Write),
            Queued::Receive(port) => {
                wakers.push(Waker::Holder(Object::Sender(port)));
                if self.port(port).name.is_some() {
                    wakers.push(Waker::Anyone(Way::Name));
                }
                return;
            }
            Queued::Send(port) => return wakers.push(Waker::Holder(Object::Receiver(port))),
            Queued::End(tid) => return wakers.push(Waker::Task(self.slot_of(tid))),
        };
        let device = self.file(file).device;
        if !device.is_own() {
            return wakers.push(Waker::Hardware);
        }
        let counterpart = match self.receiver_of(slot) {
            Some(receiver) => Counterpart::Devices(self.own.named(receiver).into_iter().collect()),
            None => self.own.counterpart(device, direction),
        };
        match counterpart {
            Counterpart::Named => wakers.push(Waker::Anyone(Way::Name)),
            Counterpart::Traced(tids) => {
                let slots = tids.into_iter().filter_map(|tid| self.table.find_live(tid));
                wakers.extend(slots.map(Waker::Task));
                // Who has the tracer, too, may have it trace one more.
                wakers.extend(self.file_of_device(device).map(|file| Waker::Holder(Object::File(file))));
            }
            Counterpart::File => wakers.push(Waker::Anyone(Way::File)),
            Counterpart::Devices(devices) => {
                let files = devices.into_iter().filter_map(|device| self.file_of_device(device));
                wakers.extend(files.map(|file| Waker::Holder(Object::File(file))));
            }
        }
    }

    /// The children of the task in `slot`, those that it waits for, in the order of their slots.
    pub(crate) fn awaited_children<'a>(&'a self, slot: u32, holders: &'a Holders) -> impl Iterator<Item = u32> {
        let children = match self.table.slot(slot).state {
            State::AwaitingAny => Some(Children::Any),
            State::AwaitingChange => {
                let awaited = self.table.rare(slot).and_then(|rare| rare.awaited);
                awaited.map(|Awaited { children, .. }| children)
            }
            _ => None,
        };
        let all = holders.children.get(&self.table.tid(slot)).map_or(&[][..], Vec::as_slice);
        all.iter().copied().filter(move |&child| children.is_some_and(|children| self.is_meant(child, children)))
    }
}
