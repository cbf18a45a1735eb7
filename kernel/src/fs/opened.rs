//! What is open of the file systems that are the kernel's own: reads, writes and all else that is done with
//! it, always at once.

use super::{Listing, Place, mount::Location, ram::Inode};
use crate::{
    event::Address,
    fd::Object,
    file::{File, Kind, Pending},
    hardware::{Device, Hardware},
    kernel::{Kernel, broken},
    limits,
    measures::Lease,
    own::Readiness,
    sched::Policy,
};
use yieldix_syscalls::{Buf, Errno, FileInfo, FileKind, OpenFlags, Reply};

/// What is behind an open file of such a file system.
#[derive(Debug)]
pub enum Opened {
    /// A file in memory.
    File(Inode),
    /// A directory in memory.
    Directory(Inode),
    /// Something that was made when it was opened.
    Made(Box<Made>),
    /// What is told of a file in memory.
    Watch,
}

/// A text of the kernel's, or one of its directories.
#[derive(Debug)]
pub struct Made {
    /// What is known of it.
    pub info: FileInfo,
    /// Its bytes; a directory has none.
    pub text: Buf,
    /// Has the kernel measured while it is open.
    pub lease: Option<Lease>,
}

impl Opened {
    /// A directory that the kernel makes.
    pub fn made_directory(info: FileInfo) -> Opened {
        Opened::Made(Box::new(Made { info, text: Buf::EMPTY, lease: None }))
    }

    /// A text that the kernel has made.
    pub fn made_text(info: FileInfo, text: String) -> Opened {
        let info = FileInfo { size: text.len() as u64, ..info };
        Opened::Made(Box::new(Made { info, text: text.into(), lease: None }))
    }

    /// A text with which the kernel is measured for as long as it is open.
    pub fn measured_text(info: FileInfo, text: String, lease: Lease) -> Opened {
        let info = FileInfo { size: text.len() as u64, ..info };
        Opened::Made(Box::new(Made { info, text: text.into(), lease: Some(lease) }))
    }

    /// What it holds in memory.
    pub fn inode(&self) -> Option<Inode> {
        match *self {
            Opened::File(inode) | Opened::Directory(inode) => Some(inode),
            Opened::Made(_) | Opened::Watch => None,
        }
    }

    fn kind(&self) -> Kind {
        match self {
            Opened::File(_) => Kind::Regular,
            Opened::Directory(_) => Kind::Directory,
            Opened::Made(made) if made.info.kind == FileKind::Directory => Kind::Directory,
            Opened::Made(_) => Kind::Regular,
            Opened::Watch => Kind::Watch,
        }
    }
}

impl<H: Hardware, P: Policy> Kernel<H, P> {
    /// A new open file, which is held once; `path` is its own, in plain form.
    pub(super) fn open_own(&mut self, opened: Opened, flags: OpenFlags, path: &str) -> Object {
        let device = self.own.open_file();
        let kind = opened.kind();
        let file = self.open_file(device, kind, Address::Path(path));
        let rare = self.file_mut(file).make_rare();
        rare.opened = Some(opened);
        rare.place = (kind != Kind::Watch).then_some(Place { offset: 0, flags });
        rare.listing = (kind == Kind::Directory).then(|| Box::new(Listing::of(path)));
        Object::File(file)
    }

    /// Begins to watch a file in memory, which may be watched.
    pub(super) fn watch_in_ram(&mut self, path: &str) -> Result<Object, Errno> {
        let object = self.open_own(Opened::Watch, OpenFlags::READ, path);
        let Object::File(file) = object else { broken("a watch is no file") };
        let device = self.file(file).device;
        let Location { within, .. } = self.fs.mounts.locate(path);
        match self.fs.ram.watch(within, device) {
            Ok(()) => Ok(object),
            Err(errno) => {
                self.let_go(object);
                Err(errno)
            }
        }
    }

    /// Attempts an operation on what is open of the kernel's own file systems.
    pub(crate) fn attempt_on_opened(
        &mut self,
        file: u32,
        device: Device,
        operation: &mut Pending,
    ) -> Result<Reply, Errno> {
        match operation {
            Pending::Read { max } => {
                let (text, _) = self.fs.ram.watches().read(device, *max as usize)?;
                Ok(Reply::Buf(text))
            }
            Pending::ReadWait if self.file(file).kind == Kind::Watch => {
                if self.fs.ram.watches().is_readable(device) {
                    Ok(Reply::Unit)
                } else {
                    Err(Errno::EAGAIN)
                }
            }
            Pending::ReadWait | Pending::WriteWait | Pending::SyncFile { .. } => Ok(Reply::Unit),
            Pending::ReadAt { max, .. } => self.read_opened(file, (*max).min(limits::TRANSFER_BYTES) as usize),
            Pending::WriteAt { data, .. } => self.write_opened(file, data),
            Pending::Truncate { length, .. } => {
                let now = self.hardware.wall_clock();
                let Opened::File(inode) = *self.opened(file) else { return Err(Errno::EINVAL) };
                self.fs.ram.set_length(inode, *length, now)?;
                self.note_watches();
                Ok(Reply::Unit)
            }
            Pending::ReadDir { .. } => self.read_directory(file, 0).map(|entries| Reply::Entries(Box::new(entries))),
            _ => broken("an operation is attempted on a file that does not permit it"),
        }
    }

    fn read_opened(&mut self, file: u32, max: usize) -> Result<Reply, Errno> {
        let offset = self.place_mut(file).offset;
        let data = match self.opened(file) {
            Opened::File(inode) => self.fs.ram.read(*inode, offset, max)?,
            Opened::Made(made) => {
                let from = made.text.len().min(offset as usize);
                Buf::copy_from(&made.text[from..made.text.len().min(from + max)])
            }
            Opened::Directory(_) | Opened::Watch => return Err(Errno::EISDIR),
        };
        self.place_mut(file).offset += data.len() as u64;
        self.charge_for_bytes(data.len());
        Ok(Reply::Buf(data))
    }

    fn write_opened(&mut self, file: u32, data: &Buf) -> Result<Reply, Errno> {
        let now = self.hardware.wall_clock();
        let Place { offset, flags } = *self.place_mut(file);
        let Opened::File(inode) = *self.opened(file) else { return Err(Errno::EROFS) };
        let offset = (!flags.has(OpenFlags::APPEND)).then_some(offset);
        let data = &data[..data.len().min(limits::TRANSFER_BYTES as usize)];
        let (count, end) = self.fs.ram.write(inode, offset, data, now)?;
        self.place_mut(file).offset = end;
        self.charge_for_bytes(count);
        self.note_watches();
        Ok(Reply::Count(count as u64))
    }

    /// What is known of an open file, of the hardware's or the kernel's own.
    pub(super) fn file_info(&mut self, file: u32) -> Result<FileInfo, Errno> {
        match self.file(file).opened() {
            None => {
                let device = self.file(file).device;
                self.hardware.file_info(device)
            }
            Some(Opened::File(inode) | Opened::Directory(inode)) => self.fs.ram.info(*inode),
            Some(Opened::Made(made)) => Ok(made.info),
            Some(Opened::Watch) => Err(Errno::EINVAL),
        }
    }

    /// Lets go of what was behind a file.
    pub(crate) fn close_opened(&mut self, device: Device, opened: &Opened) {
        match opened {
            Opened::File(inode) | Opened::Directory(inode) => self.fs.ram.close(*inode),
            Opened::Made(_) => {}
            Opened::Watch => self.fs.ram.watches().end(device),
        }
    }

    /// Notes who is to be told of what was done to files in memory.
    pub(super) fn note_watches(&mut self) {
        for device in self.fs.ram.watches().take_told() {
            self.own.note(Readiness::to_read(device));
        }
    }

    /// Bytes were copied, and the call counts for as much.
    fn charge_for_bytes(&mut self, count: usize) {
        self.operations += count as u32 / limits::COPIED_PER_OPERATION;
    }

    fn opened(&self, file: u32) -> &Opened {
        match self.file(file).opened() {
            Some(opened) => opened,
            None => broken("a file of the kernel's own is none"),
        }
    }
}

impl File {
    /// What is behind it, if that is a file system of the kernel's own.
    pub(crate) fn opened(&self) -> Option<&Opened> {
        self.rare()?.opened.as_ref()
    }
}
