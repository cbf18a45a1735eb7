//! Paths as texts.

use alloc::{format, string::String, vec::Vec};

/// The path of this name in that directory, with one slash between.
pub fn join(directory: &str, name: &str) -> String {
    match directory {
        "" => name.into(),
        directory => match trimmed(directory) {
            "/" => format!("/{name}"),
            directory => format!("{directory}/{name}"),
        },
    }
}

/// Without slashes at its end, of which the root keeps its one.
pub fn trimmed(path: &str) -> &str {
    match path.trim_end_matches('/') {
        "" if path.starts_with('/') => "/",
        trimmed => trimmed,
    }
}

/// The last part of a path; of the root it is `/`.
pub fn last_part(path: &str) -> &str {
    match trimmed(path) {
        "/" => "/",
        trimmed => trimmed.rsplit('/').next().unwrap_or(trimmed),
    }
}

/// The path without its last part; `None` when there is only that.
pub fn parent(path: &str) -> Option<&str> {
    let (parent, _) = trimmed(path).rsplit_once('/')?;
    Some(if parent.is_empty() { "/" } else { trimmed(parent) })
}

/// The path from the root, without `.`, `..` and empty parts, for who stands in `directory`: as the kernel
/// resolves it.
pub fn plain(path: &str, directory: &str) -> String {
    let directory = if path.starts_with('/') { "" } else { directory };
    let mut parts = Vec::new();
    for part in directory.split('/').chain(path.split('/')) {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    format!("/{}", parts.join("/"))
}

/// Does the first of two plain paths lead to the second, or into it?
pub fn is_within(path: &str, directory: &str) -> bool {
    path.strip_prefix(directory).is_some_and(|rest| rest.is_empty() || rest.starts_with('/') || directory == "/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_joined_and_taken_apart() {
        assert_eq!((join("a", "b"), join("a//", "b"), join("/", "b")), ("a/b".into(), "a/b".into(), "/b".into()));
        for (path, last, before) in [
            ("a/b", "b", Some("a")),
            ("a/b//", "b", Some("a")),
            ("/a", "a", Some("/")),
            ("a", "a", None),
            ("/", "/", None),
        ] {
            assert_eq!(last_part(path), last, "{path}");
            if path != "/" {
                assert_eq!(parent(path), before, "{path}");
            }
        }
        assert_eq!((trimmed("a//"), trimmed("//"), trimmed("")), ("a", "/", ""));
    }

    #[test]
    fn a_plain_path_is_what_the_kernel_makes_of_one() {
        for (path, plainly) in [
            ("a", "/home/me/a"),
            ("/a//b/./c/..", "/a/b"),
            ("../..", "/"),
            ("../../..", "/"),
            ("", "/home/me"),
            ("/", "/"),
        ] {
            assert_eq!(plain(path, "/home/me"), plainly, "{path}");
        }
        assert!(is_within("/a/b", "/a") && is_within("/a", "/a") && is_within("/a", "/"));
        assert!(!is_within("/ab", "/a") && !is_within("/a", "/a/b"));
    }
}
