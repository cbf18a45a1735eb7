//! The calls of descriptors: close and dup, and what exit and spawn do to them.

use crate::{fd::Streams, hardware::Hardware, kernel::Kernel, sched::Policy, task::NIL, trap::Next};
use yieldix_syscalls::{Fd, Reply};

impl<H: Hardware, P: Policy> Kernel<H, P> {
    pub(crate) fn sys_close(&mut self, slot: u32, fd: Fd) -> Next {
        let open = self.file_of(slot, fd);
        let closed = open.map(|_| {
            self.remove_fd(slot, fd);
            Reply::Unit
        });
        self.answer_with(slot, closed)
    }

    pub(crate) fn sys_dup(&mut self, slot: u32, fd: Fd) -> Next {
        let copy = self.file_of(slot, fd).and_then(|file| {
            let copy = self.install(slot, file)?;
            self.file_mut(file).holders += 1;
            Ok(copy)
        });
        self.answer_with(slot, copy.map(Reply::Fd))
    }

    /// Takes an open descriptor out of a task's table and lets go of its file.
    pub(crate) fn remove_fd(&mut self, slot: u32, fd: Fd) {
        if fd.slot() < 3 {
            self.own_streams(slot);
        }
        if let Some(file) = self.table.make_cold(slot).fds.remove(fd) {
            self.let_go(file);
        }
    }

    /// Puts a file that is held already into one of a task's standard three.
    pub(crate) fn replace_stream(&mut self, slot: u32, index: u32, file: u32) {
        let mut streams = self.own_streams(slot);
        let old = std::mem::replace(&mut streams[index as usize], file);
        self.table.make_cold(slot).fds.set_streams(streams);
        if old != NIL {
            self.let_go(old);
        }
    }

    /// The task's own standard three; copied from the machine's at the first change.
    fn own_streams(&mut self, slot: u32) -> Streams {
        if let Some(streams) = self.table.cold(slot).and_then(|cold| cold.fds.streams()) {
            return *streams;
        }
        let streams = self.streams;
        self.hold_streams(&streams);
        self.table.make_cold(slot).fds.set_streams(streams);
        streams
    }

    /// One holder more for each of the three that is open.
    pub(crate) fn hold_streams(&mut self, streams: &Streams) {
        for &file in streams.iter().filter(|&&file| file != NIL) {
            self.file_mut(file).holders += 1;
        }
    }

    /// Closes all that a task had open.
    pub(crate) fn close_all(&mut self, slot: u32) {
        let Some(cold) = self.table.cold_mut(slot) else { return };
        let fds = std::mem::take(&mut cold.fds);
        for file in fds.files() {
            self.let_go(file);
        }
    }
}
