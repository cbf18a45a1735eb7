//! What happens to files, by inotify: one instance for the machine.
//!
//! A watch looks at two things: the file, for what is done to its bytes, and the directory, for what is
//! done to its name. The directory is watched before the file is looked up, so that no change of the name
//! falls between; a new file of the name is told of once it is watched itself, so that nothing written to
//! it is missed. Where the path has a link in it there is a second directory: that of the file itself.

use super::folder::Folder;
use super::helpers::{Errand, Helpers, Ready};
use super::limits::{NEWS_READ, NEWS_READS_MAX};
use super::poller::{Direction, Event, Key, Registrar, Registration};
use crate::hardware::Device;
use crate::hardware::errno::errno;
use crate::hardware::news::News;
use rustix::fs::inotify::{self, CreateFlags, ReadFlags, WatchFlags};
use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use yieldix_syscalls::{Buf, Errno, OpenFlags};

/// A key that no socket has: the console's second place.
const KEY: Key = Key::of(Device { index: 1, generation: 1 });

const OF_FILES: WatchFlags = WatchFlags::MODIFY.union(WatchFlags::MOVE_SELF).union(WatchFlags::DELETE_SELF);
const OF_DIRECTORIES: WatchFlags = WatchFlags::CREATE
    .union(WatchFlags::DELETE)
    .union(WatchFlags::MOVED_FROM)
    .union(WatchFlags::MOVED_TO)
    .union(WatchFlags::MOVE_SELF);

/// Something that the host has told.
#[derive(Clone, Copy, Debug)]
pub struct What<'a> {
    watch: i32,
    flags: ReadFlags,
    name: Option<&'a [u8]>,
}

/// Who wants to know what inotify tells.
#[derive(Debug)]
pub struct Watches {
    inotify: Option<OwnedFd>,
    registration: Registration,
    registrar: Registrar,
    devices: BTreeMap<i32, BTreeSet<Device>>,
    /// The poller has said so, and not all of it has been read since.
    has_more: bool,
}

impl Watches {
    /// None yet.
    pub fn new(registrar: Registrar) -> Watches {
        let (registration, devices) = (Registration::default(), BTreeMap::new());
        Watches { inotify: None, registration, registrar, devices, has_more: false }
    }

    /// Makes sure that files can be watched.
    pub fn begin(&mut self) -> Result<(), Errno> {
        if self.inotify.is_some() {
            return Ok(());
        }
        let inotify = inotify::init(CreateFlags::NONBLOCK | CreateFlags::CLOEXEC).map_err(errno)?;
        self.registrar.arm(&mut self.registration, &inotify, KEY, Direction::Read).map_err(errno)?;
        self.inotify = Some(inotify);
        Ok(())
    }

    /// Has this device told of what happens to an open file or directory.
    fn add(&mut self, device: Device, what: impl AsFd, flags: WatchFlags) -> Result<i32, Errno> {
        let inotify = self.inotify.as_ref().ok_or(Errno::ENOSYS)?;
        // By its descriptor: the path may lead elsewhere by now.
        let path = format!("/proc/self/fd/{}", what.as_fd().as_raw_fd());
        let watch = inotify::add_watch(inotify, path, flags).map_err(errno)?;
        self.devices.entry(watch).or_default().insert(device);
        Ok(watch)
    }

    fn remove(&mut self, device: Device, watch: i32) {
        let Some(devices) = self.devices.get_mut(&watch) else { return };
        devices.remove(&device);
        if devices.is_empty() {
            self.devices.remove(&watch);
            if let Some(inotify) = &self.inotify {
                // It fails for one that the host has ended itself.
                let _ = inotify::remove_watch(inotify, watch);
            }
        }
    }

    /// Notes that there is something to tell; false if the event is not of this.
    pub fn noted(&mut self, event: Event) -> bool {
        let is_own = event.key == KEY;
        if is_own {
            self.registration.fired();
            self.has_more = true;
        }
        is_own
    }

    /// Is something left to tell? The poller does not say so again.
    pub fn has_more(&self) -> bool {
        self.has_more
    }

    /// Tells what has happened to whom, as much of it as one look may take.
    pub fn tell(&mut self, mut tell: impl FnMut(Device, What<'_>)) {
        let Some(inotify) = self.inotify.as_ref().filter(|_| self.has_more) else { return };
        let mut room = [MaybeUninit::uninit(); NEWS_READ];
        let mut reader = inotify::Reader::new(inotify, &mut room);
        let mut reads = 0;
        loop {
            if reader.is_buffer_empty() {
                if reads == NEWS_READS_MAX {
                    return;
                }
                reads += 1;
            }
            let Ok(event) = reader.next() else { break };
            let name = event.file_name().map(|name| name.to_bytes());
            let what = What { watch: event.wd(), flags: event.events(), name };
            if what.flags.contains(ReadFlags::QUEUE_OVERFLOW) {
                self.devices.values().flatten().for_each(|&device| tell(device, what));
            } else if let Some(devices) = self.devices.get(&event.wd()) {
                devices.iter().for_each(|&device| tell(device, what));
            }
            if what.flags.contains(ReadFlags::IGNORED) {
                self.devices.remove(&event.wd());
            }
        }
        self.has_more = false;
        // It cannot fail for a descriptor that the poller has already.
        let _ = self.registrar.arm(&mut self.registration, inotify, KEY, Direction::Read);
    }
}

impl Drop for Watches {
    fn drop(&mut self) {
        if let Some(inotify) = &self.inotify {
            self.registrar.remove(&mut self.registration, inotify);
        }
    }
}

/// What a helper has found.
#[derive(Debug)]
enum Found {
    Directory(cap_std::fs::Dir),
    /// None: there is no file of the name.
    File(Option<(File, Option<Target>)>),
}

/// Where the file of a link has its own name.
#[derive(Debug)]
struct Target {
    directory: cap_std::fs::Dir,
    name: Box<[u8]>,
}

/// Where the file is to which a path leads; none if that is the path itself.
fn target(folder: &Folder, path: &str) -> std::io::Result<Option<Target>> {
    let real = folder.directory().canonicalize(path)?;
    if real == Path::new(path) {
        return Ok(None);
    }
    let Some(name) = real.file_name() else { return Ok(None) };
    let parent = real.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    Ok(Some(Target { directory: folder.directory().open_dir(parent)?, name: name.as_bytes().into() }))
}

/// One watch: which file, and what has happened to it.
#[derive(Debug)]
pub struct Sight {
    device: Device,
    folder: u32,
    path: Box<str>,
    /// The directory and the file have been found, or the file found missing.
    has_begun: bool,
    directory: Option<i32>,
    /// The directory was removed or has another name: the path leads elsewhere, or nowhere.
    is_directory_lost: bool,
    /// The directory, and the name there, of what a link leads to.
    target: Option<(i32, Box<[u8]>)>,
    file: Option<i32>,
    /// A helper looks for the directory, or for the file of the name.
    looking: Option<Errand<Result<Found, Errno>>>,
    /// The name has changed since the helper began to look.
    is_to_look_again: bool,
    /// What is told once the helper has looked.
    held: News,
    news: News,
    failed: Option<Errno>,
}

impl Sight {
    /// Begins to watch a path; a helper looks for its directory.
    pub fn begin(device: Device, folder: u32, path: &str, folders: &[Folder], helpers: Ready<'_>) -> Sight {
        let mut sight = Sight {
            device,
            folder,
            path: path.into(),
            has_begun: false,
            directory: None,
            is_directory_lost: false,
            target: None,
            file: None,
            looking: None,
            is_to_look_again: false,
            held: News::default(),
            news: News::default(),
            failed: None,
        };
        sight.look(folders, Ok(helpers));
        sight
    }

    /// How the beginning ended.
    pub fn connected(&mut self) -> Result<(), Errno> {
        match self.failed {
            _ if self.has_begun => Ok(()),
            Some(errno) => Err(errno),
            None => Err(Errno::EAGAIN),
        }
    }

    /// Is the beginning decided?
    pub fn is_decided(&self) -> bool {
        self.has_begun || self.failed.is_some()
    }

    /// Is there something to read?
    pub fn has_news(&self) -> bool {
        self.has_begun && (!self.news.is_empty() || self.failed.is_some())
    }

    /// What has happened; `EAGAIN` if nothing has. After that, why a new file of the name is not watched;
    /// again and again when there is no directory any more, as then nothing more will be told.
    pub fn read(&mut self, max: usize) -> Result<Buf, Errno> {
        let failed = self.failed.filter(|_| self.news.is_empty());
        if !self.is_directory_lost {
            self.failed.take_if(|_| failed.is_some());
        }
        failed.map_or_else(|| self.news.take(max), Err)
    }

    /// Notes something that the host has told.
    pub fn note(&mut self, what: What<'_>, folders: &[Folder], helpers: &mut Helpers) {
        let has = |flags: ReadFlags| what.flags.intersects(flags);
        if has(ReadFlags::QUEUE_OVERFLOW) {
            self.news.add(News::MODIFIED);
            return self.look_for_new(folders, helpers);
        }
        if what.name.is_none() && self.directory == Some(what.watch) {
            if has(ReadFlags::MOVE_SELF | ReadFlags::IGNORED) && !self.is_directory_lost {
                self.is_directory_lost = true;
                self.news.add(News::MOVED);
                self.look_for_new(folders, helpers);
            }
            return;
        }
        match what.name {
            Some(name) if !self.is_named(what.watch, name) => {}
            Some(_) if has(ReadFlags::CREATE | ReadFlags::MOVED_TO) => self.look_for_new(folders, helpers),
            Some(_) if has(ReadFlags::MOVED_FROM) => self.news.add(News::MOVED),
            Some(_) if has(ReadFlags::DELETE) => self.news.add(News::REMOVED),
            None if has(ReadFlags::MODIFY) => self.news.add(News::MODIFIED),
            None if has(ReadFlags::MOVE_SELF) => self.news.add(News::MOVED),
            None if has(ReadFlags::DELETE_SELF) => self.news.add(News::REMOVED),
            _ => {}
        }
    }

    fn name(&self) -> &str {
        self.path.rsplit_once('/').map_or(&*self.path, |(_, name)| name)
    }

    /// Is this the name of the file, or that of what it leads to?
    fn is_named(&self, directory: i32, name: &[u8]) -> bool {
        let is_own = self.directory == Some(directory) && name == self.name().as_bytes();
        is_own || self.target.as_ref().is_some_and(|target| target.0 == directory && *target.1 == *name)
    }

    fn look_for_new(&mut self, folders: &[Folder], helpers: &mut Helpers) {
        if self.looking.is_some() {
            self.is_to_look_again = true;
        } else {
            self.held.add(News::CREATED);
            self.look(folders, helpers.ready());
        }
    }

    /// Has a helper look for the directory or, when that is watched, for the file.
    fn look(&mut self, folders: &[Folder], helpers: Result<Ready<'_>, Errno>) {
        let path = self.path.clone();
        let has_directory = self.directory.is_some() && !self.is_directory_lost;
        let begun = helpers.and_then(|helpers| {
            let folder = folders.get(self.folder as usize).cloned().ok_or(Errno::ENODEV)?;
            Ok(helpers.start(self.device, move || {
                if !has_directory {
                    let parent = path.rsplit_once('/').map_or(".", |(parent, _)| parent);
                    return folder.directory().open_dir(parent).map(Found::Directory).map_err(errno);
                }
                let look = || {
                    let file = folder.open_file(&path, OpenFlags::READ)?;
                    Ok((file, target(&folder, &path).map_err(errno)?))
                };
                match look() {
                    Ok(found) => Ok(Found::File(Some(found))),
                    Err(Errno::ENOENT) => Ok(Found::File(None)),
                    Err(errno) => Err(errno),
                }
            }))
        });
        match begun {
            Ok(errand) => self.looking = Some(errand),
            Err(errno) => self.fail(errno),
        }
    }

    /// Watches what a helper has found, if it has, and has it look on.
    pub fn go_on(&mut self, watches: &mut Watches, folders: &[Folder], helpers: &mut Helpers) {
        let Some(found) = self.looking.as_mut().map(Errand::outcome) else { return };
        if matches!(found, Err(Errno::EAGAIN)) {
            return;
        }
        self.looking = None;
        let is_over = found.and_then(|found| self.watch(found, watches)).unwrap_or_else(|errno| {
            self.fail(errno);
            true
        });
        if is_over {
            self.news.add(std::mem::take(&mut self.held));
            self.has_begun |= self.failed.is_none();
        }
        if !is_over || std::mem::take(&mut self.is_to_look_again) {
            if is_over {
                self.held.add(News::CREATED);
            }
            self.look(folders, helpers.ready());
        }
    }

    /// True once the file of the name is watched, or there is none.
    fn watch(&mut self, found: Found, watches: &mut Watches) -> Result<bool, Errno> {
        match found {
            Found::Directory(directory) => {
                let new = watches.add(self.device, directory, OF_DIRECTORIES)?;
                if let Some(old) = self.directory.replace(new).filter(|old| *old != new) {
                    watches.remove(self.device, old);
                }
                self.is_directory_lost = false;
                return Ok(false);
            }
            Found::File(None) => {}
            Found::File(Some((file, target))) => {
                let new = watches.add(self.device, file, OF_FILES)?;
                if let Some(old) = self.file.replace(new).filter(|old| *old != new) {
                    watches.remove(self.device, old);
                }
                return self.watch_target(target, watches);
            }
        }
        Ok(true)
    }

    /// False if its directory was not watched so far: the file may have been replaced meanwhile.
    fn watch_target(&mut self, target: Option<Target>, watches: &mut Watches) -> Result<bool, Errno> {
        let new = match target {
            Some(Target { directory, name }) => Some((watches.add(self.device, directory, OF_DIRECTORIES)?, name)),
            None => None,
        };
        if self.target == new {
            return Ok(true);
        }
        let (directory, still) = (self.directory, new.as_ref().map(|new| new.0));
        let old = std::mem::replace(&mut self.target, new).map(|old| old.0);
        if let Some(old) = old.filter(|old| ![directory, still].contains(&Some(*old))) {
            watches.remove(self.device, old);
        }
        Ok(still.is_none())
    }

    fn fail(&mut self, errno: Errno) {
        let held = std::mem::take(&mut self.held);
        if !self.is_directory_lost {
            self.news.add(held);
        }
        self.failed = Some(errno);
    }

    /// Watches no longer.
    pub fn end(self, watches: &mut Watches) {
        let target = self.target.map(|target| target.0);
        for watch in [self.directory, target, self.file].into_iter().flatten() {
            watches.remove(self.device, watch);
        }
    }
}
