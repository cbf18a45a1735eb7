//! Time is virtual: in a wait it jumps, at a look without one it takes a small step.

use super::*;

#[test]
fn time_begins_at_boot_and_stands_still_while_the_machine_computes() {
    let mut world = world();
    assert_eq!(world.now(), Time::BOOT);
    let (client, _server) = pair(&mut world);
    let before = world.now();
    world.try_write(client, b"x").expect("room");
    world.close(client);
    assert_eq!(world.now(), before);
}

#[test]
fn with_nothing_queued_time_jumps_to_the_moment_waited_for() {
    let mut world = world();
    let hour = Time::BOOT + Duration::from_secs(3600);
    assert!(world.interrupts(hour, &mut Vec::new()));
    assert_eq!(world.now(), hour);
    assert!(world.interrupts(Time::BOOT, &mut Vec::new()));
}

#[test]
fn a_look_that_does_not_wait_takes_a_little_time() {
    let mut world = world();
    assert!(world.interrupts(Time::BOOT, &mut Vec::new()));
    assert!(world.interrupts(Time::BOOT, &mut Vec::new()));
    assert_eq!(world.now(), Time::BOOT + LOOK + LOOK);
}

#[test]
fn time_stops_at_the_first_interrupt() {
    let mut world = world();
    let (_, at) = listen(&mut world, "127.0.0.1:0", 1);
    let client = world.connect(at).expect("local");
    assert_eq!(world.connected(client), Err(Errno::EAGAIN));
    let mut happened = Vec::new();
    assert!(world.interrupts(Time::BOOT + Duration::from_secs(1), &mut happened));
    assert!(is_ready(&happened, client));
    let way_nanos = world.now().as_nanos();
    assert!((2 * LATENCY_NS_MIN..=2 * LATENCY_NS_MAX).contains(&way_nanos), "there and back took {way_nanos} ns");
}

#[test]
fn a_passed_moment_brings_what_is_due_and_nothing_more() {
    let mut world = world();
    let (client, server) = pair(&mut world);
    assert_eq!(world.is_readable(server), Ok(false));
    assert_eq!(world.try_write(client, b"x"), Ok(1));
    let mut happened = Vec::new();
    let now = world.now();
    assert!(world.interrupts(now, &mut happened));
    assert!(happened.is_empty(), "the byte is still under way");
    assert!(world.interrupts(now + Duration::from_nanos(LATENCY_NS_MAX), &mut happened));
    assert!(is_ready(&happened, server));
}

#[test]
fn a_world_in_which_nothing_can_happen_says_so() {
    let mut world = world();
    assert!(!world.interrupts(Time::NEVER, &mut Vec::new()));
    let (_client, server) = pair(&mut world);
    assert_eq!(world.is_readable(server), Ok(false));
    assert!(!world.interrupts(Time::NEVER, &mut Vec::new()), "nobody will ever write");
    assert!(world.interrupts(Time::BOOT, &mut Vec::new()), "a moment comes");
}

#[test]
fn a_waker_ends_one_wait_and_time_does_not_move() {
    let mut world = world();
    world.waker()();
    assert!(world.interrupts(Time::NEVER, &mut Vec::new()));
    assert_eq!(world.now(), Time::BOOT);
    assert!(!world.interrupts(Time::NEVER, &mut Vec::new()));
}

#[test]
fn only_waits_that_jump_are_counted() {
    let mut world = world();
    world.interrupts(Time::BOOT, &mut Vec::new());
    assert_eq!(world.stats().waits, 0);
    world.interrupts(Time::BOOT + LOOK + LOOK, &mut Vec::new());
    assert_eq!(world.stats().waits, 1);
}
