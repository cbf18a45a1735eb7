//! Connections and their listeners.

use crate::bench::{Bench, Direction, PATIENCE, SILENCE, done, pattern};
use yieldix_kernel::hardware::Hardware;
use yieldix_syscalls::{Errno, Shutdown, SocketOption};

contract! {
    bytes_of_any_length_come_back_from_an_echo,
    the_end_comes_after_the_data,
    a_half_that_is_shut_leaves_the_other_open,
    a_connect_to_nobody_is_refused,
    a_closed_device_is_bad_for_good,
    a_new_device_is_not_mistaken_for_an_old_one,
    a_drained_stream_interrupts_when_bytes_come,
    a_full_stream_interrupts_when_there_is_room,
    a_closed_device_gets_no_interrupt,
    a_listener_interrupts_when_somebody_connects,
    a_reset_is_told_after_the_data,
    a_write_after_a_reset_fails,
    both_ends_know_each_other_by_address,
    an_address_in_use_is_refused,
    options_can_be_set,
    sockets_are_counted,
}

fn bytes_of_any_length_come_back_from_an_echo<H: Hardware>(mut bench: Bench<H>) {
    let (client, server) = bench.pair();
    for length in [1, 2, 7, 64, 1000, 4096, 65_536, 100_000, 1 << 20] {
        let sent = pattern(length);
        let mut unsent = &sent[..];
        let mut echoed: Vec<u8> = Vec::new();
        let mut unechoed = Vec::new();
        // One thread is both ends, so each round does what can be done and then waits for any.
        while echoed.len() < length {
            let mut has_moved = false;
            if !unsent.is_empty()
                && let Some(count) = done(bench.hardware.try_write(client, unsent))
            {
                unsent = &unsent[count..];
                has_moved = true;
            }
            if let Some(received) = done(bench.hardware.try_read(server, 8192)) {
                assert!(!received.data.is_empty());
                unechoed.extend_from_slice(&received.data);
                has_moved = true;
            }
            if !unechoed.is_empty()
                && let Some(count) = done(bench.hardware.try_write(server, &unechoed))
            {
                unechoed.drain(..count);
                has_moved = true;
            }
            if let Some(received) = done(bench.hardware.try_read(client, 8192)) {
                assert!(!received.data.is_empty());
                echoed.extend_from_slice(&received.data);
                has_moved = true;
            }
            if !has_moved {
                bench.ready.clear();
                let deadline = bench.hardware.now() + PATIENCE;
                bench.interrupts(deadline);
                assert!(!bench.ready.is_empty(), "both ends wait and nothing comes");
            }
        }
        assert!(echoed == sent, "{length} bytes came back changed");
    }
}

fn the_end_comes_after_the_data<H: Hardware>(mut bench: Bench<H>) {
    let (client, server) = bench.pair();
    bench.write_all(client, b"last words").expect("room");
    bench.hardware.close(client);
    assert_eq!(bench.read_all(server), Ok(b"last words".to_vec()));
    assert!(bench.read(server, 1).expect("the end stays").data.is_empty());
    assert_eq!(bench.hardware.is_readable(server), Ok(true));
}

fn a_half_that_is_shut_leaves_the_other_open<H: Hardware>(mut bench: Bench<H>) {
    let (client, server) = bench.pair();
    bench.write_all(client, b"question").expect("room");
    bench.hardware.shutdown(client, Shutdown::Write).expect("connected");
    assert_eq!(bench.hardware.try_write(client, b"x"), Err(Errno::EPIPE));
    assert_eq!(bench.read_all(server), Ok(b"question".to_vec()));
    bench.write_all(server, b"answer").expect("the other half is open");
    bench.hardware.close(server);
    assert_eq!(bench.read_all(client), Ok(b"answer".to_vec()));
}

fn a_connect_to_nobody_is_refused<H: Hardware>(mut bench: Bench<H>) {
    let (listener, address) = bench.listen();
    bench.hardware.close(listener);
    assert_eq!(bench.connect(address), Err(Errno::ECONNREFUSED));
}

fn a_closed_device_is_bad_for_good<H: Hardware>(mut bench: Bench<H>) {
    let (client, _server) = bench.pair();
    bench.hardware.close(client);
    let hardware = &mut bench.hardware;
    assert_eq!(hardware.try_read(client, 1).map(|_| ()), Err(Errno::EBADF));
    assert_eq!(hardware.try_write(client, b"x"), Err(Errno::EBADF));
    assert_eq!(hardware.is_readable(client), Err(Errno::EBADF));
    assert_eq!(hardware.is_writable(client), Err(Errno::EBADF));
    assert_eq!(hardware.try_accept(client), Err(Errno::EBADF));
    assert_eq!(hardware.connected(client), Err(Errno::EBADF));
    assert_eq!(hardware.shutdown(client, Shutdown::Both), Err(Errno::EBADF));
    assert_eq!(hardware.local_addr(client), Err(Errno::EBADF));
    assert_eq!(hardware.peer_addr(client), Err(Errno::EBADF));
    assert_eq!(hardware.set_option(client, SocketOption::NoDelay(true)), Err(Errno::EBADF));
    hardware.close(client);
}

fn a_new_device_is_not_mistaken_for_an_old_one<H: Hardware>(mut bench: Bench<H>) {
    let (old, _) = bench.listen();
    bench.hardware.close(old);
    let (new, _) = bench.listen();
    assert_ne!(old, new);
    assert!(!new.is_console());
    bench.hardware.close(old);
    assert!(bench.hardware.local_addr(new).is_ok(), "closing the old one again leaves the new one alone");
    assert_eq!(bench.hardware.local_addr(old), Err(Errno::EBADF));
}

fn a_drained_stream_interrupts_when_bytes_come<H: Hardware>(mut bench: Bench<H>) {
    let (client, server) = bench.pair();
    for word in [&b"one"[..], b"two", b"three"] {
        assert_eq!(bench.hardware.is_readable(server), Ok(false));
        bench.write_all(client, word).expect("room");
        bench.wait(server, Direction::Read);
        assert_eq!(bench.hardware.is_readable(server), Ok(true));
        let received = bench.read(server, 100).expect("a word");
        assert_eq!(&*received.data, word);
        // Drained or not, the next "not now" is owed an interrupt as well.
        if received.drained {
            bench.ready.clear();
            bench.write_all(client, b"more").expect("room");
            bench.wait(server, Direction::Read);
            assert_eq!(&*bench.read(server, 100).expect("more").data, b"more");
        }
        let drained = bench.hardware.try_read(server, 1).map(|_| ());
        assert_eq!(drained, Err(Errno::EAGAIN));
    }
}

fn a_full_stream_interrupts_when_there_is_room<H: Hardware>(mut bench: Bench<H>) {
    let (client, server) = bench.pair();
    let mut filled = bench.fill(client);
    // What is under way to the peer may make a little room yet.
    bench.pass(SILENCE);
    filled += bench.fill(client);
    assert_eq!(bench.hardware.is_writable(client), Ok(false));
    bench.ready.clear();
    let mut read = 0;
    while read < filled {
        read += bench.read(server, 1 << 16).expect("what was written").data.len();
    }
    bench.wait(client, Direction::Write);
    assert_eq!(bench.hardware.is_writable(client), Ok(true));
    assert!(bench.hardware.try_write(client, b"x").is_ok());
}

fn a_closed_device_gets_no_interrupt<H: Hardware>(mut bench: Bench<H>) {
    let (client, server) = bench.pair();
    assert_eq!(bench.hardware.is_readable(server), Ok(false));
    bench.write_all(client, b"too late").expect("room");
    bench.hardware.close(server);
    bench.ready.clear();
    bench.pass(SILENCE);
    assert!(bench.ready.iter().all(|(device, _)| *device != server));
}

fn a_listener_interrupts_when_somebody_connects<H: Hardware>(mut bench: Bench<H>) {
    let (listener, address) = bench.listen();
    for _ in 0..3 {
        assert_eq!(bench.hardware.is_readable(listener), Ok(false));
        assert_eq!(bench.hardware.try_accept(listener), Err(Errno::EAGAIN));
        let client = bench.connect(address).expect("somebody listens");
        bench.wait(listener, Direction::Read);
        assert_eq!(bench.hardware.is_readable(listener), Ok(true));
        let (_, peer) = bench.hardware.try_accept(listener).expect("a connection");
        assert_eq!(bench.hardware.local_addr(client), Ok(peer));
    }
}

fn a_reset_is_told_after_the_data<H: Hardware>(mut bench: Bench<H>) {
    let (client, server) = bench.pair();
    assert_eq!(bench.hardware.is_readable(server), Ok(false));
    bench.write_all(client, b"abc").expect("room");
    bench.wait(server, Direction::Read);
    bench.hardware.set_option(client, SocketOption::Linger(Some(0))).expect("a stream");
    bench.hardware.close(client);
    bench.pass(SILENCE);
    assert_eq!(&*bench.read(server, 10).expect("what had come").data, b"abc");
    assert_eq!(bench.read(server, 10).map(|_| ()), Err(Errno::ECONNRESET));
}

fn a_write_after_a_reset_fails<H: Hardware>(mut bench: Bench<H>) {
    let (client, server) = bench.pair();
    bench.write_all(server, b"never read").expect("room");
    assert!(bench.hardware.is_readable(client).is_ok());
    bench.pass(SILENCE);
    // Closing over unread bytes resets, as Linux has it.
    bench.hardware.close(client);
    bench.pass(SILENCE);
    assert_eq!(bench.hardware.try_write(server, b"x"), Err(Errno::ECONNRESET));
    assert_eq!(bench.hardware.try_write(server, b"x"), Err(Errno::EPIPE));
    assert_eq!(bench.hardware.shutdown(server, Shutdown::Write), Err(Errno::ENOTCONN));
}

fn both_ends_know_each_other_by_address<H: Hardware>(mut bench: Bench<H>) {
    let (client, server) = bench.pair();
    let hardware = &mut bench.hardware;
    assert_eq!(hardware.peer_addr(client), hardware.local_addr(server));
    assert_eq!(hardware.local_addr(client), hardware.peer_addr(server));
    let (listener, _) = bench.listen();
    assert_eq!(bench.hardware.peer_addr(listener), Err(Errno::ENOTCONN));
}

fn an_address_in_use_is_refused<H: Hardware>(mut bench: Bench<H>) {
    let (listener, address) = bench.listen();
    assert_eq!(bench.hardware.listen(address, 1), Err(Errno::EADDRINUSE));
    bench.hardware.close(listener);
    assert!(bench.hardware.listen(address, 1).is_ok(), "free again at once");
}

fn options_can_be_set<H: Hardware>(mut bench: Bench<H>) {
    let (client, _server) = bench.pair();
    for option in [
        SocketOption::NoDelay(true),
        SocketOption::KeepAlive { idle_seconds: 60 },
        SocketOption::KeepAlive { idle_seconds: 0 },
        SocketOption::Linger(Some(0)),
        SocketOption::Linger(None),
    ] {
        assert_eq!(bench.hardware.set_option(client, option), Ok(()), "{option:?}");
    }
}

fn sockets_are_counted<H: Hardware>(mut bench: Bench<H>) {
    assert_eq!(bench.hardware.stats().sockets, 0);
    let (client, server) = bench.pair();
    assert_eq!(bench.hardware.stats().sockets, 2);
    assert_eq!(bench.hardware.is_readable(server), Ok(false));
    assert!((1..=2).contains(&bench.hardware.stats().registrations));
    bench.hardware.close(client);
    bench.hardware.close(server);
    let stats = bench.hardware.stats();
    assert_eq!((stats.sockets, stats.registrations), (0, 0));
}
