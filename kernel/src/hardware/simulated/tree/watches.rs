//! Watches of paths in a folder in memory, and what they have to tell.
//!
//! A watch is of a name in a directory, as the host's are: it outlives the file of that name, and goes with its
//! directory.

use super::Tree;
use crate::hardware::news::News;
use yieldix_syscalls::{Buf, Errno};

/// A path that is watched.
#[derive(Debug)]
pub struct Watched {
    path: Box<str>,
    /// In which directory the name is.
    directory: u64,
    /// That was removed or has another name: the path is to be looked at anew.
    is_directory_lost: bool,
    /// Which file it is, or was.
    number: Option<u64>,
    news: News,
    /// Why nothing more will be told.
    failed: Option<Errno>,
}

impl Tree {
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
        let directory = self.parent(path).ok_or(Errno::ENOENT)?;
        let (news, failed) = (News::default(), None);
        let watched = Watched { path: path.into(), directory, is_directory_lost: false, number, news, failed };
        self.watches_made += 1;
        self.watches.insert(self.watches_made, watched);
        Ok(self.watches_made)
    }

    /// Watches no longer.
    pub fn unwatch(&mut self, watch: u64) {
        self.watches.remove(&watch);
    }

    /// What a watch has to tell; after that, why it will tell nothing more.
    pub fn read_news(&mut self, watch: u64, max: usize) -> Result<Buf, Errno> {
        let watched = self.look(watch)?;
        match watched.failed {
            Some(errno) if watched.news.is_empty() => Err(errno),
            _ => watched.news.take(max),
        }
    }

    /// Has a watch anything to tell?
    pub fn has_news(&mut self, watch: u64) -> Result<bool, Errno> {
        let watched = self.look(watch)?;
        Ok(!watched.news.is_empty() || watched.failed.is_some())
    }

    /// A watch, which has found what is in the place of a directory that it has lost.
    fn look(&mut self, watch: u64) -> Result<&mut Watched, Errno> {
        let watched = self.watches.get(&watch).ok_or(Errno::EBADF)?;
        let found = watched.is_directory_lost.then(|| {
            self.check_parents(&watched.path)?;
            let directory = self.parent(&watched.path).ok_or(Errno::ENOENT)?;
            Ok((directory, self.file_at(&watched.path).ok()))
        });
        let watched = self.watches.get_mut(&watch).ok_or(Errno::EBADF)?;
        watched.is_directory_lost = false;
        match found {
            None => {}
            Some(Err(errno)) => watched.failed = Some(errno),
            Some(Ok((directory, number))) => {
                watched.directory = directory;
                if number.is_some() {
                    watched.number = number;
                    watched.news.add(News::CREATED);
                }
            }
        }
        Ok(watched)
    }

    pub(super) fn tell_content(&mut self, number: u64) {
        for watched in self.watches.values_mut().filter(|watched| watched.number == Some(number)) {
            watched.news.add(News::MODIFIED);
        }
    }

    /// Something has happened to a name; there is a new file behind it if that is given.
    pub(super) fn tell_name(&mut self, path: &str, news: News, number: Option<u64>) {
        let Some(directory) = self.parent(path) else { return };
        let is_it = |watched: &&mut Watched| {
            watched.directory == directory && last_part(&watched.path) == last_part(path) && watched.failed.is_none()
        };
        for watched in self.watches.values_mut().filter(is_it) {
            watched.news.add(news);
            watched.number = number.or(watched.number);
        }
    }

    /// A directory was removed or has another name.
    pub(super) fn tell_directory(&mut self, number: u64) {
        for watched in self.watches.values_mut().filter(|watched| watched.directory == number) {
            watched.news.add(News::MOVED);
            watched.is_directory_lost = true;
        }
    }
}

/// The name that a path ends with.
fn last_part(path: &str) -> &str {
    path.rsplit_once('/').map_or(path, |(_, name)| name)
}
