//! The name space of files: which file system a path leads into, and by what name there.
//!
//! A machine has files in memory at the root, its programs at `/bin`, its devices at `/dev`, its tasks at `/proc`,
//! and what it mounts.
//! Of several, the longest place that a path begins with has it.

use super::path::{parts, plain};
use crate::limits;
use yieldix_syscalls::{DirEntry, Errno, FileKind};

/// A folder of the hardware, as tasks see it. Its number there is its place among the mounts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mount {
    /// Where, in plain form.
    guest: Box<str>,
    is_read_only: bool,
}

impl Mount {
    /// Mounts a folder at `guest`. Errors: those of a path.
    pub fn new(guest: &str, is_read_only: bool) -> Result<Mount, Errno> {
        let guest = plain("", guest)?;
        if parts(&guest).any(|name| name.len() > limits::FILE_NAME_BYTES) {
            return Err(Errno::ENAMETOOLONG);
        }
        Ok(Mount { guest: guest.into(), is_read_only })
    }

    /// Is it mounted at the same place?
    pub fn is_at(&self, other: &Mount) -> bool {
        self.guest == other.guest
    }
}

/// What holds files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileSystem {
    /// A folder of the hardware.
    Folder {
        /// Its number.
        number: u32,
        /// Must it not be changed?
        is_read_only: bool,
    },
    /// Memory.
    Ram,
    /// The kernel's own devices.
    Devices,
    /// The programs of the machine.
    Programs,
    /// What the kernel tells of its tasks.
    Tasks,
}

impl FileSystem {
    /// In a word.
    pub fn name(self) -> &'static str {
        match self {
            FileSystem::Folder { .. } => "folder",
            FileSystem::Ram => "ram",
            FileSystem::Devices => "dev",
            FileSystem::Programs => "bin",
            FileSystem::Tasks => "proc",
        }
    }

    /// Must it not be changed?
    pub fn is_read_only(self) -> bool {
        match self {
            FileSystem::Folder { is_read_only, .. } => is_read_only,
            FileSystem::Ram => false,
            FileSystem::Devices | FileSystem::Programs | FileSystem::Tasks => true,
        }
    }
}

/// Where a path leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Location<'a> {
    /// Into which file system.
    pub system: FileSystem,
    /// The path within, in plain form.
    pub within: &'a str,
}

/// Every file system of the machine, and its place.
#[derive(Debug)]
pub struct Mounts(Vec<(Box<str>, FileSystem)>);

impl Mounts {
    /// These folders, and what every machine has where none of them is.
    pub fn new(folders: &[Mount]) -> Mounts {
        let of_folder = |(folder, number): (&Mount, u32)| {
            (folder.guest.clone(), FileSystem::Folder { number, is_read_only: folder.is_read_only })
        };
        let mut mounts: Vec<_> = folders.iter().zip(0..).map(of_folder).collect();
        for (place, system) in [
            ("", FileSystem::Ram),
            ("/bin", FileSystem::Programs),
            ("/dev", FileSystem::Devices),
            ("/proc", FileSystem::Tasks),
        ] {
            if !mounts.iter().any(|(taken, _)| &**taken == place) {
                mounts.push((place.into(), system));
            }
        }
        mounts.sort_by(|one, other| one.0.cmp(&other.0));
        Mounts(mounts)
    }

    /// Every place and what is there, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, FileSystem)> {
        self.0.iter().map(|(place, system)| (&**place, *system))
    }

    /// Where a plain path leads.
    pub fn locate<'a>(&self, plain: &'a str) -> Location<'a> {
        let within = |place: &str| {
            let rest = plain.strip_prefix(place)?;
            (rest.is_empty() || rest.starts_with('/')).then_some(rest)
        };
        let found = self.iter().filter_map(|(place, system)| Some((place.len(), system, within(place)?)));
        match found.max_by_key(|(length, ..)| *length) {
            Some((_, system, within)) => Location { system, within },
            None => crate::kernel::broken("nothing is mounted at the root"),
        }
    }

    /// Is anything mounted at this plain path, or below it? The name is not to be changed then.
    pub fn is_busy(&self, plain: &str) -> bool {
        let is_there =
            |place: &str| place.strip_prefix(plain).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
        self.iter().any(|(place, _)| is_there(place))
    }

    /// What is mounted right below this plain path, as entries of a directory.
    pub fn below(&self, plain: &str) -> Vec<DirEntry> {
        let name = |(place, _): (&str, _)| {
            let name = place.strip_prefix(plain)?.strip_prefix('/')?;
            (!name.contains('/')).then(|| DirEntry { name: name.into(), kind: FileKind::Directory })
        };
        self.iter().filter_map(name).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mounts(guests: &[&str]) -> Mounts {
        let folders: Vec<Mount> = guests.iter().map(|guest| Mount::new(guest, false).unwrap()).collect();
        Mounts::new(&folders)
    }

    /// In which folder a path is, or in which other file system, and by what name there.
    fn located(mounts: &Mounts, path: &str) -> (Result<u32, &'static str>, String) {
        let plain = plain("", path).unwrap();
        let Location { system, within } = mounts.locate(&plain);
        let system = match system {
            FileSystem::Folder { number, .. } => Ok(number),
            other => Err(other.name()),
        };
        (system, within.to_owned())
    }

    #[test]
    fn the_longest_mount_that_a_path_begins_with_has_it() {
        let mounts = mounts(&["/logs", "/logs/old", "/data"]);
        for (path, system, within) in [
            ("/logs", Ok(0), ""),
            ("/logs/a", Ok(0), "/a"),
            ("/logs/old", Ok(1), ""),
            ("/logs/old/a/b", Ok(1), "/a/b"),
            ("/logs/older", Ok(0), "/older"),
            ("/logs/../data/a", Ok(2), "/a"),
            ("/logs/..", Err("ram"), ""),
            ("/logsx", Err("ram"), "/logsx"),
            ("/dev/null", Err("dev"), "/null"),
            ("/bin/ls", Err("bin"), "/ls"),
            ("/proc", Err("proc"), ""),
        ] {
            assert_eq!(located(&mounts, path), (system, within.to_owned()), "{path}");
        }
    }

    #[test]
    fn a_mount_takes_the_place_of_what_every_machine_has() {
        let mounts = mounts(&["/", "/proc", "/logs"]);
        let system = |path: &str| located(&mounts, path).0;
        assert_eq!((system("/"), system("/a"), system("/proc/1"), system("/logs/a")), (Ok(0), Ok(0), Ok(1), Ok(2)));
        assert_eq!(system("/dev"), Err("dev"));
        assert_eq!(mounts.iter().count(), 5);
    }

    #[test]
    fn mounts_are_listed_where_they_are() {
        let mounts = mounts(&["/logs/old", "/data"]);
        let below = |plain: &str| mounts.below(plain).iter().map(|entry| entry.name.to_string()).collect::<Vec<_>>();
        assert_eq!(below(""), ["bin", "data", "dev", "proc"]);
        assert_eq!(below("/logs"), ["old"]);
        assert_eq!(below("/data"), [""; 0]);
        for (path, is_busy) in
            [("", true), ("/logs", true), ("/logs/old", true), ("/logs/older", false), ("/log", false)]
        {
            assert_eq!(mounts.is_busy(path), is_busy, "{path:?}");
        }
        assert_eq!(Mount::new(&format!("/{}", "x".repeat(256)), false), Err(Errno::ENAMETOOLONG));
    }
}
