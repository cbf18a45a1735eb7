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
    datagram::Letter,
    emit,
    event::Address,
    fd::Object,
    fs::{Listing, Opened, Place, UnixLetter},
    hardware::{Device, Hardware},
    kernel::{Kernel, broken},
    limits,
    sched::Policy,
    trap::Next,
    wait::Queue,
};
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
    /// What few files have.
    rare: Option<Box<Rare>>,
}

/// What few files have.
#[derive(Debug, Default)]
pub struct Rare {
    /// Polls that watch for a read or for a write, by direction.
    watched: [Queue; 2],
    /// The place of a regular file or a directory.
    pub place: Option<Place>,
    /// What is open of a file system of the kernel's own.
    pub opened: Option<Opened>,
    /// How far a directory is listed.
    pub listing: Option<Box<Listing>>,
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
    /// A socket for datagrams.
    Datagram,
    /// A Unix socket that accepts.
    UnixListener,
    /// A private Unix socket that is connected.
    UnixStream,
    /// A private Unix socket for datagrams.
    UnixDatagram,
    /// Work in the background.
    Job,
    /// A question for the addresses of a host; no descriptor ever names it.
    Resolve,
    /// A program of the host.
    HostProcess,
    /// What such a program reads.
    HostInput,
    /// What such a program prints.
    HostOutput,
    /// A file with bytes.
    Regular,
    /// A directory.
    Directory,
    /// It tells what happens to a file of the disk.
    Watch,
    /// A question to the disk; no descriptor ever names it.
    Question,
    /// The end of a pipe that is read from.
    PipeReader,
    /// The end of a pipe that is written to.
    PipeWriter,
    /// A device that keeps nothing: `/dev/null` and its kin.
    Plain,
    /// A terminal that a task has made, where programs run.
    Terminal,
    /// The keyboard's side of such a terminal.
    Master,
}

impl Kind {
    /// Is it a socket?
    pub fn is_socket(self) -> bool {
        matches!(self, Kind::Listener | Kind::Stream | Kind::Datagram)
    }

    /// Is it a socket, of the hardware's or private?
    pub fn is_any_socket(self) -> bool {
        self.is_socket() || self.is_private_socket()
    }

    /// Is it a private Unix socket?
    pub fn is_private_socket(self) -> bool {
        matches!(self, Kind::UnixListener | Kind::UnixStream | Kind::UnixDatagram)
    }

    /// Is it operated on in ways of its own, and not as a plain stream of the hardware is?
    #[inline(always)]
    fn has_own_ways(self) -> bool {
        !matches!(self, Kind::Console | Kind::Listener | Kind::Stream | Kind::Job | Kind::Question)
    }
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
            rare: None,
        }
    }

    /// The polls that watch for this direction.
    #[inline(always)]
    pub fn watched(&self, direction: Direction) -> Queue {
        self.rare().map_or(Queue::default(), |rare| rare.watched[direction as usize])
    }

    /// The same queue, to change; when it is over, [`File::shed_rare`].
    pub fn watched_mut(&mut self, direction: Direction) -> &mut Queue {
        &mut self.make_rare().watched[direction as usize]
    }

    /// Does a poll watch for anything?
    pub fn is_watched(&self) -> bool {
        self.rare().is_some_and(|rare| !rare.watched.iter().all(Queue::is_empty))
    }

    /// What is rare, if it has any.
    #[inline(always)]
    pub fn rare(&self) -> Option<&Rare> {
        self.rare.as_deref()
    }

    /// What is rare, if it has any, to change.
    pub fn rare_mut(&mut self) -> Option<&mut Rare> {
        self.rare.as_deref_mut()
    }

    /// What is rare, made if need be.
    pub fn make_rare(&mut self) -> &mut Rare {
        self.rare.get_or_insert_default()
    }

    /// Drops what is rare if nothing is in it.
    pub fn shed_rare(&mut self) {
        let is_needed = |rare: &Rare| rare.place.is_some() || rare.opened.is_some();
        if !self.is_watched() && !self.rare().is_some_and(is_needed) {
            self.rare = None;
        }
    }

    /// The queue of this direction.
    #[inline(always)]
    pub fn queue(&self, direction: Direction) -> &Queue {
        match direction {
            Direction::Read => &self.readers,
            Direction::Write => &self.writers,
        }
    }

    /// The queue of this direction, to change.
    #[inline(always)]
    pub fn queue_mut(&mut self, direction: Direction) -> &mut Queue {
        match direction {
            Direction::Read => &mut self.readers,
            Direction::Write => &mut self.writers,
        }
    }

    /// May an operation of this direction answer at once? Never while somebody waits.
    #[inline(always)]
    pub fn is_promising(&self, direction: Direction) -> bool {
        match direction {
            Direction::Read => self.maybe_readable,
            Direction::Write => self.maybe_writable,
        }
    }

    /// Notes whether the next operation of this direction may answer at once.
    #[inline(always)]
    pub fn set_promising(&mut self, direction: Direction, is_promising: bool) {
        match direction {
            Direction::Read => self.maybe_readable = is_promising,
            Direction::Write => self.maybe_writable = is_promising,
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
            Pending::ReadDir { .. } => Direction::Read,
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
            Pending::Write { .. } | Pending::WriteAll { .. } => true,
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
    /// The file of a socket that `fd` names for the task in `slot`.
    pub(crate) fn socket_of(&self, slot: u32, fd: Fd) -> Result<u32, Errno> {
        match self.object_of(slot, fd)? {
            Object::File(file) if self.file(file).kind.is_any_socket() => Ok(file),
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
        match self.file(file).kind {
            Kind::Regular | Kind::Directory => self.operate_on_regular(slot, file, operation),
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
            Pending::UnixSendTo { .. } => broken("a private socket is the hardware's"),
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

    /// Could one more file be opened, and named by the task in `slot`?
    pub(crate) fn room_for_a_file(&self, slot: u32) -> Result<(), Errno> {
        self.room_for_fds(slot, 1)?;
        self.room_for_an_object()
    }

    /// Could one more file be opened, or port be made?
    pub(crate) fn room_for_an_object(&self) -> Result<(), Errno> {
        self.room_for_objects(1)
    }

    /// Could so many?
    pub(crate) fn room_for_objects(&self, count: u32) -> Result<(), Errno> {
        if self.files.len() + self.ports.len() + count > limits::FILES { Err(Errno::ENFILE) } else { Ok(()) }
    }

    /// A new file for `device`, held once.
    pub(crate) fn open_file(&mut self, device: Device, kind: Kind, address: Address<'_>) -> u32 {
        let file = self.insert_file(device, kind);
        self.tell_opened(file, address);
        file
    }

    /// Tells of a file that was opened.
    pub(crate) fn tell_opened(&mut self, file: u32, address: Address<'_>) {
        let kind = self.file(file).kind;
        emit!(self, Opened { file, kind, address });
    }

    /// The same; the caller tells of it.
    pub(crate) fn insert_file(&mut self, device: Device, kind: Kind) -> u32 {
        let file = self.files.insert(File::new(device, kind));
        self.note_device(device, file);
        file
    }

    /// Notes which file is the device's.
    pub(crate) fn note_device(&mut self, device: Device, file: u32) {
        let (files, place) = (&mut self.file_of_device[device.class() as usize], device.place() as usize);
        if files.len() <= place {
            files.resize(place + 1, crate::task::NIL);
        }
        files[place] = file;
    }

    /// The file that is the device's, or was.
    #[inline(always)]
    pub(crate) fn file_of_device(&self, device: Device) -> Option<u32> {
        self.file_of_device[device.class() as usize].get(device.place() as usize).copied()
    }

    /// One holder less; the last one closes the file.
    pub(crate) fn let_go_of_file(&mut self, file: u32) {
        let entry = self.file_mut(file);
        entry.holders -= 1;
        if entry.holders > 0 {
            return;
        }
        let (device, kind) = (entry.device, entry.kind);
        if !entry.readers.is_empty() || !entry.writers.is_empty() || entry.is_watched() {
            broken("a file is closed while a task waits on it");
        }
        let opened = self.files.remove(file).and_then(|file| file.rare?.opened);
        self.note_device(device, crate::task::NIL);
        if let Some(opened) = &opened {
            self.close_opened(device, opened);
        }
        match kind {
            Kind::Job | Kind::Resolve => self.close_job(file, device),
            _ if device.is_own() => return self.close_own(file, device),
            _ => self.hardware.close(device),
        }
        emit!(self, Closed { file });
    }

    /// A device may be ready: attempts what its queues wait for.
    pub(crate) fn device_ready(&mut self, device: Device, readable: bool, writable: bool) {
        let Some(file) = self.file_of_device(device) else { return };
        // It may have been closed while the interrupt was on its way.
        if !self.is_of(file, device) {
            return;
        }
        emit!(self, DeviceReady { file, readable, writable });
        // What the kernel said itself comes first.
        if writable && (device != Device::STDOUT || self.print_announcements()) {
            self.serve(file, Direction::Write);
            self.serve_watchers(file, Direction::Write);
        }
        // A connect that failed has let its file go.
        if readable && self.is_of(file, device) {
            self.serve(file, Direction::Read);
            self.serve_watchers(file, Direction::Read);
        }
    }

    /// Is this device what is behind the file?
    pub(crate) fn is_of(&self, file: u32, device: Device) -> bool {
        self.files.get(file).is_some_and(|entry| entry.device == device)
    }

    /// A queue's device may be ready: answers those who wait there.
    #[inline(always)]
    fn serve(&mut self, file: u32, direction: Direction) {
        let entry = self.file_mut(file);
        entry.set_promising(direction, true);
        if !entry.queue(direction).is_empty() {
            self.serve_waiters(file, direction);
        }
    }

    /// Answers those who wait in a queue, in order, until one has to wait on.
    #[inline(never)]
    fn serve_waiters(&mut self, file: u32, direction: Direction) {
        while let Some(entry) = self.files.get(file)
            && entry.is_promising(direction)
            && let Some(slot) = entry.queue(direction).first()
        {
            self.serve_waiter(file, slot);
        }
    }

    /// Answers one of a queue, mostly its first, unless it has to wait on: false.
    #[inline(always)]
    pub(crate) fn serve_waiter(&mut self, file: u32, slot: u32) -> bool {
        let Some(mut operation) = self.table.cold_mut(slot).and_then(|cold| cold.pending.take()) else {
            broken("a task waits on a file for nothing")
        };
        let Some(reply) = self.attempt(slot, file, &mut operation) else {
            self.table.make_cold(slot).pending = Some(operation);
            return false;
        };
        // Left first, let go after: a file is not closed while a task waits on it.
        let lets_go = operation.lets_go_after(&reply);
        let is_broken_pipe = self.is_broken_pipe(file, &reply);
        self.unblock(slot, reply, Cause::Device { file });
        if lets_go {
            self.let_go_of_file(file);
        }
        if is_broken_pipe {
            self.signal_broken_pipe(slot);
        }
        true
    }
}

fn verified(answer: Result<bool, Errno>) -> Result<Reply, Errno> {
    match answer {
        Ok(true) => Ok(Reply::Unit),
        Ok(false) => Err(Errno::EAGAIN),
        Err(errno) => Err(errno),
    }
}
