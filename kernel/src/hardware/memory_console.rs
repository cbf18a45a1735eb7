//! A console in memory, for tests: what was typed on it, and what was written to it.

use super::{Device, Lost};
use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use yieldix_syscalls::{Errno, Signal, TerminalMode, Time};

/// A console in memory, with both its ends: a clone is another handle on the same one.
///
/// Input ends after what was typed, unless it is kept open. Output is kept for as long as the
/// console is: it is the test's own, and without bound. Moments, signals, an input that is kept open and
/// room for output are a simulation's: on the host all is typed at once and everything has room.
#[derive(Clone, Debug, Default)]
pub struct MemoryConsole(Arc<Mutex<Memory>>);

#[derive(Debug, Default)]
pub(super) struct Memory {
    pub(super) typed: VecDeque<(Time, Vec<u8>)>,
    pub(super) is_kept_open: bool,
    /// What was written to stdout and to stderr.
    pub(super) written: [Vec<u8>; 2],
    /// How much of each still takes room.
    pub(super) occupied: [usize; 2],
    pub(super) output_room: Option<usize>,
    pub(super) drain_after: Option<Duration>,
    /// Why output is lost, and how much of each has been.
    loses: Option<Errno>,
    lost: [u64; 2],
    /// Its mode and its size, if it is a terminal.
    terminal: Option<(TerminalMode, u16, u16)>,
    /// Signals of the host that are to come.
    pub(super) signals: VecDeque<(Time, Signal)>,
    /// How often the machine would have been stopped.
    pub(super) suspended: u32,
}

impl MemoryConsole {
    /// A console on which nothing is typed and everything has room.
    pub fn new() -> MemoryConsole {
        MemoryConsole::default()
    }

    /// Types `bytes` before the machine boots.
    pub fn input(self, bytes: impl AsRef<[u8]>) -> MemoryConsole {
        self.type_at(Time::BOOT, bytes);
        self
    }

    /// After what was typed comes no end: a reader waits.
    pub fn kept_open(self) -> MemoryConsole {
        self.lock().is_kept_open = true;
        self
    }

    /// Gives each output stream room for so many bytes, which [`MemoryConsole::drain`] frees.
    pub fn output_room(self, bytes: usize) -> MemoryConsole {
        self.lock().output_room = Some(bytes);
        self
    }

    /// Frees the room of an output stream this long after something was put into it.
    pub fn drained_after(self, span: Duration) -> MemoryConsole {
        self.lock().drain_after = Some(span);
        self
    }

    /// Takes what is written and loses it, as a full disk does with what is written behind: the
    /// writer hears of no error.
    pub fn losing_output(self, errno: Errno) -> MemoryConsole {
        self.lock().loses = Some(errno);
        self
    }

    /// All three streams are a terminal of this size.
    pub fn terminal(self, columns: u16, rows: u16) -> MemoryConsole {
        self.lock().terminal = Some((TerminalMode::Lines, columns, rows));
        self
    }

    /// What it was told to make of keys; none when it is no terminal. It keeps that in mind and no more: what is
    /// typed is read as it is.
    pub fn mode(&self) -> Option<TerminalMode> {
        self.lock().terminal.map(|(mode, ..)| mode)
    }

    /// Has the host send a signal to the machine at a moment, as a key of a terminal does.
    pub fn signal_at(&self, moment: Time, signal: Signal) {
        self.lock().signals.push_back((moment, signal));
    }

    /// How often the machine would have been stopped as a whole.
    pub fn suspended(&self) -> u32 {
        self.lock().suspended
    }

    /// Types `bytes` at a moment; not before what was typed earlier.
    pub fn type_at(&self, moment: Time, bytes: impl AsRef<[u8]>) {
        let mut memory = self.lock();
        let moment = memory.typed.back().map_or(moment, |(last, _)| moment.max(*last));
        memory.typed.push_back((moment, bytes.as_ref().to_vec()));
    }

    /// Frees the room of both output streams.
    pub fn drain(&self) {
        self.lock().occupied = [0; 2];
    }

    /// All that was written to stdout.
    pub fn stdout(&self) -> Vec<u8> {
        self.lock().written[0].clone()
    }

    /// All that was written to stderr.
    pub fn stderr(&self) -> Vec<u8> {
        self.lock().written[1].clone()
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, Memory> {
        // What a test that panicked left behind is as good as before: each change is one step.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Memory {
    /// The next of what was typed, whenever that was to be; nothing at its end.
    pub(super) fn take_typed(&mut self, max: usize) -> Vec<u8> {
        let Some((_, bytes)) = self.typed.front_mut() else { return Vec::new() };
        let taken = bytes.drain(..max.min(bytes.len())).collect();
        if bytes.is_empty() {
            self.typed.pop_front();
        }
        taken
    }

    /// Would a read at this moment do better than `EAGAIN`?
    pub(super) fn would_read(&self, now: Time) -> bool {
        self.typed.front().map_or(!self.is_kept_open, |(moment, _)| *moment <= now)
    }

    /// Its mode and size. `ENOTTY` when it is no terminal.
    pub(super) fn terminal(&self) -> Result<(TerminalMode, u16, u16), Errno> {
        self.terminal.ok_or(Errno::ENOTTY)
    }

    /// Sets its mode.
    pub(super) fn set_terminal(&mut self, mode: TerminalMode) -> Result<(), Errno> {
        self.terminal.as_mut().ok_or(Errno::ENOTTY)?.0 = mode;
        Ok(())
    }

    /// Takes what was written to stdout (0) or stderr (1).
    pub(super) fn write(&mut self, stream: usize, data: &[u8]) {
        match self.loses {
            Some(_) => self.lost[stream] += data.len() as u64,
            None => self.written[stream].extend_from_slice(data),
        }
    }

    /// Is what was written out? The host's has room for everything, so only a loss says otherwise.
    pub(super) fn sync(&self, stream: usize) -> Result<(), Errno> {
        match self.loses {
            Some(errno) if self.lost[stream] > 0 => Err(errno),
            _ => Ok(()),
        }
    }

    /// What has been lost since this was last asked.
    pub(super) fn take_lost(&mut self) -> Vec<Lost> {
        let Some(errno) = self.loses else { return Vec::new() };
        let lost = [Device::STDOUT, Device::STDERR].into_iter().zip(std::mem::take(&mut self.lost));
        lost.filter(|(_, bytes)| *bytes > 0).map(|(device, bytes)| Lost { device, bytes, errno }).collect()
    }

    pub(super) fn room(&self, stream: usize) -> usize {
        self.output_room.map_or(usize::MAX, |room| room.saturating_sub(self.occupied[stream]))
    }
}
