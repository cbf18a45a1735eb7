//! Waiting for tasks: dead ones, several waiters, oneself, each other.

use crate::{WELL, common::*, passes, short_lived, sleeper};
use yieldix::{
    Ended,
    syscalls::{calls::*, *},
};
use yieldix_kernel::block::Cause;

#[test]
fn edge_02_joining_a_zombie_answers_its_status_at_once() {
    let seen = passes(task!({
        let child = trap!(yield spawn(short_lived(0, 7)))?;
        trap!(yield yield_now())?;
        assert_eq!(trap!(yield join(child))?, ExitStatus::Exited(7));
        Ok(())
    }));
    assert_eq!(seen.events_of(|event| matches!(event, Seen::Blocked { .. }).then_some(())), []);
}

#[test]
fn edge_02_joining_a_reaped_task_is_esrch() {
    passes(task!({
        let child = trap!(yield spawn(short_lived(0, 7)))?;
        trap!(yield wait(child))?;
        assert_eq!(trap!(yield join(child)), Err(Errno::ESRCH));
        Ok(())
    }));
}

#[test]
fn edge_02_joining_an_unknown_task_is_esrch() {
    passes(task!({
        assert_eq!(trap!(yield join(Tid::from_serial(99))), Err(Errno::ESRCH));
        Ok(())
    }));
}

#[test]
fn edge_03_a_join_tells_the_code_that_a_task_exited_with() {
    passes(task!({
        let child = trap!(yield spawn(short_lived(3, 7)))?;
        assert_eq!(trap!(yield join(child))?, ExitStatus::Exited(7));
        Ok(())
    }));
}

#[test]
fn edge_03_a_join_tells_the_signal_that_killed_a_task() {
    passes(task!({
        let victim = trap!(yield spawn(sleeper()))?;
        trap!(yield spawn(task!({ trap!(yield kill(victim, Signal::Term)) })))?;
        assert_eq!(trap!(yield join(victim))?, ExitStatus::Killed(Signal::Term));
        Ok(())
    }));
}

#[test]
fn edge_03_a_join_tells_what_a_task_panicked_with() {
    passes(task!({
        let child = trap!(
            yield spawn(task!({
                trap!(yield yield_now())?;
                panic!("out of cheese")
            }))
        )?;
        assert_eq!(trap!(yield join(child))?, ExitStatus::Panicked("out of cheese".into()));
        Ok(())
    }));
}

/// Joins `target` after so many turns.
fn joiner(target: Tid, delay: u32) -> Task {
    task!({
        for _ in 0..delay {
            trap!(yield yield_now())?;
        }
        trap!(yield join(target))?;
        Ok(())
    })
}

/// Two that take turns, a target between them, and joiners that join in another order than that of
/// their numbers. The parent is gone when the target ends, so that only the joiners wait for it.
fn joined_by_three() -> Witness {
    passes(task!({
        let _early = trap!(yield spawn(short_lived(9, 0)))?;
        let target = trap!(yield spawn(short_lived(6, 0)))?;
        let _late = trap!(yield spawn(short_lived(9, 0)))?;
        for delay in [2, 0, 1] {
            trap!(yield spawn(joiner(target, delay)))?;
        }
        Ok(())
    }))
}

const TARGET: u64 = 3;

#[test]
fn edge_04_joiners_are_woken_in_the_order_in_which_they_joined() {
    let woken = joined_by_three().events_of(|event| match event {
        Seen::Ready { tid, because: Cause::Exit(target) } => Some((*tid, target.serial())),
        _ => None,
    });
    assert_eq!(woken, [(6, TARGET), (7, TARGET), (5, TARGET)]);
}

#[test]
fn edge_04_joiners_run_behind_those_that_were_ready_already() {
    let seen = joined_by_three().events();
    let end = seen.iter().position(|event| matches!(event, Seen::Exited { tid: TARGET, .. })).unwrap();
    let next = seen[end..].iter().filter_map(|event| match event {
        Seen::Chosen { tid, .. } => Some(*tid),
        _ => None,
    });
    // Task 4 was ready in this round, task 2 for the next.
    assert_eq!(next.take(6).collect::<Vec<_>>(), [4, 2, 6, 7, 5, 4]);
}

#[test]
fn edge_13_joining_oneself_is_edeadlk() {
    passes(task!({
        let me = trap!(yield gettid())?;
        assert_eq!(trap!(yield join(me)), Err(Errno::EDEADLK));
        Ok(())
    }));
}

/// Two tasks, 2 and 3, that join each other.
fn lovers() -> impl Routine<Result<(), Errno>> {
    routine!(move {
        trap!(yield spawn(joiner(Tid::from_serial(3), 0)).name("romeo"))?;
        trap!(yield spawn(joiner(Tid::from_serial(2), 0)).name("juliet"))?;
        Ok(())
    })
}

#[test]
fn edge_13_a_cycle_of_joins_ends_the_machine_with_a_report_that_names_it() {
    let (ended, seen) = run(crate::common::machine().task(task!({ call!(lovers()) })));
    assert_eq!((ended.clone(), ended.code()), (Ended::Deadlock(2), 70));
    let report = seen.events_of(|event| match event {
        Seen::Deadlock { .. } | Seen::Deadlocked { .. } => Some(event.clone()),
        _ => None,
    });
    let cycle = "2 (romeo) waits for 3 (juliet) waits for 2".to_owned();
    assert_eq!(
        report,
        [
            Seen::Deadlock { tasks: 2, cycle },
            Seen::Deadlocked { tid: 2, on: WaitsOn::Join(Tid::new(2, 3)) },
            Seen::Deadlocked { tid: 3, on: WaitsOn::Join(Tid::new(1, 2)) },
        ]
    );
}

#[test]
fn edge_13_tasks_in_a_cycle_take_no_turns() {
    let (_, seen) = run(crate::common::machine().task(task!({ call!(lovers()) })));
    assert_eq!(seen.chosen(), [1, 2, 3]);
}

#[test]
fn edge_13_a_cycle_is_told_once_while_others_run_on() {
    let (ended, seen) = run(crate::common::machine().task(task!({
        call!(lovers())?;
        for _ in 0..10 {
            trap!(yield yield_now())?;
        }
        trap!(yield kill(Tid::from_serial(2), Signal::Kill))
    })));
    // The kill has undone it: the other one's join is answered.
    assert_eq!(ended, WELL);
    let told = seen.events_of(|event| match event {
        Seen::Cycle { tids } => Some(tids.clone()),
        _ => None,
    });
    assert_eq!(told, ["3 (juliet) waits for 2 (romeo) waits for 3"]);
}
