//! Tests of tasks by the hundred, and of children over several generations: all are waited for, killed or
//! reaped, and nothing of them stays.

use super::{Test, support::*};
use crate::prelude::*;
use alloc::sync::Arc;
use core::sync::atomic::{AtomicU32, Ordering};

pub(super) const TESTS: &[Test] = tests![
    whoever_is_killed_is_told_of_as_killed,
    those_that_never_wait_share_the_machine,
    each_end_is_told_with_its_code,
    two_children_at_a_time_are_waited_for,
    children_that_have_children_all_end,
    orphans_are_reaped_when_they_end,
    a_parent_that_is_killed_leaves_no_one_behind,
    a_family_that_only_grows_ends_when_it_is_told,
    a_program_prints_into_a_file,
    a_program_gets_many_and_long_arguments,
];

/// Never waits and never ends, and makes a trap all the time.
fn spinner() -> Task {
    task!({
        loop {
            trap!(yield gettid())?;
        }
    })
}

/// Gives up its turn for ever.
fn yielder() -> Task {
    task!({
        loop {
            trap!(yield yield_now())?;
        }
    })
}

fn whoever_is_killed_is_told_of_as_killed() -> Task {
    const ROUNDS: u32 = 100;
    task!({
        for round in 0..ROUNDS {
            let child = trap!(yield spawn(if round % 2 == 0 { yielder() } else { sleeper() }))?;
            for _ in 0..round % 4 {
                trap!(yield yield_now())?;
            }
            trap!(yield kill(child, Signal::Kill))?;
            assert_eq!(trap!(yield wait(child))?, ExitStatus::Killed(Signal::Kill));
        }
        Ok(())
    })
}

fn those_that_never_wait_share_the_machine() -> Task {
    task!({
        let spinners = [trap!(yield spawn(spinner()))?, trap!(yield spawn(spinner()))?];
        let (from, to) = trap!(yield pipe())?;
        let writer = task!({
            trap!(yield write(to, "x"))?;
            loop {
                trap!(yield yield_now())?;
            }
        });
        let writer = trap!(yield spawn(writer).pass(to))?;
        assert_eq!(trap!(yield read(from, 8))?, Buf::from("x"));
        for child in [spinners[0], spinners[1], writer] {
            trap!(yield kill(child, Signal::Kill))?;
            assert_eq!(trap!(yield wait(child))?, ExitStatus::Killed(Signal::Kill));
        }
        assert_eq!(trap!(yield read(from, 8))?, Buf::EMPTY, "the writer is gone");
        trap!(yield close(from))
    })
}

fn each_end_is_told_with_its_code() -> Task {
    task!({
        for code in 0..100 {
            let child = trap!(yield spawn(exits(code)))?;
            assert_eq!(trap!(yield wait_any())?, (child, ExitStatus::Exited(code)));
        }
        assert_eq!(trap!(yield wait_any()), Err(Errno::ECHILD));
        Ok(())
    })
}

fn two_children_at_a_time_are_waited_for() -> Task {
    task!({
        for _ in 0..100 {
            let mut children = [trap!(yield spawn(exits(0)))?, trap!(yield spawn(exits(0)))?];
            let mut told = [trap!(yield wait_any())?.0, trap!(yield wait_any())?.0];
            children.sort();
            told.sort();
            assert_eq!(told, children);
        }
        Ok(())
    })
}

fn children_that_have_children_all_end() -> Task {
    fn parent() -> Task {
        task!({
            for code in 0..50 {
                let child = trap!(yield spawn(exits(code)))?;
                assert_eq!(trap!(yield wait(child))?, ExitStatus::Exited(code));
            }
            Ok(())
        })
    }
    task!({
        let mut parents = Vec::new();
        for _ in 0..4 {
            parents.push(trap!(yield spawn(parent()))?);
        }
        for parent in parents {
            assert_eq!(trap!(yield wait(parent))?, ExitStatus::Exited(0));
        }
        Ok(())
    })
}

fn orphans_are_reaped_when_they_end() -> Task {
    fn parent() -> Task {
        task!({
            trap!(yield spawn(exits(1)))?;
            trap!(yield spawn(exits(2)))?;
            trap!(yield spawn(task!({ trap!(yield yield_now()) })))?;
            // It waits for none of them.
            Ok(())
        })
    }
    task!({
        for _ in 0..100 {
            let parent = trap!(yield spawn(parent()))?;
            assert_eq!(trap!(yield wait(parent))?, ExitStatus::Exited(0));
        }
        Ok(())
    })
}

fn a_parent_that_is_killed_leaves_no_one_behind() -> Task {
    fn parent() -> Task {
        task!({
            for _ in 0..3 {
                trap!(yield spawn(sleeper()).bound())?;
            }
            loop {
                trap!(yield wait_any())?;
            }
        })
    }
    task!({
        for _ in 0..20 {
            let parent = trap!(yield spawn(parent()))?;
            call!(until_blocked(parent))?;
            trap!(yield kill(parent, Signal::Term))?;
            assert_eq!(trap!(yield wait(parent))?, ExitStatus::Killed(Signal::Term));
        }
        Ok(())
    })
}

/// Has children without end, each of which does the same, until there have been enough.
fn grower(born: Arc<AtomicU32>, enough: u32) -> Task {
    task!({
        while born.fetch_add(1, Ordering::Relaxed) < enough {
            trap!(yield spawn(grower(Arc::clone(&born), enough)))?;
        }
        // Those that end before their children leave them to init.
        while trap!(yield try_wait(Children::Any)).is_ok_and(|ended| ended.is_some()) {}
        Ok(())
    })
}

fn a_family_that_only_grows_ends_when_it_is_told() -> Task {
    const ENOUGH: u32 = 1_000;
    task!({
        let before = trap!(yield sysinfo())?.tasks;
        let born = Arc::new(AtomicU32::new(0));
        let first = trap!(yield spawn(grower(Arc::clone(&born), ENOUGH)))?;
        assert_eq!(trap!(yield wait(first))?, ExitStatus::Exited(0));
        // The last of them end by themselves, in turns of theirs.
        while trap!(yield sysinfo())?.tasks > before {
            trap!(yield yield_now())?;
        }
        assert!(born.load(Ordering::Relaxed) >= ENOUGH);
        Ok(())
    })
}

/// What a program prints, given these arguments, with a file in memory as its standard output.
fn printed(program: &'static str, args: Args) -> impl Routine<Result<String, Errno>> {
    routine!(move {
        let name = trap!(yield gettid())?.serial();
        let path = format!("/usertests-output-{name}");
        let file = trap!(yield open(path.clone(), OpenFlags::READ | OpenFlags::WRITE | OpenFlags::CREATE_NEW))?;
        let theirs = trap!(yield dup(file))?;
        let options = SpawnOptions { fds: vec![FdGrant::PassAs(theirs, 1)], ..SpawnOptions::default() };
        let child = trap!(yield spawn_program(ProgramRequest { name: program.into(), args, options }))?;
        assert_eq!(trap!(yield wait(child))?, ExitStatus::Exited(0));
        trap!(yield seek(file, SeekFrom::Start(0)))?;
        let mut bytes = Vec::new();
        loop {
            let data = trap!(yield read(file, 1 << 20))?;
            if data.is_empty() {
                break;
            }
            bytes.extend_from_slice(&data);
        }
        trap!(yield close(file))?;
        trap!(yield unlink(path))?;
        String::from_utf8(bytes).map_err(|_| Errno::EILSEQ)
    })
}

fn a_program_prints_into_a_file() -> Task {
    task!({
        assert_eq!(call!(printed("echo", vec!["OK".to_owned()]))?, "OK\n");
        Ok(())
    })
}

fn a_program_gets_many_and_long_arguments() -> Task {
    task!({
        let args = vec!["bigarg".repeat(1_000); 100];
        let expected = args.join(" ") + "\n";
        assert!(call!(printed("echo", args))? == expected, "not all of it was printed");
        Ok(())
    })
}
