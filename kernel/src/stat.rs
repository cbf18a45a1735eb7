//! `fstat` and `seek` of what is no file of the disk.

use crate::{fd::Object, file::Kind, hardware::Hardware, kernel::Kernel, sched::Policy};
use std::time::Duration;
use yieldix_syscalls::{Errno, FileId, FileInfo, FileKind, SeekFrom};

/// Numbers of devices that no disk has: for the kernel's objects, by what they are.
const FILES: u64 = u64::MAX;
const PORTS: u64 = u64::MAX - 1;
const PIPES: u64 = u64::MAX - 2;

impl<H: Hardware, P: Policy> Kernel<H, P> {
    /// What is known of an object that is no file of the disk.
    pub(crate) fn info_of(&mut self, object: Object) -> FileInfo {
        let known = |kind, mode, size, id| FileInfo { kind, size, id, modified: Duration::ZERO, mode, links: 1 };
        let file = match object {
            Object::File(file) => file,
            Object::Sender(port) | Object::Receiver(port) => {
                return known(FileKind::Other, 0o600, 0, FileId::new(PORTS, u64::from(port)));
            }
        };
        let (device, kind) = (self.file(file).device, self.file(file).kind);
        let its_own = FileId::new(FILES, u64::from(device.index) << 32 | u64::from(device.generation));
        match kind {
            Kind::PipeReader | Kind::PipeWriter => {
                // Both ends are one pipe.
                let (pipe, len) = self.own.pipe_of(device);
                known(FileKind::Pipe, 0o600, len as u64, FileId::new(PIPES, u64::from(pipe)))
            }
            Kind::Text => known(FileKind::Regular, 0o444, self.own.text_len(device) as u64, its_own),
            Kind::Console | Kind::Plain | Kind::Terminal | Kind::Master => known(FileKind::Device, 0o666, 0, its_own),
            Kind::Listener | Kind::Stream => known(FileKind::Socket, 0o600, 0, its_own),
            Kind::Job | Kind::Watch | Kind::Stat | Kind::Regular => known(FileKind::Other, 0o600, 0, its_own),
        }
    }

    /// Sets where the next read of such an object is. `ESPIPE` where there is no such place.
    pub(crate) fn seek_in(&mut self, object: Object, to: SeekFrom) -> Result<u64, Errno> {
        match object {
            Object::File(file) if self.file(file).kind == Kind::Text => {
                let device = self.file(file).device;
                self.own.seek(device, to)
            }
            _ => Err(Errno::ESPIPE),
        }
    }
}
