//! What must not compile: the protection that costs nothing at run time.
//!
//! Each program in `protection/refused/` is refused, and for the reason it should be: the test
//! names the code of the error, not its words, which change from one nightly to the next. Those in
//! `protection/accepted/` are the controls, each the same but for the offence, so that no program
//! is refused for something beside it. All are checked by one run of cargo, as the examples of a
//! package made for that.

mod common;

use common::compiler::{Verdicts, compile};
use std::{collections::BTreeSet, process::Command, sync::OnceLock};

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

fn verdicts() -> &'static Verdicts {
    static VERDICTS: OnceLock<Verdicts> = OnceLock::new();
    VERDICTS.get_or_init(|| {
        compile("protection", &["tests/protection/accepted", "tests/protection/refused"]).expect("cargo compiles")
    })
}

/// The program is refused with this code among those of its errors.
#[track_caller]
fn refused(program: &str, code: &str) {
    let verdicts = verdicts();
    let codes: Vec<_> = verdicts.errors(program).iter().map(|error| error.code.as_str()).collect();
    assert!(codes.contains(&code), "{program}: {codes:?}, not {code}\n{}", verdicts.said);
}

/// The program is refused with an error that has no code.
#[track_caller]
fn refused_without_a_code(program: &str) {
    let verdicts = verdicts();
    let codes: Vec<_> = verdicts.errors(program).iter().map(|error| error.code.as_str()).collect();
    assert_eq!(codes, [""], "{program}\n{}", verdicts.said);
}

/// The program compiles.
#[track_caller]
fn accepted(program: &str) {
    let verdicts = verdicts();
    assert!(verdicts.accepted.contains(program), "{program} is refused\n{}", verdicts.said);
}

#[test]
fn edge_11_a_destructor_cannot_yield() {
    accepted("edge_11_work_in_drop");
    refused("edge_11_yield_in_drop", "E0627");
}

#[test]
fn edge_11_a_destructor_cannot_trap() {
    accepted("edge_11_work_in_drop");
    refused("edge_11_trap_in_drop", "E0627");
}

#[test]
fn edge_27_what_is_no_coroutine_cannot_be_spawned() {
    accepted("edge_27_spawn_of_a_task");
    refused("edge_27_spawn_of_a_number", "E0277");
    refused("edge_27_spawn_of_a_function", "E0277");
}

#[test]
fn edge_28_one_coroutine_cannot_be_two_tasks() {
    accepted("edge_28_two_tasks_of_one_function");
    refused("edge_28_one_coroutine_in_two_tasks", "E0382");
}

#[test]
fn edge_29_a_task_cannot_yield_what_is_no_call() {
    accepted("edge_29_yield_of_a_call");
    refused("edge_29_yield_of_a_value", "E0271");
    refused("edge_29_yield_of_nothing", "E0271");
}

#[test]
fn a_task_cannot_hold_what_may_not_be_sent_to_another_thread() {
    accepted("a_task_that_holds_what_may_be_sent");
    refused_without_a_code("a_task_that_holds_what_may_not_be_sent");
}

#[test]
fn an_answer_has_the_type_that_its_call_declares() {
    accepted("an_answer_of_the_declared_type");
    refused("an_answer_of_another_type", "E0308");
}

#[test]
fn a_number_is_no_descriptor() {
    accepted("an_answer_of_the_declared_type");
    refused("a_number_for_a_descriptor", "E0308");
}

#[test]
fn a_call_that_is_not_trapped_is_noticed() {
    refused("a_call_that_was_not_trapped", "unused_must_use");
}

#[test]
fn a_generator_is_no_task() {
    accepted("three_uses_of_yield");
    refused("a_generator_as_a_task", "E0271");
}

#[test]
fn a_consumer_is_no_task() {
    accepted("three_uses_of_yield");
    refused("a_consumer_as_a_task", "E0631");
}

#[test]
fn a_task_is_no_generator() {
    accepted("three_uses_of_yield");
    refused("a_task_as_a_generator", "E0271");
}

#[test]
fn a_routine_is_no_consumer() {
    accepted("three_uses_of_yield");
    refused("a_routine_as_a_consumer", "E0631");
}

#[test]
fn a_generator_is_no_subroutine() {
    accepted("three_uses_of_yield");
    refused("a_generator_as_a_subroutine", "E0271");
    refused("a_generator_called_within_a_task", "E0271");
}

#[test]
fn cocrash_two_threads_cannot_send_into_one_stage() {
    accepted("cocrash_two_stages_two_threads");
    refused("cocrash_one_stage_two_threads", "E0382");
}

#[test]
fn cocrash_handles_of_one_stage_cannot_be_parted_between_threads() {
    accepted("cocrash_a_stage_for_each_thread");
    refused("cocrash_handles_of_one_stage", "E0277");
}

#[test]
fn userland_cannot_name_the_kernel() {
    accepted("userland_naming_the_interface");
    refused("userland_naming_the_kernel", "E0432");
    refused("userland_naming_the_kernel_through_the_interface", "E0432");
}

#[test]
fn every_program_here_is_asked_about() {
    let source = include_str!("protection.rs");
    let verdicts = verdicts();
    for program in verdicts.accepted.iter().chain(verdicts.refused.keys()) {
        assert!(source.contains(&format!("(\"{program}\"")), "no test asks about {program}");
    }
}

/// The packages of ours that a package of ours is built with, itself left out.
fn ours_beneath(package: &str) -> BTreeSet<String> {
    let output = Command::new(env!("CARGO"))
        .args(["tree", "--offline", "--edges", "normal,build", "--prefix", "none", "--format", "{p}", "-p", package])
        .current_dir(ROOT)
        .output()
        .expect("cargo runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let names = String::from_utf8(output.stdout).expect("names are text");
    let names = names.lines().filter_map(|line| line.split(' ').next());
    names.filter(|name| name.starts_with("yieldix") && *name != package).map(str::to_owned).collect()
}

#[test]
fn userland_is_built_with_the_interface_alone() {
    assert_eq!(ours_beneath("yieldix-userland"), ["yieldix-syscalls".to_owned()].into());
}

#[test]
fn the_kernel_is_built_with_the_interface_and_a_histogram_alone() {
    let ours = ["yieldix-histogram", "yieldix-syscalls"].map(str::to_owned);
    assert_eq!(ours_beneath("yieldix-kernel"), ours.into());
}

#[test]
fn the_interface_is_built_with_nothing_of_ours() {
    assert_eq!(ours_beneath("yieldix-syscalls"), BTreeSet::new());
}
