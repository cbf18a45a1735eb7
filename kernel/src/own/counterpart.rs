//! Who is at the other side of a device of the kernel's own: by whose doing an operation that waits there is answered.

use super::{Own, OwnDevices, pipe::Pipe};
use crate::{file::Direction, fs::ram::Inode, hardware::Device};
use yieldix_syscalls::Tid;

/// The other side of a device.
#[derive(Debug, PartialEq, Eq)]
pub enum Counterpart {
    /// Who holds one of these.
    Devices(Vec<Device>),
    /// These tasks, by whatever they do, and who holds the device.
    Traced(Vec<Tid>),
    /// Whoever knows its name.
    Named,
    /// Whoever changes the file that is watched.
    File,
}

impl OwnDevices {
    /// Whose doing answers what waits at this device in this direction. A datagram's receiver is asked about by
    /// [`OwnDevices::named`].
    pub fn counterpart(&self, device: Device, direction: Direction) -> Counterpart {
        let pipe = |pipe: u32, end: fn(&Pipe) -> Option<Device>| {
            Counterpart::Devices(self.pipes.get(pipe).and_then(end).into_iter().collect())
        };
        match self.devices.known(device) {
            Some(&Own::PipeReader(at)) => pipe(at, Pipe::writer),
            Some(&Own::PipeWriter(at)) => pipe(at, Pipe::reader),
            // The mode that one side sets may end a wait at that side, too.
            Some(&(Own::Terminal(at) | Own::Master(at))) => {
                let terminal = self.terminals.get(at);
                let sides = terminal.map(|terminal| [terminal.master(), terminal.side()]);
                Counterpart::Devices(sides.into_iter().flatten().flatten().collect())
            }
            Some(&Own::Unix(socket, _)) => match self.unix.counterparts(socket, direction) {
                Some(devices) => Counterpart::Devices(devices),
                None => Counterpart::Named,
            },
            Some(&Own::Tracer(at)) => Counterpart::Traced(self.tracers.borrow().traced_by(at)),
            Some(Own::File) => Counterpart::File,
            Some(Own::Plain(..)) | None => Counterpart::Devices(Vec::new()),
        }
    }

    /// The Unix socket that has this name.
    pub fn named(&self, name: Inode) -> Option<Device> {
        self.unix.device(*self.names.get(&name)?)
    }

    /// The name of a Unix socket, if it has one.
    pub fn name_of(&self, device: Device) -> Option<&str> {
        match self.devices.known(device) {
            Some(&Own::Unix(socket, _)) => self.unix.name(socket),
            _ => None,
        }
    }
}
