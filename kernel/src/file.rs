//! Open files, and the one way in which tasks wait on them.
//!
//! A descriptor names an open file; several may name one (`dup`, `share`), which goes with the last
//! of them. Behind a file is a device of the hardware.
//!
//! An operation is attempted; one that would wait is kept with its task, and the task is queued on
//! the file, first come first served in each direction. When the device is ready the kernel itself
//! attempts what was kept, so a task is woken with its answer and never to try again. Invariant:
//! while a queue is not empty, `maybe_readable` (or `maybe_writable`) is false and the hardware
//! owes an interrupt.

use crate::{
    block::Cause,
    emit,
    fd::Object,
    hardware::{Device, Hardware},
    kernel::{Kernel, broken},
    limits,
    sched::Policy,
    trap::Next,
    wait::Queue,
};
use std::net::SocketAddr;
use yieldix_syscalls::{Buf, Errno, Fd, Interest, Reply};

/// An open file.
#[derive(Debug)]
pub struct File {
    /// What is behind it.
    pub device: Device,
    /// What can be done with it.
    pub kind: Kind,
    /// Descriptors that name it, and what else holds it.
    pub holders: u32,
    /// A read may answer at once.
    pub maybe_readable: bool,
    /// A write may answer at once.
    pub maybe_writable: bool,
    /// Tasks that wait to read or to accept.
    pub readers: Queue,
    /// Tasks that wait to write.
    pub writers: Queue,
    /// Polls that watch for a read or for a write, by direction.
    pub watched: [Queue; 2],
}

/// What can be done with a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// One of the console's three streams.
    Console,
    /// A socket that accepts.
    Listener,
    /// A connected socket.
    Stream,
}

impl File {
    /// A file for `device`, held once.
    pub fn new(device: Device, kind: Kind) -> File {
        File {
            device,
            kind,
            holders: 1,
            maybe_readable: true,
            maybe_writable: true,
            readers: Queue::default(),
            writers: Queue::default(),
            watched: Default::default(),
        }
    }
}

/// Which of a file's two queues.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// Input, and connections to accept.
    Read,
    /// Output, and connections being made.
    Write,
}

/// An operation on a file, to be attempted until it has its answer.
#[derive(Debug)]
pub enum Pending {
    /// Read up to `max` bytes.
    Read {
        /// At most so many.
        max: u32,
    },
    /// Write some of this.
    Write {
        /// What.
        data: Buf,
    },
    /// Write all of this.
    WriteAll {
        /// What is left.
        data: Buf,
        /// What went before.
        sent: u64,
    },
    /// Take a connection.
    Accept,
    /// Learn how a connection ended; the operation holds its file.
    Connect,
    /// Wait until a read would answer.
    ReadWait,
    /// Wait until a write would answer.
    WriteWait,
}

impl Pending {
    /// The queue it waits in.
    pub fn direction(&self) -> Direction {
        match self {
            Pending::Read { .. } | Pending::Accept | Pending::ReadWait => Direction::Read,
            Pending::Write { .. } | Pending::WriteAll { .. } | Pending::Connect | Pending::WriteWait => {
                Direction::Write
            }
        }
    }

    /// Does it move no bytes, and so never wait?
    pub fn is_empty(&self) -> bool {
        match self {
            Pending::Read { max } => *max == 0,
            Pending::Write { data } | Pending::WriteAll { data, .. } => data.is_empty(),
            Pending::Accept | Pending::Connect | Pending::ReadWait | Pending::WriteWait => false,
        }
    }

    /// Does the operation's own hold on its file end with this answer? A connect holds its file
    /// until it has a descriptor for it.
    pub fn lets_go_after(&self, reply: &Reply) -> bool {
        matches!((self, reply), (Pending::Connect, Reply::Err(_)))
    }

    /// Its answer when it is given up with `errno`.
    pub fn give_up(&self, errno: Errno) -> Reply {
        match self {
            Pending::WriteAll { sent, .. } => Reply::Short { sent: *sent, errno },
            _ => Reply::Err(errno),
        }
    }
}

/// Which calls an operation came from: sockets only, or anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wants {
    /// `recv` and its kin: `ENOTSOCK` elsewhere.
    Socket,
    /// `read` and its kin.
    Anything,
}

impl<H: Hardware, P: Policy> Kernel<H, P> {
    /// The file of a socket that `fd` names for the task in `slot`.
    pub(crate) fn socket_of(&self, slot: u32, fd: Fd) -> Result<u32, Errno> {
        match self.object_of(slot, fd)? {
            Object::File(file) if self.file(file).kind != Kind::Console => Ok(file),
            _ => Err(Errno::ENOTSOCK),
        }
    }

    pub(crate) fn file(&self, file: u32) -> &File {
        match self.files.get(file) {
            Some(file) => file,
            None => broken("a descriptor names a file that is none"),
        }
    }

    pub(crate) fn file_mut(&mut self, file: u32) -> &mut File {
        match self.files.get_mut(file) {
            Some(file) => file,
            None => broken("a descriptor names a file that is none"),
        }
    }

    /// Does an operation on a descriptor: now, or as soon as it can be done.
    pub(crate) fn operate(&mut self, slot: u32, fd: Fd, wants: Wants, mut operation: Pending) -> Next {
        let file = match self.object_of(slot, fd) {
            Ok(Object::File(file)) => self.permit(file, wants, &operation).map(|()| file),
            Ok(_) => match (wants, &operation) {
                (Wants::Anything, Pending::ReadWait) => return self.wait_for_end(slot, Interest::Read(fd)),
                (Wants::Anything, Pending::WriteWait) => return self.wait_for_end(slot, Interest::Write(fd)),
                (Wants::Anything, _) => Err(Errno::EOPNOTSUPP),
                (Wants::Socket, _) => Err(Errno::ENOTSOCK),
            },
            Err(errno) => Err(errno),
        };
        let file = match file {
            Ok(file) => file,
            Err(errno) => return self.answer(slot, operation.give_up(errno)),
        };
        let is_console = self.file(file).kind == Kind::Console;
        // Those who wait are first; a newcomer that did not queue could take what they wait for.
        // One that moves nothing takes nothing.
        if (self.queue(file, operation.direction()).is_empty() || operation.is_empty())
            && let Some(reply) = self.attempt(slot, file, &mut operation)
        {
            let is_free = is_console && matches!(operation, Pending::Write { .. });
            let next = self.answer(slot, reply);
            return if is_free { Next::ResumeFree } else { next };
        }
        self.block_on_file(slot, file, operation)
    }

    /// May this be done with that file?
    pub(crate) fn permit(&self, file: u32, wants: Wants, operation: &Pending) -> Result<(), Errno> {
        let kind = self.file(file).kind;
        match (kind, operation) {
            (Kind::Console, _) if wants == Wants::Socket => Err(Errno::ENOTSOCK),
            (Kind::Listener, Pending::Accept | Pending::ReadWait) => Ok(()),
            (Kind::Listener, _) if wants == Wants::Socket => Err(Errno::ENOTCONN),
            (Kind::Listener, _) => Err(Errno::EOPNOTSUPP),
            (_, Pending::Accept) => Err(Errno::EINVAL),
            (Kind::Console | Kind::Stream, _) => Ok(()),
        }
    }

    pub(crate) fn queue(&self, file: u32, direction: Direction) -> &Queue {
        match direction {
            Direction::Read => &self.file(file).readers,
            Direction::Write => &self.file(file).writers,
        }
    }

    /// Changes a file's queue, which needs the task table as well.
    pub(crate) fn with_queue(
        &mut self,
        file: u32,
        direction: Direction,
        change: impl FnOnce(&mut Queue, &mut crate::table::Slots),
    ) {
        let Some(file) = self.files.get_mut(file) else { broken("a task waits on a file that is none") };
        let queue = match direction {
            Direction::Read => &mut file.readers,
            Direction::Write => &mut file.writers,
        };
        change(queue, self.table.slots_mut());
    }

    /// Attempts an operation for the task in `slot`. None: it has to wait.
    pub(crate) fn attempt(&mut self, slot: u32, file: u32, operation: &mut Pending) -> Option<Reply> {
        self.operations += 1;
        let entry = self.file(file);
        let device = entry.device;
        let is_promising = match operation.direction() {
            Direction::Read => entry.maybe_readable,
            Direction::Write => entry.maybe_writable,
        };
        let answer = match operation {
            Pending::Read { max: 0 } => Ok(Reply::Buf(Buf::EMPTY)),
            Pending::Write { data } if data.is_empty() => Ok(Reply::Count(0)),
            Pending::WriteAll { data, .. } if data.is_empty() => Ok(Reply::Unit),
            _ if !is_promising => return None,
            Pending::Read { max } => {
                let max = (*max).min(limits::TRANSFER_BYTES) as usize;
                self.hardware.try_read(device, max).map(|received| {
                    self.file_mut(file).maybe_readable = !received.drained;
                    Reply::Buf(received.data)
                })
            }
            Pending::Write { data } => self.put(file, device, data).map(|count| Reply::Count(count as u64)),
            Pending::WriteAll { data, sent } => match self.put(file, device, data) {
                Ok(count) => {
                    *sent += count as u64;
                    data.advance(count);
                    // Fewer than all: the device is full, and owes an interrupt.
                    if data.is_empty() { Ok(Reply::Unit) } else { Err(Errno::EAGAIN) }
                }
                Err(Errno::EAGAIN) => Err(Errno::EAGAIN),
                Err(errno) => Ok(Reply::Short { sent: *sent, errno }),
            },
            Pending::Accept => self.take_connection(slot, device),
            Pending::Connect => {
                let connected = self.hardware.connected(device);
                connected.and_then(|()| self.install(slot, Object::File(file))).map(Reply::Fd)
            }
            Pending::ReadWait => verified(self.hardware.is_readable(device)),
            Pending::WriteWait => verified(self.hardware.is_writable(device)),
        };
        match answer {
            Ok(reply) => Some(reply),
            Err(Errno::EAGAIN) => {
                let direction = operation.direction();
                let entry = self.file_mut(file);
                match direction {
                    Direction::Read => entry.maybe_readable = false,
                    Direction::Write => entry.maybe_writable = false,
                }
                None
            }
            Err(errno) => Some(Reply::Err(errno)),
        }
    }

    /// Writes to a device, noting when it has no more room.
    fn put(&mut self, file: u32, device: Device, data: &[u8]) -> Result<usize, Errno> {
        if device == Device::STDOUT && !self.announcements.is_empty() {
            // What the kernel said first comes first.
            return Err(Errno::EAGAIN);
        }
        let count = self.hardware.try_write(device, data)?;
        if count < data.len() {
            self.file_mut(file).maybe_writable = false;
        }
        Ok(count)
    }

    fn take_connection(&mut self, slot: u32, listener: Device) -> Result<Reply, Errno> {
        // Asked first, so that a connection for which there is no number stays in its queue.
        self.room_for_a_file(slot)?;
        let (device, peer) = self.hardware.try_accept(listener)?;
        let file = self.open_file(device, Kind::Stream, peer);
        let fd = self.install(slot, Object::File(file))?;
        Ok(Reply::Conn(Box::new((fd, peer))))
    }

    /// Could one more file be opened, and named by the task in `slot`?
    pub(crate) fn room_for_a_file(&self, slot: u32) -> Result<(), Errno> {
        self.room_for_fds(slot, 1)?;
        self.room_for_an_object()
    }

    /// Could one more file be opened, or port be made?
    pub(crate) fn room_for_an_object(&self) -> Result<(), Errno> {
        if self.files.len() + self.ports.len() >= limits::FILES { Err(Errno::ENFILE) } else { Ok(()) }
    }

    /// A new file for `device`, held once.
    pub(crate) fn open_file(&mut self, device: Device, kind: Kind, address: SocketAddr) -> u32 {
        let file = self.files.insert(File::new(device, kind));
        let index = device.index as usize;
        if self.file_of_device.len() <= index {
            self.file_of_device.resize(index + 1, crate::task::NIL);
        }
        self.file_of_device[index] = file;
        emit!(self, Opened { file, kind, address });
        file
    }

    /// One holder less; the last one closes the file.
    pub(crate) fn let_go_of_file(&mut self, file: u32) {
        let entry = self.file_mut(file);
        entry.holders -= 1;
        if entry.holders > 0 {
            return;
        }
        let device = entry.device;
        let is_waited_on = [entry.readers, entry.writers].iter().chain(&entry.watched).any(|queue| !queue.is_empty());
        if is_waited_on {
            broken("a file is closed while a task waits on it");
        }
        self.files.remove(file);
        self.file_of_device[device.index as usize] = crate::task::NIL;
        self.hardware.close(device);
        emit!(self, Closed { file });
    }

    /// A device may be ready: attempts what its queues wait for.
    pub(crate) fn device_ready(&mut self, device: Device, readable: bool, writable: bool) {
        let file = match self.file_of_device.get(device.index as usize) {
            Some(&file) if self.files.get(file).is_some_and(|entry| entry.device == device) => file,
            // It was closed while the interrupt was on its way.
            _ => return,
        };
        emit!(self, DeviceReady { file, readable, writable });
        if writable {
            // What the kernel said itself comes first.
            if device != Device::STDOUT || self.print_announcements() {
                self.file_mut(file).maybe_writable = true;
                self.serve(file, Direction::Write);
                self.serve_watchers(file, Direction::Write);
            }
        }
        // A connect that failed has let its file go.
        if readable && self.files.get(file).is_some_and(|entry| entry.device == device) {
            self.file_mut(file).maybe_readable = true;
            self.serve(file, Direction::Read);
            self.serve_watchers(file, Direction::Read);
        }
    }

    /// Answers those who wait in a queue, in order, until one has to wait on.
    fn serve(&mut self, file: u32, direction: Direction) {
        while self.files.get(file).is_some()
            && let Some(slot) = self.queue(file, direction).first()
        {
            let Some(mut operation) = self.table.cold_mut(slot).and_then(|cold| cold.pending.take()) else {
                broken("a task waits on a file for nothing")
            };
            let reply = self.attempt(slot, file, &mut operation);
            match reply {
                Some(reply) => {
                    // Left first, let go after: a file is not closed while a task waits on it.
                    let lets_go = operation.lets_go_after(&reply);
                    self.unblock(slot, reply, Cause::Device { file });
                    if lets_go {
                        self.let_go_of_file(file);
                    }
                }
                None => {
                    self.table.make_cold(slot).pending = Some(operation);
                    return;
                }
            }
        }
    }
}

fn verified(answer: Result<bool, Errno>) -> Result<Reply, Errno> {
    match answer {
        Ok(true) => Ok(Reply::Unit),
        Ok(false) => Err(Errno::EAGAIN),
        Err(errno) => Err(errno),
    }
}
