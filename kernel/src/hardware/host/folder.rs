//! A folder that was mounted: what is opened below it, what is known of that, what is done to its names.
//!
//! cap-std sees to it that no path leaves the folder, whatever happens to the links on the way meanwhile.

use crate::hardware::errno::errno;
use crate::hardware::{Question, Told};
use cap_std::fs::{Dir, MetadataExt, OpenOptions, OpenOptionsExt};
use rustix::fs::{AtFlags, FileType, OFlags, Timespec, Timestamps, UTIME_NOW, UTIME_OMIT};
use rustix::io::Errno as HostErrno;
use std::fs::File;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use yieldix_syscalls::{Errno, FileId, FileInfo, FileKind, OpenFlags};

/// A folder of the host, and nothing outside it.
#[derive(Clone, Debug)]
pub struct Folder(Arc<Dir>);

impl Folder {
    /// The folder at this path of the host. Fails as the host does.
    pub fn open(path: &Path) -> io::Result<Folder> {
        Ok(Folder(Arc::new(Dir::open_ambient_dir(path, cap_std::ambient_authority())?)))
    }

    #[cfg(target_os = "linux")]
    pub(super) fn directory(&self) -> &Dir {
        &self.0
    }

    /// Opens what is a regular file, and nothing else.
    #[cfg(target_os = "linux")]
    pub(super) fn open_file(&self, path: &str, flags: OpenFlags) -> Result<File, Errno> {
        match self.open_any(path, flags)? {
            (FileKind::Directory, _) => Err(Errno::EISDIR),
            (_, file) => Ok(file),
        }
    }

    /// Opens a regular file, or a directory to read it, and tells which. Nothing else: to open a pipe may
    /// wait, to open a device may do anything. So it is looked at before, and, as it may have been replaced,
    /// behind.
    pub(super) fn open_any(&self, path: &str, flags: OpenFlags) -> Result<(FileKind, File), Errno> {
        let is_new = flags.has(OpenFlags::CREATE_NEW);
        match if is_new { self.0.symlink_metadata(path) } else { self.0.metadata(path) } {
            Ok(_) if is_new => return Err(Errno::EEXIST),
            Ok(info) => refuse_special(kind_of(info.mode()), flags)?,
            Err(error) if error.kind() == io::ErrorKind::NotFound && flags.has(OpenFlags::CREATE) => {}
            Err(error) => return Err(errno(error)),
        }
        let mut options = OpenOptions::new();
        options.read(flags.has(OpenFlags::READ)).write(flags.has(OpenFlags::WRITE));
        options.append(flags.has(OpenFlags::APPEND)).truncate(flags.has(OpenFlags::TRUNCATE));
        options.create(flags.has(OpenFlags::CREATE)).create_new(is_new);
        options.custom_flags((OFlags::NONBLOCK | OFlags::NOCTTY).bits() as i32);
        let file = match self.0.open_with(path, &options) {
            Ok(file) => file.into_std(),
            // A pipe that nobody reads has come there meanwhile, or a socket.
            Err(error) if error.raw_os_error() == Some(HostErrno::NXIO.raw_os_error()) => {
                return Err(Errno::EOPNOTSUPP);
            }
            Err(error) => return Err(errno(error)),
        };
        let kind = info_of(&file)?.kind;
        refuse_special(kind, flags)?;
        Ok((kind, file))
    }

    /// Does what is asked, and may wait for the disk.
    pub(super) fn answer(&self, question: &Question) -> Result<Told, Errno> {
        match question {
            Question::Stat { path, follows } => return self.stat(path, *follows).map(Told::Info),
            Question::Mkdir(path) => self.0.create_dir(&**path).map_err(errno)?,
            Question::Unlink(path) => match self.stat(path, false)?.kind {
                FileKind::Directory => return Err(Errno::EISDIR),
                _ => self.0.remove_file(&**path).map_err(errno)?,
            },
            Question::Rmdir(path) if is_itself(path) => return Err(Errno::EBUSY),
            Question::Rmdir(path) => self.0.remove_dir(&**path).map_err(errno)?,
            Question::Rename { from, to } if is_itself(from) || is_itself(to) => return Err(Errno::EBUSY),
            Question::Rename { from, to } => self.0.rename(&**from, &self.0, &**to).map_err(errno)?,
            Question::SetModified { path, moment } => self.set_modified(path, *moment)?,
        }
        Ok(Told::Done)
    }

    fn stat(&self, path: &str, follows: bool) -> Result<FileInfo, Errno> {
        let looked = if follows { self.0.metadata(path) } else { self.0.symlink_metadata(path) };
        let info = looked.map_err(errno)?;
        Ok(FileInfo {
            kind: kind_of(info.mode()),
            size: info.len(),
            id: FileId::new(info.dev(), info.ino()),
            modified: since_1970(info.mtime(), info.mtime_nsec()),
            mode: permissions_of(info.mode()),
            links: u32::try_from(info.nlink()).unwrap_or(u32::MAX),
        })
    }

    /// Nothing is opened but the directory: to open a pipe may wait, and a file may not be ours to read.
    fn set_modified(&self, path: &str, moment: Option<Duration>) -> Result<(), Errno> {
        // Its last part is no link, and not `..`; where it has become one, that link is set, and no further.
        let real = self.0.canonicalize(path).map_err(errno)?;
        let name = real.file_name().map_or(Path::new("."), Path::new);
        let parent = real.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let directory = self.0.open_dir(parent).map_err(errno)?;
        let modified = match moment {
            None => Timespec { tv_sec: 0, tv_nsec: UTIME_NOW },
            Some(moment) => Timespec::try_from(moment).map_err(|_| Errno::EINVAL)?,
        };
        // With "now" for both, who may write the file may do it; else only its owner.
        let accessed = Timespec { tv_sec: 0, tv_nsec: if moment.is_none() { UTIME_NOW } else { UTIME_OMIT } };
        let times = Timestamps { last_access: accessed, last_modification: modified };
        rustix::fs::utimensat(&directory, name, &times, AtFlags::SYMLINK_NOFOLLOW).map_err(errno)
    }
}

/// Is this path the folder's own?
fn is_itself(path: &str) -> bool {
    path.split('/').all(|part| matches!(part, "" | "."))
}

fn refuse_special(kind: FileKind, flags: OpenFlags) -> Result<(), Errno> {
    match kind {
        FileKind::Regular => Ok(()),
        FileKind::Directory if flags.has(OpenFlags::WRITE) => Err(Errno::EISDIR),
        FileKind::Directory => Ok(()),
        _ => Err(Errno::EOPNOTSUPP),
    }
}

fn kind_of(mode: u32) -> FileKind {
    // As narrow as the host's own modes are.
    kind_of_type(FileType::from_raw_mode(mode as rustix::fs::RawMode))
}

/// Our word for the host's.
pub(super) fn kind_of_type(kind: FileType) -> FileKind {
    match kind {
        FileType::RegularFile => FileKind::Regular,
        FileType::Directory => FileKind::Directory,
        FileType::CharacterDevice => FileKind::Device,
        FileType::Fifo => FileKind::Pipe,
        FileType::Socket => FileKind::Socket,
        FileType::Symlink => FileKind::Link,
        _ => FileKind::Other,
    }
}

/// The bits that say who may do what.
fn permissions_of(mode: u32) -> u16 {
    (mode & 0o777) as u16
}

/// What is known of an open file. On a local file system its inode is in memory, so this does not wait; one
/// on a network may ask its server.
#[allow(clippy::unnecessary_cast, reason = "the fields differ in width from host to host")]
pub(super) fn info_of(file: &File) -> Result<FileInfo, Errno> {
    let stat = rustix::fs::fstat(file).map_err(errno)?;
    Ok(FileInfo {
        kind: kind_of(stat.st_mode as u32),
        size: u64::try_from(stat.st_size).unwrap_or(0),
        id: FileId::new(stat.st_dev as u64, stat.st_ino as u64),
        modified: since_1970(stat.st_mtime as i64, stat.st_mtime_nsec as i64),
        mode: permissions_of(stat.st_mode as u32),
        links: u32::try_from(stat.st_nlink).unwrap_or(u32::MAX),
    })
}

/// A moment before 1970 is 1970.
fn since_1970(seconds: i64, nanos: i64) -> Duration {
    match (u64::try_from(seconds), u32::try_from(nanos)) {
        (Ok(seconds), Ok(nanos)) => Duration::new(seconds, nanos),
        _ => Duration::ZERO,
    }
}
