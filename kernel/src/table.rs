//! The task table: slots, cold parts, and who is who.

use crate::{
    kernel::broken,
    slab::Slab,
    task::{Cold, NIL, Slot, State},
    wait::Queue,
};
use yieldix_syscalls::{Errno, Task, Tid};

/// Every task of the machine, by slot.
#[derive(Debug)]
pub struct Table {
    slots: Vec<Slot>,
    cold: Slab<Cold>,
    free: u32,
    serial: u64,
    live: u32,
    zombies: u32,
    tasks_max: u32,
    quantum: u32,
}

impl Table {
    /// Room for `tasks_max` tasks; `quantum` is theirs unless they are given another.
    ///
    /// The room is reserved now, which costs addresses and no memory: a growing table would be
    /// copied.
    pub fn new(tasks_max: u32, quantum: u32) -> Table {
        let tasks_max = tasks_max.min(Tid::SLOTS);
        Table {
            slots: Vec::with_capacity(tasks_max as usize),
            cold: Slab::default(),
            free: NIL,
            serial: 0,
            live: 0,
            zombies: 0,
            tasks_max,
            quantum,
        }
    }

    /// Slots, used or free.
    pub fn slots(&self) -> u32 {
        self.slots.len() as u32
    }

    /// Tasks that have not ended.
    pub fn live(&self) -> u32 {
        self.live
    }

    /// Tasks that have, and were not waited for.
    pub fn zombies(&self) -> u32 {
        self.zombies
    }

    /// The most tasks there may be.
    pub fn tasks_max(&self) -> u32 {
        self.tasks_max
    }

    /// The number of cold parts.
    pub fn cold_parts(&self) -> u32 {
        self.cold.len()
    }

    /// The quantum of a task without a cold part.
    pub fn quantum(&self) -> u32 {
        self.quantum
    }

    /// Tasks made so far.
    pub fn spawned(&self) -> u64 {
        self.serial
    }

    /// Is there room for one more? `EAGAIN` when not.
    #[inline]
    pub fn room(&self) -> Result<(), Errno> {
        let is_full = self.live + self.zombies >= self.tasks_max || self.serial >= Tid::SERIAL_MAX;
        if is_full { Err(Errno::EAGAIN) } else { Ok(()) }
    }

    /// A new task, ready. There is [`Table::room`] for it.
    #[inline]
    pub fn insert(&mut self, parent: Tid, body: Task) -> Tid {
        self.serial += 1;
        self.live += 1;
        let slot = Slot::new(self.serial, parent, body);
        let index = self.free;
        let Some(place) = self.slots.get_mut(index as usize) else {
            self.slots.push(slot);
            return Tid::new(self.slots.len() as u32 - 1, self.serial);
        };
        let State::Free { next } = place.state else { broken("the free list names a task") };
        self.free = next;
        // A free slot owns nothing.
        std::mem::forget(std::mem::replace(place, slot));
        Tid::new(index, self.serial)
    }

    /// The slot at this index. Indices come from the kernel's own tables.
    #[inline(always)]
    pub fn slot(&self, slot: u32) -> &Slot {
        &self.slots[slot as usize]
    }

    /// The slot that `tid` names, whoever is in it now.
    #[inline(always)]
    pub fn slot_named(&mut self, tid: Tid) -> Option<&mut Slot> {
        self.slots.get_mut(tid.index())
    }

    /// The slot at this index, to change.
    #[inline(always)]
    pub fn slot_mut(&mut self, slot: u32) -> &mut Slot {
        &mut self.slots[slot as usize]
    }

    /// The id of the task in `slot`.
    #[inline(always)]
    pub fn tid(&self, slot: u32) -> Tid {
        Tid::new(slot, self.slot(slot).serial())
    }

    /// Where the task with this id is, a zombie's too. One parsed from text is looked for.
    pub fn find(&self, tid: Tid) -> Option<u32> {
        let is_it = |slot: &Slot| slot.serial() == tid.serial() && !matches!(slot.state, State::Free { .. });
        match tid.slot() {
            Some(index) => self.slots.get(index as usize).filter(|slot| is_it(slot)).map(|_| index),
            None => self.slots.iter().position(is_it).map(|index| index as u32),
        }
    }

    /// The cold part of the task in `slot`, if it has one.
    #[inline]
    pub fn cold(&self, slot: u32) -> Option<&Cold> {
        self.cold.get(self.slot(slot).cold()?)
    }

    /// The cold part of the task in `slot`, if it has one, to change.
    #[inline]
    pub fn cold_mut(&mut self, slot: u32) -> Option<&mut Cold> {
        self.cold.get_mut(self.slots[slot as usize].cold()?)
    }

    /// The quantum of the task with this cold part.
    #[inline(always)]
    pub fn quantum_in(&self, cold: u32) -> u32 {
        self.cold.get(cold).map_or(self.quantum, |cold| cold.quantum)
    }

    /// The slot at this index, and the cold part of the task in it.
    #[inline(always)]
    pub fn slot_and_cold(&mut self, slot: u32) -> (&mut Slot, Option<&mut Cold>) {
        let place = &mut self.slots[slot as usize];
        let cold = place.cold().and_then(|index| self.cold.get_mut(index));
        (place, cold)
    }

    /// The cold part of the task in `slot`, made if need be.
    #[inline]
    pub fn make_cold(&mut self, slot: u32) -> &mut Cold {
        if self.slot(slot).cold().is_none() {
            self.add_cold(slot);
        }
        match self.slots[slot as usize].cold().and_then(|index| self.cold.get_mut(index)) {
            Some(cold) => cold,
            None => broken("a slot names a cold part that is none"),
        }
    }

    /// Changes a queue of a cold part, which needs the states of the queued as well.
    pub fn with_queue(
        &mut self,
        slot: u32,
        queue: fn(&mut Cold) -> &mut Queue,
        change: impl FnOnce(&mut Queue, &mut Table),
    ) {
        let mut ends = *queue(self.make_cold(slot));
        change(&mut ends, self);
        *queue(self.make_cold(slot)) = ends;
    }

    #[cold]
    fn add_cold(&mut self, slot: u32) {
        let index = self.cold.insert(Cold::new(self.quantum));
        self.slot_mut(slot).set_cold(Some(index));
    }

    /// A live task becomes a zombie; its state is set by the caller.
    pub fn count_zombie(&mut self) {
        self.live -= 1;
        self.zombies += 1;
    }

    /// Frees the slot of a zombie, or of a live task that leaves none.
    pub fn release(&mut self, slot: u32) {
        match self.slot(slot).state {
            State::Zombie { .. } => self.zombies -= 1,
            State::Free { .. } => broken("a slot is freed twice"),
            _ => self.live -= 1,
        }
        if let Some(index) = self.slot(slot).cold() {
            self.cold.remove(index);
        }
        let next = self.free;
        let place = self.slot_mut(slot);
        place.set_cold(None);
        place.state = State::Free { next };
        self.free = slot;
    }

    /// The slots of all tasks, zombies too, in the order of the slots.
    pub fn iter(&self) -> impl Iterator<Item = (u32, &Slot)> {
        let used = |(_, slot): &(u32, &Slot)| !matches!(slot.state, State::Free { .. });
        (0u32..).zip(&self.slots).filter(used)
    }

    /// The ids of all tasks, zombies too, oldest first.
    pub fn tids(&self) -> Vec<Tid> {
        let mut tids: Vec<Tid> = self.iter().map(|(index, _)| self.tid(index)).collect();
        tids.sort_unstable_by_key(|tid| tid.serial());
        tids
    }
}
