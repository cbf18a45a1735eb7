//! UDP on the network in memory.
//!
//! A datagram is under way for as long as a packet is. One sender's arrive in the order in which they were
//! sent, unless misfortune has it otherwise; one that nobody hears, or whose reader has no more room, is
//! dropped, and nobody is told. Invariant: what a sender has under way is bounded, and so is what waits to
//! be received.

use super::{
    Agenda, Direction, Event, Kind, Misfortune, Network, Socket, SocketOptions, addresses_at, after, as_v6, covers,
    ephemeral, heard_by, is_local,
};
use crate::hardware::Device;
use crate::hardware::simulated::limits::{DATAGRAM_COST, DATAGRAMS_QUEUED, DATAGRAMS_UNDER_WAY};
use std::collections::VecDeque;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use yieldix_syscalls::{Buf, Datagram, Errno, Sender, Time};

/// A socket for datagrams.
#[derive(Debug)]
pub(super) struct Post {
    address: SocketAddr,
    /// What has arrived, and from where.
    queue: VecDeque<(SocketAddr, Buf)>,
    /// What these cost.
    queued: usize,
    /// What it has sent that has not arrived costs so much.
    under_way: usize,
    /// When the last of those arrives.
    last_arrival: Time,
}

/// A datagram that is under way.
#[derive(Debug)]
pub struct Letter {
    sender: Device,
    from: SocketAddr,
    to: SocketAddr,
    data: Buf,
}

impl Post {
    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(super) fn would_receive(&self) -> bool {
        !self.queue.is_empty()
    }

    pub(super) fn would_send(&self) -> bool {
        self.under_way < DATAGRAMS_UNDER_WAY
    }
}

impl Network {
    /// A UDP socket, on a free port when none is given.
    pub fn udp_bind(&mut self, mut address: SocketAddr) -> Result<Device, Errno> {
        let ip = address.ip().to_canonical();
        if !is_local(ip) {
            return Err(Errno::EADDRNOTAVAIL);
        }
        let is_taken = |port| addresses_at(&self.posts, port).any(|other| covers(other, ip) || covers(ip, other));
        if address.port() == 0 {
            let port = ephemeral(self.ephemeral_next).find(|port| !is_taken(*port)).ok_or(Errno::EADDRINUSE)?;
            self.ephemeral_next = after(port);
            address.set_port(port);
        } else if is_taken(address.port()) {
            return Err(Errno::EADDRINUSE);
        }
        let post = Post { address, queue: VecDeque::new(), queued: 0, under_way: 0, last_arrival: Time::BOOT };
        let device = self.open(Kind::Post(post), SocketOptions::default())?;
        self.posts.insert((address.port(), ip), device);
        Ok(device)
    }

    /// Sends a datagram; a wildcard stands for the loopback, as on Linux.
    pub fn send_to(
        &mut self,
        device: Device,
        to: SocketAddr,
        data: &[u8],
        luck: &mut Misfortune,
        agenda: &mut Agenda,
    ) -> Result<(), Errno> {
        let post = self.post_mut(device)?;
        let ip = to.ip().to_canonical();
        match (post.address.ip().to_canonical(), ip) {
            (IpAddr::V4(_), IpAddr::V6(_)) => return Err(Errno::EAFNOSUPPORT),
            (IpAddr::V6(own), IpAddr::V4(_)) if !own.is_unspecified() => return Err(Errno::ENETUNREACH),
            _ if to.port() == 0 => return Err(Errno::EINVAL),
            _ if !is_local(ip) => return Err(Errno::ENETUNREACH),
            _ => {}
        }
        if !post.would_send() {
            self.owe(device, Direction::Write, agenda)?;
            return Err(Errno::EAGAIN);
        }
        let loopback = if ip.is_ipv4() { IpAddr::V4(Ipv4Addr::LOCALHOST) } else { IpAddr::V6(Ipv6Addr::LOCALHOST) };
        let known = |ip: IpAddr| if ip.is_unspecified() { loopback } else { ip };
        let from = SocketAddr::new(known(post.address.ip().to_canonical()), post.address.port());
        let to = SocketAddr::new(known(ip), to.port());
        let arrival = agenda.arrival();
        let arrival = if luck.reorders_datagram() { arrival } else { arrival.max(post.last_arrival) };
        post.last_arrival = post.last_arrival.max(arrival);
        // One that is lost is under way until then.
        let is_heard = !luck.loses_datagram();
        for _ in 0..1 + u32::from(luck.doubles_datagram()) {
            post.under_way += cost(data);
            let letter = Letter { sender: device, from, to, data: Buf::copy_from(data) };
            agenda.plan(arrival, Event::Datagram { letter: Box::new(letter), is_heard });
        }
        Ok(())
    }

    /// The datagram that has waited longest, or its first bytes.
    pub fn recv_from(&mut self, device: Device, max: usize, agenda: &mut Agenda) -> Result<Datagram, Errno> {
        let post = self.post_mut(device)?;
        let Some((from, mut data)) = post.queue.pop_front() else {
            self.owe(device, Direction::Read, agenda)?;
            return Err(Errno::EAGAIN);
        };
        post.queued -= cost(&data);
        let is_cut = data.len() > max;
        data = if is_cut { Buf::copy_from(&data[..max]) } else { data };
        Ok(Datagram { data, from: Sender::Udp(from), is_cut })
    }

    /// A datagram is there, or lost: its sender has room again, and who hears it has it.
    pub fn deliver(&mut self, letter: Letter, is_heard: bool, agenda: &mut Agenda) {
        let Letter { sender, from, to, data } = letter;
        if let Ok(post) = self.post_mut(sender) {
            post.under_way -= cost(&data);
            agenda.touch(sender);
        }
        let Some(device) = heard_by(&self.posts, to).filter(|_| is_heard) else { return };
        let Ok(post) = self.post_mut(device) else { unreachable!("the table of posts names only posts") };
        if post.queued + cost(&data) > DATAGRAMS_QUEUED {
            return;
        }
        let from = if post.address.is_ipv6() { as_v6(from) } else { from };
        post.queued += cost(&data);
        post.queue.push_back((from, data));
        agenda.touch(device);
    }

    /// Takes a post out of the world. No post: nothing.
    pub(super) fn close_post(&mut self, device: Device) {
        if let Ok(post) = self.post_mut(device) {
            let name = (post.address.port(), post.address.ip().to_canonical());
            self.posts.remove(&name);
        }
    }

    fn post_mut(&mut self, device: Device) -> Result<&mut Post, Errno> {
        match self.socket_mut(device)? {
            Socket { kind: Kind::Post(post), .. } => Ok(post),
            _ => Err(Errno::EOPNOTSUPP),
        }
    }
}

/// What a datagram takes of the room for many: more than its bytes, so that empty ones are bounded too.
fn cost(data: &[u8]) -> usize {
    data.len() + DATAGRAM_COST
}
