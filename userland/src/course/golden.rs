//! The lessons that need no more than a queue, against what the course's own programs print.

use super::*;
use crate::fake_kernel::{End, run, take_turns};
use alloc::{string::String, vec::Vec};
use yieldix_syscalls::Program;

fn lines(program: &Program, turns: usize) -> String {
    take_turns(program.first_tasks(Vec::new()), turns)
}

#[test]
fn pyos1_is_run_and_resumed() {
    let run = run(pyos1::PROGRAM.first_tasks(Vec::new()).remove(0));
    assert_eq!(run.output, "Running foo()\nPart 1\nResuming foo()\nPart 2\n");
    assert_eq!(run.end, End::Returned(Ok(())));
}

#[test]
fn pyos2_alternates() {
    assert_eq!(lines(&pyos2::PROGRAM, 20), "I'm foo\nI'm bar\n".repeat(10));
}

#[test]
fn taskcrash_goes_on_with_bar() {
    let expected = "I'm foo\nI'm bar\n".repeat(10) + "Task 1 terminated\n" + &"I'm bar\n".repeat(3);
    assert_eq!(lines(&taskcrash::PROGRAM, 24), expected);
}

#[test]
fn pyos3_ends_both() {
    let expected = "I'm foo\nI'm bar\n".repeat(5)
        + "I'm foo\nTask 2 terminated\n"
        + &"I'm foo\n".repeat(4)
        + "Task 1 terminated\n";
    assert_eq!(lines(&pyos3::PROGRAM, 100), expected);
}

#[test]
fn pyos4_knows_its_numbers() {
    let expected =
        "I'm foo 1\nI'm bar 2\n".repeat(5) + "Task 1 terminated\n" + &"I'm bar 2\n".repeat(5) + "Task 2 terminated\n";
    assert_eq!(lines(&pyos4::PROGRAM, 100), expected);
}

#[test]
fn the_trampoline_prints_four() {
    assert_eq!(run(trampoline::PROGRAM.first_tasks(Vec::new()).remove(0)).output, "4\n");
}
