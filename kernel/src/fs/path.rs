//! Paths, resolved by their text.
//!
//! The answer depends on no link and no disk: links within a folder of the host are the hardware's to
//! follow, and to stop at its border.

use crate::limits;
use yieldix_syscalls::Errno;

/// A path in its plain form: empty for the root, else each part with a slash before it. One that does not
/// begin at the root begins at `directory`, which is plain.
///
/// Errors: `ENAMETOOLONG`, `EINVAL` for a NUL, `ENOENT` for no path at all.
pub fn plain(directory: &str, path: &str) -> Result<String, Errno> {
    match path {
        "" => return Err(Errno::ENOENT),
        _ if path.len() > limits::PATH_BYTES => return Err(Errno::ENAMETOOLONG),
        _ if path.contains('\0') => return Err(Errno::EINVAL),
        _ => {}
    }
    let mut plain = String::with_capacity(directory.len() + path.len() + 1);
    if !path.starts_with('/') {
        plain.push_str(directory);
    }
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => plain.truncate(plain.rfind('/').unwrap_or(0)),
            part => {
                plain.push('/');
                plain.push_str(part);
            }
        }
    }
    if plain.len() > limits::PATH_BYTES { Err(Errno::ENAMETOOLONG) } else { Ok(plain) }
}

/// The parts of a plain path.
pub fn parts(plain: &str) -> impl Iterator<Item = &str> {
    plain.split('/').skip(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dots_and_empty_parts_are_resolved_by_their_text() {
        for (path, expected) in [
            ("/", ""),
            ("/logs", "/logs"),
            ("logs", "/logs"),
            ("//logs/./a//b/", "/logs/a/b"),
            ("/logs/../etc", "/etc"),
            ("/../../etc", "/etc"),
            ("..", ""),
            ("/a/..", ""),
            ("/...", "/..."),
        ] {
            assert_eq!(plain("", path).as_deref(), Ok(expected), "{path}");
        }
    }

    #[test]
    fn what_is_no_path_is_refused_by_name() {
        assert_eq!(plain("", ""), Err(Errno::ENOENT));
        assert_eq!(plain("", "/a\0b"), Err(Errno::EINVAL));
        let long = format!("/{}", "x".repeat(limits::PATH_BYTES));
        assert_eq!(plain("", &long[..limits::PATH_BYTES]).map(|path| path.len()), Ok(limits::PATH_BYTES));
        assert_eq!(plain("", &long), Err(Errno::ENAMETOOLONG));
        assert_eq!(plain("", &long[1..]), Err(Errno::ENAMETOOLONG));
        assert_eq!(plain(&long[..limits::PATH_BYTES - 1], "x"), Err(Errno::ENAMETOOLONG));
    }

    #[test]
    fn what_does_not_begin_at_the_root_begins_at_the_directory() {
        for (directory, path, expected) in [
            ("/a/b", "c", "/a/b/c"),
            ("/a/b", "../c", "/a/c"),
            ("/a/b", "../../..", ""),
            ("/a/b", ".", "/a/b"),
            ("/a/b", "/c", "/c"),
            ("", "c", "/c"),
        ] {
            assert_eq!(plain(directory, path).as_deref(), Ok(expected), "{path} in {directory:?}");
        }
    }
}
