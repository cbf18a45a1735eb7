//! What is expected of part 4.
#![feature(coroutines, coroutine_trait)]

mod common;

use common::printed;
use yieldix::userland::{flow::*, prelude::*, println};
use yieldix_exercises::part_4::{Semaphore, in_a_task_of_its_own};

/// Prints what it takes, and goodbye.
fn printer(out: Output) -> impl Consumer<String> {
    consumer!(String, {
        while let Some(line) = (yield)? {
            out.line(line);
        }
        out.line("goodbye");
        Ok(())
    })
}

fn lines(count: usize) -> Vec<String> {
    (1..=count).map(|n| format!("line {n}")).collect()
}

#[test]
fn the_lines_arrive_in_order_and_then_the_close() {
    let out = Output::new();
    let said = printed(in_a_task_of_its_own(lines(2), 8, printer(out.clone()), out), "");
    assert_eq!(said, "line 1\nline 2\ngoodbye\n", "both lines and the sink's last words are expected");
}

#[test]
fn more_lines_than_the_port_has_room_for_arrive_too() {
    let out = Output::new();
    let said = printed(in_a_task_of_its_own(lines(50), 1, printer(out.clone()), out), "");
    assert_eq!(said.lines().count(), 51, "50 lines through a port for one, and the last words, are expected");
}

/// So many tasks that need a permit for a second each; they print when they have it.
fn contenders(tasks: u32, permits: u32) -> Task {
    fn contender(semaphore: Semaphore) -> Task {
        task!({
            call!(semaphore.acquire())?;
            println!("{} s", trap!(yield now())?.as_nanos() / 1_000_000_000)?;
            trap!(yield sleep(Duration::from_secs(1)))?;
            call!(semaphore.release())
        })
    }
    task!({
        let semaphore = call!(Semaphore::new(permits))?;
        for _ in 0..tasks {
            trap!(yield spawn(contender(semaphore)).share(semaphore.acquire).share(semaphore.release))?;
        }
        for _ in 0..tasks {
            trap!(yield wait_any())?;
        }
        Ok(())
    })
}

#[test]
fn a_semaphore_lets_as_many_in_as_it_has_permits() {
    let said = printed(contenders(5, 2), "");
    assert_eq!(said, "0 s\n0 s\n1 s\n1 s\n2 s\n", "with two permits for five tasks, two at a time are expected");
}

#[test]
fn a_semaphore_of_one_is_a_lock() {
    let said = printed(contenders(3, 1), "");
    assert_eq!(said, "0 s\n1 s\n2 s\n", "with one permit, one at a time is expected");
}
