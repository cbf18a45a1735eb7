//! The calls of sockets that are not reads and writes.

use crate::{
    event::Address,
    fd::Object,
    file::{Kind, Pending},
    hardware::{Device, Hardware},
    kernel::Kernel,
    sched::Policy,
    trap::Next,
};
use std::net::SocketAddr;
use yieldix_syscalls::{Errno, Fd, Reply, Shutdown, SocketOption};

impl<H: Hardware, P: Policy> Kernel<H, P> {
    pub(crate) fn sys_tcp_listen(&mut self, slot: u32, address: SocketAddr, backlog: u32) -> Next {
        let fd = self.room_for_a_file(slot).and_then(|()| {
            let device = self.hardware.listen(address, backlog)?;
            let bound = self.bound_address(device, address);
            let file = self.open_file(device, Kind::Listener, Address::Socket(bound));
            self.install(slot, Object::File(file))
        });
        self.answer_with(slot, fd.map(Reply::Fd))
    }

    /// A socket's own address, that it was given or asked for: a port that was left to the host is known by
    /// now, and the log is where it can be learnt.
    pub(crate) fn bound_address(&mut self, device: Device, asked: SocketAddr) -> SocketAddr {
        if asked.port() == 0 { self.hardware.local_addr(device).unwrap_or(asked) } else { asked }
    }

    pub(crate) fn sys_tcp_connect(&mut self, slot: u32, address: SocketAddr) -> Next {
        let device = match self.room_for_a_file(slot).and_then(|()| self.hardware.connect(address)) {
            Ok(device) => device,
            Err(errno) => return self.answer(slot, Reply::Err(errno)),
        };
        let file = self.open_file(device, Kind::Stream, Address::Socket(address));
        // Even one that is decided already is learnt by the common way; it costs one attempt.
        self.attempt_or_block(slot, file, Pending::Connect)
    }

    pub(crate) fn sys_shutdown(&mut self, slot: u32, fd: Fd, how: Shutdown) -> Next {
        let done = match self.socket_device(slot, fd) {
            Ok((device, Kind::Stream)) => self.hardware.shutdown(device, how),
            Ok((device, Kind::UnixStream)) => self.own.shutdown(device, how),
            Ok(_) => Err(Errno::ENOTCONN),
            Err(errno) => Err(errno),
        };
        let next = self.answer_with(slot, done.map(|()| Reply::Unit));
        self.settle();
        next
    }

    pub(crate) fn sys_local_addr(&mut self, slot: u32, fd: Fd) -> Next {
        let address = self.socket_with_address(slot, fd).and_then(|(device, _)| self.hardware.local_addr(device));
        self.answer_with(slot, address.map(|address| Reply::Addr(Box::new(address))))
    }

    pub(crate) fn sys_peer_addr(&mut self, slot: u32, fd: Fd) -> Next {
        let address = self.connected_device(slot, fd).and_then(|device| self.hardware.peer_addr(device));
        self.answer_with(slot, address.map(|address| Reply::Addr(Box::new(address))))
    }

    pub(crate) fn sys_set_option(&mut self, slot: u32, fd: Fd, option: SocketOption) -> Next {
        let done = self.socket_with_address(slot, fd).and_then(|(device, _)| self.hardware.set_option(device, option));
        self.answer_with(slot, done.map(|()| Reply::Unit))
    }

    fn socket_device(&self, slot: u32, fd: Fd) -> Result<(Device, Kind), Errno> {
        let file = self.file(self.socket_of(slot, fd)?);
        Ok((file.device, file.kind))
    }

    /// A socket that has addresses, and options.
    fn socket_with_address(&self, slot: u32, fd: Fd) -> Result<(Device, Kind), Errno> {
        match self.socket_device(slot, fd)? {
            (_, kind) if kind.is_private_socket() => Err(Errno::EAFNOSUPPORT),
            found => Ok(found),
        }
    }

    fn connected_device(&self, slot: u32, fd: Fd) -> Result<Device, Errno> {
        match self.socket_with_address(slot, fd)? {
            (device, Kind::Stream) => Ok(device),
            _ => Err(Errno::ENOTCONN),
        }
    }
}
