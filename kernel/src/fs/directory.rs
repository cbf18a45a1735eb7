//! Directories that are open, and how they are listed.
//!
//! What is mounted in a directory comes first, then its own entries without the names of those. In a directory
//! of the kernel's own the listing goes on behind the last name that was given, so that a change meanwhile
//! neither hides nor repeats what stays; where the hardware goes on is its own affair.

use super::{Opened, mount::FileSystem, mount::Location};
use crate::{
    fd::Object,
    file::{Kind, Pending},
    hardware::Hardware,
    kernel::{Kernel, broken},
    limits,
    sched::Policy,
    trap::Next,
};
use yieldix_syscalls::{DirEntry, Errno, Fd, Reply};

/// How far a directory is listed.
#[derive(Debug)]
pub struct Listing {
    /// The directory, in plain form.
    path: Box<str>,
    /// The last name that was given.
    after: Option<Box<str>>,
}

impl Listing {
    /// Of the directory with this plain path, from its beginning.
    pub fn of(path: &str) -> Listing {
        Listing { path: path.into(), after: None }
    }
}

impl<H: Hardware, P: Policy> Kernel<H, P> {
    pub(crate) fn sys_readdir(&mut self, slot: u32, fd: Fd) -> Next {
        let file = self.object_of(slot, fd).and_then(|object| match object {
            Object::File(file) if self.file(file).kind == Kind::Directory => Ok(file),
            _ => Err(Errno::ENOTDIR),
        });
        match file {
            Ok(file) => {
                let operation = Pending::ReadDir { ticket: self.take_ticket() };
                self.attempt_or_block(slot, file, operation)
            }
            Err(errno) => self.answer(slot, Reply::Err(errno)),
        }
    }

    /// The next entries of an open directory; none at its end.
    pub(crate) fn read_directory(&mut self, file: u32, ticket: u64) -> Result<Vec<DirEntry>, Errno> {
        let mounted = match self.file(file).opened() {
            // There they have directories of their own.
            Some(Opened::Directory(_)) => Vec::new(),
            _ => self.fs.mounts.below(&self.listing(file).path),
        };
        let first = u64::from(!mounted.is_empty());
        if self.place_mut(file).offset < first {
            self.place_mut(file).offset = first;
            return Ok(mounted);
        }
        loop {
            let offset = self.place_mut(file).offset;
            let mut entries = self.entries(file, ticket, offset - first)?;
            let Some(last) = entries.last() else { return Ok(entries) };
            let after = last.name.clone();
            self.place_mut(file).offset += entries.len() as u64;
            if let Some(listing) = self.file_mut(file).listing_mut() {
                listing.after = Some(after);
            }
            entries.retain(|entry| !mounted.iter().any(|mount| mount.name == entry.name));
            if !entries.is_empty() {
                return Ok(entries);
            }
        }
    }

    /// Entries that a directory has itself.
    fn entries(&mut self, file: u32, ticket: u64, offset: u64) -> Result<Vec<DirEntry>, Errno> {
        let entry = self.file(file);
        let device = entry.device;
        let Listing { path, after } = self.listing(file);
        let max = limits::DIR_ENTRIES;
        match entry.opened() {
            None => self.hardware.try_read_dir(device, ticket, offset),
            Some(Opened::Directory(inode)) => self.fs.ram.entries(*inode, after.as_deref(), max),
            Some(_) => {
                let Location { system, within } = self.fs.mounts.locate(path);
                match system {
                    FileSystem::Devices => Ok(super::devices::entries(after.as_deref())),
                    FileSystem::Programs => Ok(self.entries_in_programs(after.as_deref())),
                    _ => self.entries_in_proc(within, after.as_deref(), max),
                }
            }
        }
    }

    /// Begins a listing anew.
    pub(super) fn rewind(&mut self, file: u32) {
        self.place_mut(file).offset = 0;
        if let Some(listing) = self.file_mut(file).listing_mut() {
            listing.after = None;
        }
    }

    fn listing(&self, file: u32) -> &Listing {
        match self.file(file).rare().and_then(|rare| rare.listing.as_deref()) {
            Some(listing) => listing,
            None => broken("an open directory cannot be listed"),
        }
    }
}

impl crate::file::File {
    fn listing_mut(&mut self) -> Option<&mut Listing> {
        self.rare_mut()?.listing.as_deref_mut()
    }
}
