//! What is expected of part 1.
#![feature(coroutines, coroutine_trait)]

mod common;

use common::printed;
use yieldix::userland::{flow::*, prelude::*};
use yieldix_exercises::part_1::{Tree, average, walk, windows};

#[test]
fn windows_gives_each_three_neighbours() {
    let given: Vec<_> = windows(1..=4, 3).collect();
    assert_eq!(given, [[1, 2, 3], [2, 3, 4]], "of 1, 2, 3, 4 by threes, two windows are expected");
}

#[test]
fn windows_takes_no_more_than_it_needs() {
    let given: Vec<_> = windows(0.., 2).take(2).collect();
    assert_eq!(given, [[0, 1], [1, 2]], "the first two pairs of an endless source are expected");
}

#[test]
fn walk_gives_the_numbers_in_order() {
    let leaf = |number| Some(Box::new(Tree { number, ..Tree::default() }));
    let right = Tree { left: leaf(4), number: 5, right: leaf(6) };
    let tree = Tree { left: leaf(1), number: 2, right: Some(Box::new(right)) };
    assert_eq!(walk(tree).collect::<Vec<_>>(), [1, 2, 4, 5, 6], "left, itself, right is the order expected");
}

/// Sends these numbers, and closes.
fn averaged(numbers: &'static [f64]) -> String {
    printed(
        task!({
            let out = Output::new();
            Ok(call!(drive(numbers.iter().copied(), average(out.clone()), &out))?)
        }),
        "",
    )
}

#[test]
fn average_reports_when_it_is_closed() {
    assert_eq!(averaged(&[3.0, 4.0, 5.0]), "3 numbers, 4 on average\n", "one line is expected, at the close");
}

#[test]
fn average_of_nothing_is_no_number() {
    assert_eq!(averaged(&[]), "no numbers\n", "a close without any number is expected to say so");
}
