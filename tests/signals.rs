//! Signals and what hangs together with them, seen from outside: what is told, and what becomes of a machine.
#![feature(coroutines)]

mod common;

use common::{Seen, boot, run};
use std::time::Duration;
use yieldix::syscalls::{calls::*, *};
use yieldix::{Ended, event::Record};

fn sleeper() -> Task {
    task!({ trap!(yield sleep(Duration::MAX)) })
}

#[test]
fn what_becomes_of_a_signal_is_told_in_order() {
    let (mut machine, witness) = boot(common::machine().task(task!({
        trap!(yield catch_signals(Signal::Usr1))?;
        trap!(yield sleep(Duration::MAX))
    })));
    machine.run_until_blocked();
    let tid = machine.tasks()[0].tid;
    for signal in [Signal::Stop, Signal::Usr1, Signal::Term, Signal::Cont] {
        machine.kill(tid, signal).unwrap();
    }
    let told = ["sent", "stopped", "held back", "caught", "delivered", "continued"];
    let events = witness.events_of(|event| match event {
        Seen::Other(message) if told.contains(message) => Some(*message),
        _ => None,
    });
    // On going on, the default of TERM is done before anybody is woken.
    let expected = ["sent", "stopped", "sent", "held back", "sent", "held back", "sent", "continued", "delivered"];
    assert_eq!(events, expected);
    assert_eq!(witness.exits(), [(1, ExitStatus::Killed(Signal::Term))]);
}

#[test]
fn a_machine_of_stopped_tasks_is_a_deadlock_that_says_so() {
    let (ended, witness) = run(common::machine().task(task!({
        let me = trap!(yield gettid())?;
        trap!(yield kill(me, Signal::Stop))
    })));
    assert_eq!(ended, Ended::Deadlock(1));
    let stopped = |event: &Seen| matches!(event, Seen::Deadlocked { tid: 1, on: WaitsOn::Continue });
    assert!(witness.events().iter().any(stopped));
}

#[test]
fn an_alarm_keeps_a_machine_waiting() {
    let (ended, _) = run(common::machine().task(task!({
        trap!(yield catch_signals(Signal::Alrm))?;
        trap!(yield alarm(Duration::from_secs(3600)))?;
        assert_eq!(trap!(yield take_signal())?, Signal::Alrm);
        assert!(trap!(yield now())? >= Time::from_nanos(3_600_000_000_000));
        Ok(())
    })));
    assert_eq!(ended, Ended::Finished(ExitStatus::Exited(0)));
}

#[test]
fn a_chain_of_a_hundred_thousand_bound_children_ends_with_its_first() {
    const LENGTH: u32 = 100_000;
    fn link(left: u32) -> Task {
        task!({
            if left > 0 {
                trap!(yield spawn(link(left - 1)).bound())?;
            }
            trap!(yield sleep(Duration::MAX))
        })
    }
    let machine = common::machine().simulate(1).checked(false).task(sleeper());
    let mut machine = machine.start().unwrap();
    let first = machine.spawn(link(LENGTH)).unwrap();
    machine.run_until_blocked();
    assert_eq!(machine.stats().tasks, LENGTH + 2);
    machine.kill(first, Signal::Kill).unwrap();
    assert_eq!(machine.stats().tasks, 1);
}

#[test]
fn run_times_are_measured_while_somebody_observes_and_not_else() {
    let measured = || {
        task!({
            let began = std::time::Instant::now();
            while began.elapsed() < Duration::from_millis(2) {
                trap!(yield yield_now())?;
            }
            let me = trap!(yield tasks())?.remove(0);
            trap!(yield exit(i32::from(me.ran > Duration::ZERO)))
        })
    };
    let ended = |code| Ended::Finished(ExitStatus::Exited(code));
    let observed = common::machine().checked(false).task(measured()).observe(|_: &Record<'_>| {});
    assert_eq!(observed.boot().unwrap(), ended(1));
    assert_eq!(common::machine().checked(false).task(measured()).boot().unwrap(), ended(0));
}
