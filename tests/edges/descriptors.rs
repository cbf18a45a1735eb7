//! Descriptors: shared, closed, used again, very many, and files that are always ready.

use crate::{WELL, connection, passes, passes_on};
use std::{fs, io::Write, net::SocketAddr, os::fd::OwnedFd, time::Duration};
use yieldix::syscalls::{calls::*, *};
use yieldix_kernel::{
    Kernel, LintRefusal, Options,
    hardware::host::{ConsoleOptions, Host, HostOptions},
    sched::RoundRobin,
};

/// Receives one byte and exits with it.
fn reader(fd: Fd) -> Task {
    task!({
        let data = trap!(yield recv(fd, 1))?;
        trap!(yield exit(i32::from(data[0])))
    })
}

fn read_waiter(fd: Fd) -> Task {
    task!({ trap!(yield read_wait(fd)) })
}

fn exited_with(byte: u8) -> ExitStatus {
    ExitStatus::Exited(i32::from(byte))
}

#[test]
fn edge_20_two_readers_of_one_socket_are_served_in_turn() {
    passes(task!({
        let (ours, theirs) = call!(connection())?;
        let first = trap!(yield spawn(reader(theirs)).share(theirs))?;
        let second = trap!(yield spawn(reader(theirs)).share(theirs))?;
        trap!(yield yield_now())?;
        trap!(yield send_all(ours, "a"))?;
        assert_eq!(trap!(yield wait(first))?, exited_with(b'a'));
        assert_eq!(trap!(yield try_wait(second))?, None);
        trap!(yield send_all(ours, "b"))?;
        assert_eq!(trap!(yield wait(second))?, exited_with(b'b'));
        Ok(())
    }));
}

#[test]
fn edge_20_two_waits_for_the_same_readiness_are_both_answered() {
    passes(task!({
        let (ours, theirs) = call!(connection())?;
        let first = trap!(yield spawn(read_waiter(theirs)).share(theirs))?;
        let second = trap!(yield spawn(read_waiter(theirs)).share(theirs))?;
        trap!(yield yield_now())?;
        trap!(yield send_all(ours, "a"))?;
        for waiter in [first, second] {
            assert_eq!(trap!(yield wait(waiter))?, ExitStatus::Exited(0));
        }
        Ok(())
    }));
}

#[test]
fn edge_20_a_reader_and_a_writer_of_one_socket_do_not_wait_for_each_other() {
    passes(task!({
        let (ours, theirs) = call!(connection())?;
        let reader = trap!(yield spawn(reader(theirs)).share(theirs))?;
        trap!(yield yield_now())?;
        trap!(yield send_all(theirs, "x"))?;
        assert_eq!(&*trap!(yield recv(ours, 1))?, b"x");
        trap!(yield send_all(ours, "y"))?;
        assert_eq!(trap!(yield wait(reader))?, exited_with(b'y'));
        Ok(())
    }));
}

#[test]
fn edge_21_a_close_leaves_another_tasks_wait_undisturbed() {
    passes(task!({
        let (ours, theirs) = call!(connection())?;
        let child = trap!(yield spawn(reader(theirs)).share(theirs))?;
        trap!(yield yield_now())?;
        trap!(yield close(theirs))?;
        trap!(yield yield_now())?;
        assert_eq!(trap!(yield try_wait(child))?, None);
        trap!(yield send_all(ours, "z"))?;
        assert_eq!(trap!(yield wait(child))?, exited_with(b'z'));
        Ok(())
    }));
}

#[test]
fn edge_21_a_number_that_was_closed_is_ebadf_in_every_call() {
    passes(task!({
        let (_ours, theirs) = call!(connection())?;
        trap!(yield close(theirs))?;
        assert_eq!(trap!(yield read_wait(theirs)), Err(Errno::EBADF));
        assert_eq!(trap!(yield recv(theirs, 1)), Err(Errno::EBADF));
        assert_eq!(trap!(yield send(theirs, "x")), Err(Errno::EBADF));
        assert_eq!(trap!(yield close(theirs)), Err(Errno::EBADF));
        Ok(())
    }));
}

#[test]
fn edge_22_a_stale_number_does_not_mean_its_slots_new_file() {
    passes(task!({
        let (_, old) = call!(connection())?;
        trap!(yield close(old))?;
        let new = trap!(yield tcp_listen(SocketAddr::from(([127, 0, 0, 1], 0)), 1))?;
        let new = if new.slot() == old.slot() { new } else { trap!(yield dup(new))? };
        assert_eq!(new.slot(), old.slot());
        assert_eq!(trap!(yield local_addr(old)), Err(Errno::EBADF));
        assert_eq!(trap!(yield read_wait(old)), Err(Errno::EBADF));
        assert_eq!(trap!(yield close(old)), Err(Errno::EBADF));
        // It is still there.
        trap!(yield local_addr(new))?;
        Ok(())
    }));
}

#[test]
fn edge_22_a_waiter_is_not_woken_for_the_file_that_has_the_number_now() {
    passes(task!({
        let (old_peer, old) = call!(connection())?;
        let child = trap!(yield spawn(reader(old)).share(old))?;
        trap!(yield yield_now())?;
        trap!(yield close(old))?;
        let (new_peer, other) = call!(connection())?;
        assert!([new_peer.slot(), other.slot()].contains(&old.slot()), "the slot is used again");
        // Both ends have something to read, whichever of them has the number now.
        trap!(yield send_all(new_peer, "n"))?;
        trap!(yield send_all(other, "n"))?;
        assert_eq!(&*trap!(yield recv(new_peer, 1))?, b"n");
        assert_eq!(&*trap!(yield recv(other, 1))?, b"n");
        assert_eq!(trap!(yield try_wait(child))?, None);
        trap!(yield send_all(old_peer, "o"))?;
        assert_eq!(trap!(yield wait(child))?, exited_with(b'o'));
        Ok(())
    }));
}

#[test]
fn edge_22_a_waiter_is_not_woken_for_the_device_that_has_the_place_now() {
    // All holders of the old file are gone: here even the hardware's place is used again.
    passes(task!({
        let (old_peer, old) = call!(connection())?;
        let victim = trap!(yield spawn(reader(old)).pass(old))?;
        trap!(yield yield_now())?;
        trap!(yield kill(victim, Signal::Kill))?;
        trap!(yield close(old_peer))?;
        let (ours, theirs) = call!(connection())?;
        let waiter = trap!(yield spawn(reader(theirs)).pass(theirs))?;
        trap!(yield sleep(Duration::from_secs(1)))?;
        // Nothing that was on its way to the old one has ended this wait.
        assert_eq!(trap!(yield try_wait(waiter))?, None);
        trap!(yield send_all(ours, "t"))?;
        assert_eq!(trap!(yield wait(waiter))?, exited_with(b't'));
        Ok(())
    }));
}

/// Opens 1,100 listeners, then waits on a socket that is numbered behind them all.
fn waits_behind_1_100() -> Task {
    task!({
        for _ in 0..1100 {
            trap!(yield tcp_listen(SocketAddr::from(([127, 0, 0, 1], 0)), 1))?;
        }
        let (ours, theirs) = call!(connection())?;
        assert!(ours.slot() > 1024 && theirs.slot() > 1024);
        let waiter = trap!(yield spawn(reader(theirs)).pass(theirs))?;
        trap!(yield yield_now())?;
        trap!(yield send_all(ours, "w"))?;
        assert_eq!(trap!(yield wait(waiter))?, exited_with(b'w'));
        Ok(())
    })
}

#[test]
fn edge_23_a_descriptor_above_1_023_can_be_waited_on() {
    passes_on(crate::common::machine().task(waits_behind_1_100()).max_fds(2000));
}

#[test]
fn edge_23_a_descriptor_above_1_023_can_be_waited_on_the_host() {
    use rustix::process::{Resource, getrlimit, setrlimit};
    // A host's soft limit is often just that: 1,024.
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    setrlimit(Resource::Nofile, limit).expect("the soft limit may be raised to the hard one");
    assert_eq!(crate::common::machine().task(waits_behind_1_100()).max_fds(2000).boot().unwrap(), WELL);
}

#[test]
fn edge_24_standard_input_from_a_regular_file_is_always_ready() {
    let path = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("edge_24");
    fs::File::create(&path).and_then(|mut file| file.write_all(b"all of it")).unwrap();
    let stream = |file: fs::File| OwnedFd::from(file);
    let null = || stream(fs::OpenOptions::new().write(true).open("/dev/null").unwrap());
    let console =
        ConsoleOptions::Streams { input: stream(fs::File::open(&path).unwrap()), output: null(), error: null() };
    let host = Host::new(HostOptions { console, ..HostOptions::default() }).unwrap();
    let mut kernel = Kernel::new(host, RoundRobin::default(), Options::default());
    kernel.observe(Box::new(LintRefusal));
    let task = task!({
        // Far longer than it takes: a wait that hangs fails.
        let ended = timeout!(Duration::from_secs(20), {
            trap!(yield read_wait(Fd::STDIN))?;
            assert_eq!(&*trap!(yield read(Fd::STDIN, 64))?, b"all of it");
            // At its end too.
            trap!(yield read_wait(Fd::STDIN))?;
            trap!(yield read(Fd::STDIN, 64))
        });
        assert_eq!(ended, Ok(Ok(Buf::EMPTY)));
        Ok(())
    });
    kernel.boot(task, SpawnOptions::default(), false).unwrap();
    assert_eq!(kernel.run(), WELL);
}
