//! Unix sockets below the mounted folders: streams.
//!
//! No path leaves its folder. The directory is opened first, which keeps to the folder, and the rest is done by
//! that descriptor: a name that is bound is never followed, and one that is connected to is opened itself, be
//! it a link, before it is looked at. All of that may take the disk, and is a helper's to do.

use super::{HostErrno, Open, Owing, Sockets, Stage, accept, is_of_the_connection};
use crate::hardware::errno::errno;
use crate::hardware::host::folder::Folder;
use crate::hardware::host::limits::{ABORTED_MAX, UNIX_BACKLOG};
use crate::hardware::host::poller::Direction;
use crate::hardware::{Device, Interrupt};
use rustix::fs::{FileType, Mode, OFlags};
use rustix::net::SocketAddrUnix;
use socket2::{Domain, Socket, Type};
use std::os::fd::{AsFd, AsRawFd};
use yieldix_syscalls::Errno;

impl Sockets {
    /// Begins to listen at a path, or to connect to it. [`Sockets::connected`] tells how that ends.
    pub fn unix_open(&mut self, folder: Folder, path: &str, listens: bool) -> Result<Device, Errno> {
        let make = || {
            let socket = Socket::new(Domain::UNIX, Type::STREAM, None)?;
            socket.set_nonblocking(true)?;
            Ok::<_, std::io::Error>((socket.try_clone()?, socket))
        };
        let (also, socket) = make().map_err(errno)?;
        self.openers.ready()?;
        let device = self.insert(socket, Stage::Opening { listens })?;
        let path = path.to_owned();
        let work = move || if listens { listen(&also, &folder, &path) } else { connect(&also, &folder, &path) };
        let errand = self.openers.ready()?.start(device, work);
        self.table.get(device)?.opening = Some(errand);
        Ok(device)
    }

    /// Appends what the helpers have told of sockets that are open.
    pub fn interrupts(&mut self, happened: &mut Vec<Interrupt>) {
        let Sockets { openers, table, .. } = self;
        openers.take_done(|device| {
            if table.get(device).is_ok() {
                happened.push(Interrupt::Ready { device, readable: false, writable: true });
            }
        });
    }

    /// A connection that came to a Unix socket.
    pub fn try_unix_accept(&mut self, listener: Device) -> Result<Device, Errno> {
        for _ in 0..ABORTED_MAX {
            match accept(&self.table.get(listener)?.socket) {
                Ok((socket, _)) => return self.insert(socket, Stage::Connected),
                Err(HostErrno::AGAIN) => return Err(self.owe(listener, Direction::Read)),
                Err(error) if is_of_the_connection(error) => {}
                Err(error) => return Err(errno(error)),
            }
        }
        Err(Errno::ECONNABORTED)
    }
}

impl Open {
    /// What became of the opening of a Unix socket; `EAGAIN` before that.
    pub(super) fn opened(&mut self, listens: bool) -> Result<(), Errno> {
        let Some(errand) = &mut self.opening else { return Err(Errno::EBADF) };
        if !errand.is_done() {
            return Err(Errno::EAGAIN);
        }
        let outcome = errand.outcome();
        self.opening = None;
        self.stage = match outcome {
            Ok(()) if listens => Stage::Listening,
            Ok(()) => Stage::Connected,
            Err(errno) => Stage::Failed(errno),
        };
        outcome
    }
}

#[cfg(target_os = "linux")]
fn listen(socket: &Socket, folder: &Folder, path: &str) -> Result<(), Errno> {
    let (parent, name) = path.rsplit_once('/').unwrap_or((".", path));
    let directory = folder.directory().open_dir(parent).map_err(errno)?;
    let address = format!("/proc/self/fd/{}/{name}", directory.as_fd().as_raw_fd());
    rustix::net::bind(socket, &SocketAddrUnix::new(address.as_str()).map_err(errno)?).map_err(errno)?;
    rustix::net::listen(socket, UNIX_BACKLOG).map_err(errno)
}

#[cfg(target_os = "linux")]
fn connect(socket: &Socket, folder: &Folder, path: &str) -> Result<(), Errno> {
    let (parent, name) = path.rsplit_once('/').unwrap_or((".", path));
    let directory = folder.directory().open_dir(parent).map_err(errno)?;
    let flags = OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let found = rustix::fs::openat(&directory, name, flags, Mode::empty()).map_err(errno)?;
    match FileType::from_raw_mode(rustix::fs::fstat(&found).map_err(errno)?.st_mode) {
        FileType::Socket => {}
        FileType::Symlink => return Err(Errno::ELOOP),
        _ => return Err(Errno::ECONNREFUSED),
    }
    let address = format!("/proc/self/fd/{}", found.as_fd().as_raw_fd());
    match rustix::net::connect(socket, &SocketAddrUnix::new(address.as_str()).map_err(errno)?) {
        // Its queue is full, and nothing tells of room there.
        Err(HostErrno::AGAIN) => Err(Errno::ECONNREFUSED),
        connected => connected.map_err(errno),
    }
}

/// Only Linux has names for descriptors of directories that a socket's name can go by.
#[cfg(not(target_os = "linux"))]
fn listen(_: &Socket, _: &Folder, _: &str) -> Result<(), Errno> {
    Err(Errno::EOPNOTSUPP)
}

/// Likewise.
#[cfg(not(target_os = "linux"))]
fn connect(_: &Socket, _: &Folder, _: &str) -> Result<(), Errno> {
    Err(Errno::EOPNOTSUPP)
}
