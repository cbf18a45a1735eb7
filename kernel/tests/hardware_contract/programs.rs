//! Programs of the host: their streams, and their ends.

use crate::bench::{Bench, Direction, SILENCE};
use std::collections::BTreeSet;
use yieldix_kernel::hardware::{Device, Hardware, HostStreams};
use yieldix_syscalls::{Errno, ExitStatus, HostCommand, Signal};

contract! {
    a_program_reads_prints_and_ends,
    a_program_is_ended_by_a_signal_and_that_is_told_by_name,
    a_closed_process_ends_and_so_do_its_streams,
    a_program_that_is_not_there_is_not_started,
    a_program_that_nobody_wants_any_more_leaves_nothing,
}

fn exec<H: Hardware>(bench: &mut Bench<H>, program: &str, args: &[&str]) -> Result<(Device, HostStreams), Errno> {
    let args = args.iter().map(|&word| word.to_owned()).collect();
    let process = bench.hardware.host_exec(&HostCommand { program: program.into(), args })?;
    let started = bench.until_done(process, Direction::Write, |hardware| hardware.host_started(process));
    if started.is_err() {
        bench.hardware.close(process);
    }
    Ok((process, started?))
}

fn status<H: Hardware>(bench: &mut Bench<H>, process: Device) -> ExitStatus {
    bench.until_done(process, Direction::Read, |hardware| hardware.host_status(process)).expect("it ends")
}

fn close_streams<H: Hardware>(bench: &mut Bench<H>, HostStreams { stdin, stdout, stderr }: HostStreams) {
    for device in [stdin, stdout, stderr] {
        bench.hardware.close(device);
    }
}

fn a_program_reads_prints_and_ends<H: Hardware>(mut bench: Bench<H>) {
    let (process, streams) = exec(&mut bench, "cat", &[]).expect("it is started");
    assert_eq!(bench.hardware.stats().programs, 4);
    assert_eq!(bench.hardware.try_read(streams.stdout, 10).map(drop), Err(Errno::EAGAIN));
    assert_eq!(bench.hardware.host_status(process), Err(Errno::EAGAIN));
    bench.write_all(streams.stdin, b"hello").expect("it reads");
    assert_eq!(&*bench.read(streams.stdout, 10).expect("it prints").data, b"hello");
    // More than the pipes hold: it waits until somebody reads.
    let filled = bench.fill(streams.stdin);
    bench.ready.clear();
    let mut printed = 0;
    while printed < filled {
        printed += bench.read(streams.stdout, 8192).expect("it prints").data.len();
    }
    bench
        .until_done(streams.stdin, Direction::Write, |hardware| hardware.try_write(streams.stdin, b"x"))
        .expect("room");
    bench.hardware.close(streams.stdin);
    assert_eq!(bench.read_all(streams.stdout), Ok(b"x".to_vec()));
    assert_eq!(bench.read_all(streams.stderr), Ok(Vec::new()));
    for _ in 0..2 {
        assert_eq!(status(&mut bench, process), ExitStatus::Exited(0));
    }
    assert_eq!(bench.hardware.is_readable(process), Ok(true));
    close_streams(&mut bench, streams);
    bench.hardware.close(process);
    assert_eq!(bench.hardware.stats().programs, 0);
    assert_eq!(bench.hardware.host_status(process), Err(Errno::EBADF));
}

fn a_program_is_ended_by_a_signal_and_that_is_told_by_name<H: Hardware>(mut bench: Bench<H>) {
    let (process, streams) = exec(&mut bench, "sleep", &["3600"]).expect("it is started");
    assert_eq!(bench.hardware.is_readable(process), Ok(false));
    bench.ready.clear();
    bench.hardware.host_kill(process, Signal::Term).expect("it is there");
    bench.wait(process, Direction::Read);
    assert_eq!(status(&mut bench, process), ExitStatus::Killed(Signal::Term));
    assert_eq!(bench.hardware.host_kill(process, Signal::Kill), Ok(()));
    let written = bench.until_done(streams.stdin, Direction::Write, |hardware| hardware.try_write(streams.stdin, b"x"));
    assert_eq!(written, Err(Errno::EPIPE));
}

fn a_closed_process_ends_and_so_do_its_streams<H: Hardware>(mut bench: Bench<H>) {
    let (process, streams) = exec(&mut bench, "cat", &[]).expect("it is started");
    bench.hardware.close(process);
    assert_eq!(bench.read_all(streams.stdout), Ok(Vec::new()));
    assert_eq!(bench.hardware.host_kill(process, Signal::Term), Err(Errno::EBADF));
    close_streams(&mut bench, streams);
    assert_eq!(bench.hardware.stats().programs, 0);
}

fn a_program_that_is_not_there_is_not_started<H: Hardware>(mut bench: Bench<H>) {
    assert_eq!(exec(&mut bench, "no such program", &[]).map(drop), Err(Errno::ENOENT));
    assert_eq!(bench.hardware.stats().programs, 0);
    let (process, streams) = exec(&mut bench, "ls", &["/no such folder"]).expect("it is started");
    assert!(bench.read_all(streams.stderr).expect("it complains").starts_with(b"ls: "));
    assert_eq!(status(&mut bench, process), ExitStatus::Exited(2));
}

fn a_program_that_nobody_wants_any_more_leaves_nothing<H: Hardware>(mut bench: Bench<H>) {
    let command = HostCommand { program: "cat".into(), args: Vec::new() };
    for _ in 0..5 {
        let process = bench.hardware.host_exec(&command).expect("it is begun");
        bench.hardware.close(process);
    }
    bench.pass(SILENCE);
    assert_eq!((bench.hardware.stats().programs, &bench.ready), (0, &BTreeSet::new()));
}
