//! Devices that are the kernel's own: no hardware is behind them.
//!
//! Their contract is the hardware's. An operation is tried, and answers at once, with `EAGAIN` when it
//! would have to wait; then the device is owed, once, that it is told when trying again may do better.
//! So all that is done with files, from waiting to killing, does not know one from the other.
//!
//! What one device does may make another ready. That is noted in a list, which [`Kernel::settle`] works
//! off when the operation is done: not within it, for each that is told may do the same to a third.

pub mod counterpart;
pub mod dev;
pub mod pipe;
pub mod plain;
pub mod terminal;
pub mod tracer;
pub mod unix;

use crate::{
    emit,
    event::Address,
    fd::Object,
    file::{Direction, Kind, Pending},
    fs::ram::Inode,
    hardware::{Class, Device, Hardware, devices::Devices},
    kernel::{Kernel, broken},
    limits,
    sched::Policy,
    slab::Slab,
    trap::Next,
};
use pipe::Pipe;
use plain::Plain;
use std::{
    cell::RefCell,
    collections::{BTreeMap, VecDeque},
};
use terminal::Terminal;
use tracer::{Tracer, Tracers};
use unix::UnixSockets;
use yieldix_syscalls::{Buf, Datagram, Errno, OpenFlags, Reply, Shutdown, Signal, Tid, TraceFlags};

/// What a device of the kernel's own is.
#[derive(Debug)]
enum Own {
    /// What a file system of the kernel's own has open; the file says what it is.
    File,
    /// The end of this pipe that is read from.
    PipeReader(u32),
    /// The end of this pipe that is written to.
    PipeWriter(u32),
    /// A Unix socket, and its name.
    Unix(u32, Option<Inode>),
    /// One that keeps nothing, opened for this.
    Plain(Plain, OpenFlags),
    /// This terminal, where programs run.
    Terminal(u32),
    /// The keyboard's side of it.
    Master(u32),
    /// This tracer.
    Tracer(u32),
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
    unix: UnixSockets,
    /// Unix sockets that have a name in memory.
    names: BTreeMap<Inode, u32>,
    terminals: Slab<Terminal>,
    /// In a cell: an event is told while its fields are borrowed from the kernel.
    pub(crate) tracers: RefCell<Tracers>,
    /// Those to be told.
    ready: VecDeque<Readiness>,
    /// Signals of terminals, and to which group.
    signals: VecDeque<(Tid, Signal)>,
    /// The list is being worked off.
    is_settling: bool,
}

impl Default for OwnDevices {
    fn default() -> OwnDevices {
        OwnDevices {
            devices: Devices::new(Class::Own),
            pipes: Slab::default(),
            unix: UnixSockets::default(),
            names: BTreeMap::new(),
            terminals: Slab::default(),
            tracers: RefCell::default(),
            ready: VecDeque::new(),
            signals: VecDeque::new(),
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

    /// Makes a tracer of nobody.
    pub fn open_tracer(&mut self, flags: TraceFlags, shown: u16) -> Device {
        let tracers = self.tracers.get_mut();
        let at = tracers.next_index();
        let device = self.devices.open(|_| Own::Tracer(at));
        tracers.open(device, flags, shown);
        device
    }

    /// The tracer that is this device.
    pub fn tracer(&mut self, device: Device) -> &mut Tracer {
        match *self.own(device) {
            Own::Tracer(at) => self.tracer_at(at),
            _ => broken("a tracer's device is another's"),
        }
    }

    fn tracer_at(&mut self, at: u32) -> &mut Tracer {
        match self.tracers.get_mut().get_mut(at) {
            Some(tracer) => tracer,
            None => broken("the device of a tracer has none"),
        }
    }

    /// Makes a terminal; gives its master, and itself.
    pub fn open_terminal(&mut self) -> (Device, Device) {
        let at = self.terminals.next_index();
        let master = self.devices.open(|_| Own::Master(at));
        let terminal = self.devices.open(|_| Own::Terminal(at));
        self.terminals.insert(Terminal::new(master, terminal));
        (master, terminal)
    }

    /// Does something with the terminal of which this is a side, and notes whom that has made ready.
    pub fn with_terminal<T>(&mut self, side: Device, change: impl FnOnce(&mut Terminal) -> T) -> T {
        match *self.own(side) {
            Own::Terminal(at) | Own::Master(at) => self.with_terminal_at(at, change),
            _ => broken("the side of a terminal has no terminal"),
        }
    }

    fn with_terminal_at<T>(&mut self, at: u32, change: impl FnOnce(&mut Terminal) -> T) -> T {
        let Some(terminal) = self.terminals.get_mut(at) else { broken("the side of a terminal has no terminal") };
        let result = change(terminal);
        terminal.settle(&mut self.ready);
        result
    }

    fn type_at(&mut self, at: u32, data: &[u8]) -> Result<usize, Errno> {
        let mut signals = Vec::new();
        let (count, group) =
            self.with_terminal_at(at, |terminal| (terminal.write_master(data, &mut signals), terminal.foreground()));
        for signal in signals {
            self.note_signal(group, signal);
        }
        count
    }

    /// Notes a signal for a group, unless there is none, or it is noted already: pending once, it is told once.
    pub fn note_signal(&mut self, group: Tid, signal: Signal) {
        if !group.is_none() && !self.signals.contains(&(group, signal)) {
            self.signals.push_back((group, signal));
        }
    }

    /// The keyboard is gone: those in the foreground are told, and the input has ended.
    fn hang_up(&mut self, at: u32) {
        let group = self.with_terminal_at(at, |terminal| {
            terminal.close_master();
            terminal.foreground()
        });
        self.note_signal(group, Signal::Hup);
    }

    fn read(&mut self, device: Device, max: usize, hardware: &mut impl Hardware) -> Result<Buf, Errno> {
        match self.own(device) {
            &mut Own::PipeReader(pipe) => self.with_pipe(pipe, |pipe| pipe.read(max)),
            Own::Plain(plain, flags) if flags.has(OpenFlags::READ) => plain.read(max, hardware),
            &mut Own::Unix(socket, _) => self.with_unix(|unix| unix.read(socket, max)),
            &mut Own::Terminal(at) => self.with_terminal_at(at, |terminal| terminal.read(max)),
            &mut Own::Master(at) => self.with_terminal_at(at, |terminal| terminal.read_master(max)),
            Own::PipeWriter(_) | Own::Plain(..) | Own::File | Own::Tracer(_) => Err(Errno::EBADF),
        }
    }

    fn write(&mut self, device: Device, data: &mut Buf) -> Result<usize, Errno> {
        match self.own(device) {
            &mut Own::PipeWriter(pipe) => self.with_pipe(pipe, |pipe| pipe.write(data)),
            &mut Own::Unix(socket, _) => self.with_unix(|unix| unix.write(socket, data)),
            Own::Plain(plain, flags) if flags.has(OpenFlags::WRITE) => plain.write(data),
            &mut Own::Terminal(at) => self.with_terminal_at(at, |terminal| terminal.write(data)),
            &mut Own::Master(at) => self.type_at(at, data),
            Own::PipeReader(_) | Own::Plain(..) | Own::File | Own::Tracer(_) => Err(Errno::EBADF),
        }
    }

    fn is_readable(&mut self, device: Device) -> Result<bool, Errno> {
        match self.own(device) {
            &mut Own::PipeReader(pipe) => self.pipe(pipe).is_readable(),
            &mut Own::Unix(socket, _) => self.unix.is_readable(socket),
            Own::Plain(_, flags) if flags.has(OpenFlags::READ) => Ok(true),
            &mut Own::Terminal(at) => Ok(self.with_terminal_at(at, Terminal::is_readable)),
            &mut Own::Master(at) => Ok(self.with_terminal_at(at, Terminal::is_master_readable)),
            &mut Own::Tracer(at) => Ok(self.tracer_at(at).ask_whether_readable()),
            Own::PipeWriter(_) | Own::Plain(..) | Own::File => Err(Errno::EBADF),
        }
    }

    fn is_writable(&mut self, device: Device) -> Result<bool, Errno> {
        match self.own(device) {
            &mut Own::PipeWriter(pipe) => self.pipe(pipe).is_writable(),
            &mut Own::Unix(socket, _) => self.unix.is_writable(socket),
            Own::Plain(_, flags) if flags.has(OpenFlags::WRITE) => Ok(true),
            &mut Own::Terminal(at) => Ok(self.with_terminal_at(at, Terminal::is_writable)),
            &mut Own::Master(at) => Ok(self.with_terminal_at(at, Terminal::is_master_writable)),
            Own::PipeReader(_) | Own::Plain(..) | Own::File | Own::Tracer(_) => Err(Errno::EBADF),
        }
    }

    /// Does something with the Unix sockets, and notes whom that has made ready.
    fn with_unix<T>(&mut self, change: impl FnOnce(&mut UnixSockets) -> T) -> T {
        let result = change(&mut self.unix);
        self.ready.extend(self.unix.take_ready());
        result
    }

    fn unix_of(&mut self, device: Device) -> u32 {
        match *self.own(device) {
            Own::Unix(socket, _) => socket,
            _ => broken("a private socket is none"),
        }
    }

    /// A Unix socket of this name: one that listens, or one for datagrams.
    pub fn bind(&mut self, inode: Inode, name: Box<str>, listens: bool) -> Device {
        let OwnDevices { devices, unix, names, .. } = self;
        devices.open(|device| {
            let socket = if listens { unix.listen(device, name) } else { unix.bind(device, name) };
            names.insert(inode, socket);
            Own::Unix(socket, Some(inode))
        })
    }

    /// A Unix socket that connects to the one of this name. `ECONNREFUSED` when none listens there.
    pub fn connect(&mut self, name: Inode) -> Result<Device, Errno> {
        let OwnDevices { devices, unix, names, .. } = self;
        let listener = names.get(&name).copied().filter(|&socket| unix.is_listener(socket));
        let listener = listener.ok_or(Errno::ECONNREFUSED)?;
        let device = devices.open(|device| Own::Unix(unix.connect(listener, device), None));
        self.ready.extend(self.unix.take_ready());
        Ok(device)
    }

    fn connected(&mut self, device: Device) -> Result<(), Errno> {
        let socket = self.unix_of(device);
        self.unix.connected(socket)
    }

    /// Takes a connection, and gives it and the name of the one that listens.
    pub fn accept(&mut self, listener: Device) -> Result<(Device, Box<str>), Errno> {
        let listener = self.unix_of(listener);
        let OwnDevices { devices, unix, ready, .. } = self;
        let accepted = unix.accept(listener, |socket| devices.open(|_| Own::Unix(socket, None)));
        ready.extend(unix.take_ready());
        accepted
    }

    /// Closes halves of a connected Unix socket.
    pub fn shutdown(&mut self, device: Device, how: Shutdown) -> Result<(), Errno> {
        let socket = self.unix_of(device);
        self.with_unix(|unix| unix.shutdown(socket, how))
    }

    /// Sends a datagram to the Unix socket of this name. `ECONNREFUSED` when there is none.
    pub fn send_to(&mut self, device: Device, name: Inode, data: &Buf) -> Result<(), Errno> {
        let socket = self.unix_of(device);
        let to = *self.names.get(&name).ok_or(Errno::ECONNREFUSED)?;
        self.with_unix(|unix| unix.send_to(socket, to, data))
    }

    fn recv_from(&mut self, device: Device, max: usize) -> Result<Datagram, Errno> {
        let socket = self.unix_of(device);
        self.with_unix(|unix| unix.recv_from(socket, max))
    }

    /// Writes all of `data`, or what of it has room, and notes what was taken.
    fn write_all(&mut self, device: Device, data: &mut Buf, sent: &mut u64) -> Result<Reply, Errno> {
        while !data.is_empty() {
            match self.write(device, &mut data.clone()) {
                Ok(count) => {
                    *sent += count as u64;
                    data.advance(count);
                }
                Err(Errno::EAGAIN) => return Err(Errno::EAGAIN),
                Err(errno) => return Ok(Reply::Short { sent: *sent, errno }),
            }
        }
        Ok(Reply::Unit)
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
            Own::Unix(socket, name) => {
                name.map(|name| self.names.remove(&name));
                self.with_unix(|unix| unix.close(socket));
            }
            Own::Plain(..) | Own::File => {}
            Own::Terminal(at) => self.with_terminal_at(at, Terminal::close_terminal),
            Own::Master(at) => self.hang_up(at),
            Own::Tracer(at) => self.tracers.get_mut().close(at),
        }
        if let Own::PipeReader(pipe) | Own::PipeWriter(pipe) = own
            && self.pipe(pipe).is_closed()
        {
            self.pipes.remove(pipe);
        }
        if let Own::Terminal(at) | Own::Master(at) = own
            && self.terminals.get(at).is_some_and(Terminal::is_closed)
        {
            self.terminals.remove(at);
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
        let may_do = self.file(file).is_promising(operation.direction()) || self.overtakes_nobody(file, &operation);
        let reply = match operation.nothing_to_move() {
            None if may_do => self.attempt(slot, file, &mut operation),
            answer => answer,
        };
        let Some(reply) = reply else {
            let next = self.block_on_file(slot, file, operation);
            // It may have done a part of it.
            self.settle();
            return next;
        };
        // Asked before anybody is told of anything: the caller may be among those that end by it.
        let (tid, is_broken_pipe) = (self.table.tid(slot), self.is_broken_pipe(file, &reply));
        // Those whom a key stops or ends take nothing of what was typed behind it.
        self.send_signals_of_keys();
        self.settle();
        if is_broken_pipe {
            self.signal_broken_pipe(slot);
        }
        self.answer_signalled(tid, slot, reply)
    }

    /// Does this answer say that nobody reads what was to be written to a pipe?
    #[inline(always)]
    pub(crate) fn is_broken_pipe(&self, file: u32, reply: &Reply) -> bool {
        matches!(reply, Reply::Err(Errno::EPIPE))
            && self.file(file).device.is_own()
            && !self.file(file).kind.is_private_socket()
    }

    /// The task in `slot` has written to a pipe that nobody reads.
    #[cold]
    pub(crate) fn signal_broken_pipe(&mut self, slot: u32) {
        let tid = self.table.tid(slot);
        // init, which no task may signal, only sees its write fail.
        let _ = self.signal(tid, tid, Signal::Pipe);
    }

    /// Attempts an operation on such a device. None: it has to wait.
    #[cold]
    #[inline(never)]
    pub(crate) fn attempt_on_own(
        &mut self,
        slot: u32,
        file: u32,
        device: Device,
        operation: &mut Pending,
    ) -> Option<Reply> {
        self.operations += 1;
        let waits = |is_ready: bool| if is_ready { Ok(Reply::Unit) } else { Err(Errno::EAGAIN) };
        let answer = match operation {
            _ if self.file(file).opened().is_some() => self.attempt_on_opened(file, device, operation),
            Pending::Read { max } => {
                let max = (*max).min(limits::TRANSFER_BYTES) as usize;
                self.own.read(device, max, &mut self.hardware).map(Reply::Buf)
            }
            Pending::Write { data } => self.own.write(device, data).map(|count| Reply::Count(count as u64)),
            Pending::WriteAll { data, sent } => self.own.write_all(device, data, sent),
            Pending::Connect => {
                self.own.connected(device).and_then(|()| self.install(slot, Object::File(file))).map(Reply::Fd)
            }
            Pending::UnixAccept => self.accept_private(slot, device),
            Pending::UnixSendTo { letter } => self.send_private(device, letter),
            Pending::RecvFrom { max } => {
                let max = (*max).min(limits::TRANSFER_BYTES) as usize;
                self.own.recv_from(device, max).map(|datagram| Reply::Datagram(Box::new(datagram)))
            }
            Pending::Trace { max } => {
                let records = self.own.tracer(device).read(*max as usize);
                records.map(|records| Reply::Traced(Box::new(records)))
            }
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

    /// A write that was given up may have kept others waiting behind it for whom there is room.
    #[cold]
    pub(crate) fn note_given_up(&mut self, file: u32, operation: &Pending) {
        if operation.direction() == Direction::Write {
            self.note_out_of_the_way(file);
            self.settle();
        }
    }

    /// Who waited to write there is not the first any more: the next may have room.
    pub(crate) fn note_out_of_the_way(&mut self, file: u32) {
        let device = self.file(file).device;
        if device.is_own() {
            self.own.note(Readiness::to_write(device));
        }
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
            if writable {
                self.serve_letters(device);
            }
        }
        self.own.is_settling = false;
    }

    /// Sends the signals of keys: when who has typed them is done with that, or between rounds. Who closes a
    /// terminal may be in the foreground there, and about to end.
    pub(crate) fn send_signals_of_keys(&mut self) {
        if self.own.signals.is_empty() {
            return;
        }
        // All of a group have their signal before any device is told of what has come of it.
        self.own.is_settling = true;
        while let Some((group, signal)) = self.own.signals.pop_front() {
            // A group that is gone is told nothing.
            let _ = self.signal_group(Tid::NONE, group, signal);
        }
        self.own.is_settling = false;
        self.settle();
    }

    /// Does any task wait for what only the hardware can bring?
    pub(crate) fn waits_for_hardware(&mut self) -> bool {
        // Asked whenever nothing is ready and no timer is set; mostly what was found last is waited on still.
        let is_waited_on = |file: &crate::file::File| {
            let has_waiters = !file.readers.is_empty() || !file.writers.is_empty() || file.is_watched();
            has_waiters && !file.device.is_own()
        };
        if self.file_waiters == 0 || self.own.len() == 0 {
            return self.file_waiters > 0;
        }
        if self.files.get(self.waited_on_last).is_some_and(is_waited_on) {
            return true;
        }
        let found = self.files.iter().find(|(_, file)| is_waited_on(file)).map(|(index, _)| index);
        self.waited_on_last = found.unwrap_or(self.waited_on_last);
        found.is_some()
    }
}
