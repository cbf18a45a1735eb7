//! The host: real time, real sockets, the console of this process.
//!
//! Everything is tried first; the poller is entered only to wait, and then once. Sockets are
//! registered with it when they first have to wait, and never touched again (`sockets.rs`,
//! `poller.rs`). The console cannot be polled everywhere and is not ours to make non-blocking, so
//! it has threads, which start when they are first needed (`output.rs`, `input.rs`); so has what
//! tasks offload (`jobs.rs`, `helpers.rs`). An idle
//! machine takes no processor time at all.

mod console;
mod delay;
mod files;
mod folder;
mod helpers;
mod input;
mod jobs;
mod limits;
mod listing;
mod output;
mod poller;
mod program_keeper;
mod programs;
mod resolver;
mod signals;
mod sockets;
mod terminal;
#[cfg_attr(not(target_os = "linux"), path = "watches_elsewhere.rs")]
mod watches;
mod worker;

pub use console::ConsoleOptions;
pub use delay::{Account, Delay};
pub use folder::Folder;
pub use limits::*;
pub use program_keeper::ProgramKeeper;
pub use terminal::TerminalKeeper;

use super::{
    Class, Device, Hardware, HardwareStats, HostStreams, Interrupt, Lost, Outcome, Question, Received, Told, Waker,
};
use crate::limits::{FLUSH_AFTER_SIGNAL, HOST_PROGRAMS};
use console::Console;
use files::Files;
use helpers::Helpers;
use jobs::Jobs;
use poller::{Bell, Direction, Registrar, Waiter};
use polling::Poller;
use programs::Programs;
use signals::Signals;
use sockets::Sockets;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime};
use yieldix_syscalls::{
    Buf, Clock, Datagram, DirEntry, Errno, ExitStatus, FileInfo, HostCommand, OpenFlags, Shutdown, Signal,
    SocketOption, TerminalMode, Time, Work,
};

/// How a [`Host`] is to be made.
#[derive(Debug, Default)]
pub struct HostOptions {
    /// What the machine's console is.
    pub console: ConsoleOptions,
    /// Do SIGHUP, SIGINT, SIGQUIT, SIGTERM and SIGTSTP become interrupts? They are the whole process's, so a
    /// library leaves them alone. Once caught they keep from ending or stopping the process, even after the
    /// host is dropped.
    pub catches_signals: bool,
    /// Of the signals that end the machine unless tasks are given them, how many had come when one was given.
    pub signals_delivered: Arc<AtomicU64>,
    /// Gives the terminal back.
    pub terminal: TerminalKeeper,
    /// Kills the programs of the host.
    pub programs: ProgramKeeper,
    /// The folders that are mounted, by number.
    pub folders: Vec<Folder>,
}

/// The hardware that is there.
pub struct Host {
    boot: Instant,
    poller: Arc<Poller>,
    waiter: Waiter,
    sockets: Sockets,
    console: Console,
    files: Files,
    jobs: Jobs,
    programs: Programs,
    signals: Signals,
    signals_delivered: Arc<AtomicU64>,
    terminal: TerminalKeeper,
    waits: u64,
    /// What happened during a flush, for the next who asks.
    held: Vec<Interrupt>,
    output_lost: u64,
    /// Of the thread that has this, once it was asked about.
    delay: Option<Delay>,
}

impl Host {
    /// Takes hold of the host. Its clock starts at zero.
    ///
    /// Fails when the host has no descriptors left, or cannot poll.
    pub fn new(options: HostOptions) -> io::Result<Host> {
        let poller = Arc::new(Poller::new()?);
        let bell = Arc::new(Bell::new(Arc::clone(&poller)));
        let helpers = Helpers::new("yieldix file", FILE_THREADS, Bell::new(Arc::clone(&poller)));
        let mut signals = Signals::none(Arc::clone(&poller), options.terminal.clone());
        if options.catches_signals {
            signals.catch()?;
        }
        Ok(Host {
            boot: Instant::now(),
            waiter: Waiter::new(Arc::clone(&poller))?,
            sockets: Sockets::new(
                Arc::clone(&poller),
                Helpers::new("yieldix socket", SOCKET_THREADS, Bell::new(Arc::clone(&poller))),
            ),
            console: Console::new(options.console, bell)?,
            files: Files::new(options.folders, helpers, Registrar::new(Arc::clone(&poller))),
            jobs: Jobs::new(
                Helpers::new("yieldix job", JOB_THREADS, Bell::new(Arc::clone(&poller))),
                Helpers::new("yieldix names", RESOLVE_THREADS, Bell::new(Arc::clone(&poller))),
            ),
            programs: Programs::new(
                Helpers::new("yieldix start", STARTER_THREADS, Bell::new(Arc::clone(&poller))),
                Helpers::new("yieldix wait", HOST_PROGRAMS as usize, Bell::new(Arc::clone(&poller))),
                Registrar::new(Arc::clone(&poller)),
                options.programs,
            ),
            signals,
            signals_delivered: options.signals_delivered,
            terminal: options.terminal,
            poller,
            waits: 0,
            held: Vec::new(),
            output_lost: 0,
            delay: None,
        })
    }

    /// How long to wait for `until`; `None` is without end.
    fn patience(&mut self, until: Time) -> Option<Duration> {
        match until {
            Time::NEVER => None,
            Time::BOOT => Some(Duration::ZERO),
            // The wait lasts at least as long, so the moment has come when it ends for it.
            until => Some(until.since(self.now())),
        }
    }

    #[cold]
    fn try_read_other(&mut self, device: Device, max: usize) -> Result<Received, Errno> {
        if device.is_console() {
            return self.console.try_read(device, max);
        }
        if device.class() == Class::Program {
            return Ok(Received { data: self.programs.try_read(device, max)?, drained: false });
        }
        let (data, drained) = self.files.try_read(device, max)?;
        Ok(Received { data, drained })
    }

    fn wait(&mut self, patience: Option<Duration>, happened: &mut Vec<Interrupt>) {
        let Host { sockets, files, programs, signals, .. } = self;
        self.waiter.wait(patience, |event| match sockets.told(event) {
            Some(interrupt) => happened.push(interrupt),
            None if files.noted(event) => {}
            None => match programs.told(event) {
                Some(interrupt) => happened.push(interrupt),
                None => signals.told(event, happened),
            },
        });
        // After the wait, which their news ends: what came while it was ending is not left over.
        self.console.interrupts(happened);
        self.files.interrupts(happened);
        self.sockets.interrupts(happened);
        self.jobs.interrupts(happened);
        self.programs.interrupts(happened);
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        self.terminal.restore();
    }
}

impl Hardware for Host {
    fn now(&mut self) -> Time {
        // A process that runs for 584 years stays there.
        Time::BOOT + self.boot.elapsed()
    }

    fn wall_clock(&mut self) -> Duration {
        // A host whose clock stands before 1970 does not know the time.
        SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default()
    }

    fn clock(&self) -> Clock {
        let boot = self.boot;
        Arc::new(move || Time::BOOT + boot.elapsed())
    }

    fn interrupts(&mut self, until: Time, happened: &mut Vec<Interrupt>) -> bool {
        let is_idle = self.held.is_empty() && !self.files.has_more_news();
        let until = if is_idle { until } else { Time::BOOT };
        happened.append(&mut self.held);
        let patience = self.patience(until);
        self.waits += u64::from(patience != Some(Duration::ZERO));
        self.wait(patience, happened);
        true
    }

    fn waker(&self) -> Waker {
        let poller = Arc::clone(&self.poller);
        Arc::new(move || poller::notify(&poller))
    }

    fn entropy(&mut self, bytes: &mut [u8]) -> Result<(), Errno> {
        getrandom::fill(bytes).map_err(|_| Errno::EIO)
    }

    fn try_read(&mut self, device: Device, max: usize) -> Result<Received, Errno> {
        if device.is_socket() { self.sockets.try_read(device, max) } else { self.try_read_other(device, max) }
    }

    fn try_write(&mut self, device: Device, data: &[u8]) -> Result<usize, Errno> {
        if device.is_socket() {
            return self.sockets.try_write(device, data);
        }
        match device.class() {
            Class::Stream => self.console.try_write(device, data),
            Class::Program => self.programs.try_write(device, data),
            _ => Err(Errno::EBADF),
        }
    }

    fn try_sync(&mut self, device: Device) -> Result<(), Errno> {
        self.console.try_sync(device)
    }

    fn reuse(&mut self, data: Buf) {
        self.sockets.reuse(data);
    }

    fn is_readable(&mut self, device: Device) -> Result<bool, Errno> {
        match device.class() {
            Class::Job => self.jobs.is_done(device),
            Class::Program => self.programs.would_answer(device, Direction::Read),
            Class::Disk => self.files.is_ready(device),
            Class::Stream if device.is_console() => self.console.is_readable(device),
            Class::Stream | Class::Own => self.sockets.would_answer(device, Direction::Read),
        }
    }

    fn is_writable(&mut self, device: Device) -> Result<bool, Errno> {
        match device.class() {
            Class::Disk => self.files.is_ready(device),
            Class::Stream if device.is_console() => self.console.is_writable(device),
            Class::Program => self.programs.would_answer(device, Direction::Write),
            Class::Stream | Class::Job | Class::Own => self.sockets.would_answer(device, Direction::Write),
        }
    }

    fn terminal(&mut self, device: Device) -> Result<(TerminalMode, u16, u16), Errno> {
        self.console.terminal(device, &self.terminal)
    }

    fn set_terminal(&mut self, device: Device, mode: TerminalMode) -> Result<(), Errno> {
        self.console.set_terminal(device, mode, &self.terminal)
    }

    fn note_delivered(&mut self) {
        self.signals_delivered.store(self.signals.came(), Ordering::Relaxed);
    }

    fn kept_waiting(&mut self) -> Duration {
        self.delay.get_or_insert_with(Delay::of_this_thread).so_far().waited
    }

    fn suspend(&mut self) {
        self.terminal.suspend();
    }

    fn listen(&mut self, address: SocketAddr, backlog: u32) -> Result<Device, Errno> {
        self.sockets.listen(address, backlog)
    }

    fn try_accept(&mut self, listener: Device) -> Result<(Device, SocketAddr), Errno> {
        self.sockets.try_accept(listener)
    }

    fn connect(&mut self, address: SocketAddr) -> Result<Device, Errno> {
        self.sockets.connect(address)
    }

    fn connected(&mut self, device: Device) -> Result<(), Errno> {
        if device.class() == Class::Disk { self.files.connected(device) } else { self.sockets.connected(device) }
    }

    fn udp_bind(&mut self, address: SocketAddr) -> Result<Device, Errno> {
        self.sockets.udp_bind(address)
    }

    fn try_send_to(&mut self, device: Device, to: SocketAddr, data: &[u8]) -> Result<(), Errno> {
        self.sockets.try_send_to(device, to, data)
    }

    fn try_recv_from(&mut self, device: Device, max: usize) -> Result<Datagram, Errno> {
        self.sockets.try_recv_from(device, max)
    }

    fn unix_open(&mut self, folder: u32, path: &str, listens: bool) -> Result<Device, Errno> {
        let folder = self.files.folder(folder)?;
        self.sockets.unix_open(folder, path, listens)
    }

    fn try_unix_accept(&mut self, listener: Device) -> Result<Device, Errno> {
        self.sockets.try_unix_accept(listener)
    }

    fn resolve(&mut self, name: &str) -> Result<Device, Errno> {
        self.jobs.resolve(name)
    }

    fn open(&mut self, folder: u32, path: &str, flags: OpenFlags) -> Result<Device, Errno> {
        self.files.open(folder, path, flags)
    }

    fn watch(&mut self, folder: u32, path: &str) -> Result<Device, Errno> {
        self.files.watch(folder, path)
    }

    fn ask(&mut self, folder: u32, question: Question) -> Result<Device, Errno> {
        self.files.ask(folder, question)
    }

    fn told(&mut self, device: Device) -> Result<Told, Errno> {
        self.files.told(device)
    }

    fn file_info(&mut self, device: Device) -> Result<FileInfo, Errno> {
        self.files.file_info(device)
    }

    fn try_read_at(&mut self, device: Device, ticket: u64, offset: u64, max: usize) -> Result<(Buf, u64), Errno> {
        self.files.try_read_at(device, ticket, offset, max)
    }

    fn try_write_at(&mut self, device: Device, ticket: u64, offset: u64, data: &Buf) -> Result<(usize, u64), Errno> {
        self.files.try_write_at(device, ticket, offset, data)
    }

    fn try_truncate(&mut self, device: Device, ticket: u64, length: u64) -> Result<(), Errno> {
        self.files.try_truncate(device, ticket, length)
    }

    fn try_sync_file(&mut self, device: Device, ticket: u64) -> Result<(), Errno> {
        self.files.try_sync(device, ticket)
    }

    fn try_read_dir(&mut self, device: Device, ticket: u64, offset: u64) -> Result<Vec<DirEntry>, Errno> {
        self.files.try_read_dir(device, ticket, offset)
    }

    fn shutdown(&mut self, device: Device, how: Shutdown) -> Result<(), Errno> {
        self.sockets.shutdown(device, how)
    }

    fn local_addr(&mut self, device: Device) -> Result<SocketAddr, Errno> {
        self.sockets.local_addr(device)
    }

    fn peer_addr(&mut self, device: Device) -> Result<SocketAddr, Errno> {
        self.sockets.peer_addr(device)
    }

    fn set_option(&mut self, device: Device, option: SocketOption) -> Result<(), Errno> {
        self.sockets.set_option(device, option)
    }

    fn offload(&mut self, work: Box<Work>) -> Result<Device, (Errno, Box<Work>)> {
        self.jobs.begin(work)
    }

    fn try_take(&mut self, job: Device) -> Result<Outcome, Errno> {
        self.jobs.try_take(job)
    }

    fn close_job(&mut self, job: Device) -> Option<Outcome> {
        self.jobs.close(job)
    }

    fn host_exec(&mut self, command: &HostCommand) -> Result<Device, Errno> {
        self.programs.exec(command)
    }

    fn host_started(&mut self, device: Device) -> Result<HostStreams, Errno> {
        self.programs.started(device)
    }

    fn host_status(&mut self, process: Device) -> Result<ExitStatus, Errno> {
        self.programs.status(process)
    }

    fn host_kill(&mut self, process: Device, signal: Signal) -> Result<(), Errno> {
        self.programs.kill(process, signal)
    }

    fn close(&mut self, device: Device) {
        match device.class() {
            Class::Disk => self.files.close(device),
            Class::Program => self.programs.close(device),
            Class::Stream | Class::Job | Class::Own => self.sockets.close(device),
        }
    }

    fn flush(&mut self, mut until: Time) -> Vec<Lost> {
        while !self.console.is_out() {
            if until <= self.now() {
                self.console.give_up();
                break;
            }
            let mut happened = Vec::new();
            let patience = self.patience(until);
            self.wait(patience, &mut happened);
            if happened.iter().any(|interrupt| matches!(interrupt, Interrupt::Signal(_))) {
                until = until.min(self.now() + FLUSH_AFTER_SIGNAL);
            }
            self.held.append(&mut happened);
        }
        let lost = self.console.take_lost();
        self.output_lost += Lost::count_wanted(&lost);
        lost
    }

    fn stats(&self) -> HardwareStats {
        HardwareStats {
            sockets: self.sockets.open_count(),
            disk_devices: self.files.open_count(),
            jobs: self.jobs.open_count(),
            programs: self.programs.open_count(),
            registrations: self.sockets.registration_count(),
            waits: self.waits,
            output_lost: self.output_lost,
        }
    }
}
