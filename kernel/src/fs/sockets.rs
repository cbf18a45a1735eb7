//! Unix sockets, by their paths.
//!
//! In memory a name leads to a socket of the kernel's own, as long as there is one. What is sent from one to
//! another stays within the kernel. In a folder of the host there are streams only, and they are the host's.

use super::{
    Outcome,
    folder::inside,
    mount::{FileSystem, Location},
    ram::Inode,
};
use crate::{
    event::Address,
    fd::Object,
    file::{Kind, Pending, Wants},
    hardware::{Device, Hardware},
    kernel::Kernel,
    limits,
    sched::Policy,
    trap::Next,
};
use std::collections::BTreeSet;
use yieldix_syscalls::{Buf, Errno, Fd, Reply};

/// A datagram to be sent to a socket that has a name in memory.
#[derive(Debug)]
pub struct UnixLetter {
    to: Inode,
    data: Buf,
}

impl<H: Hardware, P: Policy> Kernel<H, P> {
    pub(crate) fn sys_unix_listen(&mut self, slot: u32, path: &str) -> Next {
        let outcome = self.begin_bind(slot, path, Kind::UnixListener);
        self.conclude(slot, outcome)
    }

    pub(crate) fn sys_unix_bind(&mut self, slot: u32, path: &str) -> Next {
        let outcome = self.begin_bind(slot, path, Kind::UnixDatagram);
        self.conclude(slot, outcome)
    }

    fn begin_bind(&mut self, slot: u32, path: &str, kind: Kind) -> Result<Outcome, Errno> {
        self.room_for_a_file(slot)?;
        let path = self.resolve(slot, path)?;
        let Location { system, within } = self.fs.mounts.locate(&path);
        match system {
            _ if self.fs.mounts.is_busy(&path) => return Err(Errno::EADDRINUSE),
            _ if system.is_read_only() => return Err(Errno::EROFS),
            FileSystem::Ram => {}
            FileSystem::Folder { number, .. } if kind == Kind::UnixListener => {
                let device = self.hardware.unix_open(number, &inside(within), true)?;
                let file = self.open_file(device, kind, Address::Path(&path));
                return Ok(Outcome::Begun(file, Pending::Connect));
            }
            FileSystem::Folder { .. } | FileSystem::Devices | FileSystem::Programs | FileSystem::Tasks => {
                return Err(Errno::EOPNOTSUPP);
            }
        }
        let now = self.hardware.wall_clock();
        let inode = self.fs.ram.make_socket(within, now)?;
        let device = self.own.bind(inode, path.as_str().into(), kind == Kind::UnixListener);
        let file = self.open_file(device, kind, Address::Path(&path));
        Ok(Outcome::Opened(Object::File(file)))
    }

    pub(crate) fn sys_unix_connect(&mut self, slot: u32, path: &str) -> Next {
        let outcome = self.begin_unix_connect(slot, path);
        self.conclude(slot, outcome)
    }

    fn begin_unix_connect(&mut self, slot: u32, path: &str) -> Result<Outcome, Errno> {
        self.room_for_a_file(slot)?;
        let plain = self.resolve(slot, path)?;
        let Location { system, within } = self.fs.mounts.locate(&plain);
        if let FileSystem::Folder { number, .. } = system {
            let device = self.hardware.unix_open(number, &inside(within), false)?;
            let file = self.open_file(device, Kind::Stream, Address::Path(&plain));
            return Ok(Outcome::Begun(file, Pending::Connect));
        }
        let (path, inode) = self.find_socket(slot, path)?;
        let device = self.own.connect(inode)?;
        let file = self.open_file(device, Kind::UnixStream, Address::Path(&path));
        Ok(Outcome::Begun(file, Pending::Connect))
    }

    pub(crate) fn sys_unix_send_to(&mut self, slot: u32, fd: Fd, path: &str, data: Buf) -> Next {
        let found = self.object_of(slot, fd).and_then(|_| match data.len() {
            0..=limits::DATAGRAM_BYTES => self.find_socket(slot, path),
            _ => Err(Errno::EMSGSIZE),
        });
        match found {
            Ok((_, to)) => {
                let letter = Box::new(UnixLetter { to, data });
                self.operate(slot, fd, Wants::Socket, Pending::UnixSendTo { letter })
            }
            Err(errno) => self.answer(slot, Reply::Err(errno)),
        }
    }

    /// What a path to a socket names in memory, and the path in plain form.
    fn find_socket(&mut self, slot: u32, path: &str) -> Result<(String, Inode), Errno> {
        let path = self.resolve(slot, path)?;
        let Location { system, within } = self.fs.mounts.locate(&path);
        match system {
            FileSystem::Ram => {
                let inode = self.fs.ram.find(within)?;
                Ok((path, inode))
            }
            FileSystem::Folder { .. } => Err(Errno::EOPNOTSUPP),
            // There are no sockets.
            FileSystem::Devices => self.stat_in_devices(within).and(Err(Errno::ECONNREFUSED)),
            FileSystem::Programs => self.stat_in_programs(within).and(Err(Errno::ECONNREFUSED)),
            FileSystem::Tasks => self.stat_in_proc(slot, within).and(Err(Errno::ECONNREFUSED)),
        }
    }

    /// Takes a connection to a socket of a folder for the task in `slot`.
    #[cold]
    pub(crate) fn accept_in_folder(&mut self, slot: u32, listener: u32, device: Device) -> Result<Reply, Errno> {
        // Asked first, so that a connection for which there is no number stays in its queue.
        self.room_for_a_file(slot)?;
        let connection = self.hardware.try_unix_accept(device)?;
        let file = self.open_file(connection, Kind::Stream, Address::OtherEnd { file: listener });
        self.install(slot, Object::File(file)).map(Reply::Fd)
    }

    /// Takes a private connection for the task in `slot`.
    pub(crate) fn accept_private(&mut self, slot: u32, listener: Device) -> Result<Reply, Errno> {
        // Asked first, so that a connection for which there is no number stays in its queue.
        self.room_for_a_file(slot)?;
        let (device, name) = self.own.accept(listener)?;
        let file = self.open_file(device, Kind::UnixStream, Address::Path(&name));
        self.install(slot, Object::File(file)).map(Reply::Fd)
    }

    /// Is this a letter to whom nobody waits to send from this socket? It need not wait behind letters to
    /// others: whether there is room is the receiver's matter.
    pub(crate) fn overtakes_nobody(&self, file: u32, operation: &Pending) -> bool {
        let Pending::UnixSendTo { letter } = operation else { return false };
        let mut waiting = self.file(file).writers.iter(self.table.slots());
        !waiting.any(|slot| self.receiver_of(slot) == Some(letter.to))
    }

    /// To whom the task in `slot` waits to send.
    pub(crate) fn receiver_of(&self, slot: u32) -> Option<Inode> {
        match self.table.cold(slot)?.pending.as_ref()? {
            Pending::UnixSendTo { letter } => Some(letter.to),
            _ => None,
        }
    }

    /// Sends the letters that wait at a socket, in the order of each receiver's: one who is full holds up nobody
    /// else's.
    pub(crate) fn serve_letters(&mut self, device: Device) {
        let Some(file) = self.file_of_device(device) else { return };
        // It may have been closed since, by one who was told before.
        if !self.is_of(file, device) || self.file(file).kind != Kind::UnixDatagram {
            return;
        }
        let mut full = BTreeSet::new();
        let waiting: Vec<u32> = self.file(file).writers.iter(self.table.slots()).collect();
        for slot in waiting {
            let Some(to) = self.receiver_of(slot) else { continue };
            if !full.contains(&to) && !self.serve_waiter(file, slot) {
                full.insert(to);
            }
        }
    }

    /// Sends a datagram from a socket of the kernel's own.
    pub(crate) fn send_private(&mut self, device: Device, letter: &UnixLetter) -> Result<Reply, Errno> {
        self.own.send_to(device, letter.to, &letter.data)?;
        Ok(Reply::Count(letter.data.len() as u64))
    }
}
