//! A network in memory, on a machine that is alone: its own addresses are all there are.
//!
//! Sockets sit in a table, by the index of their device; the generation of a place grows with each
//! use, and a device of an earlier one is `EBADF`. A listener knows the connections that wait to
//! be accepted; a connection lives until nobody holds either end of it. A listener on a wildcard
//! hears what is sent to any address of its family, and one on `[::]` both families.
//!
//! What a socket owes: a direction that was answered `EAGAIN`, or drained, or "not now", is *owed*
//! an interrupt. Whatever may change an answer touches the device; [`Network::settle`] then finds
//! out whether the debt can be paid. So no interrupt is forgotten, and none comes without need.

mod datagrams;

pub use datagrams::Letter;

use super::agenda::{Agenda, Event};
use super::connection::{Connection, ConnectionId, Holder, Packet, Side};
use super::faults::Misfortune;
use super::limits::{
    BACKLOG_MAX, EPHEMERAL_COUNT, EPHEMERAL_FIRST, KEEP_ALIVE_SECONDS_MAX, SOCKETS_MAX, SYN_RETRIES, SYN_RETRY,
};
use crate::hardware::{Device, Interrupt};
use datagrams::Post;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use yieldix_syscalls::{Errno, Shutdown, SocketOption};

/// The console's three have the first places of the device table.
const FIRST_INDEX: u32 = 3;

/// What has been set on a socket.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SocketOptions {
    /// See [`SocketOption::NoDelay`].
    pub no_delay: bool,
    /// See [`SocketOption::KeepAlive`]; 0 is off.
    pub keep_alive_seconds: u32,
    /// See [`SocketOption::Linger`]. Only `Some(0)` changes anything here: no close ever waits.
    pub linger_seconds: Option<u32>,
}

/// Directions in which an interrupt is owed.
#[derive(Clone, Copy, Debug, Default)]
pub struct Owed {
    /// To read, or to accept.
    pub readable: bool,
    /// To write, or to learn how a connect ended.
    pub writable: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Direction {
    Read,
    Write,
}

#[derive(Debug)]
struct Listener {
    address: SocketAddr,
    backlog: usize,
    queue: VecDeque<ConnectionId>,
    /// Shut down: it keeps its device and its address's name, nothing else.
    is_stopped: bool,
}

#[derive(Debug)]
enum Kind {
    Listener(Listener),
    Stream { connection: ConnectionId, side: Side },
    Post(Post),
}

#[derive(Debug)]
struct Socket {
    kind: Kind,
    options: SocketOptions,
    owed: Owed,
    /// Has it ever owed? A host registers a socket with its poller then.
    is_registered: bool,
}

#[derive(Debug)]
struct Place {
    generation: u32,
    socket: Option<Socket>,
}

/// Who has which port of which address.
type Names = BTreeMap<(u16, IpAddr), Device>;

/// All sockets, and what is between them.
#[derive(Debug)]
pub struct Network {
    places: Vec<Place>,
    free: Vec<u32>,
    connections: BTreeMap<ConnectionId, Connection>,
    connections_made: ConnectionId,
    listeners: Names,
    /// Sockets for datagrams.
    posts: Names,
    /// The ports of clients, each with the address that it connected to.
    client_ports: BTreeSet<(u16, SocketAddr)>,
    ephemeral_next: u16,
    sockets: u32,
    registrations: u32,
}

impl Network {
    /// No sockets.
    pub fn new() -> Network {
        Network {
            places: Vec::new(),
            free: Vec::new(),
            connections: BTreeMap::new(),
            connections_made: 0,
            listeners: BTreeMap::new(),
            posts: BTreeMap::new(),
            client_ports: BTreeSet::new(),
            ephemeral_next: EPHEMERAL_FIRST,
            sockets: 0,
            registrations: 0,
        }
    }

    /// Open sockets.
    pub fn sockets(&self) -> u32 {
        self.sockets
    }

    /// Open sockets that have ever owed an interrupt.
    pub fn registrations(&self) -> u32 {
        self.registrations
    }

    /// The `nth` open socket.
    pub fn nth(&self, nth: usize) -> Option<Device> {
        let open = self.places.iter().zip(FIRST_INDEX..).filter(|(place, _)| place.socket.is_some());
        open.map(|(place, index)| Device { index, generation: place.generation }).nth(nth)
    }

    /// Is there no connection, and no port in use by a client?
    #[cfg(test)]
    pub fn is_quiet(&self) -> bool {
        self.connections.is_empty() && self.client_ports.is_empty()
    }

    /// What has been set on a socket.
    pub fn options(&self, device: Device) -> Result<SocketOptions, Errno> {
        Ok(self.socket(device)?.options)
    }

    /// Reads from a connection; none is the end. Also tells whether nothing is left for now.
    pub fn read(
        &mut self,
        device: Device,
        max: usize,
        luck: &mut Misfortune,
        agenda: &mut Agenda,
    ) -> Result<(Vec<u8>, bool), Errno> {
        let Some((connection, side)) = self.stream(device)? else {
            if let Kind::Post(_) = self.socket(device)?.kind {
                return Err(Errno::EOPNOTSUPP);
            }
            let is_stopped = matches!(&self.socket(device)?.kind, Kind::Listener(listener) if listener.is_stopped);
            return if is_stopped { Ok((Vec::new(), false)) } else { Err(Errno::ENOTCONN) };
        };
        let answer = connection.read(side, max, luck, agenda);
        let is_drained = !connection.end(side).would_read();
        // After `EAGAIN` and after the last bytes; a failure leaves an end that can be read.
        if is_drained {
            self.owe(device, Direction::Read, agenda)?;
        }
        Ok((answer?, is_drained))
    }

    /// Writes to a connection.
    pub fn write(
        &mut self,
        device: Device,
        data: &[u8],
        luck: &mut Misfortune,
        agenda: &mut Agenda,
    ) -> Result<usize, Errno> {
        let Some((connection, side)) = self.stream(device)? else { return Err(Errno::EPIPE) };
        let answer = connection.write(side, data, luck, agenda);
        if answer == Err(Errno::EAGAIN) || answer.is_ok_and(|count| count < data.len()) {
            self.owe(device, Direction::Write, agenda)?;
        }
        answer
    }

    /// Would a read or an accept answer?
    pub fn is_readable(&mut self, device: Device, agenda: &mut Agenda) -> Result<bool, Errno> {
        let (is_readable, _) = self.would(device)?;
        if !is_readable {
            self.owe(device, Direction::Read, agenda)?;
        }
        Ok(is_readable)
    }

    /// Would a write, or `connected`, answer?
    pub fn is_writable(&mut self, device: Device, agenda: &mut Agenda) -> Result<bool, Errno> {
        let (_, is_writable) = self.would(device)?;
        if !is_writable {
            self.owe(device, Direction::Write, agenda)?;
        }
        Ok(is_writable)
    }

    /// A listener, on a free port when none is given.
    pub fn listen(&mut self, mut address: SocketAddr, backlog: u32) -> Result<Device, Errno> {
        let ip = address.ip().to_canonical();
        if !is_local(ip) {
            return Err(Errno::EADDRNOTAVAIL);
        }
        if address.port() == 0 {
            let ports = &self.client_ports;
            let is_free = |port| {
                let mut clients = ports.range((port, FIRST_ADDRESS)..).take_while(|(used, _)| *used == port);
                clients.next().is_none() && self.listeners_of(port).next().is_none()
            };
            let port = ephemeral(self.ephemeral_next).find(|port| is_free(*port)).ok_or(Errno::EADDRINUSE)?;
            self.ephemeral_next = after(port);
            address.set_port(port);
        }
        if self.listeners_of(address.port()).any(|other| covers(other, ip) || covers(ip, other)) {
            return Err(Errno::EADDRINUSE);
        }
        let backlog = backlog.min(BACKLOG_MAX) as usize;
        let listener = Listener { address, backlog, queue: VecDeque::new(), is_stopped: false };
        let device = self.open(Kind::Listener(listener), SocketOptions::default())?;
        self.listeners.insert((address.port(), ip), device);
        Ok(device)
    }

    /// The connection that has waited longest.
    pub fn accept(&mut self, device: Device, agenda: &mut Agenda) -> Result<(Device, SocketAddr), Errno> {
        let has_room = self.sockets < SOCKETS_MAX;
        let socket = self.socket_mut(device)?;
        let options = socket.options;
        let Kind::Listener(listener) = &mut socket.kind else { return Err(Errno::EINVAL) };
        if listener.is_stopped {
            return Err(Errno::EINVAL);
        }
        if listener.queue.is_empty() {
            self.owe(device, Direction::Read, agenda)?;
            return Err(Errno::EAGAIN);
        }
        if !has_room {
            return Err(Errno::EMFILE);
        }
        let id = listener.queue.pop_front().expect("the queue was looked at");
        let side = Side::Server;
        let accepted = self.open(Kind::Stream { connection: id, side }, options)?;
        let connection = self.connections.get_mut(&id).expect("a queue names only connections that are");
        let end = connection.end_mut(side);
        end.holder = Holder::Device(accepted);
        Ok((accepted, end.peer))
    }

    /// Knocks at an address; a wildcard stands for the loopback, as on Linux.
    pub fn connect(&mut self, address: SocketAddr, agenda: &mut Agenda) -> Result<Device, Errno> {
        let ip = address.ip().to_canonical();
        if !is_local(ip) {
            return Err(Errno::ENETUNREACH);
        }
        if self.sockets == SOCKETS_MAX {
            return Err(Errno::EMFILE);
        }
        let own = if ip.is_ipv4() { IpAddr::V4(Ipv4Addr::LOCALHOST) } else { IpAddr::V6(Ipv6Addr::LOCALHOST) };
        let peer = SocketAddr::new(if ip.is_unspecified() { own } else { ip }, address.port());
        let is_free = |port| !self.client_ports.contains(&(port, peer)) && self.listeners_of(port).next().is_none();
        let port = ephemeral(self.ephemeral_next).find(|port| is_free(*port)).ok_or(Errno::EADDRNOTAVAIL)?;
        self.ephemeral_next = after(port);
        self.client_ports.insert((port, peer));

        let id = self.connections_made;
        self.connections_made += 1;
        let mut connection = Connection::new(id, SocketAddr::new(own, port), peer, agenda);
        let device = self.open(Kind::Stream { connection: id, side: Side::Client }, SocketOptions::default())?;
        connection.end_mut(Side::Client).holder = Holder::Device(device);
        self.connections.insert(id, connection);
        Ok(device)
    }

    /// How a connect ended.
    pub fn connected(&mut self, device: Device, agenda: &mut Agenda) -> Result<(), Errno> {
        let Some((connection, side)) = self.stream(device)? else { return Err(Errno::ENOTCONN) };
        let end = connection.end_mut(side);
        if end.is_connecting() {
            self.owe(device, Direction::Write, agenda)?;
            return Err(Errno::EAGAIN);
        }
        match end.take_error() {
            Some(error) => Err(error),
            None if end.is_ended() => Err(Errno::ENOTCONN),
            None => Ok(()),
        }
    }

    /// Closes halves. A listener that is shut for reading stops to listen, as on Linux.
    pub fn shutdown(&mut self, device: Device, how: Shutdown, agenda: &mut Agenda) -> Result<(), Errno> {
        if let Some((connection, side)) = self.stream(device)? {
            return connection.shutdown(side, how, agenda);
        }
        if matches!(&self.socket(device)?.kind, Kind::Listener(listener) if listener.is_stopped) {
            return Err(Errno::ENOTCONN);
        }
        if let Kind::Post(_) = self.socket(device)?.kind {
            return Err(Errno::ENOTCONN);
        }
        if how != Shutdown::Write {
            self.stop_listening(device, agenda)?;
            agenda.touch(device);
        }
        Ok(())
    }

    /// The socket's own address.
    pub fn local_addr(&mut self, device: Device) -> Result<SocketAddr, Errno> {
        if let Some((connection, side)) = self.stream(device)? {
            return Ok(connection.end(side).local);
        }
        match &self.socket(device)?.kind {
            Kind::Listener(listener) => Ok(listener.address),
            Kind::Post(post) => Ok(post.address()),
            Kind::Stream { .. } => Err(Errno::EBADF),
        }
    }

    /// The peer's address, while there is a peer.
    pub fn peer_addr(&mut self, device: Device) -> Result<SocketAddr, Errno> {
        match self.stream(device)? {
            Some((connection, side)) if !connection.end(side).is_unconnected() => Ok(connection.end(side).peer),
            _ => Err(Errno::ENOTCONN),
        }
    }

    /// Sets a property. A listener's are inherited by what it accepts.
    pub fn set_option(&mut self, device: Device, option: SocketOption) -> Result<(), Errno> {
        let options = &mut self.socket_mut(device)?.options;
        match option {
            SocketOption::NoDelay(is_on) => options.no_delay = is_on,
            SocketOption::KeepAlive { idle_seconds } if idle_seconds > KEEP_ALIVE_SECONDS_MAX => {
                return Err(Errno::EINVAL);
            }
            SocketOption::KeepAlive { idle_seconds } => options.keep_alive_seconds = idle_seconds,
            SocketOption::Linger(seconds) => options.linger_seconds = seconds,
        }
        Ok(())
    }

    /// Closes a socket; a stale device is nobody's loss.
    pub fn close(&mut self, device: Device, agenda: &mut Agenda) {
        if self.socket(device).is_err() || self.stop_listening(device, agenda).is_err() {
            return;
        }
        self.close_post(device);
        let place = &mut self.places[(device.index - FIRST_INDEX) as usize];
        let Some(socket) = place.socket.take() else { return };
        // A place whose generations are used up is not used again.
        if let Some(next) = place.generation.checked_add(1) {
            place.generation = next;
            self.free.push(device.index);
        }
        self.sockets -= 1;
        self.registrations -= u32::from(socket.is_registered);
        if let Kind::Stream { connection: id, side } = socket.kind
            && let Some(connection) = self.connections.get_mut(&id)
        {
            connection.close(side, socket.options.linger_seconds == Some(0), agenda);
            self.forget_if_abandoned(id);
        }
    }

    /// Loses the connection of this device, as if its peer had reset it between two calls.
    pub fn lose(&mut self, device: Device, agenda: &mut Agenda) -> Result<(), Errno> {
        let (connection, side) = self.stream(device)?.ok_or(Errno::ENOTCONN)?;
        connection.abort(side, agenda);
        Ok(())
    }

    /// A packet reaches its end.
    pub fn arrive(&mut self, id: ConnectionId, to: Side, packet: Packet, agenda: &mut Agenda) {
        // Both ends may be gone by now: then nobody is there to care.
        let Some(connection) = self.connections.get_mut(&id) else { return };
        if let Packet::Syn { attempt } = packet {
            return self.knock(id, attempt, agenda);
        }
        connection.arrive(to, packet, agenda);
        let end = connection.end_mut(to);
        // Aborted before it was accepted: it is passed over.
        if let Holder::Queue(listener) = end.holder
            && end.is_ended()
        {
            end.holder = Holder::Nobody;
            if let Ok(Socket { kind: Kind::Listener(listener), .. }) = self.socket_mut(listener) {
                listener.queue.retain(|queued| *queued != id);
            }
            self.forget_if_abandoned(id);
        }
    }

    /// The interrupt that this device is owed and can have now, if any; the debt is paid by it.
    pub fn settle(&mut self, device: Device) -> Option<Interrupt> {
        let (is_readable, is_writable) = self.would(device).ok()?;
        let owed = &mut self.socket_mut(device).ok()?.owed;
        let (readable, writable) = (owed.readable && is_readable, owed.writable && is_writable);
        owed.readable &= !readable;
        owed.writable &= !writable;
        (readable || writable).then_some(Interrupt::Ready { device, readable, writable })
    }

    /// A client asks for a connection. A listener whose queue is full does not answer, and the
    /// client asks again, as Linux has it.
    fn knock(&mut self, id: ConnectionId, attempt: u32, agenda: &mut Agenda) {
        let Some(connection) = self.connections.get_mut(&id) else { return };
        let client = connection.end_mut(Side::Client);
        if !client.is_connecting() {
            return;
        }
        if attempt > SYN_RETRIES {
            client.end(Errno::ETIMEDOUT);
            if let Holder::Device(device) = client.holder {
                agenda.touch(device);
            }
            return;
        }
        let (mut server, mut peer) = (client.peer, client.local);
        let Some(device) = heard_by(&self.listeners, server) else { return connection.refuse(agenda) };
        let place = &mut self.places[(device.index - FIRST_INDEX) as usize];
        let Some(Socket { kind: Kind::Listener(listener), .. }) = &mut place.socket else {
            unreachable!("the table of listeners names only listeners")
        };
        // One more than the backlog, as on Linux.
        if listener.queue.len() > listener.backlog {
            let packet = Packet::Syn { attempt: attempt + 1 };
            let event = Event::Arrival { connection: id, to: Side::Server, packet };
            return agenda.plan(agenda.now() + SYN_RETRY * (1 << attempt), event);
        }
        if listener.address.is_ipv6() {
            (server, peer) = (as_v6(server), as_v6(peer));
        }
        listener.queue.push_back(id);
        connection.establish(server, peer, device, agenda);
        agenda.touch(device);
    }

    /// Takes a listener out of the world and turns those away who wait. No listener: nothing.
    fn stop_listening(&mut self, device: Device, agenda: &mut Agenda) -> Result<(), Errno> {
        let Kind::Listener(listener) = &mut self.socket_mut(device)?.kind else { return Ok(()) };
        if std::mem::replace(&mut listener.is_stopped, true) {
            return Ok(());
        }
        let queue = std::mem::take(&mut listener.queue);
        let name = (listener.address.port(), listener.address.ip().to_canonical());
        self.listeners.remove(&name);
        for id in queue {
            if let Some(connection) = self.connections.get_mut(&id) {
                connection.turn_away(Side::Server, agenda);
                self.forget_if_abandoned(id);
            }
        }
        Ok(())
    }

    fn forget_if_abandoned(&mut self, id: ConnectionId) {
        if let Some(connection) = self.connections.get(&id)
            && connection.is_abandoned()
        {
            let client = connection.end(Side::Client);
            self.client_ports.remove(&(client.local.port(), client.peer));
            self.connections.remove(&id);
        }
    }

    /// The addresses that somebody listens on at `port`.
    fn listeners_of(&self, port: u16) -> impl Iterator<Item = IpAddr> {
        addresses_at(&self.listeners, port)
    }

    fn open(&mut self, kind: Kind, options: SocketOptions) -> Result<Device, Errno> {
        if self.sockets == SOCKETS_MAX {
            return Err(Errno::EMFILE);
        }
        let index = match self.free.pop() {
            Some(index) => index,
            None => {
                let index = u32::try_from(self.places.len()).ok().and_then(|count| count.checked_add(FIRST_INDEX));
                self.places.push(Place { generation: 0, socket: None });
                index.ok_or(Errno::ENFILE)?
            }
        };
        let place = &mut self.places[(index - FIRST_INDEX) as usize];
        place.socket = Some(Socket { kind, options, owed: Owed::default(), is_registered: false });
        self.sockets += 1;
        Ok(Device { index, generation: place.generation })
    }

    fn socket(&self, device: Device) -> Result<&Socket, Errno> {
        let place = device.index.checked_sub(FIRST_INDEX).and_then(|index| self.places.get(index as usize));
        let place = place.filter(|place| place.generation == device.generation);
        place.and_then(|place| place.socket.as_ref()).ok_or(Errno::EBADF)
    }

    fn socket_mut(&mut self, device: Device) -> Result<&mut Socket, Errno> {
        let place = device.index.checked_sub(FIRST_INDEX).and_then(|index| self.places.get_mut(index as usize));
        let place = place.filter(|place| place.generation == device.generation);
        place.and_then(|place| place.socket.as_mut()).ok_or(Errno::EBADF)
    }

    /// The connection of a device and which end it is, unless it is a listener.
    fn stream(&mut self, device: Device) -> Result<Option<(&mut Connection, Side)>, Errno> {
        let Kind::Stream { connection, side } = self.socket(device)?.kind else { return Ok(None) };
        let connection = self.connections.get_mut(&connection).expect("a device holds its connection");
        Ok(Some((connection, side)))
    }

    /// Would a read, would a write do better than `EAGAIN`?
    fn would(&mut self, device: Device) -> Result<(bool, bool), Errno> {
        if let Some((connection, side)) = self.stream(device)? {
            let end = connection.end(side);
            return Ok((end.would_read(), end.would_write()));
        }
        match &self.socket(device)?.kind {
            Kind::Listener(listener) => Ok((!listener.queue.is_empty() || listener.is_stopped, true)),
            Kind::Post(post) => Ok((post.would_receive(), post.would_send())),
            Kind::Stream { .. } => Err(Errno::EBADF),
        }
    }

    fn owe(&mut self, device: Device, direction: Direction, agenda: &mut Agenda) -> Result<(), Errno> {
        let socket = self.socket_mut(device)?;
        match direction {
            Direction::Read => socket.owed.readable = true,
            Direction::Write => socket.owed.writable = true,
        }
        if !std::mem::replace(&mut socket.is_registered, true) {
            self.registrations += 1;
        }
        // A short write may have left room: then the debt is due at once.
        agenda.touch(device);
        Ok(())
    }
}

const FIRST_ADDRESS: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::UNSPECIFIED), 0);

/// The addresses that somebody has at `port`.
fn addresses_at(names: &Names, port: u16) -> impl Iterator<Item = IpAddr> {
    let from = (port, IpAddr::V4(Ipv4Addr::UNSPECIFIED));
    names.range(from..).take_while(move |((used, _), _)| *used == port).map(|((_, ip), _)| *ip)
}

/// Who hears what is sent to an address: the one of that name, or of a wildcard.
fn heard_by(names: &Names, address: SocketAddr) -> Option<Device> {
    let wildcard = if address.is_ipv4() { Ipv4Addr::UNSPECIFIED.into() } else { Ipv6Addr::UNSPECIFIED.into() };
    let heard = [address.ip(), wildcard, Ipv6Addr::UNSPECIFIED.into()];
    heard.iter().find_map(|ip| names.get(&(address.port(), *ip)).copied())
}

/// Is this one of the machine's own addresses, or a wildcard?
fn is_local(ip: IpAddr) -> bool {
    ip.is_loopback() || ip.is_unspecified()
}

/// Would one who listens on `name` hear what is sent to `ip`?
fn covers(name: IpAddr, ip: IpAddr) -> bool {
    name == ip || (name.is_unspecified() && (name.is_ipv6() || ip.is_ipv4()))
}

/// An address as an IPv6 socket shows it.
fn as_v6(address: SocketAddr) -> SocketAddr {
    match address.ip() {
        IpAddr::V4(ip) => SocketAddr::new(ip.to_ipv6_mapped().into(), address.port()),
        IpAddr::V6(_) => address,
    }
}

/// Every ephemeral port once, beginning with `first`.
fn ephemeral(first: u16) -> impl Iterator<Item = u16> {
    (0..EPHEMERAL_COUNT).map(move |step| EPHEMERAL_FIRST + (first - EPHEMERAL_FIRST + step) % EPHEMERAL_COUNT)
}

fn after(port: u16) -> u16 {
    EPHEMERAL_FIRST + (port - EPHEMERAL_FIRST + 1) % EPHEMERAL_COUNT
}
