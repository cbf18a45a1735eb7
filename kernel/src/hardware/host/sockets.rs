//! Sockets, never blocking: TCP, in `datagrams.rs` UDP, and in `unix.rs` those of Unix.
//!
//! A table of sockets in which each place counts its generations. Every operation tries first; on
//! `EAGAIN` the socket is registered with the poller, once, and the interrupt is owed. A socket
//! that never has to wait is never registered.
//!
//! # Discussion: when is a socket drained?
//!
//! On Linux a short read means that the receive queue was empty, so the next arrival is a new
//! event and the read that would only say `EAGAIN` can be saved. Three things break that: the end
//! of the stream, an error, and urgent data, before which a read stops short. Each of them is told
//! by the poller: before the short read, and then the socket is marked unsettled; or after it, and
//! that is the new event. `EAGAIN` settles it again.

mod datagrams;
mod unix;

use super::helpers::{Errand, Helpers};
use super::limits::{ABORTED_MAX, RECEIVE_MAX, SPARE_MAX};
use super::poller::{Direction, Event, Key, Owing, Registrar, Registration};
use crate::hardware::errno::errno;
use crate::hardware::{Device, Interrupt, Received};
use polling::Poller;
use rustix::event::{PollFd, PollFlags, Timespec};
use rustix::io::{Errno as HostErrno, retry_on_intr};
use rustix::net::{RecvFlags, SendFlags};
use socket2::{Domain, Protocol, Socket, TcpKeepalive, Type};
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use yieldix_syscalls::{Buf, Errno, Shutdown, SocketOption};

/// The first place that is not the console's.
const FIRST: usize = 3;

/// A peer that has gone is an errno, never a signal. Where sending has no flag for that, `socket2`
/// sets it on the socket.
#[cfg(not(target_vendor = "apple"))]
const SEND_FLAGS: SendFlags = SendFlags::NOSIGNAL;
#[cfg(target_vendor = "apple")]
const SEND_FLAGS: SendFlags = SendFlags::empty();

/// How far a connection has come.
#[derive(Clone, Copy, Debug)]
enum Stage {
    /// A listener.
    Listening,
    /// A Unix socket that a helper is at.
    Opening { listens: bool },
    /// A connect is on its way.
    Connecting,
    /// There is, or was, a peer.
    Connected,
    /// It has no peer: each datagram has one of its own.
    Datagram,
    /// The connect failed. The host tells that once; it is kept for who asks again.
    Failed(Errno),
}

#[derive(Debug)]
struct Open {
    socket: Socket,
    stage: Stage,
    registration: Registration,
    /// What a helper does to open it.
    opening: Option<Errand<Result<(), Errno>>>,
    /// See the first discussion above.
    is_unsettled: bool,
    /// See [`SocketOption::Linger`], and the second discussion.
    linger_seconds: Option<u32>,
}

#[derive(Debug, Default)]
struct Place {
    generation: u32,
    open: Option<Open>,
}

/// Which socket a device is.
#[derive(Debug, Default)]
struct Table {
    places: Vec<Place>,
    /// Places that were closed; the last one is used first.
    free: Vec<u32>,
}

impl Table {
    fn insert(&mut self, socket: Socket, stage: Stage) -> Result<Device, Errno> {
        let index = match self.free.pop() {
            Some(index) => index,
            None => {
                let index = self.places.len() + FIRST;
                if index > Key::INDEX_MAX {
                    return Err(Errno::ENFILE);
                }
                self.places.push(Place::default());
                // It fits: the host has not as many descriptors.
                index as u32
            }
        };
        let place = &mut self.places[index as usize - FIRST];
        let registration = Registration::default();
        place.open =
            Some(Open { socket, stage, registration, opening: None, is_unsettled: false, linger_seconds: None });
        Ok(Device { index, generation: place.generation })
    }

    fn get(&mut self, device: Device) -> Result<&mut Open, Errno> {
        let index = (device.index as usize).checked_sub(FIRST).ok_or(Errno::ENOTSOCK)?;
        match self.places.get_mut(index) {
            Some(Place { generation, open: Some(open) }) if *generation == device.generation => Ok(open),
            _ => Err(Errno::EBADF),
        }
    }

    /// The socket that an event is for, unless it was closed.
    fn told(&mut self, key: Key) -> Option<(Device, &mut Open)> {
        let place = self.places.get_mut(key.index().checked_sub(FIRST)?)?;
        let device = Device { index: key.index() as u32, generation: place.generation };
        match &mut place.open {
            Some(open) if Key::of(device) == key => Some((device, open)),
            _ => None,
        }
    }

    fn remove(&mut self, device: Device) -> Option<Open> {
        self.get(device).ok()?;
        let place = &mut self.places[device.index as usize - FIRST];
        place.generation = place.generation.wrapping_add(1);
        self.free.push(device.index);
        place.open.take()
    }
}

/// Every socket of the machine.
#[derive(Debug)]
pub struct Sockets {
    table: Table,
    registrar: Registrar,
    /// They open what goes by a path.
    openers: Helpers,
    open_count: u32,
    registration_count: u32,
    /// Where the host puts what is read, before it is copied to its exact length.
    scratch: Box<[u8]>,
    /// What short messages have come and gone in.
    spare: Vec<Buf>,
}

impl Sockets {
    /// None yet; the helpers open what goes by a path.
    pub fn new(poller: Arc<Poller>, openers: Helpers) -> Sockets {
        Sockets {
            table: Table::default(),
            registrar: Registrar::new(poller),
            openers,
            open_count: 0,
            registration_count: 0,
            scratch: vec![0; RECEIVE_MAX].into_boxed_slice(),
            spare: Vec::new(),
        }
    }

    pub fn open_count(&self) -> u32 {
        self.open_count
    }

    pub fn registration_count(&self) -> u32 {
        self.registration_count
    }

    /// The interrupt of an event; none when its socket was closed.
    pub fn told(&mut self, event: Event) -> Option<Interrupt> {
        let (device, open) = self.table.told(event.key)?;
        open.is_unsettled |= event.is_unsettled;
        open.registration.fired();
        Some(Interrupt::Ready { device, readable: event.readable, writable: event.writable })
    }

    pub fn listen(&mut self, address: SocketAddr, backlog: u32) -> Result<Device, Errno> {
        let listen = || {
            let socket = socket_for(address, Type::STREAM, Protocol::TCP)?;
            // A restarted server takes its port back from connections that are still closing. Never
            // REUSEPORT: two servers on one port would share its connections by chance.
            socket.set_reuse_address(true)?;
            if address.is_ipv6() && address.ip().is_unspecified() {
                // Hosts differ in what an IPv6 wildcard takes; here it takes IPv4 too.
                socket.set_only_v6(false)?;
            }
            socket.bind(&address.into())?;
            socket.listen(i32::try_from(backlog).unwrap_or(i32::MAX))?;
            Ok::<_, io::Error>(socket)
        };
        let socket = listen().map_err(errno)?;
        self.insert(socket, Stage::Listening)
    }

    pub fn try_accept(&mut self, listener: Device) -> Result<(Device, SocketAddr), Errno> {
        for _ in 0..ABORTED_MAX {
            let Open { socket, linger_seconds, .. } = self.table.get(listener)?;
            let linger_seconds = *linger_seconds;
            match accept(socket) {
                Ok((socket, Some(peer))) => {
                    let device = self.insert(socket, Stage::Connected)?;
                    // As the host hands on a listener's other options.
                    self.table.get(device)?.linger_seconds = linger_seconds;
                    return Ok((device, peer));
                }
                // One without an address was aborted before it could be told.
                Ok((_, None)) => {}
                Err(HostErrno::AGAIN) => return Err(self.owe(listener, Direction::Read)),
                Err(error) if is_of_the_connection(error) => {}
                // The connection stays in the listener's queue: trying again is all it takes.
                Err(error) => return Err(errno(error)),
            }
        }
        Err(Errno::ECONNABORTED)
    }

    pub fn connect(&mut self, address: SocketAddr) -> Result<Device, Errno> {
        let socket = socket_for(address, Type::STREAM, Protocol::TCP).map_err(errno)?;
        let stage = match socket.connect(&address.into()) {
            Ok(()) => Stage::Connected,
            Err(error) => match errno(error) {
                Errno::EINPROGRESS | Errno::EINTR => Stage::Connecting,
                failed => return Err(failed),
            },
        };
        self.insert(socket, stage)
    }

    pub fn connected(&mut self, device: Device) -> Result<(), Errno> {
        let open = self.table.get(device)?;
        match open.stage {
            Stage::Connected => return Ok(()),
            Stage::Failed(errno) => return Err(errno),
            Stage::Listening | Stage::Datagram => return Err(Errno::EINVAL),
            Stage::Opening { listens } => return open.opened(listens),
            Stage::Connecting => {}
        }
        // A pending error says that it failed, a peer's address that it did not, neither that it
        // is not decided. In this order: a connection that was made and reset has both.
        let failed = match open.socket.take_error() {
            Ok(Some(error)) | Err(error) => errno(error),
            Ok(None) => match open.socket.peer_addr() {
                Ok(_) => {
                    open.stage = Stage::Connected;
                    return Ok(());
                }
                Err(error) if error.kind() == io::ErrorKind::NotConnected => {
                    return Err(self.owe(device, Direction::Write));
                }
                Err(error) => errno(error),
            },
        };
        open.stage = Stage::Failed(failed);
        Err(failed)
    }

    pub fn try_read(&mut self, device: Device, max: usize) -> Result<Received, Errno> {
        let open = self.table.get(device)?;
        let asked = max.min(self.scratch.len());
        let room = &mut self.scratch[..asked];
        match retry_on_intr(|| rustix::net::recv(&open.socket, &mut *room, RecvFlags::empty())) {
            Ok((count, _)) => {
                let is_short = 0 < count && count < asked;
                let drained = is_short && !open.is_unsettled && open.registration.tells_all();
                let mut data = if count <= Buf::SHORT_MAX { self.spare.pop().unwrap_or_default() } else { Buf::EMPTY };
                data.refill(&self.scratch[..count]);
                Ok(Received { data, drained })
            }
            Err(HostErrno::AGAIN) => {
                open.is_unsettled = false;
                Err(self.owe(device, Direction::Read))
            }
            Err(error) => Err(errno(error)),
        }
    }

    /// Keeps a buffer for a read to come, if it is of use.
    pub fn reuse(&mut self, data: Buf) {
        if data.is_short() && self.spare.len() < SPARE_MAX {
            self.spare.push(data);
        }
    }

    pub fn try_write(&mut self, device: Device, data: &[u8]) -> Result<usize, Errno> {
        let open = self.table.get(device)?;
        if data.is_empty() {
            return Ok(0);
        }
        let outcome = retry_on_intr(|| rustix::net::send(&open.socket, data, SEND_FLAGS));
        self.written(device, data.len(), outcome)
    }

    /// Would a try answer now, in this direction? Owes an interrupt when not.
    pub fn would_answer(&mut self, device: Device, direction: Direction) -> Result<bool, Errno> {
        let open = self.table.get(device)?;
        let flags = match direction {
            Direction::Read => PollFlags::IN,
            Direction::Write => PollFlags::OUT,
        };
        let mut asked = [PollFd::new(&open.socket, flags)];
        let count = retry_on_intr(|| rustix::event::poll(&mut asked, Some(&Timespec::default()))).map_err(errno)?;
        if count == 0 {
            self.arm(device, direction)?;
        }
        Ok(count > 0)
    }

    pub fn shutdown(&mut self, device: Device, how: Shutdown) -> Result<(), Errno> {
        let how = match how {
            Shutdown::Read => std::net::Shutdown::Read,
            Shutdown::Write => std::net::Shutdown::Write,
            Shutdown::Both => std::net::Shutdown::Both,
        };
        self.table.get(device)?.socket.shutdown(how).map_err(errno)
    }

    pub fn local_addr(&mut self, device: Device) -> Result<SocketAddr, Errno> {
        let address = self.table.get(device)?.socket.local_addr().map_err(errno)?;
        address.as_socket().ok_or(Errno::EAFNOSUPPORT)
    }

    pub fn peer_addr(&mut self, device: Device) -> Result<SocketAddr, Errno> {
        let address = self.table.get(device)?.socket.peer_addr().map_err(errno)?;
        address.as_socket().ok_or(Errno::EAFNOSUPPORT)
    }

    pub fn set_option(&mut self, device: Device, option: SocketOption) -> Result<(), Errno> {
        let Open { socket, linger_seconds, .. } = self.table.get(device)?;
        let seconds = |count: u32| Duration::from_secs(count.into());
        match option {
            SocketOption::NoDelay(is_on) => socket.set_tcp_nodelay(is_on),
            SocketOption::KeepAlive { idle_seconds: 0 } => socket.set_keepalive(false),
            SocketOption::KeepAlive { idle_seconds } => {
                socket.set_tcp_keepalive(&TcpKeepalive::new().with_time(seconds(idle_seconds)))
            }
            SocketOption::Linger(span) => {
                *linger_seconds = span;
                socket.set_linger((span == Some(0)).then_some(Duration::ZERO))
            }
        }
        .map_err(errno)
    }

    /// Closes a socket. One that is closed already stays so.
    pub fn close(&mut self, device: Device) {
        if let Some(mut open) = self.table.remove(device) {
            self.open_count -= 1;
            self.registration_count -= u32::from(open.registration.is_added());
            self.registrar.remove(&mut open.registration, &open.socket);
            if let Some(seconds @ 1..) = open.linger_seconds {
                bound_what_is_unsent(&open.socket, Duration::from_secs(seconds.into()));
            }
        }
    }

    fn insert(&mut self, socket: Socket, stage: Stage) -> Result<Device, Errno> {
        let device = self.table.insert(socket, stage)?;
        self.open_count += 1;
        Ok(device)
    }
}

impl Owing for Sockets {
    fn arm(&mut self, device: Device, direction: Direction) -> Result<(), Errno> {
        let open = self.table.get(device)?;
        let is_new =
            self.registrar.arm(&mut open.registration, &open.socket, Key::of(device), direction).map_err(errno)?;
        self.registration_count += u32::from(is_new);
        Ok(())
    }
}

impl Drop for Sockets {
    fn drop(&mut self) {
        for open in self.table.places.iter_mut().filter_map(|place| place.open.as_mut()) {
            self.registrar.remove(&mut open.registration, &open.socket);
        }
    }
}

/// A socket of the address's family that does not block.
fn socket_for(address: SocketAddr, kind: Type, protocol: Protocol) -> io::Result<Socket> {
    let socket = Socket::new(Domain::for_address(address), kind, Some(protocol))?;
    socket.set_nonblocking(true)?;
    Ok(socket)
}

/// Has the host reset the connection, closed or not, when nothing of what was sent has got through
/// for `span`.
fn bound_what_is_unsent(socket: &Socket, span: Duration) {
    #[cfg(any(target_os = "android", target_os = "fuchsia", target_os = "linux"))]
    // It fails for what is no connection: then nothing is unsent.
    let _ = socket.set_tcp_user_timeout(Some(span.min(super::USER_TIMEOUT_MAX)));
    #[cfg(not(any(target_os = "android", target_os = "fuchsia", target_os = "linux")))]
    let _ = (socket, span);
}

/// Takes a connection that does not block and that no child process inherits.
#[cfg(not(target_vendor = "apple"))]
fn accept(listener: &Socket) -> Result<(Socket, Option<SocketAddr>), HostErrno> {
    use rustix::net::{SocketFlags, acceptfrom_with};
    let (socket, peer) = acceptfrom_with(listener, SocketFlags::NONBLOCK | SocketFlags::CLOEXEC)?;
    Ok((socket.into(), peer.and_then(|peer| peer.try_into().ok())))
}

/// Takes a connection that does not block and that no child process inherits.
#[cfg(target_vendor = "apple")]
fn accept(listener: &Socket) -> Result<(Socket, Option<SocketAddr>), HostErrno> {
    let accept = || {
        let (socket, peer) = listener.accept()?;
        socket.set_nonblocking(true)?;
        Ok((socket, peer.as_socket()))
    };
    accept().map_err(|error: io::Error| HostErrno::from_io_error(&error).unwrap_or(HostErrno::IO))
}

/// Errors of accept that tell of the one connection, not of the listener or of this process.
fn is_of_the_connection(error: HostErrno) -> bool {
    matches!(
        error,
        HostErrno::INTR
            | HostErrno::CONNABORTED
            | HostErrno::PROTO
            | HostErrno::NETDOWN
            | HostErrno::NETUNREACH
            | HostErrno::HOSTDOWN
            | HostErrno::HOSTUNREACH
    )
}
