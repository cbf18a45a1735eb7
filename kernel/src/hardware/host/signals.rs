//! The process's signals, as interrupts.
//!
//! Only for who asks, as a process has one disposition for all its parts. A pipe a signal, so that
//! the pipe says which. `signal-hook` leaves its own handler installed when this ends: the signal
//! is ignored from then on.

use super::limits::SIGNAL_REPEATS_MAX;
use super::poller::{Direction, Event, Key, Registrar, Registration};
use super::terminal::TerminalKeeper;
use crate::hardware::{Device, Interrupt};
use polling::Poller;
use signal_hook::SigId;
use signal_hook::low_level::{pipe, unregister};
use std::io::{self, PipeReader};
use std::sync::Arc;
use yieldix_syscalls::Signal;

/// The signals that are caught. All become interrupts but the one to go on, which is for the terminal only.
const CAUGHT: [Signal; 7] =
    [Signal::Hup, Signal::Int, Signal::Quit, Signal::Usr1, Signal::Term, Signal::Tstp, Signal::Cont];

#[derive(Debug)]
struct Inlet {
    signal: Signal,
    pipe: PipeReader,
    registration: Registration,
    hook: SigId,
}

/// The signals that were asked for.
#[derive(Debug)]
pub struct Signals {
    inlets: Vec<Inlet>,
    registrar: Registrar,
    terminal: TerminalKeeper,
    /// How many have come that may end the machine.
    came: u64,
}

impl Signals {
    /// Catches nothing.
    pub fn none(poller: Arc<Poller>, terminal: TerminalKeeper) -> Signals {
        Signals { inlets: Vec::new(), registrar: Registrar::new(poller), terminal, came: 0 }
    }

    /// Catches them from now on.
    pub fn catch(&mut self) -> io::Result<()> {
        for signal in CAUGHT {
            let (reader, writer) = io::pipe()?;
            rustix::io::ioctl_fionbio(&reader, true)?;
            let hook = pipe::register(signal.number().into(), writer)?;
            // Here before it is armed, so that a failure undoes all of it.
            let inlet = Inlet { signal, pipe: reader, registration: Registration::default(), hook };
            let inlet = self.inlets.push_mut(inlet);
            self.registrar.arm(&mut inlet.registration, &inlet.pipe, key(signal), Direction::Read)?;
        }
        Ok(())
    }

    /// How many have come that end the machine unless tasks are given them.
    pub fn came(&self) -> u64 {
        self.came
    }

    /// Appends the signals of an event, if it is one of theirs.
    pub fn told(&mut self, event: Event, happened: &mut Vec<Interrupt>) {
        let Some(inlet) = self.inlets.iter_mut().find(|inlet| key(inlet.signal) == event.key) else { return };
        let mut bytes = [0; 64];
        let mut count = 0;
        // To the end: what is left in the pipe would hide the next signal.
        while let Ok(more) = rustix::io::retry_on_intr(|| rustix::io::read(&inlet.pipe, &mut bytes)) {
            if more == 0 {
                break;
            }
            count += more;
        }
        self.came += if matches!(inlet.signal, Signal::Usr1 | Signal::Tstp | Signal::Cont) { 0 } else { count as u64 };
        if inlet.signal == Signal::Cont {
            self.terminal.take_hold_again();
        } else {
            let interrupts = std::iter::repeat_with(|| Interrupt::Signal(inlet.signal));
            happened.extend(interrupts.take(count.min(SIGNAL_REPEATS_MAX)));
        }
        inlet.registration.fired();
        // It cannot fail for a descriptor that the poller has already.
        let _ = self.registrar.arm(&mut inlet.registration, &inlet.pipe, event.key, Direction::Read);
    }
}

impl Drop for Signals {
    fn drop(&mut self) {
        for inlet in &mut self.inlets {
            unregister(inlet.hook);
            self.registrar.remove(&mut inlet.registration, &inlet.pipe);
        }
    }
}

/// A key that no socket has: the console's first place, with the signal as its generation.
const fn key(signal: Signal) -> Key {
    Key::of(Device { index: 0, generation: signal.number() as u32 })
}
