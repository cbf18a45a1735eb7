//! Files: the calls that name them by a path, and which file system each path leads into.

mod folder;
pub mod mount;
mod path;
pub mod ram;
mod regular;

pub use regular::Place;

use crate::{file::Pending, hardware::Hardware, kernel::Kernel, sched::Policy, trap::Next};
use mount::locate;
use path::plain;
use yieldix_syscalls::{Errno, OpenFlags, Reply};

impl<H: Hardware, P: Policy> Kernel<H, P> {
    pub(crate) fn sys_open(&mut self, slot: u32, path: &str, flags: OpenFlags) -> Next {
        let begun = self.room_for_a_file(slot).and_then(|()| {
            if !flags.is_sound() {
                return Err(Errno::EINVAL);
            }
            let path = plain(path)?;
            self.open_in_folder(locate(&self.options.mounts, &path)?, &path, flags)
        });
        self.finish_or_fail(slot, begun, Pending::Connect)
    }

    pub(crate) fn sys_watch(&mut self, slot: u32, path: &str) -> Next {
        let begun = self.room_for_a_file(slot).and_then(|()| {
            let path = plain(path)?;
            self.watch_in_folder(locate(&self.options.mounts, &path)?, &path)
        });
        self.finish_or_fail(slot, begun, Pending::Connect)
    }

    pub(crate) fn sys_stat(&mut self, slot: u32, path: &str) -> Next {
        let begun = self.room_for_an_object().and_then(|()| {
            let path = plain(path)?;
            self.stat_in_folder(locate(&self.options.mounts, &path)?, &path)
        });
        self.finish_or_fail(slot, begun, Pending::Stat)
    }

    fn finish_or_fail(&mut self, slot: u32, begun: Result<u32, Errno>, operation: Pending) -> Next {
        match begun {
            Ok(file) => self.attempt_or_block(slot, file, operation),
            Err(errno) => self.answer(slot, Reply::Err(errno)),
        }
    }
}
