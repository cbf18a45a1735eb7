//! What is done with a regular file once it is open.
//!
//! An open file has a *place*, which all who share it share: where the next read or write is. Each
//! operation has a *ticket*, so that the hardware, which may be at it elsewhere, never takes one for
//! another that was given up.

use crate::{
    fd::Object,
    file::{File, Kind, Pending},
    hardware::{Device, Hardware, Told},
    kernel::{Kernel, broken},
    limits,
    sched::Policy,
    trap::Next,
};
use yieldix_syscalls::{Errno, Fd, OpenFlags, Reply, SeekFrom};

/// What an open regular file has beside its device.
#[derive(Clone, Copy, Debug)]
pub struct Place {
    /// Where the next read or write is.
    pub offset: u64,
    /// What it was opened for.
    pub flags: OpenFlags,
}

impl<H: Hardware, P: Policy> Kernel<H, P> {
    pub(crate) fn sys_fstat(&mut self, slot: u32, fd: Fd) -> Next {
        let info = match self.regular(slot, fd, Errno::EINVAL) {
            Ok((file, _)) => self.file_info(file),
            Err(_) => self.object_of(slot, fd).map(|object| self.info_of(object)),
        };
        self.answer_with(slot, info.map(|info| Reply::File(Box::new(info))))
    }

    pub(crate) fn sys_seek(&mut self, slot: u32, fd: Fd, to: SeekFrom) -> Next {
        let sought = self.regular(slot, fd, Errno::ESPIPE).and_then(|(file, place)| {
            let from = |base: u64, span: i64| base.checked_add_signed(span);
            let offset = match to {
                SeekFrom::Start(offset) => Some(offset),
                SeekFrom::Current(span) => from(place.offset, span),
                SeekFrom::End(span) => from(self.file_info(file)?.size, span),
            };
            let offset = offset.filter(|&offset| offset <= limits::OFFSET_MAX).ok_or(Errno::EINVAL)?;
            match self.file(file).kind {
                // Where an entry is, only who lists them knows.
                Kind::Directory if offset > 0 => return Err(Errno::EINVAL),
                Kind::Directory => self.rewind(file),
                _ => self.place_mut(file).offset = offset,
            }
            Ok(Reply::Count(offset))
        });
        self.answer_with(slot, sought)
    }

    pub(crate) fn sys_truncate(&mut self, slot: u32, fd: Fd, length: u64) -> Next {
        let (file, place) = match self.regular(slot, fd, Errno::EINVAL) {
            Ok(found) => found,
            Err(errno) => return self.answer(slot, Reply::Err(errno)),
        };
        let errno = match (place.flags.has(OpenFlags::WRITE), length <= limits::OFFSET_MAX) {
            (false, _) => Errno::EBADF,
            (true, false) => Errno::EINVAL,
            (true, true) => {
                let operation = Pending::Truncate { length, ticket: self.take_ticket() };
                let next = self.attempt_or_block(slot, file, operation);
                self.settle();
                return next;
            }
        };
        self.answer(slot, Reply::Err(errno))
    }

    /// What is done with a regular file by the calls that are for anything.
    #[cold]
    pub(crate) fn operate_on_regular(&mut self, slot: u32, file: u32, operation: Pending) -> Next {
        let Place { offset, flags, .. } = *self.place_mut(file);
        let room = if flags.has(OpenFlags::APPEND) { u64::MAX } else { limits::OFFSET_MAX.saturating_sub(offset) };
        let is_open_for = match &operation {
            Pending::Read { .. } => flags.has(OpenFlags::READ),
            Pending::Write { .. } => flags.has(OpenFlags::WRITE),
            _ => true,
        };
        if !is_open_for {
            return self.answer(slot, operation.give_up(Errno::EBADF));
        }
        if let Some(reply) = operation.nothing_to_move() {
            return self.answer(slot, reply);
        }
        let operation = match operation {
            Pending::Read { max } => Pending::ReadAt { max, ticket: self.take_ticket() },
            Pending::Write { .. } if room == 0 => return self.answer(slot, operation.give_up(Errno::EFBIG)),
            Pending::Write { mut data } => {
                if data.len() as u64 > room {
                    drop(data.split_off(room as usize));
                }
                Pending::WriteAt { data, ticket: self.take_ticket() }
            }
            Pending::Sync => Pending::SyncFile { ticket: self.take_ticket() },
            operation => operation,
        };
        let next = self.attempt_or_block(slot, file, operation);
        self.settle();
        next
    }

    /// Attempts what only files of the disk know.
    #[cold]
    #[inline(never)]
    pub(crate) fn attempt_on_disk(
        &mut self,
        slot: u32,
        file: u32,
        device: Device,
        operation: &mut Pending,
    ) -> Result<Reply, Errno> {
        match operation {
            Pending::ReadAt { max, ticket } => {
                let (offset, max) = (self.place_mut(file).offset, (*max).min(limits::TRANSFER_BYTES) as usize);
                let (data, end) = self.hardware.try_read_at(device, *ticket, offset, max)?;
                self.place_mut(file).offset = end;
                Ok(Reply::Buf(data))
            }
            Pending::WriteAt { data, ticket } => {
                let offset = self.place_mut(file).offset;
                let (count, end) = self.hardware.try_write_at(device, *ticket, offset, data)?;
                self.place_mut(file).offset = end;
                self.hardware.reuse(std::mem::take(data));
                Ok(Reply::Count(count as u64))
            }
            Pending::Truncate { length, ticket } => {
                self.hardware.try_truncate(device, *ticket, *length).map(|()| Reply::Unit)
            }
            Pending::SyncFile { ticket } => self.hardware.try_sync_file(device, *ticket).map(|()| Reply::Unit),
            Pending::ReadDir { ticket } => {
                let entries = self.read_directory(file, *ticket)?;
                Ok(Reply::Entries(Box::new(entries)))
            }
            Pending::Ask => self.told(device),
            Pending::Chdir { directory } => match self.hardware.told(device)? {
                Told::Info(info) => self.change_directory(slot, directory, info),
                Told::Done => broken("the disk was asked for one thing and tells another"),
            },
            _ => broken("an operation that is not the disk's is attempted there"),
        }
    }

    pub(super) fn take_ticket(&mut self) -> u64 {
        self.tickets += 1;
        self.tickets
    }

    /// The regular file that `fd` names for the task in `slot`; `otherwise` if it names something else.
    fn regular(&self, slot: u32, fd: Fd, otherwise: Errno) -> Result<(u32, Place), Errno> {
        let Object::File(file) = self.object_of(slot, fd)? else { return Err(otherwise) };
        let place = self.file(file).place().ok_or(otherwise)?;
        Ok((file, *place))
    }

    pub(super) fn place_mut(&mut self, file: u32) -> &mut Place {
        match self.file_mut(file).place_mut() {
            Some(place) => place,
            None => broken("a regular file has no place"),
        }
    }
}

impl File {
    fn place(&self) -> Option<&Place> {
        self.rare()?.place.as_ref()
    }

    fn place_mut(&mut self) -> Option<&mut Place> {
        self.rare_mut()?.place.as_mut()
    }
}
