//! The programs of the course that are no operating-system lessons: what each prints, to the letter.
//!
//! The goldens are what the course's own programs print, where it says that. The lessons of parts 7 and 8
//! are in `lessons.rs`.

mod common;

use common::{
    golden::{assert_wrong_goldens_are_found, golden},
    program, run,
};
use std::collections::BTreeSet;
use yieldix::{
    Ended, MemoryFolder,
    syscalls::{ExitStatus, Group, Part, Program},
};
use yieldix_userland::PROGRAMS;

/// What a program prints that ends by itself, and well.
#[track_caller]
fn printed(name: &str, args: &[&str]) -> String {
    let (ended, seen) = run(program(name, args));
    assert_eq!(ended, Ended::Finished(ExitStatus::Exited(0)), "{name}");
    seen.text()
}

macro_rules! prints_as_its_golden {
    ($($test:ident: $program:literal,)*) => { $(
        #[test]
        fn $test() {
            assert_eq!(printed($program, &[]), golden($program));
        }
    )* };
}

prints_as_its_golden! {
    bogus_loses_a_value: "bogus",
    cobroadcast_prints_a_line_once_a_branch: "cobroadcast",
    cobroadcast2_prints_a_line_once_a_branch: "cobroadcast2",
    cofollow_prints_every_line: "cofollow",
    copipe_prints_the_lines_that_match: "copipe",
    coroutine_is_ready_when_made: "coroutine",
    countdown_begins_when_it_is_pulled: "countdown",
    delegate_is_the_same_as_by_hand: "delegate",
    echo_consumer_is_ready_then_echoes: "echo-consumer",
    follow_prints_every_line: "follow",
    grep_coroutine_finds_its_line: "grep-coroutine",
    grepclose_says_goodbye: "grepclose",
    limits_refuses_a_circle: "limits",
    naturals_end_with_their_consumer: "naturals",
    pipeline_pulls_the_lines_that_match: "pipeline",
    range_has_a_start_an_end_and_a_step: "range",
    sleepers_take_eight_seconds_and_then_four: "sleepers",
    stream_shows_a_request_in_pieces_and_its_reply: "stream",
    words_are_pulled_and_pushed: "words",
}

#[test]
fn logsim_writes_what_the_seed_decides() {
    assert_eq!(printed("logsim", &["--lines", "4"]), golden("logsim"));
}

#[test]
fn benchmark_prints_two_times() {
    let text = printed("benchmark", &[]);
    let times: Vec<&str> = text.split_whitespace().filter(|word| word.parse::<f64>().is_ok()).collect();
    assert_eq!(times.iter().fold(text.clone(), |text, time| text.replacen(time, "t", 1)), golden("benchmark"));
}

#[test]
fn benchmark_takes_time_on_the_host() {
    let output = yieldix(&["run", "benchmark"]);
    let times = output.split_whitespace().filter_map(|word| word.parse::<f64>().ok());
    assert_eq!(times.filter(|&time| time > 0.0).count(), 2, "{output}");
}

#[test]
fn words_are_the_same_pulled_and_pushed() {
    let text = printed("words", &[]);
    let (pulled, pushed) = text.strip_prefix("pulled:\n").unwrap().split_once("pushed:\n").unwrap();
    assert_eq!(pulled, pushed);
    assert_ne!(pulled, "");
}

#[test]
fn words_are_those_of_a_file_when_one_is_named() {
    let folder = MemoryFolder::new();
    folder.write("text", "no action\nwithout a question or a reason\n").unwrap();
    let (ended, seen) = run(program("words", &["/texts/text"]).mount(folder, "/texts", true));
    assert_eq!(ended, Ended::Finished(ExitStatus::Exited(0)));
    assert_eq!(seen.text(), "pulled:\naction\nquestion\npushed:\naction\nquestion\n");
}

#[test]
fn a_file_that_cannot_be_opened_is_told() {
    for name in ["follow", "logsim", "words"] {
        let (ended, seen) = run(program(name, &["/nowhere/log"]));
        assert_eq!(ended, Ended::Finished(ExitStatus::Exited(1)));
        assert!(seen.errors().starts_with(&format!("{name}: /nowhere/log: ENOENT: ")), "{}", seen.errors());
        assert!(seen.errors().contains("--mount"), "{}", seen.errors());
    }
}

#[test]
fn one_printer_prints_what_three_do() {
    assert_eq!(printed("cobroadcast2", &[]), printed("cobroadcast", &[]));
}

#[test]
fn the_echo_that_is_sent_to_too_early_says_what_to_do() {
    let (_, seen) = run(program("echo-consumer", &[]));
    assert_eq!(seen.errors(), "sent to a consumer that has not been started: call start() first\n");
}

// The whole course.

/// The command's standard output.
#[track_caller]
fn yieldix(args: &[&str]) -> String {
    let output = common::yieldix().args(args).output().expect("the command runs");
    assert!(output.status.success(), "{args:?}");
    String::from_utf8(output.stdout).expect("text")
}

/// The programs of the course, in the course's order.
const COURSE: &str = "
    countdown follow pipeline logsim grep-coroutine coroutine grepclose bogus
    cofollow copipe cobroadcast cobroadcast2 benchmark
    busgen basicsax cosax coexpat cxml buses buses2 iterbus
    cothread coprocess busproc limits
    pyos1 pyos2 taskcrash pyos3 pyos4 pyos5 pyos6 echobad pyos7 echogood echogood2 trampoline pyos8
    echoserver sockwrap echoserver2 blaster
    range naturals delegate words echo-consumer sleepers stream";

/// What the course shows to go wrong and what does not compile here.
const REFUSED: &str = "cocrash";

#[test]
fn the_syllabus_has_a_line_for_each_program_of_the_course_and_no_other() {
    let syllabus = yieldix(&["run", "course"]);
    let command = |line: &str, words: &str| {
        let rest = line.strip_prefix(words)?;
        Some(rest.split_whitespace().next()?.to_owned())
    };
    let runs: Vec<String> = syllabus.lines().filter_map(|line| command(line, "  yieldix run ")).collect();
    assert_eq!(runs, COURSE.split_whitespace().collect::<Vec<_>>());
    let tests: Vec<String> = syllabus.lines().filter_map(|line| command(line, "  cargo test ")).collect();
    assert_eq!(tests, REFUSED.split_whitespace().collect::<Vec<_>>());
}

#[test]
fn what_the_syllabus_says_not_to_compile_is_tested() {
    for test in REFUSED.split_whitespace() {
        assert!(include_str!("protection.rs").contains(&format!("\nfn {test}_")), "{test}");
    }
}

/// Programs that no golden of their name is compared with here, and why. So it is with those of whole parts:
/// the events are in `course_xml.rs`, the operating system in `lessons.rs`.
const ELSEWHERE: &[(&str, &str)] = &[
    ("cothread", "prints the rows of buses, in processes.rs"),
    ("coprocess", "prints no text, in processes.rs"),
    ("busproc", "prints the rows of buses when coprocess sends them, in processes.rs"),
];

#[test]
fn wrong_goldens_are_found_in_every_program() {
    let parts = [Part::OperatingSystem, Part::Events].map(Group::Course);
    let is_elsewhere =
        |program: &&Program| parts.contains(&program.group) || ELSEWHERE.iter().any(|(name, _)| *name == program.name);
    let programs = PROGRAMS.iter().filter(|program| matches!(program.group, Group::Course(_)));
    assert_wrong_goldens_are_found(programs.filter(|program| !is_elsewhere(program)).map(|program| program.name));
}

#[test]
fn programs_are_listed_by_part() {
    let list = yieldix(&["list"]);
    let parts: BTreeSet<Group> = PROGRAMS.iter().map(|program| program.group).collect();
    let titles: Vec<&str> = list.lines().filter(|line| !line.starts_with(' ')).collect();
    assert_eq!(titles, parts.iter().map(|group| group.title()).collect::<Vec<_>>());
}
