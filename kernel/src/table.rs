//! The task table: slots, cold parts, and who is who.

use crate::{
    kernel::broken,
    slab::Slab,
    task::{Cold, Due, NIL, Rare, Slot, State},
    wait::Queue,
};
use yieldix_syscalls::{Errno, Task, Tid, Value};

/// The slots, used or free. Indices come from the kernel's own tables.
#[derive(Debug)]
pub struct Slots(Vec<Slot>);

impl Slots {
    /// The slot at this index.
    #[inline(always)]
    pub fn get(&self, slot: u32) -> &Slot {
        &self.0[slot as usize]
    }

    /// The slot at this index, to change.
    #[inline(always)]
    pub fn get_mut(&mut self, slot: u32) -> &mut Slot {
        &mut self.0[slot as usize]
    }
}

/// Every task of the machine, by slot.
#[derive(Debug)]
pub struct Table {
    slots: Slots,
    cold: Slab<Cold>,
    free: u32,
    serial: u64,
    live: u32,
    zombies: u32,
    tasks_max: u32,
    quantum: u16,
}

impl Table {
    /// Room for `tasks_max` tasks; `quantum` is theirs unless they are given another.
    ///
    /// The room is reserved now, which costs addresses and no memory: a growing table would be
    /// copied.
    pub fn new(tasks_max: u32, quantum: u16) -> Table {
        let tasks_max = tasks_max.min(Tid::SLOTS);
        Table {
            slots: Slots(Vec::with_capacity(tasks_max as usize)),
            cold: Slab::default(),
            free: NIL,
            serial: 0,
            live: 0,
            zombies: 0,
            tasks_max,
            quantum,
        }
    }

    /// How many slots there are, used or free.
    pub fn slot_count(&self) -> u32 {
        self.slots.0.len() as u32
    }

    /// The slots.
    pub fn slots(&self) -> &Slots {
        &self.slots
    }

    /// The slots, to change.
    pub fn slots_mut(&mut self) -> &mut Slots {
        &mut self.slots
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
    pub fn quantum(&self) -> u16 {
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
    #[inline(always)]
    pub fn insert(&mut self, parent: Tid, body: Task) -> Tid {
        self.serial += 1;
        self.live += 1;
        let index = self.free;
        let Some(place) = self.slots.0.get_mut(index as usize) else {
            self.slots.0.push(Slot::new(self.serial, parent, body));
            return Tid::new(self.slot_count() - 1, self.serial);
        };
        let State::Free { next } = place.state else { broken("the free list names a task") };
        self.free = next;
        place.renew(self.serial, parent, body);
        Tid::new(index, self.serial)
    }

    /// The slot at this index. Indices come from the kernel's own tables.
    #[inline(always)]
    pub fn slot(&self, slot: u32) -> &Slot {
        self.slots.get(slot)
    }

    /// The slot of a task and the answer that is due, if the task is ready and not stopped.
    #[inline(always)]
    pub fn ready(&mut self, tid: Tid, slot: u32) -> Option<(&mut Slot, Due)> {
        let slot = self.slots.0.get_mut(slot as usize).filter(|slot| slot.may_run(tid))?;
        let due = slot.due();
        (due != Due::Nothing).then_some((slot, due))
    }

    /// Traps a turn of the task in `slot`.
    #[inline(always)]
    pub fn quantum_of(&self, slot: u32) -> u32 {
        self.cold(slot).map_or(self.quantum, |cold| cold.quantum).into()
    }

    /// The slot at this index, to change.
    #[inline(always)]
    pub fn slot_mut(&mut self, slot: u32) -> &mut Slot {
        self.slots.get_mut(slot)
    }

    /// The id of the task in `slot`.
    #[inline(always)]
    pub fn tid(&self, slot: u32) -> Tid {
        Tid::new(slot, self.slot(slot).serial())
    }

    /// Where the task with this id is, a zombie's too. One parsed from text is looked for.
    #[inline(always)]
    pub fn find(&self, tid: Tid) -> Option<u32> {
        match self.slots.0.get(tid.index()) {
            Some(slot) => slot.is_of(tid).then_some(tid.index() as u32),
            None if tid.slot().is_none() => self.look_for(tid),
            None => None,
        }
    }

    /// The slot of a task that has not ended. The id is not one that was parsed.
    #[inline(always)]
    pub fn find_live(&self, tid: Tid) -> Option<u32> {
        let slot = self.slots.0.get(tid.index())?;
        (slot.serial() == tid.serial() && slot.state.is_live()).then_some(tid.index() as u32)
    }

    #[cold]
    fn look_for(&self, tid: Tid) -> Option<u32> {
        self.slots.0.iter().position(|slot| slot.is_of(tid)).map(|index| index as u32)
    }

    /// The cold part of the task in `slot`, if it has one.
    #[inline]
    pub fn cold(&self, slot: u32) -> Option<&Cold> {
        self.cold.get(self.slot(slot).cold()?)
    }

    /// The cold part of the task in `slot`, if it has one, to change.
    #[inline]
    pub fn cold_mut(&mut self, slot: u32) -> Option<&mut Cold> {
        self.cold.get_mut(self.slots.get(slot).cold()?)
    }

    /// The slot at this index, and the cold part of the task in it.
    #[inline(always)]
    pub fn slot_and_cold(&mut self, slot: u32) -> (&mut Slot, Option<&mut Cold>) {
        let place = self.slots.get_mut(slot);
        let cold = place.cold().and_then(|index| self.cold.get_mut(index));
        (place, cold)
    }

    /// The cold part of the task in `slot`, made if need be.
    #[inline(always)]
    pub fn make_cold(&mut self, slot: u32) -> &mut Cold {
        self.make_cold_and_slots(slot).0
    }

    /// The same, and all slots beside it.
    #[inline(always)]
    pub fn make_cold_and_slots(&mut self, slot: u32) -> (&mut Cold, &mut Slots) {
        let index = match self.slots.get(slot).cold() {
            Some(index) => index,
            None => self.add_cold(slot),
        };
        match self.cold.get_mut(index) {
            Some(cold) => (cold, &mut self.slots),
            None => broken("a slot names a cold part that is none"),
        }
    }

    /// What is rare of the task in `slot`, if it has any.
    #[inline]
    pub fn rare(&self, slot: u32) -> Option<&Rare> {
        self.cold(slot)?.rare()
    }

    /// What is rare of the task in `slot`, if it has any, to change.
    #[inline]
    pub fn rare_mut(&mut self, slot: u32) -> Option<&mut Rare> {
        self.cold_mut(slot)?.rare_mut()
    }

    /// What is rare of the task in `slot`, made if need be.
    #[inline]
    pub fn make_rare(&mut self, slot: u32) -> &mut Rare {
        self.make_cold(slot).make_rare()
    }

    /// Changes a queue of a cold part, which needs the states of the queued as well.
    #[inline(always)]
    pub fn with_queue(
        &mut self,
        slot: u32,
        queue: impl FnOnce(&mut Cold) -> &mut Queue,
        change: impl FnOnce(&mut Queue, &mut Slots),
    ) {
        let (cold, slots) = self.make_cold_and_slots(slot);
        change(queue(cold), slots);
    }

    #[cold]
    fn add_cold(&mut self, slot: u32) -> u32 {
        let index = self.cold.insert(Cold::new(self.quantum));
        self.slot_mut(slot).set_cold(Some(index));
        index
    }

    /// A live task becomes a zombie; its state is set by the caller.
    pub fn count_zombie(&mut self) {
        self.live -= 1;
        self.zombies += 1;
    }

    /// Frees the slot of a zombie, or of a live task that leaves none. Gives what it left and nobody took.
    #[inline(always)]
    #[must_use]
    pub fn release(&mut self, slot: u32) -> Option<Box<Value>> {
        let place = self.slots.get_mut(slot);
        match place.state {
            State::Zombie { .. } => self.zombies -= 1,
            State::Free { .. } => broken("a slot is freed twice"),
            _ => self.live -= 1,
        }
        place.set_state(State::Free { next: self.free });
        self.free = slot;
        let index = place.cold()?;
        place.set_cold(None);
        self.cold.remove(index).and_then(|mut cold| cold.rare_mut()?.value.take())
    }

    /// The slots of all tasks, zombies too, in the order of the slots.
    pub fn iter(&self) -> impl Iterator<Item = (u32, &Slot)> {
        let used = |(_, slot): &(u32, &Slot)| !matches!(slot.state, State::Free { .. });
        (0u32..).zip(&self.slots.0).filter(used)
    }

    /// The ids of all tasks, zombies too, oldest first.
    pub fn tids(&self) -> Vec<Tid> {
        let mut tids: Vec<Tid> = self.iter().map(|(index, _)| self.tid(index)).collect();
        tids.sort_unstable_by_key(|tid| tid.serial());
        tids
    }
}
