//! Files below the mounted folders of the hardware.
//!
//! To open a file is like a connect: the hardware begins it, and the operation that waits for the end
//! holds the file; so it is with what is asked of a path.

use super::{Place, mount::Location};
use crate::{event::Address, file::Kind, hardware::Hardware, kernel::Kernel, sched::Policy};
use yieldix_syscalls::{Errno, OpenFlags};

impl<H: Hardware, P: Policy> Kernel<H, P> {
    /// Begins to open a file, whose path as tasks see it is `path`; gives its index.
    pub(super) fn open_in_folder(
        &mut self,
        location: Location<'_>,
        path: &str,
        flags: OpenFlags,
    ) -> Result<u32, Errno> {
        if location.is_read_only && flags.has(OpenFlags::WRITE) {
            return Err(Errno::EROFS);
        }
        let device = self.hardware.open(location.folder, location.path, flags)?;
        let file = self.open_file(device, Kind::Regular, Address::Path(path));
        self.file_mut(file).make_rare().place = Some(Place { offset: 0, flags });
        Ok(file)
    }

    /// Begins to watch what happens to a file; gives the index of the watch.
    pub(super) fn watch_in_folder(&mut self, location: Location<'_>, path: &str) -> Result<u32, Errno> {
        let device = self.hardware.watch(location.folder, location.path)?;
        Ok(self.open_file(device, Kind::Watch, Address::Path(path)))
    }

    /// Begins to ask what is known of a file; gives the index of the question.
    pub(super) fn stat_in_folder(&mut self, location: Location<'_>, path: &str) -> Result<u32, Errno> {
        let device = self.hardware.stat(location.folder, location.path)?;
        Ok(self.open_file(device, Kind::Stat, Address::Path(path)))
    }
}
