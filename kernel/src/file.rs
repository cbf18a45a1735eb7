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

mod operation;

use crate::{
    block::Cause,
    emit,
    event::Address,
    fd::Object,
    fs::{Listing, Opened, Place},
    hardware::{Device, Hardware},
    kernel::{Kernel, broken},
    limits,
    sched::Policy,
    wait::Queue,
};
pub use operation::{Pending, Wants};
use yieldix_syscalls::{Errno, Fd};

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
    /// It tells of the traps of tasks.
    Tracer,
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
