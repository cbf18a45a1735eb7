//! Files of the host, below the folders that were mounted.
//!
//! What goes by a path goes to a helper: no host can tell beforehand whether that takes the disk. Bytes are
//! read, and where the host can also written, in place if that needs no wait; else by a helper.

use super::folder::{Folder, info_of};
use super::helpers::{Errand, Helpers};
use super::limits::{FILE_ERRANDS_MAX, FILE_READ_MAX};
use super::listing::Listing;
use super::poller::{Event, Registrar};
use super::watches::{Sight, Watches};
use crate::hardware::devices::Devices;
use crate::hardware::errno::errno;
use crate::hardware::underway::Underway;
use crate::hardware::{Class, Device, Interrupt, Question, Told};
use rustix::io::{Errno as HostErrno, retry_on_intr};
use std::fs::File;
use std::sync::{Arc, Mutex, PoisonError};
use yieldix_syscalls::{Buf, DirEntry, Errno, FileInfo, FileKind, OpenFlags};

/// What a helper is at.
type Promise<T> = Errand<Result<T, Errno>>;

#[derive(Debug)]
enum Open {
    Opening {
        opened: Promise<(FileKind, File)>,
        flags: OpenFlags,
    },
    File(Opened),
    Directory(Directory),
    Asked(Promise<Told>),
    /// Its state is with the other watches.
    Watch(Sight),
}

#[derive(Debug)]
struct Opened {
    file: Arc<File>,
    appends: bool,
    /// The host has not said that it cannot tell whether a write would wait.
    writes_in_place: bool,
    reading: Underway<Promise<(Buf, u64)>>,
    /// A write, a change of length, or a sync.
    writing: Underway<Promise<(usize, u64)>>,
}

#[derive(Debug)]
struct Directory {
    file: Arc<File>,
    /// A helper has it while it reads on.
    listing: Arc<Mutex<Listing>>,
    reading: Underway<Promise<Vec<DirEntry>>>,
    /// A sync.
    writing: Underway<Promise<(usize, u64)>>,
}

/// What is open of the disk.
#[derive(Debug)]
pub struct Files {
    folders: Vec<Folder>,
    devices: Devices<Open>,
    helpers: Helpers,
    watches: Watches,
    /// Where the host puts what is read, before it is copied to its exact length; made when first needed.
    scratch: Vec<u8>,
}

impl Files {
    /// These folders, by number; the helpers do what may wait.
    pub fn new(folders: Vec<Folder>, helpers: Helpers, registrar: Registrar) -> Files {
        let watches = Watches::new(registrar);
        Files { folders, devices: Devices::new(Class::Disk), helpers, watches, scratch: Vec::new() }
    }

    pub fn open_count(&self) -> u32 {
        self.devices.len()
    }

    /// Appends what the host has told of watched files, and what the helpers have.
    pub fn interrupts(&mut self, happened: &mut Vec<Interrupt>) {
        self.tell_news(happened);
        let mut done = Vec::new();
        self.helpers.take_done(|device| done.push(device));
        for device in done {
            // It may have been closed.
            let Ok(open) = self.devices.get(device) else { continue };
            let (readable, writable) = match open {
                Open::Opening { .. } | Open::Asked(_) => (false, true),
                Open::File(opened) => {
                    (opened.reading.is_done(Errand::is_done), opened.writing.is_done(Errand::is_done))
                }
                Open::Directory(opened) => {
                    (opened.reading.is_done(Errand::is_done), opened.writing.is_done(Errand::is_done))
                }
                // Until it is open, a task waits for that; then, for news.
                Open::Watch(sight) => {
                    sight.go_on(&mut self.watches, &self.folders, &mut self.helpers);
                    (sight.has_news(), sight.is_decided())
                }
            };
            if readable || writable {
                happened.push(Interrupt::Ready { device, readable, writable });
            }
        }
    }

    /// Notes that the host has news of watched files, if the event is of that.
    pub fn noted(&mut self, event: Event) -> bool {
        self.watches.noted(event)
    }

    /// Is there more of these than the last look took?
    pub fn has_more_news(&self) -> bool {
        self.watches.has_more()
    }

    fn tell_news(&mut self, happened: &mut Vec<Interrupt>) {
        let Files { watches, devices, folders, helpers, .. } = self;
        watches.tell(|device, what| {
            let Ok(Open::Watch(sight)) = devices.get(device) else { return };
            sight.note(what, folders, helpers);
            if sight.has_news() {
                happened.push(Interrupt::Ready { device, readable: true, writable: false });
            }
        });
    }

    pub fn open(&mut self, folder: u32, path: &str, flags: OpenFlags) -> Result<Device, Errno> {
        let (folder, path) = (self.folder(folder)?, path.to_owned());
        let helpers = self.helpers.ready()?;
        Ok(self.devices.open(|device| {
            let opened = helpers.start(device, move || folder.open_any(&path, flags));
            Open::Opening { opened, flags }
        }))
    }

    pub fn ask(&mut self, folder: u32, question: Question) -> Result<Device, Errno> {
        let folder = self.folder(folder)?;
        let helpers = self.helpers.ready()?;
        Ok(self.devices.open(|device| Open::Asked(helpers.start(device, move || folder.answer(&question)))))
    }

    pub fn told(&mut self, device: Device) -> Result<Told, Errno> {
        match self.devices.get(device)? {
            Open::Asked(told) => told.outcome(),
            _ => Err(Errno::EINVAL),
        }
    }

    pub fn watch(&mut self, folder: u32, path: &str) -> Result<Device, Errno> {
        self.folder(folder)?;
        self.watches.begin()?;
        let Files { devices, folders, helpers, .. } = self;
        let helpers = helpers.ready()?;
        Ok(devices.open(|device| Open::Watch(Sight::begin(device, folder, path, folders, helpers))))
    }

    /// A folder, unless so much waits for the helpers that no more is asked of them.
    pub fn folder(&self, folder: u32) -> Result<Folder, Errno> {
        if self.helpers.waiting() >= FILE_ERRANDS_MAX {
            return Err(Errno::ENFILE);
        }
        self.folders.get(folder as usize).cloned().ok_or(Errno::ENODEV)
    }

    /// How the opening of a file or of a watch ended.
    pub fn connected(&mut self, device: Device) -> Result<(), Errno> {
        let open = self.devices.get(device)?;
        match open {
            Open::Opening { opened, flags } => {
                let (kind, file) = opened.outcome()?;
                let (file, appends) = (Arc::new(file), flags.has(OpenFlags::APPEND));
                *open = if kind == FileKind::Directory {
                    Open::Directory(Directory {
                        file,
                        listing: Arc::default(),
                        reading: Underway::Idle,
                        writing: Underway::Idle,
                    })
                } else {
                    let (reading, writing) = (Underway::Idle, Underway::Idle);
                    Open::File(Opened { file, appends, writes_in_place: true, reading, writing })
                };
                Ok(())
            }
            Open::Watch(sight) => sight.connected(),
            Open::File(_) | Open::Directory(_) => Ok(()),
            Open::Asked(_) => Err(Errno::EINVAL),
        }
    }

    pub fn file_info(&mut self, device: Device) -> Result<FileInfo, Errno> {
        match self.devices.get(device)? {
            Open::File(Opened { file, .. }) | Open::Directory(Directory { file, .. }) => info_of(file),
            Open::Opening { .. } | Open::Asked(_) | Open::Watch(_) => Err(Errno::EINVAL),
        }
    }

    pub fn try_read_at(&mut self, device: Device, ticket: u64, offset: u64, max: usize) -> Result<(Buf, u64), Errno> {
        let Files { devices, helpers, scratch, .. } = self;
        let opened = match devices.get(device)? {
            Open::File(opened) => opened,
            Open::Directory(_) => return Err(Errno::EISDIR),
            _ => return Err(Errno::EINVAL),
        };
        if let Some(mut told) = opened.reading.take(ticket, Errand::is_done)? {
            return told.outcome();
        }
        let asked = max.min(FILE_READ_MAX);
        scratch.resize(FILE_READ_MAX, 0);
        if let Some(count) = in_place::read(&opened.file, &mut scratch[..asked], offset)? {
            return Ok((Buf::copy_from(&scratch[..count]), offset + count as u64));
        }
        let file = Arc::clone(&opened.file);
        let told = helpers.ready()?.start(device, move || {
            let mut bytes = vec![0; asked];
            let count = retry_on_intr(|| rustix::io::pread(&file, &mut bytes[..], offset)).map_err(errno)?;
            bytes.truncate(count);
            Ok((Buf::from(bytes), offset + count as u64))
        });
        opened.reading = Underway::Begun(ticket, told);
        Err(Errno::EAGAIN)
    }

    pub fn try_write_at(
        &mut self,
        device: Device,
        ticket: u64,
        offset: u64,
        data: &Buf,
    ) -> Result<(usize, u64), Errno> {
        let Files { devices, helpers, .. } = self;
        let Open::File(opened) = devices.get(device)? else { return Err(Errno::EINVAL) };
        if let Some(mut told) = opened.writing.take(ticket, Errand::is_done)? {
            return told.outcome();
        }
        let offset = (!opened.appends).then_some(offset);
        if opened.writes_in_place {
            match in_place::write(&opened.file, data, offset) {
                Ok(count) => return Ok((count, end_of_write(&opened.file, offset, count)?)),
                Err(HostErrno::AGAIN) => {}
                Err(HostErrno::OPNOTSUPP | HostErrno::NOSYS) => opened.writes_in_place = false,
                Err(error) => return Err(errno(error)),
            }
        }
        let (file, data) = (Arc::clone(&opened.file), data.clone());
        let told = helpers.ready()?.start(device, move || {
            let write = || match offset {
                Some(offset) => rustix::io::pwrite(&file, &data, offset),
                None => rustix::io::write(&file, &data),
            };
            let count = retry_on_intr(write).map_err(errno)?;
            Ok((count, end_of_write(&file, offset, count)?))
        });
        opened.writing = Underway::Begun(ticket, told);
        Err(Errno::EAGAIN)
    }

    pub fn try_truncate(&mut self, device: Device, ticket: u64, length: u64) -> Result<(), Errno> {
        let Files { devices, helpers, .. } = self;
        let Open::File(opened) = devices.get(device)? else { return Err(Errno::EINVAL) };
        if let Some(mut told) = opened.writing.take(ticket, Errand::is_done)? {
            return told.outcome().map(drop);
        }
        let file = Arc::clone(&opened.file);
        let told = helpers.ready()?.start(device, move || {
            retry_on_intr(|| rustix::fs::ftruncate(&file, length)).map_err(errno)?;
            Ok((0, 0))
        });
        opened.writing = Underway::Begun(ticket, told);
        Err(Errno::EAGAIN)
    }

    pub fn try_sync(&mut self, device: Device, ticket: u64) -> Result<(), Errno> {
        let Files { devices, helpers, .. } = self;
        let (file, writing) = match devices.get(device)? {
            Open::File(Opened { file, writing, .. }) | Open::Directory(Directory { file, writing, .. }) => {
                (file, writing)
            }
            Open::Opening { .. } | Open::Asked(_) | Open::Watch(_) => return Err(Errno::EINVAL),
        };
        if let Some(mut told) = writing.take(ticket, Errand::is_done)? {
            return told.outcome().map(drop);
        }
        let file = Arc::clone(file);
        let told = helpers.ready()?.start(device, move || {
            retry_on_intr(|| rustix::fs::fsync(&file)).map_err(errno)?;
            Ok((0, 0))
        });
        *writing = Underway::Begun(ticket, told);
        Err(Errno::EAGAIN)
    }

    pub fn try_read_dir(&mut self, device: Device, ticket: u64, offset: u64) -> Result<Vec<DirEntry>, Errno> {
        let Files { devices, helpers, .. } = self;
        let Open::Directory(opened) = devices.get(device)? else { return Err(Errno::ENOTDIR) };
        if let Some(mut told) = opened.reading.take(ticket, Errand::is_done)? {
            return told.outcome();
        }
        let (file, listing) = (Arc::clone(&opened.file), Arc::clone(&opened.listing));
        let told = helpers
            .ready()?
            .start(device, move || listing.lock().unwrap_or_else(PoisonError::into_inner).read(&file, offset));
        opened.reading = Underway::Begun(ticket, told);
        Err(Errno::EAGAIN)
    }

    /// Reads what a watch has to tell. Also tells whether nothing is left for now.
    pub fn try_read(&mut self, device: Device, max: usize) -> Result<(Buf, bool), Errno> {
        match self.devices.get(device)? {
            Open::Watch(sight) => {
                let text = sight.read(max)?;
                Ok((text, !sight.has_news()))
            }
            _ => Err(Errno::EINVAL),
        }
    }

    /// Would a read or a write answer now? A file's always does.
    pub fn is_ready(&mut self, device: Device) -> Result<bool, Errno> {
        match self.devices.get(device)? {
            Open::Watch(sight) => Ok(sight.has_news()),
            _ => Ok(true),
        }
    }

    /// Closes a device. What a helper is at goes on to its end.
    pub fn close(&mut self, device: Device) {
        if let Some(Open::Watch(sight)) = self.devices.close(device) {
            sight.end(&mut self.watches);
        }
    }
}

/// Where a write ended. One at the end has moved the host's own place there.
fn end_of_write(file: &File, offset: Option<u64>, count: usize) -> Result<u64, Errno> {
    match offset {
        Some(offset) => Ok(offset + count as u64),
        None => rustix::fs::tell(file).map_err(errno),
    }
}

/// Reads and writes that do not wait, where the host has them.
#[cfg(target_os = "linux")]
mod in_place {
    use super::{Errno, File, HostErrno, errno, retry_on_intr};
    use rustix::io::ReadWriteFlags;
    use std::io::{IoSlice, IoSliceMut};

    /// What `pwritev2` takes for "where the descriptor stands", which is the end if it appends.
    const OWN_PLACE: u64 = u64::MAX;

    /// How many bytes the cache gave; none if that takes the disk.
    pub fn read(file: &File, room: &mut [u8], offset: u64) -> Result<Option<usize>, Errno> {
        let mut rooms = [IoSliceMut::new(room)];
        match retry_on_intr(|| rustix::io::preadv2(file, &mut rooms, offset, ReadWriteFlags::NOWAIT)) {
            Ok(count) => Ok(Some(count)),
            Err(HostErrno::AGAIN | HostErrno::OPNOTSUPP | HostErrno::NOSYS) => Ok(None),
            Err(error) => Err(errno(error)),
        }
    }

    /// Writes to the cache.
    pub fn write(file: &File, data: &[u8], offset: Option<u64>) -> Result<usize, HostErrno> {
        let parts = [IoSlice::new(data)];
        retry_on_intr(|| rustix::io::pwritev2(file, &parts, offset.unwrap_or(OWN_PLACE), ReadWriteFlags::NOWAIT))
    }
}

#[cfg(not(target_os = "linux"))]
mod in_place {
    use super::{Errno, File, HostErrno};

    /// No host but Linux can tell.
    pub fn read(_: &File, _: &mut [u8], _: u64) -> Result<Option<usize>, Errno> {
        Ok(None)
    }

    /// Likewise.
    pub fn write(_: &File, _: &[u8], _: Option<u64>) -> Result<usize, HostErrno> {
        Err(HostErrno::OPNOTSUPP)
    }
}
