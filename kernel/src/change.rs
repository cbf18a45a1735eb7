//! What becomes of children: how a parent is told that one has stopped, goes on, or has ended.
//!
//! A change is told once: to the parent that waits for it, or else to the first wait that asks for it; until
//! then the child keeps it and its parent has it listed. Invariant: a parent lists just those live children
//! that keep one.

use crate::{block::Cause, hardware::Hardware, kernel::Kernel, limits, sched::Policy, task::State, trap::Next};
use yieldix_syscalls::{Change, Children, Errno, Reply, Signal, Tid, Value, WaitFlags};

/// What a task in [`State::AwaitingChange`] waits for.
#[derive(Clone, Copy, Debug)]
pub struct Awaited {
    /// Whose change.
    pub children: Children,
    /// Which change.
    pub flags: WaitFlags,
}

impl<H: Hardware, P: Policy> Kernel<H, P> {
    pub(crate) fn sys_try_wait(&mut self, tid: Tid, slot: u32, children: Children) -> Next {
        self.sys_wait_change(tid, slot, children, WaitFlags::NOHANG)
    }

    pub(crate) fn sys_wait_change(&mut self, tid: Tid, slot: u32, children: Children, flags: WaitFlags) -> Next {
        let children = match children {
            Children::Group(group) => Children::Group(self.group_named(slot, group)),
            children => children,
        };
        let awaited = Awaited { children, flags };
        match self.find_change(tid, slot, awaited) {
            Err(errno) => self.answer(slot, Reply::Err(errno)),
            Ok(Some(reply)) => {
                self.note_fruitful(slot);
                self.answer(slot, reply)
            }
            Ok(None) if flags.has(WaitFlags::NOHANG) => self.answer_nothing(slot, Reply::Nobody),
            Ok(None) => {
                self.table.make_rare(slot).awaited = Some(awaited);
                self.block(slot, State::AwaitingChange)
            }
        }
    }

    /// The answer to a wait for a change, if there has been one: ends before others. `ECHILD` when none can
    /// be.
    fn find_change(&mut self, tid: Tid, slot: u32, awaited: Awaited) -> Result<Option<Reply>, Errno> {
        if let Children::Only(child) = awaited.children {
            let child = self.child_slot(tid, child)?;
            let has_ended = !self.table.slot(child).state.is_live();
            let reap = |kernel: &mut Self| kernel.reap_for(slot, child, awaited.flags);
            return Ok(if has_ended { Some(reap(self)) } else { self.take_change(child, awaited.flags) });
        }
        let cold = self.table.cold(slot).filter(|cold| cold.children > 0).ok_or(Errno::ECHILD)?;
        let mut looked_at = 0;
        let mut zombies = cold.zombies.iter(self.table.slots()).inspect(|_| looked_at += 1);
        if let Some(zombie) = zombies.find(|&zombie| self.is_meant(zombie, awaited.children)) {
            drop(zombies);
            self.operations += looked_at / limits::SLOTS_PER_OPERATION;
            return Ok(Some(self.reap_for(slot, zombie, awaited.flags)));
        }
        drop(zombies);
        self.operations += looked_at / limits::SLOTS_PER_OPERATION;
        let changed = self.table.rare(slot).map(|rare| rare.changed.iter().copied().collect::<Vec<_>>());
        for child in changed.into_iter().flatten() {
            let child = self.slot_of(child);
            if self.is_meant(child, awaited.children)
                && let Some(reply) = self.take_change(child, awaited.flags)
            {
                return Ok(Some(reply));
            }
        }
        let can_come = match awaited.children {
            Children::Any | Children::Only(_) => true,
            Children::Nursery(nursery) => self.has_in_nursery(tid, slot, nursery),
            Children::Group(group) => self.has_in_group(tid, group),
        };
        if can_come { Ok(None) } else { Err(Errno::ECHILD) }
    }

    /// Has this task a child in this group? Mostly its first is there to ask.
    fn has_in_group(&mut self, tid: Tid, group: Tid) -> bool {
        let is_in_it = |kernel: &Self, child| kernel.is_child(tid, child) && kernel.group_of(child) == group;
        if self.table.find(group).is_some_and(|first| is_in_it(self, first)) {
            return true;
        }
        self.charge_for_the_table();
        self.table.iter().any(|(child, _)| is_in_it(self, child))
    }

    /// Reaps a zombie; the answer is what it has left, if that is asked for.
    fn reap_for(&mut self, parent: u32, zombie: u32, flags: WaitFlags) -> Reply {
        let value = self.take_value(zombie, flags);
        let ending = self.reap(parent, zombie);
        value.unwrap_or(ending)
    }

    /// The answer that hands over what a task has left, if it has and a wait with these flags wants it.
    pub(crate) fn take_value(&mut self, slot: u32, flags: WaitFlags) -> Option<Reply> {
        if !flags.has(WaitFlags::VALUES) {
            return None;
        }
        let value = self.table.rare_mut(slot)?.value.take()?;
        Some(Reply::Value(Box::new(Value::new((self.table.tid(slot), *value)))))
    }

    /// Is the task in `slot`, a child of who asks, one of these?
    pub(crate) fn is_meant(&self, slot: u32, children: Children) -> bool {
        match children {
            Children::Any => true,
            Children::Only(child) => self.table.tid(slot) == child,
            Children::Group(group) => self.group_of(slot) == group,
            Children::Nursery(nursery) => self.nursery_of(slot) == Some(nursery),
        }
    }

    /// For which changes of this child the parent in this slot waits, if it does for any. Of its end always.
    #[cold]
    pub(crate) fn awaited_change(&self, parent: u32, child: u32) -> Option<WaitFlags> {
        let is_waiting = matches!(self.table.slot(parent).state, State::AwaitingChange);
        let awaited = self.table.rare(parent)?.awaited.filter(|_| is_waiting)?;
        self.is_meant(child, awaited.children).then_some(awaited.flags)
    }

    /// Takes the change that a child keeps, if it is of a kind that is asked for.
    fn take_change(&mut self, child: u32, flags: WaitFlags) -> Option<Reply> {
        let tid = self.table.tid(child);
        let change = &mut self.table.rare_mut(child)?.signals.change;
        let reply = match *change {
            Some(Change::Stopped(signal)) if flags.has(WaitFlags::STOPPED) => Reply::Stopped { signal, tid },
            Some(Change::Continued) if flags.has(WaitFlags::CONTINUED) => Reply::Continued(tid),
            _ => return None,
        };
        self.forget_change(child);
        Some(reply)
    }

    /// The child keeps no change any more.
    pub(crate) fn forget_change(&mut self, child: u32) {
        let (tid, parent) = (self.table.tid(child), self.table.slot(child).parent);
        let had_one = self.table.rare_mut(child).is_some_and(|rare| rare.signals.change.take().is_some());
        if had_one
            && let Some(parent) = self.table.find_live(parent)
            && let Some(rare) = self.table.rare_mut(parent)
        {
            rare.changed.remove(&tid);
        }
    }

    /// Tells the parent of the task in `slot` that it has stopped or goes on.
    pub(crate) fn tell_change(&mut self, slot: u32, change: Change) {
        let tid = self.table.tid(slot);
        let parent = self.table.slot(slot).parent;
        let is_detached = self.table.cold(slot).is_some_and(|cold| cold.is_detached);
        let Some(parent) = self.table.find_live(parent).filter(|_| !is_detached) else { return };
        self.table.make_rare(slot).signals.change = Some(change);
        self.table.make_rare(parent).changed.insert(tid);
        let reply = self.awaited_change(parent, slot).and_then(|flags| self.take_change(slot, flags));
        match reply {
            Some(reply) => self.unblock(parent, reply, Cause::Change(tid)),
            None => self.post(parent, Signal::Chld),
        }
    }
}
