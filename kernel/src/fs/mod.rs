//! Files: the calls that name them by a path, and which file system each path leads into.
//!
//! Files in memory, devices, programs and what is told of tasks are the kernel's own, and are answered at once. A folder
//! of the hardware is asked, which may take the disk.

mod devices;
mod directory;
mod flat;
mod folder;
pub mod mount;
mod opened;
mod path;
mod proc;
mod programs;
pub mod ram;
mod regular;
mod sockets;

pub use directory::Listing;
pub use opened::Opened;
pub use regular::Place;
pub use sockets::UnixLetter;

use crate::{
    fd::Object,
    file::Pending,
    hardware::{Hardware, Question},
    kernel::{Kernel, broken},
    sched::Policy,
    trap::Next,
};
use mount::{FileSystem, Location, Mount, Mounts};
use path::plain;
use ram::Ram;
use std::time::Duration;
use yieldix_syscalls::{Buf, Errno, FileInfo, FileKind, Nanos, OpenFlags, Reply};

/// All file systems of the machine.
#[derive(Debug)]
pub struct FileSystems {
    /// Which is where.
    pub mounts: Mounts,
    /// The one in memory.
    pub ram: Ram,
}

impl FileSystems {
    /// Those of a machine with these folders, and as many bytes of files in memory.
    pub fn new(folders: &[Mount], ram_bytes: u64) -> FileSystems {
        let (mounts, mut ram) = (Mounts::new(folders), Ram::new(ram_bytes));
        for (place, _) in mounts.iter() {
            if ram.pin_directory(place).is_err() {
                broken("there is a file in memory before anybody could make one");
            }
        }
        // It is a directory as any other; with something mounted there it is that.
        if let Err(errno) = ram.mkdir("/tmp", Duration::ZERO)
            && errno != Errno::EEXIST
        {
            broken("there is no room for a directory in memory before anybody could fill it");
        }
        FileSystems { mounts, ram }
    }
}

/// What a call that names a path has come to.
enum Outcome {
    /// The hardware is to tell: what waits for that holds this file.
    Begun(u32, Pending),
    /// Something was opened, and is held.
    Opened(Object),
    /// An answer.
    Answer(Reply),
}

impl From<FileInfo> for Outcome {
    fn from(info: FileInfo) -> Outcome {
        Outcome::Answer(Reply::File(Box::new(info)))
    }
}

impl From<()> for Outcome {
    fn from((): ()) -> Outcome {
        Outcome::Answer(Reply::Unit)
    }
}

impl<H: Hardware, P: Policy> Kernel<H, P> {
    /// The plain form of a path that the task in `slot` names.
    fn resolve(&self, slot: u32, path: &str) -> Result<String, Errno> {
        plain(self.table.inherited(slot).directory.as_deref().unwrap_or_default(), path)
    }

    /// Ends a call that names a path.
    fn conclude(&mut self, slot: u32, outcome: Result<Outcome, Errno>) -> Next {
        let next = match outcome {
            Ok(Outcome::Begun(file, operation)) => self.attempt_or_block(slot, file, operation),
            Ok(Outcome::Opened(object)) => {
                let installed = self.install(slot, object);
                if installed.is_err() {
                    self.let_go(object);
                }
                self.answer_with(slot, installed.map(Reply::Fd))
            }
            Ok(Outcome::Answer(reply)) => self.answer(slot, reply),
            Err(errno) => self.answer(slot, Reply::Err(errno)),
        };
        self.note_watches();
        self.settle();
        next
    }

    pub(crate) fn sys_open(&mut self, slot: u32, path: &str, flags: OpenFlags) -> Next {
        let outcome = self.begin_open(slot, path, flags);
        self.conclude(slot, outcome)
    }

    fn begin_open(&mut self, slot: u32, path: &str, flags: OpenFlags) -> Result<Outcome, Errno> {
        self.room_for_a_file(slot)?;
        if !flags.is_sound() {
            return Err(Errno::EINVAL);
        }
        let path = self.resolve(slot, path)?;
        let Location { system, within } = self.fs.mounts.locate(&path);
        match system {
            FileSystem::Folder { is_read_only: true, .. } if flags.has(OpenFlags::WRITE) => Err(Errno::EROFS),
            FileSystem::Folder { number, .. } => {
                let file = self.open_in_folder(number, within, &path, flags)?;
                Ok(Outcome::Begun(file, Pending::Connect))
            }
            FileSystem::Ram => {
                let now = self.hardware.wall_clock();
                let inode = self.fs.ram.open(within, flags, now)?;
                let is_directory = self.fs.ram.is_directory(inode);
                let opened = if is_directory { Opened::Directory(inode) } else { Opened::File(inode) };
                Ok(Outcome::Opened(self.open_own(opened, flags, &path)))
            }
            FileSystem::Devices => self.open_in_devices(slot, within, &path, flags),
            FileSystem::Programs => self.open_in_programs(within, &path, flags).map(Outcome::Opened),
            FileSystem::Tasks => {
                let (opened, path) = self.open_in_proc(slot, within, &path, flags)?;
                Ok(Outcome::Opened(self.open_own(opened, flags, &path)))
            }
        }
    }

    pub(crate) fn sys_watch(&mut self, slot: u32, path: &str) -> Next {
        let outcome = self.begin_watch(slot, path);
        self.conclude(slot, outcome)
    }

    fn begin_watch(&mut self, slot: u32, path: &str) -> Result<Outcome, Errno> {
        self.room_for_a_file(slot)?;
        let path = self.resolve(slot, path)?;
        let Location { system, within } = self.fs.mounts.locate(&path);
        match system {
            FileSystem::Folder { number, .. } => {
                Ok(Outcome::Begun(self.watch_in_folder(number, within, &path)?, Pending::Connect))
            }
            FileSystem::Ram => self.watch_in_ram(&path).map(Outcome::Opened),
            FileSystem::Devices => self.stat_in_devices(within).and(Err(Errno::EOPNOTSUPP)),
            FileSystem::Programs => self.stat_in_programs(within).and(Err(Errno::EOPNOTSUPP)),
            FileSystem::Tasks => self.stat_in_proc(slot, within).and(Err(Errno::EOPNOTSUPP)),
        }
    }

    /// What is known of the file at a path; of a link itself, or of what it leads to.
    pub(crate) fn sys_stat(&mut self, slot: u32, path: &str, follows: bool) -> Next {
        let outcome = self.begin_stat(slot, path, follows);
        self.conclude(slot, outcome)
    }

    fn begin_stat(&mut self, slot: u32, path: &str, follows: bool) -> Result<Outcome, Errno> {
        let path = self.resolve(slot, path)?;
        let Location { system, within } = self.fs.mounts.locate(&path);
        let info = match system {
            FileSystem::Folder { number, .. } => {
                let question = Question::Stat { path: folder::inside(within), follows };
                return self.ask(number, question, &path, Pending::Ask);
            }
            FileSystem::Ram => self.fs.ram.stat(within)?,
            FileSystem::Devices => self.stat_in_devices(within)?,
            FileSystem::Programs => self.stat_in_programs(within)?,
            FileSystem::Tasks => self.stat_in_proc(slot, within)?,
        };
        Ok(info.into())
    }

    pub(crate) fn sys_mkdir(&mut self, slot: u32, path: &str) -> Next {
        self.change(slot, path, Errno::EEXIST, Question::Mkdir, Ram::mkdir)
    }

    pub(crate) fn sys_unlink(&mut self, slot: u32, path: &str) -> Next {
        self.change(slot, path, Errno::EISDIR, Question::Unlink, Ram::unlink)
    }

    pub(crate) fn sys_rmdir(&mut self, slot: u32, path: &str) -> Next {
        self.change(slot, path, Errno::EBUSY, Question::Rmdir, Ram::rmdir)
    }

    /// Changes the name that a path is: by this question in a folder, so in memory, and not with this error
    /// where something is mounted.
    fn change(
        &mut self,
        slot: u32,
        path: &str,
        if_busy: Errno,
        question: fn(Box<str>) -> Question,
        in_ram: fn(&mut Ram, &str, Duration) -> Result<(), Errno>,
    ) -> Next {
        let outcome = self.resolve(slot, path).and_then(|path| {
            let Location { system, within } = self.fs.mounts.locate(&path);
            match system {
                _ if self.fs.mounts.is_busy(&path) => Err(if_busy),
                _ if system.is_read_only() => Err(Errno::EROFS),
                FileSystem::Folder { number, .. } => {
                    self.ask(number, question(folder::inside(within)), &path, Pending::Ask)
                }
                _ => {
                    let now = self.hardware.wall_clock();
                    in_ram(&mut self.fs.ram, within, now).map(Outcome::from)
                }
            }
        });
        self.conclude(slot, outcome)
    }

    pub(crate) fn sys_rename(&mut self, slot: u32, from: &Buf, to: &Buf) -> Next {
        let outcome = self.begin_rename(slot, from, to);
        self.conclude(slot, outcome)
    }

    fn begin_rename(&mut self, slot: u32, from: &Buf, to: &Buf) -> Result<Outcome, Errno> {
        let (from, to) = (self.resolve(slot, text(from)?)?, self.resolve(slot, text(to)?)?);
        let (source, target) = (self.fs.mounts.locate(&from), self.fs.mounts.locate(&to));
        match source.system {
            _ if self.fs.mounts.is_busy(&from) || self.fs.mounts.is_busy(&to) => Err(Errno::EBUSY),
            system if system != target.system => Err(Errno::EXDEV),
            system if system.is_read_only() => Err(Errno::EROFS),
            FileSystem::Folder { number, .. } => {
                let (old, new) = (folder::inside(source.within), folder::inside(target.within));
                self.ask(number, Question::Rename { from: old, to: new }, &from, Pending::Ask)
            }
            _ => {
                let now = self.hardware.wall_clock();
                self.fs.ram.rename(source.within, target.within, now).map(Outcome::from)
            }
        }
    }

    pub(crate) fn sys_set_modified(&mut self, slot: u32, path: &Buf, moment: Nanos) -> Next {
        let outcome = self.begin_set_modified(slot, path, moment);
        self.conclude(slot, outcome)
    }

    fn begin_set_modified(&mut self, slot: u32, path: &Buf, moment: Nanos) -> Result<Outcome, Errno> {
        let path = self.resolve(slot, text(path)?)?;
        let Location { system, within } = self.fs.mounts.locate(&path);
        let moment = (moment.count() != u64::MAX).then(|| Duration::from_nanos(moment.count()));
        match system {
            _ if system.is_read_only() => Err(Errno::EROFS),
            FileSystem::Folder { number, .. } => {
                let question = Question::SetModified { path: folder::inside(within), moment };
                self.ask(number, question, &path, Pending::Ask)
            }
            _ => {
                let moment = moment.unwrap_or_else(|| self.hardware.wall_clock());
                self.fs.ram.set_modified(within, moment).map(Outcome::from)
            }
        }
    }

    pub(crate) fn sys_chdir(&mut self, slot: u32, path: &str) -> Next {
        let outcome = self.begin_chdir(slot, path);
        self.conclude(slot, outcome)
    }

    fn begin_chdir(&mut self, slot: u32, path: &str) -> Result<Outcome, Errno> {
        let path = self.resolve(slot, path)?;
        let Location { system, within } = self.fs.mounts.locate(&path);
        let info = match system {
            FileSystem::Folder { number, .. } => {
                let question = Question::Stat { path: folder::inside(within), follows: true };
                let directory = path.as_str().into();
                return self.ask(number, question, &path, Pending::Chdir { directory });
            }
            FileSystem::Ram => self.fs.ram.stat(within)?,
            FileSystem::Devices => self.stat_in_devices(within)?,
            FileSystem::Programs => self.stat_in_programs(within)?,
            FileSystem::Tasks => self.stat_in_proc(slot, within)?,
        };
        self.change_directory(slot, &path, info).map(Outcome::Answer)
    }

    /// A path leads to this: if that is a directory, it is the working directory from now on.
    fn change_directory(&mut self, slot: u32, path: &str, info: FileInfo) -> Result<Reply, Errno> {
        if info.kind != FileKind::Directory {
            return Err(Errno::ENOTDIR);
        }
        self.table.inherited_mut(slot).directory = (!path.is_empty()).then(|| path.into());
        Ok(Reply::Unit)
    }

    pub(crate) fn sys_getcwd(&mut self, slot: u32) -> Next {
        let directory = Buf::copy_from(self.directory_of(slot).as_bytes());
        self.answer(slot, Reply::Buf(directory))
    }

    /// The working directory of the task in `slot`.
    fn directory_of(&self, slot: u32) -> &str {
        self.table.inherited(slot).directory.as_deref().unwrap_or("/")
    }
}

/// The text of a path that came as bytes.
fn text(path: &Buf) -> Result<&str, Errno> {
    std::str::from_utf8(path).map_err(|_| Errno::EINVAL)
}
