//! What `tail -f` writes of files that others append to, rotate and cut, and that waiting costs it nothing.

mod common;

use common::{boot, program};
use std::time::Duration;
use yieldix::{Ended, MemoryFolder, syscalls::Time};

/// What `tail` writes with these arguments, and how many turns it had.
fn tail(folder: &MemoryFolder, args: &[&str]) -> (String, usize) {
    let (mut running, seen) = boot(program("tail", args).mount(folder.clone(), "/logs", true));
    assert_eq!(running.run(), Ended::Deadlock(2), "init and the program wait for ever");
    (seen.text(), seen.turns_of(2))
}

fn at(folder: &MemoryFolder, second: u64, change: impl FnOnce(&MemoryFolder) + Send + 'static) {
    folder.at(Time::BOOT + Duration::from_secs(second), change);
}

#[test]
fn a_log_is_followed_as_it_comes_through_rotation_and_truncation() {
    let folder = MemoryFolder::new();
    folder.write("log", "one\ntwo\r\nthree\n").unwrap();
    at(&folder, 1, |folder| folder.append("log", "half ").unwrap());
    at(&folder, 2, |folder| folder.append("log", b"and \xff half\n").unwrap());
    at(&folder, 3, |folder| folder.rename("log", "log.1").unwrap());
    at(&folder, 4, |folder| folder.append("log.1", "to the old one\n").unwrap());
    at(&folder, 5, |folder| folder.append("log", "rotated\n").unwrap());
    at(&folder, 6, |folder| folder.truncate("log", 0).unwrap());
    at(&folder, 7, |folder| folder.append("log", "cut").unwrap());
    let (mut running, seen) = boot(program("tail", &["-n2", "-f", "/logs/log"]).mount(folder, "/logs", true));
    assert_eq!(running.run(), Ended::Deadlock(2));
    let expected = b"two\r\nthree\nhalf and \xff half\nto the old one\nrotated\ncut";
    assert_eq!(seen.bytes().escape_ascii().to_string(), expected.escape_ascii().to_string());
}

#[test]
fn a_file_that_is_not_there_yet_is_followed_once_it_is() {
    let folder = MemoryFolder::new();
    at(&folder, 1, |folder| folder.append("log", "here\n").unwrap());
    assert_eq!(tail(&folder, &["-f", "/logs/log"]).0, "here\n");
}

#[test]
fn of_several_files_each_part_stands_under_its_name() {
    let folder = MemoryFolder::new();
    folder.write("a", "a1\n").unwrap();
    folder.write("b", "b1\n").unwrap();
    at(&folder, 1, |folder| folder.append("b", "b2\n").unwrap());
    at(&folder, 2, |folder| folder.append("a", "a2\n").unwrap());
    at(&folder, 3, |folder| folder.append("a", "a3\n").unwrap());
    let expected = "==> /logs/a <==\na1\n\n==> /logs/b <==\nb1\nb2\n\n==> /logs/a <==\na2\na3\n";
    assert_eq!(tail(&folder, &["-f", "/logs/a", "/logs/b"]).0, expected);
}

#[test]
fn who_follows_has_no_turn_while_nothing_is_written() {
    let turns = |seconds| {
        let folder = MemoryFolder::new();
        folder.write("log", "old\n").unwrap();
        at(&folder, seconds, |folder| folder.append("log", "new\n").unwrap());
        tail(&folder, &["-f", "/logs/log"])
    };
    assert_eq!(turns(1), turns(36_000));
}

/// What a log's lines with `python` are, as they come through the shell's pipeline, and how many turns all had.
fn filtered(pause_seconds: u64) -> (String, usize) {
    let folder = MemoryFolder::new();
    folder.write("log", "python 1\nother\n").unwrap();
    at(&folder, 1, |folder| folder.append("log", "python 2\nnot this\npyth").unwrap());
    at(&folder, 2, |folder| folder.append("log", "on 3\n").unwrap());
    at(&folder, 3, |folder| folder.rename("log", "log.1").unwrap());
    at(&folder, 4, |folder| folder.append("log.1", "python 4\n").unwrap());
    at(&folder, 5 + pause_seconds, |folder| folder.append("log", "nor this\npython 5\n").unwrap());
    let script = "tail -f /logs/log | grep python";
    let (mut running, seen) = boot(program("sh", &["-c", script]).mount(folder, "/logs", true));
    assert!(matches!(running.run(), Ended::Deadlock(_)), "all wait for ever");
    (seen.text(), seen.chosen().len())
}

#[test]
fn a_pipeline_behind_it_follows_through_rotation_and_has_no_turn_while_nothing_is_written() {
    let (printed, turns) = filtered(0);
    assert_eq!(printed, "python 1\npython 2\npython 3\npython 4\npython 5\n");
    assert_eq!(filtered(36_000), (printed, turns));
}
