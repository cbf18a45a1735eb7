//! Who watches the kernel, and what it tells them.
//!
//! With nobody watching it tells nothing and keeps no notes: the question is asked at each look at the
//! hardware, and a turn that is not observed is compiled apart from one that is.

use crate::{
    block::Cause,
    event::{Event, Record, Tids, level},
    hardware::Hardware,
    kernel::Kernel,
    limits,
    sched::Policy,
    task::{self, State},
    trap::{Step, Stop},
};
use smallvec::SmallVec;
use std::{ops::CoroutineState, time::Duration};
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

/// What is noted of the task in a slot while the kernel is observed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Account {
    /// Whose it is: the slot may be another's by now.
    tid: Tid,
    /// Why it is ready, or was last.
    because: Cause,
    /// The task that made it so, if one did that `because` does not name.
    by: Tid,
    /// Since when it is.
    since: Time,
    /// How long it has run.
    pub ran: Duration,
    /// How long it has been ready before it ran.
    pub waited: Duration,
}

impl Account {
    fn new(tid: Tid, since: Time) -> Account {
        Account { tid, because: Cause::Spawned, by: Tid::NONE, since, ran: Duration::ZERO, waited: Duration::ZERO }
    }
}

impl<H: Hardware, P: Policy> Kernel<H, P> {
    #[inline(always)]
    pub(crate) fn wants(&self, level: Level) -> bool {
        self.level >= level
    }

    #[cold]
    #[inline(never)]
    pub(crate) fn deliver(&self, at: Time, event: Event<'_>) {
        if self.own.tracers.borrow().len() > 0 {
            self.show_tracers(at, &event);
        }
        if self.listened < event.level() {
            return;
        }
        let sequence = self.sequence.get() + 1;
        self.sequence.set(sequence);
        let record = Record { sequence, at, event, payload_shown: self.options.payload_shown };
        record.log();
        for observer in &self.observers {
            observer.event(&record);
        }
    }

    #[cold]
    fn show_tracers(&self, at: Time, event: &Event<'_>) {
        let depth_of = |tid: Tid| {
            let rare = self.table.find_live(tid).and_then(|slot| self.table.rare(slot));
            rare.map_or(0, |rare| rare.callers.len() as u32)
        };
        let depth = if let Event::Trapped { tid, .. } = *event { depth_of(tid) } else { 0 };
        self.own.tracers.borrow_mut().note(at, event, depth);
    }

    /// The time for what is told of a trap: while there are tracers, read for each.
    fn trap_time(&mut self) -> Time {
        if self.own.tracers.get_mut().len() > 0 { self.now_exactly() } else { self.now() }
    }

    /// At each look at the hardware: which events does anybody want?
    pub(crate) fn look_who_watches(&mut self) {
        self.pulse.wake_watcher();
        self.listened = if self.observers.is_empty() { LevelFilter::current() } else { LevelFilter::TRACE };
        self.level = if self.own.tracers.get_mut().len() > 0 { LevelFilter::TRACE } else { self.listened };
        self.is_observed = self.options.is_checked
            || self.options.records_turns
            || self.level >= LevelFilter::DEBUG
            || self.is_suspecting();
        if self.is_observed {
            self.begin_lints();
        }
    }

    pub(crate) fn note_ready(&mut self, slot: u32, cause: Cause) {
        let (now, by) = (self.now(), self.woken_by(cause));
        let account = self.account_mut(slot);
        (account.because, account.by, account.since) = (cause, by, now);
        let tid = self.table.tid(slot);
        match cause {
            // A turn that was given up or used up is told as such; `ready` is for those who waited.
            Cause::Preempted => {}
            Cause::Yielded => self.tell_answered(slot),
            Cause::Spawned | Cause::Continued => emit!(self, Woken { tid, because: cause, by }),
            _ => {
                emit!(self, Woken { tid, because: cause, by });
                self.tell_answered(slot);
            }
        }
    }

    /// Whose turn it is, unless the cause says it; [`Tid::NONE`] between turns.
    fn woken_by(&self, cause: Cause) -> Tid {
        let (slot, _) = self.turn;
        let by = if slot == task::NIL { Tid::NONE } else { self.table.tid(slot) };
        match cause {
            Cause::Yielded | Cause::Preempted => Tid::NONE,
            Cause::Exit(tid) | Cause::Change(tid) if tid == by => Tid::NONE,
            _ => by,
        }
    }

    /// The account of the task in `slot`; a new one if it has none.
    fn account_mut(&mut self, slot: u32) -> &mut Account {
        let (tid, now) = (self.table.tid(slot), self.now());
        let index = slot as usize;
        if self.accounts.len() <= index {
            self.accounts.resize(index + 1, Account::new(Tid::NONE, now));
        }
        let account = &mut self.accounts[index];
        if account.tid != tid {
            *account = Account::new(tid, now);
        }
        account
    }

    /// What was noted of a task.
    pub(crate) fn account(&self, tid: Tid) -> Account {
        let noted = self.accounts.get(tid.index()).filter(|account| account.tid == tid);
        noted.copied().unwrap_or(Account::new(tid, Time::BOOT))
    }

    #[cold]
    pub(crate) fn tell_chosen(&mut self, tid: Tid, slot: u32) {
        if self.options.records_turns {
            self.recorder.turn(tid);
        }
        // Turns are measured one by one, while anybody watches.
        let now = self.now_exactly();
        let account = self.account_mut(slot);
        let waited = now.since(account.since);
        account.waited += waited;
        let (because, by, waited_ns) = (account.because, account.by, waited.as_nanos() as u64);
        self.turn_began = now;
        let (previous, previous_stopped) = self.previous;
        let left = self.policy.left();
        let others: SmallVec<[Tid; limits::CANDIDATES_TOLD]> =
            self.policy.queued().take(left.min(limits::CANDIDATES_TOLD)).collect();
        emit!(
            self,
            Chosen {
                tid,
                name: self.name_of(slot),
                because,
                by,
                waited_ns,
                of_ready: left + 1,
                others: Tids(&others),
                rule: self.policy.name(),
                previous,
                previous_stopped,
            }
        );
    }

    pub(crate) fn tell_trapped(&mut self, tid: Tid, step: &Step) {
        if let CoroutineState::Yielded(Trap { call, at }) = step
            && self.wants(level::Trapped)
        {
            let now = self.trap_time();
            self.deliver(now, Event::Trapped { tid, call, line: at });
        }
    }

    /// Apart from the answering, so that there a reply need not lie in memory to be looked at.
    #[cold]
    #[inline(never)]
    pub(crate) fn tell_answered(&mut self, slot: u32) {
        if !self.wants(level::Answered) {
            return;
        }
        let (at, tid) = (self.trap_time(), self.table.tid(slot));
        if let State::Ready(reply) = &self.table.slot(slot).state {
            self.deliver(at, Event::Answered { tid, reply });
        }
    }

    #[cold]
    pub(crate) fn tell_turn_over(&mut self, tid: Tid, why: Stop, traps: u64) {
        let began = self.turn_began;
        let ran = self.now_exactly().since(began);
        if let Some(account) = self.accounts.get_mut(tid.index()).filter(|account| account.tid == tid) {
            account.ran += ran;
        }
        self.previous = (tid, why);
        emit!(self, TurnOver { tid, why, traps });
        self.tell_tracers();
    }
}
