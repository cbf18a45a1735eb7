//! A folder in memory, with both its sides: what tasks see mounted, and what another process would do
//! to it meanwhile.

use super::limits::{FOLDER_BYTES_MAX, FOLDER_NAMES_MAX};
use super::tree::{Node, Tree};
use std::{
    collections::BTreeMap,
    fmt,
    io::{self, Read},
    path::Path,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use yieldix_syscalls::{Errno, FileKind, Time};

/// A folder in memory: a clone is another handle on the same one.
///
/// Paths are relative to it, `logs/today`; what is missing before the last part is made. Every change
/// is seen by the watches of tasks as one of another process would be.
#[derive(Clone, Debug, Default)]
pub struct MemoryFolder {
    tree: Arc<Mutex<Tree>>,
    later: Arc<Mutex<Later>>,
}

/// Changes that were asked for, by their moments and in their order.
#[derive(Default)]
struct Later {
    changes: BTreeMap<(Time, u64), Change>,
    planned: u64,
}

/// Why a host folder could not be copied.
#[derive(Debug)]
pub enum CopyError {
    /// The host refused.
    Host(io::Error),
    /// There is more in it than a folder in memory holds: bytes, or names.
    TooLarge,
}

impl fmt::Display for CopyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            CopyError::Host(error) => error.fmt(f),
            CopyError::TooLarge => {
                write!(
                    f,
                    "more than {FOLDER_BYTES_MAX} bytes or {FOLDER_NAMES_MAX} names, which a simulated world does not hold"
                )
            }
        }
    }
}

impl std::error::Error for CopyError {}

type Change = Box<dyn FnOnce(&MemoryFolder) + Send>;

impl fmt::Debug for Later {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.changes.keys()).finish()
    }
}

impl MemoryFolder {
    /// An empty folder.
    pub fn new() -> MemoryFolder {
        MemoryFolder::default()
    }

    /// A copy of a folder of the host, as it is now; none of its bytes is in the cache yet.
    ///
    /// Links are copied as what they lead to. One that leads out of the folder is there and refused, as is
    /// a file that may not be read; one to a directory is neither file nor directory. Names that are no
    /// text are left out: no path reaches them.
    pub fn copy_of(host: &Path) -> Result<MemoryFolder, CopyError> {
        let root = cap_std::fs::Dir::open_ambient_dir(host, cap_std::ambient_authority()).map_err(CopyError::Host)?;
        let folder = MemoryFolder::new();
        let mut left = vec![(String::new(), root)];
        while let Some((prefix, directory)) = left.pop() {
            for entry in directory.entries().map_err(CopyError::Host)? {
                let entry = entry.map_err(CopyError::Host)?;
                let Ok(name) = entry.file_name().into_string() else { continue };
                let path = format!("{prefix}{name}");
                let copied = copy(&directory, &name, &folder, &path).map_err(|errno| match errno {
                    Errno::ENOSPC => CopyError::TooLarge,
                    errno => CopyError::Host(io::Error::other(errno)),
                })?;
                if let Some(inner) = copied {
                    left.push((format!("{path}/"), inner));
                }
            }
        }
        // A host lists its names in any order.
        folder.lock().renumber();
        Ok(folder)
    }

    /// Makes a directory.
    pub fn make_directory(&self, path: &str) -> Result<(), Errno> {
        let mut tree = self.lock();
        tree.make_parents(path)?;
        tree.make_directory(path)
    }

    /// Makes a file of these bytes, or gives them to the one there is. They are in the cache.
    pub fn write(&self, path: &str, bytes: impl AsRef<[u8]>) -> Result<(), Errno> {
        let mut tree = self.lock();
        let number = tree.make_file(path)?;
        tree.set_length(number, 0)?;
        tree.write(number, Some(0), bytes.as_ref()).map(drop)
    }

    /// Adds bytes at the end of a file; makes it if it is not there.
    pub fn append(&self, path: &str, bytes: impl AsRef<[u8]>) -> Result<(), Errno> {
        let mut tree = self.lock();
        let number = tree.make_file(path)?;
        tree.write(number, None, bytes.as_ref()).map(drop)
    }

    /// Sets the length of a file.
    pub fn truncate(&self, path: &str, length: u64) -> Result<(), Errno> {
        let mut tree = self.lock();
        let number = tree.file_at(path)?;
        tree.set_length(number, length)
    }

    /// Gives a file or a directory another name, in place of a file or an empty directory of that name.
    pub fn rename(&self, from: &str, to: &str) -> Result<(), Errno> {
        let mut tree = self.lock();
        tree.make_parents(to)?;
        tree.rename(from, to)
    }

    /// Removes a file.
    pub fn remove(&self, path: &str) -> Result<(), Errno> {
        self.lock().unlink(path)
    }

    /// Has `change` done at a moment of the virtual time, those of one moment in the order in which they
    /// were asked for.
    pub fn at(&self, moment: Time, change: impl FnOnce(&MemoryFolder) + Send + 'static) {
        let mut later = self.later();
        later.planned += 1;
        let place = (moment, later.planned);
        later.changes.insert(place, Box::new(change));
    }

    /// Takes a file's bytes out of the cache: whoever reads them next waits for the disk.
    pub fn evict(&self, path: &str) -> Result<(), Errno> {
        let mut tree = self.lock();
        let number = tree.file_at(path)?;
        tree.contents.evict(number)
    }

    /// All bytes of a file.
    pub fn read(&self, path: &str) -> Result<Vec<u8>, Errno> {
        let tree = self.lock();
        let number = tree.file_at(path)?;
        Ok(tree.contents.read(number, 0, FOLDER_BYTES_MAX)?.to_vec())
    }

    /// When the next change is due that was asked for.
    pub(super) fn next_change(&self) -> Option<Time> {
        self.later().changes.first_key_value().map(|((moment, _), _)| *moment)
    }

    /// Does the changes that are due.
    pub(super) fn change(&self, now: Time) {
        loop {
            self.lock().now = now;
            let mut later = self.later();
            let Some(next) = later.changes.first_entry().filter(|next| next.key().0 <= now) else { return };
            let change = next.remove();
            drop(later);
            change(self);
        }
    }

    fn later(&self) -> MutexGuard<'_, Later> {
        self.later.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, Tree> {
        // What a test that panicked left behind is as good as before.
        self.tree.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Copies one entry; gives a directory, whose entries are to come.
fn copy(
    directory: &cap_std::fs::Dir,
    name: &str,
    folder: &MemoryFolder,
    path: &str,
) -> Result<Option<cap_std::fs::Dir>, Errno> {
    use io::ErrorKind::{NotFound, PermissionDenied};
    let mut tree = folder.lock();
    let refused = |tree: &mut Tree, kind| tree.add(path, |number| Node::Refused(number, kind)).map(|_| None);
    let own = match directory.symlink_metadata(name) {
        Ok(own) => own,
        Err(error) if error.kind() == PermissionDenied => return refused(&mut tree, FileKind::Other),
        Err(error) if error.kind() == NotFound => return Ok(None),
        Err(_) => return Err(Errno::EIO),
    };
    let info = match directory.metadata(name) {
        Ok(info) => info,
        Err(error) if error.kind() == PermissionDenied => return refused(&mut tree, kind_of(&own)),
        // A link that leads nowhere, or what went meanwhile.
        Err(error) if error.kind() == NotFound => return Ok(None),
        Err(_) => return Err(Errno::EIO),
    };
    if info.is_dir() && !own.is_symlink() {
        return match directory.open_dir(name) {
            Ok(inner) => tree.add_directory(path).map(|()| Some(inner)),
            Err(error) if error.kind() == PermissionDenied => refused(&mut tree, FileKind::Directory),
            Err(_) => Err(Errno::EIO),
        };
    }
    if !info.is_file() {
        return tree.add(path, Node::Other).map(|_| None);
    }
    let file = match open_regular(directory, name) {
        Ok(Some(file)) => file,
        Ok(None) => return tree.add(path, Node::Other).map(|_| None),
        Err(error) if error.kind() == PermissionDenied => return refused(&mut tree, kind_of(&own)),
        Err(error) if error.kind() == NotFound => return Ok(None),
        Err(_) => return Err(Errno::EIO),
    };
    let data = read_whole(file, FOLDER_BYTES_MAX - tree.contents.bytes())?;
    let number = tree.make_file(path)?;
    tree.write(number, Some(0), &data)?;
    tree.contents.evict(number)?;
    Ok(None)
}

fn kind_of(info: &cap_std::fs::Metadata) -> FileKind {
    match info {
        _ if info.is_symlink() => FileKind::Link,
        _ if info.is_dir() => FileKind::Directory,
        _ if info.is_file() => FileKind::Regular,
        _ => FileKind::Other,
    }
}

/// Opens a regular file; none if something else has its name by now. To open a pipe does not wait.
fn open_regular(directory: &cap_std::fs::Dir, name: &str) -> io::Result<Option<cap_std::fs::File>> {
    let mut options = cap_std::fs::OpenOptions::new();
    options.read(true);
    #[cfg(unix)]
    {
        use rustix::fs::OFlags;
        let flags = (OFlags::NONBLOCK | OFlags::NOCTTY).bits() as i32;
        cap_std::fs::OpenOptionsExt::custom_flags(&mut options, flags);
    }
    let file = directory.open_with(name, &options)?;
    Ok(file.metadata()?.is_file().then_some(file))
}

/// All bytes of a file, whatever it says of its length. `ENOSPC` when they are more than `room`.
fn read_whole(file: impl Read, room: usize) -> Result<Vec<u8>, Errno> {
    let mut data = Vec::new();
    file.take(room as u64 + 1).read_to_end(&mut data).map_err(|_| Errno::EIO)?;
    if data.len() > room { Err(Errno::ENOSPC) } else { Ok(data) }
}

#[cfg(test)]
mod tests {
    use super::super::tree::Opened;
    use super::*;
    use yieldix_syscalls::OpenFlags;

    #[test]
    fn a_file_is_written_appended_to_cut_and_removed() {
        let folder = MemoryFolder::new();
        folder.append("a/b", "one\n").unwrap();
        folder.append("a/b", "two\n").unwrap();
        assert_eq!(folder.read("a/b").as_deref(), Ok(&b"one\ntwo\n"[..]));
        folder.truncate("a/b", 3).unwrap();
        folder.truncate("a/b", 5).unwrap();
        assert_eq!(folder.read("a/b").as_deref(), Ok(&b"one\0\0"[..]));
        folder.write("a/b", "new").unwrap();
        folder.rename("a/b", "c").unwrap();
        assert_eq!((folder.read("a/b"), folder.read("c").as_deref()), (Err(Errno::ENOENT), Ok(&b"new"[..])));
        folder.remove("c").unwrap();
        assert_eq!((folder.remove("c"), folder.remove("a")), (Err(Errno::ENOENT), Err(Errno::EISDIR)));
        assert_eq!(folder.append("a/b/c", "").and(folder.append("a/b/c/d", "")), Err(Errno::ENOTDIR));
        assert_eq!(folder.lock().contents.bytes(), 0);
    }

    #[test]
    fn the_folder_is_bounded() {
        let folder = MemoryFolder::new();
        folder.append("a", "x").unwrap();
        assert_eq!(folder.truncate("a", FOLDER_BYTES_MAX as u64 + 1), Err(Errno::ENOSPC));
        folder.truncate("a", FOLDER_BYTES_MAX as u64).unwrap();
        assert_eq!(folder.append("b", "x"), Err(Errno::ENOSPC));
        folder.remove("a").unwrap();
        folder.append("b", "x").unwrap();
    }

    #[test]
    fn a_file_that_grows_while_it_is_copied_is_bounded() {
        assert_eq!(read_whole(io::repeat(7), 9), Err(Errno::ENOSPC));
        assert_eq!(read_whole(io::repeat(7).take(9), 9), Ok(vec![7; 9]));
        assert_eq!(read_whole(io::empty(), 0), Ok(Vec::new()));
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_pipe_in_the_place_of_a_file_is_not_waited_for() {
        use rustix::fs::{CWD, FileType, Mode, mknodat};
        let scratch = std::env::temp_dir().join(format!("yieldix-folder-{}", std::process::id()));
        std::fs::create_dir(&scratch).unwrap();
        std::fs::write(scratch.join("file"), "").unwrap();
        mknodat(CWD, scratch.join("pipe"), FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
        let directory = cap_std::fs::Dir::open_ambient_dir(&scratch, cap_std::ambient_authority()).unwrap();
        let is_regular = |name| open_regular(&directory, name).map(|file| file.is_some()).map_err(|error| error.kind());
        let opened = (is_regular("file"), is_regular("pipe"), is_regular("none"));
        std::fs::remove_dir_all(&scratch).unwrap();
        assert_eq!(opened, (Ok(true), Ok(false), Err(io::ErrorKind::NotFound)));
    }

    #[test]
    fn an_open_file_outlives_its_name() {
        let folder = MemoryFolder::new();
        folder.append("a", "x").unwrap();
        let Ok(Opened::File(number)) = folder.lock().open("a", OpenFlags::READ) else { panic!("it is a file") };
        folder.remove("a").unwrap();
        assert_eq!(folder.lock().contents.read(number, 0, 9), Ok(&b"x"[..]));
        folder.lock().close(number);
        let tree = folder.lock();
        assert_eq!((tree.contents.read(number, 0, 9), tree.contents.bytes()), (Err(Errno::ESTALE), 0));
    }

    #[test]
    fn a_watch_follows_the_name_from_file_to_file() {
        let folder = MemoryFolder::new();
        folder.append("log", "x").unwrap();
        let watch = folder.lock().watch("log").unwrap();
        let told = || folder.lock().read_news(watch, 64).map(|text| String::from_utf8(text.to_vec()).unwrap());
        folder.rename("log", "log.1").unwrap();
        assert_eq!(told().as_deref(), Ok("moved\n"));
        folder.append("log.1", "the old one").unwrap();
        assert_eq!(told().as_deref(), Ok("modified\n"));
        folder.append("log", "").unwrap();
        assert_eq!(told().as_deref(), Ok("created\n"));
        folder.append("log.1", "nobody's").unwrap();
        assert_eq!(told(), Err(Errno::EAGAIN));
        folder.append("log", "the new one").unwrap();
        folder.remove("log").unwrap();
        assert_eq!(told().as_deref(), Ok("modified\nremoved\n"));
    }
}
