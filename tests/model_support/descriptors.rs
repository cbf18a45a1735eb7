//! The part of the account that is about descriptors: what each is, who holds it, and whose bytes come by a stream.

use super::world::World;
use std::net::SocketAddr;
use yieldix::syscalls::*;

/// Descriptors from 3 on: what is open, and the slot's generation.
#[derive(Clone, Debug, Default)]
pub struct Fds(pub Vec<(Option<usize>, u32)>);

impl Fds {
    pub fn open(&self) -> u32 {
        self.0.iter().filter(|(object, _)| object.is_some()).count() as u32
    }

    pub fn get(&self, fd: Fd) -> Option<usize> {
        let index = fd.slot().checked_sub(3)? as usize;
        self.0.get(index).filter(|(_, generation)| *generation == fd.generation())?.0
    }

    /// The descriptor that the next open gives.
    pub fn next(&self) -> Fd {
        let index = self.0.iter().position(|(object, _)| object.is_none()).unwrap_or(self.0.len());
        Fd::new(3 + index as u32, self.0.get(index).map_or(1, |(_, generation)| *generation))
    }

    pub fn put(&mut self, fd: Fd, object: usize) {
        let index = fd.slot() as usize - 3;
        if self.0.len() <= index {
            self.0.resize(index + 1, (None, 1));
        }
        self.0[index] = (Some(object), fd.generation());
    }

    pub fn take(&mut self, fd: Fd) -> Option<usize> {
        let object = self.get(fd)?;
        self.0[fd.slot() as usize - 3] = (None, fd.generation() + 1);
        Some(object)
    }
}

/// A socket, an open file, or an end of a port or a pipe.
#[derive(Debug)]
pub struct Object {
    pub is: Is,
    /// A listener's address; a stream has none here.
    pub listens: Option<SocketAddr>,
    pub holders: u32,
    /// The object at the other end, as learnt from the first byte that came.
    pub peer: Option<usize>,
    pub sent: u64,
    pub received: u64,
}

/// What an fd is to a call that uses it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Is {
    Closed,
    Listener,
    Stream,
    /// The sending end of this port.
    Sender(usize),
    /// The receiving end of this port.
    Receiver(usize),
    /// An open file in memory.
    File(usize),
    PipeReader(usize),
    PipeWriter(usize),
    Tracer(usize),
}

impl World {
    /// What `fd` is to `me`.
    pub fn what_is(&self, me: u64, fd: Fd) -> Is {
        match self.actors[&me].fds.get(fd) {
            None => Is::Closed,
            Some(object) => self.objects[object].is,
        }
    }

    fn has_room(&mut self, me: u64) -> bool {
        self.actor(me).fds.open() < self.fds_max
    }

    /// The descriptor that `me` gets if it opens one.
    pub fn next_fd(&mut self, me: u64) -> Result<Fd, Errno> {
        if self.has_room(me) { Ok(self.actor(me).fds.next()) } else { Err(Errno::EMFILE) }
    }

    /// `me` has opened a socket.
    pub fn opened(&mut self, me: u64, fd: Fd, listens: Option<SocketAddr>) {
        let object = self.add_object(if listens.is_some() { Is::Listener } else { Is::Stream });
        self.objects[object].listens = listens;
        self.actor(me).fds.put(fd, object);
    }

    /// A new object, held once.
    pub fn add_object(&mut self, is: Is) -> usize {
        self.objects.push(Object { is, listens: None, holders: 1, peer: None, sent: 0, received: 0 });
        self.objects.len() - 1
    }

    /// How many descriptors more a task may open.
    pub fn room_for_fds(&mut self, me: u64) -> usize {
        (self.fds_max - self.actor(me).fds.open()) as usize
    }

    /// Puts an object into the next descriptor of a task.
    pub fn put_next(&mut self, me: u64, object: usize) -> Fd {
        let fd = self.actor(me).fds.next();
        self.actor(me).fds.put(fd, object);
        fd
    }

    /// Takes descriptors of a task away: what they were.
    pub fn take_all(&mut self, me: u64, fds: &[Fd]) -> Vec<usize> {
        fds.iter().map(|&fd| self.actor(me).fds.take(fd).expect("what is sent is open")).collect()
    }

    /// What holds an object.
    pub fn holders(&self, object: usize) -> u32 {
        self.objects[object].holders
    }

    /// One holder less.
    pub fn let_go(&mut self, object: usize) {
        self.objects[object].holders -= 1;
        if self.objects[object].holders == 0 {
            self.end_is_gone(self.objects[object].is);
        }
    }

    /// `me` duplicates a descriptor.
    pub fn dup(&mut self, me: u64, fd: Fd) -> Result<Fd, Errno> {
        let object = self.actor(me).fds.get(fd).ok_or(Errno::EBADF)?;
        let copy = self.next_fd(me)?;
        self.actor(me).fds.put(copy, object);
        self.objects[object].holders += 1;
        Ok(copy)
    }

    /// `me` closes a descriptor.
    pub fn close(&mut self, me: u64, fd: Fd) -> Result<(), Errno> {
        let object = self.actor(me).fds.take(fd).ok_or(Errno::EBADF)?;
        self.let_go(object);
        Ok(())
    }

    /// Does anybody hold the listener at this address?
    pub fn is_listening(&self, address: SocketAddr) -> bool {
        self.objects.iter().any(|object| object.listens == Some(address) && object.holders > 0)
    }

    /// The mark of a stream, which all bytes that are sent on it have.
    pub fn mark(&mut self, me: u64, fd: Fd, count: u32) -> u8 {
        let Some(object) = self.actor(me).fds.get(fd) else { return 0 };
        self.objects[object].sent += u64::from(count);
        object as u8
    }

    /// The stream behind a descriptor, to which what comes is booked even if `fd` is closed then.
    pub fn stream(&mut self, me: u64, fd: Fd) -> Option<usize> {
        self.actor(me).fds.get(fd)
    }

    /// Bytes have come: all of them are of one peer, which is the same every time and has sent
    /// that many.
    pub fn received(&mut self, me: u64, stream: Option<usize>, data: &[u8]) {
        let Some(stream) = stream.filter(|_| !data.is_empty()) else { return };
        let mark = data[0];
        if data.iter().any(|byte| *byte != mark) {
            return self.disagree(me, format!("bytes of two streams in one: {}", data.escape_ascii()));
        }
        let is_marked = |object: &usize| *object as u8 == mark && self.objects[*object].is == Is::Stream;
        let peer = self.objects[stream].peer.or_else(|| (0..self.objects.len()).find(is_marked));
        let Some(peer) = peer.filter(|peer| *peer as u8 == mark && *peer != stream) else {
            return self.disagree(me, format!("stream {stream} has bytes of {mark}, its peer is {peer:?}"));
        };
        let back = *self.objects[peer].peer.get_or_insert(stream);
        let object = &mut self.objects[stream];
        object.peer = Some(peer);
        object.received += data.len() as u64;
        let (received, sent) = (object.received, self.objects[peer].sent);
        if back != stream || received > sent {
            let what = format!("stream {stream} has {received} bytes of {peer}, which sent {sent} and talks to {back}");
            self.disagree(me, what);
        }
    }
}
