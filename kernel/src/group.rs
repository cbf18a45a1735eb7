//! Process groups: tasks that get signals and are waited for together.
//!
//! A group is named by the id of the task that was its first, and is there as long as a task is in it, a
//! zombie too. Tasks whose parents have made no group are in that of the machine's first task.

use crate::{emit, hardware::Hardware, kernel::Kernel, sched::Policy, trap::Next};
use yieldix_syscalls::{Errno, Reply, Signal, Tid};

impl<H: Hardware, P: Policy> Kernel<H, P> {
    /// The group of the task in `slot`.
    pub(crate) fn group_of(&self, slot: u32) -> Tid {
        self.table.inherited(slot).group.or(self.first).unwrap_or(Tid::NONE)
    }

    /// The group that this name means to the task in `slot`: [`Tid::NONE`] is its own.
    pub(crate) fn group_named(&self, slot: u32, group: Tid) -> Tid {
        if group.is_none() { self.group_of(slot) } else { group }
    }

    /// Is a task in this group? Mostly its first is there to ask.
    pub(crate) fn is_group(&mut self, group: Tid) -> bool {
        let is_in_it = |kernel: &Self, slot| kernel.group_of(slot) == group;
        if self.table.find(group).is_some_and(|slot| is_in_it(self, slot)) {
            return true;
        }
        self.charge_for_the_table();
        self.table.iter().any(|(slot, _)| is_in_it(self, slot))
    }

    /// Can a child of the task in `slot` be spawned into this group?
    pub(crate) fn check_group(&mut self, slot: u32, group: Option<Tid>) -> Result<(), Errno> {
        match group.filter(|group| !group.is_none()) {
            Some(group) if self.group_of(slot) != group && !self.is_group(group) => Err(Errno::EPERM),
            _ => Ok(()),
        }
    }

    /// Puts a task into a group; [`Tid::NONE`] is a new one of its own.
    pub(crate) fn enter_group(&mut self, slot: u32, group: Tid) {
        let group = if group.is_none() { self.table.tid(slot) } else { group };
        if self.group_of(slot) != group {
            self.table.inherited_mut(slot).group = Some(group);
        }
    }

    pub(crate) fn sys_set_group(&mut self, tid: Tid, slot: u32, target: Tid, group: Tid) -> Next {
        let result = self.set_group(tid, slot, target, group);
        self.answer_with(slot, result.map(|()| Reply::Unit))
    }

    fn set_group(&mut self, tid: Tid, slot: u32, target: Tid, group: Tid) -> Result<(), Errno> {
        let target = if target.is_none() { slot } else { self.look_up(target).ok_or(Errno::ESRCH)? };
        let place = self.table.slot(target);
        if target != slot && place.parent != tid || !place.state.is_live() {
            return Err(Errno::ESRCH);
        }
        // Its own name is a new group, and any other must be there.
        if group != self.table.tid(target) {
            self.check_group(slot, Some(group))?;
        }
        self.enter_group(target, group);
        emit!(self, Grouped { tid: self.table.tid(target), group: self.group_of(target) });
        Ok(())
    }

    pub(crate) fn sys_get_group(&mut self, slot: u32, target: Tid) -> Next {
        let target = if target.is_none() { Some(slot) } else { self.look_up(target) };
        let reply = target.map_or(Reply::Err(Errno::ESRCH), |target| Reply::Tid(self.group_of(target)));
        self.answer(slot, reply)
    }

    pub(crate) fn sys_kill_group(&mut self, tid: Tid, slot: u32, group: Tid, signal: Signal) -> Next {
        let group = self.group_named(slot, group);
        let reply = self.signal_group(tid, group, signal).map_or_else(Reply::Err, |()| Reply::Unit);
        self.answer_signalled(tid, slot, reply)
    }

    /// Those in a group, zombies too, oldest first.
    fn members(&mut self, group: Tid) -> Vec<Tid> {
        self.charge_for_the_table();
        let members = self.table.iter().filter(|&(slot, _)| self.group_of(slot) == group);
        let mut members: Vec<Tid> = members.map(|(slot, _)| self.table.tid(slot)).collect();
        members.sort_unstable();
        members
    }

    /// Sends a signal to every task of a group but init, oldest first.
    ///
    /// Errors: `ESRCH` when there is no such group, `EPERM` when only init is in it.
    pub(crate) fn signal_group(&mut self, from: Tid, group: Tid, signal: Signal) -> Result<(), Errno> {
        let mut members = self.members(group);
        if members.is_empty() {
            return Err(Errno::ESRCH);
        }
        members.retain(|&member| self.init != Some(member));
        if members.is_empty() {
            return Err(Errno::EPERM);
        }
        for to in members {
            // Those that came before may have taken others along.
            if let Some(slot) = self.table.find(to) {
                emit!(self, SignalSent { from, to, signal });
                self.post(slot, signal);
            }
        }
        Ok(())
    }

    /// Sends what a key of the console stands for to the group in the foreground. False when there is none,
    /// or nobody in it lives who could be told.
    pub(crate) fn signal_foreground(&mut self, signal: Signal) -> bool {
        let Some(group) = self.foreground else { return false };
        self.has_members_to_tell(group) && self.signal_group(Tid::NONE, group, signal).is_ok()
    }

    /// Does anybody live in this group who can be sent a signal? Mostly its first does.
    pub(crate) fn has_members_to_tell(&mut self, group: Tid) -> bool {
        let can_be_told = |kernel: &Self, slot: u32| {
            let place = kernel.table.slot(slot);
            place.state.is_live() && kernel.init != Some(kernel.table.tid(slot)) && kernel.group_of(slot) == group
        };
        if self.table.find_live(group).is_some_and(|slot| can_be_told(self, slot)) {
            return true;
        }
        self.charge_for_the_table();
        self.table.iter().any(|(slot, _)| can_be_told(self, slot))
    }

    /// Does anybody but init live in this group to whom the signal does not do what it does by default?
    pub(crate) fn is_prepared(&mut self, group: Tid, signal: Signal) -> bool {
        self.charge_for_the_table();
        let mut members = self.table.iter().filter(|&(slot, _)| self.group_of(slot) == group);
        members.any(|(slot, member)| {
            member.state.is_live() && self.init != Some(self.table.tid(slot)) && self.provides_for(slot, signal)
        })
    }

    /// Has a task of this group a parent in another, which could have the group go on when it is stopped? Init is
    /// nobody's shell.
    pub(crate) fn is_minded(&mut self, group: Tid) -> bool {
        let could_continue = |kernel: &Self, parent: Tid| {
            kernel.init != Some(parent)
                && kernel.table.find_live(parent).is_some_and(|parent| kernel.group_of(parent) != group)
        };
        self.charge_for_the_table();
        let mut members = self.table.iter().filter(|&(slot, _)| self.group_of(slot) == group);
        members.any(|(_, member)| member.state.is_live() && could_continue(self, member.parent))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        LintRefusal, Options,
        ending::Ended,
        hardware::simulated::{Simulated, SimulatedOptions},
        sched::RoundRobin,
    };
    use std::time::Duration;
    use yieldix_syscalls::{calls::*, *};

    /// A machine of two groups of sleepers, and the names of these.
    fn machine() -> (Kernel<Simulated, RoundRobin>, [Tid; 2]) {
        let sleeper = || task!({ trap!(yield sleep(Duration::MAX)) });
        let parent = task!({
            trap!(yield spawn(sleeper()).group(Tid::NONE))?;
            trap!(yield sleep(Duration::MAX))
        });
        let mut kernel =
            Kernel::new(Simulated::new(SimulatedOptions::default()), RoundRobin::default(), Options::default());
        kernel.observe(Box::new(LintRefusal));
        kernel.boot(parent, SpawnOptions::default(), false).unwrap();
        kernel.run_until_blocked();
        let groups = kernel.tasks().iter().map(|task| task.group).collect::<Vec<_>>();
        (kernel, groups.try_into().unwrap())
    }

    #[test]
    fn keys_go_to_the_foreground_group_and_to_nobody_else() {
        let (mut kernel, [first, second]) = machine();
        assert_ne!(first, second);
        kernel.foreground = Some(second);
        kernel.take_host_signal(Signal::Tstp);
        assert_eq!(kernel.tasks()[1].state, TaskState::Stopped);
        for signal in [Signal::Cont, Signal::Int] {
            assert!(kernel.signal_foreground(signal));
        }
        let states: Vec<TaskState> = kernel.tasks().into_iter().map(|task| task.state).collect();
        assert!(matches!(states[..], [TaskState::Blocked(_), TaskState::Zombie]), "{states:?}");
        // Nobody lives there any more.
        assert!(!kernel.signal_foreground(Signal::Int));
        kernel.check();
        kernel.take_host_signal(Signal::Int);
        assert_eq!(kernel.shutdown(), Ended::Signalled(Signal::Int));
    }

    #[test]
    fn without_a_foreground_a_key_ends_the_machine_but_a_stop_does_not() {
        let (mut kernel, _) = machine();
        kernel.take_host_signal(Signal::Tstp);
        assert_eq!(kernel.stats().tasks, 2);
        kernel.take_host_signal(Signal::Int);
        assert_eq!(kernel.shutdown(), Ended::Signalled(Signal::Int));
        let (mut kernel, [_, group]) = machine();
        kernel.foreground = Some(group);
        kernel.take_host_signal(Signal::Term);
        assert_eq!(kernel.shutdown(), Ended::Signalled(Signal::Term));
    }
}
