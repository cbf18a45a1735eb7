//! What is expected of part 2.
#![feature(coroutines)]

mod common;

use common::printed;
use yieldix::userland::flow::*;
use yieldix_exercises::part_2::{changes, running_sum, tally};

#[test]
fn changes_passes_on_what_differs_from_the_item_before() {
    let (sink, kept) = collect();
    let mut stage = changes(sink);
    for item in [1, 1, 2, 1, 1] {
        stage.send(item).expect("nothing refuses an item");
    }
    assert_eq!(kept.take(), [1, 2, 1], "of 1, 1, 2, 1, 1 three items are expected");
}

#[test]
fn changes_closes_its_target() {
    let (mut sink, kept) = collect();
    let last_words = consumer!(u32, {
        while (yield)?.is_some() {}
        sink.send("closed")
    });
    changes(last_words).close().expect("nothing fails");
    assert_eq!(kept.take(), ["closed"], "a stage that is closed is expected to close its target");
}

#[test]
fn tally_counts_in_each_branch_and_sends_all_to_one_target() {
    let (sink, kept) = collect();
    let mut stage = tally(vec!["python", "rust"], sink);
    for line in ["python", "rust and python", "neither"] {
        stage.send(line.to_owned()).expect("nothing refuses a line");
    }
    assert_eq!(kept.take(), [""; 0], "nothing is expected before the close");
    stage.close().expect("nothing fails");
    assert_eq!(kept.take(), ["python: 2", "rust: 1"], "a count for each pattern is expected at the close");
}

#[test]
fn running_sum_prints_the_sum_after_each_number() {
    assert_eq!(printed(running_sum(), "1\ntwo\n3\n-10\n"), "1\n4\n-6\n", "after 1, 3 and -10, a sum each is expected");
}
