//! The console: the process's own streams, or memory that a test holds the other end of.
//!
//! The process's own take no virtual time: a read stops the machine until somebody types, a write
//! until it is out. In memory, input is typed at chosen moments, and output is captured; it may be
//! given a bounded room, so that a writer meets `EAGAIN`.

use super::agenda::{Agenda, Event};
use super::faults::Misfortune;
use super::network::Owed;
use super::own_streams;
use crate::hardware::{Device, Interrupt, Lost, MemoryConsole};
use yieldix_syscalls::{Errno, TerminalMode, Time};

/// What the simulated machine has for a console.
#[derive(Clone, Debug)]
pub enum SimulatedConsole {
    /// The streams of this process.
    Process,
    /// Memory.
    Memory(MemoryConsole),
}

/// The three devices of the console.
#[derive(Debug)]
pub struct Console {
    console: SimulatedConsole,
    owed: [Owed; 3],
    /// Is somebody to be told when this output is out?
    awaited: [bool; 2],
    /// The moment for which the arrival of typed bytes is planned.
    typed_planned: Option<Time>,
}

impl Console {
    /// The devices of this console.
    pub fn new(console: SimulatedConsole) -> Console {
        Console { console, owed: [Owed::default(); 3], awaited: [false; 2], typed_planned: None }
    }

    /// Reads what was typed; none is the end. Also tells whether nothing is left for now.
    pub fn read(
        &mut self,
        device: Device,
        max: usize,
        luck: &mut Misfortune,
        now: Time,
    ) -> Result<(Vec<u8>, bool), Errno> {
        if device != Device::STDIN {
            return Err(Errno::EBADF);
        }
        let memory = match &self.console {
            SimulatedConsole::Process => return Ok((own_streams::read(max)?, false)),
            SimulatedConsole::Memory(memory) => memory,
        };
        let mut memory = memory.lock();
        if !memory.would_read(now) {
            self.owed[0].readable = true;
            return Err(Errno::EAGAIN);
        }
        let wanted = memory.typed.front().map_or(0, |(_, bytes)| luck.read_length(max.min(bytes.len())));
        let data = memory.take_typed(wanted);
        let is_drained = !memory.would_read(now);
        self.owed[0].readable |= is_drained;
        Ok((data, is_drained))
    }

    /// Writes to one of the two outputs.
    pub fn write(
        &mut self,
        device: Device,
        data: &[u8],
        luck: &mut Misfortune,
        agenda: &mut Agenda,
    ) -> Result<usize, Errno> {
        let stream = output(device)?;
        if data.is_empty() {
            return Ok(0);
        }
        let memory = match &self.console {
            SimulatedConsole::Process => {
                let count = own_streams::write(stream, &data[..luck.write_length(data.len())])?;
                if count < data.len() {
                    self.owe_write(device, agenda);
                }
                return Ok(count);
            }
            SimulatedConsole::Memory(memory) => memory,
        };
        let mut memory = memory.lock();
        let room = memory.room(stream);
        let count = if room == 0 { 0 } else { luck.write_length(data.len().min(room)) };
        memory.write(stream, &data[..count]);
        if memory.output_room.is_some() && count > 0 {
            if memory.occupied[stream] == 0
                && let Some(span) = memory.drain_after
            {
                agenda.plan(agenda.now() + span, Event::Drained(device));
            }
            memory.occupied[stream] += count;
        }
        drop(memory);
        if count < data.len() {
            self.owe_write(device, agenda);
        }
        if count == 0 { Err(Errno::EAGAIN) } else { Ok(count) }
    }

    /// Would a read answer?
    pub fn is_readable(&mut self, device: Device, now: Time) -> Result<bool, Errno> {
        if device != Device::STDIN {
            return Err(Errno::EBADF);
        }
        let is_readable = self.would(device, now).0;
        self.owed[0].readable |= !is_readable;
        Ok(is_readable)
    }

    /// Would a write answer?
    pub fn is_writable(&mut self, device: Device, agenda: &mut Agenda) -> Result<bool, Errno> {
        output(device)?;
        let is_writable = self.would(device, agenda.now()).1;
        if !is_writable {
            self.owe_write(device, agenda);
        }
        Ok(is_writable)
    }

    /// Is what was written out?
    pub fn sync(&mut self, device: Device) -> Result<(), Errno> {
        let stream = output(device)?;
        let SimulatedConsole::Memory(memory) = &self.console else { return Ok(()) };
        let memory = memory.lock();
        memory.sync(stream)?;
        self.awaited[stream] = memory.occupied[stream] > 0;
        if self.awaited[stream] { Err(Errno::EAGAIN) } else { Ok(()) }
    }

    /// What it makes of keys, and its size. The process's own is none here: a terminal takes time.
    pub fn terminal(&self) -> Result<(TerminalMode, u16, u16), Errno> {
        match &self.console {
            SimulatedConsole::Process => Err(Errno::ENOTTY),
            SimulatedConsole::Memory(memory) => memory.lock().terminal(),
        }
    }

    /// Sets what it makes of keys.
    pub fn set_terminal(&self, mode: TerminalMode) -> Result<(), Errno> {
        match &self.console {
            SimulatedConsole::Process => Err(Errno::ENOTTY),
            SimulatedConsole::Memory(memory) => memory.lock().set_terminal(mode),
        }
    }

    /// The machine would be stopped as a whole; it goes on at once.
    pub fn suspend(&self) {
        if let SimulatedConsole::Memory(memory) = &self.console {
            memory.lock().suspended += 1;
        }
    }

    /// Typed bytes arrive as planned.
    pub fn typed(&mut self, agenda: &mut Agenda) {
        self.typed_planned = None;
        agenda.touch(Device::STDIN);
    }

    /// Frees the room of one output, its time having come.
    pub fn drain(&mut self, device: Device) {
        if let (SimulatedConsole::Memory(memory), Ok(stream)) = (&self.console, output(device)) {
            memory.lock().occupied[stream] = 0;
        }
    }

    /// Brings out all that was written, and tells what was lost. The process's own streams lose
    /// nothing: who writes to them is told at once.
    pub fn flush(&mut self, agenda: &mut Agenda) -> Vec<Lost> {
        let SimulatedConsole::Memory(memory) = &self.console else { return Vec::new() };
        memory.drain();
        agenda.touch(Device::STDOUT);
        agenda.touch(Device::STDERR);
        memory.lock().take_lost()
    }

    /// Looks at what the holder of the other end may have done meanwhile.
    pub fn look(&mut self, agenda: &mut Agenda) {
        let SimulatedConsole::Memory(memory) = &self.console else { return };
        for (moment, signal) in memory.lock().signals.drain(..) {
            agenda.plan(moment, Event::Signal(signal));
        }
        if self.owed[0].readable
            && let Some((moment, _)) = memory.lock().typed.front()
            && self.typed_planned != Some(*moment)
        {
            self.typed_planned = Some(*moment);
            agenda.plan(*moment, Event::Typed);
        }
        for device in [Device::STDOUT, Device::STDERR] {
            if self.owed[device.index as usize].writable || self.is_awaited(device) {
                agenda.touch(device);
            }
        }
    }

    /// The interrupt that this device is owed and can have now, if any; the debt is paid by it.
    pub fn settle(&mut self, device: Device, now: Time) -> Option<Interrupt> {
        let (is_readable, is_writable) = self.would(device, now);
        let is_out = self.is_awaited(device) && self.sync(device) != Err(Errno::EAGAIN);
        let owed = self.owed.get_mut(device.index as usize)?;
        let (readable, writable) = (owed.readable && is_readable, owed.writable && is_writable);
        owed.readable &= !readable;
        owed.writable &= !writable;
        let writable = writable || is_out;
        (readable || writable).then_some(Interrupt::Ready { device, readable, writable })
    }

    fn would(&self, device: Device, now: Time) -> (bool, bool) {
        match &self.console {
            SimulatedConsole::Process => (true, true),
            SimulatedConsole::Memory(memory) => {
                let memory = memory.lock();
                (memory.would_read(now), output(device).is_ok_and(|stream| memory.room(stream) > 0))
            }
        }
    }

    fn is_awaited(&self, device: Device) -> bool {
        output(device).is_ok_and(|stream| self.awaited[stream])
    }

    fn owe_write(&mut self, device: Device, agenda: &mut Agenda) {
        self.owed[device.index as usize].writable = true;
        // A short write may have left room: then the debt is due at once.
        agenda.touch(device);
    }
}

fn output(device: Device) -> Result<usize, Errno> {
    match device {
        Device::STDOUT => Ok(0),
        Device::STDERR => Ok(1),
        _ => Err(Errno::EBADF),
    }
}
