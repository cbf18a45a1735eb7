//! Who watches files in memory, and what they are to be told.
//!
//! A watch looks at a name in a directory and at the file that has it, or had it last. Invariant: each
//! watch that is not lost is listed by its name, and by its file if it has one.

use super::Inode;
use crate::hardware::{Device, news::News};
use std::collections::{BTreeMap, BTreeSet};
use yieldix_syscalls::{Buf, Errno};

/// What one watch knows.
#[derive(Debug)]
struct Watch {
    directory: Inode,
    name: Box<str>,
    file: Option<Inode>,
    news: News,
    /// The directory is gone, and there is none in its place.
    is_lost: bool,
}

/// All watches, by the device that a task reads.
#[derive(Debug, Default)]
pub struct Watches {
    watches: BTreeMap<Device, Watch>,
    by_name: BTreeSet<(Inode, Box<str>, Device)>,
    by_file: BTreeSet<(Inode, Device)>,
    /// Those that have something to tell since this was last asked.
    told: Vec<Device>,
}

/// The first and the last of all devices.
const DEVICES: (Device, Device) =
    (Device { index: 0, generation: 0 }, Device { index: u32::MAX, generation: u32::MAX });

impl Watches {
    /// Begins to watch this name, which this file has.
    pub fn begin(&mut self, device: Device, directory: Inode, name: &str, file: Option<Inode>) {
        self.by_name.insert((directory, name.into(), device));
        self.by_file.extend(file.map(|file| (file, device)));
        let watch = Watch { directory, name: name.into(), file, news: News::default(), is_lost: false };
        self.watches.insert(device, watch);
    }

    /// Ends a watch.
    pub fn end(&mut self, device: Device) {
        let Some(watch) = self.watches.remove(&device) else { return };
        self.by_name.remove(&(watch.directory, watch.name, device));
        if let Some(file) = watch.file {
            self.by_file.remove(&(file, device));
        }
    }

    /// Reads what a watch has to tell; and whether nothing is left for now.
    pub fn read(&mut self, device: Device, max: usize) -> Result<(Buf, bool), Errno> {
        let watch = self.watches.get_mut(&device).ok_or(Errno::ESTALE)?;
        match watch.news.take(max) {
            Err(Errno::EAGAIN) if watch.is_lost => Err(Errno::ENOENT),
            text => Ok((text?, watch.news.is_empty() && !watch.is_lost)),
        }
    }

    /// Would a read answer?
    pub fn is_readable(&self, device: Device) -> bool {
        self.watches.get(&device).is_none_or(|watch| watch.is_lost || !watch.news.is_empty())
    }

    /// The devices that have something to tell since this was last asked.
    pub fn take_told(&mut self) -> Vec<Device> {
        std::mem::take(&mut self.told)
    }

    /// The bytes of a file, or its length, have changed.
    pub fn tell_file(&mut self, file: Inode) {
        let Watches { watches, by_file, told, .. } = self;
        for (_, device) in by_file.range((file, DEVICES.0)..=(file, DEVICES.1)) {
            if let Some(watch) = watches.get_mut(device) {
                watch.news.add(News::MODIFIED);
                told.push(*device);
            }
        }
    }

    /// Something has happened to a name. With a file, that is the one that has it now.
    pub fn tell_name(&mut self, directory: Inode, name: &str, news: News, file: Option<Inode>) {
        for device in self.of_name(directory, name) {
            self.tell(device, news);
            if let Some(file) = file {
                self.turn_to(device, Some(file));
            }
        }
    }

    /// A directory is gone or has another name. There is none in its place.
    pub fn lose_directory(&mut self, directory: Inode) {
        for device in self.of_directory(directory) {
            self.tell(device, News::default());
            if let Some(watch) = self.watches.get_mut(&device) {
                watch.is_lost = true;
            }
        }
    }

    /// A directory is gone, and another is in its place, where `find` tells the file of a name.
    pub fn replace_directory(&mut self, old: Inode, new: Inode, find: impl Fn(&str) -> Option<Inode>) {
        for device in self.of_directory(old) {
            let Some(watch) = self.watches.get_mut(&device) else { continue };
            watch.directory = new;
            let name = watch.name.clone();
            let file = find(&name);
            self.by_name.remove(&(old, name.clone(), device));
            self.by_name.insert((new, name, device));
            if file.is_some() {
                self.tell(device, News::CREATED);
                self.turn_to(device, file);
            }
        }
    }

    fn tell(&mut self, device: Device, news: News) {
        if let Some(watch) = self.watches.get_mut(&device) {
            watch.news.add(news);
            self.told.push(device);
        }
    }

    fn turn_to(&mut self, device: Device, file: Option<Inode>) {
        let Some(watch) = self.watches.get_mut(&device) else { return };
        if let Some(old) = std::mem::replace(&mut watch.file, file) {
            self.by_file.remove(&(old, device));
        }
        self.by_file.extend(file.map(|file| (file, device)));
    }

    fn of_name(&self, directory: Inode, name: &str) -> Vec<Device> {
        if self.watches.is_empty() {
            return Vec::new();
        }
        let range = (directory, name.into(), DEVICES.0)..=(directory, name.into(), DEVICES.1);
        self.by_name.range(range).map(|(.., device)| *device).collect()
    }

    fn of_directory(&self, directory: Inode) -> Vec<Device> {
        let from = (directory, Box::from(""), DEVICES.0);
        let there = self.by_name.range(from..).take_while(|(of, ..)| *of == directory);
        there.map(|(.., device)| *device).collect()
    }
}
