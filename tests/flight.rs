//! The flight recorder: what has happened lately, for whoever asks, and for when something is wrong.
#![feature(coroutines)]

mod common;

use common::SEED;
use std::{
    cell::RefCell,
    panic::{AssertUnwindSafe, catch_unwind},
    rc::Rc,
    time::Duration,
};
use yieldix::{
    Console, Ended, Flight, Machine, MemoryConsole,
    syscalls::{calls::*, *},
};
use yieldix_kernel::LintRefusal;
use yieldix_userland::PROGRAMS;

/// Read-outs: why, and what was told.
type Told = Rc<RefCell<Vec<(String, String)>>>;

/// A machine in a simulated world, and what its recorder is read out to.
fn machine() -> (Machine, Told) {
    let told = Told::default();
    let sink = Rc::clone(&told);
    let machine = common::machine().simulate(SEED).programs(PROGRAMS);
    let keep = move |flight: &Flight<'_>| {
        sink.borrow_mut().push((flight.why.to_owned(), flight.events.to_owned() + flight.tasks));
    };
    (machine.on_flight(keep), told)
}

fn sleeper() -> Task {
    task!({ trap!(yield sleep(Duration::from_millis(5))) })
}

/// What stands behind the time and the task, without lines of the source.
fn events(entries: &str) -> Vec<String> {
    let event = |line: &str| {
        let line = line.split(" at ").next().unwrap_or_default();
        line.split_whitespace().skip(1).collect::<Vec<_>>().join(" ")
    };
    entries.lines().map(event).collect()
}

#[test]
fn what_happened_is_there_in_its_order_with_the_lines_of_waits() {
    let (machine, told) = machine();
    let mut running = machine
        .task(task!({
            let child = trap!(yield spawn(sleeper()).name("child"))?;
            trap!(yield wait(child)).map(drop)
        }))
        .start()
        .unwrap();
    running.run();
    let flight = running.flight();
    let expected = [
        "1 spawned",
        "2 spawned by 1",
        "1 waits: child",
        "2 waits: sleep until 0.005001000",
        "2 ready: slept enough",
        "2 exited with 0",
        "1 ready: task 2 ended",
        "1 exited with 0",
    ];
    assert_eq!(events(&flight), expected, "{flight}");
    let waits: Vec<&str> = flight.lines().filter(|line| line.contains(" waits: ")).collect();
    assert!(waits.iter().all(|line| line.contains(" at tests/flight.rs:")), "{flight}");
    assert!(flight.contains("0.005001000 2"), "{flight}");
    assert!(told.borrow().is_empty(), "nothing was wrong, and nobody asked");
}

#[test]
fn a_deadlock_has_it_read_out_once_with_the_waits_that_led_there() {
    let (machine, told) = machine();
    assert_eq!(machine.program("deadlock", [""; 0]).boot().unwrap(), Ended::Deadlock(3));
    let told = told.borrow();
    assert_eq!(told.len(), 1);
    assert_eq!(told[0].0, "deadlock");
    assert_eq!(events(&told[0].1).iter().filter(|event| event.contains("waits: join")).count(), 2, "{}", told[0].1);
}

#[test]
fn a_fault_has_it_read_out_when_that_is_asked() {
    for is_asked in [false, true] {
        let (machine, told) = machine();
        let machine = if is_asked { machine.read_out_faults() } else { machine };
        machine.task(task!({ panic!("on purpose") })).boot().unwrap();
        let told = told.borrow();
        assert_eq!(told.len(), usize::from(is_asked));
        for (why, entries) in &*told {
            assert_eq!(why, "a task panicked");
            assert!(events(entries).contains(&"1 panicked".to_owned()), "{entries}");
        }
    }
}

#[test]
fn a_refused_lint_has_it_read_out_and_is_no_panic_of_the_kernel() {
    let (machine, told) = machine();
    let machine = machine.task(task!({
        let large = task!({
            let frame = [1u8; 100_000];
            trap!(yield yield_now())?;
            assert_eq!(frame[0], 1);
            Ok(())
        });
        trap!(yield spawn(large)).map(drop)
    }));
    let refused = catch_unwind(AssertUnwindSafe(|| machine.boot())).unwrap_err();
    let message = LintRefusal::message(&*refused).unwrap();
    assert!(message.contains("LargeFrame"), "{message}");
    let reasons: Vec<String> = told.borrow().iter().map(|(why, _)| why.clone()).collect();
    assert_eq!(reasons, ["a lint was refused"]);
}

#[test]
fn the_host_asks_by_usr1_and_the_machine_goes_on() {
    let (machine, told) = machine();
    let console = MemoryConsole::new();
    console.signal_at(Time::BOOT + Duration::from_millis(2), Signal::Usr1);
    assert_eq!(
        machine.console(Console::Memory(console)).task(sleeper()).boot().unwrap(),
        Ended::Finished(ExitStatus::Exited(0))
    );
    let told = told.borrow();
    assert_eq!(told.len(), 1);
    let parked = told[0].1.lines().last().unwrap_or_default();
    assert!(parked.starts_with("1 sleeper ") && parked.contains(" at tests/flight.rs:"), "{parked}");
    assert_eq!(
        (told[0].0.as_str(), events(&told[0].1)),
        (
            "SIGUSR1",
            vec![
                "1 sleeper spawned".to_owned(),
                "1 sleeper waits: sleep until 0.005000000".to_owned(),
                "sleeper sleep until 0.005000000".to_owned()
            ]
        )
    );
}

#[test]
fn turns_are_in_it_when_that_is_asked() {
    for is_asked in [false, true] {
        let (machine, _) = machine();
        let machine = if is_asked { machine.record_turns() } else { machine };
        let mut running = machine.task(sleeper()).start().unwrap();
        running.run();
        let turns = events(&running.flight()).iter().filter(|event| event.ends_with("runs")).count();
        assert_eq!(turns, if is_asked { 2 } else { 0 });
    }
}

#[test]
fn a_task_reads_it_in_proc() {
    let (machine, _) = machine();
    let console = MemoryConsole::new();
    let ended = machine.console(Console::Memory(console.clone())).program("cat", ["/proc/flight"]).boot().unwrap();
    assert_eq!(ended.code(), 0);
    let printed = String::from_utf8(console.stdout()).unwrap();
    assert!(events(&printed).contains(&"2 cat spawned by 1".to_owned()), "{printed}");
}

#[test]
fn the_last_are_kept_and_those_before_are_gone() {
    let (machine, _) = machine();
    let mut running = machine
        .task(task!({
            for _ in 0..3000 {
                let child = trap!(yield spawn(task!({ Ok(()) })))?;
                trap!(yield wait(child))?;
            }
            Ok(())
        }))
        .start()
        .unwrap();
    running.run();
    let flight = running.flight();
    let lines = flight.lines().count();
    assert!((2000..=4096).contains(&lines), "{lines}");
    let is_kept = |task: &str| flight.lines().any(|line| line.split_whitespace().nth(1) == Some(task));
    assert!(is_kept("3001") && !is_kept("2"), "the newest are there, the oldest are not");
    assert_eq!(events(&flight).last().map(String::as_str), Some("1 exited with 0"));
}
