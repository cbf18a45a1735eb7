//! Operations on files: which there are, where each is permitted, and how one is attempted until it has its answer.

use super::{Direction, Kind};
use crate::{
    datagram::Letter,
    event::Address,
    fd::Object,
    fs::UnixLetter,
    hardware::{Device, Hardware},
    kernel::{Kernel, broken},
    limits,
    sched::Policy,
    trap::Next,
};
use yieldix_syscalls::{Buf, Errno, Fd, Interest, Reply};

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
    /// Take a connection to a Unix socket.
    UnixAccept,
    /// Send a datagram to a Unix socket.
    UnixSendTo {
        /// Which, and to whom.
        letter: Box<UnixLetter>,
    },
    /// Send a datagram.
    SendTo {
        /// Which, and to whom.
        letter: Box<Letter>,
    },
    /// Receive a datagram.
    RecvFrom {
        /// At most so many of its bytes.
        max: u32,
    },
    /// Learn how a connect or an open ended; the operation holds its file.
    Connect,
    /// Learn whether a program of the host was started; the operation holds its file.
    HostExec,
    /// Wait until such a program has ended.
    HostWait,
    /// Learn the addresses of a host; the operation holds its question.
    Resolve,
    /// Learn the answer to a question; the operation holds its file.
    Ask,
    /// Read up to `max` bytes of a regular file.
    ReadAt {
        /// At most so many.
        max: u32,
        /// Tells it from others.
        ticket: u64,
    },
    /// Write some of this to a regular file.
    WriteAt {
        /// What.
        data: Buf,
        /// Tells it from others.
        ticket: u64,
    },
    /// Take the next entries of a directory.
    ReadDir {
        /// Tells it from others.
        ticket: u64,
    },
    /// Have what was written to a regular file, or done to the names in a directory, reach the disk.
    SyncFile {
        /// Tells it from others.
        ticket: u64,
    },
    /// Learn whether a directory is one; then it is the working directory. The operation holds its file.
    Chdir {
        /// In plain form.
        directory: Box<str>,
    },
    /// Set the length of a regular file.
    Truncate {
        /// To this.
        length: u64,
        /// Tells it from others.
        ticket: u64,
    },
    /// Take what came of a job, and close the descriptor.
    Take {
        /// By which the task has the job.
        fd: Fd,
        /// It was taken, and `fd` is out of the task's table: the operation holds the file.
        is_done: bool,
    },
    /// Take records of a tracer.
    Trace {
        /// At most so many.
        max: u32,
    },
    /// Wait until a read would answer.
    ReadWait,
    /// Wait until a write would answer.
    WriteWait,
    /// Wait until what was written is out.
    Sync,
}

impl Pending {
    /// The queue it waits in.
    #[inline(always)]
    pub fn direction(&self) -> Direction {
        match self {
            Pending::Read { .. } | Pending::Accept | Pending::Take { .. } | Pending::ReadWait => Direction::Read,
            Pending::ReadAt { .. }
            | Pending::RecvFrom { .. }
            | Pending::Resolve
            | Pending::HostWait
            | Pending::UnixAccept => Direction::Read,
            Pending::Write { .. }
            | Pending::WriteAll { .. }
            | Pending::Connect
            | Pending::WriteWait
            | Pending::Sync => Direction::Write,
            Pending::ReadDir { .. } | Pending::Trace { .. } => Direction::Read,
            Pending::WriteAt { .. } | Pending::Truncate { .. } => Direction::Write,
            Pending::SyncFile { .. } | Pending::Ask | Pending::Chdir { .. } => Direction::Write,
            Pending::SendTo { .. } | Pending::UnixSendTo { .. } | Pending::HostExec => Direction::Write,
        }
    }

    /// Its answer when it moves no bytes, and so never waits.
    #[inline(always)]
    pub fn nothing_to_move(&self) -> Option<Reply> {
        match self {
            Pending::Read { max: 0 } => Some(Reply::Buf(Buf::EMPTY)),
            Pending::Trace { max: 0 } => Some(Reply::Traced(Box::default())),
            Pending::Write { data } if data.is_empty() => Some(Reply::Count(0)),
            Pending::WriteAll { data, .. } if data.is_empty() => Some(Reply::Unit),
            _ => None,
        }
    }

    /// May it be done with a file of this kind?
    #[inline(always)]
    pub(crate) fn permit(&self, kind: Kind, wants: Wants) -> Result<(), Errno> {
        match (kind, self) {
            _ if wants == Wants::Socket && !kind.is_socket() => Err(Errno::ENOTSOCK),
            (Kind::Job, Pending::Take { .. }) => Ok(()),
            (_, Pending::Take { .. }) => Err(Errno::EINVAL),
            (Kind::Console | Kind::Regular | Kind::Directory, Pending::Sync) => Ok(()),
            (_, Pending::Sync) => Err(Errno::EINVAL),
            (Kind::Directory, Pending::ReadWait | Pending::WriteWait) => Ok(()),
            (Kind::Directory, _) => Err(Errno::EISDIR),
            (Kind::Listener, Pending::Accept | Pending::ReadWait) => Ok(()),
            (Kind::Listener, Pending::UnixAccept) => Err(Errno::EINVAL),
            (Kind::Listener, _) if wants == Wants::Socket => Err(Errno::ENOTCONN),
            (Kind::Datagram, Pending::SendTo { .. } | Pending::RecvFrom { .. }) => Ok(()),
            (Kind::Datagram, Pending::ReadWait | Pending::WriteWait) => Ok(()),
            (Kind::Datagram, Pending::Accept | Pending::UnixAccept) => Err(Errno::EINVAL),
            (Kind::Datagram, Pending::UnixSendTo { .. }) => Err(Errno::EAFNOSUPPORT),
            (Kind::Datagram, _) if wants == Wants::Socket => Err(Errno::ENOTCONN),
            (Kind::Job, Pending::ReadWait) => Ok(()),
            (Kind::Listener | Kind::Datagram | Kind::Job, _) => Err(Errno::EOPNOTSUPP),
            (Kind::UnixListener | Kind::UnixStream | Kind::UnixDatagram, _) => self.permit_private(kind, wants),
            (_, Pending::Accept | Pending::UnixAccept) => Err(Errno::EINVAL),
            (_, Pending::SendTo { .. } | Pending::UnixSendTo { .. } | Pending::RecvFrom { .. }) => {
                Err(Errno::EOPNOTSUPP)
            }
            (Kind::Tracer, Pending::Trace { .. } | Pending::ReadWait) => Ok(()),
            (Kind::Tracer, _) => Err(Errno::EOPNOTSUPP),
            (_, Pending::Trace { .. }) => Err(Errno::EINVAL),
            (Kind::Watch, Pending::Read { .. } | Pending::ReadWait) => Ok(()),
            (Kind::Watch, _) => Err(Errno::EBADF),
            (Kind::HostProcess, Pending::HostWait | Pending::ReadWait) => Ok(()),
            (Kind::HostProcess, _) => Err(Errno::EOPNOTSUPP),
            (Kind::HostInput, Pending::Write { .. } | Pending::WriteWait) => Ok(()),
            (Kind::HostOutput, Pending::Read { .. } | Pending::ReadWait) => Ok(()),
            (Kind::HostInput | Kind::HostOutput, _) => Err(Errno::EBADF),
            (Kind::PipeReader, Pending::Read { .. } | Pending::ReadWait) => Ok(()),
            (Kind::PipeWriter, Pending::Write { .. } | Pending::WriteWait) => Ok(()),
            (Kind::PipeReader | Kind::PipeWriter, _) => Err(Errno::EBADF),
            (Kind::Plain | Kind::Terminal | Kind::Master, _) => Ok(()),
            (Kind::Console | Kind::Stream | Kind::Regular | Kind::Question | Kind::Resolve, _) => Ok(()),
        }
    }

    /// May it be done with a private Unix socket of this kind?
    #[cold]
    fn permit_private(&self, kind: Kind, wants: Wants) -> Result<(), Errno> {
        match (kind, self) {
            (Kind::UnixListener, Pending::UnixAccept | Pending::ReadWait) => Ok(()),
            (Kind::UnixStream, Pending::Read { .. } | Pending::Write { .. } | Pending::WriteAll { .. }) => Ok(()),
            (Kind::UnixDatagram, Pending::RecvFrom { .. } | Pending::UnixSendTo { .. }) => Ok(()),
            (Kind::UnixStream | Kind::UnixDatagram, Pending::ReadWait | Pending::WriteWait) => Ok(()),
            (_, Pending::Accept | Pending::UnixAccept) => Err(Errno::EINVAL),
            (Kind::UnixDatagram, Pending::SendTo { .. }) => Err(Errno::EAFNOSUPPORT),
            (Kind::UnixStream | Kind::UnixListener, Pending::RecvFrom { .. } | Pending::UnixSendTo { .. }) => {
                Err(Errno::EOPNOTSUPP)
            }
            (Kind::UnixStream | Kind::UnixListener, Pending::SendTo { .. }) => Err(Errno::EOPNOTSUPP),
            (_, _) if wants == Wants::Socket => Err(Errno::ENOTCONN),
            (_, _) => Err(Errno::EOPNOTSUPP),
        }
    }

    /// Does it take what another task could have, or put something where another could?
    pub fn is_shared(&self) -> bool {
        match self {
            Pending::Read { .. } | Pending::Accept | Pending::UnixAccept | Pending::RecvFrom { .. } => true,
            Pending::Write { .. } | Pending::WriteAll { .. } | Pending::Trace { .. } => true,
            Pending::SendTo { .. } | Pending::UnixSendTo { .. } => true,
            Pending::Connect | Pending::Ask | Pending::Chdir { .. } | Pending::Resolve => false,
            Pending::HostExec | Pending::HostWait | Pending::Take { .. } => false,
            // Begun already, and not to be begun twice.
            Pending::ReadAt { .. } | Pending::WriteAt { .. } | Pending::ReadDir { .. } => false,
            Pending::SyncFile { .. } | Pending::Truncate { .. } => false,
            Pending::ReadWait | Pending::WriteWait | Pending::Sync => false,
        }
    }

    /// Does it hold its file, for which there is no descriptor yet, or never?
    pub fn holds(&self) -> bool {
        matches!(self, Pending::Connect | Pending::Ask | Pending::Chdir { .. } | Pending::Resolve | Pending::HostExec)
    }

    /// Does the operation's own hold on its file end with this answer? A connect holds its file
    /// until it has a descriptor for it, and a take once it has none any more.
    pub fn lets_go_after(&self, reply: &Reply) -> bool {
        matches!(
            (self, reply),
            (Pending::Connect | Pending::HostExec, Reply::Err(_))
                | (Pending::Take { is_done: true, .. } | Pending::Ask | Pending::Chdir { .. } | Pending::Resolve, _)
        )
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
    /// Does an operation on a descriptor: now, or as soon as it can be done.
    pub(crate) fn operate(&mut self, slot: u32, fd: Fd, wants: Wants, operation: Pending) -> Next {
        self.operate_as(slot, fd, wants, operation)
    }

    /// The commonest of them, of which the compiler then makes what is short for each.
    #[inline(never)]
    pub(crate) fn sys_recv(&mut self, slot: u32, fd: Fd, max: u32) -> Next {
        self.operate_as(slot, fd, Wants::Socket, Pending::Read { max })
    }

    /// Likewise.
    #[inline(never)]
    pub(crate) fn sys_send_all(&mut self, slot: u32, fd: Fd, data: Buf) -> Next {
        self.operate_as(slot, fd, Wants::Socket, Pending::WriteAll { data, sent: 0 })
    }

    /// The ends of a port can be waited for as files are; all else that is done with them is a port's.
    #[cold]
    fn operate_on_end(&mut self, slot: u32, fd: Fd, wants: Wants, operation: Pending) -> Next {
        let errno = match (wants, &operation) {
            (Wants::Anything, Pending::ReadWait) => return self.wait_for_end(slot, Interest::Read(fd)),
            (Wants::Anything, Pending::WriteWait) => return self.wait_for_end(slot, Interest::Write(fd)),
            (Wants::Anything, Pending::Sync) => Errno::EINVAL,
            (Wants::Anything, _) => Errno::EOPNOTSUPP,
            (Wants::Socket, _) => Errno::ENOTSOCK,
        };
        self.answer(slot, operation.give_up(errno))
    }

    #[inline(always)]
    fn operate_as(&mut self, slot: u32, fd: Fd, wants: Wants, mut operation: Pending) -> Next {
        let file = match self.object_of(slot, fd) {
            Ok(Object::File(file)) => file,
            Ok(_) => return self.operate_on_end(slot, fd, wants, operation),
            Err(errno) => return self.answer(slot, operation.give_up(errno)),
        };
        let entry = self.file(file);
        if let Err(errno) = operation.permit(entry.kind, wants) {
            return self.refuse_unless_private(slot, file, wants, operation, errno);
        }
        // The calls of sockets have been refused by now.
        if wants == Wants::Anything && entry.kind.has_own_ways() {
            return self.operate_in_own_ways(slot, file, operation);
        }
        let (device, is_console) = (entry.device, entry.kind == Kind::Console);
        // Where somebody waits nothing is promising, so no newcomer takes what they wait for.
        let is_promising = entry.is_promising(operation.direction());
        if wants == Wants::Anything
            && is_console
            && self.foreground.is_some()
            && self.is_from_background(slot, file, &operation)
        {
            return self.read_from_background(slot, file, operation);
        }
        let reply = match operation.nothing_to_move() {
            None if is_promising => self.attempt_as(slot, file, device, &mut operation),
            answer => answer,
        };
        let Some(reply) = reply else { return self.block_on_file(slot, file, operation) };
        let next = self.answer(slot, reply);
        if is_console && matches!(operation, Pending::Write { .. }) { Next::ResumeFree } else { next }
    }

    /// What no socket of the hardware's permits: those that are private have ways of their own.
    #[cold]
    #[inline(never)]
    fn refuse_unless_private(&mut self, slot: u32, file: u32, wants: Wants, operation: Pending, errno: Errno) -> Next {
        let kind = self.file(file).kind;
        let permitted = if kind.is_private_socket() { operation.permit_private(kind, wants) } else { Err(errno) };
        match permitted {
            Ok(()) => self.operate_on_own(slot, file, operation),
            Err(errno) => self.answer(slot, operation.give_up(errno)),
        }
    }

    #[cold]
    #[inline(never)]
    fn operate_in_own_ways(&mut self, slot: u32, file: u32, operation: Pending) -> Next {
        let kind = self.file(file).kind;
        match kind {
            Kind::Regular | Kind::Directory => self.operate_on_regular(slot, file, operation),
            Kind::Terminal if self.is_from_background(slot, file, &operation) => {
                self.read_from_background(slot, file, operation)
            }
            _ => self.operate_on_own(slot, file, operation),
        }
    }

    /// Attempts an operation for the task in `slot`. None: it has to wait.
    #[inline(always)]
    pub(crate) fn attempt(&mut self, slot: u32, file: u32, operation: &mut Pending) -> Option<Reply> {
        let device = self.file(file).device;
        if device.is_own() {
            self.attempt_on_own(slot, file, device, operation)
        } else {
            self.attempt_as(slot, file, device, operation)
        }
    }

    /// Attempts an operation that may hold its file, and waits to finish it if it must.
    pub(crate) fn attempt_or_block(&mut self, slot: u32, file: u32, mut operation: Pending) -> Next {
        let is_promising = self.file(file).is_promising(operation.direction());
        let reply = if is_promising { self.attempt(slot, file, &mut operation) } else { None };
        let Some(reply) = reply else { return self.block_on_file(slot, file, operation) };
        if operation.lets_go_after(&reply) {
            self.let_go_of_file(file);
        }
        self.answer(slot, reply)
    }

    #[inline(always)]
    fn attempt_as(&mut self, slot: u32, file: u32, device: Device, operation: &mut Pending) -> Option<Reply> {
        self.operations += 1;
        let answer = match operation {
            Pending::Read { max } => {
                let max = (*max).min(limits::TRANSFER_BYTES) as usize;
                self.hardware.try_read(device, max).map(|received| {
                    if received.drained {
                        self.file_mut(file).maybe_readable = false;
                    }
                    if received.data.is_empty() {
                        // The end: once is enough.
                        self.note_fruitless(slot);
                    }
                    Reply::Buf(received.data)
                })
            }
            Pending::Write { data } => self.put(file, device, data).map(|count| {
                self.hardware.reuse(std::mem::take(data));
                Reply::Count(count as u64)
            }),
            Pending::WriteAll { data, sent } => match self.put(file, device, data) {
                Ok(count) if count == data.len() => {
                    self.hardware.reuse(std::mem::take(data));
                    Ok(Reply::Unit)
                }
                // Fewer than all: the device is full, and owes an interrupt.
                Ok(count) => {
                    *sent += count as u64;
                    data.advance(count);
                    Err(Errno::EAGAIN)
                }
                Err(Errno::EAGAIN) => Err(Errno::EAGAIN),
                Err(errno) => Ok(Reply::Short { sent: *sent, errno }),
            },
            Pending::Accept => self.take_connection(slot, device),
            Pending::Connect => {
                let mut connected = self.hardware.connected(device);
                if self.file(file).kind == Kind::Regular {
                    connected = connected.and_then(|()| self.note_opened(file, device));
                }
                connected.and_then(|()| self.install(slot, Object::File(file))).map(Reply::Fd)
            }
            Pending::Take { fd, is_done } => self.take_outcome(slot, file, device, *fd, is_done),
            Pending::ReadWait => verified(self.hardware.is_readable(device)),
            Pending::WriteWait => verified(self.hardware.is_writable(device)),
            // What the kernel said is out before what is asked about.
            Pending::Sync if device == Device::STDOUT && !self.announcements.is_empty() => Err(Errno::EAGAIN),
            Pending::Sync => self.hardware.try_sync(device).map(|()| Reply::Unit),
            Pending::ReadAt { .. } | Pending::WriteAt { .. } | Pending::Truncate { .. } => {
                self.attempt_on_disk(slot, file, device, operation)
            }
            Pending::ReadDir { .. } | Pending::SyncFile { .. } | Pending::Ask | Pending::Chdir { .. } => {
                self.attempt_on_disk(slot, file, device, operation)
            }
            Pending::UnixAccept => self.accept_in_folder(slot, file, device),
            Pending::UnixSendTo { .. } | Pending::Trace { .. } => {
                broken("a device of the kernel's own is the hardware's")
            }
            Pending::HostExec => self.take_program(slot, file, device),
            Pending::HostWait => self.take_host_status(device),
            Pending::Resolve => self.take_addresses(device),
            Pending::SendTo { .. } | Pending::RecvFrom { .. } => self.attempt_on_datagrams(device, operation),
        };
        match answer {
            Ok(reply) => Some(reply),
            Err(Errno::EAGAIN) => {
                self.file_mut(file).set_promising(operation.direction(), false);
                None
            }
            Err(errno) => Some(Reply::Err(errno)),
        }
    }

    /// Writes to a device, noting when it has no more room.
    #[inline]
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
        let file = self.open_file(device, Kind::Stream, Address::Socket(peer));
        let fd = self.install(slot, Object::File(file))?;
        Ok(Reply::Conn(Box::new((fd, peer))))
    }
}

fn verified(answer: Result<bool, Errno>) -> Result<Reply, Errno> {
    match answer {
        Ok(true) => Ok(Reply::Unit),
        Ok(false) => Err(Errno::EAGAIN),
        Err(errno) => Err(errno),
    }
}
