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
use yieldix_syscalls::{CallInfo, Tid, Time, Trap};

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
#[derive(Clone, Debug)]
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
    /// The turns of which these are the times.
    pub turns: u64,
    /// The longest that it was ready before one turn, and when that turn began.
    pub delay_max: Duration,
    pub delay_max_at: Time,
    /// What it has asked and was not answered yet, and when: one call, below it those of the subroutines that it is in.
    asked: SmallVec<[(&'static CallInfo, Time); 1]>,
}

impl Account {
    fn new(tid: Tid, since: Time) -> Account {
        Account {
            tid,
            because: Cause::Unobserved,
            by: Tid::NONE,
            since,
            ran: Duration::ZERO,
            waited: Duration::ZERO,
            turns: 0,
            delay_max: Duration::ZERO,
            delay_max_at: Time::BOOT,
            asked: SmallVec::new(),
        }
    }
}

impl<H: Hardware, P: Policy> Kernel<H, P> {
    #[inline(always)]
    pub(crate) fn wants(&self, level: Level) -> bool {
        !cfg!(feature = "without-watch") && self.level >= level
    }

    /// Is anything noted or told of turns and calls?
    #[inline(always)]
    pub(crate) fn is_observed(&self) -> bool {
        !cfg!(feature = "without-watch") && self.is_observed
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
        for observer in self.observers.iter().filter(|observer| observer.least_level() >= event.level()) {
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

    /// At each look at the hardware: which events does anybody want?
    pub(crate) fn look_who_watches(&mut self) {
        self.pulse.wake_watcher();
        let listened_before = self.listened;
        let observed = self.observers.iter().map(|observer| LevelFilter::from_level(observer.least_level())).max();
        self.listened = observed.unwrap_or(LevelFilter::OFF).max(LevelFilter::current());
        self.level = if self.own.tracers.get_mut().len() > 0 { LevelFilter::TRACE } else { self.listened };
        let was_observed = self.is_observed;
        self.is_observed = self.options.is_checked
            || self.options.records_turns
            || self.options.is_measured
            || self.lease.is_held()
            || self.level >= LevelFilter::DEBUG;
        if self.is_observed {
            self.begin_lints();
            if !was_observed {
                self.begin_accounts();
            }
        }
        if self.listened < listened_before {
            self.leave_a_number_out();
        }
    }

    /// What is not told from now on stands in the log as a number that is missing.
    #[cold]
    fn leave_a_number_out(&self) {
        self.sequence.set(self.sequence.get() + 1);
    }

    /// What was noted before, and may be long ago, is not taken for the beginning of a span.
    #[cold]
    fn begin_accounts(&mut self) {
        let now = self.now();
        for account in &mut self.accounts {
            (account.because, account.by, account.since) = (Cause::Unobserved, Tid::NONE, now);
            account.asked.clear();
        }
        self.previous = (Tid::NONE, Stop::NoTurn);
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
        noted.cloned().unwrap_or(Account::new(tid, Time::BOOT))
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
        account.turns += 1;
        if waited > account.delay_max {
            (account.delay_max, account.delay_max_at) = (waited, now);
        }
        let (because, by, waited_ns) = (account.because, account.by, waited.as_nanos() as u64);
        self.turn_began = now;
        self.measures.delays.record(waited_ns);
        if !self.wants(level::Chosen) {
            return;
        }
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

    pub(crate) fn tell_trapped(&mut self, tid: Tid, slot: u32, step: &Step) {
        if let CoroutineState::Yielded(Trap { call, at }) = step {
            if call.info().is_answered() {
                let now = self.now_exactly();
                self.account_mut(slot).asked.push((call.info(), now));
            }
            emit!(self, Trapped { tid, call, line: at });
        }
    }

    /// Apart from the answering, so that there a reply need not lie in memory to be looked at.
    #[cold]
    #[inline(never)]
    pub(crate) fn tell_answered(&mut self, slot: u32) {
        let (at, tid) = (self.now_exactly(), self.table.tid(slot));
        let asked = self.account_mut(slot).asked.pop();
        let (call, after_ns) = match asked {
            Some((call, since)) => (call.name, at.since(since).as_nanos() as u64),
            None => ("", 0),
        };
        if let Some((call, _)) = asked {
            self.measures.answered(call, after_ns);
        }
        if self.wants(level::Answered)
            && let State::Ready(reply) = &self.table.slot(slot).state
        {
            self.deliver(at, Event::Answered { tid, call, reply, after_ns });
        }
    }

    #[cold]
    pub(crate) fn tell_turn_over(&mut self, tid: Tid, why: Stop, traps: u64) {
        let began = self.turn_began;
        let ran = self.now_exactly().since(began);
        if let Some(account) = self.accounts.get_mut(tid.index()).filter(|account| account.tid == tid) {
            account.ran += ran;
        }
        let ran_ns = ran.as_nanos() as u64;
        self.measures.runs.record(ran_ns);
        self.previous = (tid, why);
        emit!(self, TurnOver { tid, why, traps, ran_ns });
        self.tell_tracers();
    }
}
