//! `/dev`: the devices that every machine has.

use super::{Opened, Outcome, flat};
use crate::{hardware::Hardware, kernel::Kernel, own::dev::NAMES, sched::Policy, stat::OwnDevice};
use std::time::Duration;
use yieldix_syscalls::{DirEntry, Errno, FileInfo, FileKind, OpenFlags};

/// Entries of the directory behind the name `after`.
pub(super) fn entries(after: Option<&str>) -> Vec<DirEntry> {
    flat::entries(NAMES, FileKind::Device, after)
}

/// What a path within names: the directory, or a device and its number.
fn look_up(within: &str) -> Result<Option<(usize, &'static str)>, Errno> {
    Ok(flat::look_up(NAMES, within)?.map(|found| (found, NAMES[found])))
}

fn info(found: Option<(usize, &str)>, modified: Duration) -> FileInfo {
    let (kind, number, mode) = match found {
        None => (FileKind::Directory, 0, 0o555),
        Some((index, _)) => (FileKind::Device, 1 + index as u64, 0o666),
    };
    FileInfo { kind, size: 0, id: OwnDevice::Devices.file(number), modified, mode, links: 1 }
}

impl<H: Hardware, P: Policy> Kernel<H, P> {
    pub(super) fn stat_in_devices(&mut self, within: &str) -> Result<FileInfo, Errno> {
        Ok(info(look_up(within)?, self.hardware.wall_clock()))
    }

    /// Opens a device, or the directory to list it.
    pub(super) fn open_in_devices(
        &mut self,
        slot: u32,
        within: &str,
        path: &str,
        flags: OpenFlags,
    ) -> Result<Outcome, Errno> {
        let found = flat::to_open(look_up(within), flags)?;
        match found {
            Some((_, name)) => self.open_device(slot, name, flags).map(Outcome::Opened),
            None if flags.has(OpenFlags::WRITE) => Err(Errno::EISDIR),
            None => {
                let opened = Opened::made_directory(info(None, self.hardware.wall_clock()));
                Ok(Outcome::Opened(self.open_own(opened, flags, path)))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_names_are_sorted() {
        assert!(NAMES.is_sorted());
        assert_eq!(look_up("/zero").unwrap().map(|(_, name)| name), Some("zero"));
    }
}
