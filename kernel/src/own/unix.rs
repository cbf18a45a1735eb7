//! Unix sockets that are private to the machine: streams between two, and datagrams.
//!
//! A stream is two pipes, one in each direction. A connection waits at its listener until it is accepted: in
//! the queue, or, while that is full, before it. A post keeps the datagrams that nobody has received yet, and
//! knows who waits for room there. Nothing is lost, and nothing takes time.
//!
//! Invariant: a socket that was told `EAGAIN` is told once that it may do better, when it may.

use super::{Readiness, pipe::Pipe};
use crate::{file::Direction, hardware::Device, kernel::broken, limits, slab::Slab};
use std::collections::{BTreeSet, VecDeque};
use yieldix_syscalls::{Buf, Datagram, Errno, Sender, Shutdown};

/// All of them, by number.
#[derive(Debug, Default)]
pub struct UnixSockets {
    sockets: Slab<Socket>,
    connections: Slab<Connection>,
    /// Those to be told.
    ready: VecDeque<Readiness>,
}

#[derive(Debug)]
struct Socket {
    device: Device,
    kind: Kind,
}

#[derive(Debug)]
enum Kind {
    Listener(Listener),
    Stream { connection: u32, side: Side },
    Post(Post),
}

#[derive(Debug, Default)]
struct Listener {
    name: Box<str>,
    /// Connections to accept, in order.
    queue: VecDeque<u32>,
    /// Connections for which the queue had no room.
    knocking: VecDeque<u32>,
    /// It was told that there is none to accept.
    waits: bool,
}

/// Which end of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Side {
    Client = 0,
    Server = 1,
}

/// How far a connection has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// It waits for room in the queue of this listener.
    Knocking { listener: u32 },
    /// It is in the queue of this listener, or was accepted.
    Made,
    /// Its listener is gone.
    Refused,
}

#[derive(Debug)]
struct Connection {
    /// By the side that reads it.
    pipes: [Pipe; 2],
    /// By side: it is a socket, or will be accepted as one.
    is_open: [bool; 2],
    client: Device,
    stage: Stage,
}

/// A socket for datagrams.
#[derive(Debug)]
struct Post {
    name: Box<str>,
    queue: VecDeque<(Sender, Buf)>,
    /// What these cost.
    queued: usize,
    /// It was told that there is none.
    waits: bool,
    /// Those who were told that there is no room.
    senders: BTreeSet<Device>,
}

impl Connection {
    fn incoming(&mut self, side: Side) -> &mut Pipe {
        &mut self.pipes[side as usize]
    }

    fn outgoing(&mut self, side: Side) -> &mut Pipe {
        &mut self.pipes[1 - side as usize]
    }

    fn settle(&mut self, ready: &mut VecDeque<Readiness>) {
        for pipe in &mut self.pipes {
            pipe.settle(ready);
        }
    }

    /// Closes halves, as one side has it.
    fn shut(&mut self, side: Side, how: Shutdown, ready: &mut VecDeque<Readiness>) {
        if how != Shutdown::Write {
            // Who reads is told of the end before nobody may read any more.
            self.incoming(side).close_writer();
            self.settle(ready);
            self.incoming(side).close_reader();
        }
        if how != Shutdown::Read {
            self.outgoing(side).close_writer();
        }
        self.settle(ready);
    }
}

impl Post {
    fn has_room(&self, data: &[u8]) -> bool {
        self.queue.is_empty() || self.queued + cost(data) <= limits::UNIX_DATAGRAMS
    }
}

impl UnixSockets {
    /// Those to be told, since this was asked last.
    pub fn take_ready(&mut self) -> impl Iterator<Item = Readiness> {
        self.ready.drain(..)
    }

    /// A socket that listens, of this name.
    pub fn listen(&mut self, device: Device, name: Box<str>) -> u32 {
        self.sockets.insert(Socket { device, kind: Kind::Listener(Listener { name, ..Listener::default() }) })
    }

    /// A socket for datagrams, which its receivers know by this name.
    pub fn bind(&mut self, device: Device, name: Box<str>) -> u32 {
        let post = Post { name, queue: VecDeque::new(), queued: 0, waits: false, senders: BTreeSet::new() };
        self.sockets.insert(Socket { device, kind: Kind::Post(post) })
    }

    /// Does it listen?
    pub fn is_listener(&self, socket: u32) -> bool {
        matches!(self.sockets.get(socket), Some(Socket { kind: Kind::Listener(_), .. }))
    }

    /// A socket that connects to one that listens. How that ends is told by [`UnixSockets::connected`].
    pub fn connect(&mut self, listener: u32, device: Device) -> u32 {
        let number = self.connections.next_index();
        let known = self.socket_mut(listener);
        // Until it is accepted its other side is the listener's, which is told nothing of it.
        let pipes = [Pipe::new(device, known.device), Pipe::new(known.device, device)];
        let Kind::Listener(queues) = &mut known.kind else { broken("a connection is made to one that listens") };
        let stage = if queues.queue.len() < limits::UNIX_BACKLOG {
            queues.queue.push_back(number);
            if std::mem::take(&mut queues.waits) {
                let device = known.device;
                self.ready.push_back(Readiness::to_read(device));
            }
            Stage::Made
        } else {
            queues.knocking.push_back(number);
            Stage::Knocking { listener }
        };
        self.connections.insert(Connection { pipes, is_open: [true; 2], client: device, stage });
        let kind = Kind::Stream { connection: number, side: Side::Client };
        self.sockets.insert(Socket { device, kind })
    }

    /// How a connect ended.
    pub fn connected(&mut self, socket: u32) -> Result<(), Errno> {
        let Kind::Stream { connection, .. } = self.socket_mut(socket).kind else { return Err(Errno::EINVAL) };
        match self.connection_mut(connection).stage {
            Stage::Knocking { .. } => Err(Errno::EAGAIN),
            Stage::Made => Ok(()),
            Stage::Refused => Err(Errno::ECONNREFUSED),
        }
    }

    /// Takes the connection that has waited longest, as a socket of the device that `open` makes for it; gives
    /// that, and the name of the one that listens.
    pub fn accept(&mut self, listener: u32, open: impl FnOnce(u32) -> Device) -> Result<(Device, Box<str>), Errno> {
        let index = self.sockets.next_index();
        let Kind::Listener(queues) = &mut self.socket_mut(listener).kind else { return Err(Errno::EINVAL) };
        let Some(number) = queues.queue.pop_front() else {
            queues.waits = true;
            return Err(Errno::EAGAIN);
        };
        let name = queues.name.clone();
        if let Some(next) = queues.knocking.pop_front() {
            queues.queue.push_back(next);
            let next = self.connection_mut(next);
            next.stage = Stage::Made;
            let client = next.client;
            self.ready.push_back(Readiness::to_write(client));
        }
        let device = open(index);
        let connection = self.connection_mut(number);
        connection.incoming(Side::Server).hand_reader_to(device);
        connection.outgoing(Side::Server).hand_writer_to(device);
        self.sockets.insert(Socket { device, kind: Kind::Stream { connection: number, side: Side::Server } });
        Ok((device, name))
    }

    /// Reads from a stream; none is the end.
    pub fn read(&mut self, socket: u32, max: usize) -> Result<Buf, Errno> {
        let (connection, side, ready) = self.stream(socket)?;
        let answer = connection.incoming(side).read(max);
        connection.settle(ready);
        answer
    }

    /// Writes to a stream as much of `data` as has room, and gives how much.
    pub fn write(&mut self, socket: u32, data: &mut Buf) -> Result<usize, Errno> {
        let (connection, side, ready) = self.stream(socket)?;
        if !connection.outgoing(side).has_writer() {
            return Err(Errno::EPIPE);
        }
        let answer = connection.outgoing(side).write(data);
        connection.settle(ready);
        answer
    }

    /// Closes half of a stream, or both.
    pub fn shutdown(&mut self, socket: u32, how: Shutdown) -> Result<(), Errno> {
        let device = self.socket_mut(socket).device;
        let (connection, side, ready) = self.stream(socket)?;
        connection.shut(side, how, ready);
        // Others of its holders may wait to write.
        ready.push_back(Readiness::to_write(device));
        Ok(())
    }

    /// Sends a datagram from one post to another.
    pub fn send_to(&mut self, socket: u32, to: u32, data: &Buf) -> Result<(), Errno> {
        let Socket { kind: Kind::Post(sender), device } = self.socket_mut(socket) else {
            return Err(Errno::EOPNOTSUPP);
        };
        let (from, sender) = (Sender::Unix(sender.name.clone()), *device);
        let Socket { kind: Kind::Post(post), device } = self.socket_mut(to) else { return Err(Errno::ECONNREFUSED) };
        if !post.has_room(data) {
            post.senders.insert(sender);
            return Err(Errno::EAGAIN);
        }
        post.queued += cost(data);
        post.queue.push_back((from, data.clone()));
        if std::mem::take(&mut post.waits) {
            let device = *device;
            self.ready.push_back(Readiness::to_read(device));
        }
        Ok(())
    }

    /// The datagram that has waited longest, or its first bytes.
    pub fn recv_from(&mut self, socket: u32, max: usize) -> Result<Datagram, Errno> {
        let Kind::Post(post) = &mut self.socket_mut(socket).kind else { return Err(Errno::EOPNOTSUPP) };
        let Some((from, mut data)) = post.queue.pop_front() else {
            post.waits = true;
            return Err(Errno::EAGAIN);
        };
        post.queued -= cost(&data);
        let is_cut = !data.split_off(max).is_empty();
        let senders = std::mem::take(&mut post.senders);
        self.ready.extend(senders.into_iter().map(Readiness::to_write));
        Ok(Datagram { data, from, is_cut })
    }

    /// Would a read answer, or whatever is the kind's?
    pub fn is_readable(&mut self, socket: u32) -> Result<bool, Errno> {
        match &mut self.socket_mut(socket).kind {
            Kind::Listener(listener) => {
                listener.waits |= listener.queue.is_empty();
                Ok(!listener.queue.is_empty())
            }
            Kind::Post(post) => {
                post.waits |= post.queue.is_empty();
                Ok(!post.queue.is_empty())
            }
            Kind::Stream { .. } => {
                let (connection, side, _) = self.stream(socket)?;
                connection.incoming(side).is_readable()
            }
        }
    }

    /// Would a write answer? A post's depends on to whom, so that it may always be tried.
    pub fn is_writable(&mut self, socket: u32) -> Result<bool, Errno> {
        if !matches!(self.socket_mut(socket).kind, Kind::Stream { .. }) {
            return Ok(true);
        }
        let (connection, side, _) = self.stream(socket)?;
        let pipe = connection.outgoing(side);
        if pipe.has_writer() { pipe.is_writable() } else { Ok(true) }
    }

    /// The devices by whose doing what waits at a socket is answered: its peer's, or the listener's that has not
    /// accepted it, and its own, which another holder may shut down. None: whoever knows its name.
    pub fn counterparts(&self, socket: u32, direction: Direction) -> Option<Vec<Device>> {
        let Socket { device, kind: Kind::Stream { connection, side } } = self.sockets.get(socket)? else { return None };
        let pipes = self.connections.get(*connection).map(|connection| &connection.pipes);
        let other = pipes.and_then(|pipes| match direction {
            Direction::Read => pipes[*side as usize].writer(),
            Direction::Write => pipes[1 - *side as usize].reader(),
        });
        Some(other.into_iter().chain([*device]).collect())
    }

    /// The device of a socket.
    pub fn device(&self, socket: u32) -> Option<Device> {
        self.sockets.get(socket).map(|socket| socket.device)
    }

    /// The name of a socket that listens or is for datagrams.
    pub fn name(&self, socket: u32) -> Option<&str> {
        match &self.sockets.get(socket)?.kind {
            Kind::Listener(Listener { name, .. }) | Kind::Post(Post { name, .. }) => Some(name),
            Kind::Stream { .. } => None,
        }
    }

    /// Closes a socket, and turns those away who wait there.
    pub fn close(&mut self, socket: u32) {
        let Some(Socket { kind, .. }) = self.sockets.remove(socket) else { broken("a closed socket is none") };
        match kind {
            Kind::Stream { connection, side } => self.leave(connection, side),
            Kind::Listener(Listener { queue, knocking, .. }) => {
                for number in knocking {
                    let connection = self.connection_mut(number);
                    connection.stage = Stage::Refused;
                    let client = connection.client;
                    self.ready.push_back(Readiness::to_write(client));
                    self.leave(number, Side::Server);
                }
                for number in queue {
                    self.leave(number, Side::Server);
                }
            }
            Kind::Post(post) => self.ready.extend(post.senders.into_iter().map(Readiness::to_write)),
        }
    }

    /// One side of a connection is gone.
    fn leave(&mut self, number: u32, side: Side) {
        let UnixSockets { connections, ready, sockets } = self;
        let Some(connection) = connections.get_mut(number) else { broken("a socket has a connection") };
        if let (Stage::Knocking { listener }, Side::Client) = (connection.stage, side)
            && let Some(Socket { kind: Kind::Listener(queues), .. }) = sockets.get_mut(listener)
        {
            queues.knocking.retain(|other| *other != number);
            // Nobody will ever accept it.
            connection.is_open[Side::Server as usize] = false;
        }
        connection.shut(side, Shutdown::Both, ready);
        connection.is_open[side as usize] = false;
        if connection.is_open == [false; 2] {
            connections.remove(number);
        }
    }

    fn stream(&mut self, socket: u32) -> Result<(&mut Connection, Side, &mut VecDeque<Readiness>), Errno> {
        let Kind::Stream { connection, side } = self.socket_mut(socket).kind else { return Err(Errno::ENOTCONN) };
        let UnixSockets { connections, ready, .. } = self;
        match connections.get_mut(connection) {
            Some(connection) => Ok((connection, side, ready)),
            None => broken("a socket has a connection"),
        }
    }

    fn socket_mut(&mut self, socket: u32) -> &mut Socket {
        match self.sockets.get_mut(socket) {
            Some(socket) => socket,
            None => broken("a device names a socket that is none"),
        }
    }

    fn connection_mut(&mut self, connection: u32) -> &mut Connection {
        match self.connections.get_mut(connection) {
            Some(connection) => connection,
            None => broken("a socket has a connection"),
        }
    }
}

/// What a datagram takes of the room for many: more than its bytes, so that empty ones are bounded too.
fn cost(data: &[u8]) -> usize {
    data.len() + limits::UNIX_DATAGRAM_COST
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hardware::Class;

    fn device(place: u32) -> Device {
        Device::of(Class::Own, place, 0)
    }

    fn told(sockets: &mut UnixSockets) -> Vec<Readiness> {
        sockets.take_ready().collect()
    }

    /// The client's socket and the server's, of devices 1 and 2.
    fn pair(sockets: &mut UnixSockets) -> (u32, u32) {
        let listener = sockets.listen(device(0), "/name".into());
        let client = sockets.connect(listener, device(1));
        let mut server = 0;
        let accepted = sockets.accept(listener, |index| {
            server = index;
            device(2)
        });
        assert_eq!((accepted, sockets.connected(client)), (Ok((device(2), "/name".into())), Ok(())));
        sockets.close(listener);
        (client, server)
    }

    #[test]
    fn bytes_go_both_ways_and_a_reader_that_waits_is_told_once() {
        let mut sockets = UnixSockets::default();
        let (client, server) = pair(&mut sockets);
        assert_eq!(sockets.read(server, 9), Err(Errno::EAGAIN));
        assert_eq!(sockets.write(client, &mut Buf::from("there")), Ok(5));
        assert_eq!(told(&mut sockets), [Readiness::to_read(device(2))]);
        assert_eq!(sockets.read(server, 9), Ok(Buf::from("there")));
        assert_eq!(sockets.write(server, &mut Buf::from("back")), Ok(4));
        assert_eq!(told(&mut sockets), []);
        sockets.close(server);
        assert_eq!(sockets.read(client, 9), Ok(Buf::from("back")));
        assert_eq!(sockets.read(client, 9), Ok(Buf::EMPTY));
        assert_eq!(sockets.write(client, &mut Buf::from("lost")), Err(Errno::EPIPE));
        sockets.close(client);
        assert_eq!((sockets.sockets.len(), sockets.connections.len()), (0, 0));
    }

    #[test]
    fn a_half_that_is_shut_leaves_the_other_open() {
        let mut sockets = UnixSockets::default();
        let (client, server) = pair(&mut sockets);
        sockets.shutdown(client, Shutdown::Write).unwrap();
        assert_eq!(sockets.write(client, &mut Buf::from("x")), Err(Errno::EPIPE));
        assert_eq!(sockets.read(server, 9), Ok(Buf::EMPTY));
        assert_eq!(sockets.write(server, &mut Buf::from("open")), Ok(4));
        assert_eq!(sockets.read(client, 9), Ok(Buf::from("open")));
        sockets.shutdown(client, Shutdown::Read).unwrap();
        assert_eq!(sockets.read(client, 9), Ok(Buf::EMPTY));
        assert_eq!(sockets.write(server, &mut Buf::from("x")), Err(Errno::EPIPE));
    }

    #[test]
    fn who_finds_the_queue_full_waits_until_one_is_accepted() {
        let mut sockets = UnixSockets::default();
        let listener = sockets.listen(device(0), "/name".into());
        let clients: Vec<u32> =
            (1..).map(|place| sockets.connect(listener, device(place))).take(limits::UNIX_BACKLOG + 2).collect();
        let [first, .., late, last] = clients[..] else { panic!("many") };
        assert_eq!(sockets.connected(first), Ok(()));
        assert_eq!([late, last].map(|socket| sockets.connected(socket)), [Err(Errno::EAGAIN); 2]);
        sockets.accept(listener, |_| device(9999)).unwrap();
        assert_eq!(told(&mut sockets), [Readiness::to_write(device(limits::UNIX_BACKLOG as u32 + 1))]);
        assert_eq!([late, last].map(|socket| sockets.connected(socket)), [Ok(()), Err(Errno::EAGAIN)]);
        sockets.close(listener);
        assert_eq!(sockets.connected(last), Err(Errno::ECONNREFUSED));
        assert_eq!(sockets.read(late, 1), Ok(Buf::EMPTY), "nobody will ever accept it");
        assert!(told(&mut sockets).contains(&Readiness::to_write(device(limits::UNIX_BACKLOG as u32 + 2))));
    }

    #[test]
    fn who_gives_up_knocking_leaves_nothing() {
        let mut sockets = UnixSockets::default();
        let listener = sockets.listen(device(0), "/name".into());
        let clients: Vec<u32> =
            (1..).map(|place| sockets.connect(listener, device(place))).take(limits::UNIX_BACKLOG + 1).collect();
        for client in clients {
            sockets.close(client);
        }
        assert_eq!(sockets.connections.len() as usize, limits::UNIX_BACKLOG, "those may be accepted yet");
        sockets.close(listener);
        assert_eq!((sockets.sockets.len(), sockets.connections.len()), (0, 0));
    }

    #[test]
    fn a_full_post_has_its_senders_wait_and_tells_them_of_room() {
        let mut sockets = UnixSockets::default();
        let (one, two) = (sockets.bind(device(1), "/one".into()), sockets.bind(device(2), "/two".into()));
        let data = Buf::from(vec![7; 60_000]);
        let sent = (0..).take_while(|_| sockets.send_to(one, two, &data).is_ok()).count();
        assert!((1..10).contains(&sent));
        assert_eq!(sockets.send_to(one, two, &data), Err(Errno::EAGAIN));
        let cut = sockets.recv_from(two, 10).unwrap();
        assert_eq!((cut.data.len(), cut.from, cut.is_cut), (10, Sender::Unix("/one".into()), true));
        assert_eq!(told(&mut sockets), [Readiness::to_write(device(1))]);
        assert_eq!(sockets.send_to(one, two, &data), Ok(()));
        for _ in 0..sent {
            assert!(!sockets.recv_from(two, 60_000).unwrap().is_cut);
        }
        assert_eq!(sockets.recv_from(two, 1), Err(Errno::EAGAIN));
        assert_eq!(sockets.send_to(two, two, &Buf::EMPTY), Ok(()));
        assert_eq!(told(&mut sockets), [Readiness::to_read(device(2))]);
    }
}
