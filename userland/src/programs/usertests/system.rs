//! Tests of what concerns the whole machine.

use super::{Test, support::*};
use crate::prelude::*;

pub(super) const TESTS: &[Test] = tests![
    random_bytes_differ,
    too_many_random_bytes_are_refused,
    a_call_that_is_not_built_is_refused,
    sysinfo_counts_tasks,
    the_list_of_tasks_is_in_order,
    a_raw_trap_is_answered,
];

fn random_bytes_differ() -> Task {
    task!({
        let first = trap!(yield getrandom(32))?;
        let second = trap!(yield getrandom(32))?;
        assert_eq!((first.len(), second.len()), (32, 32));
        assert_ne!(first, second);
        assert!(trap!(yield getrandom(0))?.is_empty());
        Ok(())
    })
}

fn too_many_random_bytes_are_refused() -> Task {
    const MOST: u32 = 1 << 20;
    task!({
        assert_eq!(trap!(yield getrandom(MOST))?.len(), MOST as usize);
        assert_eq!(trap!(yield getrandom(MOST + 1)), Err(Errno::EINVAL));
        Ok(())
    })
}

fn a_call_that_is_not_built_is_refused() -> Task {
    task!({
        assert_eq!(trap!(yield set_name("x")), Err(Errno::ENOSYS));
        assert_eq!(trap!(yield driver_call(Fd::STDOUT, 0, "")), Err(Errno::ENOSYS));
        Ok(())
    })
}

fn sysinfo_counts_tasks() -> Task {
    task!({
        let before = trap!(yield sysinfo())?;
        let child = trap!(yield spawn(sleeper()))?;
        let during = trap!(yield sysinfo())?;
        assert_eq!(during.tasks, before.tasks + 1);
        trap!(yield kill(child, Signal::Kill))?;
        let dead = trap!(yield sysinfo())?;
        assert_eq!((dead.tasks, dead.zombies), (before.tasks, before.zombies + 1));
        trap!(yield wait(child))?;
        // Traps are added up when a turn ends.
        trap!(yield yield_now())?;
        let after = trap!(yield sysinfo())?;
        assert_eq!((after.tasks, after.zombies), (before.tasks, before.zombies));
        assert!(after.traps > before.traps && after.turns > before.turns);
        assert!(after.uptime >= before.uptime && after.tasks <= after.tasks_max);
        Ok(())
    })
}

fn the_list_of_tasks_is_in_order() -> Task {
    task!({
        let own = trap!(yield gettid())?;
        let all = trap!(yield tasks())?;
        assert!(all.is_sorted_by_key(|task| task.tid.serial()));
        let me = all.iter().find(|task| task.tid == own).ok_or(Errno::ESRCH)?;
        assert_eq!((me.state, me.parent), (TaskState::Running, trap!(yield getppid())?));
        assert!(me.traps > 0);
        Ok(())
    })
}

fn a_raw_trap_is_answered() -> Task {
    task!({
        let Reply::Tid(own) = yield Syscall::GetTid.into() else { return Err(Errno::EPROTO) };
        assert_eq!(own, trap!(yield gettid())?);
        assert!(matches!(yield Syscall::YieldNow.into(), Reply::Unit));
        assert!(matches!(yield Syscall::Close { fd: Fd::new(500, 0) }.into(), Reply::Err(Errno::EBADF)));
        Ok(())
    })
}
