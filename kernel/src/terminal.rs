//! The calls of terminals: the console, which is the hardware's, and those that tasks make.

use crate::{
    event::Address,
    fd::Object,
    file::Kind,
    hardware::{Device, Hardware},
    kernel::Kernel,
    sched::Policy,
    trap::Next,
};
use yieldix_syscalls::{Errno, Fd, Reply, TerminalInfo, TerminalMode, Tid};

/// Which terminal a descriptor names.
#[derive(Clone, Copy)]
pub(crate) enum Which {
    /// The console, by one of its streams.
    Console(Device),
    /// One that a task has made, by either side.
    Own(Device),
}

impl<H: Hardware, P: Policy> Kernel<H, P> {
    pub(crate) fn sys_pty(&mut self, slot: u32) -> Next {
        let room = self.room_for_fds(slot, 2).and_then(|()| self.room_for_objects(2));
        let sides = room.and_then(|()| {
            let (master, terminal) = self.own.open_terminal();
            let (master, terminal) =
                (self.insert_file(master, Kind::Master), self.insert_file(terminal, Kind::Terminal));
            self.tell_opened(master, Address::OtherEnd { file: terminal });
            self.tell_opened(terminal, Address::OtherEnd { file: master });
            Ok((self.install(slot, Object::File(master))?, self.install(slot, Object::File(terminal))?))
        });
        self.answer_with(slot, sides.map(|sides| Reply::Pair(Box::new(sides))))
    }

    pub(crate) fn sys_set_terminal(&mut self, slot: u32, fd: Fd, mode: TerminalMode) -> Next {
        let done = self.terminal_named(slot, fd).and_then(|which| match which {
            Which::Console(device) => self.hardware.set_terminal(device, mode),
            Which::Own(device) => {
                self.own.with_terminal(device, |terminal| terminal.set_mode(mode));
                Ok(())
            }
        });
        // A line that was not ended can be read now.
        self.settle();
        self.answer_with(slot, done.map(|()| Reply::Unit))
    }

    pub(crate) fn sys_resize_terminal(&mut self, slot: u32, fd: Fd, columns: u16, rows: u16) -> Next {
        let done = self.terminal_named(slot, fd).and_then(|which| match which {
            // It is as large as its window.
            Which::Console(_) => Err(Errno::EPERM),
            Which::Own(device) => {
                self.own.with_terminal(device, |terminal| terminal.resize(columns, rows));
                Ok(())
            }
        });
        self.answer_with(slot, done.map(|()| Reply::Unit))
    }

    pub(crate) fn sys_terminal(&mut self, slot: u32, fd: Fd) -> Next {
        let info = self.terminal_named(slot, fd).and_then(|which| match which {
            Which::Console(device) => {
                let (mode, columns, rows) = self.hardware.terminal(device)?;
                let foreground = self.foreground.unwrap_or(Tid::NONE);
                Ok(TerminalInfo { mode, columns, rows, foreground })
            }
            Which::Own(device) => Ok(self.own.with_terminal(device, |terminal| terminal.info())),
        });
        self.answer_with(slot, info.map(|info| Reply::Terminal(Box::new(info))))
    }

    pub(crate) fn sys_set_foreground(&mut self, slot: u32, fd: Fd, group: Tid) -> Next {
        let done = self.foreground_named(slot, fd).and_then(|which| {
            let group = self.group_named(slot, group);
            if !self.is_group(group) {
                return Err(Errno::ESRCH);
            }
            self.give_foreground(slot, which, group);
            Ok(())
        });
        // Those who are turned away may be bound to the caller, or it to them.
        let tid = self.table.tid(slot);
        self.send_signals_of_keys();
        self.answer_signalled(tid, slot, done.map_or_else(Reply::Err, |()| Reply::Unit))
    }

    /// Which terminal a descriptor names, whose foreground can be given to a group.
    pub(crate) fn foreground_named(&mut self, slot: u32, fd: Fd) -> Result<Which, Errno> {
        let which = self.terminal_named(slot, fd)?;
        if let Which::Console(device) = which {
            self.hardware.terminal(device)?;
        }
        Ok(which)
    }

    /// The task in `slot` has a group that is there be the foreground of a terminal from now on.
    pub(crate) fn give_foreground(&mut self, slot: u32, which: Which, group: Tid) {
        match which {
            Which::Console(_) => self.foreground = Some(group),
            Which::Own(device) => self.own.with_terminal(device, |terminal| terminal.set_foreground(group)),
        }
        self.turn_readers_away(slot, which);
    }

    fn terminal_named(&self, slot: u32, fd: Fd) -> Result<Which, Errno> {
        let Object::File(file) = self.object_of(slot, fd)? else { return Err(Errno::ENOTTY) };
        let file = self.file(file);
        match file.kind {
            Kind::Console => Ok(Which::Console(file.device)),
            Kind::Terminal | Kind::Master => Ok(Which::Own(file.device)),
            _ => Err(Errno::ENOTTY),
        }
    }
}
