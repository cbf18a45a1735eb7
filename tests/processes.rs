//! Flows that go on in another process, over a pipe of the host.

mod common;

use common::{
    golden::{assert_wrong_goldens_are_found, golden},
    program, run,
};
use std::{
    io::{Read, Write, pipe},
    process::{Child, Command, Output, Stdio},
};
use yieldix::{Ended, syscalls};

/// What every program prints that finds the buses.
fn rows() -> String {
    golden("buses")
}

fn command(args: &[&str]) -> Command {
    let mut command = common::yieldix();
    command.arg("run").args(args).stderr(Stdio::piped());
    command
}

fn started(command: &mut Command) -> Child {
    command.spawn().expect("the command runs")
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).expect("text")
}

/// The code that a process ends with, and its one line of complaint.
fn complaint(output: &Output) -> (Option<i32>, &str) {
    (output.status.code(), text(&output.stderr))
}

/// All that coprocess sends.
fn stream() -> Vec<u8> {
    let output = command(&["coprocess"]).output().expect("it runs");
    assert_eq!(complaint(&output), (Some(0), ""));
    output.stdout
}

/// busproc, given these bytes.
fn busproc(bytes: &[u8]) -> Output {
    let mut child = started(command(&["busproc"]).stdin(Stdio::piped()).stdout(Stdio::piped()));
    let mut stdin = child.stdin.take().expect("a pipe");
    // It may be gone before it has read all.
    let _ = stdin.write_all(bytes);
    drop(stdin);
    child.wait_with_output().expect("it ends")
}

#[test]
fn wrong_goldens_are_found_in_what_another_process_prints() {
    assert_wrong_goldens_are_found(["buses"]);
}

#[test]
fn two_processes_give_the_rows_of_one() {
    let (reader, writer) = pipe().expect("a pipe");
    let sender = started(command(&["coprocess"]).stdout(writer));
    let receiver = command(&["busproc"]).stdin(reader).output().expect("it runs");
    let sender = sender.wait_with_output().expect("it ends");
    assert_eq!((complaint(&sender), complaint(&receiver)), ((Some(0), ""), (Some(0), "")));
    assert_eq!(text(&receiver.stdout), rows());
}

#[test]
fn a_helper_thread_gives_the_same_rows() {
    let (ended, seen) = run(program("cothread", &[]));
    assert_eq!((ended, seen.text()), (Ended::Finished(syscalls::ExitStatus::Exited(0)), rows()));
    let output = command(&["cothread"]).output().expect("it runs");
    assert_eq!((complaint(&output), text(&output.stdout)), ((Some(0), ""), rows().as_str()));
}

#[test]
fn a_receiver_that_dies_is_an_error_of_the_sender_by_name() {
    let told = (Some(1), "coprocess: EPIPE: nobody reads the other end\n");
    for read_first in [0, 10, 100_000] {
        let mut sender = started(command(&["coprocess"]).stdout(Stdio::piped()));
        let mut stdout = sender.stdout.take().expect("a pipe");
        stdout.read_exact(&mut vec![0; read_first]).expect("so much is sent");
        drop(stdout);
        assert_eq!(complaint(&sender.wait_with_output().expect("it ends")), told, "after {read_first} bytes");
    }
}

#[test]
fn a_receiver_that_dies_ends_a_sender_that_never_would() {
    let mut sender = started(command(&["coprocess", "-"]).stdin(Stdio::piped()).stdout(Stdio::piped()));
    let (mut stdin, mut stdout) = (sender.stdin.take().expect("a pipe"), sender.stdout.take().expect("a pipe"));
    let bus = "<bus><id>1</id><route>22</route></bus>".repeat(100);
    stdin.write_all(b"<buses>").expect("it reads");
    stdin.write_all(bus.as_bytes()).expect("it reads");
    stdout.read_exact(&mut [0; 10]).expect("so much is sent");
    drop(stdout);
    // Until it is gone itself.
    while stdin.write_all(bus.as_bytes()).is_ok() {}
    let told = (Some(1), "coprocess: EPIPE: nobody reads the other end\n");
    assert_eq!(complaint(&sender.wait_with_output().expect("it ends")), told);
}

#[test]
fn a_sender_that_dies_is_an_error_of_the_receiver_by_name() {
    let stream = stream();
    // Inside of a frame, and behind the last one: the mark of the end has four bytes.
    for (missing, expected) in [(7, "the stream ended inside the frame at byte "), (4, "the stream ended at byte ")] {
        let output = busproc(&stream[..stream.len() - missing]);
        let (code, told) = complaint(&output);
        assert_eq!(code, Some(1));
        assert!(told.starts_with(&format!("busproc: {expected}")), "{told}");
        // What came before is out.
        assert_eq!(text(&output.stdout), rows());
    }
}

#[test]
fn what_is_no_stream_of_buses_is_an_error_by_name() {
    for (bytes, expected) in [
        (&b"GET / HTTP/1.1\r\n\r\n"[..], "busproc: the frame at byte 0 says it has 542393671 bytes"),
        (b"\x02\0\0\0\x01\xff", "busproc: the frame at byte 0 (2 bytes) is no item of the type expected"),
    ] {
        let output = busproc(bytes);
        let (code, told) = complaint(&output);
        assert_eq!((code, told.lines().count()), (Some(1), 1), "{told}");
        assert!(told.starts_with(expected), "{told}");
    }
}
