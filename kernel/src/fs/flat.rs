//! File systems of the kernel's own that are one directory with nothing but files in it.
//!
//! Their names are sorted, and nobody makes, changes or removes one.

use super::path::parts;
use crate::limits;
use yieldix_syscalls::{DirEntry, Errno, FileKind, OpenFlags};

/// Entries of the directory behind the name `after`, at most [`limits::DIR_ENTRIES`].
pub(super) fn entries(names: &[&str], kind: FileKind, after: Option<&str>) -> Vec<DirEntry> {
    let names = names.iter().filter(|name| after.is_none_or(|after| **name > after));
    names.take(limits::DIR_ENTRIES).map(|name| DirEntry { name: (*name).into(), kind }).collect()
}

/// What a path within names: the directory, or the file with this place among the names.
pub(super) fn look_up(names: &[&str], within: &str) -> Result<Option<usize>, Errno> {
    let mut parts = parts(within);
    let Some(name) = parts.next() else { return Ok(None) };
    let found = names.binary_search(&name).map_err(|_| Errno::ENOENT)?;
    if parts.next().is_some() { Err(Errno::ENOTDIR) } else { Ok(Some(found)) }
}

/// What was found, to open it where nothing can be made.
pub(super) fn to_open<T>(found: Result<T, Errno>, flags: OpenFlags) -> Result<T, Errno> {
    match found {
        Ok(_) if flags.has(OpenFlags::CREATE_NEW) => Err(Errno::EEXIST),
        Err(Errno::ENOENT) if flags.has(OpenFlags::CREATE) => Err(Errno::EROFS),
        found => found,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_listed_in_order_and_go_on_behind_one() {
        let listed = |after| {
            let entries = entries(&["a", "b", "c"], FileKind::Regular, after);
            entries.into_iter().map(|entry| entry.name.into_string()).collect::<Vec<_>>()
        };
        assert_eq!(
            (listed(None), listed(Some("a"))),
            (vec!["a".into(), "b".into(), "c".into()], vec!["b".into(), "c".into()])
        );
    }

    #[test]
    fn nothing_is_below_a_file() {
        let found = |within| look_up(&["null", "zero"], within);
        assert_eq!((found(""), found("/zero")), (Ok(None), Ok(Some(1))));
        assert_eq!((found("/null/x"), found("/nul")), (Err(Errno::ENOTDIR), Err(Errno::ENOENT)));
    }

    #[test]
    fn what_is_there_is_not_made_and_nothing_else_can_be() {
        let there = |flags| to_open(Ok(()), flags);
        assert_eq!(there(OpenFlags::READ | OpenFlags::CREATE), Ok(()));
        assert_eq!(there(OpenFlags::WRITE | OpenFlags::CREATE_NEW), Err(Errno::EEXIST));
        let missing = |flags| to_open::<()>(Err(Errno::ENOENT), flags);
        assert_eq!(missing(OpenFlags::READ), Err(Errno::ENOENT));
        assert_eq!(missing(OpenFlags::WRITE | OpenFlags::CREATE), Err(Errno::EROFS));
    }
}
