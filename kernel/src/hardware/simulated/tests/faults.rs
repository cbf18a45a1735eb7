//! Faults happen where and when they were asked for, and shift nothing else.

use super::*;

#[test]
fn faults_shift_neither_latencies_nor_random_bytes() {
    let run = |faults| {
        let mut world = Simulated::new(SimulatedOptions { faults, ..Default::default() });
        let (client, server) = pair(&mut world);
        world.try_write(client, b"hello").expect("room");
        settle(&mut world);
        world.try_read(server, 5).expect("bytes");
        let mut bytes = [0; 8];
        world.entropy(&mut bytes).expect("random bytes");
        (world.now(), bytes)
    };
    let faults = Faults { short_reads_permille: 1000, short_writes_permille: 1000, ..Default::default() };
    assert_eq!(run(Faults::default()), run(faults));
}

#[test]
fn entropy_does_not_shift_latencies() {
    let run = |draws| {
        let mut world = world();
        for _ in 0..draws {
            world.entropy(&mut [0; 8]).expect("random bytes");
        }
        pair(&mut world);
        world.now()
    };
    assert_eq!(run(0), run(100));
}

#[test]
fn a_short_write_is_owed_an_interrupt_at_once() {
    let faults = Faults { short_writes_permille: 1000, ..Default::default() };
    let mut world = Simulated::new(SimulatedOptions { faults, ..Default::default() });
    let (client, _) = pair(&mut world);
    for device in [client, Device::STDOUT] {
        assert!(world.try_write(device, b"hello world").expect("room") < 11);
        let (now, mut happened) = (world.now(), Vec::new());
        assert!(world.interrupts(Time::NEVER, &mut happened));
        assert!(is_ready(&happened, device));
        assert_eq!(world.now(), now);
    }
}

#[test]
fn a_fault_that_resets_is_seen_at_both_ends() {
    let faults = Faults { resets_permille: 1000, ..Default::default() };
    let mut world = Simulated::new(SimulatedOptions { faults, ..Default::default() });
    let (client, server) = pair(&mut world);
    assert_eq!(world.is_readable(client), Ok(false));
    assert_eq!(world.try_write(client, b"x"), Err(Errno::ECONNRESET));
    assert!(is_ready(&settle(&mut world), client), "who waits to read is told");
    assert_eq!(read(&mut world, server), Err(Errno::ECONNRESET));
}

#[test]
fn spurious_interrupts_come_beside_true_ones_only() {
    let faults = Faults { spurious_ready_permille: 1000, ..Default::default() };
    let mut world = Simulated::new(SimulatedOptions { faults, ..Default::default() });
    let (client, server) = pair(&mut world);
    assert!(settle(&mut world).is_empty());
    assert_eq!(world.is_readable(server), Ok(false));
    world.try_write(client, b"x").expect("room");
    assert_eq!(settle(&mut world).len(), 2);
}

#[test]
fn every_fallible_call_can_be_made_to_fail_and_only_that_one() {
    // One of each, in this order; gives which of them failed, and how.
    let run = |fail_call| {
        let faults = Faults { fail_call, ..Default::default() };
        let mut world = Simulated::new(SimulatedOptions { faults, ..Default::default() });
        let calls = world.calls();
        let mut failed: Vec<(&str, Errno)> = Vec::new();
        let mut note = |name, answer: Result<(), Errno>| {
            if let Err(errno) = answer
                && errno != Errno::EBADF
            {
                failed.push((name, errno));
            }
        };
        let nothing = Device { index: 99, generation: 0 };
        note("entropy", world.entropy(&mut [0]));
        let listener = world.listen(address("127.0.0.1:7"), 1);
        note("listen", listener.map(|_| ()));
        let client = world.connect(address("127.0.0.1:7"));
        note("connect", client.map(|_| ()));
        let client = client.unwrap_or(nothing);
        settle(&mut world);
        note("connected", world.connected(client));
        let accepted = world.try_accept(listener.unwrap_or(nothing));
        note("accept", accepted.map(|_| ()));
        note("is_readable", world.is_readable(client).map(|_| ()));
        note("is_writable", world.is_writable(client).map(|_| ()));
        note("local_addr", world.local_addr(client).map(|_| ()));
        note("peer_addr", world.peer_addr(client).map(|_| ()));
        note("set_option", world.set_option(client, SocketOption::NoDelay(true)));
        note("write", world.try_write(client, b"x").map(|_| ()));
        note("shutdown", world.shutdown(client, Shutdown::Write));
        settle(&mut world);
        let server = accepted.map_or(nothing, |(server, _)| server);
        note("read", world.try_read(server, 1).map(|_| ()));
        note("console", world.try_write(Device::STDOUT, b"x").map(|_| ()));
        (failed, calls.count())
    };
    let (failed, count) = run(None);
    assert_eq!((failed, count), (Vec::new(), 14));
    let expected = [
        ("entropy", Errno::EIO),
        ("listen", Errno::EMFILE),
        ("connect", Errno::EMFILE),
        ("connected", Errno::ETIMEDOUT),
        ("accept", Errno::EMFILE),
        ("is_readable", Errno::ENOMEM),
        ("is_writable", Errno::ENOMEM),
        ("local_addr", Errno::ENOBUFS),
        ("peer_addr", Errno::ENOTCONN),
        ("set_option", Errno::ENOBUFS),
        ("write", Errno::ECONNRESET),
        ("shutdown", Errno::ENOTCONN),
        ("read", Errno::ECONNRESET),
        ("console", Errno::EIO),
    ];
    for (number, expected) in (1..).zip(expected) {
        let (failed, _) = run(Some(number));
        assert_eq!(failed.first(), Some(&expected), "call {number}");
    }
}
