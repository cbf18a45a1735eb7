//! Tasks that wait for each other: told when it happens, and why nothing can go on.

use crate::{emit, fd::Object, hardware::Hardware, kernel::Kernel, limits, sched::Policy, task::State};
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write,
};

impl<H: Hardware, P: Policy> Kernel<H, P> {
    /// A task has begun to wait for another: logs the cycle that this closed, if it did.
    #[inline]
    pub(crate) fn report_cycle(&mut self, slot: u32) {
        // Mostly who is waited for waits for nobody.
        if self.awaited(slot).and_then(|other| self.awaited(other)).is_some() {
            self.report_cycle_through(slot);
        }
    }

    fn report_cycle_through(&mut self, slot: u32) {
        if let Some(cycle) = cycle_through(slot, |slot| self.awaited(slot)) {
            let tids = self.chain(&cycle);
            emit!(self, Cycle { tids: &tids });
        }
    }

    /// No task can ever run again: says so, task by task, and names a cycle if there is one.
    pub(crate) fn report_deadlock(&mut self) {
        self.read_out_flight("deadlock");
        let blocked: Vec<u32> = self
            .table
            .tids()
            .into_iter()
            .map(|tid| self.slot_of(tid))
            .filter(|&slot| self.waits_on(slot).is_some())
            .collect();
        let holders = self.holders_of_ends();
        let awaited = |slot| self.awaited(slot).or_else(|| self.awaited_at_a_port(slot, &holders));
        let cycle = blocked.iter().find_map(|&slot| cycle_through(slot, awaited));
        let cycle = cycle.map_or(String::from("none"), |cycle| self.chain(&cycle));
        emit!(self, Deadlock { tasks: blocked.len() as u32, cycle: &cycle });
        for slot in blocked {
            if let Some(on) = self.waits_on(slot) {
                let line = self.table.slot(slot).at.map_or(String::new(), |at| at.to_string());
                emit!(self, Deadlocked { tid: self.table.tid(slot), name: self.name_of(slot), on, line: &line });
            }
        }
    }

    /// The task that this one waits for, when it waits for a single one.
    #[inline]
    fn awaited(&self, slot: u32) -> Option<u32> {
        match self.table.slot(slot).state {
            State::AwaitingChild { child } => Some(child),
            State::Joining { target, .. } => Some(target),
            _ => None,
        }
    }

    /// Which tasks hold which end of a port.
    fn holders_of_ends(&self) -> BTreeMap<Object, BTreeSet<u32>> {
        let mut holders: BTreeMap<Object, BTreeSet<u32>> = BTreeMap::new();
        for (slot, _) in self.table.iter() {
            let objects = self.table.cold(slot).into_iter().flat_map(|cold| cold.fds.objects());
            for end in objects.filter(|object| !matches!(object, Object::File(_))) {
                holders.entry(end).or_default().insert(slot);
            }
        }
        holders
    }

    /// The only other task that could end this one's wait at a port, by being at the other end.
    fn awaited_at_a_port(&self, slot: u32, holders: &BTreeMap<Object, BTreeSet<u32>>) -> Option<u32> {
        let other_end = match self.table.slot(slot).state {
            State::Sending { port, .. } => Object::Receiver(port),
            State::Receiving { port, .. } => Object::Sender(port),
            _ => return None,
        };
        let mut others = holders.get(&other_end)?.iter().copied().filter(|&holder| holder != slot);
        let other = others.next()?;
        others.next().is_none().then_some(other)
    }

    /// `1 (main) waits for 2 (worker) waits for 1`
    fn chain(&self, cycle: &[u32]) -> String {
        let mut text = String::new();
        for &slot in cycle {
            // Writing to a string cannot fail.
            let _ = write!(text, "{} ({}) waits for ", self.table.tid(slot), self.name_of(slot));
        }
        let _ = write!(text, "{}", self.table.tid(cycle[0]));
        text
    }
}

/// The tasks of the cycle of waits that `slot` is in, from it on, when each waits for whom `awaited`
/// says.
fn cycle_through(slot: u32, awaited: impl Fn(u32) -> Option<u32>) -> Option<Vec<u32>> {
    let others = || {
        let next = |at: &u32| awaited(*at).filter(|&next| next != slot);
        std::iter::successors(awaited(slot), next).take(limits::CYCLE_SEARCH)
    };
    let last = others().last()?;
    (awaited(last) == Some(slot)).then(|| std::iter::once(slot).chain(others()).collect())
}
