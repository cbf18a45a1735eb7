//! What is in a folder in memory: names, and what is behind them.
//!
//! Every name is a path from the folder; a directory that has names below it is there. Files and
//! directories have numbers, which stay theirs when their names change, and are there while a name or a
//! device has them.

mod watches;

use super::contents::Contents;
use super::limits::{FOLDER_NAMES_MAX, NAME_BYTES_MAX};
use crate::hardware::news::News;
use crate::hardware::{Question, Told};
use std::collections::BTreeMap;
use std::fmt;
use std::ops::Bound;
use std::time::Duration;
use watches::Watched;
use yieldix_syscalls::{DirEntry, Errno, FileId, FileInfo, FileKind, OpenFlags, Time};

/// The folder itself.
const ROOT: u64 = 0;

/// Names, files, directories, and who watches them.
pub struct Tree {
    names: BTreeMap<Box<str>, Node>,
    pub contents: Contents,
    directories: BTreeMap<u64, Directory>,
    /// Numbers given out.
    numbers: u64,
    watches: BTreeMap<u64, Watched>,
    watches_made: u64,
    /// The moment of a change.
    pub now: Time,
}

/// What is behind a name.
#[derive(Clone, Copy, Debug)]
pub enum Node {
    Directory(u64),
    File(u64),
    /// A pipe, a socket, a device, or a link to a directory.
    Other(u64),
    /// What the host does not permit: a link that leads out, a file that may not be read.
    Refused(u64, FileKind),
}

/// What was opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Opened {
    File(u64),
    Directory(u64),
}

#[derive(Debug, Default)]
struct Directory {
    /// None when it was removed.
    path: Option<Box<str>>,
    modified: Time,
    /// Devices that have it open.
    holders: u32,
}

impl Default for Tree {
    /// An empty folder.
    fn default() -> Tree {
        let itself = Directory { path: Some("".into()), ..Directory::default() };
        Tree {
            names: BTreeMap::new(),
            contents: Contents::default(),
            directories: BTreeMap::from([(ROOT, itself)]),
            numbers: ROOT,
            watches: BTreeMap::new(),
            watches_made: 0,
            now: Time::BOOT,
        }
    }
}

/// Names.
impl Tree {
    /// What a path names, for a task. `.` is the folder.
    fn find(&self, path: &str) -> Result<Node, Errno> {
        if path == "." {
            return Ok(Node::Directory(ROOT));
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
                Some(Node::Refused(..)) => return Err(Errno::EACCES),
                Some(_) => return Err(Errno::ENOTDIR),
            }
        }
        Ok(())
    }

    /// Makes the directories on the way that are not there.
    pub fn make_parents(&mut self, path: &str) -> Result<(), Errno> {
        for (at, _) in path.match_indices('/') {
            if !self.names.contains_key(&path[..at]) {
                self.add_directory(&path[..at])?;
            }
        }
        self.check_parents(path)
    }

    /// A new name for a new thing; gives the number of that. `ENOSPC` past the names.
    pub fn add(&mut self, path: &str, node: impl FnOnce(u64) -> Node) -> Result<u64, Errno> {
        if self.names.len() >= FOLDER_NAMES_MAX {
            return Err(Errno::ENOSPC);
        }
        self.numbers += 1;
        self.names.insert(path.into(), node(self.numbers));
        self.touch_parent(path);
        Ok(self.numbers)
    }

    /// A new directory.
    pub fn add_directory(&mut self, path: &str) -> Result<(), Errno> {
        let number = self.add(path, Node::Directory)?;
        let directory = Directory { path: Some(path.into()), modified: self.now, holders: 0 };
        self.directories.insert(number, directory);
        Ok(())
    }

    /// The number of the directory that has this path's last part; none if there is none.
    fn parent(&self, path: &str) -> Option<u64> {
        match path.rsplit_once('/') {
            None => Some(ROOT),
            Some((parent, _)) => match self.names.get(parent) {
                Some(Node::Directory(number)) => Some(*number),
                _ => None,
            },
        }
    }

    /// The names in the directory of this path are others now.
    fn touch_parent(&mut self, path: &str) {
        let number = self.parent(path);
        if let Some(directory) = number.and_then(|number| self.directories.get_mut(&number)) {
            directory.modified = self.now;
        }
    }

    /// Numbers things in the order of their paths.
    pub fn renumber(&mut self) {
        let mut contents = Contents::default();
        let mut directories = std::mem::take(&mut self.directories);
        self.directories.extend(directories.remove_entry(&ROOT));
        for (number, node) in (ROOT + 1..).zip(self.names.values_mut()) {
            match node {
                Node::File(old) => {
                    self.contents.move_to(&mut contents, *old, number);
                    *old = number;
                }
                Node::Directory(old) => {
                    self.directories.extend(directories.remove(old).map(|directory| (number, directory)));
                    *old = number;
                }
                Node::Other(old) | Node::Refused(old, _) => *old = number,
            }
        }
        self.contents = contents;
        self.numbers = self.names.len() as u64;
    }

    /// The names in a directory, in their order, and what they are; none of one that was removed.
    pub fn entries(&self, number: u64) -> Vec<DirEntry> {
        let Some(path) = self.directories.get(&number).and_then(|directory| directory.path.as_deref()) else {
            return Vec::new();
        };
        let prefix = prefix_of(path);
        self.below(&prefix)
            .filter_map(|(path, node)| {
                let name = path.strip_prefix(&*prefix).filter(|name| !name.contains('/'))?;
                Some(DirEntry { name: name.into(), kind: node.kind() })
            })
            .collect()
    }

    /// All names that begin with this.
    fn below<'a>(&'a self, prefix: &'a str) -> impl Iterator<Item = (&'a str, &'a Node)> {
        let from = (Bound::Included(prefix), Bound::Unbounded);
        let names = self.names.range::<str, _>(from).map(|(path, node)| (&**path, node));
        names.take_while(move |(path, _)| path.starts_with(prefix))
    }
}

/// Questions.
impl Tree {
    /// Does what is asked.
    pub fn answer(&mut self, question: &Question) -> Result<Told, Errno> {
        match question {
            Question::Stat { path, follows } => return self.stat(path, *follows).map(Told::Info),
            Question::Mkdir(path) => self.make_directory(path)?,
            Question::Unlink(path) => self.unlink(path)?,
            Question::Rmdir(path) => self.remove_directory(path)?,
            Question::Rename { from, to } => self.rename(from, to)?,
            Question::SetModified { path, moment } => self.set_modified(path, *moment)?,
        }
        Ok(Told::Done)
    }

    /// What is known of what a path names.
    fn stat(&self, path: &str, follows: bool) -> Result<FileInfo, Errno> {
        let (kind, number) = match self.find(path)? {
            Node::File(number) => return self.contents.info(number),
            Node::Directory(number) => return self.directory_info(number),
            Node::Refused(..) if follows => return Err(Errno::EACCES),
            Node::Refused(number, kind) => (kind, number),
            Node::Other(number) => (FileKind::Other, number),
        };
        Ok(FileInfo { kind, size: 0, id: FileId::new(0, number), modified: Duration::ZERO, mode: 0o777, links: 1 })
    }

    /// Makes a directory. Its parent must be there.
    pub fn make_directory(&mut self, path: &str) -> Result<(), Errno> {
        match self.find(path) {
            Ok(_) => Err(Errno::EEXIST),
            Err(Errno::ENOENT) => {
                self.check_parents(path)?;
                self.add_directory(path)?;
                self.tell_name(path, News::CREATED, None);
                Ok(())
            }
            Err(errno) => Err(errno),
        }
    }

    /// Removes what is no directory.
    pub fn unlink(&mut self, path: &str) -> Result<(), Errno> {
        if let Node::Directory(_) = self.find(path)? {
            return Err(Errno::EISDIR);
        }
        self.remove_name(path);
        self.tell_name(path, News::REMOVED, None);
        Ok(())
    }

    fn remove_directory(&mut self, path: &str) -> Result<(), Errno> {
        match self.find(path)? {
            Node::Directory(ROOT) => Err(Errno::EBUSY),
            Node::Directory(_) if self.has_names_below(path) => Err(Errno::ENOTEMPTY),
            Node::Directory(_) => {
                self.remove_name(path);
                self.tell_name(path, News::REMOVED, None);
                Ok(())
            }
            _ => Err(Errno::ENOTDIR),
        }
    }

    /// Gives something another name, in place of a file or an empty directory of that name.
    pub fn rename(&mut self, from: &str, to: &str) -> Result<(), Errno> {
        if [from, to].contains(&".") {
            return Err(Errno::EBUSY);
        }
        self.check_parents(to)?;
        let node = self.find(from)?;
        let is_directory = matches!(node, Node::Directory(_));
        if is_directory && to.starts_with(&*prefix_of(from)) {
            return Err(Errno::EINVAL);
        }
        if from.starts_with(&*prefix_of(to)) {
            return Err(Errno::ENOTEMPTY);
        }
        match (is_directory, self.names.get(to)) {
            (_, None) => {}
            (true, Some(Node::Directory(_))) if from != to && self.has_names_below(to) => return Err(Errno::ENOTEMPTY),
            (true, Some(Node::Directory(_))) => {}
            (true, Some(_)) => return Err(Errno::ENOTDIR),
            (false, Some(Node::Directory(_))) => return Err(Errno::EISDIR),
            (false, Some(_)) => {}
        }
        if from == to {
            return Ok(());
        }
        self.remove_name(to);
        let prefix = prefix_of(from);
        let below: Vec<Box<str>> = self.below(&prefix).map(|(path, _)| path.into()).collect();
        self.move_name(from, to);
        for old in below {
            self.move_name(&old, &format!("{to}/{}", &old[prefix.len()..]));
        }
        self.touch_parent(from);
        self.touch_parent(to);
        self.tell_name(from, News::MOVED, None);
        self.tell_name(to, News::CREATED, if let Node::File(number) = node { Some(number) } else { None });
        if let Node::Directory(number) = node {
            self.tell_directory(number);
        }
        Ok(())
    }

    fn move_name(&mut self, from: &str, to: &str) {
        let Some(node) = self.names.remove(from) else { return };
        self.names.insert(to.into(), node);
        if let Node::Directory(number) = node
            && let Some(directory) = self.directories.get_mut(&number)
        {
            directory.path = Some(to.into());
        }
    }

    fn has_names_below(&self, path: &str) -> bool {
        self.below(&prefix_of(path)).next().is_some()
    }

    /// Takes a name away, and what nobody has any more with it.
    fn remove_name(&mut self, path: &str) {
        match self.names.remove(path) {
            Some(Node::File(number)) => {
                self.contents.unname(number);
            }
            Some(Node::Directory(number)) => {
                if let Some(directory) = self.directories.get_mut(&number) {
                    directory.path = None;
                }
                self.tell_directory(number);
                self.forget_if_removed(number);
            }
            Some(Node::Other(_) | Node::Refused(..)) => {}
            None => return,
        }
        self.touch_parent(path);
    }

    fn set_modified(&mut self, path: &str, moment: Option<Duration>) -> Result<(), Errno> {
        let moment = moment.map_or(self.now, |moment| Time::BOOT + moment);
        match self.find(path)? {
            Node::File(number) => self.contents.set_modified(number, moment)?,
            Node::Directory(number) => {
                self.directories.get_mut(&number).ok_or(Errno::ESTALE)?.modified = moment;
            }
            // Nothing is known of it, and so no moment kept.
            Node::Other(_) => return Err(Errno::EOPNOTSUPP),
            Node::Refused(..) => return Err(Errno::EACCES),
        }
        Ok(())
    }
}

/// Files, and what is open.
impl Tree {
    /// The number of the file of this name.
    pub fn file_at(&self, path: &str) -> Result<u64, Errno> {
        match self.find(path)? {
            Node::File(number) => Ok(number),
            Node::Directory(_) => Err(Errno::EISDIR),
            Node::Other(_) => Err(Errno::EOPNOTSUPP),
            Node::Refused(..) => Err(Errno::EACCES),
        }
    }

    /// The same; it is made if it is not there.
    pub fn make_file(&mut self, path: &str) -> Result<u64, Errno> {
        self.make_parents(path)?;
        match self.file_at(path) {
            Err(Errno::ENOENT) => self.create(path),
            found => found,
        }
    }

    fn create(&mut self, path: &str) -> Result<u64, Errno> {
        let number = self.add(path, Node::File)?;
        self.contents.create(number, self.now);
        self.tell_name(path, News::CREATED, Some(number));
        Ok(number)
    }

    /// Opens a file for a task, or a directory to read it.
    pub fn open(&mut self, path: &str, flags: OpenFlags) -> Result<Opened, Errno> {
        let found = self.find(path);
        // Whatever it is that is there.
        if flags.has(OpenFlags::CREATE_NEW) && found.is_ok() {
            return Err(Errno::EEXIST);
        }
        let number = match found {
            Ok(Node::Directory(number)) if !flags.has(OpenFlags::WRITE) => {
                self.directories.get_mut(&number).ok_or(Errno::ESTALE)?.holders += 1;
                return Ok(Opened::Directory(number));
            }
            Err(Errno::ENOENT) if flags.has(OpenFlags::CREATE) => {
                self.check_parents(path)?;
                self.create(path)?
            }
            Ok(_) => self.file_at(path)?,
            Err(errno) => return Err(errno),
        };
        if flags.has(OpenFlags::TRUNCATE) {
            self.set_length(number, 0)?;
        }
        self.contents.hold(number)?;
        Ok(Opened::File(number))
    }

    /// A task has closed a file or a directory.
    pub fn close(&mut self, number: u64) {
        if !self.contents.let_go(number)
            && let Some(directory) = self.directories.get_mut(&number)
        {
            directory.holders -= 1;
            self.forget_if_removed(number);
        }
    }

    fn forget_if_removed(&mut self, number: u64) {
        if self.directories.get(&number).is_some_and(|directory| directory.holders == 0 && directory.path.is_none()) {
            self.directories.remove(&number);
        }
    }

    /// Writes at `offset`, or at the end; gives where it ended. `ENOSPC` when the folder is full.
    pub fn write(&mut self, number: u64, offset: Option<u64>, bytes: &[u8]) -> Result<u64, Errno> {
        let end = self.contents.write(number, offset, bytes, self.now)?;
        if !bytes.is_empty() {
            self.tell_content(number);
        }
        Ok(end)
    }

    /// Sets the length of a file. `ENOSPC` when the folder is full.
    pub fn set_length(&mut self, number: u64, length: u64) -> Result<(), Errno> {
        self.contents.set_length(number, length, self.now)?;
        self.tell_content(number);
        Ok(())
    }

    /// What is known of a directory.
    pub fn directory_info(&self, number: u64) -> Result<FileInfo, Errno> {
        let directory = self.directories.get(&number).ok_or(Errno::ESTALE)?;
        Ok(FileInfo {
            kind: FileKind::Directory,
            size: 0,
            id: FileId::new(0, number),
            modified: directory.modified.since(Time::BOOT),
            mode: 0o777,
            links: u32::from(directory.path.is_some()),
        })
    }
}

impl Node {
    fn kind(self) -> FileKind {
        match self {
            Node::Directory(_) => FileKind::Directory,
            Node::File(_) => FileKind::Regular,
            Node::Other(_) => FileKind::Other,
            Node::Refused(_, kind) => kind,
        }
    }
}

/// What the names below a directory begin with.
fn prefix_of(path: &str) -> String {
    if path.is_empty() { String::new() } else { format!("{path}/") }
}

impl fmt::Debug for Tree {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Tree { names, watches, .. } = self;
        f.debug_struct("Tree").field("names", names).field("watches", watches).finish_non_exhaustive()
    }
}
