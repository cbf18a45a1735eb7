//! The console: three streams, of this process or in memory.

use super::input::Input;
use super::output::{Output, Which};
use super::poller::Bell;
use super::terminal::TerminalKeeper;
use crate::hardware::{Device, Interrupt, Lost, MemoryConsole, Received};
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::Arc;
use yieldix_syscalls::{Buf, Errno, TerminalMode};

/// What the machine's console is.
#[derive(Debug, Default)]
pub enum ConsoleOptions {
    /// The process's own standard streams.
    #[default]
    Process,
    /// Three streams of the host: pipes, files, a terminal.
    Streams {
        /// Where input comes from.
        input: OwnedFd,
        /// Where output goes.
        output: OwnedFd,
        /// Where error output goes.
        error: OwnedFd,
    },
    /// No stream at all, for tests.
    Memory(MemoryConsole),
}

/// A stream of the host that is read or written by a thread.
#[derive(Debug)]
pub enum Stream {
    /// One that the process was started with: it is not ours to close.
    Process(BorrowedFd<'static>),
    /// One that was given to the machine.
    Given(OwnedFd),
}

impl AsFd for Stream {
    fn as_fd(&self) -> BorrowedFd<'_> {
        match self {
            Stream::Process(fd) => *fd,
            Stream::Given(fd) => fd.as_fd(),
        }
    }
}

/// The console, as the hardware has it.
#[derive(Debug)]
pub enum Console {
    /// Streams of the host.
    Streams {
        input: Input,
        output: Output,
        bell: Arc<Bell>,
    },
    Memory(MemoryConsole),
}

impl Console {
    pub fn new(options: ConsoleOptions, bell: Arc<Bell>) -> io::Result<Console> {
        let [input, output, error] = match options {
            ConsoleOptions::Memory(memory) => return Ok(Console::Memory(memory)),
            ConsoleOptions::Process => {
                [rustix::stdio::stdin(), rustix::stdio::stdout(), rustix::stdio::stderr()].map(Stream::Process)
            }
            ConsoleOptions::Streams { input, output, error } => [input, output, error].map(Stream::Given),
        };
        Ok(Console::Streams {
            input: Input::new(input, Arc::clone(&bell))?,
            output: Output::new(output, error, Arc::clone(&bell))?,
            bell,
        })
    }

    /// Appends what the threads have told.
    pub fn interrupts(&mut self, happened: &mut Vec<Interrupt>) {
        let Console::Streams { input, output, bell } = self else { return };
        if !bell.take() {
            return;
        }
        if input.take_ready() {
            happened.push(Interrupt::Ready { device: Device::STDIN, readable: true, writable: false });
        }
        output.take_ready(|which| {
            happened.push(Interrupt::Ready { device: which.device(), readable: false, writable: true });
        });
    }

    /// Reads; `EBADF` from what is not the input.
    pub fn try_read(&mut self, device: Device, max: usize) -> Result<Received, Errno> {
        only_input(device)?;
        let data = match self {
            Console::Streams { input, .. } => input.try_read(max)?,
            Console::Memory(memory) => Buf::from(memory.lock().take_typed(max)),
        };
        // Never drained: the thread reads on only when a try has asked it to.
        Ok(Received { data, drained: false })
    }

    /// Writes; `EBADF` to what is not an output.
    pub fn try_write(&mut self, device: Device, data: &[u8]) -> Result<usize, Errno> {
        let which = which_output(device)?;
        match self {
            Console::Streams { output, .. } => output.try_write(which, data),
            Console::Memory(memory) => {
                memory.lock().write(which as usize, data);
                Ok(data.len())
            }
        }
    }

    /// Is what was written to this output out? `EBADF` for what is none.
    pub fn try_sync(&mut self, device: Device) -> Result<(), Errno> {
        let which = which_output(device)?;
        match self {
            Console::Streams { output, .. } => output.try_sync(which),
            Console::Memory(memory) => memory.lock().sync(which as usize),
        }
    }

    /// What a stream makes of keys, and how large it is. `ENOTTY` if it is no terminal.
    pub fn terminal(&self, device: Device, keeper: &TerminalKeeper) -> Result<(TerminalMode, u16, u16), Errno> {
        match self {
            Console::Streams { input, output, .. } => match which_output(device) {
                Ok(which) => keeper.info(output.stream(which)),
                Err(_) => keeper.info(input.stream()),
            },
            Console::Memory(memory) => memory.lock().terminal(),
        }
    }

    /// Sets what a stream makes of keys.
    pub fn set_terminal(&self, device: Device, mode: TerminalMode, keeper: &TerminalKeeper) -> Result<(), Errno> {
        match self {
            Console::Streams { input, output, .. } => match which_output(device) {
                Ok(which) => keeper.set(output.stream(which), mode),
                Err(_) => keeper.set(input.stream(), mode),
            },
            Console::Memory(memory) => memory.lock().set_terminal(mode),
        }
    }

    pub fn is_readable(&mut self, device: Device) -> Result<bool, Errno> {
        only_input(device)?;
        match self {
            Console::Streams { input, .. } => input.is_readable(),
            Console::Memory(_) => Ok(true),
        }
    }

    pub fn is_writable(&mut self, device: Device) -> Result<bool, Errno> {
        let which = which_output(device)?;
        match self {
            Console::Streams { output, .. } => Ok(output.is_writable(which)),
            Console::Memory(_) => Ok(true),
        }
    }

    /// Is all that was written out, or lost? News of that ends a wait when not.
    pub fn is_out(&mut self) -> bool {
        match self {
            Console::Streams { output, .. } => output.is_out(),
            Console::Memory(_) => true,
        }
    }

    /// Loses what is not out.
    pub fn give_up(&mut self) {
        if let Console::Streams { output, .. } = self {
            output.give_up();
        }
    }

    /// What has been lost since this was last asked.
    pub fn take_lost(&mut self) -> Vec<Lost> {
        match self {
            Console::Streams { output, .. } => output.take_lost(),
            Console::Memory(memory) => memory.lock().take_lost(),
        }
    }
}

fn only_input(device: Device) -> Result<(), Errno> {
    if device == Device::STDIN { Ok(()) } else { Err(Errno::EBADF) }
}

fn which_output(device: Device) -> Result<Which, Errno> {
    match device {
        Device::STDOUT => Ok(Which::Out),
        Device::STDERR => Ok(Which::Error),
        _ => Err(Errno::EBADF),
    }
}
