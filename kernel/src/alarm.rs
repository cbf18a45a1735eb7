//! Alarms: a task's own `ALRM`, after a while.
//!
//! They are apart from the timers of waits, of which a task has one and only while it waits. Invariant: who
//! has an alarm set is listed here under its moment, once, and nobody else is.

use crate::{emit, hardware::Hardware, kernel::Kernel, sched::Policy, trap::Next};
use std::collections::BTreeSet;
use yieldix_syscalls::{Nanos, Reply, Signal, Tid, Time};

/// Alarms by their moments; those of one moment in the order of their tasks.
pub type Alarms = BTreeSet<(Time, Tid)>;

impl<H: Hardware, P: Policy> Kernel<H, P> {
    pub(crate) fn sys_alarm(&mut self, tid: Tid, slot: u32, span: Nanos) -> Next {
        self.take_back_alarm(slot);
        let at = self.now_exactly() + span;
        if span.count() > 0 && at != Time::NEVER {
            self.table.make_rare(slot).signals.alarm = Some(at);
            self.alarms.insert((at, tid));
            emit!(self, AlarmSet { tid, due: at });
        }
        self.answer(slot, Reply::Unit)
    }

    /// Takes back the alarm of the task in `slot`, if one is set.
    pub(crate) fn take_back_alarm(&mut self, slot: u32) {
        if let Some(at) = self.table.rare_mut(slot).and_then(|rare| rare.signals.alarm.take()) {
            let tid = self.table.tid(slot);
            self.alarms.remove(&(at, tid));
            emit!(self, AlarmSet { tid, due: Time::NEVER });
        }
    }

    /// When the first alarm is due.
    pub(crate) fn first_alarm(&self) -> Time {
        self.alarms.first().map_or(Time::NEVER, |(at, _)| *at)
    }

    /// Sends the alarms that are due.
    pub(crate) fn fire_alarms(&mut self) {
        if self.alarms.is_empty() {
            return;
        }
        let now = self.now();
        while let Some(&(due, tid)) = self.alarms.first().filter(|(at, _)| *at <= now) {
            self.alarms.pop_first();
            let slot = self.slot_of(tid);
            self.table.make_rare(slot).signals.alarm = None;
            emit!(self, AlarmFired { tid, due });
            self.post(slot, Signal::Alrm);
        }
    }
}
