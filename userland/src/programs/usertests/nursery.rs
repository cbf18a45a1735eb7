//! Tests of nurseries, and of the values that tasks leave to their parents.

use super::{Test, support::*};
use crate::nursery::{Failure, Nursery};
use crate::prelude::*;

pub(super) const TESTS: &[Test] = tests![
    a_task_leaves_a_value_to_who_asks_for_it,
    a_value_that_a_child_leaves_is_dropped,
    who_leaves_no_value_is_told_by_its_end,
    a_nursery_gives_results_in_the_order_of_the_spawns,
    the_first_failure_ends_the_others,
    a_child_that_panics_or_is_killed_fails_its_nursery,
    nurseries_do_not_see_each_others_children,
    a_nursery_ends_with_its_parent,
    a_deadline_ends_a_gathering_and_its_children,
    a_child_of_a_nursery_is_given_descriptors,
    a_thousand_children_are_gathered,
];

/// Gives `value` after so many milliseconds.
fn gives(value: u64, after_ms: u64) -> impl Routine<Result<u64, Errno>> {
    routine!(move {
        trap!(yield sleep(Duration::from_millis(after_ms)))?;
        Ok(value)
    })
}

/// Gives nothing, ever.
fn never(held: alloc::sync::Arc<()>) -> impl Routine<Result<u64, Errno>> {
    routine!(move {
        let _held = held;
        trap!(yield sleep(Duration::MAX))?;
        Ok(0)
    })
}

fn a_task_leaves_a_value_to_who_asks_for_it() -> Task {
    task!({
        // Before its parent waits, and while it does.
        let early = trap!(yield spawn_value(gives(1, 0)))?;
        trap!(yield join(early))?;
        assert_eq!(trap!(yield wait_value::<u64>(early))?, (early, Ok(1)));
        let late = trap!(yield spawn_value(gives(2, 1)).name("late"))?;
        assert_eq!(trap!(yield wait_value::<u64>(Children::Any))?, (late, Ok(2)));
        // Who asks for another type has asked in vain.
        let other = trap!(yield spawn_value(gives(3, 0)))?;
        assert_eq!(trap!(yield wait_value::<String>(other)), Err(Errno::EPROTO));
        assert_eq!(trap!(yield wait(other)), Err(Errno::ECHILD));
        Ok(())
    })
}

fn a_value_that_a_child_leaves_is_dropped() -> Task {
    task!({
        let held = Held::default();
        let leaves = |handle| routine!(move { Ok(handle) });
        // Taken by a wait that does not ask for it, at once and later; of a detached task; of an orphan.
        let child = trap!(yield spawn_value(leaves(held.handle())))?;
        assert_eq!(trap!(yield wait(child))?, ExitStatus::Exited(0));
        assert_eq!(held.count(), 0);
        let child = trap!(yield spawn_value(leaves(held.handle())))?;
        trap!(yield join(child))?;
        assert_eq!(held.count(), 1);
        trap!(yield wait(child))?;
        assert_eq!(held.count(), 0);
        trap!(yield spawn_value(leaves(held.handle())).detach())?;
        let handle = held.handle();
        let parent = task!({
            let child = trap!(yield spawn_value(leaves(handle)))?;
            trap!(yield join(child)).map(drop)
        });
        let parent = trap!(yield spawn(parent))?;
        trap!(yield wait(parent))?;
        trap!(yield yield_now())?;
        assert_eq!(held.count(), 0);
        Ok(())
    })
}

fn who_leaves_no_value_is_told_by_its_end() -> Task {
    task!({
        let child = trap!(yield spawn(exits(6)))?;
        assert_eq!(trap!(yield wait_value::<u64>(child))?, (child, Err(ExitStatus::Exited(6))));
        let child = trap!(yield spawn_value(routine!(move { Err::<u64, _>(Errno::EIO) })))?;
        assert_eq!(trap!(yield wait_value::<u64>(child))?, (child, Err(ExitStatus::Exited(1))));
        let child = trap!(yield spawn_value(gives(1, 1000)))?;
        trap!(yield kill(child, Signal::Term))?;
        assert_eq!(trap!(yield wait_value::<u64>(child))?, (child, Err(ExitStatus::Killed(Signal::Term))));
        Ok(())
    })
}

fn a_nursery_gives_results_in_the_order_of_the_spawns() -> Task {
    task!({
        let mut nursery = Nursery::new();
        for (value, after_ms) in [(1, 3), (2, 0), (3, 2), (4, 1)] {
            call!(nursery.spawn(gives(value, after_ms)))?;
        }
        assert_eq!(nursery.len(), 4);
        let first = call!(nursery.join())?;
        assert!(first.is_some() && nursery.len() == 3);
        assert_eq!(call!(nursery.gather())?, [1, 2, 3, 4]);
        assert_eq!(call!(Nursery::<u64>::new().gather())?, []);
        Ok(())
    })
}

fn the_first_failure_ends_the_others() -> Task {
    task!({
        let held = Held::default();
        let mut nursery = Nursery::new();
        call!(nursery.spawn(never(held.handle())))?;
        call!(nursery.spawn(gives(1, 0)))?;
        let fails = routine!(move {
            trap!(yield sleep(Duration::from_millis(1)))?;
            Err(Errno::EXDEV)
        });
        let failing = call!(nursery.spawn(fails))?;
        call!(nursery.spawn(never(held.handle())))?;
        assert_eq!(call!(nursery.gather()), Err(Failure::Failed(failing, Errno::EXDEV)));
        assert_eq!(held.count(), 0);
        assert_eq!(trap!(yield wait_any()), Err(Errno::ECHILD));
        Ok(())
    })
}

fn a_child_that_panics_or_is_killed_fails_its_nursery() -> Task {
    task!({
        let held = Held::default();
        let mut nursery = Nursery::new();
        call!(nursery.spawn(never(held.handle())))?;
        let panics = call!(nursery.spawn(routine!(move { panic!("in the nursery") })))?;
        let status = ExitStatus::Panicked("in the nursery".into());
        let failure = call!(nursery.gather());
        assert_eq!((failure, held.count()), (Err(Failure::Ended(panics, status)), 0));
        let mut nursery = Nursery::new();
        let killed = call!(nursery.spawn(never(held.handle())))?;
        trap!(yield kill(killed, Signal::Hup))?;
        let failure = call!(nursery.gather());
        assert_eq!(failure, Err(Failure::Ended(killed, ExitStatus::Killed(Signal::Hup))));
        Ok(())
    })
}

fn nurseries_do_not_see_each_others_children() -> Task {
    task!({
        let other = trap!(yield spawn(exits(8)))?;
        let (mut first, mut second) = (Nursery::new(), Nursery::new());
        for value in 0..3 {
            call!(first.spawn(gives(value, 0)))?;
            call!(second.spawn(gives(10 + value, 1)))?;
        }
        assert_eq!(call!(second.gather())?, [10, 11, 12]);
        assert_eq!(call!(first.gather())?, [0, 1, 2]);
        assert_eq!(trap!(yield wait_any())?, (other, ExitStatus::Exited(8)));
        let waited = trap!(yield wait_change(Children::Nursery(other), WaitFlags::NONE));
        assert_eq!(waited, Err(Errno::ECHILD));
        Ok(())
    })
}

fn a_nursery_ends_with_its_parent() -> Task {
    task!({
        let held = Held::default();
        let [one, two] = [held.handle(), held.handle()];
        let parent = task!({
            let mut nursery = Nursery::new();
            for handle in [one, two] {
                call!(nursery.spawn(never(handle)))?;
            }
            call!(nursery.gather()).map(drop).map_err(Errno::from)
        });
        let parent = trap!(yield spawn(parent))?;
        let waits_on = call!(until_blocked(parent))?;
        assert!(matches!(waits_on, WaitsOn::NurseryChild(_)), "{waits_on}");
        trap!(yield kill(parent, Signal::Term))?;
        assert_eq!(held.count(), 0);
        trap!(yield wait(parent))?;
        Ok(())
    })
}

fn a_deadline_ends_a_gathering_and_its_children() -> Task {
    task!({
        let held = Held::default();
        let mut nursery = Nursery::new();
        call!(nursery.spawn(never(held.handle())))?;
        let late = timeout!(Duration::from_millis(1), { call!(nursery.gather()).map_err(Errno::from) });
        assert_eq!(late, Err(Elapsed));
        assert_eq!(held.count(), 0);
        Ok(())
    })
}

fn a_child_of_a_nursery_is_given_descriptors() -> Task {
    task!({
        let (sends, receives) = trap!(yield port_create(1))?;
        let mut nursery = Nursery::new();
        let body = routine!(move { Ok(trap!(yield port_recv(receives))?.map_or(0, |message| message.len())) });
        call!(nursery.spawn_with(body, |child| child.pass(receives).name("receiver")))?;
        trap!(yield port_send(sends, "four"))?;
        assert_eq!(call!(nursery.gather())?, [4]);
        trap!(yield close(sends))
    })
}

fn a_thousand_children_are_gathered() -> Task {
    task!({
        let mut nursery = Nursery::new();
        for value in 0..1000 {
            call!(nursery.spawn(gives(value, value % 7)))?;
        }
        let results = call!(nursery.gather())?;
        assert!(results.into_iter().eq(0..1000));
        Ok(())
    })
}
