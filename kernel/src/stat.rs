//! `fstat` of what is no file, and the numbers of devices that no disk has.

use crate::{fd::Object, file::Kind, hardware::Hardware, kernel::Kernel, sched::Policy};
use std::time::Duration;
use yieldix_syscalls::{FileId, FileInfo, FileKind};

/// Stands for a device of the host in the ids of the kernel's own files.
#[derive(Clone, Copy, Debug)]
#[repr(u64)]
pub enum OwnDevice {
    /// What is open and has no name.
    Files = u64::MAX,
    /// Ports.
    Ports = u64::MAX - 1,
    /// Pipes.
    Pipes = u64::MAX - 2,
    /// Files in memory.
    Ram = u64::MAX - 3,
    /// `/dev`.
    Devices = u64::MAX - 4,
    /// `/proc`.
    Tasks = u64::MAX - 5,
    /// `/bin`.
    Programs = u64::MAX - 6,
}

impl OwnDevice {
    /// The id of its file with this number.
    pub const fn file(self, number: u64) -> FileId {
        FileId::new(self as u64, number)
    }
}

impl<H: Hardware, P: Policy> Kernel<H, P> {
    /// What is known of an object that is no file of the disk.
    pub(crate) fn info_of(&mut self, object: Object) -> FileInfo {
        let known = |kind, mode, size, id| FileInfo { kind, size, id, modified: Duration::ZERO, mode, links: 1 };
        let file = match object {
            Object::File(file) => file,
            Object::Sender(port) | Object::Receiver(port) => {
                return known(FileKind::Other, 0o600, 0, OwnDevice::Ports.file(u64::from(port)));
            }
        };
        let (device, kind) = (self.file(file).device, self.file(file).kind);
        let its_own = OwnDevice::Files.file(u64::from(device.index) << 32 | u64::from(device.generation));
        match kind {
            Kind::PipeReader | Kind::PipeWriter => {
                // Both ends are one pipe.
                let (pipe, len) = self.own.pipe_of(device);
                known(FileKind::Pipe, 0o600, len as u64, OwnDevice::Pipes.file(u64::from(pipe)))
            }
            Kind::Console | Kind::Plain | Kind::Terminal | Kind::Master => known(FileKind::Device, 0o666, 0, its_own),
            Kind::HostInput | Kind::HostOutput => known(FileKind::Pipe, 0o600, 0, its_own),
            Kind::Listener | Kind::Stream | Kind::Datagram => known(FileKind::Socket, 0o600, 0, its_own),
            Kind::UnixListener | Kind::UnixStream | Kind::UnixDatagram => known(FileKind::Socket, 0o600, 0, its_own),
            Kind::HostProcess
            | Kind::Resolve
            | Kind::Job
            | Kind::Watch
            | Kind::Tracer
            | Kind::Question
            | Kind::Regular
            | Kind::Directory => known(FileKind::Other, 0o600, 0, its_own),
        }
    }
}
