//! Who watches the kernel, and what it tells them.
//!
//! With nobody watching it tells nothing and keeps no notes: the question is asked at each look at the
//! hardware, and a turn that is not observed is compiled apart from one that is.

use crate::{
    block::Cause,
    event::{Event, Record},
    hardware::Hardware,
    kernel::Kernel,
    sched::Policy,
    task::State,
    trap::{Step, Stop},
};
use std::ops::CoroutineState;
use tracing::{Level, level_filters::LevelFilter};
use yieldix_syscalls::{Tid, Time, Trap};

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

    /// At each look at the hardware: which events does anybody want?
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

    pub(crate) fn tell_trapped(&mut self, tid: Tid, step: &Step) {
        if let CoroutineState::Yielded(Trap { call, at }) = step {
            emit!(self, Trapped { tid, call, line: at });
        }
    }

    /// Apart from the answering, so that there a reply need not lie in memory to be looked at.
    #[cold]
    #[inline(never)]
    pub(crate) fn tell_answered(&mut self, slot: u32) {
        let (at, tid) = (self.now(), self.table.tid(slot));
        if let State::Ready(reply) = &self.table.slot(slot).state {
            self.deliver(at, Event::Answered { tid, reply });
        }
    }

    #[cold]
    pub(crate) fn tell_turn_over(&mut self, tid: Tid, why: Stop, traps: u64) {
        self.previous = (tid, why);
        emit!(self, TurnOver { tid, why, traps });
    }
}
