//! Datagrams: sockets without a peer.
//!
//! To send and to receive are operations on a file like others; only what they carry is of their own.

use crate::{
    event::Address,
    fd::Object,
    file::{Kind, Pending, Wants},
    hardware::{Device, Hardware},
    kernel::{Kernel, broken},
    limits,
    sched::Policy,
    trap::Next,
};
use std::net::SocketAddr;
use yieldix_syscalls::{Buf, Errno, Fd, Reply};

/// A datagram to be sent.
#[derive(Debug)]
pub struct Letter {
    /// To whom.
    pub to: SocketAddr,
    /// Its bytes.
    pub data: Buf,
}

impl<H: Hardware, P: Policy> Kernel<H, P> {
    pub(crate) fn sys_udp_bind(&mut self, slot: u32, address: SocketAddr) -> Next {
        let fd = self.room_for_a_file(slot).and_then(|()| {
            let device = self.hardware.udp_bind(address)?;
            let bound = self.bound_address(device, address);
            let file = self.open_file(device, Kind::Datagram, Address::Socket(bound));
            self.install(slot, Object::File(file))
        });
        self.answer_with(slot, fd.map(Reply::Fd))
    }

    pub(crate) fn sys_send_to(&mut self, slot: u32, fd: Fd, to: SocketAddr, data: Buf) -> Next {
        let operation = Pending::SendTo { letter: Box::new(Letter { to, data }) };
        self.operate(slot, fd, Wants::Socket, operation)
    }

    /// Attempts what only sockets for datagrams know.
    #[cold]
    #[inline(never)]
    pub(crate) fn attempt_on_datagrams(&mut self, device: Device, operation: &Pending) -> Result<Reply, Errno> {
        match operation {
            Pending::SendTo { letter } if letter.data.len() > limits::DATAGRAM_BYTES => Err(Errno::EMSGSIZE),
            Pending::SendTo { letter } => {
                self.hardware.try_send_to(device, letter.to, &letter.data)?;
                Ok(Reply::Count(letter.data.len() as u64))
            }
            Pending::RecvFrom { max } => {
                let max = (*max).min(limits::TRANSFER_BYTES) as usize;
                Ok(Reply::Datagram(Box::new(self.hardware.try_recv_from(device, max)?)))
            }
            _ => broken("an operation that is no datagram's is attempted as one"),
        }
    }
}
