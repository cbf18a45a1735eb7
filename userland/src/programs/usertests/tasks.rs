//! Tests of spawning, waiting, joining and exiting.

use super::{Test, support::*};
use crate::prelude::*;

pub(super) const TESTS: &[Test] = tests![
    gettid_is_the_same_each_time,
    getppid_is_who_spawned,
    wait_gives_the_exit_code,
    returning_exits_with_0_or_1,
    wait_reaps,
    a_zombie_has_its_last_traps,
    wait_any_gives_each_child_once,
    zombies_are_reaped_in_the_order_of_death,
    try_wait_does_not_wait,
    strangers_cannot_be_waited_for,
    join_reaps_nothing,
    joiners_wake_in_order,
    join_of_oneself_is_refused,
    join_of_nobody_is_refused,
    a_detached_child_leaves_no_zombie,
    a_panic_is_the_childs_own,
    exit_runs_destructors,
    exit_ends_at_once,
    orphans_go_to_init,
    a_thousand_children,
    a_child_is_named,
    a_quantum_of_zero_is_refused,
    a_program_is_started_by_name,
    an_unknown_program_is_refused,
];

fn gettid_is_the_same_each_time() -> Task {
    task!({
        let tid = trap!(yield gettid())?;
        trap!(yield yield_now())?;
        assert_eq!(trap!(yield gettid())?, tid);
        assert!(!tid.is_none());
        Ok(())
    })
}

fn getppid_is_who_spawned() -> Task {
    fn child(parent: Tid) -> Task {
        task!({
            assert_eq!(trap!(yield getppid())?, parent);
            assert_ne!(trap!(yield gettid())?, parent);
            Ok(())
        })
    }
    task!({
        let child = trap!(yield spawn(child(trap!(yield gettid())?)))?;
        assert_eq!(trap!(yield wait(child))?, ExitStatus::Exited(0));
        Ok(())
    })
}

fn wait_gives_the_exit_code() -> Task {
    task!({
        for code in [0, 1, 42, -1, i32::MAX] {
            let child = trap!(yield spawn(exits(code)))?;
            assert_eq!(trap!(yield wait(child))?, ExitStatus::Exited(code));
        }
        Ok(())
    })
}

fn returning_exits_with_0_or_1() -> Task {
    fn returns(result: Result<(), Errno>) -> Task {
        task!({ result })
    }
    task!({
        let well = trap!(yield spawn(returns(Ok(()))))?;
        assert_eq!(trap!(yield wait(well))?, ExitStatus::Exited(0));
        let badly = trap!(yield spawn(returns(Err(Errno::EIO))))?;
        assert_eq!(trap!(yield wait(badly))?, ExitStatus::Exited(1));
        Ok(())
    })
}

fn wait_reaps() -> Task {
    task!({
        let child = trap!(yield spawn(exits(0)))?;
        trap!(yield wait(child))?;
        assert_eq!(trap!(yield wait(child)), Err(Errno::ECHILD));
        assert_eq!(trap!(yield join(child)), Err(Errno::ESRCH));
        Ok(())
    })
}

fn a_zombie_has_its_last_traps() -> Task {
    /// Three traps in its first turn, and then two and how it ends.
    fn child(how: u8) -> Task {
        task!({
            trap!(yield gettid())?;
            trap!(yield gettid())?;
            trap!(yield yield_now())?;
            trap!(yield gettid())?;
            let me = trap!(yield gettid())?;
            match how {
                0 => Ok(()),
                1 => trap!(yield kill(me, Signal::Kill)),
                _ => panic!("ends"),
            }
        })
    }
    task!({
        for (how, traps) in [(0, 5), (1, 6), (2, 5)] {
            // Enough for both turns, whatever the machine's quantum is.
            let child = trap!(yield spawn(child(how)).quantum(16))?;
            for _ in 0..3 {
                trap!(yield yield_now())?;
            }
            let tasks = trap!(yield tasks())?;
            let zombie = tasks.iter().find(|task| task.tid == child).ok_or(Errno::ESRCH)?;
            assert_eq!((zombie.state, zombie.turns, zombie.traps), (TaskState::Zombie, 2, traps));
            trap!(yield wait(child))?;
        }
        Ok(())
    })
}

fn wait_any_gives_each_child_once() -> Task {
    task!({
        let mut expected = Vec::new();
        for code in 0..5 {
            expected.push((trap!(yield spawn(exits(code)))?, ExitStatus::Exited(code)));
        }
        let mut seen = Vec::new();
        for _ in 0..5 {
            seen.push(trap!(yield wait_any())?);
        }
        seen.sort_by_key(|(child, _)| child.serial());
        assert_eq!(seen, expected);
        assert_eq!(trap!(yield wait_any()), Err(Errno::ECHILD));
        Ok(())
    })
}

fn zombies_are_reaped_in_the_order_of_death() -> Task {
    task!({
        let first = trap!(yield spawn(sleeper()))?;
        let second = trap!(yield spawn(sleeper()))?;
        for child in [second, first] {
            trap!(yield kill(child, Signal::Kill))?;
        }
        assert_eq!(trap!(yield wait_any())?.0, second);
        assert_eq!(trap!(yield wait_any())?.0, first);
        Ok(())
    })
}

fn try_wait_does_not_wait() -> Task {
    task!({
        let child = trap!(yield spawn(sleeper()))?;
        assert_eq!(trap!(yield try_wait(child))?, None);
        assert_eq!(trap!(yield try_wait(Children::Any))?, None);
        trap!(yield kill(child, Signal::Term))?;
        assert_eq!(trap!(yield try_wait(child))?, Some((child, ExitStatus::Killed(Signal::Term))));
        assert_eq!(trap!(yield try_wait(child)), Err(Errno::ECHILD));
        assert_eq!(trap!(yield try_wait(Children::Any)), Err(Errno::ECHILD));
        Ok(())
    })
}

fn strangers_cannot_be_waited_for() -> Task {
    task!({
        let own = trap!(yield gettid())?;
        let parent = trap!(yield getppid())?;
        for stranger in [own, parent, Tid::from_serial(Tid::SERIAL_MAX)] {
            assert_eq!(trap!(yield wait(stranger)), Err(Errno::ECHILD));
            assert_eq!(trap!(yield try_wait(stranger)), Err(Errno::ECHILD));
        }
        Ok(())
    })
}

fn join_reaps_nothing() -> Task {
    task!({
        let child = trap!(yield spawn(exits(3)))?;
        for _ in 0..2 {
            assert_eq!(trap!(yield join(child))?, ExitStatus::Exited(3));
        }
        // Known by its number alone, as from a shell.
        let by_number = Tid::from_serial(child.serial());
        assert_eq!(trap!(yield join(by_number))?, ExitStatus::Exited(3));
        assert_eq!(trap!(yield wait(by_number))?, ExitStatus::Exited(3));
        assert_eq!(trap!(yield join(by_number)), Err(Errno::ESRCH));
        Ok(())
    })
}

fn joiners_wake_in_order() -> Task {
    fn joiner(target: Tid, order: Order) -> Task {
        task!({
            trap!(yield join(target))?;
            trap!(yield exit(order.next() as i32))
        })
    }
    task!({
        let order = Order::default();
        let target = trap!(yield spawn(sleeper()))?;
        let mut joiners = Vec::new();
        for _ in 0..5 {
            let joiner = trap!(yield spawn(joiner(target, order.clone())))?;
            assert_eq!(call!(until_blocked(joiner))?, WaitsOn::Join(target));
            joiners.push(joiner);
        }
        trap!(yield kill(target, Signal::Kill))?;
        for (place, joiner) in (0..).zip(joiners) {
            assert_eq!(trap!(yield wait(joiner))?, ExitStatus::Exited(place));
        }
        trap!(yield wait(target))?;
        Ok(())
    })
}

fn join_of_oneself_is_refused() -> Task {
    task!({
        let own = trap!(yield gettid())?;
        assert_eq!(trap!(yield join(own)), Err(Errno::EDEADLK));
        Ok(())
    })
}

fn join_of_nobody_is_refused() -> Task {
    task!({
        assert_eq!(trap!(yield join(Tid::NONE)), Err(Errno::ESRCH));
        assert_eq!(trap!(yield join(Tid::from_serial(Tid::SERIAL_MAX))), Err(Errno::ESRCH));
        Ok(())
    })
}

fn a_detached_child_leaves_no_zombie() -> Task {
    task!({
        let child = trap!(yield spawn(exits(4)).detach())?;
        assert_eq!(trap!(yield wait(child)), Err(Errno::ECHILD));
        assert_eq!(trap!(yield wait_any()), Err(Errno::ECHILD));
        let sleeper = trap!(yield spawn(sleeper()).detach())?;
        trap!(yield kill(sleeper, Signal::Kill))?;
        assert_eq!(trap!(yield join(sleeper)), Err(Errno::ESRCH));
        Ok(())
    })
}

fn a_panic_is_the_childs_own() -> Task {
    fn panics() -> Task {
        task!({
            trap!(yield yield_now())?;
            panic!("on purpose")
        })
    }
    task!({
        let child = trap!(yield spawn(panics()))?;
        let status = trap!(yield wait(child))?;
        assert_eq!(status, ExitStatus::Panicked("on purpose".into()));
        assert_eq!(status.code(), 101);
        Ok(())
    })
}

fn exit_runs_destructors() -> Task {
    task!({
        let held = Held::default();
        let handle = held.handle();
        let child = trap!(
            yield spawn(task!({
                let _handle = handle;
                trap!(yield exit(0))
            }))
        )?;
        trap!(yield wait(child))?;
        assert_eq!(held.count(), 0);
        Ok(())
    })
}

fn exit_ends_at_once() -> Task {
    task!({
        let order = Order::default();
        let seen = order.clone();
        let child = trap!(
            yield spawn(task!({
                trap!(yield exit(7))?;
                order.next();
                Ok(())
            }))
        )?;
        assert_eq!(trap!(yield wait(child))?, ExitStatus::Exited(7));
        assert_eq!(seen.count(), 0);
        Ok(())
    })
}

fn orphans_go_to_init() -> Task {
    fn parent() -> Task {
        task!({
            trap!(yield spawn(sleeper()).name("orphan"))?;
            Ok(())
        })
    }
    task!({
        let parent = trap!(yield spawn(parent()))?;
        trap!(yield wait(parent))?;
        let all = trap!(yield tasks())?;
        let init = all.first().ok_or(Errno::ESRCH)?;
        let orphan = all.iter().find(|task| &*task.name == "orphan").ok_or(Errno::ESRCH)?;
        assert_eq!(orphan.parent, init.tid);
        trap!(yield kill(orphan.tid, Signal::Kill))
    })
}

fn a_thousand_children() -> Task {
    const CHILDREN: i32 = 1_000;
    task!({
        let mut children = Vec::new();
        for code in 0..CHILDREN {
            children.push(trap!(yield spawn(exits(code)))?);
        }
        for (code, child) in (0..).zip(children) {
            assert_eq!(trap!(yield wait(child))?, ExitStatus::Exited(code));
        }
        Ok(())
    })
}

fn a_child_is_named() -> Task {
    task!({
        let plain = trap!(yield spawn(sleeper()))?;
        let named = trap!(yield spawn(sleeper()).name("dozer"))?;
        let all = trap!(yield tasks())?;
        for (tid, name) in [(plain, "sleeper"), (named, "dozer")] {
            let task = all.iter().find(|task| task.tid == tid).ok_or(Errno::ESRCH)?;
            assert_eq!(&*task.name, name);
            trap!(yield kill(tid, Signal::Kill))?;
            trap!(yield wait(tid))?;
        }
        Ok(())
    })
}

fn a_quantum_of_zero_is_refused() -> Task {
    task!({
        assert_eq!(trap!(yield spawn(exits(0)).quantum(0)), Err(Errno::EINVAL));
        let child = trap!(yield spawn(exits(0)).quantum(1))?;
        trap!(yield wait(child))?;
        Ok(())
    })
}

fn run_program(name: &str) -> impl Routine<Result<ExitStatus, Errno>> {
    let request = ProgramRequest { name: name.into(), args: Args::new(), options: SpawnOptions::default() };
    routine!(move {
        let child = trap!(yield spawn_program(request))?;
        trap!(yield wait(child))
    })
}

fn a_program_is_started_by_name() -> Task {
    task!({
        assert_eq!(call!(run_program("true"))?, ExitStatus::Exited(0));
        assert_eq!(call!(run_program("false"))?, ExitStatus::Exited(1));
        Ok(())
    })
}

fn an_unknown_program_is_refused() -> Task {
    task!({
        assert_eq!(call!(run_program("no such program")), Err(Errno::ENOENT));
        assert_eq!(trap!(yield wait_any()), Err(Errno::ECHILD));
        Ok(())
    })
}
