//! The kernel's state as text, to be compared with what its log says.
//!
//! A line for each thing there is, in one order, so that two states are equal when their texts are:
//!
//! ```text
//! task 2 "sh" parent=1 group=2 any child
//! fd 2:3 file 7
//! file 7 pipe's reading end
//! port 0 "clock" capacity=16 messages=3
//! queue read file 7: 4 5
//! timer 4 0.250000000
//! alarm 5 1.000000000
//! ready: 3 6
//! ```
//!
//! A task is `ready`, `running`, `zombie`, or what it waits on; one that is stopped says that first. The standard
//! three of a task are there when they are its own.

use crate::{
    event::{Queued, Tids},
    hardware::Hardware,
    kernel::Kernel,
    sched::Policy,
    task::State,
};
use std::{collections::BTreeMap, fmt::Write};
use yieldix_syscalls::Tid;

impl<H: Hardware, P: Policy> Kernel<H, P> {
    /// The number of the last event that was told, or of the one that was left out after it: see
    /// [`Record::sequence`](crate::event::Record::sequence).
    pub fn sequence(&self) -> u64 {
        self.sequence.get()
    }

    /// The state, between two turns: tasks, descriptors, files, ports, queues, timers, and who is ready.
    pub fn snapshot(&self) -> String {
        let mut text = String::new();
        // Writing to a string cannot fail.
        let _ = self.write_snapshot(&mut text);
        text
    }

    fn write_snapshot(&self, to: &mut String) -> std::fmt::Result {
        let tids = self.table.tids();
        for &tid in &tids {
            let slot = self.slot_of(tid);
            let place = self.table.slot(slot);
            let stopped = if place.is_stopped() { "stopped " } else { "" };
            let (name, parent, group) = (self.name_of(slot), place.parent, self.group_of(slot));
            if matches!(place.state, State::Zombie { .. }) {
                writeln!(to, "task {tid} parent={parent} zombie")?;
                continue;
            }
            write!(to, "task {tid} {name:?} parent={parent} group={group} {stopped}")?;
            match self.blocked_on(slot) {
                Some(on) => writeln!(to, "{on}")?,
                None => writeln!(to, "ready")?,
            }
        }
        for &tid in &tids {
            let Some(cold) = self.table.cold(self.slot_of(tid)) else { continue };
            for (fd, object) in cold.fds.iter(&[None; 3]) {
                writeln!(to, "fd {tid}:{fd} {object}")?;
            }
        }
        for (index, file) in self.files.iter() {
            writeln!(to, "file {index} {}", file.kind)?;
        }
        for (index, port) in self.ports.iter() {
            let name = port.name.as_deref().map_or(String::new(), |name| format!(" {name:?}"));
            writeln!(to, "port {index}{name} capacity={} messages={}", port.capacity, port.messages.len())?;
        }
        for (queue, tids) in self.queues() {
            writeln!(to, "queue {queue}: {}", Tids(&tids))?;
        }
        for &tid in &tids {
            if let Some(at) = self.timers.at(self.slot_of(tid)) {
                writeln!(to, "timer {tid} {at}")?;
            }
        }
        let mut alarms: Vec<_> = self.alarms.iter().map(|&(at, tid)| (tid, at)).collect();
        alarms.sort_unstable();
        for (tid, at) in alarms {
            writeln!(to, "alarm {tid} {at}")?;
        }
        let has_turn = |tid: &Tid| {
            self.table.find(*tid).is_some_and(|slot| {
                let place = self.table.slot(slot);
                matches!(place.state, State::Ready(_)) && !place.is_stopped()
            })
        };
        let ready: Vec<Tid> = self.policy.queued().filter(has_turn).collect();
        writeln!(to, "ready: {}", Tids(&ready))
    }

    /// Who stands in which queue, in its order, and then those that poll, in the order of tasks. Those who are
    /// stopped are left out.
    fn queues(&self) -> BTreeMap<Queued, Vec<Tid>> {
        let mut queues: BTreeMap<Queued, Vec<Tid>> = BTreeMap::new();
        let mut add = |queue: Queued, slots: &mut dyn Iterator<Item = u32>| {
            let tids: Vec<Tid> =
                slots.filter(|&slot| !self.table.slot(slot).is_stopped()).map(|slot| self.table.tid(slot)).collect();
            if !tids.is_empty() {
                queues.entry(queue).or_default().extend(tids);
            }
        };
        use crate::file::Direction::{Read, Write};
        for (index, file) in self.files.iter() {
            add(Queued::Read(index), &mut file.queue(Read).iter(self.table.slots()));
            add(Queued::Write(index), &mut file.queue(Write).iter(self.table.slots()));
        }
        for (index, port) in self.ports.iter() {
            add(Queued::Receive(index), &mut port.receiving.iter(self.table.slots()));
            add(Queued::Send(index), &mut port.sending.iter(self.table.slots()));
        }
        for (slot, _) in self.table.iter() {
            if let Some(rare) = self.table.rare(slot) {
                add(Queued::End(self.table.tid(slot)), &mut rare.joiners.iter(self.table.slots()));
            }
        }
        for slot in self.table.tids().into_iter().map(|tid| self.slot_of(tid)) {
            if matches!(self.table.slot(slot).state, State::Polling) {
                for queue in self.queues_of(slot) {
                    add(queue, &mut std::iter::once(slot));
                }
            }
        }
        queues
    }
}
