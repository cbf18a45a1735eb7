//! Signals: how they are sent, held back, caught and acted on, and how a task is stopped by one.
//!
//! ```text
//!            sent ──► ignored: gone
//!              │
//!              ├────► stopped or masked: pending, until it goes on or unmasks
//!              │
//!              ├────► caught: pending, until it is taken; ends one wait, once
//!              │
//!              └────► by default: the task ends, or stops
//! ```
//!
//! A task that is stopped has no turn, whatever its state: a bit of its slot makes `Table::ready`
//! pass over it. If it is ready it is *parked* then: nobody has it queued until it goes on. What becomes of
//! its wait is told in `stopped.rs`. Invariant: while a task is neither stopped nor running, every signal that is pending is
//! masked or caught.

use crate::{
    block::Cause,
    emit,
    hardware::Hardware,
    kernel::Kernel,
    sched::Policy,
    task::State,
    trap::{Next, Stop},
};
use std::mem::take;
use yieldix_syscalls::{Change, Errno, ExitStatus, Reply, Signal, Signals, Tid, Time};

/// What a task has to do with signals, beside what its children inherit of that.
#[derive(Debug, Default)]
pub struct Signalling {
    /// Sent, and not acted on or taken.
    pub pending: Signals,
    /// Those that are there to be taken.
    pub caught: Signals,
    /// Pending ones that have ended a wait.
    pub told: Signals,
    /// Does one of them end the next wait?
    pub is_due: bool,
    /// Ready while stopped, and in nobody's queue?
    pub is_parked: bool,
    /// What its parent has not been told.
    pub change: Option<Change>,
    /// When it is sent `ALRM`.
    pub alarm: Option<Time>,
}

impl Signalling {
    /// Those that can be taken, under this mask.
    pub fn takeable(&self, mask: Signals) -> Signals {
        self.pending & self.caught & !mask
    }

    /// Takes the first that can be.
    fn take(&mut self, mask: Signals) -> Option<Signal> {
        let signal = self.takeable(mask).first()?;
        self.forget(signal.into(), mask);
        Some(signal)
    }

    /// These are not pending any more.
    fn forget(&mut self, signals: Signals, mask: Signals) {
        self.pending = self.pending & !signals;
        self.told = self.told & !signals;
        // Never due by this: of who is stopped none is, whatever it has not been told of.
        self.is_due &= !self.untold(mask).is_empty();
    }

    fn untold(&self, mask: Signals) -> Signals {
        self.takeable(mask) & !self.told
    }

    /// Notes that a wait is ended by those that are due; gives the first of them.
    fn tell(&mut self, mask: Signals) -> Option<Signal> {
        let first = self.untold(mask).first();
        self.told = self.told | self.takeable(mask);
        self.is_due = false;
        first
    }
}

/// What a signal does to a task.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Action {
    /// Nothing.
    Ignore,
    /// It is there to be taken.
    Catch,
    /// The task ends.
    End,
    /// The task stops.
    Stop,
}

impl<H: Hardware, P: Policy> Kernel<H, P> {
    pub(crate) fn sys_kill(&mut self, tid: Tid, slot: u32, target: Tid, signal: Signal) -> Next {
        let reply = self.signal(tid, target, signal).map_or_else(Reply::Err, |()| Reply::Unit);
        self.answer_signalled(tid, slot, reply)
    }

    /// Sends a signal; one that ends its target has done so on return.
    pub(crate) fn signal(&mut self, from: Tid, to: Tid, signal: Signal) -> Result<(), Errno> {
        let slot = self.look_up(to).ok_or(Errno::ESRCH)?;
        let to = self.table.tid(slot);
        if self.init == Some(to) {
            return Err(Errno::EPERM);
        }
        emit!(self, SignalSent { from, to, signal });
        self.post(slot, signal);
        Ok(())
    }

    /// The task in `slot` gets a signal. It may be over afterwards, stopped, or ready.
    pub(crate) fn post(&mut self, slot: u32, signal: Signal) {
        let place = self.table.slot(slot);
        if !place.state.is_live() {
            return;
        }
        let (tid, mask) = (self.table.tid(slot), self.table.inherited(slot).mask);
        match signal {
            Signal::Kill => return self.end_by(slot, signal),
            Signal::Cont => {
                self.unpend(slot, Signal::Tstp);
                self.unpend(slot, Signal::Ttin);
                self.resume_stopped(slot);
                if self.table.find_live(tid).is_none() {
                    return;
                }
            }
            Signal::Tstp | Signal::Ttin => self.unpend(slot, Signal::Cont),
            _ => {}
        }
        let action = self.action(slot, signal);
        let is_held = signal != Signal::Stop && (self.table.slot(slot).is_stopped() || mask.has(signal));
        match action {
            Action::Ignore => {}
            Action::End if !is_held => self.end_by(slot, signal),
            Action::Stop if !is_held => self.stop(slot, signal),
            _ => {
                let signals = &mut self.table.make_rare(slot).signals;
                signals.pending = signals.pending | signal;
                if is_held {
                    emit!(self, SignalHeld { tid, signal });
                } else {
                    emit!(self, SignalCaught { tid, signal });
                    self.interrupt(slot);
                }
            }
        }
    }

    /// What this signal does to the task in `slot`. What is both caught and ignored is caught.
    fn action(&self, slot: u32, signal: Signal) -> Action {
        if self.catches(slot, signal) {
            return Action::Catch;
        }
        match signal {
            _ if self.table.inherited(slot).ignored.has(signal) => Action::Ignore,
            Signal::Chld | Signal::Cont => Action::Ignore,
            // No signal ends or stops init.
            _ if self.init == Some(self.table.tid(slot)) => Action::Ignore,
            Signal::Stop | Signal::Tstp | Signal::Ttin => Action::Stop,
            _ => Action::End,
        }
    }

    /// Does the task in `slot` catch this signal?
    #[inline]
    pub(crate) fn catches(&self, slot: u32, signal: Signal) -> bool {
        self.table.rare(slot).is_some_and(|rare| rare.signals.caught.has(signal))
    }

    /// Does the task in `slot` see to it that this signal does not do what it does by default?
    pub(crate) fn provides_for(&self, slot: u32, signal: Signal) -> bool {
        self.catches(slot, signal) || self.is_immune(slot, signal)
    }

    /// Does this signal do nothing to the task in `slot`, or nothing for now?
    pub(crate) fn is_immune(&self, slot: u32, signal: Signal) -> bool {
        self.table.inherited(slot).mask.has(signal) || self.action(slot, signal) == Action::Ignore
    }

    /// Ends a task as a signal does.
    pub(crate) fn end_by(&mut self, slot: u32, signal: Signal) {
        emit!(self, SignalDelivered { tid: self.table.tid(slot), signal });
        self.exit(slot, ExitStatus::Killed(signal));
    }

    /// Takes back a signal that is pending and not acted on.
    fn unpend(&mut self, slot: u32, signal: Signal) {
        let mask = self.table.inherited(slot).mask;
        if let Some(rare) = self.table.rare_mut(slot) {
            rare.signals.forget(signal.into(), mask);
        }
    }

    fn stop(&mut self, slot: u32, signal: Signal) {
        if self.table.slot(slot).is_stopped() {
            return;
        }
        // A task that is stopped is never a plain one, which ends without a look at what is rare.
        self.table.make_rare(slot);
        self.unpend(slot, Signal::Cont);
        let tid = self.table.tid(slot);
        emit!(self, Stopped { tid, signal });
        self.step_aside(slot);
        self.table.slot_mut(slot).set_stopped(true);
        self.tell_change(slot, Change::Stopped(signal));
        self.settle();
    }

    /// A task that is stopped goes on, and gets the signals that have come meanwhile.
    fn resume_stopped(&mut self, slot: u32) {
        if !self.table.slot(slot).is_stopped() {
            return;
        }
        let tid = self.table.tid(slot);
        emit!(self, Continued { tid });
        self.table.slot_mut(slot).set_stopped(false);
        if take(&mut self.table.make_rare(slot).signals.is_parked) {
            self.make_ready(tid, Cause::Continued);
        }
        self.tell_change(slot, Change::Continued);
        self.act_on_pending(slot);
        // What it has got meanwhile may have ended or stopped it: then it takes nothing.
        if self.table.find_live(tid).is_some() && !self.table.slot(slot).is_stopped() {
            self.step_back(slot);
        }
    }

    /// Acts on the pending signals of the task in `slot` that nothing holds back any more.
    pub(crate) fn act_on_pending(&mut self, slot: u32) {
        let tid = self.table.tid(slot);
        let mask = self.table.inherited(slot).mask;
        let Some(rare) = self.table.rare(slot) else { return };
        for signal in (rare.signals.pending & !mask).iter() {
            let action = self.action(slot, signal);
            if action == Action::Catch {
                continue;
            }
            self.unpend(slot, signal);
            match action {
                Action::End => return self.end_by(slot, signal),
                Action::Stop => return self.stop(slot, signal),
                Action::Ignore | Action::Catch => {}
            }
            debug_assert!(self.table.find_live(tid).is_some(), "only an end ends a task");
        }
        self.interrupt(slot);
    }

    /// Ends the wait of the task in `slot` if there is a caught signal that it was not told of; if it does
    /// not wait, its next wait is ended.
    fn interrupt(&mut self, slot: u32) {
        let mask = self.table.inherited(slot).mask;
        let place = self.table.slot(slot);
        let (is_stopped, is_taking) = (place.is_stopped(), matches!(place.state, State::AwaitingSignal));
        let is_blocked = place.state.is_blocked();
        let Some(rare) = self.table.rare_mut(slot) else { return };
        rare.signals.is_due = !is_stopped && !rare.signals.untold(mask).is_empty();
        if !rare.signals.is_due || !is_blocked {
            return;
        }
        if is_taking {
            if let Some(signal) = rare.signals.take(mask) {
                self.unblock(slot, Reply::Signal(signal), Cause::Signal(signal));
            }
        } else if let Some(signal) = rare.signals.tell(mask) {
            self.end_wait(slot, Errno::EINTR, Cause::Signal(signal));
        }
    }

    /// Is a wait that the task in `slot` is about to begin ended by a signal? It is told of it by that.
    pub(crate) fn is_interrupted(&mut self, slot: u32) -> bool {
        let mask = self.table.inherited(slot).mask;
        let rare = self.table.rare_mut(slot).filter(|rare| rare.signals.is_due);
        rare.and_then(|rare| rare.signals.tell(mask)).is_some()
    }

    /// Answers a caller who may have got a signal by its own call: who has ended gets no answer, and who
    /// has stopped gets it when it goes on.
    pub(crate) fn answer_signalled(&mut self, tid: Tid, slot: u32, reply: Reply) -> Next {
        if self.table.find_live(tid).is_none() {
            return Next::Stop(Stop::Exited);
        }
        let next = self.answer(slot, reply);
        if !self.table.slot(slot).is_stopped() {
            return next;
        }
        self.park(slot);
        Next::Stop(Stop::Stopped)
    }

    /// A task that is about to end is stopped no more, and has no use for signals.
    pub(crate) fn forget_signals(&mut self, slot: u32) {
        self.table.slot_mut(slot).set_stopped(false);
        if let Some(rare) = self.table.rare_mut(slot) {
            rare.signals = Signalling::default();
        }
    }

    /// A task that is ready and stopped is in no queue until it goes on.
    pub(crate) fn park(&mut self, slot: u32) {
        self.table.make_rare(slot).signals.is_parked = true;
    }

    pub(crate) fn sys_set_mask(&mut self, tid: Tid, slot: u32, mask: Signals) -> Next {
        let before = self.table.inherited(slot).mask;
        let mask = mask & !Signals::UNSTOPPABLE;
        if mask != before {
            self.table.inherited_mut(slot).mask = mask;
            self.act_on_pending(slot);
        }
        self.answer_signalled(tid, slot, Reply::Signals(before))
    }

    pub(crate) fn sys_mask_signals(&mut self, tid: Tid, slot: u32, more: Signals) -> Next {
        let mask = self.table.inherited(slot).mask;
        self.sys_set_mask(tid, slot, mask | more)
    }

    pub(crate) fn sys_catch_signals(&mut self, tid: Tid, slot: u32, caught: Signals) -> Next {
        if !(caught & Signals::UNSTOPPABLE).is_empty() {
            return self.answer(slot, Reply::Err(Errno::EINVAL));
        }
        let before = self.table.rare(slot).map_or(Signals::NONE, |rare| rare.signals.caught);
        if caught != before {
            self.table.make_rare(slot).signals.caught = caught;
            self.act_on_pending(slot);
        }
        self.answer_signalled(tid, slot, Reply::Signals(before))
    }

    pub(crate) fn sys_ignore_signals(&mut self, tid: Tid, slot: u32, ignored: Signals) -> Next {
        if !(ignored & Signals::UNSTOPPABLE).is_empty() {
            return self.answer(slot, Reply::Err(Errno::EINVAL));
        }
        let before = self.table.inherited(slot).ignored;
        if ignored != before {
            self.table.inherited_mut(slot).ignored = ignored;
            for signal in ignored.iter().filter(|&signal| !self.catches(slot, signal)).collect::<Vec<_>>() {
                self.unpend(slot, signal);
            }
        }
        self.answer_signalled(tid, slot, Reply::Signals(before))
    }

    fn take_signal(&mut self, slot: u32) -> Option<Signal> {
        let mask = self.table.inherited(slot).mask;
        self.table.rare_mut(slot)?.signals.take(mask)
    }

    pub(crate) fn sys_take_signal(&mut self, slot: u32) -> Next {
        match self.take_signal(slot) {
            Some(signal) => self.answer(slot, Reply::Signal(signal)),
            None => self.block(slot, State::AwaitingSignal),
        }
    }

    pub(crate) fn sys_try_take_signal(&mut self, slot: u32) -> Next {
        match self.take_signal(slot) {
            Some(signal) => {
                self.note_fruitful(slot);
                self.answer(slot, Reply::Signal(signal))
            }
            // No lint: who works looks for signals between, and has no other way to.
            None => self.answer(slot, Reply::Nobody),
        }
    }
}
