//! What `/dev` has: devices by their names there.

use super::{Own, plain::Plain};
use crate::{event::Address, fd::Object, file::Kind, hardware::Hardware, kernel::Kernel, sched::Policy};
use yieldix_syscalls::{Errno, Fd, OpenFlags};

/// The names, in the order in which a listing has them.
pub const NAMES: &[&str] =
    &["console", "full", "null", "random", "stderr", "stdin", "stdout", "tty", "urandom", "zero"];

impl<H: Hardware, P: Policy> Kernel<H, P> {
    /// Opens the device of this name for the task in `slot`; whoever asks holds it now.
    ///
    /// `console` is the machine's input to read, its output to write. `tty` is the terminal that one of the
    /// caller's streams is, or the console when none of them is one. The three streams are the caller's.
    ///
    /// Errors: `ENOENT` for a name that is none, `EINVAL` to open the console to read and to write, `ENFILE`,
    /// `EBADF` for a stream that the caller has closed.
    pub(crate) fn open_device(&mut self, slot: u32, name: &str, flags: OpenFlags) -> Result<Object, Errno> {
        let object = match name {
            "full" => return self.open_plain(Plain::Full, name, flags),
            "null" => return self.open_plain(Plain::Null, name, flags),
            "zero" => return self.open_plain(Plain::Zero, name, flags),
            "random" | "urandom" => return self.open_plain(Plain::Random, name, flags),
            "console" => self.open_console(flags)?,
            "tty" => match self.terminal_of(slot) {
                Some(terminal) => terminal,
                None => self.open_console(flags)?,
            },
            "stdin" => self.object_of(slot, Fd::STDIN)?,
            "stdout" => self.object_of(slot, Fd::STDOUT)?,
            "stderr" => self.object_of(slot, Fd::STDERR)?,
            _ => return Err(Errno::ENOENT),
        };
        self.hold(object);
        Ok(object)
    }

    fn open_plain(&mut self, plain: Plain, name: &str, flags: OpenFlags) -> Result<Object, Errno> {
        self.room_for_an_object()?;
        let device = self.own.devices.open(|_| Own::Plain(plain, flags));
        Ok(Object::File(self.open_file(device, Kind::Plain, Address::Path(&format!("/dev/{name}")))))
    }

    fn open_console(&self, flags: OpenFlags) -> Result<Object, Errno> {
        let stream = match (flags.has(OpenFlags::READ), flags.has(OpenFlags::WRITE)) {
            (true, true) => return Err(Errno::EINVAL),
            (_, is_written) => usize::from(is_written),
        };
        self.streams[stream].ok_or(Errno::ENXIO)
    }

    /// The terminal that a task's streams are, if one is: what is asked first is most likely to be one.
    fn terminal_of(&self, slot: u32) -> Option<Object> {
        let streams = [Fd::STDIN, Fd::STDERR, Fd::STDOUT].into_iter();
        let mut objects = streams.filter_map(|fd| self.object_of(slot, fd).ok());
        objects.find(|&object| match object {
            Object::File(file) => self.file(file).kind == Kind::Terminal,
            Object::Sender(_) | Object::Receiver(_) => false,
        })
    }
}
