//! Tests of the kernel from where its users stand: each in a task of its own, judged by how that
//! ends.
//!
//! Before and after each test the machine's tasks, open files, pipes, jobs, waits, timers, registrations and
//! files in memory are counted; one that leaves more than it found has failed, whatever it says itself. After xv6's
//! usertests.

mod datagrams;
mod devices;
mod directories;
mod environment;
mod families;
mod fds;
mod files;
mod groups;
mod jobs;
mod kill;
mod names;
mod nursery;
mod pipes;
mod poll;
mod ports;
mod resolve;
mod scratch;
mod shell;
mod signals;
mod sockets;
mod stopped;
mod subroutines;
mod support;
mod system;
mod tasks;
mod terminals;
mod time;
mod tracing;
mod unix;
mod writes;

use crate::prelude::*;
use core::{ops::CoroutineState, panic::Location};

pub(crate) const PROGRAM: Program = Program::new(
    "usertests",
    Group::Tests,
    "tests the kernel; all of it, or the tests named; -q shows failures only",
    main,
)
.usage("[-q] [-l] [TEST...]");

/// A test: its name, and the task that fails if it does.
type Test = (&'static str, fn() -> Task);

const TESTS: &[&[Test]] = &[
    tasks::TESTS,
    families::TESTS,
    kill::TESTS,
    signals::TESTS,
    stopped::TESTS,
    groups::TESTS,
    environment::TESTS,
    nursery::TESTS,
    fds::TESTS,
    sockets::TESTS,
    datagrams::TESTS,
    unix::TESTS,
    resolve::TESTS,
    pipes::TESTS,
    ports::TESTS,
    poll::TESTS,
    jobs::TESTS,
    files::TESTS,
    directories::TESTS,
    writes::TESTS,
    names::TESTS,
    terminals::TESTS,
    devices::TESTS,
    shell::TESTS,
    time::TESTS,
    tracing::TESTS,
    subroutines::TESTS,
    system::TESTS,
];

/// A test that takes longer is hung.
const TEST_TIME_MAX: Duration = Duration::from_secs(30);

/// How many turns the machine gets to reap what a test left, before that counts as a leak.
const SETTLE_TURNS: u32 = 2_000;

struct Options {
    is_quiet: bool,
    is_list: bool,
    tests: Vec<Test>,
}

fn parse(args: Args) -> Result<Options, Misuse> {
    let given = Given::parse(args, &["-q", "-l"], &[])?;
    let mut tests = TESTS.concat();
    for name in &given.operands {
        if !tests.iter().any(|(known, _)| known == name) {
            return Err(Misuse::Wrong(format!("no test {:?}", excerpt(name))));
        }
    }
    if !given.operands.is_empty() {
        tests.retain(|(name, _)| given.operands.iter().any(|wanted| wanted == name));
    }
    Ok(Options { is_quiet: given.has("-q"), is_list: given.has("-l"), tests })
}

fn main(args: Args) -> Task {
    task!({
        let options = call!(or_usage(&PROGRAM, parse(args)))?;
        let (mut passed, mut failed) = (0, 0);
        let has_folder = trap!(yield stat(scratch::FOLDER)).is_ok();
        if !has_folder && !options.is_list && options.tests.iter().any(needs_scratch) {
            eprintln!("usertests: files are tested in memory only; no folder is mounted at {}", scratch::FOLDER)?;
        }
        for test in &options.tests {
            if options.is_list {
                println!("{}", test.0)?;
                continue;
            }
            let places = match needs_scratch(test) {
                true if has_folder => &scratch::PLACES[..],
                true => &scratch::PLACES[..1],
                false => &[""],
            };
            for &place in places {
                let name = if place == scratch::FOLDER { format!("{} in {place}", test.0) } else { test.0.to_owned() };
                let why = match place {
                    "" => call!(failure(test.1))?,
                    place => call!(failure_in(place, test.1))?,
                };
                match why {
                    None if options.is_quiet => passed += 1,
                    None => {
                        passed += 1;
                        println!("ok    {name}")?;
                    }
                    Some(why) => {
                        failed += 1;
                        println!("FAIL  {name}: {why}")?;
                    }
                }
            }
        }
        if !options.is_list {
            println!("usertests: {passed} passed, {failed} failed")?;
        }
        trap!(yield exit(i32::from(failed > 0)))
    })
}

/// Is it run in a directory of its own?
fn needs_scratch(test: &Test) -> bool {
    [files::TESTS, directories::TESTS, writes::TESTS].concat().iter().any(|(name, _)| *name == test.0)
}

/// Runs a test in a directory of its own; why it failed, if it did.
fn failure_in(place: &'static str, test: fn() -> Task) -> impl Routine<Result<Option<String>, Errno>> {
    routine!(move {
        let before = Counts::of(&trap!(yield sysinfo())?);
        let directory = match call!(scratch::enter(place)) {
            Ok(directory) => directory,
            Err(errno) => return Ok(Some(format!("no directory for it: {errno}"))),
        };
        let why = call!(failure_but_for_files(test))?;
        if let Err(errno) = call!(scratch::leave(directory)) {
            return Ok(Some(why.unwrap_or_else(|| format!("its directory stays: {errno}"))));
        }
        let after = Counts::of(&trap!(yield sysinfo())?);
        Ok(why.or_else(|| leak(before, after)))
    })
}

/// What is left over, if anything is.
fn leak(before: Counts, after: Counts) -> Option<String> {
    (after != before).then(|| format!("leaked: {after:?}, before {before:?}"))
}

/// Runs a test that may leave files, which its directory has; why it failed, if it did.
fn failure_but_for_files(test: fn() -> Task) -> impl Routine<Result<Option<String>, Errno>> {
    failure_by(test, |counts| Counts { ram_inodes: 0, ram_bytes: 0, ..counts })
}

/// Runs a test; why it failed, if it did.
fn failure(test: fn() -> Task) -> impl Routine<Result<Option<String>, Errno>> {
    failure_by(test, |counts| counts)
}

/// Runs a test, which must leave what counts; why it failed, if it did.
fn failure_by(test: fn() -> Task, counting: fn(Counts) -> Counts) -> impl Routine<Result<Option<String>, Errno>> {
    routine!(move {
        let before = counting(Counts::of(&trap!(yield sysinfo())?));
        let child = trap!(yield spawn(located(test())))?;
        let status = match timeout!(TEST_TIME_MAX, { trap!(yield wait(child)) }) {
            Ok(status) => status?,
            Err(Elapsed) => {
                trap!(yield kill(child, Signal::Kill))?;
                trap!(yield wait(child))?;
                return Ok(Some(format!("still running after {TEST_TIME_MAX:?}")));
            }
        };
        let mut after = before;
        for _ in 0..SETTLE_TURNS {
            after = counting(Counts::of(&trap!(yield sysinfo())?));
            if after == before {
                break;
            }
            trap!(yield yield_now())?;
        }
        Ok(match status {
            ExitStatus::Exited(0) => leak(before, after),
            status => Some(status.to_string()),
        })
    })
}

/// The test, run so that an error of it is told with the line that met it.
fn located(mut test: Task) -> Task {
    task!({
        let mut reply = Reply::Unit;
        let mut at = Location::caller();
        let result = loop {
            match test.resume(reply) {
                CoroutineState::Yielded(trap) => {
                    at = trap.at;
                    reply = yield trap;
                }
                CoroutineState::Complete(result) => break result,
            }
        };
        match result {
            Ok(()) => Ok(()),
            Err(errno) => panic!("{errno}, at {}:{}", at.file(), at.line()),
        }
    })
}

/// What a test must leave as it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Counts {
    tasks: u32,
    zombies: u32,
    files: u32,
    pipes: u32,
    jobs: u32,
    file_waiters: u32,
    timers: u32,
    registrations: u32,
    ram_inodes: u32,
    ram_bytes: u64,
}

impl Counts {
    fn of(info: &SysInfo) -> Counts {
        let SysInfo { tasks, zombies, files, pipes, jobs, file_waiters, timers, registrations, .. } = *info;
        let SysInfo { ram_inodes, ram_bytes, .. } = *info;
        Counts { tasks, zombies, files, pipes, jobs, file_waiters, timers, registrations, ram_inodes, ram_bytes }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fake_kernel::{End, run, step};

    #[test]
    fn every_test_has_a_name_of_its_own() {
        let mut names: Vec<&str> = TESTS.concat().iter().map(|(name, _)| *name).collect();
        let count = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), count);
    }

    #[test]
    fn tests_are_chosen_by_name() {
        let names = ["-q", "wait_gives_the_exit_code"].map(str::to_owned).to_vec();
        let options = parse(names).unwrap_or_else(|misuse| panic!("{misuse:?}"));
        assert_eq!((options.is_quiet, options.tests.len()), (true, 1));
        assert_eq!(run(main(vec!["nonesuch".to_owned()])).end, End::Exited(2));
    }

    #[test]
    #[should_panic(expected = "EIO: input/output error, at userland/src/programs/usertests.rs:")]
    fn an_error_is_told_with_its_line() {
        let mut test = located(task!({ trap!(yield yield_now()) }));
        step(&mut test, Reply::Unit);
        let _ = test.resume(Reply::Err(Errno::EIO));
    }
}
