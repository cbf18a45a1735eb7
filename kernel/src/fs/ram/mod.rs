//! A file system in memory.
//!
//! A name leads to an *inode*: a file or a directory, whose number is never given again. A file lives as
//! long as it has a name or is open. There are no links: each inode has one name at most. Invariant: the
//! bytes that are counted are those of all files that live.

mod content;
mod watches;

use super::path::parts;
use crate::{
    hardware::{Device, news::News},
    limits,
    stat::OwnDevice,
};
use content::Content;
use std::{
    collections::{BTreeMap, BTreeSet},
    ops::Bound::{Excluded, Unbounded},
    time::Duration,
};
use watches::Watches;
use yieldix_syscalls::{Buf, DirEntry, Errno, FileInfo, FileKind, OpenFlags};

/// The number of a file or a directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Inode(u64);

impl Inode {
    /// The root.
    pub const ROOT: Inode = Inode(0);
}

/// A file or a directory.
#[derive(Debug)]
struct Node {
    body: Body,
    modified: Duration,
    /// Open files that it is behind of.
    holders: u32,
    is_named: bool,
    /// Something is mounted there, or below: it cannot be removed, nor get another name.
    is_pinned: bool,
}

#[derive(Debug)]
enum Body {
    File(Content),
    Directory(BTreeMap<Box<str>, Inode>),
    /// The name of a socket.
    Socket,
}

/// The file system.
#[derive(Debug)]
pub struct Ram {
    nodes: BTreeMap<Inode, Node>,
    /// Numbers given out.
    numbers: u64,
    bytes: u64,
    bytes_max: u64,
    watches: Watches,
}

/// What a path names, or could.
struct Found<'a> {
    /// Where its name is, unless it is the root.
    place: Option<(Inode, &'a str)>,
    inode: Option<Inode>,
}

impl Ram {
    /// An empty one, whose files have at most so many bytes together.
    pub fn new(bytes_max: u64) -> Ram {
        let mut ram = Ram { nodes: BTreeMap::new(), numbers: 0, bytes: 0, bytes_max, watches: Watches::default() };
        ram.nodes.insert(Inode::ROOT, Node::new(Body::Directory(BTreeMap::new()), Duration::ZERO));
        ram
    }

    /// The bytes that its files take.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// The bytes that its files may take.
    pub fn bytes_max(&self) -> u64 {
        self.bytes_max
    }

    /// Files and directories there are.
    pub fn inodes(&self) -> u32 {
        self.nodes.len() as u32
    }

    /// Makes the directory at a path, and those above it, to stay for good; whatever there are. `ENOTDIR` when
    /// a file is in the way.
    pub fn pin_directory(&mut self, path: &str) -> Result<(), Errno> {
        let mut directory = Inode::ROOT;
        for name in parts(path) {
            let known = self.names(directory)?.get(name).copied();
            directory = match known {
                Some(inode) => inode,
                None => self.add(directory, name, Body::Directory(BTreeMap::new()), Duration::ZERO)?,
            };
            self.node_mut(directory)?.is_pinned = true;
        }
        Ok(())
    }

    /// Opens a file, or a directory to list it; it is held until [`Ram::close`].
    pub fn open(&mut self, path: &str, flags: OpenFlags, now: Duration) -> Result<Inode, Errno> {
        let found = self.look_up(path)?;
        let inode = match (found.inode, found.place) {
            (Some(_), _) if flags.has(OpenFlags::CREATE_NEW) => return Err(Errno::EEXIST),
            (Some(inode), _) => inode,
            (None, Some((directory, name))) if flags.has(OpenFlags::CREATE) => {
                self.check_room()?;
                self.add(directory, name, Body::File(Content::default()), now)?
            }
            (None, _) => return Err(Errno::ENOENT),
        };
        if let Body::Socket = self.node(inode)?.body {
            return Err(Errno::EOPNOTSUPP);
        }
        if self.is_directory(inode) && flags.has(OpenFlags::WRITE) {
            return Err(Errno::EISDIR);
        }
        if flags.has(OpenFlags::TRUNCATE) {
            self.set_length(inode, 0, now)?;
        }
        self.node_mut(inode)?.holders += 1;
        Ok(inode)
    }

    /// What was opened is held no more.
    pub fn close(&mut self, inode: Inode) {
        if let Some(node) = self.nodes.get_mut(&inode) {
            node.holders -= 1;
        }
        self.forget_if_unused(inode);
    }

    /// Is it a directory?
    pub fn is_directory(&self, inode: Inode) -> bool {
        self.nodes.get(&inode).is_some_and(|node| matches!(node.body, Body::Directory(_)))
    }

    /// Makes the name of a socket. `EADDRINUSE` when there is anything of it.
    pub fn make_socket(&mut self, path: &str, now: Duration) -> Result<Inode, Errno> {
        match self.look_up(path)? {
            Found { inode: None, place: Some((directory, name)) } => {
                self.check_room()?;
                self.add(directory, name, Body::Socket, now)
            }
            Found { .. } => Err(Errno::EADDRINUSE),
        }
    }

    /// What is known of what a path names.
    pub fn stat(&self, path: &str) -> Result<FileInfo, Errno> {
        self.info(self.find(path)?)
    }

    /// What is known of a file or a directory.
    pub fn info(&self, inode: Inode) -> Result<FileInfo, Errno> {
        let node = self.node(inode)?;
        let (kind, size, mode) = match &node.body {
            // Nobody can say of a file that it may be run, so one that says by what it is run may.
            Body::File(content) if *content.read(0, 2) == *b"#!" => (FileKind::Regular, content.len(), 0o755),
            Body::File(content) => (FileKind::Regular, content.len(), 0o644),
            Body::Directory(_) => (FileKind::Directory, 0, 0o755),
            Body::Socket => (FileKind::Socket, 0, 0o755),
        };
        let (id, links) = (OwnDevice::Ram.file(inode.0), u32::from(node.is_named));
        Ok(FileInfo { kind, size, id, modified: node.modified, mode, links })
    }

    /// Up to `max` bytes of a file from `offset` on; none at its end.
    pub fn read(&self, inode: Inode, offset: u64, max: usize) -> Result<Buf, Errno> {
        match &self.node(inode)?.body {
            Body::File(content) => Ok(content.read(offset, max)),
            Body::Directory(_) => Err(Errno::EISDIR),
            Body::Socket => Err(Errno::EOPNOTSUPP),
        }
    }

    /// Writes to a file, at `offset` or at its end. Gives how much of `data` there was room for, at least
    /// one byte, and where the write ended. `ENOSPC` without room, `EFBIG` past the end of all numbers.
    pub fn write(
        &mut self,
        inode: Inode,
        offset: Option<u64>,
        data: &[u8],
        now: Duration,
    ) -> Result<(usize, u64), Errno> {
        let room = self.bytes_max.saturating_sub(self.bytes);
        let content = self.content_mut(inode)?;
        let offset = offset.unwrap_or(content.len());
        let highest = limits::OFFSET_MAX.saturating_sub(offset);
        let data = &data[..(data.len() as u64).min(highest) as usize];
        if data.is_empty() {
            return Err(Errno::EFBIG);
        }
        let before = content.bytes();
        let count = content.write(offset, data, room);
        let more = content.bytes() - before;
        self.bytes += more;
        if count == 0 {
            return Err(Errno::ENOSPC);
        }
        self.note_change(inode, now)?;
        Ok((count, offset + count as u64))
    }

    /// Sets the length of a file. What is added takes no memory.
    pub fn set_length(&mut self, inode: Inode, length: u64, now: Duration) -> Result<(), Errno> {
        let content = self.content_mut(inode)?;
        let before = content.bytes();
        content.set_length(length);
        let less = before - content.bytes();
        self.bytes -= less;
        self.note_change(inode, now)
    }

    /// Makes a directory.
    pub fn mkdir(&mut self, path: &str, now: Duration) -> Result<(), Errno> {
        match self.look_up(path)? {
            Found { inode: None, place: Some((directory, name)) } => {
                self.check_room()?;
                self.add(directory, name, Body::Directory(BTreeMap::new()), now).map(drop)
            }
            _ => Err(Errno::EEXIST),
        }
    }

    /// Removes a file's name.
    pub fn unlink(&mut self, path: &str, now: Duration) -> Result<(), Errno> {
        let found = self.look_up(path)?;
        let inode = found.inode.ok_or(Errno::ENOENT)?;
        match found.place {
            Some((directory, name)) if !self.is_directory(inode) => {
                self.remove_name(directory, name, News::REMOVED, now)?;
                self.unname(inode);
                Ok(())
            }
            _ => Err(Errno::EISDIR),
        }
    }

    /// Removes an empty directory.
    pub fn rmdir(&mut self, path: &str, now: Duration) -> Result<(), Errno> {
        let found = self.look_up(path)?;
        let inode = found.inode.ok_or(Errno::ENOENT)?;
        let Some((directory, name)) = found.place else { return Err(Errno::EBUSY) };
        self.check_replaceable(inode, true)?;
        self.remove_name(directory, name, News::REMOVED, now)?;
        self.watches.lose_directory(inode);
        self.unname(inode);
        Ok(())
    }

    /// Gives a file or a directory another name, in place of a file or of an empty directory.
    pub fn rename(&mut self, from: &str, to: &str, now: Duration) -> Result<(), Errno> {
        let (source, target) = (self.look_up(from)?, self.look_up(to)?);
        let inode = source.inode.ok_or(Errno::ENOENT)?;
        let (Some(old), Some(new)) = (source.place, target.place) else { return Err(Errno::EBUSY) };
        if self.node(inode)?.is_pinned {
            return Err(Errno::EBUSY);
        }
        if to.strip_prefix(from).is_some_and(|rest| rest.starts_with('/')) {
            return Err(Errno::EINVAL);
        }
        if target.inode == Some(inode) {
            return Ok(());
        }
        let is_directory = self.is_directory(inode);
        if let Some(replaced) = target.inode {
            self.check_replaceable(replaced, is_directory)?;
        }
        self.remove_name(old.0, old.1, News::MOVED, now)?;
        self.names_mut(new.0)?.insert(new.1.into(), inode);
        self.node_mut(new.0)?.modified = now;
        self.watches.tell_name(new.0, new.1, News::CREATED, (!is_directory).then_some(inode));
        if is_directory {
            self.watches.lose_directory(inode);
        }
        if let Some(replaced) = target.inode {
            if is_directory {
                let names = names_of(&self.nodes, inode)?;
                self.watches.replace_directory(replaced, inode, |name| names.get(name).copied());
            }
            self.unname(replaced);
        }
        Ok(())
    }

    /// Sets when a file or a directory was last changed.
    pub fn set_modified(&mut self, path: &str, moment: Duration) -> Result<(), Errno> {
        let inode = self.find(path)?;
        self.node_mut(inode)?.modified = moment;
        Ok(())
    }

    /// The entries of a directory behind the name `after`, at most `max`, in the order of their names.
    pub fn entries(&self, directory: Inode, after: Option<&str>, max: usize) -> Result<Vec<DirEntry>, Errno> {
        let from = after.map_or(Unbounded, Excluded);
        let there = self.names(directory)?.range::<str, _>((from, Unbounded)).take(max);
        let kind = |inode| if self.is_directory(inode) { FileKind::Directory } else { FileKind::Regular };
        Ok(there.map(|(name, inode)| DirEntry { name: name.clone(), kind: kind(*inode) }).collect())
    }

    /// Begins to watch the file at a path, which need not be there, for a device that a task reads.
    pub fn watch(&mut self, path: &str, device: Device) -> Result<(), Errno> {
        let found = self.look_up(path)?;
        match (found.place, found.inode) {
            (Some((directory, name)), inode) if inode.is_none_or(|inode| !self.is_directory(inode)) => {
                self.watches.begin(device, directory, name, inode);
                Ok(())
            }
            _ => Err(Errno::EISDIR),
        }
    }

    /// The watches, to read them and to end them.
    pub fn watches(&mut self) -> &mut Watches {
        &mut self.watches
    }

    /// What a path names.
    pub fn find(&self, path: &str) -> Result<Inode, Errno> {
        self.look_up(path)?.inode.ok_or(Errno::ENOENT)
    }

    /// What does not hold of it, if it is held by those: how often each inode is open.
    pub fn broken_invariant(&self, holders: &BTreeMap<Inode, u32>) -> Option<&'static str> {
        let names = self.nodes.values().flat_map(|node| match &node.body {
            Body::Directory(names) => Some(names.values()),
            Body::File(_) | Body::Socket => None,
        });
        let mut named = BTreeSet::from([Inode::ROOT]);
        let is_tree = names.flatten().all(|&inode| named.insert(inode) && self.nodes.contains_key(&inode));
        let bytes = |node: &Node| match &node.body {
            Body::File(content) => content.bytes(),
            Body::Directory(_) | Body::Socket => 0,
        };
        let rules = [
            (is_tree, "a file in memory has one name at most, and a name leads to a file"),
            (
                self.nodes.iter().all(|(inode, node)| node.is_named == named.contains(inode)),
                "a file in memory knows whether it has a name",
            ),
            (
                self.nodes.iter().all(|(inode, node)| node.holders == holders.get(inode).copied().unwrap_or(0)),
                "a file in memory counts those who have it open",
            ),
            (
                self.nodes.values().all(|node| node.is_named || node.holders > 0),
                "a file in memory has a name or is open",
            ),
            (self.nodes.values().map(bytes).sum::<u64>() == self.bytes, "the bytes of files in memory are counted"),
            (self.bytes <= self.bytes_max, "files in memory keep to their bound"),
        ];
        rules.into_iter().find_map(|(holds, rule)| (!holds).then_some(rule))
    }

    fn look_up<'a>(&self, path: &'a str) -> Result<Found<'a>, Errno> {
        let mut found = Found { place: None, inode: Some(Inode::ROOT) };
        for name in parts(path) {
            let directory = found.inode.ok_or(Errno::ENOENT)?;
            if name.len() > limits::FILE_NAME_BYTES {
                return Err(Errno::ENAMETOOLONG);
            }
            let inode = self.names(directory)?.get(name).copied();
            found = Found { place: Some((directory, name)), inode };
        }
        Ok(found)
    }

    fn node(&self, inode: Inode) -> Result<&Node, Errno> {
        self.nodes.get(&inode).ok_or(Errno::ESTALE)
    }

    fn node_mut(&mut self, inode: Inode) -> Result<&mut Node, Errno> {
        self.nodes.get_mut(&inode).ok_or(Errno::ESTALE)
    }

    fn names(&self, directory: Inode) -> Result<&BTreeMap<Box<str>, Inode>, Errno> {
        names_of(&self.nodes, directory)
    }

    fn names_mut(&mut self, directory: Inode) -> Result<&mut BTreeMap<Box<str>, Inode>, Errno> {
        match &mut self.node_mut(directory)?.body {
            Body::Directory(names) => Ok(names),
            Body::File(_) | Body::Socket => Err(Errno::ENOTDIR),
        }
    }

    fn content_mut(&mut self, inode: Inode) -> Result<&mut Content, Errno> {
        match &mut self.node_mut(inode)?.body {
            Body::File(content) => Ok(content),
            Body::Directory(_) => Err(Errno::EISDIR),
            Body::Socket => Err(Errno::EOPNOTSUPP),
        }
    }

    /// Is there room for one more? `ENOSPC` when not.
    fn check_room(&self) -> Result<(), Errno> {
        if self.nodes.len() >= limits::RAM_INODES { Err(Errno::ENOSPC) } else { Ok(()) }
    }

    /// A new name for something new.
    fn add(&mut self, directory: Inode, name: &str, body: Body, now: Duration) -> Result<Inode, Errno> {
        let is_file = matches!(body, Body::File(_));
        self.numbers += 1;
        let inode = Inode(self.numbers);
        self.names_mut(directory)?.insert(name.into(), inode);
        self.node_mut(directory)?.modified = now;
        self.nodes.insert(inode, Node::new(body, now));
        self.watches.tell_name(directory, name, News::CREATED, is_file.then_some(inode));
        Ok(inode)
    }

    /// May it be removed, for what is a directory or is not?
    fn check_replaceable(&self, inode: Inode, by_directory: bool) -> Result<(), Errno> {
        let node = self.node(inode)?;
        match &node.body {
            Body::File(_) | Body::Socket if by_directory => Err(Errno::ENOTDIR),
            Body::File(_) | Body::Socket => Ok(()),
            Body::Directory(_) if !by_directory => Err(Errno::EISDIR),
            Body::Directory(_) if node.is_pinned => Err(Errno::EBUSY),
            Body::Directory(names) if !names.is_empty() => Err(Errno::ENOTEMPTY),
            Body::Directory(_) => Ok(()),
        }
    }

    fn remove_name(&mut self, directory: Inode, name: &str, news: News, now: Duration) -> Result<(), Errno> {
        self.names_mut(directory)?.remove(name);
        self.node_mut(directory)?.modified = now;
        self.watches.tell_name(directory, name, news, None);
        Ok(())
    }

    fn unname(&mut self, inode: Inode) {
        if let Some(node) = self.nodes.get_mut(&inode) {
            node.is_named = false;
        }
        self.forget_if_unused(inode);
    }

    fn forget_if_unused(&mut self, inode: Inode) {
        if self.nodes.get(&inode).is_some_and(|node| node.holders == 0 && !node.is_named)
            && let Some(Node { body: Body::File(content), .. }) = self.nodes.remove(&inode)
        {
            self.bytes -= content.bytes();
        }
    }

    fn note_change(&mut self, file: Inode, now: Duration) -> Result<(), Errno> {
        self.node_mut(file)?.modified = now;
        self.watches.tell_file(file);
        Ok(())
    }
}

impl Node {
    fn new(body: Body, now: Duration) -> Node {
        Node { body, modified: now, holders: 0, is_named: true, is_pinned: false }
    }
}

fn names_of(nodes: &BTreeMap<Inode, Node>, directory: Inode) -> Result<&BTreeMap<Box<str>, Inode>, Errno> {
    match nodes.get(&directory).map(|node| &node.body) {
        Some(Body::Directory(names)) => Ok(names),
        Some(Body::File(_) | Body::Socket) => Err(Errno::ENOTDIR),
        None => Err(Errno::ESTALE),
    }
}

#[cfg(test)]
mod tests;
