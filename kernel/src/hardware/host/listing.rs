//! The entries of an open directory, read piece by piece.
//!
//! The host's own cursor goes on through a directory that changes. A place in it is a count of entries,
//! so a piece that nobody took, since who asked was killed, is kept for who asks for it again.

use super::folder::kind_of_type;
use super::limits::READ_DIR_MAX;
use crate::hardware::errno::errno;
use rustix::fs::{AtFlags, Dir, FileType, statat};
use std::fs::File;
use yieldix_syscalls::{DirEntry, Errno};

/// How far a directory was read.
#[derive(Debug, Default)]
pub struct Listing {
    cursor: Option<Dir>,
    /// How many entries came before the last piece.
    before: u64,
    piece: Vec<DirEntry>,
}

impl Listing {
    /// The next entries of this directory after the first `offset`.
    pub fn read(&mut self, directory: &File, offset: u64) -> Result<Vec<DirEntry>, Errno> {
        let sought = self.seek(directory, offset);
        if sought.is_err() {
            // Where it stands is not known: whoever goes on has it read anew.
            *self = Listing::default();
        }
        sought.map(|()| self.piece.clone())
    }

    /// Has the piece that begins at `offset`, or none past the end.
    fn seek(&mut self, directory: &File, offset: u64) -> Result<(), Errno> {
        if self.cursor.is_some() && offset > 0 && offset == self.before {
            return Ok(());
        }
        if self.cursor.is_none() || offset < self.end() || offset == 0 {
            *self = Listing { cursor: Some(Dir::read_from(directory).map_err(errno)?), ..Listing::default() };
        }
        // A place at which no piece has ended is found by counting.
        while self.end() < offset {
            let left = usize::try_from(offset - self.end()).unwrap_or(usize::MAX);
            self.go_on(directory, left.min(READ_DIR_MAX))?;
            if self.piece.is_empty() {
                return Ok(());
            }
        }
        self.go_on(directory, READ_DIR_MAX)
    }

    fn end(&self) -> u64 {
        self.before + self.piece.len() as u64
    }

    /// Reads the next piece, which is empty at the end.
    fn go_on(&mut self, directory: &File, count_max: usize) -> Result<(), Errno> {
        self.before = self.end();
        self.piece.clear();
        let Some(cursor) = &mut self.cursor else { return Ok(()) };
        while self.piece.len() < count_max
            && let Some(entry) = cursor.next()
        {
            let entry = entry.map_err(errno)?;
            let name = entry.file_name();
            if matches!(name.to_bytes(), b"." | b"..") {
                continue;
            }
            // Some file systems keep no kinds with the names. It may have gone meanwhile.
            let kind = match entry.file_type() {
                FileType::Unknown => match statat(directory, name, AtFlags::SYMLINK_NOFOLLOW) {
                    Ok(stat) => FileType::from_raw_mode(stat.st_mode),
                    Err(_) => FileType::Unknown,
                },
                kind => kind,
            };
            self.piece.push(DirEntry { name: name.to_string_lossy().into(), kind: kind_of_type(kind) });
        }
        Ok(())
    }
}
