//! A folder in memory, with both its sides: what tasks see mounted, and what another process would do
//! to it meanwhile.

use super::limits::{FILE_WINDOW, FOLDER_BYTES_MAX, FOLDER_NAMES_MAX, NAME_BYTES_MAX};
use crate::hardware::news::News;
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    io::{self, Read},
    path::Path,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use yieldix_syscalls::{Errno, FileId, FileInfo, FileKind, OpenFlags, Time};

/// A folder in memory: a clone is another handle on the same one.
///
/// Paths are relative to it, `logs/today`; what is missing before the last part is made. Every change
/// is seen by the watches of tasks as one of another process would be.
#[derive(Clone, Debug, Default)]
pub struct MemoryFolder(Arc<Mutex<Tree>>);

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

#[derive(Default)]
pub(super) struct Tree {
    names: BTreeMap<Box<str>, Node>,
    contents: BTreeMap<u64, Content>,
    /// Numbers given out; that of the folder itself is 0.
    numbers: u64,
    bytes: usize,
    watches: BTreeMap<u64, Watched>,
    watches_made: u64,
    later: BTreeMap<(Time, u64), Change>,
    planned: u64,
    /// The moment of a change.
    pub now: Time,
}

#[derive(Clone, Copy, Debug)]
enum Node {
    Directory(u64),
    File(u64),
    /// A pipe, a socket, a device, or a link to a directory.
    Other(u64),
    /// What the host does not permit: a link that leads out, a file that may not be read.
    Refused,
}

#[derive(Debug, Default)]
struct Content {
    data: Vec<u8>,
    modified: Time,
    /// Pieces that have to be read from the disk first.
    cold: BTreeSet<u64>,
    /// Devices that have it open.
    holders: u32,
    is_named: bool,
}

#[derive(Debug)]
struct Watched {
    path: Box<str>,
    /// Which file it is, or was.
    number: Option<u64>,
    news: News,
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
        Ok(folder.renumbered())
    }

    /// In the order of the paths, as a host lists its names in any.
    fn renumbered(self) -> MemoryFolder {
        let mut tree = self.lock();
        let mut contents = std::mem::take(&mut tree.contents);
        let mut numbered = BTreeMap::new();
        for (number, node) in (1..).zip(tree.names.values_mut()) {
            match node {
                Node::File(old) => {
                    numbered.extend(contents.remove(old).map(|content| (number, content)));
                    *old = number;
                }
                Node::Directory(old) | Node::Other(old) => *old = number,
                Node::Refused => {}
            }
        }
        tree.numbers = tree.names.len() as u64;
        tree.contents = numbered;
        drop(tree);
        self
    }

    /// Makes a directory.
    pub fn make_directory(&self, path: &str) -> Result<(), Errno> {
        let mut tree = self.lock();
        tree.make_parents(path)?;
        match tree.names.get(path) {
            Some(_) => Err(Errno::EEXIST),
            None => tree.add(path, Node::Directory).map(drop),
        }
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

    /// Gives a file another name; a file that had it is gone.
    pub fn rename(&self, from: &str, to: &str) -> Result<(), Errno> {
        let mut tree = self.lock();
        let number = tree.file_at(from)?;
        tree.make_parents(to)?;
        if let Some(Node::Directory(_)) = tree.names.get(to) {
            return Err(Errno::EISDIR);
        }
        if from == to {
            return Ok(());
        }
        tree.names.remove(from);
        tree.tell_name(from, News::MOVED, None);
        if let Some(Node::File(replaced)) = tree.names.insert(to.into(), Node::File(number)) {
            tree.unname(replaced);
        }
        tree.tell_name(to, News::CREATED, Some(number));
        Ok(())
    }

    /// Removes a file.
    pub fn remove(&self, path: &str) -> Result<(), Errno> {
        let mut tree = self.lock();
        let number = tree.file_at(path)?;
        tree.names.remove(path);
        tree.tell_name(path, News::REMOVED, None);
        tree.unname(number);
        Ok(())
    }

    /// Has `change` done at a moment of the virtual time, those of one moment in the order in which they
    /// were asked for.
    pub fn at(&self, moment: Time, change: impl FnOnce(&MemoryFolder) + Send + 'static) {
        let mut tree = self.lock();
        tree.planned += 1;
        let place = (moment, tree.planned);
        tree.later.insert(place, Box::new(change));
    }

    /// Takes a file's bytes out of the cache: whoever reads them next waits for the disk.
    pub fn evict(&self, path: &str) -> Result<(), Errno> {
        let mut tree = self.lock();
        let number = tree.file_at(path)?;
        tree.evict(number)
    }

    /// All bytes of a file.
    pub fn read(&self, path: &str) -> Result<Vec<u8>, Errno> {
        let tree = self.lock();
        let number = tree.file_at(path)?;
        Ok(tree.content(number)?.data.clone())
    }

    /// When the next change is due that was asked for.
    pub(super) fn next_change(&self) -> Option<Time> {
        self.lock().later.first_key_value().map(|((moment, _), _)| *moment)
    }

    /// Does the changes that are due.
    pub(super) fn change(&self, now: Time) {
        loop {
            let mut tree = self.lock();
            tree.now = now;
            let Some(next) = tree.later.first_entry().filter(|next| next.key().0 <= now) else { return };
            let change = next.remove();
            drop(tree);
            change(self);
        }
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, Tree> {
        // What a test that panicked left behind is as good as before.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
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
    let looked = (directory.symlink_metadata(name), directory.metadata(name));
    let (is_link, info) = match looked {
        (Ok(own), Ok(info)) => (own.is_symlink(), info),
        (Err(error), _) | (_, Err(error)) if error.kind() == PermissionDenied => {
            return tree.add(path, |_| Node::Refused).map(|_| None);
        }
        // A link that leads nowhere, or what went meanwhile.
        (Err(error), _) | (_, Err(error)) if error.kind() == NotFound => return Ok(None),
        (Err(_), _) | (_, Err(_)) => return Err(Errno::EIO),
    };
    if info.is_dir() && !is_link {
        tree.add(path, Node::Directory)?;
        return match directory.open_dir(name) {
            Ok(inner) => Ok(Some(inner)),
            Err(error) if error.kind() == PermissionDenied => {
                tree.names.insert(path.into(), Node::Refused);
                Ok(None)
            }
            Err(_) => Err(Errno::EIO),
        };
    }
    if !info.is_file() {
        return tree.add(path, Node::Other).map(|_| None);
    }
    let file = match open_regular(directory, name) {
        Ok(Some(file)) => file,
        Ok(None) => return tree.add(path, Node::Other).map(|_| None),
        Err(error) if error.kind() == PermissionDenied => {
            return tree.add(path, |_| Node::Refused).map(|_| None);
        }
        Err(error) if error.kind() == NotFound => return Ok(None),
        Err(_) => return Err(Errno::EIO),
    };
    let data = read_whole(file, FOLDER_BYTES_MAX - tree.bytes)?;
    let number = tree.make_file(path)?;
    tree.write(number, Some(0), &data)?;
    tree.evict(number)?;
    Ok(None)
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

impl Tree {
    /// What a path names, for a task. `.` is the folder.
    fn find(&self, path: &str) -> Result<Node, Errno> {
        if path == "." {
            return Ok(Node::Directory(0));
        }
        self.check_parents(path)?;
        self.names.get(path).copied().ok_or(Errno::ENOENT)
    }

    fn check_parents(&self, path: &str) -> Result<(), Errno> {
        if path.split('/').any(|part| part.len() > NAME_BYTES_MAX) {
            return Err(Errno::ENAMETOOLONG);
        }
        for (at, _) in path.match_indices('/') {
            match self.names.get(&path[..at]) {
                None => return Err(Errno::ENOENT),
                Some(Node::Directory(_)) => {}
                Some(Node::Refused) => return Err(Errno::EACCES),
                Some(_) => return Err(Errno::ENOTDIR),
            }
        }
        Ok(())
    }

    fn make_parents(&mut self, path: &str) -> Result<(), Errno> {
        for (at, _) in path.match_indices('/') {
            if !self.names.contains_key(&path[..at]) {
                self.add(&path[..at], Node::Directory)?;
            }
        }
        self.check_parents(path)
    }

    /// A new name for a new thing; gives the number of that. `ENOSPC` past the names.
    fn add(&mut self, path: &str, node: impl FnOnce(u64) -> Node) -> Result<u64, Errno> {
        if self.names.len() >= FOLDER_NAMES_MAX {
            return Err(Errno::ENOSPC);
        }
        self.numbers += 1;
        self.names.insert(path.into(), node(self.numbers));
        Ok(self.numbers)
    }

    fn file_at(&self, path: &str) -> Result<u64, Errno> {
        match self.find(path)? {
            Node::File(number) => Ok(number),
            Node::Directory(_) => Err(Errno::EISDIR),
            Node::Other(_) => Err(Errno::EOPNOTSUPP),
            Node::Refused => Err(Errno::EACCES),
        }
    }

    fn make_file(&mut self, path: &str) -> Result<u64, Errno> {
        self.make_parents(path)?;
        match self.file_at(path) {
            Err(Errno::ENOENT) => self.create(path),
            found => found,
        }
    }

    fn create(&mut self, path: &str) -> Result<u64, Errno> {
        let number = self.add(path, Node::File)?;
        let content = Content { modified: self.now, is_named: true, ..Content::default() };
        self.contents.insert(number, content);
        self.tell_name(path, News::CREATED, Some(number));
        Ok(number)
    }

    /// Opens a file for a task; gives its number.
    pub fn open(&mut self, path: &str, flags: OpenFlags) -> Result<u64, Errno> {
        // Whatever it is that is there.
        if flags.has(OpenFlags::CREATE_NEW) && self.find(path).is_ok() {
            return Err(Errno::EEXIST);
        }
        let number = match self.file_at(path) {
            Ok(number) => number,
            Err(Errno::ENOENT) if flags.has(OpenFlags::CREATE) => {
                self.check_parents(path)?;
                self.create(path)?
            }
            Err(errno) => return Err(errno),
        };
        if flags.has(OpenFlags::TRUNCATE) {
            self.set_length(number, 0)?;
        }
        self.content_mut(number)?.holders += 1;
        Ok(number)
    }

    /// A task has closed a file.
    pub fn close(&mut self, number: u64) {
        if let Some(content) = self.contents.get_mut(&number) {
            content.holders -= 1;
            self.forget_if_unused(number);
        }
    }

    fn unname(&mut self, number: u64) {
        if let Some(content) = self.contents.get_mut(&number) {
            content.is_named = false;
            self.forget_if_unused(number);
        }
    }

    fn forget_if_unused(&mut self, number: u64) {
        if self.contents.get(&number).is_some_and(|content| content.holders == 0 && !content.is_named)
            && let Some(content) = self.contents.remove(&number)
        {
            self.bytes -= content.data.len();
        }
    }

    /// What is known of what a path names.
    pub fn stat(&self, path: &str) -> Result<FileInfo, Errno> {
        let (kind, number) = match self.find(path)? {
            Node::File(number) => return self.info(number),
            Node::Directory(number) => (FileKind::Directory, number),
            Node::Other(number) => (FileKind::Other, number),
            Node::Refused => return Err(Errno::EACCES),
        };
        Ok(FileInfo { kind, size: 0, id: FileId::new(0, number), modified: Duration::ZERO, mode: 0o777, links: 1 })
    }

    /// What is known of a file.
    pub fn info(&self, number: u64) -> Result<FileInfo, Errno> {
        let content = self.content(number)?;
        let modified = content.modified.since(Time::BOOT);
        Ok(FileInfo {
            kind: FileKind::Regular,
            size: content.data.len() as u64,
            id: FileId::new(0, number),
            modified,
            mode: 0o666,
            links: 1,
        })
    }

    /// Has any of these bytes to come from the disk?
    pub fn is_cold(&self, number: u64, offset: u64, max: usize) -> Result<bool, Errno> {
        Ok(self.content(number)?.cold.range(windows(offset, max)).next().is_some())
    }

    /// None is in the cache.
    fn evict(&mut self, number: u64) -> Result<(), Errno> {
        let content = self.content_mut(number)?;
        content.cold = (0..(content.data.len() as u64).div_ceil(FILE_WINDOW)).collect();
        Ok(())
    }

    /// They have come.
    pub fn warm(&mut self, number: u64, offset: u64, max: usize) -> Result<(), Errno> {
        let content = self.content_mut(number)?;
        for window in windows(offset, max) {
            content.cold.remove(&window);
        }
        Ok(())
    }

    /// Up to `max` bytes from `offset` on.
    pub fn read(&self, number: u64, offset: u64, max: usize) -> Result<&[u8], Errno> {
        let data = &self.content(number)?.data;
        let begin = usize::try_from(offset).unwrap_or(usize::MAX).min(data.len());
        Ok(&data[begin..data.len().min(begin.saturating_add(max))])
    }

    /// Writes at `offset`, or at the end; gives where it ended. `ENOSPC` when the folder is full.
    pub fn write(&mut self, number: u64, offset: Option<u64>, bytes: &[u8]) -> Result<u64, Errno> {
        let length = self.content(number)?.data.len() as u64;
        let offset = offset.unwrap_or(length);
        let end = offset.checked_add(bytes.len() as u64).ok_or(Errno::EFBIG)?;
        if end > length && !bytes.is_empty() {
            self.resize(number, end)?;
        }
        let now = self.now;
        let content = self.content_mut(number)?;
        if !bytes.is_empty() {
            content.data[offset as usize..end as usize].copy_from_slice(bytes);
            content.modified = now;
            self.tell_content(number);
        }
        Ok(end)
    }

    /// Sets the length of a file. `ENOSPC` when the folder is full.
    pub fn set_length(&mut self, number: u64, length: u64) -> Result<(), Errno> {
        self.resize(number, length)?;
        let now = self.now;
        self.content_mut(number)?.modified = now;
        self.tell_content(number);
        Ok(())
    }

    fn resize(&mut self, number: u64, length: u64) -> Result<(), Errno> {
        let old = self.content(number)?.data.len();
        let room = FOLDER_BYTES_MAX - (self.bytes - old);
        let length = usize::try_from(length).ok().filter(|&length| length <= room).ok_or(Errno::ENOSPC)?;
        self.content_mut(number)?.data.resize(length, 0);
        self.bytes = self.bytes - old + length;
        Ok(())
    }

    fn content(&self, number: u64) -> Result<&Content, Errno> {
        self.contents.get(&number).ok_or(Errno::ESTALE)
    }

    fn content_mut(&mut self, number: u64) -> Result<&mut Content, Errno> {
        self.contents.get_mut(&number).ok_or(Errno::ESTALE)
    }

    /// Watches a path from now on; gives a name for the watch.
    pub fn watch(&mut self, path: &str) -> Result<u64, Errno> {
        let number = match self.file_at(path) {
            Ok(number) => Some(number),
            Err(Errno::ENOENT) => {
                self.check_parents(path)?;
                None
            }
            Err(errno) => return Err(errno),
        };
        self.watches_made += 1;
        self.watches.insert(self.watches_made, Watched { path: path.into(), number, news: News::default() });
        Ok(self.watches_made)
    }

    /// Watches no longer.
    pub fn unwatch(&mut self, watch: u64) {
        self.watches.remove(&watch);
    }

    /// What a watch has to tell.
    pub fn news(&mut self, watch: u64) -> Result<&mut News, Errno> {
        self.watches.get_mut(&watch).map(|watched| &mut watched.news).ok_or(Errno::EBADF)
    }

    fn tell_content(&mut self, number: u64) {
        for watched in self.watches.values_mut().filter(|watched| watched.number == Some(number)) {
            watched.news.add(News::MODIFIED);
        }
    }

    /// Something has happened to a name; there is a new file behind it if that is given.
    fn tell_name(&mut self, path: &str, news: News, number: Option<u64>) {
        for watched in self.watches.values_mut().filter(|watched| *watched.path == *path) {
            watched.news.add(news);
            watched.number = number.or(watched.number);
        }
    }
}

/// The pieces that these bytes lie in.
fn windows(offset: u64, max: usize) -> std::ops::RangeInclusive<u64> {
    offset / FILE_WINDOW..=offset.saturating_add(max.saturating_sub(1) as u64) / FILE_WINDOW
}

impl fmt::Debug for Tree {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Tree { names, watches, bytes, .. } = self;
        f.debug_struct("Tree").field("names", names).field("watches", watches).field("bytes", bytes).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
        assert_eq!(folder.lock().bytes, 0);
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
        let number = folder.lock().open("a", OpenFlags::READ).unwrap();
        folder.remove("a").unwrap();
        assert_eq!(folder.lock().read(number, 0, 9), Ok(&b"x"[..]));
        folder.lock().close(number);
        let tree = folder.lock();
        assert_eq!((tree.read(number, 0, 9), tree.bytes), (Err(Errno::ESTALE), 0));
    }

    #[test]
    fn a_watch_follows_the_name_from_file_to_file() {
        let folder = MemoryFolder::new();
        folder.append("log", "x").unwrap();
        let watch = folder.lock().watch("log").unwrap();
        let told = || folder.lock().news(watch).unwrap().take(64).map(|text| String::from_utf8(text.to_vec()).unwrap());
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
