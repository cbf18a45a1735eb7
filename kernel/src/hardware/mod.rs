//! The one border to the host.
//!
//! The kernel touches the world through [`Hardware`] and nothing else, so a machine can run on the
//! host ([`host`]), in a simulation ([`simulated`]), or, later, from a recording.
//!
//! The model: an operation is *tried*, and answers at once, with `EAGAIN` when it would have to
//! wait. Having said `EAGAIN` (or `drained`, see [`Received`]), the hardware owes an
//! [`Interrupt::Ready`] for that device and direction, once, when trying again may do better. It
//! may interrupt without need; it never stays silent when it owes. No descriptor of the host
//! crosses this border.

pub(crate) mod devices;
#[cfg(unix)]
mod errno;
#[cfg(unix)]
pub mod host;
mod memory_console;
pub(crate) mod news;
mod question;
pub mod simulated;
mod underway;

pub use memory_console::MemoryConsole;
pub use question::{Question, Told};

use std::{net::SocketAddr, time::Duration};
use yieldix_syscalls::{
    Buf, Clock, Datagram, DirEntry, Errno, ExitStatus, FileInfo, HostCommand, OpenFlags, Shutdown, Signal,
    SocketOption, TerminalMode, Time, Value, Work,
};

/// What is behind an open file: one of the console's three streams, a socket, a job, what
/// the disk has, or a device of the kernel's own.
///
/// A device that was closed is not mistaken for the one that has its index now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Device {
    /// Its class, and its place in the hardware's table of that. Of the streams 0, 1 and 2 are the
    /// console's, always open.
    pub index: u32,
    /// How often the place had been used before.
    pub generation: u32,
}

impl Device {
    /// The console's input.
    pub const STDIN: Device = Device { index: 0, generation: 0 };
    /// The console's output.
    pub const STDOUT: Device = Device { index: 1, generation: 0 };
    /// The console's error output.
    pub const STDERR: Device = Device { index: 2, generation: 0 };

    /// The bits of an index that are its place.
    const PLACE_BITS: u32 = 29;

    /// A device of this class.
    pub const fn of(class: Class, place: u32, generation: u32) -> Device {
        Device { index: (class as u32) << Device::PLACE_BITS | place, generation }
    }

    /// In which table it is.
    pub const fn class(self) -> Class {
        match self.index >> Device::PLACE_BITS {
            0 => Class::Stream,
            1 => Class::Job,
            2 => Class::Disk,
            3 => Class::Program,
            _ => Class::Own,
        }
    }

    /// Where in that table.
    pub const fn place(self) -> u32 {
        self.index & ((1 << Device::PLACE_BITS) - 1)
    }

    /// One of the kernel's own? The hardware knows nothing of it.
    #[inline(always)]
    pub const fn is_own(self) -> bool {
        self.index >= (Class::Own as u32) << Device::PLACE_BITS
    }

    /// One of the console's three?
    pub const fn is_console(self) -> bool {
        self.index < 3
    }

    /// A socket?
    #[inline(always)]
    pub const fn is_socket(self) -> bool {
        self.index.wrapping_sub(3) < (1 << Device::PLACE_BITS) - 3
    }
}

/// What sort of device; each has a table of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// A stream of the console, or a socket.
    Stream,
    /// Work in the background.
    Job,
    /// What the disk has: an open file, a watch, a question.
    Disk,
    /// A program of the host, or one of its streams.
    Program,
    /// What the kernel makes itself, which is the last class: pipes, terminals, `/dev/null` and its kin.
    Own,
}

impl Class {
    /// How many classes there are.
    pub const COUNT: usize = 5;
}

/// The standard streams of a program of the host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HostStreams {
    /// Where its input is written to.
    pub stdin: Device,
    /// Where its output is read from.
    pub stdout: Device,
    /// Where its error output is read from.
    pub stderr: Device,
}

/// Something that happened outside.
#[derive(Debug)]
pub enum Interrupt {
    /// Trying again may do better.
    Ready {
        /// Which device.
        device: Device,
        /// To read from it, or to accept.
        readable: bool,
        /// To write to it, or to learn how a connect ended.
        writable: bool,
    },
    /// The host sent this process a signal.
    Signal(Signal),
}

/// What a read gave.
#[derive(Debug)]
pub struct Received {
    /// The bytes; none at the end of the stream.
    pub data: Buf,
    /// Nothing is left for now: do not try again before an interrupt.
    pub drained: bool,
}

/// A clock, interrupts, sockets, files, the console, helpers and entropy.
pub trait Hardware {
    /// Time since boot. Never goes back.
    fn now(&mut self) -> Time;

    /// The time since 1970 in UTC, as the host has it: it may go back. In a simulated world, the time since
    /// boot.
    fn wall_clock(&mut self) -> Duration;

    /// The same clock as [`Hardware::now`], for other threads.
    fn clock(&self) -> Clock;

    /// Appends what has happened to `happened`. When nothing had, waits for something until
    /// `until`; a moment that has passed means not to wait, [`Time::NEVER`] to wait without end.
    ///
    /// False when nothing happened and nothing ever can: only a simulation knows that.
    fn interrupts(&mut self, until: Time, happened: &mut Vec<Interrupt>) -> bool;

    /// A function that ends a wait in [`Hardware::interrupts`] from another thread.
    fn waker(&self) -> Waker;

    /// Fills `bytes` with random ones. `EIO` when the host has none to give.
    fn entropy(&mut self, bytes: &mut [u8]) -> Result<(), Errno>;

    /// Reads up to `max` bytes (at least 1) from a stream. `EAGAIN` when there are none yet.
    fn try_read(&mut self, device: Device, max: usize) -> Result<Received, Errno>;

    /// Writes; gives how many bytes were taken, at least 1 of a `data` that is not empty. `EAGAIN`
    /// when there is no room. Having taken fewer than all, it owes an interrupt.
    fn try_write(&mut self, device: Device, data: &[u8]) -> Result<usize, Errno>;

    /// Is what was written to a stream of the console out? `EAGAIN` when not, and it owes a writable
    /// interrupt for when it is; the errno that the stream has failed with.
    fn try_sync(&mut self, device: Device) -> Result<(), Errno>;

    /// What a stream of the console makes of keys when it is a terminal, the characters in a line of it, and
    /// its lines. `ENOTTY` when it is none.
    fn terminal(&mut self, device: Device) -> Result<(TerminalMode, u16, u16), Errno>;

    /// Sets what it makes of keys, until the machine ends. `ENOTTY` when it is no terminal, `EIO` while another
    /// process has it in its hands.
    fn set_terminal(&mut self, device: Device, mode: TerminalMode) -> Result<(), Errno>;

    /// A signal of the host went to tasks, and is no reason for the machine to end.
    fn note_delivered(&mut self);

    /// Stops the whole process, as the key for that does with a program of the host; returns when it goes on.
    /// The terminal is as it was found meanwhile.
    fn suspend(&mut self);

    /// How long this thread would have run so far, and the host ran others. Zero where that is not known.
    fn kept_waiting(&mut self) -> Duration {
        Duration::ZERO
    }

    /// Takes a buffer that nobody needs any more, for a read to come.
    fn reuse(&mut self, data: Buf) {
        drop(data);
    }

    /// Would a read (or accept) answer now? Owes an interrupt when not.
    fn is_readable(&mut self, device: Device) -> Result<bool, Errno>;

    /// Would a write answer now? Owes an interrupt when not.
    fn is_writable(&mut self, device: Device) -> Result<bool, Errno>;

    /// A socket that listens; port 0 takes a free one.
    fn listen(&mut self, address: SocketAddr, backlog: u32) -> Result<Device, Errno>;

    /// A connection that came, and its peer's address. Passes over those that were aborted.
    fn try_accept(&mut self, listener: Device) -> Result<(Device, SocketAddr), Errno>;

    /// Starts a connection. How it ends is told by [`Hardware::connected`].
    fn connect(&mut self, address: SocketAddr) -> Result<Device, Errno>;

    /// How the connect ended, or the opening of a file: established, or its error. `EAGAIN` while
    /// that is open; owes a writable interrupt then.
    fn connected(&mut self, device: Device) -> Result<(), Errno>;

    /// Closes half of a connection, or both.
    fn shutdown(&mut self, device: Device, how: Shutdown) -> Result<(), Errno>;

    /// The address of the socket's own end.
    fn local_addr(&mut self, device: Device) -> Result<SocketAddr, Errno>;

    /// The address of the peer's end.
    fn peer_addr(&mut self, device: Device) -> Result<SocketAddr, Errno>;

    /// Sets a property of a socket.
    fn set_option(&mut self, device: Device, option: SocketOption) -> Result<(), Errno>;

    /// A UDP socket; port 0 takes a free one. One on the IPv6 wildcard hears IPv4 too.
    fn udp_bind(&mut self, address: SocketAddr) -> Result<Device, Errno>;

    /// Sends one datagram, whole. `EAGAIN` when there is no room. What the network tells of an earlier one,
    /// that nobody heard it for one, is passed over.
    fn try_send_to(&mut self, device: Device, to: SocketAddr, data: &[u8]) -> Result<(), Errno>;

    /// Receives one datagram, or its first `max` bytes. `EAGAIN` when there is none.
    fn try_recv_from(&mut self, device: Device, max: usize) -> Result<Datagram, Errno>;

    /// Begins to make a Unix socket below a folder, for a stream: one that listens at a path, or connects to it.
    /// How that ends is told by [`Hardware::connected`]. No link leads out of the folder, and the last part of
    /// the path is no link. `EOPNOTSUPP` where there are none.
    fn unix_open(&mut self, folder: u32, path: &str, listens: bool) -> Result<Device, Errno>;

    /// A connection that came to such a socket.
    fn try_unix_accept(&mut self, listener: Device) -> Result<Device, Errno>;

    /// Asks for the addresses of a host. The device is a job's, and what comes of it is
    /// [`Addresses`](crate::resolve::Addresses): `ENOENT` for a name that nobody has, `EAGAIN` when nobody who
    /// knows could be asked.
    fn resolve(&mut self, name: &str) -> Result<Device, Errno>;

    /// Opens a file of this folder, or a directory to read it, by its path there; `.` is the folder. How
    /// that ends is told by [`Hardware::connected`]. No link leads out of the folder.
    fn open(&mut self, folder: u32, path: &str, flags: OpenFlags) -> Result<Device, Errno>;

    /// Begins to watch what happens to the file at a path. How that ends is told by
    /// [`Hardware::connected`]; then it is read like a stream.
    fn watch(&mut self, folder: u32, path: &str) -> Result<Device, Errno>;

    /// Asks the disk something. [`Hardware::told`] has the answer. A question whose device is closed before
    /// that may still take place.
    fn ask(&mut self, folder: u32, question: Question) -> Result<Device, Errno>;

    /// The answer to a question, once; `EAGAIN` while it is not there: it owes a writable interrupt then.
    fn told(&mut self, device: Device) -> Result<Told, Errno>;

    /// What is known of an open file or directory, at once.
    fn file_info(&mut self, device: Device) -> Result<FileInfo, Errno>;

    /// Reads up to `max` bytes (at least 1) of a file, from `offset` on; none at its end. Gives where the
    /// read ended. `EAGAIN` when that takes the disk, `EISDIR` for a directory.
    ///
    /// An operation on a file is tried until it has its answer, with the same ticket; with another one
    /// before that, it was given up. What has begun takes place as it began.
    fn try_read_at(&mut self, device: Device, ticket: u64, offset: u64, max: usize) -> Result<(Buf, u64), Errno>;

    /// Writes to a file, at `offset` or, if it was opened so, at its end. Gives how many bytes were taken,
    /// at least 1 of a `data` that is not empty, and where the write ended. `EAGAIN` when that takes the
    /// disk; see [`Hardware::try_read_at`].
    fn try_write_at(&mut self, device: Device, ticket: u64, offset: u64, data: &Buf) -> Result<(usize, u64), Errno>;

    /// Sets a file's length. `EAGAIN` when that takes the disk; see [`Hardware::try_read_at`].
    fn try_truncate(&mut self, device: Device, ticket: u64, length: u64) -> Result<(), Errno>;

    /// Has all that was written to a file, or done to the names in a directory, reach the disk itself.
    /// `EAGAIN` while it goes there; see [`Hardware::try_read_at`].
    fn try_sync_file(&mut self, device: Device, ticket: u64) -> Result<(), Errno>;

    /// The entries of a directory that come after the first `offset`, as many as one call gives; none at the
    /// end. Without `.` and `..`, links are not followed. `offset` 0 begins anew. While the directory
    /// changes, who goes on where the last call ended is told exactly once of what
    /// stays. `EAGAIN` when
    /// that takes the disk; see [`Hardware::try_read_at`]. `ENOTDIR` for a file.
    fn try_read_dir(&mut self, device: Device, ticket: u64, offset: u64) -> Result<Vec<DirEntry>, Errno>;

    /// Has `work` done while the machine goes on. Its device is readable when that is done. Work that
    /// is refused is given back: `EAGAIN` when too much waits, `ENOMEM` without a thread.
    fn offload(&mut self, work: Box<Work>) -> Result<Device, (Errno, Box<Work>)>;

    /// Takes what came of a job. `EAGAIN` while it is not done; owes a readable interrupt then.
    /// `ESTALE` when it was taken.
    fn try_take(&mut self, job: Device) -> Result<Outcome, Errno>;

    /// Closes a job and gives what came of it, if that is there and was not taken. One that is not
    /// done is abandoned: nothing comes of it, and no interrupt.
    fn close_job(&mut self, job: Device) -> Option<Outcome>;

    /// Begins to start a program of the host, in a process group of its own. [`Hardware::host_started`] tells
    /// how that ends.
    fn host_exec(&mut self, command: &HostCommand) -> Result<Device, Errno>;

    /// Is it started? The device is its process from then on; gives those of its standard streams. `EAGAIN`
    /// while that is open; owes a writable interrupt then.
    fn host_started(&mut self, device: Device) -> Result<HostStreams, Errno>;

    /// How a process ended; it is reaped. `EAGAIN` while it runs; owes a readable interrupt then.
    fn host_status(&mut self, process: Device) -> Result<ExitStatus, Errno>;

    /// Sends a signal to a process, and to those of its group. One that has ended: success.
    fn host_kill(&mut self, process: Device, signal: Signal) -> Result<(), Errno>;

    /// Closes a socket, what the disk has, or a program's stream or process, which is killed and reaped.
    /// No interrupt comes for it any more.
    fn close(&mut self, device: Device);

    /// Waits until what was written to the console is out, or cannot be brought out. Gives what was
    /// lost since that was last told, a stream each.
    ///
    /// What is not out at the moment `until` is lost as well, with `ETIMEDOUT`, and the console takes
    /// nothing more. A signal of the host brings that moment nearer, to
    /// [`FLUSH_AFTER_SIGNAL`](crate::limits::FLUSH_AFTER_SIGNAL) from then; it is told by the next
    /// [`Hardware::interrupts`], as is all that happens meanwhile.
    fn flush(&mut self, until: Time) -> Vec<Lost>;

    /// Counts of what the hardware holds for the kernel.
    fn stats(&self) -> HardwareStats;
}

/// Output that was taken from a task, and then could not be brought out: nobody is left to give
/// the errno to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lost {
    /// To which stream it was written.
    pub device: Device,
    /// How much of it.
    pub bytes: u64,
    /// Why.
    pub errno: Errno,
}

impl Lost {
    /// Would somebody have read it? Not one who has gone away (`EPIPE`): that loss is no failure.
    pub fn was_wanted(&self) -> bool {
        self.errno != Errno::EPIPE
    }

    /// How much of it somebody would have read.
    fn count_wanted(lost: &[Lost]) -> u64 {
        lost.iter().filter(|lost| lost.was_wanted()).map(|lost| lost.bytes).sum()
    }
}

/// What came of a job: a value, or what its panic said.
pub type Outcome = Result<Value, String>;

/// Ends a wait for interrupts, from any thread.
pub type Waker = std::sync::Arc<dyn Fn() + Send + Sync>;

/// What the hardware holds for the kernel.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HardwareStats {
    /// Sockets that are open.
    pub sockets: u32,
    /// Files, watches and questions of the disk.
    pub disk_devices: u32,
    /// Programs of the host and their streams.
    pub programs: u32,
    /// Jobs that are not closed.
    pub jobs: u32,
    /// Sockets that are registered with a poller.
    pub registrations: u32,
    /// Waits that blocked.
    pub waits: u64,
    /// Bytes of output that a flush has told as lost, and that somebody would have read.
    pub output_lost: u64,
}

/// The same hardware, chosen when the machine is made.
impl<H: Hardware + ?Sized> Hardware for Box<H> {
    fn now(&mut self) -> Time {
        (**self).now()
    }

    fn wall_clock(&mut self) -> Duration {
        (**self).wall_clock()
    }

    fn clock(&self) -> Clock {
        (**self).clock()
    }

    fn interrupts(&mut self, until: Time, happened: &mut Vec<Interrupt>) -> bool {
        (**self).interrupts(until, happened)
    }

    fn waker(&self) -> Waker {
        (**self).waker()
    }

    fn entropy(&mut self, bytes: &mut [u8]) -> Result<(), Errno> {
        (**self).entropy(bytes)
    }

    fn try_read(&mut self, device: Device, max: usize) -> Result<Received, Errno> {
        (**self).try_read(device, max)
    }

    fn try_write(&mut self, device: Device, data: &[u8]) -> Result<usize, Errno> {
        (**self).try_write(device, data)
    }

    fn try_sync(&mut self, device: Device) -> Result<(), Errno> {
        (**self).try_sync(device)
    }

    fn terminal(&mut self, device: Device) -> Result<(TerminalMode, u16, u16), Errno> {
        (**self).terminal(device)
    }

    fn set_terminal(&mut self, device: Device, mode: TerminalMode) -> Result<(), Errno> {
        (**self).set_terminal(device, mode)
    }

    fn note_delivered(&mut self) {
        (**self).note_delivered();
    }

    fn suspend(&mut self) {
        (**self).suspend();
    }

    fn kept_waiting(&mut self) -> Duration {
        (**self).kept_waiting()
    }

    fn reuse(&mut self, data: Buf) {
        (**self).reuse(data);
    }

    fn is_readable(&mut self, device: Device) -> Result<bool, Errno> {
        (**self).is_readable(device)
    }

    fn is_writable(&mut self, device: Device) -> Result<bool, Errno> {
        (**self).is_writable(device)
    }

    fn listen(&mut self, address: SocketAddr, backlog: u32) -> Result<Device, Errno> {
        (**self).listen(address, backlog)
    }

    fn try_accept(&mut self, listener: Device) -> Result<(Device, SocketAddr), Errno> {
        (**self).try_accept(listener)
    }

    fn connect(&mut self, address: SocketAddr) -> Result<Device, Errno> {
        (**self).connect(address)
    }

    fn connected(&mut self, device: Device) -> Result<(), Errno> {
        (**self).connected(device)
    }

    fn shutdown(&mut self, device: Device, how: Shutdown) -> Result<(), Errno> {
        (**self).shutdown(device, how)
    }

    fn local_addr(&mut self, device: Device) -> Result<SocketAddr, Errno> {
        (**self).local_addr(device)
    }

    fn peer_addr(&mut self, device: Device) -> Result<SocketAddr, Errno> {
        (**self).peer_addr(device)
    }

    fn set_option(&mut self, device: Device, option: SocketOption) -> Result<(), Errno> {
        (**self).set_option(device, option)
    }

    fn udp_bind(&mut self, address: SocketAddr) -> Result<Device, Errno> {
        (**self).udp_bind(address)
    }

    fn try_send_to(&mut self, device: Device, to: SocketAddr, data: &[u8]) -> Result<(), Errno> {
        (**self).try_send_to(device, to, data)
    }

    fn try_recv_from(&mut self, device: Device, max: usize) -> Result<Datagram, Errno> {
        (**self).try_recv_from(device, max)
    }

    fn unix_open(&mut self, folder: u32, path: &str, listens: bool) -> Result<Device, Errno> {
        (**self).unix_open(folder, path, listens)
    }

    fn try_unix_accept(&mut self, listener: Device) -> Result<Device, Errno> {
        (**self).try_unix_accept(listener)
    }

    fn resolve(&mut self, name: &str) -> Result<Device, Errno> {
        (**self).resolve(name)
    }

    fn open(&mut self, folder: u32, path: &str, flags: OpenFlags) -> Result<Device, Errno> {
        (**self).open(folder, path, flags)
    }

    fn watch(&mut self, folder: u32, path: &str) -> Result<Device, Errno> {
        (**self).watch(folder, path)
    }

    fn ask(&mut self, folder: u32, question: Question) -> Result<Device, Errno> {
        (**self).ask(folder, question)
    }

    fn told(&mut self, device: Device) -> Result<Told, Errno> {
        (**self).told(device)
    }

    fn file_info(&mut self, device: Device) -> Result<FileInfo, Errno> {
        (**self).file_info(device)
    }

    fn try_read_at(&mut self, device: Device, ticket: u64, offset: u64, max: usize) -> Result<(Buf, u64), Errno> {
        (**self).try_read_at(device, ticket, offset, max)
    }

    fn try_write_at(&mut self, device: Device, ticket: u64, offset: u64, data: &Buf) -> Result<(usize, u64), Errno> {
        (**self).try_write_at(device, ticket, offset, data)
    }

    fn try_truncate(&mut self, device: Device, ticket: u64, length: u64) -> Result<(), Errno> {
        (**self).try_truncate(device, ticket, length)
    }

    fn try_sync_file(&mut self, device: Device, ticket: u64) -> Result<(), Errno> {
        (**self).try_sync_file(device, ticket)
    }

    fn try_read_dir(&mut self, device: Device, ticket: u64, offset: u64) -> Result<Vec<DirEntry>, Errno> {
        (**self).try_read_dir(device, ticket, offset)
    }

    fn offload(&mut self, work: Box<Work>) -> Result<Device, (Errno, Box<Work>)> {
        (**self).offload(work)
    }

    fn try_take(&mut self, job: Device) -> Result<Outcome, Errno> {
        (**self).try_take(job)
    }

    fn close_job(&mut self, job: Device) -> Option<Outcome> {
        (**self).close_job(job)
    }

    fn host_exec(&mut self, command: &HostCommand) -> Result<Device, Errno> {
        (**self).host_exec(command)
    }

    fn host_started(&mut self, device: Device) -> Result<HostStreams, Errno> {
        (**self).host_started(device)
    }

    fn host_status(&mut self, process: Device) -> Result<ExitStatus, Errno> {
        (**self).host_status(process)
    }

    fn host_kill(&mut self, process: Device, signal: Signal) -> Result<(), Errno> {
        (**self).host_kill(process, signal)
    }

    fn close(&mut self, device: Device) {
        (**self).close(device);
    }

    fn flush(&mut self, until: Time) -> Vec<Lost> {
        (**self).flush(until)
    }

    fn stats(&self) -> HardwareStats {
        (**self).stats()
    }
}
