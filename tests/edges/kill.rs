//! Killing: whoever, wherever it waits, however deep.

use crate::{Trail, common::*, connection, passes, passes_on, short_lived, sleeper};
use yieldix::syscalls::{calls::*, *};

/// A number that no task has had.
const NOBODY: Tid = Tid::from_serial(99);
const KILLED: ExitStatus = ExitStatus::Killed(Signal::Kill);

#[test]
fn edge_01_kill_of_an_unknown_task_is_esrch() {
    passes(task!({
        assert_eq!(trap!(yield kill(NOBODY, Signal::Kill)), Err(Errno::ESRCH));
        Ok(())
    }));
}

#[test]
fn edge_01_kill_of_a_reaped_task_is_esrch() {
    passes(task!({
        let child = trap!(yield spawn(short_lived(0, 0)))?;
        trap!(yield wait(child))?;
        // Its slot is in use again.
        trap!(yield spawn(sleeper()).detach())?;
        assert_eq!(trap!(yield kill(child, Signal::Kill)), Err(Errno::ESRCH));
        trap!(yield exit(0))
    }));
}

#[test]
fn edge_01_a_kill_in_vain_costs_the_turn_that_any_costs() {
    let seen = passes_on(
        crate::common::machine()
            .task(task!({
                let child = trap!(yield spawn(sleeper()))?;
                trap!(yield kill(child, Signal::Kill))?;
                let _ = trap!(yield kill(NOBODY, Signal::Kill));
                let _ = trap!(yield kill(NOBODY, Signal::Kill));
                Ok(())
            }))
            .quantum(1),
    );
    // Spawn, three kills, the end.
    assert_eq!(seen.turns_of(1), 5);
}

#[test]
fn edge_05_the_destructors_of_a_killed_task_run_before_its_killer_goes_on() {
    let trail = Trail::default();
    let held = trail.on_drop("destructor");
    let victim = task!({
        let _held = held;
        loop {
            trap!(yield yield_now())?;
        }
    });
    let killer = trail.clone();
    passes(task!({
        let victim = trap!(yield spawn(victim))?;
        trap!(yield yield_now())?;
        trap!(yield kill(victim, Signal::Kill))?;
        killer.note("killer");
        assert_eq!(trap!(yield wait(victim))?, KILLED);
        Ok(())
    }));
    assert_eq!(trail.notes(), ["destructor", "killer"]);
}

#[test]
fn edge_05_a_kill_takes_no_turn_of_the_killed() {
    let seen = passes(task!({
        let victim = trap!(yield spawn(short_lived(u32::MAX, 0)))?;
        for _ in 0..3 {
            trap!(yield yield_now())?;
        }
        trap!(yield kill(victim, Signal::Kill))?;
        trap!(yield yield_now())
    }));
    // It was ready each time: once for each turn that the killer gave away.
    assert_eq!(seen.chosen(), [1, 2, 1, 2, 1, 2, 1, 1]);
}

#[test]
fn edge_05_a_task_killed_before_its_first_turn_runs_no_line() {
    let trail = Trail::default();
    let body = trail.clone();
    let captured = trail.on_drop("capture");
    let victim = task!({
        body.note("first line");
        drop(captured);
        Ok(())
    });
    let seen = passes(task!({
        let victim = trap!(yield spawn(victim))?;
        trap!(yield kill(victim, Signal::Kill))?;
        assert_eq!(trap!(yield wait(victim))?, KILLED);
        Ok(())
    }));
    assert_eq!(trail.notes(), ["capture"]);
    assert_eq!(seen.turns_of(2), 0);
}

#[test]
fn edge_05_a_second_kill_succeeds_and_changes_nothing() {
    passes(task!({
        let victim = trap!(yield spawn(sleeper()))?;
        trap!(yield kill(victim, Signal::Term))?;
        assert_eq!(trap!(yield kill(victim, Signal::Kill)), Ok(()));
        assert_eq!(trap!(yield wait(victim))?, ExitStatus::Killed(Signal::Term));
        Ok(())
    }));
}

/// Waits for the end of another task.
fn joiner(target: Tid) -> Task {
    task!({
        trap!(yield join(target))?;
        Ok(())
    })
}

#[test]
fn edge_06_a_task_killed_in_a_join_is_gone_at_once() {
    passes(task!({
        let target = trap!(yield spawn(sleeper()))?;
        let victim = trap!(yield spawn(joiner(target)))?;
        trap!(yield yield_now())?;
        trap!(yield kill(victim, Signal::Kill))?;
        assert_eq!(trap!(yield try_wait(victim))?, Some((victim, KILLED)));
        // What it waited for lives on.
        assert_eq!(trap!(yield try_wait(target))?, None);
        trap!(yield kill(target, Signal::Kill))
    }));
}

#[test]
fn edge_06_the_other_joiners_are_woken_as_if_it_had_not_been_there() {
    let seen = passes(task!({
        let target = trap!(yield spawn(short_lived(5, 7)))?;
        let first = trap!(yield spawn(joiner(target)))?;
        let victim = trap!(yield spawn(joiner(target)))?;
        let last = trap!(yield spawn(joiner(target)))?;
        trap!(yield yield_now())?;
        trap!(yield kill(victim, Signal::Kill))?;
        for joiner in [first, last] {
            assert_eq!(trap!(yield wait(joiner))?, ExitStatus::Exited(0));
        }
        Ok(())
    }));
    // Task 1 is told of the ends of its children; task 2 is what the others joined.
    assert_eq!(woken_by_exit_of(&seen, 2), [3, 5]);
}

#[test]
fn edge_06_a_task_killed_in_a_wait_for_its_child_is_gone_at_once() {
    passes(task!({
        let victim = trap!(
            yield spawn(task!({
                let child = trap!(yield spawn(sleeper()))?;
                trap!(yield wait(child))?;
                Ok(())
            }))
        )?;
        trap!(yield yield_now())?;
        trap!(yield yield_now())?;
        trap!(yield kill(victim, Signal::Kill))?;
        assert_eq!(trap!(yield try_wait(victim))?, Some((victim, KILLED)));
        trap!(yield exit(0))
    }));
}

#[test]
fn edge_07_a_task_killed_in_a_read_leaves_the_data_to_others() {
    passes(task!({
        let (ours, theirs) = call!(connection())?;
        let victim = trap!(yield spawn(reader(theirs)).share(theirs))?;
        trap!(yield yield_now())?;
        trap!(yield kill(victim, Signal::Kill))?;
        assert_eq!(trap!(yield try_wait(victim))?, Some((victim, KILLED)));
        trap!(yield send_all(ours, "for who is left"))?;
        assert_eq!(&*trap!(yield recv(theirs, 64))?, b"for who is left");
        Ok(())
    }));
}

#[test]
fn edge_07_a_task_killed_in_a_wait_leaves_no_waiter_and_no_descriptor() {
    let (mut running, _) = boot(crate::common::machine().task(task!({
        let (_ours, theirs) = call!(connection())?;
        trap!(yield read_wait(theirs))
    })));
    let blocked = |running: &yieldix::Running| running.stats().file_waiters == 1 && running.stats().sockets == 2;
    for _ in 0..10_000 {
        running.step();
    }
    assert!(blocked(&running), "{:?}", running.stats());
    running.kill(Tid::from_serial(1), Signal::Kill).unwrap();
    let stats = running.stats();
    assert_eq!((stats.tasks, stats.file_waiters, stats.sockets, stats.files), (0, 0, 0, 3));
    running.check();
}

#[test]
fn edge_08_a_kill_unwinds_every_subroutine_innermost_first() {
    let trail = Trail::default();
    let victim = deep(trail.clone(), Form::Trampoline, task!({ trap!(yield sleep(crate::HOUR)) }));
    killed_while_deep(victim);
    assert_eq!(trail.notes(), ["inner", "middle", "outer"]);
}

#[test]
fn edge_08_a_kill_unwinds_subroutines_within_their_caller_too() {
    let trail = Trail::default();
    let victim = deep(trail.clone(), Form::Within, task!({ trap!(yield sleep(crate::HOUR)) }));
    killed_while_deep(victim);
    assert_eq!(trail.notes(), ["inner", "middle", "outer"]);
}

#[test]
fn edge_08_a_kill_unwinds_a_task_that_is_ready_too() {
    let trail = Trail::default();
    let victim = deep(trail.clone(), Form::Trampoline, short_lived(u32::MAX, 0));
    killed_while_deep(victim);
    assert_eq!(trail.notes(), ["inner", "middle", "outer"]);
}

#[test]
fn edge_09_killing_oneself_runs_what_was_to_be_dropped_and_nothing_else() {
    let trail = Trail::default();
    let body = trail.clone();
    passes(task!({
        let suicide = trap!(
            yield spawn(task!({
                let _held = body.on_drop("destructor");
                let me = trap!(yield gettid())?;
                trap!(yield kill(me, Signal::Kill))?;
                body.note("after");
                Ok(())
            }))
        )?;
        assert_eq!(trap!(yield wait(suicide))?, KILLED);
        Ok(())
    }));
    assert_eq!(trail.notes(), ["destructor"]);
}

fn suicide() -> Task {
    task!({
        let me = trap!(yield gettid())?;
        trap!(yield kill(me, Signal::Kill))
    })
}

#[test]
fn edge_10_killing_oneself_in_a_subroutine_ends_the_callers_too() {
    let trail = Trail::default();
    let victim = deep(trail.clone(), Form::Trampoline, suicide());
    passes(task!({
        let victim = trap!(yield spawn(victim))?;
        assert_eq!(trap!(yield wait(victim))?, KILLED);
        Ok(())
    }));
    assert_eq!(trail.notes(), ["inner", "middle", "outer"]);
}

#[test]
fn edge_10_killing_oneself_in_a_subroutine_within_its_caller_ends_the_caller_too() {
    let trail = Trail::default();
    let victim = deep(trail.clone(), Form::Within, suicide());
    passes(task!({
        let victim = trap!(yield spawn(victim))?;
        assert_eq!(trap!(yield wait(victim))?, KILLED);
        Ok(())
    }));
    assert_eq!(trail.notes(), ["inner", "middle", "outer"]);
}

#[test]
fn edge_12_init_cannot_be_killed() {
    fn rebel(_: Args) -> Task {
        task!({
            let init = trap!(yield getppid())?;
            assert_eq!(init.serial(), 1);
            for signal in [Signal::Kill, Signal::Term, Signal::Int] {
                assert_eq!(trap!(yield kill(init, signal)), Err(Errno::EPERM));
            }
            // init has not noticed: it ends with this code.
            trap!(yield exit(7))
        })
    }
    let rebel = Program::new("rebel", Group::Tests, "tries to kill init", rebel);
    let (ended, _) = run(crate::common::machine().programs(&[rebel]).program("rebel", [""; 0]));
    assert_eq!(ended, yieldix::Ended::Finished(ExitStatus::Exited(7)));
}

#[test]
fn edge_12_there_is_no_task_for_io_that_could_be_killed() {
    passes(task!({
        let (_ours, theirs) = call!(connection())?;
        let reader = trap!(yield spawn(reader(theirs)).share(theirs))?;
        trap!(yield yield_now())?;
        let tasks: Vec<u64> = trap!(yield tasks())?.iter().map(|task| task.tid.serial()).collect();
        assert_eq!(tasks, [1, 2]);
        trap!(yield kill(reader, Signal::Kill))
    }));
}

/// Reads once.
fn reader(fd: Fd) -> Task {
    task!({
        trap!(yield recv(fd, 64))?;
        Ok(())
    })
}

/// Tasks that the end of `target` made ready, in order.
fn woken_by_exit_of(seen: &Witness, target: u64) -> Vec<u64> {
    seen.events_of(|event| match event {
        Seen::Ready { tid, because: yieldix_kernel::block::Cause::Exit(ended) } if ended.serial() == target => {
            Some(*tid)
        }
        _ => None,
    })
}

/// How one subroutine calls another.
#[derive(Clone, Copy)]
enum Form {
    /// On the kernel's stack.
    Trampoline,
    /// In the caller's own frame.
    Within,
}

/// A task with two subroutines in it, the inner of which does `what`. Each of the three notes when
/// it is unwound, and each that it goes on after its callee.
fn deep(trail: Trail, form: Form, what: Task) -> Task {
    fn inner(trail: Trail, what: Task) -> impl Routine<Result<(), Errno>> {
        routine!(move {
            let _held = trail.on_drop("inner");
            trap!(yield subroutine_task(what))?;
            trail.note("inner goes on");
            Ok(())
        })
    }
    fn middle(trail: Trail, form: Form, what: Task) -> impl Routine<Result<(), Errno>> {
        routine!(move {
            let _held = trail.on_drop("middle");
            match form {
                Form::Trampoline => trap!(yield subroutine(inner(trail.clone(), what)))?,
                Form::Within => call!(inner(trail.clone(), what))?,
            }
            trail.note("middle goes on");
            Ok(())
        })
    }
    task!({
        let _held = trail.on_drop("outer");
        match form {
            Form::Trampoline => trap!(yield subroutine(middle(trail.clone(), form, what)))?,
            Form::Within => call!(middle(trail.clone(), form, what))?,
        }
        trail.note("outer goes on");
        Ok(())
    })
}

/// Kills `victim` when it has come to wait.
fn killed_while_deep(victim: Task) {
    passes(task!({
        let victim = trap!(yield spawn(victim))?;
        for _ in 0..5 {
            trap!(yield yield_now())?;
        }
        trap!(yield kill(victim, Signal::Kill))?;
        assert_eq!(trap!(yield wait(victim))?, KILLED);
        Ok(())
    }));
}
