//! Streams: bytes, their end, and what comes when an end goes too soon. As Linux answers.

use super::*;

#[test]
fn bytes_arrive_in_order_after_their_way() {
    let mut world = world();
    let (client, server) = pair(&mut world);
    for byte in 0..=255 {
        assert_eq!(world.try_write(client, &[byte]), Ok(1));
    }
    assert_eq!(read(&mut world, server), Err(Errno::EAGAIN), "nothing arrives in no time");
    settle(&mut world);
    assert_eq!(read(&mut world, server), Ok((0..=255).collect()));
}

#[test]
fn a_stream_takes_a_window_of_bytes_and_then_none() {
    let mut world = world();
    let (client, server) = pair(&mut world);
    assert_eq!(world.try_write(client, &[7; WINDOW + 1]), Ok(WINDOW));
    assert_eq!(world.try_write(client, b"x"), Err(Errno::EAGAIN));
    settle(&mut world);
    assert_eq!(world.is_writable(client), Ok(false), "arrived is not read");
    let received = world.try_read(server, 100).expect("bytes");
    assert!(!received.drained);
    assert_eq!(world.is_writable(client), Ok(false), "room is known after its way");
    assert!(is_ready(&settle(&mut world), client));
    assert_eq!(world.try_write(client, &[7; WINDOW]), Ok(100));
}

#[test]
fn only_what_is_owed_interrupts_and_only_once() {
    let mut world = world();
    let (client, server) = pair(&mut world);
    world.try_write(client, b"nobody asked").expect("room");
    assert!(settle(&mut world).is_empty());
    assert!(world.try_read(server, 100).expect("bytes").drained);
    world.try_write(client, b"one").expect("room");
    world.try_write(client, b"two").expect("room");
    assert_eq!(settle(&mut world).len(), 1);
    assert!(settle(&mut world).is_empty());
}

#[test]
fn a_debt_both_ways_is_paid_by_one_interrupt() {
    let mut world = world();
    let (client, server) = pair(&mut world);
    assert_eq!(world.try_write(server, &[0; 2 * WINDOW]), Ok(WINDOW));
    assert_eq!(world.is_readable(server), Ok(false));
    world.set_option(client, SocketOption::Linger(Some(0))).expect("a stream");
    world.close(client);
    let happened = settle(&mut world);
    assert!(matches!(happened[..], [Interrupt::Ready { device, readable: true, writable: true }] if device == server));
}

#[test]
fn a_reader_is_told_of_the_end_in_its_own_time() {
    let mut world = world();
    let (client, server) = pair(&mut world);
    world.try_write(client, b"bye").expect("room");
    world.close(client);
    settle(&mut world);
    let received = world.try_read(server, 100).expect("bytes");
    assert_eq!((&*received.data, received.drained), (&b"bye"[..], false));
    assert_eq!(read(&mut world, server), Ok(Vec::new()));
    assert_eq!(read(&mut world, server), Ok(Vec::new()));
}

#[test]
fn writing_to_a_peer_that_closed_is_a_broken_pipe_at_the_second_try() {
    let mut world = world();
    let (client, server) = pair(&mut world);
    world.close(client);
    settle(&mut world);
    assert_eq!(world.try_write(server, b"x"), Ok(1));
    settle(&mut world);
    assert_eq!(world.try_write(server, b"x"), Err(Errno::EPIPE));
    assert_eq!(world.try_write(server, b"x"), Err(Errno::EPIPE));
    assert_eq!(read(&mut world, server), Ok(Vec::new()));
}

#[test]
fn closing_over_unread_bytes_resets() {
    let mut world = world();
    let (client, server) = pair(&mut world);
    world.try_write(server, b"never read").expect("room");
    settle(&mut world);
    world.close(client);
    settle(&mut world);
    assert_eq!(world.try_write(server, b"x"), Err(Errno::ECONNRESET));
    assert_eq!(world.try_write(server, b"x"), Err(Errno::EPIPE));
    assert_eq!(read(&mut world, server), Ok(Vec::new()));
    assert_eq!(world.peer_addr(server), Err(Errno::ENOTCONN));
    assert_eq!(world.shutdown(server, Shutdown::Write), Err(Errno::ENOTCONN));
}

#[test]
fn closing_before_the_bytes_came_resets_too() {
    let mut world = world();
    let (client, server) = pair(&mut world);
    world.try_write(server, b"under way").expect("room");
    world.close(client);
    settle(&mut world);
    // The end came before the reset, so the stream just ends, and writing is a broken pipe.
    assert_eq!(world.try_write(server, b"x"), Err(Errno::EPIPE));
    assert_eq!(read(&mut world, server), Ok(Vec::new()));
}

#[test]
fn a_reset_leaves_what_was_received_and_is_told_once() {
    let mut world = world();
    let (client, server) = pair(&mut world);
    world.try_write(client, b"abc").expect("room");
    world.set_option(client, SocketOption::Linger(Some(0))).expect("a stream");
    world.close(client);
    settle(&mut world);
    assert_eq!(read(&mut world, server), Ok(b"abc".to_vec()));
    assert_eq!(read(&mut world, server), Err(Errno::ECONNRESET));
    assert_eq!(read(&mut world, server), Ok(Vec::new()));
    assert_eq!(world.try_write(server, b"x"), Err(Errno::EPIPE));
}

#[test]
fn a_stream_shut_for_reading_still_gives_what_comes() {
    let mut world = world();
    let (client, server) = pair(&mut world);
    assert_eq!(world.is_readable(client), Ok(false));
    assert!(settle(&mut world).is_empty());
    world.shutdown(client, Shutdown::Read).expect("connected");
    assert!(is_ready(&settle(&mut world), client), "who waits to read is told");
    assert_eq!(read(&mut world, client), Ok(Vec::new()));
    world.try_write(server, b"hello").expect("room");
    settle(&mut world);
    assert_eq!(read(&mut world, client), Ok(b"hello".to_vec()));
    assert_eq!(read(&mut world, client), Ok(Vec::new()));
}

#[test]
fn bytes_for_a_stream_that_is_shut_both_ways_reset_it() {
    let mut world = world();
    let (client, server) = pair(&mut world);
    world.shutdown(client, Shutdown::Both).expect("connected");
    settle(&mut world);
    world.try_write(server, b"hello").expect("room");
    settle(&mut world);
    assert_eq!(read(&mut world, client), Err(Errno::ECONNRESET));
    assert_eq!(read(&mut world, client), Ok(Vec::new()));
    assert_eq!(world.try_write(server, b"x"), Err(Errno::EPIPE));
    assert_eq!(read(&mut world, server), Ok(Vec::new()));
}

#[test]
fn a_stream_that_both_have_ended_has_no_peer() {
    let mut world = world();
    let (client, server) = pair(&mut world);
    world.shutdown(client, Shutdown::Write).expect("connected");
    world.shutdown(client, Shutdown::Write).expect("a second time is no error");
    assert_eq!(world.try_write(client, b"x"), Err(Errno::EPIPE));
    assert_eq!(world.try_write(client, b""), Err(Errno::EPIPE));
    settle(&mut world);
    assert!(world.peer_addr(client).is_ok());
    world.shutdown(server, Shutdown::Write).expect("connected");
    settle(&mut world);
    for device in [client, server] {
        assert_eq!(world.peer_addr(device), Err(Errno::ENOTCONN));
        assert_eq!(world.shutdown(device, Shutdown::Write), Err(Errno::ENOTCONN));
        assert_eq!(read(&mut world, device), Ok(Vec::new()));
    }
}

#[test]
fn what_both_have_ended_cannot_be_reset() {
    for is_acknowledged in [false, true] {
        let mut world = world();
        let (client, server) = pair(&mut world);
        world.try_write(client, b"never read").expect("room");
        world.shutdown(client, Shutdown::Write).expect("connected");
        settle(&mut world);
        world.shutdown(server, Shutdown::Write).expect("connected");
        assert_eq!(world.is_readable(client), Ok(false));
        let mut happened = Vec::new();
        world.interrupts(Time::NEVER, &mut happened);
        assert!(is_ready(&happened, client), "the end came, and its acknowledgement is under way");
        if is_acknowledged {
            settle(&mut world);
        }
        world.close(server);
        settle(&mut world);
        assert_eq!(world.try_write(client, b"x"), Err(Errno::EPIPE));
    }
}

#[test]
fn a_connect_that_is_shut_down_is_given_up() {
    let mut world = world();
    let (listener, at) = listen(&mut world, "127.0.0.1:0", 4);
    let client = world.connect(at).expect("local");
    assert_eq!(world.shutdown(client, Shutdown::Both), Ok(()));
    assert_eq!(world.connected(client), Err(Errno::ECONNRESET));
    settle(&mut world);
    assert_eq!(world.try_accept(listener), Err(Errno::EAGAIN));
}

#[test]
fn a_closed_connection_is_forgotten() {
    let mut world = world();
    for _ in 0..3 {
        let (client, server) = pair(&mut world);
        world.try_write(client, b"x").expect("room");
        world.close(server);
        world.close(client);
        settle(&mut world);
    }
    assert!(world.network.is_quiet());
    assert_eq!(world.stats().sockets, 0);
}

#[test]
fn options_are_kept_and_inherited_by_what_is_accepted() {
    let mut world = world();
    let (listener, at) = listen(&mut world, "127.0.0.1:0", 4);
    world.set_option(listener, SocketOption::NoDelay(true)).expect("open");
    world.set_option(listener, SocketOption::KeepAlive { idle_seconds: 60 }).expect("open");
    world.connect(at).expect("local");
    settle(&mut world);
    let (server, _) = world.try_accept(listener).expect("a connection");
    let expected = SocketOptions { no_delay: true, keep_alive_seconds: 60, linger_seconds: None };
    assert_eq!(world.options(server), Ok(expected));
    let too_long = SocketOption::KeepAlive { idle_seconds: 32_768 };
    assert_eq!(world.set_option(server, too_long), Err(Errno::EINVAL));
}

#[test]
fn a_place_is_used_again_under_a_new_generation() {
    let mut world = world();
    let (old, _) = listen(&mut world, "127.0.0.1:0", 1);
    assert_eq!(old, Device { index: 3, generation: 0 });
    assert_eq!(world.is_readable(old), Ok(false));
    assert_eq!(world.stats().registrations, 1);
    world.close(old);
    let (new, _) = listen(&mut world, "127.0.0.1:0", 1);
    assert_eq!(new, Device { index: 3, generation: 1 });
    assert_eq!(world.is_readable(old), Err(Errno::EBADF));
    world.close(old);
    assert_eq!(world.stats(), HardwareStats { sockets: 1, ..HardwareStats::default() });
}
