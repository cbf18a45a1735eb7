//! Programs of this host: none outlives who has run it.

use super::*;
use std::path::Path;
use yieldix_kernel::hardware::HostStreams;
use yieldix_syscalls::{ExitStatus, HostCommand, Signal};

fn shell(host: &mut Host, script: &str) -> (Device, HostStreams) {
    let args = vec!["-c".to_owned(), script.to_owned()];
    let process = host.host_exec(&HostCommand { program: "sh".into(), args }).unwrap();
    let streams = wait(host, |host| host.host_started(process)).unwrap();
    (process, streams)
}

/// The next line that a program prints, which is the number of a process.
fn number(host: &mut Host, streams: HostStreams) -> u32 {
    let mut line = Vec::new();
    while line.last() != Some(&b'\n') {
        line.extend_from_slice(&wait(host, |host| host.try_read(streams.stdout, 1)).unwrap().data);
    }
    String::from_utf8(line).unwrap().trim().parse().unwrap()
}

/// Is there anything of this process, be it a zombie?
fn is_there(process: u32) -> bool {
    Path::new("/proc").join(process.to_string()).exists()
}

/// Does it run? A zombie of another's does not.
fn runs(process: u32) -> bool {
    let status = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    status.rsplit_once(") ").is_some_and(|(_, rest)| !rest.starts_with('Z'))
}

/// Waits for what is another thread's to do.
fn until(host: &mut Host, mut is_so: impl FnMut() -> bool) {
    let deadline = host.now() + PATIENCE;
    while !is_so() {
        assert!(host.now() < deadline);
        std::thread::yield_now();
    }
}

#[test]
fn a_process_that_is_closed_is_killed_and_reaped() {
    let mut host = host();
    let (process, streams) = shell(&mut host, "echo $$; exec sleep 3600");
    let number = number(&mut host, streams);
    assert!(runs(number));
    host.close(process);
    until(&mut host, || !is_there(number));
}

#[test]
fn a_process_that_has_ended_is_reaped_when_that_is_told() {
    let mut host = host();
    let (process, streams) = shell(&mut host, "echo $$; exit 3");
    let number = number(&mut host, streams);
    assert_eq!(wait(&mut host, |host| host.host_status(process)), Ok(ExitStatus::Exited(3)));
    assert!(!is_there(number));
    assert_eq!(host.host_kill(process, Signal::Kill), Ok(()));
}

#[test]
fn no_process_outlives_the_host_that_ran_it() {
    let mut host = host();
    let (_, streams) = shell(&mut host, "trap '' TERM INT HUP; echo $$; exec sleep 3600");
    let number = number(&mut host, streams);
    drop(host);
    assert!(!is_there(number));
}

#[test]
fn no_process_outlives_a_panic() {
    let (tell, told) = std::sync::mpsc::channel();
    let panicked = std::thread::spawn(move || {
        let mut host = host();
        let (_, streams) = shell(&mut host, "echo $$; exec sleep 3600");
        tell.send(number(&mut host, streams)).unwrap();
        panic!("as a broken invariant would");
    })
    .join();
    assert!(panicked.is_err());
    assert!(!is_there(told.recv().unwrap()));
}

#[test]
fn a_signal_reaches_those_that_a_program_has_started_and_the_terminals_do_not() {
    let mut host = host();
    let (process, streams) = shell(&mut host, "sleep 3600 & echo $!; ps -o pgid= -p $$ 2>/dev/null || echo $$; wait");
    let child = number(&mut host, streams);
    let group = number(&mut host, streams);
    assert_ne!(group, rustix::process::getpgrp().as_raw_nonzero().get() as u32, "it is in a group of its own");
    host.host_kill(process, Signal::Term).unwrap();
    assert_eq!(wait(&mut host, |host| host.host_status(process)), Ok(ExitStatus::Killed(Signal::Term)));
    until(&mut host, || !runs(child));
}

#[test]
fn a_signal_without_a_name_here_is_told_as_a_shell_tells_it() {
    let mut host = host();
    let (process, _) = shell(&mut host, "kill -SEGV $$");
    assert_eq!(wait(&mut host, |host| host.host_status(process)), Ok(ExitStatus::Exited(128 + 11)));
}

#[test]
fn what_a_program_has_left_running_goes_on_and_holds_nobody_up() {
    let mut host = host();
    let (process, streams) = shell(&mut host, "sleep 3600 >/dev/null 2>&1 </dev/null & echo $!");
    let child = number(&mut host, streams);
    assert_eq!(wait(&mut host, |host| host.host_status(process)), Ok(ExitStatus::Exited(0)));
    host.close(process);
    assert!(runs(child));
    let child = rustix::process::Pid::from_raw(child as i32).unwrap();
    rustix::process::kill_process(child, rustix::process::Signal::KILL).unwrap();
}

#[test]
fn many_programs_run_side_by_side() {
    let mut host = host();
    let all: Vec<_> = (0..20).map(|index| shell(&mut host, &format!("read line; exit {index}"))).collect();
    for (index, (process, streams)) in all.into_iter().enumerate().rev() {
        assert_eq!(host.host_status(process), Err(Errno::EAGAIN));
        assert_eq!(host.try_write(streams.stdin, b"go\n"), Ok(3));
        assert_eq!(wait(&mut host, |host| host.host_status(process)), Ok(ExitStatus::Exited(index as i32)));
    }
}
