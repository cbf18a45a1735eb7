//! Programs of the host that tasks run.
//!
//! To start one may take the disk, and always takes its time, so a helper does it. Its standard streams are
//! pipes, and its end is told by the poller where a process has a descriptor for that; elsewhere a helper
//! waits for it. It leads a process group of its own: what the terminal sends to the machine does not reach
//! it, and what is sent to it reaches those that it has started.
//!
//! Invariant: whatever becomes of the machine, a process that it has started and not reaped is killed and
//! reaped when its [`Running`] is dropped.

use super::helpers::{Errand, Helpers};
use super::limits::PIPE_READ_MAX;
use super::poller::{Direction, Event, Key, Owing, Registrar, Registration};
use super::program_keeper::ProgramKeeper;
use crate::hardware::devices::Devices;
use crate::hardware::errno::errno;
use crate::hardware::{Class, Device, HostStreams, Interrupt};
use crate::kernel::broken;
use rustix::event::{PollFd, PollFlags, Timespec};
use rustix::io::{Errno as HostErrno, retry_on_intr};
use rustix::process::{Pid, Signal as HostSignal, WaitId, WaitIdOptions};
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Child, Command, Stdio};
use yieldix_syscalls::{Buf, Errno, ExitStatus, HostCommand, Signal};

/// A process, to be reaped. Dropping it kills it, and waits until it has ended.
#[derive(Debug)]
struct Running {
    child: Child,
    keeper: ProgramKeeper,
    /// How it ended; its number is another's from then on.
    ended: Option<ExitStatus>,
}

/// What a helper has started.
#[derive(Debug)]
struct Started {
    running: Running,
    /// By which the poller tells of its end, if the host has that.
    descriptor: Option<OwnedFd>,
    input: OwnedFd,
    output: OwnedFd,
    errors: OwnedFd,
}

#[derive(Debug)]
enum Open {
    Starting(Errand<Result<Started, Errno>>),
    /// It was not started.
    Failed(Errno),
    Process(Process),
    Pipe {
        pipe: OwnedFd,
        registration: Registration,
    },
}

#[derive(Debug)]
struct Process {
    running: Running,
    watched: Watched,
}

/// Who tells of the end of a process.
#[derive(Debug)]
enum Watched {
    Poller(OwnedFd, Registration),
    /// Begun when it is first waited for.
    Helper(Option<Errand<()>>),
}

/// Every program that runs, and its streams.
#[derive(Debug)]
pub struct Programs {
    devices: Devices<Open>,
    starters: Helpers,
    /// They wait for the ends of processes, each for one.
    waiters: Helpers,
    registrar: Registrar,
    keeper: ProgramKeeper,
    /// Where the host puts what is read, before it is copied to its exact length; made when first needed.
    scratch: Vec<u8>,
}

impl Programs {
    /// None yet.
    pub fn new(starters: Helpers, waiters: Helpers, registrar: Registrar, keeper: ProgramKeeper) -> Programs {
        let devices = Devices::new(Class::Program);
        Programs { devices, starters, waiters, registrar, keeper, scratch: Vec::new() }
    }

    pub fn open_count(&self) -> u32 {
        self.devices.len()
    }

    /// Begins to start a program.
    pub fn exec(&mut self, command: &HostCommand) -> Result<Device, Errno> {
        let (command, keeper) = (command.clone(), self.keeper.clone());
        let starters = self.starters.ready()?;
        Ok(self.devices.open(|device| Open::Starting(starters.start(device, move || start(&command, keeper)))))
    }

    /// Is it started? Its device is the process from then on; gives those of its streams.
    pub fn started(&mut self, device: Device) -> Result<HostStreams, Errno> {
        let open = self.devices.get(device)?;
        let started = match open {
            Open::Starting(errand) if !errand.is_done() => return Err(Errno::EAGAIN),
            Open::Starting(errand) => match errand.outcome() {
                Ok(started) => started,
                Err(errno) => {
                    *open = Open::Failed(errno);
                    return Err(errno);
                }
            },
            Open::Failed(errno) => return Err(*errno),
            Open::Process(_) | Open::Pipe { .. } => return Err(Errno::EINVAL),
        };
        let Started { running, descriptor, input, output, errors } = started;
        let watched = match descriptor {
            Some(descriptor) => Watched::Poller(descriptor, Registration::default()),
            None => Watched::Helper(None),
        };
        *open = Open::Process(Process { running, watched });
        let [stdin, stdout, stderr] = [input, output, errors]
            .map(|pipe| self.devices.open(|_| Open::Pipe { pipe, registration: Registration::default() }));
        Ok(HostStreams { stdin, stdout, stderr })
    }

    /// Appends what the helpers have told.
    pub fn interrupts(&mut self, happened: &mut Vec<Interrupt>) {
        let Programs { devices, starters, waiters, .. } = self;
        // One is owed an interrupt to learn of its start, and then to learn of its end.
        for (pool, readable) in [(starters, false), (waiters, true)] {
            pool.take_done(|device| {
                if devices.get(device).is_ok() {
                    happened.push(Interrupt::Ready { device, readable, writable: !readable });
                }
            });
        }
    }

    /// The interrupt of an event; none if it is of nobody here.
    pub fn told(&mut self, event: Event) -> Option<Interrupt> {
        let device = self.devices.current(event.key.index() as u32)?;
        if Key::of(device) != event.key {
            return None;
        }
        match self.devices.get(device).ok()? {
            Open::Pipe { registration, .. } => registration.fired(),
            Open::Process(Process { watched: Watched::Poller(_, registration), .. }) => registration.fired(),
            Open::Process(_) | Open::Starting(_) | Open::Failed(_) => {}
        }
        Some(Interrupt::Ready { device, readable: event.readable, writable: event.writable })
    }

    /// How a process ended.
    pub fn status(&mut self, device: Device) -> Result<ExitStatus, Errno> {
        let Programs { devices, waiters, registrar, .. } = self;
        let Open::Process(Process { running, watched }) = devices.get(device)? else { return Err(Errno::EINVAL) };
        if let Some(status) = running.reap_if_ended()? {
            return Ok(status);
        }
        match watched {
            Watched::Poller(descriptor, registration) => {
                has_key(device)?;
                registrar.arm(registration, descriptor, Key::of(device), Direction::Read).map_err(errno)?;
            }
            Watched::Helper(Some(errand)) if !errand.is_done() => {}
            Watched::Helper(errand) => {
                let process = running.number();
                *errand = Some(waiters.ready()?.start(device, move || wait_for_end(process)));
            }
        }
        // It may have ended meanwhile: then the end is told as well, for nothing.
        running.reap_if_ended()?.ok_or(Errno::EAGAIN)
    }

    /// Sends a signal to a process and those of its group.
    pub fn kill(&mut self, device: Device, signal: Signal) -> Result<(), Errno> {
        let Open::Process(process) = self.devices.get(device)? else { return Err(Errno::EINVAL) };
        // One that has ended and was not reaped keeps its number, and that of its group, to itself.
        if process.running.reap_if_ended()?.is_some() { Ok(()) } else { process.running.send(host_signal(signal)) }
    }

    pub fn try_read(&mut self, device: Device, max: usize) -> Result<Buf, Errno> {
        let Programs { devices, scratch, .. } = self;
        let Open::Pipe { pipe, .. } = devices.get(device)? else { return Err(Errno::EINVAL) };
        scratch.resize(PIPE_READ_MAX, 0);
        let room = &mut scratch[..max.min(PIPE_READ_MAX)];
        match retry_on_intr(|| rustix::io::read(&*pipe, &mut *room)) {
            Ok(count) => Ok(Buf::copy_from(&scratch[..count])),
            Err(HostErrno::AGAIN) => Err(self.owe(device, Direction::Read)),
            Err(error) => Err(errno(error)),
        }
    }

    pub fn try_write(&mut self, device: Device, data: &[u8]) -> Result<usize, Errno> {
        let Open::Pipe { pipe, .. } = self.devices.get(device)? else { return Err(Errno::EINVAL) };
        let outcome = retry_on_intr(|| rustix::io::write(&*pipe, data));
        self.written(device, data.len(), outcome)
    }

    /// Would a try answer now, in this direction? Owes an interrupt when not.
    pub fn would_answer(&mut self, device: Device, direction: Direction) -> Result<bool, Errno> {
        let flags = match direction {
            Direction::Read => PollFlags::IN,
            Direction::Write => PollFlags::OUT,
        };
        let is_ready = match self.devices.get(device)? {
            Open::Process(_) => match self.status(device) {
                Err(Errno::EAGAIN) => return Ok(false),
                answer => return answer.map(|_| true),
            },
            Open::Starting(errand) => return Ok(errand.is_done()),
            Open::Failed(_) => return Ok(true),
            Open::Pipe { pipe, .. } => {
                let mut asked = [PollFd::new(pipe, flags)];
                retry_on_intr(|| rustix::event::poll(&mut asked, Some(&Timespec::default()))).map_err(errno)? > 0
            }
        };
        if !is_ready {
            self.arm(device, direction)?;
        }
        Ok(is_ready)
    }

    /// Closes a stream, or a process, which is killed. To reap it takes the host's time, and so is a helper's.
    pub fn close(&mut self, device: Device) {
        match self.devices.close(device) {
            Some(Open::Pipe { pipe, mut registration }) => self.registrar.remove(&mut registration, &pipe),
            Some(Open::Process(Process { mut running, mut watched })) => {
                if let Watched::Poller(descriptor, registration) = &mut watched {
                    self.registrar.remove(registration, &*descriptor);
                }
                if !matches!(running.reap_if_ended(), Ok(Some(_))) {
                    // It fails for one that has ended, which is all that is wanted.
                    let _ = running.send(HostSignal::KILL);
                    if let Ok(starters) = self.starters.ready() {
                        starters.run(move || drop(running));
                    }
                }
            }
            // What is started after all is dropped by the helper, and ends so.
            Some(Open::Starting(_) | Open::Failed(_)) | None => {}
        }
    }
}

impl Owing for Programs {
    fn arm(&mut self, device: Device, direction: Direction) -> Result<(), Errno> {
        let Open::Pipe { pipe, registration } = self.devices.get(device)? else { return Err(Errno::EINVAL) };
        has_key(device)?;
        self.registrar.arm(registration, &*pipe, Key::of(device), direction).map(drop).map_err(errno)
    }
}

impl Drop for Programs {
    fn drop(&mut self) {
        for (_, open) in self.devices.iter_mut() {
            match open {
                Open::Pipe { pipe, registration } => self.registrar.remove(registration, &*pipe),
                Open::Process(Process { watched: Watched::Poller(descriptor, registration), .. }) => {
                    self.registrar.remove(registration, &*descriptor);
                }
                Open::Process(_) | Open::Starting(_) | Open::Failed(_) => {}
            }
        }
    }
}

impl Running {
    /// How it ended, if it has; its number is free from then on.
    fn reap_if_ended(&mut self) -> Result<Option<ExitStatus>, Errno> {
        if self.ended.is_none() {
            self.ended = self.keeper.reap_if_ended(&mut self.child)?.map(status_of);
        }
        Ok(self.ended.clone())
    }

    fn number(&self) -> Pid {
        match Pid::from_raw(self.child.id() as i32) {
            Some(number) => number,
            None => broken("a process has a number"),
        }
    }

    /// Sends a signal to its group.
    fn send(&self, signal: HostSignal) -> Result<(), Errno> {
        rustix::process::kill_process_group(self.number(), signal).map_err(errno)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if !matches!(self.reap_if_ended(), Ok(Some(_))) {
            let _ = self.send(HostSignal::KILL);
            // What was killed ends; until it has, there is nothing better to do.
            wait_for_end(self.number());
            let _ = self.reap_if_ended();
        }
    }
}

/// Has it a key with the poller? On a host of 32 bits it has none.
fn has_key(device: Device) -> Result<(), Errno> {
    if device.index as usize <= Key::INDEX_MAX { Ok(()) } else { Err(Errno::ENFILE) }
}

/// Starts a program. Takes its time.
fn start(command: &HostCommand, keeper: ProgramKeeper) -> Result<Started, Errno> {
    let mut process = Command::new(&*command.program);
    process.args(&command.args).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).process_group(0);
    let mut child = keeper.start(|| process.spawn()).map_err(|error| match errno(error) {
        // It has no room for another process, and trying again is no use for now.
        Errno::EAGAIN => Errno::ENOMEM,
        errno => errno,
    })?;
    let streams = (child.stdin.take(), child.stdout.take(), child.stderr.take());
    // From here on it is killed if anything fails.
    let running = Running { child, keeper, ended: None };
    let (Some(input), Some(output), Some(errors)) = streams else { broken("what is piped has a pipe") };
    let [input, output, errors] = [OwnedFd::from(input), output.into(), errors.into()];
    for pipe in [&input, &output, &errors] {
        rustix::io::ioctl_fionbio(pipe, true).map_err(errno)?;
    }
    let descriptor = descriptor_of(running.number()).map_err(errno)?;
    Ok(Started { running, descriptor, input, output, errors })
}

/// A descriptor of a process that the poller can wait on.
#[cfg(all(target_os = "linux", not(feature = "portable-poller")))]
fn descriptor_of(process: Pid) -> io::Result<Option<OwnedFd>> {
    match rustix::process::pidfd_open(process, rustix::process::PidfdFlags::empty()) {
        Ok(descriptor) => Ok(Some(descriptor)),
        // An old host, or a small one.
        Err(HostErrno::NOSYS | HostErrno::PERM) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// No host but Linux has one that every poller takes.
#[cfg(not(all(target_os = "linux", not(feature = "portable-poller"))))]
fn descriptor_of(_: Pid) -> io::Result<Option<OwnedFd>> {
    Ok(None)
}

/// Waits until a process has ended, and leaves it to be reaped.
fn wait_for_end(process: Pid) {
    // It fails for one that was reaped meanwhile.
    let _ =
        retry_on_intr(|| rustix::process::waitid(WaitId::Pid(process), WaitIdOptions::EXITED | WaitIdOptions::NOWAIT));
}

fn status_of(status: std::process::ExitStatus) -> ExitStatus {
    match (status.code(), status.signal()) {
        (Some(code), _) => ExitStatus::Exited(code),
        (None, signal) => {
            let number = signal.unwrap_or(0);
            // One that has no name here is told as a shell tells it.
            let named = u8::try_from(number).ok().and_then(of_host);
            named.map_or(ExitStatus::Exited(128 + number), ExitStatus::Killed)
        }
    }
}

macro_rules! same_signals {
    ($($ours:ident $host:ident),+ $(,)?) => {
        /// The host's name for one of our signals. Numbers differ between hosts.
        fn host_signal(signal: Signal) -> HostSignal {
            match signal {
                $(Signal::$ours => HostSignal::$host,)+
            }
        }

        /// Our name for a signal of the host, by its number there.
        fn of_host(number: u8) -> Option<Signal> {
            [$((HostSignal::$host, Signal::$ours)),+]
                .into_iter()
                .find(|(host, _)| host.as_raw() == i32::from(number))
                .map(|(_, signal)| signal)
        }
    };
}

same_signals! {
    Hup HUP, Int INT, Quit QUIT, Kill KILL, Usr1 USR1, Usr2 USR2, Pipe PIPE, Alrm ALARM, Term TERM, Chld CHILD,
    Cont CONT, Stop STOP, Tstp TSTP, Ttin TTIN,
}
