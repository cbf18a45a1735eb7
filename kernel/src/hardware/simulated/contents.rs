//! The bytes of the files of a folder in memory, which of them are in the cache, and who has them.
//!
//! A file is there while a name or a device has it.

use super::limits::{FILE_WINDOW, FOLDER_BYTES_MAX};
use std::collections::{BTreeMap, BTreeSet};
use yieldix_syscalls::{Errno, FileId, FileInfo, FileKind, Time};

/// All files of a folder, by their numbers.
#[derive(Default)]
pub struct Contents {
    files: BTreeMap<u64, Content>,
    bytes: usize,
}

#[derive(Default)]
struct Content {
    data: Vec<u8>,
    modified: Time,
    /// Pieces that have to be read from the disk first.
    cold: BTreeSet<u64>,
    /// Devices that have it open.
    holders: u32,
    is_named: bool,
}

impl Contents {
    /// Bytes of all files.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// A new file, empty, which has a name.
    pub fn create(&mut self, number: u64, now: Time) {
        self.files.insert(number, Content { modified: now, is_named: true, ..Content::default() });
    }

    /// Gives a file to `others`, where it has another number.
    pub fn move_to(&mut self, others: &mut Contents, number: u64, other: u64) {
        let Some(content) = self.files.remove(&number) else { return };
        self.bytes -= content.data.len();
        others.bytes += content.data.len();
        others.files.insert(other, content);
    }

    /// A device has it open.
    pub fn hold(&mut self, number: u64) -> Result<(), Errno> {
        self.get_mut(number)?.holders += 1;
        Ok(())
    }

    /// A device has closed it. False if it is no file.
    pub fn let_go(&mut self, number: u64) -> bool {
        let Some(content) = self.files.get_mut(&number) else { return false };
        content.holders -= 1;
        self.forget_if_unused(number);
        true
    }

    /// It has no name any more.
    pub fn unname(&mut self, number: u64) {
        if let Some(content) = self.files.get_mut(&number) {
            content.is_named = false;
            self.forget_if_unused(number);
        }
    }

    fn forget_if_unused(&mut self, number: u64) {
        if self.files.get(&number).is_some_and(|content| content.holders == 0 && !content.is_named)
            && let Some(content) = self.files.remove(&number)
        {
            self.bytes -= content.data.len();
        }
    }

    /// What is known of a file.
    pub fn info(&self, number: u64) -> Result<FileInfo, Errno> {
        let content = self.get(number)?;
        Ok(FileInfo {
            kind: FileKind::Regular,
            size: content.data.len() as u64,
            id: FileId::new(0, number),
            modified: content.modified.since(Time::BOOT),
            mode: 0o666,
            links: u32::from(content.is_named),
        })
    }

    /// Has any of these bytes to come from the disk?
    pub fn is_cold(&self, number: u64, offset: u64, max: usize) -> Result<bool, Errno> {
        Ok(self.get(number)?.cold.range(windows(offset, max)).next().is_some())
    }

    /// None is in the cache.
    pub fn evict(&mut self, number: u64) -> Result<(), Errno> {
        let content = self.get_mut(number)?;
        content.cold = (0..(content.data.len() as u64).div_ceil(FILE_WINDOW)).collect();
        Ok(())
    }

    /// They have come.
    pub fn warm(&mut self, number: u64, offset: u64, max: usize) -> Result<(), Errno> {
        let content = self.get_mut(number)?;
        for window in windows(offset, max) {
            content.cold.remove(&window);
        }
        Ok(())
    }

    /// Up to `max` bytes from `offset` on.
    pub fn read(&self, number: u64, offset: u64, max: usize) -> Result<&[u8], Errno> {
        let data = &self.get(number)?.data;
        let begin = usize::try_from(offset).unwrap_or(usize::MAX).min(data.len());
        Ok(&data[begin..data.len().min(begin.saturating_add(max))])
    }

    /// Writes at `offset`, or at the end; gives where it ended. `ENOSPC` when the folder is full.
    pub fn write(&mut self, number: u64, offset: Option<u64>, bytes: &[u8], now: Time) -> Result<u64, Errno> {
        let length = self.get(number)?.data.len() as u64;
        let offset = offset.unwrap_or(length);
        let end = offset.checked_add(bytes.len() as u64).ok_or(Errno::EFBIG)?;
        if end > length && !bytes.is_empty() {
            self.resize(number, end)?;
        }
        let content = self.get_mut(number)?;
        if !bytes.is_empty() {
            content.data[offset as usize..end as usize].copy_from_slice(bytes);
            content.modified = now;
        }
        Ok(end)
    }

    /// Sets the length of a file. `ENOSPC` when the folder is full.
    pub fn set_length(&mut self, number: u64, length: u64, now: Time) -> Result<(), Errno> {
        self.resize(number, length)?;
        self.set_modified(number, now)
    }

    /// Sets when a file was last changed.
    pub fn set_modified(&mut self, number: u64, moment: Time) -> Result<(), Errno> {
        self.get_mut(number)?.modified = moment;
        Ok(())
    }

    fn resize(&mut self, number: u64, length: u64) -> Result<(), Errno> {
        let old = self.get(number)?.data.len();
        let room = FOLDER_BYTES_MAX - (self.bytes - old);
        let length = usize::try_from(length).ok().filter(|&length| length <= room).ok_or(Errno::ENOSPC)?;
        self.get_mut(number)?.data.resize(length, 0);
        self.bytes = self.bytes - old + length;
        Ok(())
    }

    fn get(&self, number: u64) -> Result<&Content, Errno> {
        self.files.get(&number).ok_or(Errno::ESTALE)
    }

    fn get_mut(&mut self, number: u64) -> Result<&mut Content, Errno> {
        self.files.get_mut(&number).ok_or(Errno::ESTALE)
    }
}

/// The pieces that these bytes lie in.
fn windows(offset: u64, max: usize) -> std::ops::RangeInclusive<u64> {
    offset / FILE_WINDOW..=offset.saturating_add(max.saturating_sub(1) as u64) / FILE_WINDOW
}
