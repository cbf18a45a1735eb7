//! Reads of a terminal by tasks that are not in its foreground.
//!
//! What is typed is for the group in the foreground. A task of another that would read it is sent `TTIN`, with all
//! of its group, and so stops by default before it has taken anything; its read is attempted again when it goes
//! on. One whom that would not stop, or whom nobody could have go on, is answered `EIO`.
//!
//! A terminal without a foreground is everybody's, and so is one in whose foreground nobody lives.
//!
//! Invariant: when the signals that are noted have been sent, nobody waits for what is typed who may not read it.

use crate::{
    block::Cause,
    fd::Object,
    file::{Kind, Pending},
    hardware::Hardware,
    kernel::Kernel,
    sched::Policy,
    task::State,
    terminal::Which,
    trap::{Next, Stop},
};
use yieldix_syscalls::{Errno, Reply, Signal, Tid};

impl<H: Hardware, P: Policy> Kernel<H, P> {
    /// Would this operation of the task in `slot` take what was typed for others?
    pub(crate) fn is_from_background(&mut self, slot: u32, file: u32, operation: &Pending) -> bool {
        if !matches!(operation, Pending::Read { max: 1.. }) {
            return false;
        }
        let (device, kind) = (self.file(file).device, self.file(file).kind);
        let foreground = match kind {
            Kind::Console => self.foreground.unwrap_or(Tid::NONE),
            Kind::Terminal => self.own.with_terminal(device, |terminal| terminal.foreground()),
            _ => Tid::NONE,
        };
        !foreground.is_none()
            && foreground != self.group_of(slot)
            && self.has_members_to_tell(foreground)
            // Of the console's streams one may be a terminal and another a file.
            && (kind != Kind::Console || self.hardware.terminal(device).is_ok())
    }

    /// Has a task in the background that would read a terminal stop, before it has.
    #[cold]
    pub(crate) fn read_from_background(&mut self, slot: u32, file: u32, operation: Pending) -> Next {
        if !self.stops_for_reading(slot) {
            return self.answer(slot, Reply::Err(Errno::EIO));
        }
        let (tid, group) = (self.table.tid(slot), self.group_of(slot));
        // It waits before it is stopped, so that it stands aside as others do, and is interrupted as they are.
        let next = self.block_on_file(slot, file, operation);
        if self.table.slot(slot).state.is_blocked() {
            self.own.note_signal(group, Signal::Ttin);
            self.send_signals_of_keys();
        }
        if self.table.find_live(tid).is_none() { Next::Stop(Stop::Exited) } else { next }
    }

    /// A task that was stopped while it waited to read goes on: has it stop again if it is in the background, or
    /// ends its wait. False: it is not.
    pub(crate) fn is_sent_back(&mut self, slot: u32, file: u32) -> bool {
        if !self.waits_from_background(slot, file) {
            return false;
        }
        if self.stops_for_reading(slot) {
            // The others of its group are told later: they may be about to go on as well.
            self.own.note_signal(self.group_of(slot), Signal::Ttin);
            self.post(slot, Signal::Ttin);
        } else {
            self.end_wait(slot, Errno::EIO, Cause::Device { file });
        }
        true
    }

    /// The task in `slot` has given a terminal another foreground: notes `TTIN` for those who wait to read it, as if
    /// they began to now. In its own group it is sent to the readers alone, lest who gives a terminal to a child
    /// be stopped for it.
    pub(crate) fn turn_readers_away(&mut self, slot: u32, which: Which) {
        let own = self.group_of(slot);
        let files = match which {
            Which::Console(_) => self.streams.map(|stream| match stream {
                Some(Object::File(file)) => Some(file),
                _ => None,
            }),
            Which::Own(device) => {
                let side = self.own.with_terminal(device, |terminal| terminal.side());
                [side.and_then(|side| self.file_of_device(side)), None, None]
            }
        };
        for file in files.into_iter().flatten() {
            let waiting: Vec<u32> = self.file(file).readers.iter(self.table.slots()).collect();
            for reader in waiting {
                // One that was stopped before may have had another served, or ended.
                if !self.waits_from_background(reader, file) {
                    continue;
                }
                match self.group_of(reader) {
                    _ if !self.stops_for_reading(reader) => self.end_wait(reader, Errno::EIO, Cause::Device { file }),
                    group if group == own => self.post(reader, Signal::Ttin),
                    group => self.own.note_signal(group, Signal::Ttin),
                }
            }
        }
    }

    /// Does the task in `slot` wait to read this file, from the background?
    fn waits_from_background(&mut self, slot: u32, file: u32) -> bool {
        let place = self.table.slot(slot);
        if place.is_stopped() || !matches!(place.state, State::Reading { file: other, .. } if other == file) {
            return false;
        }
        let Some(&Pending::Read { max }) = self.table.cold(slot).and_then(|cold| cold.pending.as_ref()) else {
            return false;
        };
        self.is_from_background(slot, file, &Pending::Read { max })
    }

    /// Does `TTIN` stop the task in `slot`, or is it caught, and is somebody there to have its group go on?
    fn stops_for_reading(&mut self, slot: u32) -> bool {
        !self.is_immune(slot, Signal::Ttin) && self.is_minded(self.group_of(slot))
    }
}
