//! The name space of files: which folder a path leads into, and by what name there.
//!
//! A machine has what it mounts and nothing else.

use super::path::plain;
use yieldix_syscalls::Errno;

/// A folder of the hardware, as tasks see it. Its number there is its place among the mounts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mount {
    /// Where, in plain form.
    guest: Box<str>,
    is_read_only: bool,
}

/// Where a path leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Location<'a> {
    /// The number of the folder.
    pub folder: u32,
    /// The path within; `.` for the folder itself.
    pub path: &'a str,
    /// Must it not be changed?
    pub is_read_only: bool,
}

impl Mount {
    /// Mounts a folder at `guest`. Errors: those of a path.
    pub fn new(guest: &str, is_read_only: bool) -> Result<Mount, Errno> {
        Ok(Mount { guest: plain(guest)?.into(), is_read_only })
    }

    /// Is it mounted at the same place?
    pub fn is_at(&self, other: &Mount) -> bool {
        self.guest == other.guest
    }
}

/// Where a plain path leads: into the mount whose place is the longest that it begins with. `ENOENT`
/// when it begins with none.
pub fn locate<'a>(mounts: &[Mount], plain: &'a str) -> Result<Location<'a>, Errno> {
    let within = |mount: &Mount| {
        let rest = plain.strip_prefix(&*mount.guest)?;
        (rest.is_empty() || rest.starts_with('/')).then_some(rest)
    };
    let found = mounts.iter().zip(0..).filter_map(|(mount, folder)| Some((mount, folder, within(mount)?)));
    let (mount, folder, rest) = found.max_by_key(|(mount, ..)| mount.guest.len()).ok_or(Errno::ENOENT)?;
    let path = rest.strip_prefix('/').unwrap_or(".");
    Ok(Location { folder, path, is_read_only: mount.is_read_only })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mounts(guests: &[&str]) -> Vec<Mount> {
        guests.iter().map(|guest| Mount::new(guest, false).unwrap()).collect()
    }

    #[test]
    fn the_longest_mount_that_a_path_begins_with_has_it() {
        let mounts = mounts(&["/logs", "/logs/old", "/data"]);
        let locate = |path: &str| {
            let plain = plain(path).unwrap();
            locate(&mounts, &plain).map(|location| (location.folder, location.path.to_owned()))
        };
        assert_eq!(locate("/logs"), Ok((0, ".".into())));
        assert_eq!(locate("/logs/a"), Ok((0, "a".into())));
        assert_eq!(locate("/logs/old"), Ok((1, ".".into())));
        assert_eq!(locate("/logs/old/a/b"), Ok((1, "a/b".into())));
        assert_eq!(locate("/logs/older"), Ok((0, "older".into())));
        assert_eq!(locate("/logs/../data/a"), Ok((2, "a".into())));
        assert_eq!(locate("/logs/.."), Err(Errno::ENOENT));
        assert_eq!(locate("/logsx"), Err(Errno::ENOENT));
    }

    #[test]
    fn a_mount_at_the_root_has_what_no_other_has() {
        let mounts = mounts(&["/", "/logs"]);
        let folder = |path: &str| locate(&mounts, &plain(path).unwrap()).map(|location| location.folder);
        assert_eq!((folder("/"), folder("/a"), folder("/logs/a")), (Ok(0), Ok(0), Ok(1)));
    }
}
