//! One TCP connection, both ends of it.
//!
//! The ends share nothing: each learns of the other by packets, which keep their order within a
//! direction and take their time. What an end answers is what Linux answers, errnos and their
//! order included.
//!
//! ```text
//!              SYN answered                    reset, or reset sent
//!  Connecting ──────────────▶ Established ───────────────────────────▶ Ended
//!       │                        FINs end the halves, not the phase      ▲
//!       └──────────────── refused, timed out, shut down ─────────────────┘
//! ```
//!
//! Invariants: a direction has at most [`WINDOW`] bytes that were sent and not read; an end that
//! has ended receives nothing; an error is told once.

use super::agenda::{Agenda, Event};
use super::faults::Misfortune;
use super::limits::WINDOW;
use crate::hardware::Device;
use std::collections::VecDeque;
use std::net::SocketAddr;
use yieldix_syscalls::{Errno, Shutdown, Time};

/// Which connection; never used twice.
pub type ConnectionId = u64;

/// Which end of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// The one that connected.
    Client = 0,
    /// The one that was accepted, or will be.
    Server = 1,
}

impl Side {
    fn other(self) -> Side {
        match self {
            Side::Client => Side::Server,
            Side::Server => Side::Client,
        }
    }
}

/// What one end sends to the other.
#[derive(Debug)]
pub enum Packet {
    /// May I connect? `attempt` counts from 0.
    Syn { attempt: u32 },
    /// You may.
    SynAck,
    /// Bytes.
    Data(Vec<u8>),
    /// So many bytes were read: there is room for as many.
    Window(usize),
    /// Nothing more will be sent.
    Fin,
    /// The end was seen.
    FinAck,
    /// All is void.
    Reset,
}

/// Who holds an end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holder {
    /// Nobody (any more); packets are still answered.
    Nobody,
    /// The queue of this listener.
    Queue(Device),
    /// The kernel, by this device.
    Device(Device),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Connecting,
    Established,
    Ended,
}

/// One end.
#[derive(Debug)]
pub struct End {
    /// Its own address.
    pub local: SocketAddr,
    /// The other end's.
    pub peer: SocketAddr,
    /// Who holds it.
    pub holder: Holder,
    phase: Phase,
    error: Option<Errno>,
    received: VecDeque<u8>,
    unread_by_peer: usize,
    is_read_shut: bool,
    is_fin_received: bool,
    is_fin_sent: bool,
    is_fin_acknowledged: bool,
    /// When the last packet that it sent arrives: the next one does not overtake it.
    arrives_last: Time,
}

impl End {
    fn new(local: SocketAddr, peer: SocketAddr, phase: Phase) -> End {
        End {
            local,
            peer,
            holder: Holder::Nobody,
            phase,
            error: None,
            received: VecDeque::new(),
            unread_by_peer: 0,
            is_read_shut: false,
            is_fin_received: false,
            is_fin_sent: false,
            is_fin_acknowledged: false,
            arrives_last: Time::BOOT,
        }
    }

    /// Still waits for an answer to its connect?
    pub fn is_connecting(&self) -> bool {
        self.phase == Phase::Connecting
    }

    /// Ended before its time?
    pub fn is_ended(&self) -> bool {
        self.phase == Phase::Ended
    }

    /// Has no peer: not yet, no more, or both have said their last.
    pub fn is_unconnected(&self) -> bool {
        self.phase != Phase::Established || self.is_closed()
    }

    /// Would a read do better than `EAGAIN`?
    pub fn would_read(&self) -> bool {
        !self.received.is_empty()
            || self.is_fin_received
            || self.is_read_shut
            || self.error.is_some()
            || self.phase == Phase::Ended
    }

    /// Would a write (or `connected`) do better than `EAGAIN`?
    pub fn would_write(&self) -> bool {
        match self.phase {
            Phase::Connecting => false,
            Phase::Established => self.error.is_some() || self.is_fin_sent || self.unread_by_peer < WINDOW,
            Phase::Ended => true,
        }
    }

    /// Ends it; the next read or write tells why.
    pub fn end(&mut self, error: Errno) {
        self.phase = Phase::Ended;
        self.error = Some(error);
    }

    /// The error that nobody was told yet.
    pub fn take_error(&mut self) -> Option<Errno> {
        self.error.take()
    }

    fn is_closed(&self) -> bool {
        self.phase == Phase::Ended || (self.is_fin_received && self.is_fin_acknowledged)
    }

    /// Takes `count` bytes, which have been received.
    fn take(&mut self, count: usize) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(count);
        let (first, second) = self.received.as_slices();
        let split = count.min(first.len());
        bytes.extend_from_slice(&first[..split]);
        bytes.extend_from_slice(&second[..count - split]);
        self.received.drain(..count);
        bytes
    }
}

/// Two ends.
#[derive(Debug)]
pub struct Connection {
    id: ConnectionId,
    ends: [End; 2],
}

impl Connection {
    /// A client's wish for a connection, on its way to `peer`. Whether there is a server's end is
    /// decided where it arrives.
    pub fn new(id: ConnectionId, local: SocketAddr, peer: SocketAddr, agenda: &mut Agenda) -> Connection {
        let client = End::new(local, peer, Phase::Connecting);
        let server = End::new(peer, local, Phase::Ended);
        let mut connection = Connection { id, ends: [client, server] };
        connection.send(Side::Client, Packet::Syn { attempt: 0 }, agenda);
        connection
    }

    /// One end.
    pub fn end(&self, side: Side) -> &End {
        &self.ends[side as usize]
    }

    /// One end, to change.
    pub fn end_mut(&mut self, side: Side) -> &mut End {
        &mut self.ends[side as usize]
    }

    /// Does nobody hold either end?
    pub fn is_abandoned(&self) -> bool {
        self.ends.iter().all(|end| end.holder == Holder::Nobody)
    }

    /// The server's end comes to be, in the queue of `listener`; the client is told.
    pub fn establish(&mut self, local: SocketAddr, peer: SocketAddr, listener: Device, agenda: &mut Agenda) {
        let server = self.end_mut(Side::Server);
        let arrives_last = server.arrives_last;
        *server = End { holder: Holder::Queue(listener), arrives_last, ..End::new(local, peer, Phase::Established) };
        self.send(Side::Server, Packet::SynAck, agenda);
    }

    /// Nobody listens where the client knocked.
    pub fn refuse(&mut self, agenda: &mut Agenda) {
        self.send(Side::Server, Packet::Reset, agenda);
    }

    /// Takes up to `max` bytes; none at the end of the stream.
    pub fn read(
        &mut self,
        side: Side,
        max: usize,
        luck: &mut Misfortune,
        agenda: &mut Agenda,
    ) -> Result<Vec<u8>, Errno> {
        let end = self.end_mut(side);
        if end.phase == Phase::Established && luck.resets() {
            return Err(self.abort(side, agenda));
        }
        let end = self.end_mut(side);
        if !end.received.is_empty() {
            let count = luck.read_length(max.min(end.received.len()));
            let data = end.take(count);
            if end.phase == Phase::Established {
                self.send(side, Packet::Window(count), agenda);
            }
            return Ok(data);
        }
        // The end of the stream comes before a later error, as on Linux.
        if end.is_fin_received {
            return Ok(Vec::new());
        }
        match end.take_error() {
            Some(error) => Err(error),
            None if end.would_read() => Ok(Vec::new()),
            None => Err(Errno::EAGAIN),
        }
    }

    /// Sends as many bytes as there is room for, and gives how many.
    pub fn write(
        &mut self,
        side: Side,
        data: &[u8],
        luck: &mut Misfortune,
        agenda: &mut Agenda,
    ) -> Result<usize, Errno> {
        let end = self.end_mut(side);
        if end.phase == Phase::Established && luck.resets() {
            return Err(self.abort(side, agenda));
        }
        let end = self.end_mut(side);
        if end.phase == Phase::Connecting {
            return Err(Errno::EAGAIN);
        }
        if let Some(error) = end.take_error() {
            return Err(error);
        }
        if end.is_fin_sent || end.phase == Phase::Ended {
            return Err(Errno::EPIPE);
        }
        if data.is_empty() {
            return Ok(0);
        }
        let room = WINDOW - end.unread_by_peer;
        if room == 0 {
            return Err(Errno::EAGAIN);
        }
        let count = luck.write_length(data.len().min(room));
        end.unread_by_peer += count;
        self.send(side, Packet::Data(data[..count].to_vec()), agenda);
        Ok(count)
    }

    /// Closes halves. What was received stays to be read; what comes after both halves are closed
    /// resets the connection.
    pub fn shutdown(&mut self, side: Side, how: Shutdown, agenda: &mut Agenda) -> Result<(), Errno> {
        let end = self.end_mut(side);
        if end.phase == Phase::Connecting {
            // Linux gives the attempt up and calls it a success.
            end.end(Errno::ECONNRESET);
        } else if end.is_closed() {
            return Err(Errno::ENOTCONN);
        } else {
            end.is_read_shut |= how != Shutdown::Write;
            if how != Shutdown::Read {
                self.finish(side, agenda);
            }
        }
        self.touch(side, agenda);
        Ok(())
    }

    /// Lets an end go. With bytes that nobody read, or on demand, the peer sees a reset.
    pub fn close(&mut self, side: Side, has_no_patience: bool, agenda: &mut Agenda) {
        let end = self.end_mut(side);
        end.holder = Holder::Nobody;
        match end.phase {
            Phase::Connecting => end.phase = Phase::Ended,
            Phase::Established if end.is_closed() => {}
            Phase::Established if has_no_patience || !end.received.is_empty() => {
                self.reset(side, agenda);
            }
            Phase::Established => self.finish(side, agenda),
            Phase::Ended => {}
        }
    }

    /// Lets an end go that nobody had accepted: the peer sees a reset.
    pub fn turn_away(&mut self, side: Side, agenda: &mut Agenda) {
        self.end_mut(side).holder = Holder::Nobody;
        self.reset(side, agenda);
    }

    /// Resets the connection in the middle of a call, as a peer may have done unseen, and gives
    /// what that call answers.
    pub fn abort(&mut self, side: Side, agenda: &mut Agenda) -> Errno {
        self.end_mut(side).received.clear();
        self.reset(side, agenda);
        self.touch(side, agenda);
        Errno::ECONNRESET
    }

    /// A packet reaches an end.
    pub fn arrive(&mut self, to: Side, packet: Packet, agenda: &mut Agenda) {
        let end = self.end_mut(to);
        let is_ended = end.phase == Phase::Ended;
        match packet {
            Packet::Syn { .. } => unreachable!("the network answers these"),
            // Its connect was given up, and the server does not know.
            Packet::SynAck if is_ended => self.send(to, Packet::Reset, agenda),
            _ if is_ended => return,
            Packet::SynAck => end.phase = Phase::Established,
            // Nobody will ever read this, so the peer must not believe that it was received.
            Packet::Data(_) if end.holder == Holder::Nobody || (end.is_read_shut && end.is_fin_sent) => {
                end.end(Errno::ECONNRESET);
                self.send(to, Packet::Reset, agenda);
            }
            Packet::Data(bytes) => end.received.extend(bytes),
            Packet::Window(count) => end.unread_by_peer -= count,
            Packet::Fin => {
                end.is_fin_received = true;
                self.send(to, Packet::FinAck, agenda);
            }
            Packet::FinAck => end.is_fin_acknowledged = true,
            Packet::Reset if end.is_closed() => return,
            Packet::Reset => end.end(match end.phase {
                Phase::Connecting => Errno::ECONNREFUSED,
                _ if end.is_fin_received && !end.is_fin_sent => Errno::EPIPE,
                _ => Errno::ECONNRESET,
            }),
        }
        self.touch(to, agenda);
    }

    fn finish(&mut self, side: Side, agenda: &mut Agenda) {
        let end = self.end_mut(side);
        if !end.is_fin_sent {
            end.is_fin_sent = true;
            self.send(side, Packet::Fin, agenda);
        }
    }

    fn reset(&mut self, side: Side, agenda: &mut Agenda) {
        let end = self.end_mut(side);
        if end.phase != Phase::Ended {
            end.phase = Phase::Ended;
            self.send(side, Packet::Reset, agenda);
        }
    }

    fn send(&mut self, from: Side, packet: Packet, agenda: &mut Agenda) {
        let moment = agenda.arrival().max(self.end(from).arrives_last);
        self.end_mut(from).arrives_last = moment;
        agenda.plan(moment, Event::Arrival { connection: self.id, to: from.other(), packet });
    }

    fn touch(&self, side: Side, agenda: &mut Agenda) {
        if let Holder::Device(device) = self.end(side).holder {
            agenda.touch(device);
        }
    }
}
