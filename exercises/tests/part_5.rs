//! What is expected of parts 5 and 6.
#![feature(coroutines, coroutine_trait)]

mod common;

use common::{printed, printed_when_typed_after};
use yieldix::userland::{prelude::*, println};
use yieldix_exercises::part_5::{all, greet_in_time};

/// Sleeps and exits with its number.
fn sleeper(number: i32, seconds: u64) -> Task {
    task!({
        trap!(yield sleep(Duration::from_secs(seconds)))?;
        println!("task {number}")?;
        trap!(yield exit(number))
    })
}

#[test]
fn all_gives_the_statuses_in_the_order_of_the_tasks() {
    let said = printed(
        task!({
            let statuses = call!(all(vec![sleeper(1, 2), sleeper(2, 1)]))?;
            let codes: Vec<i32> = statuses.iter().map(|status| status.code()).collect();
            println!("{codes:?}")
        }),
        "",
    );
    assert_eq!(said, "task 2\ntask 1\n[1, 2]\n", "the second ends first, and its status is expected second");
}

#[test]
fn all_runs_them_at_once() {
    let said = printed(
        task!({
            let tasks = (1..=3).map(|number| sleeper(number, 4)).collect();
            let count = call!(all(tasks))?.len();
            println!("{count} tasks in {} s", trap!(yield now())?.as_nanos() / 1_000_000_000)
        }),
        "",
    );
    assert_eq!(said.lines().last(), Some("3 tasks in 4 s"), "three sleeps of 4 s at once are expected to take 4 s");
}

#[test]
fn who_is_quick_is_greeted() {
    let span = Duration::from_millis(1900);
    let said = printed_when_typed_after(span, greet_in_time(Duration::from_secs(2)), "moon\n");
    assert_eq!(said, "hello, moon\n", "the name comes after 1.9 s of 2");
}

#[test]
fn who_is_slow_is_not_waited_for() {
    let span = Duration::from_millis(2100);
    let said = printed_when_typed_after(span, greet_in_time(Duration::from_secs(2)), "moon\n");
    assert_eq!(said, "too slow\n", "the name comes after 2.1 s, and 2 are to be waited");
}
