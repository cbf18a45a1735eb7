//! Tests of process groups, of waits for them, and of children that end with their parent.

use super::{Test, support::*};
use crate::prelude::*;

pub(super) const TESTS: &[Test] = tests![
    a_child_is_in_the_group_of_its_parent,
    a_child_is_spawned_into_a_new_group_and_others_join_it,
    a_group_that_nobody_is_in_is_refused,
    only_oneself_and_children_are_put_into_groups,
    a_signal_to_a_group_reaches_each_of_it_and_nobody_else,
    a_task_that_signals_its_own_group_is_among_the_signalled,
    a_wait_for_a_group_passes_over_other_children,
    a_wait_for_a_group_without_children_is_refused,
    a_wait_for_a_change_waits_for_an_end,
    bound_children_end_before_their_parent,
    a_chain_of_bound_children_ends_with_the_first,
    a_bound_child_that_has_ended_is_bound_no_more,
];

fn a_child_is_in_the_group_of_its_parent() -> Task {
    task!({
        let child = trap!(yield spawn(sleeper()))?;
        let mine = trap!(yield get_group(Tid::NONE))?;
        assert_eq!(trap!(yield get_group(child))?, mine);
        trap!(yield set_group(Tid::NONE, Tid::NONE))?;
        assert_eq!(trap!(yield get_group(Tid::NONE))?, trap!(yield gettid())?);
        // Who was there before stays where it was.
        assert_eq!(trap!(yield get_group(child))?, mine);
        let second = trap!(yield spawn(sleeper()))?;
        assert_eq!(trap!(yield get_group(second))?, trap!(yield gettid())?);
        call!(kill_all([child, second]))
    })
}

/// Kills these children and reaps them.
fn kill_all<const COUNT: usize>(children: [Tid; COUNT]) -> impl Routine<Result<(), Errno>> {
    routine!(move {
        for child in children {
            trap!(yield kill(child, Signal::Kill))?;
            trap!(yield wait(child))?;
        }
        Ok(())
    })
}

fn a_child_is_spawned_into_a_new_group_and_others_join_it() -> Task {
    task!({
        let first = trap!(yield spawn(exits(0)).group(Tid::NONE))?;
        assert_eq!(trap!(yield get_group(first))?, first);
        trap!(yield join(first))?;
        // As long as it is not reaped there is somebody in it.
        let second = trap!(yield spawn(sleeper()).group(first))?;
        trap!(yield wait(first))?;
        // And now the second is.
        let third = trap!(yield spawn(sleeper()).group(first))?;
        assert_eq!(trap!(yield get_group(third))?, first);
        let all = trap!(yield tasks())?;
        assert_eq!(all.iter().filter(|task| task.group == first).count(), 2);
        call!(kill_all([second, third]))
    })
}

fn a_group_that_nobody_is_in_is_refused() -> Task {
    task!({
        let gone = trap!(yield spawn(exits(0)).group(Tid::NONE))?;
        trap!(yield wait(gone))?;
        assert_eq!(trap!(yield spawn(exits(0)).group(gone)), Err(Errno::EPERM));
        assert_eq!(trap!(yield set_group(Tid::NONE, gone)), Err(Errno::EPERM));
        assert_eq!(trap!(yield kill_group(gone, Signal::Term)), Err(Errno::ESRCH));
        assert_eq!(trap!(yield get_group(gone)), Err(Errno::ESRCH));
        Ok(())
    })
}

fn only_oneself_and_children_are_put_into_groups() -> Task {
    task!({
        let parent = trap!(yield getppid())?;
        assert_eq!(trap!(yield set_group(parent, Tid::NONE)), Err(Errno::ESRCH));
        let child = trap!(yield spawn(sleeper()))?;
        trap!(yield set_group(child, child))?;
        assert_eq!(trap!(yield get_group(child))?, child);
        trap!(yield set_group(child, trap!(yield get_group(Tid::NONE))?))?;
        assert_ne!(trap!(yield get_group(child))?, child);
        call!(kill_all([child]))
    })
}

fn a_signal_to_a_group_reaches_each_of_it_and_nobody_else() -> Task {
    task!({
        let first = trap!(yield spawn(sleeper()).group(Tid::NONE))?;
        let second = trap!(yield spawn(sleeper()).group(first))?;
        let other = trap!(yield spawn(sleeper()))?;
        trap!(yield kill_group(first, Signal::Hup))?;
        for child in [first, second] {
            assert_eq!(trap!(yield wait(child))?, ExitStatus::Killed(Signal::Hup));
        }
        assert_eq!(trap!(yield try_wait(other))?, None);
        call!(kill_all([other]))
    })
}

fn a_task_that_signals_its_own_group_is_among_the_signalled() -> Task {
    task!({
        let leader = trap!(
            yield spawn(task!({
                let held = Held::default();
                let _handle = held.handle();
                for _ in 0..3 {
                    trap!(yield spawn(sleeper()).detach())?;
                }
                trap!(yield kill_group(Tid::NONE, Signal::Int))?;
                panic!("it was answered")
            }))
            .group(Tid::NONE)
        )?;
        assert_eq!(trap!(yield wait(leader))?, ExitStatus::Killed(Signal::Int));
        assert_eq!(trap!(yield kill_group(leader, Signal::Int)), Err(Errno::ESRCH));
        Ok(())
    })
}

fn a_wait_for_a_group_passes_over_other_children() -> Task {
    task!({
        let other = trap!(yield spawn(exits(1)))?;
        let sleeping = trap!(yield spawn(sleeper()).group(Tid::NONE))?;
        let brief = trap!(yield spawn(exits(2)).group(sleeping))?;
        let of_group = Children::Group(sleeping);
        let ended = trap!(yield wait_change(of_group, WaitFlags::NONE))?;
        assert_eq!(ended, Some((brief, Change::Ended(ExitStatus::Exited(2)))));
        assert_eq!(trap!(yield try_wait(of_group))?, None);
        // Now it waits, and is woken by the one that ends.
        let killer = trap!(yield spawn(task!({ trap!(yield kill(sleeping, Signal::Usr1)) })))?;
        let ended = trap!(yield wait_change(of_group, WaitFlags::NONE))?;
        assert_eq!(ended, Some((sleeping, Change::Ended(ExitStatus::Killed(Signal::Usr1)))));
        for child in [other, killer] {
            trap!(yield wait(child))?;
        }
        Ok(())
    })
}

fn a_wait_for_a_group_without_children_is_refused() -> Task {
    task!({
        let child = trap!(yield spawn(sleeper()))?;
        let detached = trap!(yield spawn(sleeper()).group(Tid::NONE).detach())?;
        for flags in [WaitFlags::NONE, WaitFlags::NOHANG] {
            let waited = trap!(yield wait_change(Children::Group(detached), flags));
            assert_eq!(waited, Err(Errno::ECHILD));
        }
        trap!(yield kill(detached, Signal::Kill))?;
        call!(kill_all([child]))
    })
}

fn a_wait_for_a_change_waits_for_an_end() -> Task {
    task!({
        assert_eq!(trap!(yield wait_change(Children::Any, WaitFlags::NOHANG)), Err(Errno::ECHILD));
        let child = trap!(yield spawn(sleeper()))?;
        assert_eq!(trap!(yield wait_change(child, WaitFlags::NOHANG))?, None);
        trap!(yield kill(child, Signal::Kill))?;
        let change = trap!(yield wait_change(child, WaitFlags::NONE))?;
        assert_eq!(change, Some((child, Change::Ended(ExitStatus::Killed(Signal::Kill)))));
        let child = trap!(yield spawn(exits(3)))?;
        let change = trap!(yield wait_change(Children::Any, WaitFlags::NONE))?;
        assert_eq!(change, Some((child, Change::Ended(ExitStatus::Exited(3)))));
        Ok(())
    })
}

/// Whether a task is there, a zombie too.
fn exists(tid: Tid) -> impl Routine<Result<bool, Errno>> {
    routine!(move { Ok(trap!(yield tasks())?.iter().any(|task| task.tid == tid)) })
}

fn bound_children_end_before_their_parent() -> Task {
    task!({
        let (order, held) = (Order::default(), Held::default());
        let (seen, handle, parent_order) = (order.clone(), held.handle(), order.clone());
        let (tell, told) = trap!(yield port_create(2))?;
        let parent = task!({
            let _last = Last(parent_order, 1);
            let bound = task!({
                let (_handle, _first) = (handle, Last(seen, 0));
                trap!(yield sleep(Duration::MAX))
            });
            let bound = trap!(yield spawn(bound).bound())?;
            let free = trap!(yield spawn(sleeper()))?;
            for child in [bound, free] {
                call!(until_blocked(child))?;
                trap!(yield port_send(tell, child.serial().to_le_bytes().to_vec()))?;
            }
            trap!(yield sleep(Duration::MAX))
        });
        let parent = trap!(yield spawn(parent).pass(tell))?;
        let mut children = [Tid::NONE; 2];
        for child in &mut children {
            let message = trap!(yield port_recv(told))?.ok_or(Errno::EPIPE)?;
            *child = Tid::from_serial(u64::from_le_bytes(message[..].try_into().map_err(|_| Errno::EPROTO)?));
        }
        call!(until_blocked(parent))?;
        trap!(yield kill(parent, Signal::Kill))?;
        trap!(yield wait(parent))?;
        trap!(yield close(told))?;
        assert_eq!((order.count(), held.count()), (2, 0));
        assert!(!call!(exists(children[0]))?, "it was bound");
        assert!(call!(exists(children[1]))?, "it was not");
        trap!(yield kill(children[1], Signal::Kill))
    })
}

/// Its destructor comes by as the one that was foretold.
struct Last(Order, u64);

impl Drop for Last {
    fn drop(&mut self) {
        assert_eq!(self.0.next(), self.1);
    }
}

fn a_chain_of_bound_children_ends_with_the_first() -> Task {
    const LENGTH: u32 = 2_000;
    fn link(left: u32, held: alloc::sync::Arc<()>) -> Task {
        task!({
            let _held = alloc::sync::Arc::clone(&held);
            if left > 0 {
                trap!(yield spawn(link(left - 1, held)).bound())?;
            }
            trap!(yield sleep(Duration::MAX))
        })
    }
    task!({
        let held = Held::default();
        let first = trap!(yield spawn(link(LENGTH, held.handle())))?;
        while held.count() <= LENGTH as usize {
            trap!(yield yield_now())?;
        }
        trap!(yield kill(first, Signal::Kill))?;
        assert_eq!(held.count(), 0);
        trap!(yield wait(first))?;
        Ok(())
    })
}

fn a_bound_child_that_has_ended_is_bound_no_more() -> Task {
    task!({
        for _ in 0..100 {
            let child = trap!(yield spawn(exits(4)).bound())?;
            assert_eq!(trap!(yield wait(child))?, ExitStatus::Exited(4));
        }
        let zombie = trap!(yield spawn(exits(5)).bound())?;
        trap!(yield join(zombie))?;
        trap!(yield spawn(sleeper()).bound().detach())?;
        Ok(())
    })
}
