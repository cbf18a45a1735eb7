//! What the compiler tells a learner who mixes the uses of `yield`.
//!
//! Each program in `mistakes/refused/` makes one mistake. Where the words are ours, the compiler's message
//! has them; where they are the compiler's own, which change from one nightly to the next, it has the code.
//! docs/course.md shows each, and says the cure.

mod common;

use common::compiler::{Verdicts, compile};
use std::{collections::BTreeSet, sync::OnceLock};

/// A mistake: the program that makes it, the code of an error that it is told by, and our words in that,
/// if they are ours.
const MISTAKES: &[(&str, &str, &[&str])] = &[
    (
        "yield_of_a_value_in_a_task",
        "E0277",
        &[
            "a task yields system calls, and this one yields `{integer}`",
            "to yield values, write a generator: `generator!({ … yield value; … })`",
        ],
    ),
    (
        "yield_of_nothing_in_a_task",
        "E0277",
        &[
            "a task yields system calls, and this one yields `()`",
            "a system call is written `trap!(yield gettid())?`, or raw, `yield Syscall::GetTid.into()`",
        ],
    ),
    (
        "trap_in_a_generator",
        "E0277",
        &[
            "this does not stand in a task: only a task or a routine can trap",
            "generators and consumers are pure: what one prints goes to an `Output`",
        ],
    ),
    ("println_in_a_generator", "E0277", &["generators and consumers are pure: what one prints goes to an `Output`"]),
    (
        "trap_in_a_consumer",
        "E0277",
        &["this does not stand in a task: only a task or a routine can trap", "what has to wait is a `Source`"],
    ),
    (
        "trap_outside_a_task",
        "E0277",
        &["what traps is the body of a `task!` or a `routine!`; not a function or a closure within it"],
    ),
    ("trap_without_yield", "", &["a trap is written with its `yield`: `trap!(yield sleep(duration))?`"]),
    ("no_type_of_item", "", &["a consumer names the type of its items: `consumer!(String, { … })`"]),
    ("type_of_value_in_a_generator", "", &["a generator names no type: `generator!({ … })`"]),
    ("task_for_a_consumer", "E0277", &["is not a consumer of `u32`", "its body is made by `consumer!(T, {"]),
    (
        "generator_for_a_consumer",
        "E0277",
        &["is not a consumer of `u32`", "a coroutine is used in one way: a generator yields values"],
    ),
    ("stage_of_another_type", "E0277", &["is not a consumer of `String`"]),
    (
        "consumer_for_a_source",
        "E0277",
        &[
            "is not a source of `u32`",
            "a source is what items can be pulled from: a generator, any other iterator, or `Lines` of a descriptor",
        ],
    ),
    (
        "generator_for_a_routine",
        "E0277",
        &["is not a routine: a coroutine that yields traps", "its body is made by `routine!`"],
    ),
    ("drive_without_call", "unused_must_use", &["a routine does nothing until a task runs it: `call!(…)`"]),
    ("generator_for_a_task", "E0308", &[]),
    ("yield_of_a_value_in_a_consumer", "E0308", &[]),
    ("no_question_mark_after_yield", "E0308", &[]),
    ("no_ok_at_the_end", "E0308", &[]),
    ("error_of_another_kind", "E0277", &[]),
    ("branches_of_two_kinds", "E0308", &[]),
    ("for_over_a_consumer", "E0277", &[]),
    ("send_to_a_generator", "E0599", &[]),
    ("println_of_two", "E0659", &[]),
    ("no_feature_gates", "E0658", &[]),
    ("value_that_may_not_be_sent", "", &[]),
];

fn verdicts() -> &'static Verdicts {
    static VERDICTS: OnceLock<Verdicts> = OnceLock::new();
    VERDICTS.get_or_init(|| {
        compile("mistakes", &["tests/mistakes/accepted", "tests/mistakes/refused"]).expect("cargo compiles")
    })
}

#[test]
fn each_mistake_is_told_by_its_code_and_in_our_words() {
    for (program, code, words) in MISTAKES {
        let errors = verdicts().errors(program);
        let is_told = |error: &common::compiler::Refusal| {
            error.code == *code && words.iter().all(|words| error.text.contains(words))
        };
        assert!(errors.iter().any(is_told), "{program}: no {code:?} that says {words:?} among {errors:#?}");
    }
}

#[test]
fn what_is_in_its_place_compiles() {
    let verdicts = verdicts();
    assert_eq!(verdicts.accepted, BTreeSet::from(["each_in_its_place".to_owned()]), "{}", verdicts.said);
}

#[test]
fn every_program_here_is_a_mistake_of_the_table() {
    let of_table: BTreeSet<&str> = MISTAKES.iter().map(|&(program, ..)| program).collect();
    assert_eq!(verdicts().refused.keys().map(String::as_str).collect::<BTreeSet<_>>(), of_table);
}

/// Where docs/course.md shows a mistake: from the link to its program, the next block, or the rest of the row.
#[test]
fn the_course_shows_each_mistake_with_its_message() {
    let page = include_str!("../docs/course.md");
    for (program, code, words) in MISTAKES {
        let link = format!("[{program}.rs](../tests/mistakes/refused/{program}.rs)");
        let (before, after) = page.split_once(&link).unwrap_or_else(|| panic!("{program} is not shown"));
        if words.is_empty() {
            let row = after.lines().next().unwrap_or_default();
            assert!(
                row.starts_with(&format!(" | {} |", if code.is_empty() { "none" } else { code })),
                "{program}: {row}"
            );
        } else if before.ends_with('(') {
            // The first of those that are told alike.
            let block = after.split("```text\n").nth(1).and_then(|rest| rest.split("```").next()).expect("a block");
            let stands_in = |text: &str| block.lines().all(|line| text.contains(line));
            let errors = verdicts().errors(program);
            assert!(errors.iter().any(|error| stands_in(&error.text)), "{program} is not told so:\n{block}{errors:#?}");
        }
    }
}
