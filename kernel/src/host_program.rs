//! Programs of the host: their start, their end, and signals to them. Their streams are files like others.

use crate::{
    event::Address,
    fd::Object,
    file::{Kind, Pending, Wants},
    hardware::{Device, Hardware, HostStreams},
    kernel::{Kernel, broken},
    limits,
    sched::Policy,
    trap::Next,
};
use yieldix_syscalls::{Errno, Fd, HostCommand, HostProcess, Reply, Signal, Tid};

/// Files that a program is: its process, and its three streams.
const FILES: u32 = 4;

impl<H: Hardware, P: Policy> Kernel<H, P> {
    pub(crate) fn sys_host_exec(&mut self, slot: u32, command: &HostCommand) -> Next {
        let begun = self.may_exec(slot, command).and_then(|()| self.hardware.host_exec(command));
        match begun {
            Ok(device) => {
                let file = self.open_file(device, Kind::HostProcess, Address::Name(&command.program));
                self.attempt_or_block(slot, file, Pending::HostExec)
            }
            Err(errno) => self.answer(slot, Reply::Err(errno)),
        }
    }

    fn may_exec(&self, slot: u32, command: &HostCommand) -> Result<(), Errno> {
        if !self.options.may_exec_on_host {
            return Err(Errno::EPERM);
        }
        self.room_for_fds(slot, FILES)?;
        self.room_for_objects(FILES)?;
        if self.hardware.stats().programs >= limits::HOST_PROGRAMS * FILES {
            return Err(Errno::EAGAIN);
        }
        let has_nul = |text: &str| text.contains('\0');
        if has_nul(&command.program) || command.args.iter().any(|word| has_nul(word)) {
            return Err(Errno::EINVAL);
        }
        if command.program.is_empty() { Err(Errno::ENOENT) } else { Ok(()) }
    }

    /// Makes the files of a program that has been started, and their descriptors.
    #[cold]
    pub(crate) fn take_program(&mut self, slot: u32, file: u32, device: Device) -> Result<Reply, Errno> {
        // Asked again: others may have used it meanwhile. A program that has no room is killed with its file.
        self.room_for_objects(FILES - 1)?;
        let HostStreams { stdin, stdout, stderr } = self.hardware.host_started(device)?;
        let process = self.install_asked(slot, file);
        let [stdin, stdout, stderr] =
            [(stdin, Kind::HostInput), (stdout, Kind::HostOutput), (stderr, Kind::HostOutput)].map(|(device, kind)| {
                let stream = self.open_file(device, kind, Address::OtherEnd { file });
                self.install_asked(slot, stream)
            });
        Ok(Reply::Host(Box::new(HostProcess { process, stdin, stdout, stderr })))
    }

    /// A descriptor for which room was asked before; the task has waited since, and can have opened none.
    fn install_asked(&mut self, slot: u32, file: u32) -> Fd {
        match self.install(slot, Object::File(file)) {
            Ok(fd) => fd,
            Err(_) => broken("a task that waits opens descriptors"),
        }
    }

    pub(crate) fn sys_host_wait(&mut self, slot: u32, fd: Fd) -> Next {
        match self.host_process(slot, fd) {
            Ok(_) => self.operate(slot, fd, Wants::Anything, Pending::HostWait),
            Err(errno) => self.answer(slot, Reply::Err(errno)),
        }
    }

    /// How a program ended.
    #[cold]
    pub(crate) fn take_host_status(&mut self, device: Device) -> Result<Reply, Errno> {
        let status = self.hardware.host_status(device)?;
        Ok(Reply::exit(Tid::NONE, status))
    }

    pub(crate) fn sys_host_kill(&mut self, slot: u32, fd: Fd, signal: Signal) -> Next {
        let sent = self.host_process(slot, fd).and_then(|device| self.hardware.host_kill(device, signal));
        self.answer_with(slot, sent.map(|()| Reply::Unit))
    }

    fn host_process(&self, slot: u32, fd: Fd) -> Result<Device, Errno> {
        match self.object_of(slot, fd)? {
            Object::File(file) if self.file(file).kind == Kind::HostProcess => Ok(self.file(file).device),
            _ => Err(Errno::EINVAL),
        }
    }
}
