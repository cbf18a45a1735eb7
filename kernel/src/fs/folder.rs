//! Files below the mounted folders of the hardware.
//!
//! To open a file is like a connect: the hardware begins it, and the operation that waits for the end
//! holds the file; so it is with what is asked of a path.

use super::{Listing, Outcome, Place};
use crate::{
    event::Address,
    file::{Kind, Pending},
    hardware::{Device, Hardware, Question, Told},
    kernel::Kernel,
    sched::Policy,
};
use yieldix_syscalls::{Errno, FileKind, OpenFlags, Reply};

/// A plain path within a folder, as the hardware wants it.
pub(super) fn inside(within: &str) -> Box<str> {
    within.strip_prefix('/').unwrap_or(".").into()
}

impl<H: Hardware, P: Policy> Kernel<H, P> {
    /// Begins to open a file, whose path as tasks see it is `path`; gives its index.
    pub(super) fn open_in_folder(
        &mut self,
        folder: u32,
        within: &str,
        path: &str,
        flags: OpenFlags,
    ) -> Result<u32, Errno> {
        let device = self.hardware.open(folder, &inside(within), flags)?;
        let file = self.open_file(device, Kind::Regular, Address::Path(path));
        let rare = self.file_mut(file).make_rare();
        rare.place = Some(Place { offset: 0, flags });
        // Only once it is open is it known whether it is a directory.
        rare.listing = (!flags.has(OpenFlags::WRITE)).then(|| Box::new(Listing::of(path)));
        Ok(file)
    }

    /// A file of a folder is open: from now on it is known what it is. Fails as the disk does when it is asked.
    pub(crate) fn note_opened(&mut self, file: u32, device: Device) -> Result<(), Errno> {
        if self.file(file).rare().is_none_or(|rare| rare.listing.is_none()) {
            return Ok(());
        }
        let info = self.hardware.file_info(device)?;
        let entry = self.file_mut(file);
        if info.kind == FileKind::Directory {
            entry.kind = Kind::Directory;
        } else {
            entry.make_rare().listing = None;
        }
        Ok(())
    }

    /// Begins to watch what happens to a file; gives the index of the watch.
    pub(super) fn watch_in_folder(&mut self, folder: u32, within: &str, path: &str) -> Result<u32, Errno> {
        let device = self.hardware.watch(folder, &inside(within))?;
        Ok(self.open_file(device, Kind::Watch, Address::Path(path)))
    }

    /// Begins to ask the disk; `operation` waits for the answer.
    pub(super) fn ask(
        &mut self,
        folder: u32,
        question: Question,
        path: &str,
        operation: Pending,
    ) -> Result<Outcome, Errno> {
        self.room_for_an_object()?;
        let device = self.hardware.ask(folder, question)?;
        Ok(Outcome::Begun(self.open_file(device, Kind::Question, Address::Path(path)), operation))
    }

    /// The answer to what the disk was asked.
    pub(super) fn told(&mut self, device: Device) -> Result<Reply, Errno> {
        self.hardware.told(device).map(|told| match told {
            Told::Info(info) => Reply::File(Box::new(info)),
            Told::Done => Reply::Unit,
        })
    }
}
