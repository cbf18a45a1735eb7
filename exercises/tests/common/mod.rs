//! Machines to try the exercises on: a simulated world, in which time is virtual and nothing is left to chance.

#![allow(dead_code, reason = "each part uses its own share of this")]

use std::time::Duration;
use yieldix::{
    Console, Ended, Machine, MemoryConsole,
    event::{Event, Record},
    syscalls::{ExitStatus, Task, Time},
};

/// Runs a task to its end, with this on its standard input, and gives what it printed.
#[track_caller]
pub fn printed(task: Task, input: &str) -> String {
    on(MemoryConsole::new().input(input), task)
}

/// As [`printed`], but the input is typed after a while.
#[track_caller]
pub fn printed_when_typed_after(span: Duration, task: Task, input: &str) -> String {
    let console = MemoryConsole::new().kept_open();
    console.type_at(Time::BOOT + span, input);
    on(console, task)
}

#[track_caller]
fn on(console: MemoryConsole, task: Task) -> String {
    // Shown with a test that fails, and else kept.
    let observer = |record: &Record<'_>| match record.event {
        Event::Exited { tid, name, errno, .. } if !errno.is_empty() => eprintln!("task {tid}, {name}, failed: {errno}"),
        Event::Failed { line, .. } => eprintln!("the first task's last trap is at {line}"),
        _ => {}
    };
    let machine = Machine::new()
        .task(task)
        .simulate(1)
        .console(Console::Memory(console.clone()))
        .observe(observer)
        .refuse_lints();
    let ended = machine.boot().expect("the machine boots");
    let printed = text(console.stdout());
    let well = Ended::Finished(ExitStatus::Exited(0));
    assert_eq!(ended, well, "the task is expected to end well; it printed {printed:?} before");
    printed
}

fn text(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).expect("text is expected")
}
