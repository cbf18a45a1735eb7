//! A disk in memory: folders, and what is open of them.
//!
//! To open a file, to watch it and all questions take the disk's time, from the seed. So does a read of
//! bytes that are not in the cache, where all lie that were read or written before, every few writes, and to
//! read a directory. A question that was given up may take place all the same.

use super::agenda::{Agenda, Event};
use super::entropy::{Generator, Use};
use super::faults::Misfortune;
use super::folder::MemoryFolder;
use super::limits::{DISK_NS_MAX, DISK_NS_MIN, FILE_READ_MAX, GIVEN_UP_DONE_ONE_IN, LATE_WRITE_ONE_IN, READ_DIR_MAX};
use super::tree::{Opened, Tree};
use crate::hardware::devices::Devices;
use crate::hardware::underway::Underway;
use crate::hardware::{Class, Device, Interrupt, Question, Told};
use std::sync::MutexGuard;
use std::time::Duration;
use yieldix_syscalls::{Buf, DirEntry, Errno, FileInfo, OpenFlags, Time};

/// What is to be open once the disk has found it.
#[derive(Debug)]
enum Wanted {
    Open(OpenFlags),
    Watch,
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
    /// Not open yet.
    Opening {
        wanted: Wanted,
        folder: u32,
        path: Box<str>,
        is_due: bool,
    },
    Asked {
        folder: u32,
        question: Question,
    },
    Answered(Result<Told, Errno>),
    File {
        folder: u32,
        number: u64,
        flags: OpenFlags,
        reading: Underway<Work>,
        writing: Underway<Work>,
    },
    Directory {
        folder: u32,
        number: u64,
        /// As it was when it was last read from its beginning.
        entries: Vec<DirEntry>,
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
        self.begin(Wanted::Open(flags), folder, path, agenda)
    }

    pub fn watch(&mut self, folder: u32, path: &str, agenda: &mut Agenda) -> Result<Device, Errno> {
        self.begin(Wanted::Watch, folder, path, agenda)
    }

    fn begin(&mut self, wanted: Wanted, folder: u32, path: &str, agenda: &mut Agenda) -> Result<Device, Errno> {
        drop(tree(&self.folders, folder)?);
        let opening = Open::Opening { wanted, folder, path: path.into(), is_due: false };
        Ok(self.plan(opening, agenda))
    }

    pub fn ask(&mut self, folder: u32, question: Question, agenda: &mut Agenda) -> Result<Device, Errno> {
        drop(tree(&self.folders, folder)?);
        Ok(self.plan(Open::Asked { folder, question }, agenda))
    }

    /// A new device, and the moment at which the disk has come to it.
    fn plan(&mut self, open: Open, agenda: &mut Agenda) -> Device {
        let device = self.devices.open(|_| open);
        let moment = self.moment(agenda);
        agenda.plan(moment, Event::Disk { device, is_read: false });
        device
    }

    /// The answer to a question.
    pub fn told(&mut self, device: Device) -> Result<Told, Errno> {
        match self.devices.get(device)? {
            Open::Asked { .. } => Err(Errno::EAGAIN),
            Open::Answered(answer) => *answer,
            _ => Err(Errno::EINVAL),
        }
    }

    /// How the opening of a file or of a watch ended.
    pub fn connected(&mut self, device: Device) -> Result<(), Errno> {
        let Disk { folders, devices, .. } = self;
        let known = devices.get(device)?;
        let (wanted, folder, path) = match known {
            Open::Opening { is_due: false, .. } => return Err(Errno::EAGAIN),
            Open::Opening { wanted, folder, path, .. } => (wanted, *folder, path),
            Open::Asked { .. } | Open::Answered(_) => return Err(Errno::EINVAL),
            Open::File { .. } | Open::Directory { .. } | Open::Watch { .. } => return Ok(()),
        };
        let mut tree = tree(folders, folder)?;
        let (reading, writing) = (Underway::Idle, Underway::Idle);
        *known = match wanted {
            Wanted::Open(flags) => match tree.open(path, *flags)? {
                Opened::File(number) => Open::File { folder, number, flags: *flags, reading, writing },
                Opened::Directory(number) => Open::Directory { folder, number, entries: Vec::new(), reading, writing },
            },
            Wanted::Watch => {
                let watch = tree.watch(path)?;
                self.watches += 1;
                Open::Watch { folder, watch, is_owed: false }
            }
        };
        Ok(())
    }

    /// What is known of an open file or directory.
    pub fn file_info(&mut self, device: Device) -> Result<FileInfo, Errno> {
        let Disk { folders, devices, .. } = self;
        match devices.get(device)? {
            Open::File { folder, number, .. } => tree(folders, *folder)?.contents.info(*number),
            Open::Directory { folder, number, .. } => tree(folders, *folder)?.directory_info(*number),
            Open::Opening { .. } | Open::Asked { .. } | Open::Answered(_) | Open::Watch { .. } => Err(Errno::EINVAL),
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
        let (folder, number, reading) = match devices.get(device)? {
            Open::File { folder, number, reading, .. } => (folder, number, reading),
            Open::Directory { .. } => return Err(Errno::EISDIR),
            _ => return Err(Errno::EINVAL),
        };
        let mut tree = tree(folders, *folder)?;
        let (offset, max) = match reading.take(ticket, |work| work.is_done)? {
            Some(Work { offset, max, .. }) => {
                tree.contents.warm(*number, offset, max)?;
                (offset, max)
            }
            None => {
                let max = max.min(FILE_READ_MAX);
                if tree.contents.is_cold(*number, offset, max)? {
                    *reading = Underway::Begun(ticket, Work { is_done: false, offset, max });
                    agenda.plan(moment, Event::Disk { device, is_read: true });
                    return Err(Errno::EAGAIN);
                }
                (offset, max)
            }
        };
        let data = tree.contents.read(*number, offset, max)?;
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
        self.file(device)?;
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
        let (folder, number) = self.file(device)?;
        self.take_or_begin(device, ticket, true, Work::default(), agenda)?;
        let mut tree = tree(&self.folders, folder)?;
        tree.now = agenda.now();
        tree.set_length(number, length)
    }

    /// Nothing is lost in memory, but it takes its time.
    pub fn sync(&mut self, device: Device, ticket: u64, agenda: &mut Agenda) -> Result<(), Errno> {
        self.take_or_begin(device, ticket, true, Work::default(), agenda).map(drop)
    }

    /// The next entries of a directory, in the order of their names.
    pub fn read_dir(
        &mut self,
        device: Device,
        ticket: u64,
        offset: u64,
        agenda: &mut Agenda,
    ) -> Result<Vec<DirEntry>, Errno> {
        let moment = self.moment(agenda);
        let Disk { folders, devices, .. } = self;
        let Open::Directory { folder, number, entries, reading, .. } = devices.get(device)? else {
            return Err(Errno::ENOTDIR);
        };
        let Some(Work { offset, .. }) = reading.take(ticket, |work| work.is_done)? else {
            *reading = Underway::Begun(ticket, Work { is_done: false, offset, max: 0 });
            agenda.plan(moment, Event::Disk { device, is_read: true });
            return Err(Errno::EAGAIN);
        };
        // A place is one of these names, which stay what they are while the directory changes.
        if offset == 0 {
            *entries = tree(folders, *folder)?.entries(*number);
        }
        let begin = usize::try_from(offset).unwrap_or(usize::MAX).min(entries.len());
        Ok(entries[begin..entries.len().min(begin + READ_DIR_MAX)].to_vec())
    }

    /// The folder and the number of an open file; `EINVAL` for all else.
    fn file(&mut self, device: Device) -> Result<(u32, u64), Errno> {
        match self.devices.get(device)? {
            Open::File { folder, number, .. } => Ok((*folder, *number)),
            _ => Err(Errno::EINVAL),
        }
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
        let (Open::File { writing, .. } | Open::Directory { writing, .. }) = self.devices.get(device)? else {
            return Err(Errno::EINVAL);
        };
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
        let text = tree.read_news(*watch, max);
        let is_drained = !tree.has_news(*watch)?;
        *is_owed |= is_drained;
        Ok((text?, is_drained))
    }

    /// Would a read of this device, or a write, answer? A file always does.
    pub fn is_ready(&mut self, device: Device) -> Result<bool, Errno> {
        let Disk { folders, devices, .. } = self;
        let Open::Watch { folder, watch, is_owed } = devices.get(device)? else { return Ok(true) };
        let has_news = tree(folders, *folder)?.has_news(*watch)?;
        *is_owed |= !has_news;
        Ok(has_news)
    }

    /// Work has been done; what it owes, unless nobody has the device any more.
    pub fn done(&mut self, device: Device, is_read: bool, now: Time) -> Option<Interrupt> {
        let Disk { folders, devices, .. } = self;
        let known = devices.get(device).ok()?;
        match known {
            Open::Opening { is_due, .. } => *is_due = true,
            Open::Asked { folder, question } => {
                let answer = tree(folders, *folder).and_then(|mut tree| {
                    tree.now = now;
                    tree.answer(question)
                });
                *known = Open::Answered(answer);
            }
            Open::File { reading: Underway::Begun(_, work), .. }
            | Open::Directory { reading: Underway::Begun(_, work), .. }
                if is_read =>
            {
                work.is_done = true;
            }
            Open::File { writing: Underway::Begun(_, work), .. }
            | Open::Directory { writing: Underway::Begun(_, work), .. }
                if !is_read =>
            {
                work.is_done = true;
            }
            Open::File { .. } | Open::Directory { .. } | Open::Answered(_) | Open::Watch { .. } => return None,
        }
        Some(Interrupt::Ready { device, readable: is_read, writable: !is_read })
    }

    /// The interrupt that a watch is owed and can have now; the debt is paid by it.
    pub fn settle(&mut self, device: Device) -> Option<Interrupt> {
        let Disk { folders, devices, .. } = self;
        let Open::Watch { folder, watch, is_owed } = devices.get(device).ok()? else { return None };
        let is_due = *is_owed && tree(folders, *folder).ok()?.has_news(*watch).ok()?;
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
            Some(Open::File { folder, number, .. } | Open::Directory { folder, number, .. }) => {
                self.folders[folder as usize].lock().close(number);
            }
            Some(Open::Watch { folder, watch, .. }) => {
                self.watches -= 1;
                self.folders[folder as usize].lock().unwatch(watch);
            }
            // The disk may have been at it already: then nobody is told what came of it.
            Some(Open::Asked { folder, question }) => {
                if question.changes() && self.time.below(GIVEN_UP_DONE_ONE_IN) == 0 {
                    let _ = self.folders[folder as usize].lock().answer(&question);
                }
            }
            Some(Open::Opening { .. } | Open::Answered(_)) | None => {}
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
