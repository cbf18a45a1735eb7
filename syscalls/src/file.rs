//! Values of the file calls.

use alloc::boxed::Box;
use core::{fmt, ops::BitOr, time::Duration};

/// How a file is to be opened: `OpenFlags::WRITE | OpenFlags::CREATE`.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
pub struct OpenFlags(u8);

impl OpenFlags {
    /// To read.
    pub const READ: OpenFlags = OpenFlags(1);
    /// To write.
    pub const WRITE: OpenFlags = OpenFlags(2);
    /// To write, each time at the end, wherever that is by then.
    pub const APPEND: OpenFlags = OpenFlags(4 | OpenFlags::WRITE.0);
    /// Makes the file when it is not there.
    pub const CREATE: OpenFlags = OpenFlags(8);
    /// Makes the file; `EEXIST` when there is anything of the name.
    pub const CREATE_NEW: OpenFlags = OpenFlags(16 | OpenFlags::CREATE.0);
    /// Empties the file.
    pub const TRUNCATE: OpenFlags = OpenFlags(32);

    /// What each is called, and the bit that tells it.
    const NAMES: &[(u8, &str)] =
        &[(1, "READ"), (4, "APPEND"), (2, "WRITE"), (16, "CREATE_NEW"), (8, "CREATE"), (32, "TRUNCATE")];

    /// Does it ask for all of these?
    pub const fn has(self, flags: OpenFlags) -> bool {
        self.0 & flags.0 == flags.0
    }

    /// Does it make sense? It reads or writes, and what changes the file is opened to write.
    pub const fn is_sound(self) -> bool {
        let changes = self.has(OpenFlags::CREATE) || self.has(OpenFlags::TRUNCATE);
        self.has(OpenFlags::WRITE) || self.has(OpenFlags::READ) && !changes
    }
}

impl BitOr for OpenFlags {
    type Output = OpenFlags;

    fn bitor(self, other: OpenFlags) -> OpenFlags {
        OpenFlags(self.0 | other.0)
    }
}

/// `READ|WRITE|CREATE`; what one flag has in it is not shown beside it.
impl fmt::Debug for OpenFlags {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (mut shown, mut separator) = (0, "");
        for &(bit, name) in OpenFlags::NAMES {
            if self.0 & bit & !shown == 0 {
                continue;
            }
            write!(f, "{separator}{name}")?;
            separator = "|";
            shown |= match name {
                "APPEND" => OpenFlags::APPEND.0,
                "CREATE_NEW" => OpenFlags::CREATE_NEW.0,
                _ => bit,
            };
        }
        if shown == 0 { f.write_str("nothing") } else { Ok(()) }
    }
}

/// A place in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SeekFrom {
    /// So many bytes after its beginning.
    Start(u64),
    /// So many bytes after its end; before it when negative.
    End(i64),
    /// So many bytes after where the descriptor stands; before it when negative.
    Current(i64),
}

/// What a path names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileKind {
    /// A file with bytes.
    Regular,
    /// A directory.
    Directory,
    /// A device that is no disk, as a terminal.
    Device,
    /// A pipe.
    Pipe,
    /// A socket.
    Socket,
    /// A symbolic link; only what does not follow links tells of one.
    Link,
    /// Something else.
    Other,
}

/// In words: `regular file`.
impl fmt::Display for FileKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            FileKind::Regular => "regular file",
            FileKind::Directory => "directory",
            FileKind::Device => "character special file",
            FileKind::Pipe => "fifo",
            FileKind::Socket => "socket",
            FileKind::Link => "symbolic link",
            FileKind::Other => "unknown",
        })
    }
}

/// One entry of a directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DirEntry {
    /// Its name there. A name of the host that is not UTF-8 has U+FFFD where it is not, and cannot be opened
    /// by that.
    pub name: Box<str>,
    /// What it is; links are not followed.
    pub kind: FileKind,
}

/// Which file it is, whatever its name: two that are equal, on one machine, are one file.
///
/// It may be given again once the file is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FileId(u128);

impl FileId {
    /// The file of this number on this device.
    pub const fn new(device: u64, inode: u64) -> FileId {
        FileId((device as u128) << 64 | inode as u128)
    }
}

/// What is known of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FileInfo {
    /// What it is.
    pub kind: FileKind,
    /// Its length in bytes.
    pub size: u64,
    /// Which it is.
    pub id: FileId,
    /// When its bytes were last changed: since 1970, in UTC. In a simulated world since boot.
    pub modified: Duration,
    /// Who may read, write and run it: the nine bits of Unix.
    pub mode: u16,
    /// Names that it has.
    pub links: u32,
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;

    #[test]
    fn flags_are_shown_by_their_names() {
        assert_eq!(format!("{:?}", OpenFlags::READ | OpenFlags::WRITE), "READ|WRITE");
        assert_eq!(format!("{:?}", OpenFlags::APPEND | OpenFlags::CREATE), "APPEND|CREATE");
        assert_eq!(
            format!("{:?}", OpenFlags::WRITE | OpenFlags::CREATE_NEW | OpenFlags::TRUNCATE),
            "WRITE|CREATE_NEW|TRUNCATE"
        );
        assert_eq!(format!("{:?}", OpenFlags::default()), "nothing");
    }

    #[test]
    fn only_a_file_that_is_written_is_changed() {
        for sound in [OpenFlags::READ, OpenFlags::WRITE, OpenFlags::APPEND | OpenFlags::CREATE] {
            assert!(sound.is_sound(), "{sound:?}");
        }
        let reads = OpenFlags::READ;
        for unsound in [OpenFlags::default(), OpenFlags::CREATE, reads | OpenFlags::CREATE, reads | OpenFlags::TRUNCATE]
        {
            assert!(!unsound.is_sound(), "{unsound:?}");
        }
    }
}
