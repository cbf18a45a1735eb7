//! A task's own descriptors: slots with generations, each naming an open file.
//!
//! 0, 1 and 2 are the machine's until the task changes one of them; then all three are its own.
//! Invariant: a generation only grows, so a number that was closed never means its successor.

use crate::task::NIL;
use smallvec::SmallVec;
use yieldix_syscalls::{Errno, Fd};

/// The standard three: input, output, error output, as indices of files.
pub type Streams = [u32; 3];

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

#[derive(Clone, Copy, Debug)]
struct Entry {
    file: u32,
    generation: u32,
}

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

    /// The file that `fd` names; `machine` are the standard three of the machine.
    #[inline]
    pub fn file(&self, fd: Fd, machine: &Streams) -> Option<u32> {
        let file = match fd.slot().checked_sub(FIRST_SLOT) {
            Some(index) => self.entries.get(index as usize).filter(|e| e.generation == fd.generation())?.file,
            None if fd.generation() == 0 => self.streams().unwrap_or(machine)[fd.slot() as usize],
            None => NIL,
        };
        (file != NIL).then_some(file)
    }

    /// Opens the lowest free slot for `file`. `EMFILE` when `max` are open.
    pub fn install(&mut self, file: u32, max: u32) -> Result<Fd, Errno> {
        if self.open >= max {
            return Err(Errno::EMFILE);
        }
        let lowest = self.lowest as usize;
        let free = self.entries[lowest..].iter().position(|entry| entry.file == NIL);
        let index = free.map_or(self.entries.len(), |offset| lowest + offset);
        if index == self.entries.len() {
            self.entries.push(Entry { file, generation: 1 });
        } else {
            self.entries[index].file = file;
        }
        self.lowest = index as u32 + 1;
        self.open += 1;
        Ok(Fd::new(FIRST_SLOT + index as u32, self.entries[index].generation))
    }

    /// Opens `fd` itself, slot and generation, for `file`. Only for a table that is being made.
    /// `EINVAL` when the slot is taken or is one of the standard three, `EMFILE` past `max`.
    pub fn install_as(&mut self, fd: Fd, file: u32, max: u32) -> Result<(), Errno> {
        let index = fd.slot().checked_sub(FIRST_SLOT).ok_or(Errno::EINVAL)? as usize;
        if index >= max as usize || self.open >= max {
            return Err(Errno::EMFILE);
        }
        if index >= self.entries.len() {
            self.entries.resize(index + 1, Entry { file: NIL, generation: 1 });
        }
        if self.entries[index].file != NIL {
            return Err(Errno::EINVAL);
        }
        self.entries[index] = Entry { file, generation: fd.generation() };
        self.open += 1;
        Ok(())
    }

    /// Takes `fd` out and gives its file. For one of the standard three the task must have its own.
    pub fn remove(&mut self, fd: Fd) -> Option<u32> {
        let Some(index) = fd.slot().checked_sub(FIRST_SLOT) else {
            let place = &mut self.streams.as_mut()?[fd.slot() as usize];
            return Some(std::mem::replace(place, NIL)).filter(|&file| file != NIL);
        };
        let entry = self.entries.get_mut(index as usize)?;
        if entry.generation != fd.generation() || entry.file == NIL {
            return None;
        }
        let file = std::mem::replace(&mut entry.file, NIL);
        entry.generation = entry.generation.wrapping_add(1);
        self.open -= 1;
        self.lowest = self.lowest.min(index);
        Some(file)
    }

    /// The descriptor of the task that names `file`, for reports.
    pub fn fd_of(&self, file: u32, machine: &Streams) -> Option<Fd> {
        let in_entries = self.entries.iter().position(|entry| entry.file == file);
        let own = in_entries.map(|i| Fd::new(FIRST_SLOT + i as u32, self.entries[i].generation));
        let standard = || self.streams().unwrap_or(machine).iter().position(|&f| f == file);
        own.or_else(|| standard().map(|slot| Fd::new(slot as u32, 0)))
    }

    /// Every file that an entry names, once an entry.
    pub fn files(&self) -> impl Iterator<Item = u32> {
        let streams = self.streams.iter().flat_map(|streams| **streams);
        self.entries.iter().map(|entry| entry.file).chain(streams).filter(|&file| file != NIL)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MACHINE: Streams = [0, 1, 2];

    #[test]
    fn the_lowest_free_slot_is_taken_and_a_closed_number_stays_dead() {
        let mut fds = FdTable::default();
        let [a, b] = [10, 11].map(|file| fds.install(file, 8).unwrap());
        assert_eq!((a.slot(), b.slot()), (3, 4));
        assert_eq!(fds.remove(a), Some(10));
        let c = fds.install(12, 8).unwrap();
        assert_eq!(c.slot(), 3);
        assert_eq!(fds.file(a, &MACHINE), None);
        assert_eq!(fds.remove(a), None);
        assert_eq!(fds.file(c, &MACHINE), Some(12));
        assert_eq!(fds.install(13, 2), Err(Errno::EMFILE));
    }

    #[test]
    fn a_number_keeps_its_meaning_in_the_table_of_a_child() {
        let mut parent = FdTable::default();
        let first = parent.install(10, 8).unwrap();
        parent.remove(first);
        let fd = parent.install(11, 8).unwrap();
        let mut child = FdTable::default();
        child.install_as(fd, 11, 8).unwrap();
        assert_eq!(child.file(fd, &MACHINE), Some(11));
        assert_eq!(child.install_as(fd, 11, 8), Err(Errno::EINVAL));
        assert_eq!(child.install(12, 8).unwrap().slot(), 4);
    }

    #[test]
    fn the_standard_three_are_the_machines_until_they_are_changed() {
        let mut fds = FdTable::default();
        assert_eq!(fds.file(Fd::STDERR, &MACHINE), Some(2));
        assert_eq!(fds.file(Fd::new(1, 1), &MACHINE), None);
        fds.set_streams([0, 7, 2]);
        assert_eq!(fds.file(Fd::STDOUT, &MACHINE), Some(7));
        assert_eq!(fds.remove(Fd::STDOUT), Some(7));
        assert_eq!(fds.file(Fd::STDOUT, &MACHINE), None);
    }
}
