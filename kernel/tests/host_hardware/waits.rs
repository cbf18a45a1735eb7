//! Waits: how long they last, and what ends them.

use super::*;
use std::sync::mpsc::channel;
use yieldix_syscalls::Time;

#[test]
fn a_waker_ends_a_wait_from_another_thread_each_time() {
    let mut host = host();
    let waker = host.waker();
    let (ready, is_ready) = channel();
    let thread = std::thread::spawn(move || is_ready.iter().for_each(|()| waker()));
    for _ in 0..100 {
        ready.send(()).unwrap();
        // Whether it wakes before the wait or in it, the wait ends.
        let until = host.now() + PATIENCE;
        host.interrupts(until, &mut Vec::new());
        assert!(host.now() < until);
    }
    drop(ready);
    thread.join().unwrap();
}

#[test]
fn wakes_before_a_wait_are_one() {
    let mut host = host();
    let waker = host.waker();
    (0..1000).for_each(|_| waker());
    let mut happened = Vec::new();
    host.interrupts(Time::NEVER, &mut happened);
    let until = host.now() + SILENCE;
    host.interrupts(until, &mut happened);
    assert!(host.now() >= until, "a wake was left over");
}

#[test]
fn a_wait_lasts_until_its_moment() {
    let mut host = host();
    for micros in [1, 50, 999, 1001, 1999] {
        let until = host.now() + Duration::from_micros(micros);
        host.interrupts(until, &mut Vec::new());
        assert!(host.now() >= until, "ended early: it would spin");
    }
}

#[test]
fn a_wait_that_blocks_is_counted() {
    let mut host = host();
    host.interrupts(Time::BOOT, &mut Vec::new());
    assert_eq!(host.stats().waits, 0);
    let until = host.now() + SILENCE;
    host.interrupts(until, &mut Vec::new());
    assert_eq!(host.stats().waits, 1, "one wait, not many short ones");
    assert!(host.now() >= until);
}

#[test]
fn a_moment_that_has_passed_does_not_wait_and_still_tells() {
    let mut host = host();
    let (device, mut peer) = connected_to_std(&mut host);
    peer.write_all(b"x").unwrap();
    wait(&mut host, |host| host.try_read(device, 1)).unwrap();
    assert_eq!(host.try_read(device, 1).unwrap_err(), Errno::EAGAIN);
    interrupts(&mut host, Duration::ZERO);
    let waits = host.stats().waits;
    let mut happened = Vec::new();
    peer.write_all(b"y").unwrap();
    // The loopback delivers before the write returns.
    host.interrupts(Time::BOOT, &mut happened);
    assert!(happened.iter().any(|i| is_ready_to_read(i, device)));
    assert_eq!(host.stats().waits, waits);
}

#[test]
fn entropy_differs() {
    let mut host = host();
    let (mut one, mut other) = ([0; 32], [0; 32]);
    host.entropy(&mut one).unwrap();
    host.entropy(&mut other).unwrap();
    assert_ne!(one, other);
}
