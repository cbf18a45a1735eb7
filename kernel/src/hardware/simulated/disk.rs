//! A disk in memory: folders, and what is open of them.
//!
//! To open a file, to ask for it and to watch it take the disk's time, from the seed. So does a read of
//! bytes that are not in the cache, where all lie that were read or written before, and every few writes.

use super::agenda::{Agenda, Event};
use super::entropy::{Generator, Use};
use super::faults::Misfortune;
use super::folder::{MemoryFolder, Tree};
use super::limits::{DISK_NS_MAX, DISK_NS_MIN, FILE_READ_MAX, LATE_WRITE_ONE_IN};
use crate::hardware::devices::Devices;
use crate::hardware::underway::Underway;
use crate::hardware::{Class, Device, Interrupt};
use std::sync::MutexGuard;
use std::time::Duration;
use yieldix_syscalls::{Buf, Errno, FileInfo, OpenFlags, Time};

/// What the disk was asked for by path.
#[derive(Debug)]
enum Wanted {
    Open(OpenFlags),
    Watch,
    Stat,
}

/// Something that takes the disk's time.
#[derive(Debug, Default)]
struct Work {
    is_done: bool,
    /// Where a read or a write began.
    offset: u64,
    max: usize,
}

#[derive(Debug)]
enum Open {
    /// Not answered yet.
    Asked {
        wanted: Wanted,
        folder: u32,
        path: Box<str>,
        is_due: bool,
    },
    File {
        folder: u32,
        number: u64,
        flags: OpenFlags,
        reading: Underway<Work>,
        writing: Underway<Work>,
    },
    Watch {
        folder: u32,
        watch: u64,
        is_owed: bool,
    },
}

/// The folders, and all that is open.
#[derive(Debug)]
pub struct Disk {
    folders: Vec<MemoryFolder>,
    /// The moment for which the next change of each folder is planned.
    planned: Vec<Option<Time>>,
    devices: Devices<Open>,
    time: Generator,
    watches: u32,
}

impl Disk {
    /// These folders, by number.
    pub fn new(seed: u64, folders: Vec<MemoryFolder>) -> Disk {
        let planned = vec![None; folders.len()];
        Disk { folders, planned, devices: Devices::new(Class::Disk), time: Generator::new(seed, Use::Disk), watches: 0 }
    }

    /// Devices that are open.
    pub fn open_count(&self) -> u32 {
        self.devices.len()
    }

    pub fn open(&mut self, folder: u32, path: &str, flags: OpenFlags, agenda: &mut Agenda) -> Result<Device, Errno> {
        self.ask(Wanted::Open(flags), folder, path, agenda)
    }

    pub fn watch(&mut self, folder: u32, path: &str, agenda: &mut Agenda) -> Result<Device, Errno> {
        self.ask(Wanted::Watch, folder, path, agenda)
    }

    pub fn stat(&mut self, folder: u32, path: &str, agenda: &mut Agenda) -> Result<Device, Errno> {
        self.ask(Wanted::Stat, folder, path, agenda)
    }

    fn ask(&mut self, wanted: Wanted, folder: u32, path: &str, agenda: &mut Agenda) -> Result<Device, Errno> {
        drop(tree(&self.folders, folder)?);
        let device = self.devices.open(|_| Open::Asked { wanted, folder, path: path.into(), is_due: false });
        let moment = self.moment(agenda);
        agenda.plan(moment, Event::Disk { device, is_read: false });
        Ok(device)
    }

    /// How the opening of a file or of a watch ended.
    pub fn connected(&mut self, device: Device) -> Result<(), Errno> {
        let Disk { folders, devices, .. } = self;
        let known = devices.get(device)?;
        let Open::Asked { wanted, folder, path, is_due } = known else { return Ok(()) };
        if !*is_due {
            return Err(Errno::EAGAIN);
        }
        let number = *folder;
        let mut tree = tree(folders, number)?;
        *known = match wanted {
            Wanted::Open(flags) => {
                let (reading, writing) = (Underway::Idle, Underway::Idle);
                Open::File { folder: number, number: tree.open(path, *flags)?, flags: *flags, reading, writing }
            }
            Wanted::Watch => {
                let watch = tree.watch(path)?;
                self.watches += 1;
                Open::Watch { folder: number, watch, is_owed: false }
            }
            Wanted::Stat => return Err(Errno::EINVAL),
        };
        Ok(())
    }

    /// What is known of an open file, or of one that was asked for.
    pub fn file_info(&mut self, device: Device) -> Result<FileInfo, Errno> {
        let Disk { folders, devices, .. } = self;
        match devices.get(device)? {
            Open::Asked { is_due: false, .. } => Err(Errno::EAGAIN),
            Open::Asked { folder, path, .. } => tree(folders, *folder)?.stat(path),
            Open::File { folder, number, .. } => tree(folders, *folder)?.info(*number),
            Open::Watch { .. } => Err(Errno::EINVAL),
        }
    }

    pub fn read_at(
        &mut self,
        device: Device,
        ticket: u64,
        offset: u64,
        max: usize,
        luck: &mut Misfortune,
        agenda: &mut Agenda,
    ) -> Result<(Buf, u64), Errno> {
        let moment = self.moment(agenda);
        let Disk { folders, devices, .. } = self;
        let Open::File { folder, number, reading, .. } = devices.get(device)? else { return Err(Errno::EINVAL) };
        let mut tree = tree(folders, *folder)?;
        let (offset, max) = match reading.take(ticket, |work| work.is_done)? {
            Some(Work { offset, max, .. }) => {
                tree.warm(*number, offset, max)?;
                (offset, max)
            }
            None => {
                let max = max.min(FILE_READ_MAX);
                if tree.is_cold(*number, offset, max)? {
                    *reading = Underway::Begun(ticket, Work { is_done: false, offset, max });
                    agenda.plan(moment, Event::Disk { device, is_read: true });
                    return Err(Errno::EAGAIN);
                }
                (offset, max)
            }
        };
        let data = tree.read(*number, offset, max)?;
        let data = Buf::copy_from(&data[..luck.read_length(data.len())]);
        let end = offset + data.len() as u64;
        Ok((data, end))
    }

    pub fn write_at(
        &mut self,
        device: Device,
        ticket: u64,
        offset: u64,
        data: &[u8],
        luck: &mut Misfortune,
        agenda: &mut Agenda,
    ) -> Result<(usize, u64), Errno> {
        let is_late = self.time.below(LATE_WRITE_ONE_IN) == 0;
        let offset = match self.take_or_begin(device, ticket, is_late, Work { offset, ..Work::default() }, agenda)? {
            Some(Work { offset, .. }) => offset,
            None => offset,
        };
        let Disk { folders, devices, .. } = self;
        let Open::File { folder, number, flags, .. } = devices.get(device)? else { return Err(Errno::EINVAL) };
        let place = (!flags.has(OpenFlags::APPEND)).then_some(offset);
        let count = luck.write_length(data.len());
        let mut tree = tree(folders, *folder)?;
        tree.now = agenda.now();
        let end = tree.write(*number, place, &data[..count])?;
        Ok((count, end))
    }

    pub fn truncate(&mut self, device: Device, ticket: u64, length: u64, agenda: &mut Agenda) -> Result<(), Errno> {
        self.take_or_begin(device, ticket, true, Work::default(), agenda)?;
        let Disk { folders, devices, .. } = self;
        let Open::File { folder, number, .. } = devices.get(device)? else { return Err(Errno::EINVAL) };
        let mut tree = tree(folders, *folder)?;
        tree.now = agenda.now();
        tree.set_length(*number, length)
    }

    /// The work of an operation that writes, done; none when it is to be done at once.
    fn take_or_begin(
        &mut self,
        device: Device,
        ticket: u64,
        is_late: bool,
        work: Work,
        agenda: &mut Agenda,
    ) -> Result<Option<Work>, Errno> {
        let moment = self.moment(agenda);
        let Open::File { writing, .. } = self.devices.get(device)? else { return Err(Errno::EINVAL) };
        let done = writing.take(ticket, |work| work.is_done)?;
        if done.is_none() && is_late {
            *writing = Underway::Begun(ticket, work);
            agenda.plan(moment, Event::Disk { device, is_read: false });
            return Err(Errno::EAGAIN);
        }
        Ok(done)
    }

    /// Reads what a watch has to tell. Also tells whether nothing is left for now.
    pub fn read(&mut self, device: Device, max: usize) -> Result<(Buf, bool), Errno> {
        let Disk { folders, devices, .. } = self;
        let Open::Watch { folder, watch, is_owed } = devices.get(device)? else { return Err(Errno::EINVAL) };
        let mut tree = tree(folders, *folder)?;
        let news = tree.news(*watch)?;
        let text = news.take(max);
        *is_owed |= news.is_empty();
        Ok((text?, news.is_empty()))
    }

    /// Would a read of this device, or a write, answer? A file always does.
    pub fn is_ready(&mut self, device: Device) -> Result<bool, Errno> {
        let Disk { folders, devices, .. } = self;
        let Open::Watch { folder, watch, is_owed } = devices.get(device)? else { return Ok(true) };
        let has_news = !tree(folders, *folder)?.news(*watch)?.is_empty();
        *is_owed |= !has_news;
        Ok(has_news)
    }

    /// Work has been done; what it owes, unless nobody has the device any more.
    pub fn done(&mut self, device: Device, is_read: bool) -> Option<Interrupt> {
        match self.devices.get(device).ok()? {
            Open::Asked { is_due, .. } => *is_due = true,
            Open::File { reading: Underway::Begun(_, work), .. } if is_read => work.is_done = true,
            Open::File { writing: Underway::Begun(_, work), .. } if !is_read => work.is_done = true,
            Open::File { .. } | Open::Watch { .. } => return None,
        }
        Some(Interrupt::Ready { device, readable: is_read, writable: !is_read })
    }

    /// The interrupt that a watch is owed and can have now; the debt is paid by it.
    pub fn settle(&mut self, device: Device) -> Option<Interrupt> {
        let Disk { folders, devices, .. } = self;
        let Open::Watch { folder, watch, is_owed } = devices.get(device).ok()? else { return None };
        let is_due = *is_owed && !tree(folders, *folder).ok()?.news(*watch).ok()?.is_empty();
        *is_owed &= !is_due;
        is_due.then_some(Interrupt::Ready { device, readable: true, writable: false })
    }

    /// Looks at what may have been done to the folders, and at what is to be done to them.
    pub fn look(&mut self, agenda: &mut Agenda) {
        for ((folder, planned), number) in self.folders.iter().zip(&mut self.planned).zip(0..) {
            folder.lock().now = agenda.now();
            if let Some(moment) = folder.next_change()
                && planned.is_none_or(|planned| moment < planned)
            {
                *planned = Some(moment);
                agenda.plan(moment, Event::Change { folder: number });
            }
        }
        if self.watches == 0 {
            return;
        }
        for (device, known) in self.devices.iter_mut() {
            if matches!(known, Open::Watch { is_owed: true, .. }) {
                agenda.touch(device);
            }
        }
    }

    /// Does what is due to be done to a folder.
    pub fn change(&mut self, folder: u32, agenda: &mut Agenda) {
        self.planned[folder as usize] = None;
        self.folders[folder as usize].change(agenda.now());
        self.look(agenda);
    }

    /// Closes a device; a stale one is nobody's loss.
    pub fn close(&mut self, device: Device) {
        match self.devices.close(device) {
            Some(Open::File { folder, number, .. }) => self.folders[folder as usize].lock().close(number),
            Some(Open::Watch { folder, watch, .. }) => {
                self.watches -= 1;
                self.folders[folder as usize].lock().unwatch(watch);
            }
            Some(Open::Asked { .. }) | None => {}
        }
    }

    /// When work is done that is begun now.
    fn moment(&mut self, agenda: &Agenda) -> Time {
        let nanos = DISK_NS_MIN + self.time.below(DISK_NS_MAX - DISK_NS_MIN + 1);
        agenda.now() + Duration::from_nanos(nanos)
    }
}

/// What is in a folder.
fn tree(folders: &[MemoryFolder], folder: u32) -> Result<MutexGuard<'_, Tree>, Errno> {
    Ok(folders.get(folder as usize).ok_or(Errno::ENODEV)?.lock())
}
