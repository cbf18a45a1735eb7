//! UDP: sockets without a peer.
//!
//! A datagram is sent whole or not at all. What the network tells of one that was sent before, that nobody
//! heard it for one, is nobody's answer here, and passed over.

use super::{Owing, Sockets, Stage, retry_on_intr, socket_for};
use crate::hardware::Device;
use crate::hardware::errno::errno;
use crate::hardware::host::limits::ABORTED_MAX;
use crate::hardware::host::poller::Direction;
use rustix::io::Errno as HostErrno;
use rustix::net::{RecvAncillaryBuffer, RecvFlags, ReturnFlags};
use socket2::{Protocol, Type};
use std::io::IoSliceMut;
use std::net::SocketAddr;
use yieldix_syscalls::{Buf, Datagram, Errno, Sender};

impl Sockets {
    pub fn udp_bind(&mut self, address: SocketAddr) -> Result<Device, Errno> {
        let bind = || {
            let socket = socket_for(address, Type::DGRAM, Protocol::UDP)?;
            if address.is_ipv6() {
                // Hosts differ in what an IPv6 wildcard takes; here it takes IPv4 too, and no other does.
                socket.set_only_v6(!address.ip().is_unspecified())?;
            }
            socket.bind(&address.into())?;
            Ok::<_, std::io::Error>(socket)
        };
        let socket = bind().map_err(errno)?;
        self.insert(socket, Stage::Datagram)
    }

    pub fn try_send_to(&mut self, device: Device, to: SocketAddr, data: &[u8]) -> Result<(), Errno> {
        for _ in 0..ABORTED_MAX {
            let open = self.table.get(device)?;
            match retry_on_intr(|| rustix::net::sendto(&open.socket, data, super::SEND_FLAGS, &to)) {
                Ok(_) => return Ok(()),
                Err(HostErrno::AGAIN) => return Err(self.owe(device, Direction::Write)),
                Err(error) if is_of_another(error) => {}
                Err(error) => return Err(errno(error)),
            }
        }
        Err(Errno::ENOBUFS)
    }

    pub fn try_recv_from(&mut self, device: Device, max: usize) -> Result<Datagram, Errno> {
        for _ in 0..ABORTED_MAX {
            let open = self.table.get(device)?;
            let asked = max.min(self.scratch.len());
            let mut rooms = [IoSliceMut::new(&mut self.scratch[..asked])];
            let receive = || {
                let mut ancillary = RecvAncillaryBuffer::default();
                rustix::net::recvmsg(&open.socket, &mut rooms, &mut ancillary, RecvFlags::empty())
            };
            match retry_on_intr(receive) {
                Ok(received) => {
                    let data = Buf::copy_from(&self.scratch[..received.bytes]);
                    let from = received.address.and_then(|address| SocketAddr::try_from(address).ok());
                    let from = from.map_or(Sender::Unnamed, Sender::Udp);
                    return Ok(Datagram { data, from, is_cut: received.flags.contains(ReturnFlags::TRUNC) });
                }
                Err(HostErrno::AGAIN) => return Err(self.owe(device, Direction::Read)),
                Err(error) if is_of_another(error) => {}
                Err(error) => return Err(errno(error)),
            }
        }
        Err(Errno::ENOBUFS)
    }
}

/// Does it tell of a datagram that was sent before?
fn is_of_another(error: HostErrno) -> bool {
    matches!(error, HostErrno::CONNREFUSED | HostErrno::CONNRESET)
}
