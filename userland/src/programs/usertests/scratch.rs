//! A directory of its own for a test of files, and how it is removed again with all that is in it.

use crate::prelude::*;

/// Where such directories are made: in memory, and in a folder if one is mounted.
pub(super) const PLACES: [&str; 2] = ["/", FOLDER];

/// Where that folder is mounted.
pub(super) const FOLDER: &str = "/scratch";

/// A new directory in this place, where the caller then is.
pub(super) fn enter(place: &'static str) -> impl Routine<Result<String, Errno>> {
    routine!(move {
        let bytes = trap!(yield getrandom(8))?;
        let name: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        let directory = format!("{}/usertests-{name}", place.trim_end_matches('/'));
        trap!(yield mkdir(directory.clone()))?;
        trap!(yield chdir(directory.clone()))?;
        Ok(directory)
    })
}

/// Removes the directory, where nobody is any more.
pub(super) fn leave(directory: String) -> impl Routine<Result<(), Errno>> {
    routine!(move {
        trap!(yield chdir("/"))?;
        call!(remove(directory))
    })
}

/// Removes a directory with all that is in it.
pub(super) fn remove(directory: String) -> impl Routine<Result<(), Errno>> {
    routine!(move {
        // Each is emptied when it is met first, and removed when it is met again.
        let mut left = vec![(directory, false)];
        while let Some((directory, is_empty)) = left.pop() {
            if is_empty {
                trap!(yield rmdir(directory))?;
                continue;
            }
            left.push((directory.clone(), true));
            for DirEntry { name, kind } in call!(entries(directory.clone()))? {
                let path = format!("{directory}/{name}");
                match kind {
                    FileKind::Directory => left.push((path, false)),
                    _ => trap!(yield unlink(path))?,
                }
            }
        }
        Ok(())
    })
}

/// All entries of a directory, in the order of their names.
pub(super) fn entries(directory: impl Into<Box<str>>) -> impl Routine<Result<Vec<DirEntry>, Errno>> {
    let directory = directory.into();
    routine!(move {
        let fd = trap!(yield open(directory, OpenFlags::READ))?;
        let mut all = call!(entries_of(fd))?;
        trap!(yield close(fd))?;
        all.sort_by(|one, other| one.name.cmp(&other.name));
        Ok(all)
    })
}

/// The entries that an open directory has left.
pub(super) fn entries_of(fd: Fd) -> impl Routine<Result<Vec<DirEntry>, Errno>> {
    routine!(move {
        let mut all = Vec::new();
        loop {
            let more = trap!(yield readdir(fd))?;
            if more.is_empty() {
                return Ok(all);
            }
            all.extend(more);
        }
    })
}

/// Their names.
pub(super) fn names(directory: impl Into<Box<str>>) -> impl Routine<Result<Vec<String>, Errno>> {
    let directory = directory.into();
    routine!(move {
        let entries = call!(entries(directory))?;
        Ok(entries.into_iter().map(|entry| entry.name.into_string()).collect())
    })
}
