//! A folder that was mounted: what is opened below it, and what is known of that.
//!
//! cap-std sees to it that no path leaves the folder, whatever happens to the links on the way meanwhile.

use crate::hardware::errno::errno;
use cap_std::fs::{Dir, MetadataExt, OpenOptions, OpenOptionsExt};
use rustix::fs::OFlags;
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

    /// Opens what is a regular file, and nothing else: to open a pipe may wait, to open a device may do
    /// anything. So it is looked at before, and, as it may have been replaced, behind.
    pub(super) fn open_file(&self, path: &str, flags: OpenFlags) -> Result<File, Errno> {
        let is_new = flags.has(OpenFlags::CREATE_NEW);
        match if is_new { self.0.symlink_metadata(path) } else { self.0.metadata(path) } {
            Ok(_) if is_new => return Err(Errno::EEXIST),
            Ok(info) => refuse_special(kind_of(info.mode()))?,
            Err(error) if error.kind() == io::ErrorKind::NotFound && flags.has(OpenFlags::CREATE) => {}
            Err(error) => return Err(errno(error)),
        }
        let mut options = OpenOptions::new();
        options.read(flags.has(OpenFlags::READ)).write(flags.has(OpenFlags::WRITE));
        options.append(flags.has(OpenFlags::APPEND)).truncate(flags.has(OpenFlags::TRUNCATE));
        options.create(flags.has(OpenFlags::CREATE)).create_new(is_new);
        options.custom_flags((OFlags::NONBLOCK | OFlags::NOCTTY).bits() as i32);
        let file = self.0.open_with(path, &options).map_err(errno)?.into_std();
        refuse_special(info_of(&file)?.kind)?;
        Ok(file)
    }

    pub(super) fn stat(&self, path: &str) -> Result<FileInfo, Errno> {
        let info = self.0.metadata(path).map_err(errno)?;
        Ok(FileInfo {
            kind: kind_of(info.mode()),
            size: info.len(),
            id: FileId::new(info.dev(), info.ino()),
            modified: since_1970(info.mtime(), info.mtime_nsec()),
            mode: permissions_of(info.mode()),
            links: u32::try_from(info.nlink()).unwrap_or(u32::MAX),
        })
    }
}

fn refuse_special(kind: FileKind) -> Result<(), Errno> {
    match kind {
        FileKind::Regular => Ok(()),
        FileKind::Directory => Err(Errno::EISDIR),
        _ => Err(Errno::EOPNOTSUPP),
    }
}

fn kind_of(mode: u32) -> FileKind {
    // As narrow as the host's own modes are.
    match rustix::fs::FileType::from_raw_mode(mode as rustix::fs::RawMode) {
        rustix::fs::FileType::RegularFile => FileKind::Regular,
        rustix::fs::FileType::Directory => FileKind::Directory,
        rustix::fs::FileType::CharacterDevice => FileKind::Device,
        rustix::fs::FileType::Fifo => FileKind::Pipe,
        rustix::fs::FileType::Socket => FileKind::Socket,
        rustix::fs::FileType::Symlink => FileKind::Link,
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
