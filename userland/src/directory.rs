//! Directories: what is in one.

use crate::path::parent;
use alloc::{string::String, vec::Vec};
use yieldix_syscalls::{
    DirEntry, Errno, FileInfo, FileKind, OpenFlags, Routine,
    calls::{lstat, open, readdir, stat},
    routine, trap, using,
};

/// All entries of the directory at `path`, by their names: `call!(entries(&path))?`.
///
/// Errors: those of [`open`] and [`readdir`]; `ENOTDIR` for what is no directory.
pub fn entries(path: &str) -> impl Routine<Result<Vec<DirEntry>, Errno>> {
    routine!(move {
        using!(directory = trap!(yield open(path, OpenFlags::READ))?, {
            let mut entries: Vec<DirEntry> = Vec::new();
            loop {
                let more = trap!(yield readdir(directory))?;
                if more.is_empty() {
                    break;
                }
                entries.extend(more);
            }
            entries.sort_unstable_by(|a, b| a.name.cmp(&b.name));
            Ok(entries)
        })
    })
}

/// What is known of the file that a user has named, of what a link leads to if it `follows`: as [`stat`] and
/// [`lstat`], but `ENOTDIR` for what has a slash behind its name and is no directory.
pub fn look_at(path: &str, follows: bool) -> impl Routine<Result<FileInfo, Errno>> {
    routine!(move {
        let info = if follows { trap!(yield stat(path)) } else { trap!(yield lstat(path)) }?;
        let is_right = info.kind == FileKind::Directory || !path.ends_with('/');
        if is_right { Ok(info) } else { Err(Errno::ENOTDIR) }
    })
}

/// An error if no file can be made at `path`, where nothing is, for the slash at its end: `ENOTDIR`, or that of the
/// directory that it would lie in.
pub fn check_name_of_file(path: &str) -> impl Routine<Result<(), Errno>> {
    routine!(move {
        if !path.ends_with('/') {
            return Ok(());
        }
        trap!(yield stat(parent(path).unwrap_or(".")))?;
        Err(Errno::ENOTDIR)
    })
}

/// Is there a directory at `path`? Links are followed. Where that cannot be asked there is none; who goes on to use
/// the path is told why.
pub fn is_directory(path: &str) -> impl Routine<bool> {
    routine!(move -> bool { trap!(yield stat(path)).is_ok_and(|info| info.kind == FileKind::Directory) })
}

/// `drwxr-xr-x`: what a file is, and its mode.
pub fn permissions(kind: FileKind, mode: u16) -> String {
    let first = match kind {
        FileKind::Directory => 'd',
        FileKind::Device => 'c',
        FileKind::Pipe => 'p',
        FileKind::Socket => 's',
        FileKind::Link => 'l',
        FileKind::Regular => '-',
        FileKind::Other => '?',
    };
    let bits = "rwxrwxrwx".char_indices().map(|(at, letter)| if mode & (0o400 >> at) == 0 { '-' } else { letter });
    core::iter::once(first).chain(bits).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        fake_kernel::{End, run_script},
        prelude::{Box, Fd, Reply, call, println, task, vec},
    };

    #[test]
    fn permissions_are_shown_as_ever() {
        assert_eq!(permissions(FileKind::Directory, 0o755), "drwxr-xr-x");
        assert_eq!(permissions(FileKind::Regular, 0o640), "-rw-r-----");
        assert_eq!(permissions(FileKind::Link, 0o777), "lrwxrwxrwx");
    }

    #[test]
    fn a_directory_is_read_to_its_end_in_order_and_closed() {
        let some = |names: &[&str]| {
            let entry = |name: &&str| DirEntry { name: (*name).into(), kind: FileKind::Regular };
            ("readdir(3)", Reply::Entries(Box::new(names.iter().map(entry).collect())))
        };
        let listing = task!({
            let names: Vec<_> = call!(entries("d"))?.into_iter().map(|entry| entry.name).collect();
            println!("{names:?}")
        });
        let opened = ("open(\"d\", READ)", Reply::Fd(Fd::new(3, 0)));
        let script = vec![opened, some(&["b", "a"]), some(&["c"]), some(&[]), ("close(3)", Reply::Unit)];
        let run = run_script(listing, script);
        assert_eq!((run.output.as_str(), run.end), ("[\"a\", \"b\", \"c\"]\n", End::Returned(Ok(()))));
    }
}
