//! What `follow` prints of a file that others write, shorten, rename and replace.

mod common;

use common::{boot, program};
use std::{
    fs::{self, File, OpenOptions},
    io::{BufRead, BufReader, Lines, Write},
    path::{Path, PathBuf},
    process::{Child, ChildStderr, ChildStdout, Stdio},
    time::Duration,
};
use yieldix::{
    Ended, MemoryFolder,
    syscalls::{Errno, ExitStatus, Time},
};

// In memory: what happens at which moment is planned, and when nothing is left to happen the machine
// says that nobody will ever run again.

/// A file to follow, and what becomes of it: a change a second.
struct Plan {
    folder: MemoryFolder,
    seconds: u64,
}

impl Plan {
    fn new() -> Plan {
        Plan { folder: MemoryFolder::new(), seconds: 0 }
    }

    fn then(&mut self, change: impl FnOnce(&MemoryFolder) + Send + 'static) {
        self.seconds += 1;
        self.folder.at(Time::BOOT + Duration::from_secs(self.seconds), change);
    }

    fn append(&mut self, name: &'static str, text: impl Into<String>) {
        let text = text.into();
        self.then(move |folder| folder.append(name, text).unwrap());
    }

    fn truncate(&mut self) {
        self.then(|folder| folder.truncate("log", 0).unwrap());
    }

    fn rename(&mut self) {
        self.then(|folder| folder.rename("log", "log.1").unwrap());
    }

    /// What a program prints that follows it, and how many turns it had.
    fn run(self, name: &str) -> (String, usize) {
        let (mut running, seen) = boot(program(name, &["/logs/log"]).mount(self.folder, "/logs", true));
        assert_eq!(running.run(), Ended::Deadlock(2), "init and the program wait for ever");
        (seen.text(), seen.turns_of(2))
    }

    fn printed(self) -> String {
        self.run("follow").0
    }
}

#[test]
fn what_was_there_before_is_not_printed() {
    let mut plan = Plan::new();
    plan.folder.append("log", "old\n").unwrap();
    plan.append("log", "new\n");
    assert_eq!(plan.printed(), "new\n");
}

#[test]
fn a_line_is_printed_when_its_newline_has_come() {
    let mut plan = Plan::new();
    plan.append("log", "");
    for piece in ["ha", "lf", "\nnext", "\n", "never ended"] {
        plan.append("log", piece);
    }
    assert_eq!(plan.printed(), "half\nnext\n");
}

#[test]
fn a_burst_is_printed_whole() {
    let burst: String = (0..10_000).map(|number| format!("line {number}\n")).collect();
    let mut plan = Plan::new();
    plan.append("log", "");
    plan.append("log", burst.clone());
    assert_eq!(plan.printed(), burst);
}

#[test]
fn a_line_that_is_no_text_ends_every_program_that_follows_and_is_told() {
    for name in ["follow", "pipeline", "cofollow", "copipe", "cobroadcast", "cobroadcast2"] {
        let mut plan = Plan::new();
        plan.append("log", "");
        plan.append("log", "python\n");
        plan.then(|folder| folder.append("log", b"\xff\n").unwrap());
        let (mut running, seen) = boot(program(name, &["/logs/log"]).mount(plan.folder, "/logs", true));
        assert_eq!(running.run(), Ended::Finished(ExitStatus::Exited(1)));
        assert_eq!(seen.text(), "python\n");
        assert_eq!(seen.errors(), format!("{name}: {}\n", Errno::EILSEQ));
    }
}

#[test]
fn a_truncated_file_is_begun_again_and_its_half_line_forgotten() {
    let mut plan = Plan::new();
    plan.append("log", "");
    plan.append("log", "one\nlost hal");
    plan.truncate();
    plan.append("log", "two\n");
    assert_eq!(plan.printed(), "one\ntwo\n");
}

#[test]
fn a_rotated_file_is_finished_before_the_new_one_is_begun() {
    let mut plan = Plan::new();
    plan.append("log", "");
    plan.append("log", "one\n");
    plan.rename();
    plan.append("log.1", "still to the old one\nunfinished");
    plan.append("log", "first of the new\n");
    plan.append("log", "second of the new\n");
    assert_eq!(plan.printed(), "one\nstill to the old one\nunfinished\nfirst of the new\nsecond of the new\n");
}

#[test]
fn a_file_that_is_written_to_as_it_is_replaced_loses_no_line() {
    let mut plan = Plan::new();
    plan.append("log", "");
    plan.then(|folder| {
        folder.rename("log", "log.1").unwrap();
        folder.append("log.1", "last of the old\n").unwrap();
        folder.append("log", "first of the new\n").unwrap();
    });
    assert_eq!(plan.printed(), "last of the old\nfirst of the new\n");
}

#[test]
fn a_file_that_is_not_there_yet_is_waited_for_and_read_from_its_beginning() {
    let mut plan = Plan::new();
    plan.append("other", "not this\n");
    plan.append("log", "one\n");
    plan.then(|folder| folder.remove("log").unwrap());
    plan.append("log", "two\n");
    assert_eq!(plan.printed(), "one\ntwo\n");
}

#[test]
fn who_follows_has_no_turn_while_nothing_is_written() {
    let turns = |hours: u64| {
        let mut plan = Plan::new();
        plan.append("log", "");
        plan.append("log", "one\n");
        plan.seconds += hours * 3600;
        plan.append("log", "two\n");
        let (printed, turns) = plan.run("follow");
        assert_eq!(printed, "one\ntwo\n");
        turns
    };
    assert_eq!(turns(1000), turns(0));
}

#[test]
fn the_other_programs_follow_a_file_too() {
    for (name, printed) in [("pipeline", "python\n"), ("cofollow", "python\nnothing\n"), ("copipe", "python\n")] {
        let mut plan = Plan::new();
        plan.append("log", "");
        plan.append("log", "python\nnothing\n");
        assert_eq!(plan.run(name).0, printed, "{name}");
    }
}

#[test]
fn what_logsim_writes_can_be_followed() {
    let folder = MemoryFolder::new();
    folder.append("log", "").unwrap();
    let script = "follow /logs/log & logsim --lines 4 /logs/log; sleep 1";
    let (mut running, seen) = boot(program("sh", &["-c", script]).mount(folder.clone(), "/logs", false));
    assert_eq!(running.run(), Ended::Finished(ExitStatus::Exited(0)));
    let log = String::from_utf8(folder.read("log").unwrap()).unwrap();
    assert_eq!(log.lines().count(), 4, "{log}");
    assert_eq!(seen.text(), log);
}

/// A file's history as chance has it, and what is to be printed of it.
fn history(seed: u64) -> (Plan, String) {
    let mut state = seed;
    let mut below = move |bound: u64| {
        // Knuth's constants; the high bits are the better ones.
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % bound
    };
    let (mut plan, mut printed, mut half) = (Plan::new(), String::new(), String::new());
    plan.append("log", "");
    for number in 0..60 {
        match below(8) {
            0 => {
                plan.truncate();
                half.clear();
            }
            1 => {
                plan.rename();
                plan.append("log", "");
                if !half.is_empty() {
                    printed += &format!("{}\n", std::mem::take(&mut half));
                }
            }
            _ => {
                let text = ["x", "yy\n", "\n", "z\nz\nzz"][below(4) as usize].replace('x', &number.to_string());
                plan.append("log", text.clone());
                half += &text;
                let whole = half.rfind('\n').map_or(0, |newline| newline + 1);
                printed.extend(half.drain(..whole));
            }
        }
    }
    (plan, printed)
}

#[test]
fn whatever_becomes_of_the_file_its_lines_are_printed() {
    for seed in 0..100 {
        let (plan, expected) = history(seed);
        assert_eq!(plan.printed(), expected, "seed {seed}");
    }
}

// On the host: a folder of its own, and a process that follows.

struct Follower {
    process: Child,
    printed: Lines<BufReader<ChildStdout>>,
    log: Lines<BufReader<ChildStderr>>,
    folder: PathBuf,
}

impl Follower {
    /// Follows `log` in a new folder, once it waits for news of it.
    fn start(name: &str) -> Follower {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("follow-{name}"));
        if folder.exists() {
            fs::remove_dir_all(&folder).unwrap();
        }
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("log"), "old\n").unwrap();
        let mut process = common::yieldix()
            .args(["--log", "yieldix::sched=debug", "--mount"])
            .arg(format!("{}:/logs:ro", folder.display()))
            .args(["run", "follow", "/logs/log"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let printed = BufReader::new(process.stdout.take().unwrap()).lines();
        let log = BufReader::new(process.stderr.take().unwrap()).lines();
        let mut follower = Follower { process, printed, log, folder };
        follower.wait();
        follower
    }

    /// Waits until it waits for news.
    fn wait(&mut self) {
        let waits = |line: &String| line.contains(" waits: read 3 ");
        assert!(self.log.by_ref().map_while(Result::ok).any(|line| waits(&line)), "it has ended");
    }

    /// The next line that it prints; waits for it.
    fn line(&mut self) -> String {
        self.printed.next().expect("it prints on").unwrap()
    }

    fn append(&self) -> File {
        OpenOptions::new().append(true).create(true).open(self.folder.join("log")).unwrap()
    }

    fn rename(&self) {
        fs::rename(self.folder.join("log"), self.folder.join("log.1")).unwrap();
    }
}

impl Drop for Follower {
    fn drop(&mut self) {
        // It may have ended already; then there is nothing to do.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[test]
#[cfg(target_os = "linux")]
fn on_the_host_half_lines_are_held_back() {
    let mut follower = Follower::start("halves");
    let mut log = follower.append();
    for piece in ["ha", "lf", " a line\nnext"] {
        write!(log, "{piece}").unwrap();
        follower.wait();
    }
    assert_eq!(follower.line(), "half a line");
    writeln!(log).unwrap();
    assert_eq!(follower.line(), "next");
}

#[test]
#[cfg(target_os = "linux")]
fn on_the_host_a_burst_is_printed_whole() {
    let mut follower = Follower::start("burst");
    let burst: String = (0..10_000).map(|number| format!("line {number}\n")).collect();
    follower.append().write_all(burst.as_bytes()).unwrap();
    for number in 0..10_000 {
        assert_eq!(follower.line(), format!("line {number}"));
    }
}

#[test]
#[cfg(target_os = "linux")]
fn on_the_host_a_truncated_file_is_begun_again() {
    let mut follower = Follower::start("truncation");
    let mut log = follower.append();
    writeln!(log, "before it").unwrap();
    assert_eq!(follower.line(), "before it");
    log.set_len(0).unwrap();
    writeln!(log, "after").unwrap();
    assert_eq!(follower.line(), "after");
}

#[test]
#[cfg(target_os = "linux")]
fn on_the_host_a_rotated_file_is_finished_before_the_new_one_is_begun() {
    let mut follower = Follower::start("rotation");
    let mut old = follower.append();
    writeln!(old, "before it").unwrap();
    follower.rename();
    writeln!(old, "still to the old one").unwrap();
    write!(old, "unfinished").unwrap();
    let mut new = follower.append();
    writeln!(new, "first of the new").unwrap();
    for expected in ["before it", "still to the old one", "unfinished", "first of the new"] {
        assert_eq!(follower.line(), expected);
    }
    writeln!(new, "second of the new").unwrap();
    assert_eq!(follower.line(), "second of the new");
}
