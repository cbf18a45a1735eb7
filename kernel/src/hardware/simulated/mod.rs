//! A world in memory: virtual time, a network, a disk, a console, all from a seed.
//!
//! One seed and the same calls give the same answers, bit for bit: no host time, no host
//! randomness, no order that depends on an address or a hash. Time moves only in
//! [`Hardware::interrupts`]: a wait jumps, so a test that waits for an hour takes no time, and one
//! that would wait for ever is told so; a look without a wait takes a little, as computing does, so
//! that a task which never waits does not stop the world.
//!
//! Beside what a host would do, it can be made to do the worst that one might ([`Faults`]).

mod agenda;
mod connection;
mod console;
mod contents;
mod disk;
mod entropy;
mod faults;
mod folder;
mod jobs;
mod limits;
mod network;
#[cfg_attr(not(unix), path = "own_streams_elsewhere.rs")]
mod own_streams;
mod programs;
#[cfg(test)]
mod tests;
mod tree;

pub use console::SimulatedConsole;
pub use faults::{CallCount, Faults};
pub use folder::{CopyError, MemoryFolder};
pub use network::SocketOptions;
pub use programs::HostProgram;

use super::{
    Class, Device, Hardware, HardwareStats, HostStreams, Interrupt, Lost, MemoryConsole, Outcome, Question, Received,
    Told, Waker,
};
use crate::resolve::Addresses;
use agenda::{Agenda, Event};
use console::Console;
use disk::Disk;
use entropy::{Generator, Use};
use faults::Misfortune;
use jobs::Jobs;
use network::Network;
use programs::Programs;
use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use yieldix_syscalls::{
    Buf, Clock, Datagram, DirEntry, Errno, ExitStatus, FileInfo, HostCommand, OpenFlags, Shutdown, Signal,
    SocketOption, TerminalMode, Time, Work,
};

/// What a simulated world is made from.
#[derive(Clone, Debug)]
pub struct SimulatedOptions {
    /// Decides all that chance decides.
    pub seed: u64,
    /// The console.
    pub console: SimulatedConsole,
    /// What goes wrong.
    pub faults: Faults,
    /// The folders of the disk, by number.
    pub folders: Vec<MemoryFolder>,
    /// The hosts that have a name, and their addresses.
    pub hosts: BTreeMap<String, Vec<IpAddr>>,
    /// The programs of the host, by the names by which they are run.
    pub programs: BTreeMap<String, HostProgram>,
}

impl Default for SimulatedOptions {
    /// Seed 0, a console in memory of its own, no faults, an empty disk, no host with a name, no program of the
    /// host.
    fn default() -> SimulatedOptions {
        let console = SimulatedConsole::Memory(MemoryConsole::new());
        SimulatedOptions {
            seed: 0,
            console,
            faults: Faults::default(),
            folders: Vec::new(),
            hosts: BTreeMap::new(),
            programs: BTreeMap::new(),
        }
    }
}

/// Hardware that is not there.
#[derive(Debug)]
pub struct Simulated {
    agenda: Agenda,
    network: Network,
    disk: Disk,
    console: Console,
    jobs: Jobs,
    hosts: BTreeMap<String, Vec<IpAddr>>,
    programs: Programs,
    entropy: Generator,
    luck: Misfortune,
    is_woken: Arc<AtomicBool>,
    waits: u64,
    output_lost: u64,
}

impl Simulated {
    /// A new world, at its first moment.
    pub fn new(options: SimulatedOptions) -> Simulated {
        Simulated {
            agenda: Agenda::new(options.seed),
            network: Network::new(),
            disk: Disk::new(options.seed, options.folders),
            console: Console::new(options.console),
            jobs: Jobs::new(options.seed),
            hosts: options.hosts,
            programs: Programs::new(options.programs),
            entropy: Generator::new(options.seed, Use::Entropy),
            luck: Misfortune::new(options.seed, options.faults),
            is_woken: Arc::new(AtomicBool::new(false)),
            waits: 0,
            output_lost: 0,
        }
    }

    /// The count of calls that can fail, for [`Faults::fail_call`]; it goes on counting.
    pub fn calls(&self) -> CallCount {
        self.luck.calls()
    }

    /// What has been set on a socket. `EBADF` when it is not open.
    pub fn options(&self, device: Device) -> Result<SocketOptions, Errno> {
        self.network.options(device)
    }

    /// Does what is due, and says what of it was owed to somebody.
    fn happen(&mut self, happened: &mut Vec<Interrupt>) {
        while let Some(event) = self.agenda.take_due() {
            match event {
                Event::Arrival { connection, to, packet } => {
                    self.network.arrive(connection, to, packet, &mut self.agenda);
                }
                Event::Datagram { letter, is_heard } => self.network.deliver(*letter, is_heard, &mut self.agenda),
                Event::Signal(signal) => happened.push(Interrupt::Signal(signal)),
                Event::Typed => self.console.typed(&mut self.agenda),
                Event::Drained(device) => {
                    self.console.drain(device);
                    self.agenda.touch(device);
                }
                Event::Disk { device, is_read } => happened.extend(self.disk.done(device, is_read, self.agenda.now())),
                Event::Change { folder } => self.disk.change(folder, &mut self.agenda),
                Event::Program { device, is_known } => self.programs.happen(device, is_known, &mut self.agenda),
                Event::Done(device) => {
                    self.jobs.end(device);
                    self.agenda.touch(device);
                }
            }
        }
        for device in self.agenda.take_touched() {
            let interrupt = match device.class() {
                Class::Job => self.jobs.settle(device),
                Class::Stream if device.is_console() => self.console.settle(device, self.agenda.now()),
                Class::Stream => self.network.settle(device),
                Class::Disk => self.disk.settle(device),
                Class::Program => self.programs.settle(device),
                Class::Own => None,
            };
            let Some(interrupt) = interrupt else { continue };
            happened.push(interrupt);
            // Only beside a true one: a world in which nothing happens must be able to end.
            if let Some((nth, readable, writable)) = self.luck.spurious(self.network.sockets() as usize)
                && let Some(device) = self.network.nth(nth)
            {
                happened.push(Interrupt::Ready { device, readable, writable });
            }
        }
    }

    /// Lets this call fail when it is its turn to.
    fn risk(&mut self, errno: Errno) -> Result<(), Errno> {
        if self.luck.strikes() { Err(errno) } else { Ok(()) }
    }

    /// The same for calls that fail because the connection is lost: it is lost then.
    fn risk_of_loss(&mut self, device: Device, errno: Errno) -> Result<(), Errno> {
        if !self.luck.strikes() {
            return Ok(());
        }
        if !device.is_socket() {
            return Err(Errno::EIO);
        }
        self.network.lose(device, &mut self.agenda)?;
        Err(errno)
    }
}

/// The errno of a socket's operation on what is none.
fn refuse_others(device: Device) -> Result<(), Errno> {
    if device.is_socket() { Ok(()) } else { Err(Errno::ENOTSOCK) }
}

impl Hardware for Simulated {
    fn now(&mut self) -> Time {
        self.agenda.now()
    }

    fn wall_clock(&mut self) -> Duration {
        self.now().since(Time::BOOT)
    }

    fn clock(&self) -> Clock {
        self.agenda.clock()
    }

    fn interrupts(&mut self, until: Time, happened: &mut Vec<Interrupt>) -> bool {
        let before = happened.len();
        if until <= self.agenda.now() {
            self.agenda.jump(self.agenda.now() + limits::LOOK);
        }
        let is_woken = self.is_woken.swap(false, Ordering::Acquire);
        self.console.look(&mut self.agenda);
        self.disk.look(&mut self.agenda);
        let mut has_waited = false;
        loop {
            self.happen(happened);
            if happened.len() > before || is_woken || until <= self.agenda.now() {
                return true;
            }
            let moment = self.agenda.next_moment().map_or(until, |next| next.min(until));
            if moment == Time::NEVER {
                return false;
            }
            self.waits += u64::from(!std::mem::replace(&mut has_waited, true));
            self.agenda.jump(moment);
        }
    }

    fn waker(&self) -> Waker {
        let is_woken = Arc::clone(&self.is_woken);
        Arc::new(move || is_woken.store(true, Ordering::Release))
    }

    fn entropy(&mut self, bytes: &mut [u8]) -> Result<(), Errno> {
        self.risk(Errno::EIO)?;
        self.entropy.fill(bytes);
        Ok(())
    }

    fn try_read(&mut self, device: Device, max: usize) -> Result<Received, Errno> {
        assert!(max > 0, "a read of no bytes is the kernel's to answer");
        self.risk_of_loss(device, Errno::ECONNRESET)?;
        let (data, drained) = match device.class() {
            Class::Stream if device.is_console() => {
                self.console.read(device, max, &mut self.luck, self.agenda.now())?
            }
            Class::Program => (self.programs.read(device, max, &mut self.agenda)?.to_vec(), false),
            Class::Stream | Class::Job | Class::Own => {
                self.network.read(device, max, &mut self.luck, &mut self.agenda)?
            }
            Class::Disk => {
                let (data, drained) = self.disk.read(device, max)?;
                return Ok(Received { data, drained });
            }
        };
        Ok(Received { data: Buf::from(data), drained })
    }

    fn try_write(&mut self, device: Device, data: &[u8]) -> Result<usize, Errno> {
        self.risk_of_loss(device, Errno::ECONNRESET)?;
        match device.class() {
            Class::Stream if device.is_console() => self.console.write(device, data, &mut self.luck, &mut self.agenda),
            Class::Program => self.programs.write(device, data, &mut self.agenda),
            Class::Stream | Class::Job | Class::Own => {
                self.network.write(device, data, &mut self.luck, &mut self.agenda)
            }
            Class::Disk => Err(Errno::EBADF),
        }
    }

    fn try_sync(&mut self, device: Device) -> Result<(), Errno> {
        self.risk_of_loss(device, Errno::EIO)?;
        self.console.sync(device)
    }

    fn is_readable(&mut self, device: Device) -> Result<bool, Errno> {
        self.risk(Errno::ENOMEM)?;
        match device.class() {
            Class::Job => self.jobs.is_done(device),
            Class::Program => self.programs.would_answer(device),
            Class::Stream if device.is_console() => self.console.is_readable(device, self.agenda.now()),
            Class::Stream | Class::Own => self.network.is_readable(device, &mut self.agenda),
            Class::Disk => self.disk.is_ready(device),
        }
    }

    fn is_writable(&mut self, device: Device) -> Result<bool, Errno> {
        self.risk(Errno::ENOMEM)?;
        match device.class() {
            Class::Stream if device.is_console() => self.console.is_writable(device, &mut self.agenda),
            Class::Program => self.programs.would_answer(device),
            Class::Stream | Class::Job | Class::Own => self.network.is_writable(device, &mut self.agenda),
            Class::Disk => self.disk.is_ready(device),
        }
    }

    fn terminal(&mut self, device: Device) -> Result<(TerminalMode, u16, u16), Errno> {
        self.risk_of_loss(device, Errno::EIO)?;
        self.console.terminal()
    }

    fn set_terminal(&mut self, device: Device, mode: TerminalMode) -> Result<(), Errno> {
        self.risk_of_loss(device, Errno::EIO)?;
        self.console.set_terminal(mode)
    }

    fn note_delivered(&mut self) {}

    fn suspend(&mut self) {
        self.console.suspend();
    }

    fn listen(&mut self, address: SocketAddr, backlog: u32) -> Result<Device, Errno> {
        self.risk(Errno::EMFILE)?;
        self.network.listen(address, backlog)
    }

    fn try_accept(&mut self, listener: Device) -> Result<(Device, SocketAddr), Errno> {
        refuse_others(listener)?;
        self.risk(Errno::EMFILE)?;
        self.network.accept(listener, &mut self.agenda)
    }

    fn connect(&mut self, address: SocketAddr) -> Result<Device, Errno> {
        self.risk(Errno::EMFILE)?;
        self.network.connect(address, &mut self.agenda)
    }

    fn connected(&mut self, device: Device) -> Result<(), Errno> {
        self.risk_of_loss(device, Errno::ETIMEDOUT)?;
        match device.class() {
            Class::Stream if device.is_console() => Err(Errno::ENOTSOCK),
            Class::Program => Err(Errno::EINVAL),
            Class::Stream | Class::Job | Class::Own => self.network.connected(device, &mut self.agenda),
            Class::Disk => self.disk.connected(device),
        }
    }

    fn udp_bind(&mut self, address: SocketAddr) -> Result<Device, Errno> {
        self.risk(Errno::EMFILE)?;
        self.network.udp_bind(address)
    }

    fn try_send_to(&mut self, device: Device, to: SocketAddr, data: &[u8]) -> Result<(), Errno> {
        refuse_others(device)?;
        self.risk(Errno::ENOBUFS)?;
        self.network.send_to(device, to, data, &mut self.luck, &mut self.agenda)
    }

    fn try_recv_from(&mut self, device: Device, max: usize) -> Result<Datagram, Errno> {
        refuse_others(device)?;
        self.risk(Errno::ENOBUFS)?;
        self.network.recv_from(device, max, &mut self.agenda)
    }

    fn unix_open(&mut self, _folder: u32, _path: &str, _listens: bool) -> Result<Device, Errno> {
        Err(Errno::EOPNOTSUPP)
    }

    fn try_unix_accept(&mut self, _listener: Device) -> Result<Device, Errno> {
        Err(Errno::EOPNOTSUPP)
    }

    fn resolve(&mut self, name: &str) -> Result<Device, Errno> {
        self.risk(Errno::ENOMEM)?;
        // As DNS compares them.
        let plain = name.strip_suffix('.').unwrap_or(name);
        let mut hosts = self.hosts.iter();
        let known = hosts.find(|(host, _)| host.eq_ignore_ascii_case(plain)).map(|(_, addresses)| addresses.clone());
        let addresses: Addresses = known.ok_or(Errno::ENOENT);
        Ok(self.jobs.begin(Work::new(move || addresses), &mut self.agenda))
    }

    fn open(&mut self, folder: u32, path: &str, flags: OpenFlags) -> Result<Device, Errno> {
        self.risk(Errno::EMFILE)?;
        self.disk.open(folder, path, flags, &mut self.agenda)
    }

    fn watch(&mut self, folder: u32, path: &str) -> Result<Device, Errno> {
        self.risk(Errno::ENOSPC)?;
        self.disk.watch(folder, path, &mut self.agenda)
    }

    fn ask(&mut self, folder: u32, question: Question) -> Result<Device, Errno> {
        self.risk(Errno::ENOMEM)?;
        self.disk.ask(folder, question, &mut self.agenda)
    }

    fn told(&mut self, device: Device) -> Result<Told, Errno> {
        self.risk(Errno::EIO)?;
        self.disk.told(device)
    }

    fn file_info(&mut self, device: Device) -> Result<FileInfo, Errno> {
        self.risk(Errno::EIO)?;
        self.disk.file_info(device)
    }

    fn try_read_at(&mut self, device: Device, ticket: u64, offset: u64, max: usize) -> Result<(Buf, u64), Errno> {
        assert!(max > 0, "a read of no bytes is the kernel's to answer");
        self.risk(Errno::EIO)?;
        self.disk.read_at(device, ticket, offset, max, &mut self.luck, &mut self.agenda)
    }

    fn try_write_at(&mut self, device: Device, ticket: u64, offset: u64, data: &Buf) -> Result<(usize, u64), Errno> {
        self.risk(Errno::ENOSPC)?;
        self.disk.write_at(device, ticket, offset, data, &mut self.luck, &mut self.agenda)
    }

    fn try_truncate(&mut self, device: Device, ticket: u64, length: u64) -> Result<(), Errno> {
        self.risk(Errno::EIO)?;
        self.disk.truncate(device, ticket, length, &mut self.agenda)
    }

    fn try_sync_file(&mut self, device: Device, ticket: u64) -> Result<(), Errno> {
        self.risk(Errno::EIO)?;
        self.disk.sync(device, ticket, &mut self.agenda)
    }

    fn try_read_dir(&mut self, device: Device, ticket: u64, offset: u64) -> Result<Vec<DirEntry>, Errno> {
        self.risk(Errno::EIO)?;
        self.disk.read_dir(device, ticket, offset, &mut self.agenda)
    }

    fn shutdown(&mut self, device: Device, how: Shutdown) -> Result<(), Errno> {
        refuse_others(device)?;
        self.risk(Errno::ENOTCONN)?;
        self.network.shutdown(device, how, &mut self.agenda)
    }

    fn local_addr(&mut self, device: Device) -> Result<SocketAddr, Errno> {
        refuse_others(device)?;
        self.risk(Errno::ENOBUFS)?;
        self.network.local_addr(device)
    }

    fn peer_addr(&mut self, device: Device) -> Result<SocketAddr, Errno> {
        refuse_others(device)?;
        self.risk(Errno::ENOTCONN)?;
        self.network.peer_addr(device)
    }

    fn set_option(&mut self, device: Device, option: SocketOption) -> Result<(), Errno> {
        refuse_others(device)?;
        self.risk(Errno::ENOBUFS)?;
        self.network.set_option(device, option)
    }

    fn offload(&mut self, work: Box<Work>) -> Result<Device, (Errno, Box<Work>)> {
        match self.risk(Errno::EAGAIN) {
            Ok(()) => Ok(self.jobs.begin(*work, &mut self.agenda)),
            Err(errno) => Err((errno, work)),
        }
    }

    fn try_take(&mut self, job: Device) -> Result<Outcome, Errno> {
        self.risk(Errno::ENOMEM)?;
        self.jobs.try_take(job)
    }

    fn close_job(&mut self, job: Device) -> Option<Outcome> {
        self.jobs.close(job)
    }

    fn host_exec(&mut self, command: &HostCommand) -> Result<Device, Errno> {
        self.risk(Errno::ENOMEM)?;
        Ok(self.programs.exec(command, &mut self.agenda))
    }

    fn host_started(&mut self, device: Device) -> Result<HostStreams, Errno> {
        self.risk(Errno::EMFILE)?;
        self.programs.started(device, &mut self.agenda)
    }

    fn host_status(&mut self, process: Device) -> Result<ExitStatus, Errno> {
        self.risk(Errno::EIO)?;
        self.programs.status(process)
    }

    fn host_kill(&mut self, process: Device, signal: Signal) -> Result<(), Errno> {
        self.risk(Errno::EPERM)?;
        self.programs.kill(process, signal, &mut self.agenda)
    }

    fn close(&mut self, device: Device) {
        match device.class() {
            Class::Program => self.programs.close(device, &mut self.agenda),
            Class::Disk => self.disk.close(device),
            Class::Stream | Class::Job | Class::Own => self.network.close(device, &mut self.agenda),
        }
    }

    fn flush(&mut self, _until: Time) -> Vec<Lost> {
        let lost = self.console.flush(&mut self.agenda);
        self.output_lost += Lost::count_wanted(&lost);
        lost
    }

    fn stats(&self) -> HardwareStats {
        HardwareStats {
            sockets: self.network.sockets(),
            disk_devices: self.disk.open_count(),
            jobs: self.jobs.open_count(),
            programs: self.programs.open_count(),
            registrations: self.network.registrations(),
            waits: self.waits,
            output_lost: self.output_lost,
        }
    }
}
