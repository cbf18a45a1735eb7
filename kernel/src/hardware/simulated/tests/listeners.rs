//! Listeners and connects: who hears whom, in which order, and what the others are told.

use super::*;

#[test]
fn free_ports_are_given_in_order() {
    let mut world = world();
    let (_, first) = listen(&mut world, "127.0.0.1:0", 1);
    let (_, second) = listen(&mut world, "127.0.0.1:0", 1);
    let client = world.connect(first).expect("local");
    let third = world.local_addr(client).expect("a client has an address");
    let ports = [first.port(), second.port(), third.port()];
    assert_eq!(ports, [EPHEMERAL_FIRST, EPHEMERAL_FIRST + 1, EPHEMERAL_FIRST + 2]);
}

#[test]
fn ports_are_used_again_and_their_end_is_told() {
    let mut world = world();
    let target = address("127.0.0.1:80");
    let clients: Vec<_> = (0..EPHEMERAL_COUNT).map(|_| world.connect(target).expect("a port is free")).collect();
    assert_eq!(world.connect(target), Err(Errno::EADDRNOTAVAIL));
    assert_eq!(world.listen(address("127.0.0.1:0"), 1), Err(Errno::EADDRINUSE));
    assert!(world.connect(address("127.0.0.1:81")).is_ok(), "another peer may see the same port");
    world.close(clients[7]);
    let again = world.connect(target).expect("one is free again");
    assert_eq!(world.local_addr(again).expect("an address").port(), EPHEMERAL_FIRST + 7);
}

#[test]
fn one_port_has_one_listener_an_address() {
    // As Linux answers with SO_REUSEADDR set and IPV6_V6ONLY not.
    let cases = [
        ("127.0.0.1:7", "127.0.0.1:7", false),
        ("127.0.0.1:7", "127.0.0.2:7", true),
        ("127.0.0.1:7", "127.0.0.1:8", true),
        ("127.0.0.1:7", "0.0.0.0:7", false),
        ("0.0.0.0:7", "127.0.0.1:7", false),
        ("0.0.0.0:7", "[::1]:7", true),
        ("0.0.0.0:7", "[::]:7", false),
        ("[::]:7", "127.0.0.1:7", false),
        ("[::]:7", "0.0.0.0:7", false),
        ("[::]:7", "[::1]:7", false),
    ];
    for (first, second, is_free) in cases {
        let mut world = world();
        listen(&mut world, first, 1);
        let expected = if is_free { Ok(()) } else { Err(Errno::EADDRINUSE) };
        assert_eq!(world.listen(address(second), 1).map(|_| ()), expected, "{first}, then {second}");
    }
}

#[test]
fn a_wildcard_hears_every_address_that_it_covers() {
    let cases = [
        ("0.0.0.0:7", "127.0.0.1:7", Some("127.0.0.1:7")),
        ("0.0.0.0:7", "127.0.0.5:7", Some("127.0.0.5:7")),
        ("0.0.0.0:7", "0.0.0.0:7", Some("127.0.0.1:7")),
        ("0.0.0.0:7", "[::1]:7", None),
        ("[::]:7", "[::1]:7", Some("[::1]:7")),
        ("[::]:7", "[::]:7", Some("[::1]:7")),
        ("[::]:7", "127.0.0.1:7", Some("[::ffff:127.0.0.1]:7")),
        ("127.0.0.1:7", "127.0.0.2:7", None),
    ];
    for (listens, connects, heard) in cases {
        let mut world = world();
        let (listener, _) = listen(&mut world, listens, 1);
        let client = world.connect(address(connects)).expect("local");
        settle(&mut world);
        let Some(heard) = heard else {
            assert_eq!(world.connected(client), Err(Errno::ECONNREFUSED), "{connects} to {listens}");
            continue;
        };
        assert_eq!(world.connected(client), Ok(()), "{connects} to {listens}");
        let (server, peer) = world.try_accept(listener).expect("a connection");
        assert_eq!(world.local_addr(server), Ok(address(heard)));
        assert_eq!(world.peer_addr(server), Ok(peer));
        assert_eq!(world.local_addr(client).map(|own| own.port()), Ok(peer.port()));
    }
}

#[test]
fn addresses_of_other_machines_are_out_of_reach() {
    let mut world = world();
    assert_eq!(world.listen(address("192.0.2.1:80"), 1), Err(Errno::EADDRNOTAVAIL));
    assert_eq!(world.connect(address("192.0.2.1:80")), Err(Errno::ENETUNREACH));
    assert_eq!(world.connect(address("[2001:db8::1]:80")), Err(Errno::ENETUNREACH));
}

#[test]
fn a_refused_connect_is_told_once_and_leaves_a_dead_socket() {
    let mut world = world();
    let client = world.connect(address("127.0.0.1:7")).expect("local");
    assert_eq!(world.connected(client), Err(Errno::EAGAIN));
    assert_eq!(world.peer_addr(client), Err(Errno::ENOTCONN));
    assert_eq!(read(&mut world, client), Err(Errno::EAGAIN));
    assert_eq!(world.try_write(client, b"x"), Err(Errno::EAGAIN));
    let happened = settle(&mut world);
    assert!(matches!(happened[..], [Interrupt::Ready { device, readable: true, writable: true }] if device == client));
    assert_eq!(world.connected(client), Err(Errno::ECONNREFUSED));
    assert_eq!(world.connected(client), Err(Errno::ENOTCONN));
    assert_eq!(read(&mut world, client), Ok(Vec::new()));
    assert_eq!(world.try_write(client, b"x"), Err(Errno::EPIPE));
    assert_eq!(world.shutdown(client, Shutdown::Write), Err(Errno::ENOTCONN));
}

#[test]
fn connections_are_accepted_in_the_order_in_which_they_came() {
    let mut world = world();
    let (listener, at) = listen(&mut world, "127.0.0.1:0", 8);
    let mut ports = Vec::new();
    for _ in 0..5 {
        let client = world.connect(at).expect("local");
        settle(&mut world);
        ports.push(world.local_addr(client).expect("an address").port());
    }
    let accepted: Vec<_> = (0..5).map(|_| world.try_accept(listener).expect("queued").1.port()).collect();
    assert_eq!(accepted, ports);
    assert_eq!(world.try_accept(listener), Err(Errno::EAGAIN));
}

#[test]
fn a_full_backlog_makes_a_connect_wait_a_second() {
    let mut world = world();
    let (listener, at) = listen(&mut world, "127.0.0.1:0", 1);
    let clients: Vec<_> = (0..3).map(|_| world.connect(at).expect("local")).collect();
    let second = Time::BOOT + Duration::from_millis(900);
    let mut happened = Vec::new();
    while world.now() < second {
        world.interrupts(second, &mut happened);
    }
    let waiting: Vec<_> = clients.iter().filter(|client| world.connected(**client).is_err()).collect();
    assert_eq!(waiting.len(), 1, "a backlog of one queues two, as on Linux");
    let waiting = *waiting[0];
    world.try_accept(listener).expect("queued");
    assert!(is_ready(&settle(&mut world), waiting));
    assert_eq!(world.connected(waiting), Ok(()));
    assert!(world.now() > Time::BOOT + Duration::from_secs(1));
}

#[test]
fn a_backlog_that_stays_full_times_the_connect_out() {
    let mut world = world();
    let (_listener, at) = listen(&mut world, "127.0.0.1:0", 0);
    let first = world.connect(at).expect("local");
    settle(&mut world);
    let second = world.connect(at).expect("local");
    assert_eq!(world.connected(second), Err(Errno::EAGAIN));
    assert!(is_ready(&settle(&mut world), second));
    assert_eq!(world.connected(first), Ok(()));
    assert_eq!(world.connected(second), Err(Errno::ETIMEDOUT));
    assert_eq!(world.now().since(Time::BOOT).as_secs(), 127);
}

#[test]
fn closing_a_listener_resets_who_was_not_accepted() {
    let mut world = world();
    let (listener, at) = listen(&mut world, "127.0.0.1:0", 4);
    let client = world.connect(at).expect("local");
    settle(&mut world);
    assert_eq!(world.try_write(client, b"hello?"), Ok(6));
    assert_eq!(read(&mut world, client), Err(Errno::EAGAIN));
    world.close(listener);
    assert!(is_ready(&settle(&mut world), client));
    assert_eq!(read(&mut world, client), Err(Errno::ECONNRESET));
    let late = world.connect(at).expect("local");
    settle(&mut world);
    assert_eq!(world.connected(late), Err(Errno::ECONNREFUSED));
}

#[test]
fn a_connection_aborted_before_it_was_accepted_is_passed_over() {
    let mut world = world();
    let (listener, at) = listen(&mut world, "127.0.0.1:0", 0);
    let hasty = world.connect(at).expect("local");
    settle(&mut world);
    world.set_option(hasty, SocketOption::Linger(Some(0))).expect("a stream");
    world.close(hasty);
    settle(&mut world);
    assert_eq!(world.is_readable(listener), Ok(false));
    let patient = world.connect(at).expect("the queue has room again");
    assert!(is_ready(&settle(&mut world), listener));
    let (_, peer) = world.try_accept(listener).expect("a connection");
    assert_eq!(world.local_addr(patient), Ok(peer));
}

#[test]
fn a_connect_that_was_closed_leaves_nothing_behind() {
    let mut world = world();
    let (listener, at) = listen(&mut world, "127.0.0.1:0", 4);
    for wait_nanos in [0, LATENCY_NS_MAX, 10 * LATENCY_NS_MAX] {
        let client = world.connect(at).expect("local");
        let until = world.now() + Duration::from_nanos(wait_nanos);
        world.interrupts(until, &mut Vec::new());
        world.shutdown(client, Shutdown::Both).expect("given up, or closed");
        world.close(client);
        settle(&mut world);
    }
    // The last was established and closed in order: it can be accepted, and reads the end.
    let (server, _) = world.try_accept(listener).expect("the last one");
    assert_eq!(read(&mut world, server), Ok(Vec::new()));
    assert_eq!(world.try_accept(listener), Err(Errno::EAGAIN));
    world.close(server);
    settle(&mut world);
    assert_eq!(world.stats().sockets, 1);
    assert!(world.network.is_quiet(), "no connection outlives its ends");
}

#[test]
fn a_listener_that_is_shut_down_listens_no_more() {
    let mut world = world();
    let (listener, at) = listen(&mut world, "127.0.0.1:0", 4);
    assert_eq!(world.try_write(listener, b"x"), Err(Errno::EPIPE));
    assert_eq!(read(&mut world, listener), Err(Errno::ENOTCONN));
    assert_eq!(world.shutdown(listener, Shutdown::Write), Ok(()));
    assert_eq!(world.try_accept(listener), Err(Errno::EAGAIN));
    assert!(settle(&mut world).is_empty());
    assert_eq!(world.shutdown(listener, Shutdown::Read), Ok(()));
    assert!(is_ready(&settle(&mut world), listener), "who waits to accept is told");
    assert_eq!(world.try_accept(listener), Err(Errno::EINVAL));
    assert_eq!(world.shutdown(listener, Shutdown::Read), Err(Errno::ENOTCONN));
    assert!(world.listen(at, 4).is_ok(), "the address is free");
}

#[test]
fn a_stream_accepts_nobody() {
    let mut world = world();
    let (client, _) = pair(&mut world);
    assert_eq!(world.try_accept(client), Err(Errno::EINVAL));
}
