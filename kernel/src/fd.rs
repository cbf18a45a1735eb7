//! A task's own descriptors: slots with generations, each naming an open file or the end of a port.
//!
//! 0, 1 and 2 are the machine's until the task changes one of them; then all three are its own.
//! Invariant: a generation only grows, so a number that was closed never means its successor.

use crate::limits;
use smallvec::SmallVec;
use yieldix_syscalls::{Errno, Fd};

/// What a descriptor names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Object {
    /// The open file at this index.
    File(u32),
    /// The end of this port that is sent to.
    Sender(u32),
    /// The end of this port that is received from.
    Receiver(u32),
}

/// What the standard three name: input, output, error output.
pub type Streams = [Option<Object>; 3];

const FIRST_SLOT: u32 = 3;

/// The descriptors of one task.
#[derive(Debug, Default)]
pub struct FdTable {
    /// Two lie in the table itself: a server's task has its connection next to the listener's place.
    entries: SmallVec<[Entry; 2]>,
    open: u32,
    /// No slot below this entry is free.
    lowest: u32,
    streams: Option<Box<Streams>>,
}

/// An object in a word, its kind in the low two bits, so that an entry has two words.
#[derive(Clone, Copy, Debug)]
struct Entry {
    packed: u32,
    generation: u32,
}

impl Entry {
    const FREE: u32 = 3;

    fn new(object: Object, generation: u32) -> Entry {
        let packed = match object {
            Object::File(index) => index << 2,
            Object::Sender(index) => index << 2 | 1,
            Object::Receiver(index) => index << 2 | 2,
        };
        Entry { packed, generation }
    }

    #[inline(always)]
    fn object(self) -> Option<Object> {
        let index = self.packed >> 2;
        match self.packed & 3 {
            0 => Some(Object::File(index)),
            1 => Some(Object::Sender(index)),
            2 => Some(Object::Receiver(index)),
            _ => None,
        }
    }

    fn is_free(self) -> bool {
        self.packed == Entry::FREE
    }
}

// What does not fit beside its kind is never made.
const _: () = assert!(limits::FILES < 1 << 30);

impl FdTable {
    /// Descriptors open from 3 on.
    pub fn open(&self) -> u32 {
        self.open
    }

    /// The task's own standard three, if it ever changed one.
    pub fn streams(&self) -> Option<&Streams> {
        self.streams.as_deref()
    }

    /// Gives the task its own standard three.
    pub fn set_streams(&mut self, streams: Streams) {
        self.streams = Some(Box::new(streams));
    }

    /// What `fd` names; `machine` are the standard three of the machine.
    #[inline]
    pub fn object(&self, fd: Fd, machine: &Streams) -> Option<Object> {
        match fd.slot().checked_sub(FIRST_SLOT) {
            Some(index) => self.entries.get(index as usize).filter(|e| e.generation == fd.generation())?.object(),
            None if fd.generation() == 0 => self.streams().unwrap_or(machine)[fd.slot() as usize],
            None => None,
        }
    }

    /// Opens the lowest free slot for `object`. `EMFILE` when `max` are open.
    pub fn install(&mut self, object: Object, max: u32) -> Result<Fd, Errno> {
        if self.open >= max {
            return Err(Errno::EMFILE);
        }
        let lowest = self.lowest as usize;
        let free = self.entries[lowest..].iter().position(|entry| entry.is_free());
        let index = free.map_or(self.entries.len(), |offset| lowest + offset);
        if index == self.entries.len() {
            self.entries.push(Entry::new(object, 1));
        } else {
            self.entries[index] = Entry::new(object, self.entries[index].generation);
        }
        self.lowest = index as u32 + 1;
        self.open += 1;
        Ok(Fd::new(FIRST_SLOT + index as u32, self.entries[index].generation))
    }

    /// Makes this slot, which is none of the standard three, a descriptor of `object`, and gives that, and
    /// what was open there. `EMFILE` when there may be no such slot, or `max` are open and it is none of them.
    pub fn put(&mut self, slot: u32, object: Object, max: u32) -> Result<(Fd, Option<Object>), Errno> {
        let index = slot.checked_sub(FIRST_SLOT).ok_or(Errno::EMFILE)? as usize;
        let before = self.entries.get(index).and_then(|entry| entry.object());
        if index >= max as usize || before.is_none() && self.open >= max {
            return Err(Errno::EMFILE);
        }
        if index >= self.entries.len() {
            self.entries.resize(index + 1, Entry { packed: Entry::FREE, generation: 1 });
        }
        // A number that named what was there means it no longer.
        let generation = self.entries[index].generation.wrapping_add(u32::from(before.is_some()));
        self.entries[index] = Entry::new(object, generation);
        self.open += u32::from(before.is_none());
        Ok((Fd::new(slot, generation), before))
    }

    /// Opens `fd` itself, slot and generation, for `object`. Only for a table that is being made.
    /// `EINVAL` when the slot is taken or is one of the standard three, `EMFILE` past `max`.
    pub fn install_as(&mut self, fd: Fd, object: Object, max: u32) -> Result<(), Errno> {
        let index = fd.slot().checked_sub(FIRST_SLOT).ok_or(Errno::EINVAL)? as usize;
        if index >= max as usize || self.open >= max {
            return Err(Errno::EMFILE);
        }
        if index >= self.entries.len() {
            self.entries.resize(index + 1, Entry { packed: Entry::FREE, generation: 1 });
        }
        if !self.entries[index].is_free() {
            return Err(Errno::EINVAL);
        }
        self.entries[index] = Entry::new(object, fd.generation());
        self.open += 1;
        Ok(())
    }

    /// Takes `fd` out and gives what it named. For one of the standard three the task must have its
    /// own.
    pub fn remove(&mut self, fd: Fd) -> Option<Object> {
        let Some(index) = fd.slot().checked_sub(FIRST_SLOT) else {
            return self.streams.as_mut()?[fd.slot() as usize].take();
        };
        let entry = self.entries.get_mut(index as usize)?;
        if entry.generation != fd.generation() {
            return None;
        }
        let object = entry.object()?;
        entry.packed = Entry::FREE;
        entry.generation = entry.generation.wrapping_add(1);
        self.open -= 1;
        self.lowest = self.lowest.min(index);
        Some(object)
    }

    /// The descriptor of the task that names `object`, for reports.
    pub fn fd_of(&self, object: Object, machine: &Streams) -> Option<Fd> {
        let in_entries = self.entries.iter().position(|entry| entry.object() == Some(object));
        let own = in_entries.map(|i| Fd::new(FIRST_SLOT + i as u32, self.entries[i].generation));
        let standard = || self.streams().unwrap_or(machine).iter().position(|&stream| stream == Some(object));
        own.or_else(|| standard().map(|slot| Fd::new(slot as u32, 0)))
    }

    /// Every descriptor that is open, and what it names; `machine` are the standard three of the machine.
    pub fn iter<'a>(&'a self, machine: &'a Streams) -> impl Iterator<Item = (Fd, Object)> + 'a {
        let streams = (0u32..).zip(self.streams().unwrap_or(machine));
        let standard = streams.filter_map(|(slot, object)| Some((Fd::new(slot, 0), (*object)?)));
        let entries = (FIRST_SLOT..).zip(&self.entries);
        standard.chain(entries.filter_map(|(slot, entry)| Some((Fd::new(slot, entry.generation), entry.object()?))))
    }

    /// Everything that an entry names, once an entry.
    pub fn objects(&self) -> impl Iterator<Item = Object> {
        let streams = self.streams.iter().flat_map(|streams| **streams);
        self.entries.iter().map(|entry| entry.object()).chain(streams).flatten()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MACHINE: Streams = [Some(Object::File(0)), Some(Object::File(1)), Some(Object::File(2))];

    #[test]
    fn the_lowest_free_slot_is_taken_and_a_closed_number_stays_dead() {
        let mut fds = FdTable::default();
        let [a, b] = [10, 11].map(|file| fds.install(Object::File(file), 8).unwrap());
        assert_eq!((a.slot(), b.slot()), (3, 4));
        assert_eq!(fds.remove(a), Some(Object::File(10)));
        let c = fds.install(Object::File(12), 8).unwrap();
        assert_eq!(c.slot(), 3);
        assert_eq!(fds.object(a, &MACHINE), None);
        assert_eq!(fds.remove(a), None);
        assert_eq!(fds.object(c, &MACHINE), Some(Object::File(12)));
        assert_eq!(fds.install(Object::File(13), 2), Err(Errno::EMFILE));
    }

    #[test]
    fn a_slot_that_is_asked_for_is_taken_and_the_number_before_is_dead() {
        let mut fds = FdTable::default();
        let a = fds.install(Object::File(10), 8).unwrap();
        let (b, before) = fds.put(a.slot(), Object::File(11), 8).unwrap();
        assert_eq!((b.slot(), before), (a.slot(), Some(Object::File(10))));
        assert_eq!((fds.object(a, &MACHINE), fds.object(b, &MACHINE)), (None, Some(Object::File(11))));
        let (far, before) = fds.put(9, Object::File(12), 8).unwrap();
        assert_eq!((far, before, fds.open()), (Fd::new(9, 1), None, 2));
        assert_eq!(fds.install(Object::File(13), 8).unwrap().slot(), 4);
        assert_eq!(fds.put(11, Object::File(14), 8), Err(Errno::EMFILE));
        assert_eq!(fds.put(8, Object::File(14), 3), Err(Errno::EMFILE));
        assert_eq!(fds.put(4, Object::File(14), 3).map(|(_, before)| before), Ok(Some(Object::File(13))));
    }

    #[test]
    fn a_number_keeps_its_meaning_in_the_table_of_a_child() {
        let mut parent = FdTable::default();
        let first = parent.install(Object::File(10), 8).unwrap();
        parent.remove(first);
        let fd = parent.install(Object::File(11), 8).unwrap();
        let mut child = FdTable::default();
        child.install_as(fd, Object::File(11), 8).unwrap();
        assert_eq!(child.object(fd, &MACHINE), Some(Object::File(11)));
        assert_eq!(child.install_as(fd, Object::File(11), 8), Err(Errno::EINVAL));
        assert_eq!(child.install(Object::File(12), 8).unwrap().slot(), 4);
    }

    #[test]
    fn the_standard_three_are_the_machines_until_they_are_changed() {
        let mut fds = FdTable::default();
        assert_eq!(fds.object(Fd::STDERR, &MACHINE), Some(Object::File(2)));
        assert_eq!(fds.object(Fd::new(1, 1), &MACHINE), None);
        fds.set_streams([MACHINE[0], Some(Object::File(7)), MACHINE[2]]);
        assert_eq!(fds.object(Fd::STDOUT, &MACHINE), Some(Object::File(7)));
        assert_eq!(fds.remove(Fd::STDOUT), Some(Object::File(7)));
        assert_eq!(fds.object(Fd::STDOUT, &MACHINE), None);
    }
}
