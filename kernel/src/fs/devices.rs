//! `/dev`: the devices that every machine has.

use super::{Opened, Outcome, path::parts};
use crate::{hardware::Hardware, kernel::Kernel, own::dev::NAMES, sched::Policy, stat::OwnDevice};
use std::time::Duration;
use yieldix_syscalls::{DirEntry, Errno, FileInfo, FileKind, OpenFlags};

/// Entries of the directory behind the name `after`.
pub(super) fn entries(after: Option<&str>) -> Vec<DirEntry> {
    let names = NAMES.iter().filter(|name| after.is_none_or(|after| **name > after));
    names.map(|name| DirEntry { name: (*name).into(), kind: FileKind::Device }).collect()
}

/// What a path within names: the directory, or a device and its number.
fn look_up(within: &str) -> Result<Option<(usize, &'static str)>, Errno> {
    let mut parts = parts(within);
    let Some(name) = parts.next() else { return Ok(None) };
    let found = NAMES.iter().position(|known| *known == name).ok_or(Errno::ENOENT)?;
    if parts.next().is_some() { Err(Errno::ENOTDIR) } else { Ok(Some((found, NAMES[found]))) }
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
        let found = match look_up(within) {
            Ok(_) if flags.has(OpenFlags::CREATE_NEW) => return Err(Errno::EEXIST),
            Err(Errno::ENOENT) if flags.has(OpenFlags::CREATE) => return Err(Errno::EROFS),
            found => found?,
        };
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
    fn devices_are_listed_in_order_and_go_on_behind_a_name() {
        assert!(NAMES.is_sorted());
        assert_eq!(entries(None).len(), NAMES.len());
        assert_eq!(entries(Some("tty")).iter().map(|entry| &*entry.name).collect::<Vec<_>>(), ["urandom", "zero"]);
        assert_eq!(look_up("/null/x"), Err(Errno::ENOTDIR));
        assert_eq!(look_up("/nul"), Err(Errno::ENOENT));
        assert_eq!(look_up(""), Ok(None));
    }
}
