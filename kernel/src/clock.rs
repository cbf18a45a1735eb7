//! The calls about time: sleeping, the time itself, deadlines.

use crate::{hardware::Hardware, kernel::Kernel, limits, sched::Policy, task::Deadline, trap::Next};
use yieldix_syscalls::{Errno, Nanos, Reply, ScopeId, Time};

impl<H: Hardware, P: Policy> Kernel<H, P> {
    /// The time of this round, or of the last exact reading in it. Read once a round: a reading costs
    /// four switches.
    pub(crate) fn now(&mut self) -> Time {
        if let Some(now) = self.round_time {
            return now;
        }
        let now = self.hardware.now();
        self.round_time = Some(now);
        now
    }

    /// The time now. A span begins here and not at the round's time: a turn may have been long.
    pub(crate) fn now_exactly(&mut self) -> Time {
        self.round_time = None;
        self.now()
    }

    #[inline(never)]
    pub(crate) fn sys_now(&mut self, slot: u32) -> Next {
        let now = self.now();
        self.answer(slot, Reply::Time(now))
    }

    pub(crate) fn sys_sleep(&mut self, slot: u32, span: Nanos) -> Next {
        if span.count() == 0 {
            return self.give_way(slot);
        }
        let until = self.now_exactly() + span;
        self.sleep(slot, until)
    }

    pub(crate) fn sys_sleep_until(&mut self, slot: u32, until: Time) -> Next {
        if until <= self.now_exactly() { self.give_way(slot) } else { self.sleep(slot, until) }
    }

    pub(crate) fn sys_deadline_push(&mut self, slot: u32, span: Nanos) -> Next {
        let at = self.now_exactly() + span;
        let deadlines = &mut self.table.make_rare(slot).deadlines;
        if deadlines.len() >= limits::DEADLINE_SCOPES {
            return self.answer(slot, Reply::Err(Errno::ENOMEM));
        }
        deadlines.push(Deadline { at, has_fired: false });
        let scope = ScopeId(deadlines.len() as u32);
        self.answer(slot, Reply::Scope(scope))
    }

    pub(crate) fn sys_deadline_pop(&mut self, slot: u32, scope: ScopeId) -> Next {
        let depth = (scope.0 as usize).checked_sub(1);
        let deadlines = self.table.rare_mut(slot).map(|rare| &mut rare.deadlines);
        let reply = match (deadlines, depth) {
            (Some(deadlines), Some(depth)) if depth < deadlines.len() => {
                let has_fired = deadlines[depth].has_fired;
                deadlines.truncate(depth);
                Reply::Bool(has_fired)
            }
            _ => Reply::Err(Errno::EINVAL),
        };
        self.answer(slot, reply)
    }
}
