//! The calls of descriptors: close and dup, and what exit and spawn do to them.

use crate::{
    emit,
    fd::{FdTable, Object, Streams},
    hardware::Hardware,
    kernel::Kernel,
    sched::Policy,
    task::State,
    trap::Next,
};
use yieldix_syscalls::{Errno, Fd, Reply, Tid};

impl<H: Hardware, P: Policy> Kernel<H, P> {
    /// What `fd` names for the task in `slot`.
    #[inline]
    pub(crate) fn object_of(&self, slot: u32, fd: Fd) -> Result<Object, Errno> {
        let object = match self.table.cold(slot) {
            Some(cold) => cold.fds.object(fd, &self.streams),
            None if fd.generation() == 0 => self.streams.get(fd.slot() as usize).copied().flatten(),
            None => None,
        };
        object.ok_or(Errno::EBADF)
    }

    /// Every descriptor of the task in `slot`, and what it names.
    pub(crate) fn fds_of(&self, slot: u32) -> Vec<(Fd, Object)> {
        match (self.table.cold(slot), &self.table.slot(slot).state) {
            (_, State::Zombie { .. }) => Vec::new(),
            (Some(cold), _) => cold.fds.iter(&self.streams).collect(),
            (None, _) => FdTable::default().iter(&self.streams).collect(),
        }
    }

    /// Opens a descriptor for an object in the table of the task in `slot`.
    pub(crate) fn install(&mut self, slot: u32, object: Object) -> Result<Fd, Errno> {
        let max = self.options.fds_per_task;
        let fd = self.table.make_cold(slot).fds.install(object, max)?;
        emit!(self, FdOpened { tid: self.table.tid(slot), fd, object });
        self.look_at_growth(slot, fd);
        Ok(fd)
    }

    /// Could the task in `slot` open so many descriptors more?
    pub(crate) fn room_for_fds(&self, slot: u32, count: u32) -> Result<(), Errno> {
        let open = self.table.cold(slot).map_or(0, |cold| cold.fds.open());
        if self.options.fds_per_task - open < count { Err(Errno::EMFILE) } else { Ok(()) }
    }

    /// One holder more.
    pub(crate) fn hold(&mut self, object: Object) {
        match object {
            Object::File(file) => self.file_mut(file).holders += 1,
            end => *self.holders_of_end(end) += 1,
        }
    }

    /// One holder less; the last one closes the object.
    pub(crate) fn let_go(&mut self, object: Object) {
        match object {
            Object::File(file) => self.let_go_of_file(file),
            end => self.let_go_of_end(end),
        }
    }

    /// Who waits to write to a pipe is ended when its last reader is closed, and takes along those bound to it:
    /// the caller may be one.
    pub(crate) fn sys_close(&mut self, tid: Tid, slot: u32, fd: Fd) -> Next {
        let open = self.object_of(slot, fd);
        let closed = open.map(|_| {
            self.remove_fd(slot, fd);
            Reply::Unit
        });
        self.answer_signalled(tid, slot, closed.unwrap_or_else(Reply::Err))
    }

    pub(crate) fn sys_dup(&mut self, slot: u32, fd: Fd) -> Next {
        let copy = self.object_of(slot, fd).and_then(|object| {
            let copy = self.install(slot, object)?;
            self.hold(object);
            Ok(copy)
        });
        self.answer_with(slot, copy.map(Reply::Fd))
    }

    /// What is in the way is closed, with all that [`Kernel::sys_close`] tells of.
    pub(crate) fn sys_dup_to(&mut self, tid: Tid, slot: u32, fd: Fd, to: u32) -> Next {
        let copy = self.object_of(slot, fd).and_then(|object| {
            if fd.slot() == to {
                return Ok(fd);
            }
            if to < 3 {
                self.hold(object);
                self.replace_stream(slot, to, object);
                return Ok(Fd::new(to, 0));
            }
            let max = self.options.fds_per_task;
            let (copy, replaced) = self.table.make_cold(slot).fds.put(to, object, max)?;
            // Held before the other is let go: they may be the same.
            self.hold(object);
            emit!(self, FdOpened { tid, fd: copy, object });
            if let Some(replaced) = replaced {
                self.let_go(replaced);
            }
            Ok(copy)
        });
        self.answer_signalled(tid, slot, copy.map_or_else(Reply::Err, Reply::Fd))
    }

    /// Takes an open descriptor out of a task's table; whoever asks now holds what it named.
    pub(crate) fn take_fd(&mut self, slot: u32, fd: Fd) -> Option<Object> {
        if fd.slot() < 3 {
            self.own_streams(slot);
        }
        let object = self.table.make_cold(slot).fds.remove(fd)?;
        emit!(self, FdClosed { tid: self.table.tid(slot), fd });
        self.look_at_close(slot, fd);
        Some(object)
    }

    /// Takes an open descriptor out of a task's table and lets go of what it named.
    pub(crate) fn remove_fd(&mut self, slot: u32, fd: Fd) {
        if let Some(object) = self.take_fd(slot, fd) {
            self.let_go(object);
        }
    }

    /// Puts an object that is held already into one of a task's standard three.
    pub(crate) fn replace_stream(&mut self, slot: u32, index: u32, object: Object) {
        let mut streams = self.own_streams(slot);
        let old = streams[index as usize].replace(object);
        self.table.make_cold(slot).fds.set_streams(streams);
        emit!(self, FdOpened { tid: self.table.tid(slot), fd: Fd::new(index, 0), object });
        if let Some(old) = old {
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
        self.give_streams(slot, streams);
        streams
    }

    /// Gives a task its own standard three, which are held already.
    pub(crate) fn give_streams(&mut self, slot: u32, streams: Streams) {
        self.table.make_cold(slot).fds.set_streams(streams);
        for (index, object) in (0u32..).zip(streams).filter_map(|(index, object)| Some((index, object?))) {
            emit!(self, FdOpened { tid: self.table.tid(slot), fd: Fd::new(index, 0), object });
        }
    }

    /// One holder more for each of the three that is open.
    pub(crate) fn hold_streams(&mut self, streams: &Streams) {
        for &object in streams.iter().flatten() {
            self.hold(object);
        }
    }

    /// Closes all that a task had open.
    pub(crate) fn close_all(&mut self, slot: u32) {
        let Some(cold) = self.table.cold_mut(slot) else { return };
        let fds = std::mem::take(&mut cold.fds);
        for object in fds.objects() {
            self.let_go(object);
        }
    }
}
