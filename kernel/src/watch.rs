//! Who watches the kernel, and what it tells them.
//!
//! With nobody watching it tells nothing and keeps no notes: the question is asked once a round, and
//! a turn that is not observed is compiled apart from one that is.

use crate::{
    block::Cause,
    event::{Event, Record},
    hardware::Hardware,
    kernel::Kernel,
    sched::Policy,
    trap::Stop,
};
use tracing::{Level, level_filters::LevelFilter};
use yieldix_syscalls::{Tid, Time};

/// Delivers an event if anybody wants it; its fields are computed only then.
macro_rules! emit {
    ($kernel:expr, $Name:ident { $($fields:tt)* }) => {
        if $kernel.wants($crate::event::level::$Name) {
            let at = $kernel.now();
            $kernel.deliver(at, $crate::event::Event::$Name { $($fields)* });
        }
    };
}

pub(crate) use emit;

impl<H: Hardware, P: Policy> Kernel<H, P> {
    #[inline(always)]
    pub(crate) fn wants(&self, level: Level) -> bool {
        self.level >= level
    }

    #[cold]
    #[inline(never)]
    pub(crate) fn deliver(&self, at: Time, event: Event<'_>) {
        let sequence = self.sequence.get() + 1;
        self.sequence.set(sequence);
        let record = Record { sequence, at, event };
        record.log();
        if let Some(observer) = &self.observer {
            observer.event(&record);
        }
    }

    /// Once a round: which events does anybody want?
    pub(crate) fn look_who_watches(&mut self) {
        self.level = if self.observer.is_some() { LevelFilter::TRACE } else { LevelFilter::current() };
        self.is_observed = self.options.is_checked || self.level >= LevelFilter::DEBUG;
    }

    pub(crate) fn note_ready(&mut self, slot: u32, cause: Cause) {
        let now = self.now();
        let index = slot as usize;
        if self.ready_notes.len() <= index {
            self.ready_notes.resize(index + 1, (Cause::Spawned, Time::BOOT));
        }
        self.ready_notes[index] = (cause, now);
        // A turn that was given up or used up is told as such; this is for those who waited.
        if !matches!(cause, Cause::Yielded | Cause::Preempted) {
            emit!(self, Woken { tid: self.table.tid(slot), because: cause });
        }
    }

    #[cold]
    pub(crate) fn tell_chosen(&mut self, tid: Tid, slot: u32) {
        let now = self.now();
        let (because, since) = self.ready_notes.get(slot as usize).copied().unwrap_or((Cause::Spawned, now));
        let waited_ns = now.as_nanos().saturating_sub(since.as_nanos());
        let (previous, previous_stopped) = self.previous;
        emit!(
            self,
            Chosen {
                tid,
                name: self.name_of(slot),
                because,
                waited_ns,
                of_ready: self.policy.left() + 1,
                rule: self.policy.name(),
                previous,
                previous_stopped,
            }
        );
    }

    #[cold]
    pub(crate) fn tell_turn_over(&mut self, tid: Tid, why: Stop, traps: u64) {
        self.previous = (tid, why);
        emit!(self, TurnOver { tid, why, traps });
    }
}
