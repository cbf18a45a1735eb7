//! Devices that are the kernel's own: no hardware is behind them.
//!
//! Their contract is the hardware's. An operation is tried, and answers at once, with `EAGAIN` when it
//! would have to wait; then the device is owed, once, that it is told when trying again may do better.
//! So all that is done with files, from waiting to killing, does not know one from the other.
//!
//! What one device does may make another ready. That is noted in a list, which [`Kernel::settle`] works
//! off when the operation is done: not within it, for each that is told may do the same to a third.

pub mod dev;
pub mod pipe;
pub mod plain;

use crate::{
    emit,
    event::Address,
    fd::Object,
    file::{Kind, Pending},
    hardware::{Class, Device, Hardware, devices::Devices},
    kernel::{Kernel, broken},
    limits,
    sched::Policy,
    slab::Slab,
    trap::Next,
};
use pipe::Pipe;
use plain::Plain;
use std::collections::VecDeque;
use yieldix_syscalls::{Buf, Errno, OpenFlags, Reply};

/// What a device of the kernel's own is.
#[derive(Debug)]
enum Own {
    /// What a file system of the kernel's own has open; the file says what it is.
    File,
    /// The end of this pipe that is read from.
    PipeReader(u32),
    /// The end of this pipe that is written to.
    PipeWriter(u32),
    /// One that keeps nothing, opened for this.
    Plain(Plain, OpenFlags),
}

/// A device that is to be told that trying again may do better.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Readiness {
    device: Device,
    readable: bool,
    writable: bool,
}

impl Readiness {
    /// A read of it may answer.
    pub fn to_read(device: Device) -> Readiness {
        Readiness { device, readable: true, writable: false }
    }

    /// A write to it may answer.
    pub fn to_write(device: Device) -> Readiness {
        Readiness { device, readable: false, writable: true }
    }
}

/// All of the kernel's own devices.
#[derive(Debug)]
pub struct OwnDevices {
    devices: Devices<Own>,
    pipes: Slab<Pipe>,
    /// Those to be told.
    ready: VecDeque<Readiness>,
    /// The list is being worked off.
    is_settling: bool,
}

impl Default for OwnDevices {
    fn default() -> OwnDevices {
        OwnDevices {
            devices: Devices::new(Class::Own),
            pipes: Slab::default(),
            ready: VecDeque::new(),
            is_settling: false,
        }
    }
}

impl OwnDevices {
    /// How many there are.
    pub fn len(&self) -> u32 {
        self.devices.len()
    }

    /// How many of them are pipes, both ends counted as one.
    pub fn pipes(&self) -> u32 {
        self.pipes.len()
    }

    /// Is everybody told?
    pub fn is_settled(&self) -> bool {
        self.ready.is_empty() && !self.is_settling
    }

    /// Makes a device for what a file system has open.
    pub fn open_file(&mut self) -> Device {
        self.devices.open(|_| Own::File)
    }

    /// Notes that a device is to be told.
    pub fn note(&mut self, readiness: Readiness) {
        self.ready.push_back(readiness);
    }

    fn own(&mut self, device: Device) -> &mut Own {
        match self.devices.get(device) {
            Ok(own) => own,
            Err(_) => broken("a file's own device is none"),
        }
    }

    fn pipe(&mut self, pipe: u32) -> &mut Pipe {
        match self.pipes.get_mut(pipe) {
            Some(pipe) => pipe,
            None => broken("the end of a pipe has no pipe"),
        }
    }

    /// Makes a pipe; gives the end to read from, and the one to write to.
    fn open_pipe(&mut self) -> (Device, Device) {
        let pipe = self.pipes.next_index();
        let reader = self.devices.open(|_| Own::PipeReader(pipe));
        let writer = self.devices.open(|_| Own::PipeWriter(pipe));
        self.pipes.insert(Pipe::new(reader, writer));
        (reader, writer)
    }

    /// Does something with a pipe, and notes whom that has made ready.
    fn with_pipe<T>(&mut self, pipe: u32, change: impl FnOnce(&mut Pipe) -> T) -> T {
        let result = change(self.pipe(pipe));
        let Some(entry) = self.pipes.get_mut(pipe) else { broken("the end of a pipe has no pipe") };
        entry.settle(&mut self.ready);
        result
    }

    fn read(&mut self, device: Device, max: usize, hardware: &mut impl Hardware) -> Result<Buf, Errno> {
        match self.own(device) {
            &mut Own::PipeReader(pipe) => self.with_pipe(pipe, |pipe| pipe.read(max)),
            Own::Plain(plain, flags) if flags.has(OpenFlags::READ) => plain.read(max, hardware),
            Own::PipeWriter(_) | Own::Plain(..) | Own::File => Err(Errno::EBADF),
        }
    }

    fn write(&mut self, device: Device, data: &mut Buf) -> Result<usize, Errno> {
        match self.own(device) {
            &mut Own::PipeWriter(pipe) => self.with_pipe(pipe, |pipe| pipe.write(data)),
            Own::Plain(_, flags) if flags.has(OpenFlags::WRITE) => Ok(data.len()),
            Own::PipeReader(_) | Own::Plain(..) | Own::File => Err(Errno::EBADF),
        }
    }

    fn is_readable(&mut self, device: Device) -> Result<bool, Errno> {
        match self.own(device) {
            &mut Own::PipeReader(pipe) => self.pipe(pipe).is_readable(),
            Own::Plain(_, flags) if flags.has(OpenFlags::READ) => Ok(true),
            Own::PipeWriter(_) | Own::Plain(..) | Own::File => Err(Errno::EBADF),
        }
    }

    fn is_writable(&mut self, device: Device) -> Result<bool, Errno> {
        match self.own(device) {
            &mut Own::PipeWriter(pipe) => self.pipe(pipe).is_writable(),
            Own::Plain(_, flags) if flags.has(OpenFlags::WRITE) => Ok(true),
            Own::PipeReader(_) | Own::Plain(..) | Own::File => Err(Errno::EBADF),
        }
    }

    /// Which pipe this is the end of, and the bytes in it.
    pub fn pipe_of(&mut self, device: Device) -> (u32, usize) {
        match *self.own(device) {
            Own::PipeReader(pipe) | Own::PipeWriter(pipe) => (pipe, self.pipe(pipe).len()),
            _ => broken("the end of a pipe has no pipe"),
        }
    }

    fn close(&mut self, device: Device) {
        let Some(own) = self.devices.close(device) else { broken("a file's own device is none") };
        match own {
            Own::PipeReader(pipe) => self.with_pipe(pipe, Pipe::close_reader),
            Own::PipeWriter(pipe) => self.with_pipe(pipe, Pipe::close_writer),
            Own::Plain(..) | Own::File => {}
        }
        if let Own::PipeReader(pipe) | Own::PipeWriter(pipe) = own
            && self.pipe(pipe).is_closed()
        {
            self.pipes.remove(pipe);
        }
    }
}

impl<H: Hardware, P: Policy> Kernel<H, P> {
    pub(crate) fn sys_pipe(&mut self, slot: u32) -> Next {
        let room = self.room_for_fds(slot, 2).and_then(|()| self.room_for_objects(2));
        let ends = room.and_then(|()| {
            let (reader, writer) = self.own.open_pipe();
            // Each is told with the other's number.
            let (reader, writer) =
                (self.insert_file(reader, Kind::PipeReader), self.insert_file(writer, Kind::PipeWriter));
            self.tell_opened(reader, Address::OtherEnd { file: writer });
            self.tell_opened(writer, Address::OtherEnd { file: reader });
            Ok((self.install(slot, Object::File(reader))?, self.install(slot, Object::File(writer))?))
        });
        self.answer_with(slot, ends.map(|ends| Reply::Pair(Box::new(ends))))
    }

    /// Does with a device of the kernel's own what is done with any; it is permitted there.
    pub(crate) fn operate_on_own(&mut self, slot: u32, file: u32, mut operation: Pending) -> Next {
        let is_promising = self.file(file).is_promising(operation.direction());
        let reply = match operation.nothing_to_move() {
            None if is_promising => self.attempt(slot, file, &mut operation),
            answer => answer,
        };
        let next = match reply {
            Some(reply) => self.answer(slot, reply),
            None => self.block_on_file(slot, file, operation),
        };
        self.settle();
        next
    }

    /// Attempts an operation on such a device. None: it has to wait.
    #[cold]
    #[inline(never)]
    pub(crate) fn attempt_on_own(&mut self, file: u32, device: Device, operation: &mut Pending) -> Option<Reply> {
        self.operations += 1;
        let waits = |is_ready: bool| if is_ready { Ok(Reply::Unit) } else { Err(Errno::EAGAIN) };
        let answer = match operation {
            _ if self.file(file).opened().is_some() => self.attempt_on_opened(file, device, operation),
            Pending::Read { max } => {
                let max = (*max).min(limits::TRANSFER_BYTES) as usize;
                self.own.read(device, max, &mut self.hardware).map(Reply::Buf)
            }
            Pending::Write { data } => self.own.write(device, data).map(|count| Reply::Count(count as u64)),
            Pending::ReadWait => self.own.is_readable(device).and_then(waits),
            Pending::WriteWait => self.own.is_writable(device).and_then(waits),
            _ => broken("an operation is attempted on a device that does not permit it"),
        };
        if let Err(Errno::EAGAIN) = answer {
            self.file_mut(file).set_promising(operation.direction(), false);
            return None;
        }
        Some(answer.unwrap_or_else(Reply::Err))
    }

    /// Closes such a device.
    #[cold]
    pub(crate) fn close_own(&mut self, file: u32, device: Device) {
        self.own.close(device);
        emit!(self, Closed { file });
        self.settle();
    }

    /// Tells the kernel's own devices what they are owed. What that makes ready is told by the same
    /// loop: a chain of any length takes no more of the stack than one.
    pub(crate) fn settle(&mut self) {
        if self.own.ready.is_empty() || self.own.is_settling {
            return;
        }
        self.own.is_settling = true;
        while let Some(Readiness { device, readable, writable }) = self.own.ready.pop_front() {
            self.device_ready(device, readable, writable);
        }
        self.own.is_settling = false;
    }

    /// Does any task wait for what only the hardware can bring?
    pub(crate) fn waits_for_hardware(&self) -> bool {
        // Asked when nothing is ready and no timer is set; the console's input, or a listener, is found at once.
        let is_waited_on =
            |file: &crate::file::File| !file.readers.is_empty() || !file.writers.is_empty() || file.is_watched();
        self.file_waiters > 0
            && (self.own.len() == 0 || self.files.iter().any(|(_, file)| !file.device.is_own() && is_waited_on(file)))
    }
}
