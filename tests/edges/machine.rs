//! The machine as a whole: when it ends, what it costs idle, who may keep it, in what order it goes.

use crate::{HOUR, Trail, WELL, common::*, connection, passes, short_lived, sleeper};
use std::{io::Read, time::Duration};
use yieldix::{
    Ended, Work,
    syscalls::{calls::*, *},
};
use yieldix_kernel::{
    Kernel, LintRefusal, Options,
    hardware::host::{Host, HostOptions},
    sched::RoundRobin,
    trap::Stop,
};

#[test]
fn edge_25_a_machine_without_tasks_ends() {
    let (mut running, _) = boot(crate::common::machine().task(short_lived(3, 0)));
    assert_eq!(running.run_until_blocked(), Work::Over);
}

#[test]
fn edge_25_a_machine_that_has_polled_ends_with_its_tasks() {
    // pyos never ended once its iotask ran.
    passes(task!({
        let (ours, theirs) = call!(connection())?;
        trap!(yield send_all(ours, "x"))?;
        trap!(yield read_wait(theirs))
    }));
}

#[test]
fn edge_25_an_idle_second_is_one_wait() {
    let seen = passes(task!({ trap!(yield sleep(Duration::from_secs(1))) }));
    let waits = seen.events_of(|event| matches!(event, Seen::Idle { .. }).then_some(()));
    assert_eq!(waits.len(), 1);
    assert_eq!(seen.chosen(), [1, 1]);
}

#[test]
fn edge_25_an_idle_host_is_not_asked_again_and_again() {
    let host = Host::new(HostOptions::default()).unwrap();
    let mut kernel = Kernel::new(host, RoundRobin::default(), Options::default());
    kernel.observe(Box::new(LintRefusal));
    let task = task!({ trap!(yield sleep(Duration::from_millis(50))) });
    kernel.boot(task, SpawnOptions::default(), false).unwrap();
    assert_eq!(kernel.run(), WELL);
    // One wait for the sleep; a host may end it a little early, once.
    let polls = kernel.stats().polls;
    assert!(polls <= 3, "{polls} looks at the host in 50 ms of nothing to do");
}

fn nothing() -> impl Routine<Result<(), Errno>> {
    routine!(move { Ok(()) })
}

/// Ends behind `other`, which has five turns to take while the loop runs on.
fn ends_behind_a_short_task(looping: Task) -> Witness {
    passes(task!({
        let looping = trap!(yield spawn(looping))?;
        let other = trap!(yield spawn(short_lived(5, 0)))?;
        assert_eq!(trap!(yield wait_any())?, (other, ExitStatus::Exited(0)));
        assert_eq!(trap!(yield wait_any())?, (looping, ExitStatus::Exited(0)));
        Ok(())
    }))
}

#[test]
fn edge_26_a_loop_of_subroutines_cannot_keep_the_machine() {
    let seen = ends_behind_a_short_task(task!({
        for _ in 0..10_000 {
            trap!(yield subroutine(nothing()))?;
        }
        Ok(())
    }));
    // The log says why it was stopped, each time but the last.
    let stops = seen.events_of(|event| match event {
        Seen::TurnOver { tid: 2, why } => Some(*why),
        _ => None,
    });
    let (last, others) = stops.split_last().unwrap();
    assert!(others.iter().all(|why| *why == Stop::Overdrawn));
    assert_eq!(*last, Stop::Exited);
}

#[test]
fn edge_26_a_loop_of_free_calls_cannot_keep_the_machine() {
    ends_behind_a_short_task(task!({
        for _ in 0..10_000 {
            trap!(yield write(Fd::STDOUT, "x"))?;
        }
        Ok(())
    }));
}

/// A family: 1 has the children 2 and 3, 2 has the child 4, and each notes its end.
fn family(trail: &Trail) -> Task {
    let [one, two, three, four] = ["1", "2", "3", "4"].map(|name| trail.on_drop(name));
    fn member(held: crate::OnDrop, child: Option<Task>) -> Task {
        task!({
            let _held = held;
            if let Some(child) = child {
                trap!(yield spawn(child))?;
            }
            trap!(yield sleep(HOUR))
        })
    }
    let four = member(four, None);
    let two = member(two, Some(four));
    let three = member(three, None);
    task!({
        let _held = one;
        trap!(yield spawn(two))?;
        trap!(yield spawn(three))?;
        trap!(yield sleep(HOUR))
    })
}

#[test]
fn edge_30_a_shutdown_ends_children_before_parents_and_the_newest_first() {
    let trail = Trail::default();
    let (mut running, seen) = boot(crate::common::machine().task(family(&trail)));
    running.run_until_blocked();
    assert_eq!(running.shutdown(), Ended::ShutDown);
    assert_eq!(trail.notes(), ["4", "3", "2", "1"]);
    let term = || ExitStatus::Killed(Signal::Term);
    assert_eq!(seen.exits(), [(4, term()), (3, term()), (2, term()), (1, term())]);
}

#[test]
fn edge_30_dropping_a_machine_is_a_shutdown() {
    let trail = Trail::default();
    let (mut running, _) = boot(crate::common::machine().task(family(&trail)));
    running.run_until_blocked();
    drop(running);
    assert_eq!(trail.notes(), ["4", "3", "2", "1"]);
}

#[test]
fn edge_30_the_end_of_init_ends_the_rest_in_order() {
    fn leaves_two(_: Args) -> Task {
        task!({
            trap!(yield spawn(sleeper()))?;
            trap!(yield spawn(sleeper()))?;
            trap!(yield yield_now())?;
            trap!(yield exit(3))
        })
    }
    let program = Program::new("leaves-two", Group::Tests, "leaves two tasks behind", leaves_two);
    let (ended, seen) = run(crate::common::machine().programs(&[program]).program("leaves-two", [""; 0]));
    assert_eq!(ended, Ended::Finished(ExitStatus::Exited(3)));
    let ended: Vec<u64> = seen.exits().into_iter().map(|(tid, _)| tid).collect();
    assert_eq!(ended, [2, 1, 4, 3]);
}

#[test]
fn edge_30_an_interrupt_from_the_keyboard_ends_the_machine_in_order() {
    let mut lesson = served::Served::run("echoserver");
    // One connection, so that there is a child.
    let _conn = std::net::TcpStream::connect(lesson.address).unwrap();
    assert_eq!(lesson.line(), "Server starting\n");
    assert!(lesson.line().starts_with("Connection from "));
    lesson.interrupt();
    let mut rest = String::new();
    lesson.printed.read_to_string(&mut rest).unwrap();
    assert_eq!(rest, "Task 2 terminated\nTask 1 terminated\n");
    assert_eq!(lesson.exit_code(), Some(130));
}
