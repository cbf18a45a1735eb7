//! Sockets: what is sent, how connections begin and end, and what the poller is told of them.

use super::*;
use std::net::Ipv6Addr;
use yieldix_kernel::hardware::host::EVENTS_MAX;
use yieldix_syscalls::Shutdown;

#[test]
fn every_size_comes_back_as_it_was_sent() {
    let mut host = host();
    let (client, server) = connected_pair(&mut host);
    for size in [1, 2, 4096, 65_535, 65_536, 65_537, 1 << 20] {
        let sent: Vec<u8> = (0..size).map(|i: usize| (i % 251) as u8).collect();
        let (mut sent_count, mut echo, mut received) = (0, Vec::new(), Vec::new());
        while received.len() < size {
            let mut has_moved = false;
            if let Ok(count) = host.try_write(client, &sent[sent_count..]) {
                sent_count += count;
                has_moved |= count > 0;
            }
            if let Ok(Received { data, .. }) = host.try_read(server, 1 << 20) {
                echo.extend_from_slice(&data);
                has_moved = true;
            }
            if !echo.is_empty()
                && let Ok(count) = host.try_write(server, &echo)
            {
                echo.drain(..count);
                has_moved = true;
            }
            if let Ok(Received { data, .. }) = host.try_read(client, 1 << 20) {
                received.extend_from_slice(&data);
                has_moved = true;
            }
            if !has_moved {
                assert!(!interrupts(&mut host, PATIENCE).is_empty(), "an interrupt was owed");
            }
        }
        assert_eq!(received, sent);
    }
}

#[test]
fn a_read_takes_no_more_than_it_asked_for() {
    let mut host = host();
    let (client, server) = connected_pair(&mut host);
    assert_eq!(host.try_read(server, 1).unwrap_err(), Errno::EAGAIN);
    host.try_write(client, b"hello").unwrap();
    let read = wait(&mut host, |host| host.try_read(server, 2)).unwrap();
    assert_eq!((&*read.data, read.drained), (&b"he"[..], false));
    assert_eq!(&*host.try_read(server, 100).unwrap().data, b"llo");
}

#[test]
fn an_end_that_comes_with_its_data_is_not_lost() {
    let mut host = host();
    let (device, mut peer) = connected_to_std(&mut host);
    assert_eq!(host.try_read(device, 100).unwrap_err(), Errno::EAGAIN);
    peer.write_all(b"last words").unwrap();
    drop(peer);
    interrupts(&mut host, PATIENCE);
    let received = read_to_end(&mut host, device);
    assert_eq!(received, b"last words");
}

#[test]
fn an_end_that_comes_after_a_drained_read_interrupts() {
    let mut host = host();
    let (device, mut peer) = connected_to_std(&mut host);
    peer.write_all(b"x").unwrap();
    wait(&mut host, |host| host.try_read(device, 100)).unwrap();
    assert_eq!(host.try_read(device, 100).unwrap_err(), Errno::EAGAIN);
    peer.write_all(b"y").unwrap();
    let read = wait(&mut host, |host| host.try_read(device, 100)).unwrap();
    assert_eq!(read.drained, cfg!(all(target_os = "linux", not(feature = "portable-poller"))));
    interrupts(&mut host, Duration::ZERO);
    drop(peer);
    assert!(interrupts(&mut host, PATIENCE).iter().any(|i| is_ready_to_read(i, device)));
    assert!(host.try_read(device, 100).unwrap().data.is_empty());
}

/// A read stops short before urgent data, and no event follows for what is behind it.
#[test]
fn what_is_behind_urgent_data_is_not_lost() {
    use rustix::net::{SendFlags, send};
    for is_told_before in [false, true] {
        let mut host = host();
        let (device, mut peer) = connected_to_std(&mut host);
        assert_eq!(host.try_read(device, 100).unwrap_err(), Errno::EAGAIN);
        interrupts(&mut host, Duration::ZERO);
        peer.write_all(b"before").unwrap();
        send(&peer, b"!", SendFlags::OOB).unwrap();
        peer.write_all(b"after").unwrap();
        if is_told_before {
            interrupts(&mut host, PATIENCE);
        }
        let mut received = Vec::new();
        while received != b"beforeafter" {
            let read = wait(&mut host, |host| host.try_read(device, 100)).unwrap();
            received.extend_from_slice(&read.data);
            if read.drained && received != b"beforeafter" {
                assert!(!interrupts(&mut host, PATIENCE).is_empty(), "an interrupt was owed");
            }
        }
    }
}

/// The notifier is armed again by a wait of its own, which takes the events of others that did not
/// fit into the first.
#[test]
fn ends_that_come_with_a_wake_and_many_others_are_not_lost() {
    let mut host = host();
    let listener = TcpListener::bind(LOOPBACK).unwrap();
    let mut connections: Vec<_> = (0..EVENTS_MAX + 10).map(|_| connect_to_std(&mut host, &listener)).collect();
    for (device, _) in &connections {
        assert_eq!(host.try_read(*device, 100).unwrap_err(), Errno::EAGAIN);
    }
    interrupts(&mut host, Duration::ZERO);
    host.waker()();
    for (_, peer) in &mut connections {
        peer.write_all(b"x").unwrap();
        peer.shutdown(std::net::Shutdown::Both).unwrap();
    }
    // All are told of before any is read: the marks of each must last.
    while !interrupts(&mut host, Duration::ZERO).is_empty() {}
    for (device, _) in connections {
        let read = host.try_read(device, 100).unwrap();
        assert_eq!((&*read.data, read.drained), (&b"x"[..], false));
        assert!(host.try_read(device, 100).unwrap().data.is_empty());
        close_at_once(&mut host, device);
    }
}

#[test]
fn a_refused_connect_says_so_however_often_it_is_asked() {
    let mut host = host();
    // Taken and given back: nobody listens there.
    let address = TcpListener::bind(LOOPBACK).unwrap().local_addr().unwrap();
    let ended = host.connect(address).and_then(|device| {
        let ended = wait(&mut host, |host| host.connected(device));
        assert_eq!(host.connected(device), ended);
        ended
    });
    assert_eq!(ended, Err(Errno::ECONNREFUSED));
}

#[test]
fn a_connect_that_is_not_decided_says_eagain() {
    let mut host = host();
    // A full backlog leaves the connect undecided: its SYN is not answered.
    let listener = host.listen(LOOPBACK, 0).unwrap();
    let address = host.local_addr(listener).unwrap();
    let undecided = (0..16).find_map(|_| {
        let device = host.connect(address).unwrap();
        interrupts(&mut host, Duration::ZERO);
        (host.connected(device) == Err(Errno::EAGAIN)).then_some(device)
    });
    let undecided = undecided.expect("a backlog of nothing holds less than sixteen");
    // Room in the backlog decides it, and interrupts.
    loop {
        while host.try_accept(listener).is_ok() {}
        if host.connected(undecided).is_ok() {
            break;
        }
        assert!(!interrupts(&mut host, PATIENCE).is_empty(), "an interrupt was owed");
    }
}

#[test]
fn a_reset_is_econnreset() {
    let mut host = host();
    let (client, server) = connected_pair(&mut host);
    assert_eq!(host.try_read(server, 1).unwrap_err(), Errno::EAGAIN);
    host.set_option(client, SocketOption::Linger(Some(0))).unwrap();
    host.close(client);
    assert_eq!(wait(&mut host, |host| host.try_read(server, 1)).unwrap_err(), Errno::ECONNRESET);
}

#[test]
fn writing_to_who_has_gone_is_epipe_and_no_signal() {
    let mut host = host();
    let (client, server) = connected_pair(&mut host);
    host.shutdown(client, Shutdown::Write).unwrap();
    assert_eq!(host.try_write(client, b"x"), Err(Errno::EPIPE));
    assert!(wait(&mut host, |host| host.try_read(server, 1)).unwrap().data.is_empty());
}

#[test]
fn a_full_socket_says_eagain_and_then_that_it_is_writable() {
    let mut host = host();
    let (client, server) = connected_pair(&mut host);
    let data = vec![7; 1 << 20];
    let mut sent = 0;
    loop {
        match host.try_write(client, &data) {
            Ok(count) => sent += count,
            Err(errno) => break assert_eq!(errno, Errno::EAGAIN),
        }
    }
    assert!(!host.is_writable(client).unwrap());
    let mut received = 0;
    while received < sent {
        received += wait(&mut host, |host| host.try_read(server, 1 << 20)).unwrap().data.len();
    }
    let mut is_told = false;
    while !is_told {
        let happened = interrupts(&mut host, PATIENCE);
        assert!(!happened.is_empty(), "an interrupt was owed");
        is_told = happened.iter().any(|i| is_ready_to_write(i, client));
    }
    assert!(host.is_writable(client).unwrap());
}

#[test]
fn a_short_write_owes_an_interrupt() {
    let mut host = host();
    let (client, server) = connected_pair(&mut host);
    let data = vec![7; 64 << 20];
    let sent = host.try_write(server, &data).unwrap();
    assert!(sent < data.len());
    let mut received = 0;
    let mut is_told = false;
    while received < sent || !is_told {
        match host.try_read(client, 1 << 20) {
            Ok(Received { data, .. }) => received += data.len(),
            Err(errno) => {
                assert_eq!(errno, Errno::EAGAIN);
                let happened = interrupts(&mut host, PATIENCE);
                assert!(!happened.is_empty(), "an interrupt was owed");
                is_told |= happened.iter().any(|i| is_ready_to_write(i, server));
            }
        }
    }
}

#[test]
fn is_readable_waits_for_data_and_takes_none() {
    let mut host = host();
    let (device, mut peer) = connected_to_std(&mut host);
    assert!(!host.is_readable(device).unwrap());
    peer.write_all(b"x").unwrap();
    assert!(interrupts(&mut host, PATIENCE).iter().any(|i| is_of(i, device)));
    while !host.is_readable(device).unwrap() {
        assert!(!interrupts(&mut host, PATIENCE).is_empty());
    }
    assert_eq!(&*host.try_read(device, 9).unwrap().data, b"x");
}

#[test]
fn a_closed_socket_is_told_of_no_more_and_is_ebadf() {
    let mut host = host();
    let (device, mut peer) = connected_to_std(&mut host);
    assert_eq!(host.try_read(device, 1).unwrap_err(), Errno::EAGAIN);
    peer.write_all(b"too late").unwrap();
    host.close(device);
    host.close(device);
    assert!(!interrupts(&mut host, SILENCE).iter().any(|i| is_of(i, device)));
    assert_eq!(host.try_read(device, 1).unwrap_err(), Errno::EBADF);
    assert_eq!(host.try_write(device, b"x"), Err(Errno::EBADF));
    assert_eq!(host.is_readable(device), Err(Errno::EBADF));
    assert_eq!(host.local_addr(device), Err(Errno::EBADF));
    assert_eq!(host.stats().sockets, 0);
}

#[test]
fn a_place_that_is_used_again_gets_nothing_of_its_former_socket() {
    let mut host = host();
    let (old, mut peer) = connected_to_std(&mut host);
    assert_eq!(host.try_read(old, 1).unwrap_err(), Errno::EAGAIN);
    interrupts(&mut host, Duration::ZERO);
    // The event is with the poller when the socket is closed and its place taken.
    peer.write_all(b"for the former").unwrap();
    host.close(old);
    let listener = host.listen(LOOPBACK, 1).unwrap();
    assert_eq!(listener.index, old.index);
    assert_ne!(listener.generation, old.generation);
    let happened = interrupts(&mut host, SILENCE);
    assert!(happened.is_empty(), "{happened:?}");
    assert_eq!(host.try_read(old, 1).unwrap_err(), Errno::EBADF);
}

/// Linux keeps a registration while any descriptor of the socket lives, in a child process for
/// instance, and goes on to report what it was registered with.
#[test]
#[cfg(target_os = "linux")]
fn an_event_of_a_socket_that_outlives_its_close_reaches_nobody() {
    let mut host = host();
    let (old, mut peer) = connected_to_std(&mut host);
    assert_eq!(host.try_read(old, 1).unwrap_err(), Errno::EAGAIN);
    let _other_descriptor = duplicate(host.local_addr(old).unwrap());
    host.close(old);
    let listener = host.listen(LOOPBACK, 1).unwrap();
    assert_eq!(listener.index, old.index);
    peer.write_all(b"for the former").unwrap();
    let happened = interrupts(&mut host, SILENCE);
    assert!(happened.is_empty(), "{happened:?}");
}

/// Another descriptor of the socket with this address.
#[cfg(target_os = "linux")]
fn duplicate(address: SocketAddr) -> std::os::fd::OwnedFd {
    use rustix::process::{PidfdFlags, PidfdGetfdFlags, getpid, pidfd_getfd, pidfd_open};
    let process = pidfd_open(getpid(), PidfdFlags::empty()).unwrap();
    std::fs::read_dir("/proc/self/fd")
        .unwrap()
        .filter_map(|entry| entry.unwrap().file_name().to_str()?.parse().ok())
        .filter_map(|number| pidfd_getfd(&process, number, PidfdGetfdFlags::empty()).ok())
        .find(|fd| rustix::net::getsockname(fd).is_ok_and(|it| SocketAddr::try_from(it) == Ok(address)))
        .unwrap()
}

#[test]
fn a_socket_is_registered_once_and_only_if_it_has_to_wait() {
    let mut host = host();
    let listener = host.listen(LOOPBACK, 1).unwrap();
    let mut peer = TcpStream::connect(host.local_addr(listener).unwrap()).unwrap();
    peer.write_all(b"x").unwrap();
    let (device, _) = host.try_accept(listener).unwrap();
    assert_eq!(host.try_read(device, 9).unwrap().data.len(), 1);
    assert_eq!(host.try_write(device, b"x"), Ok(1));
    assert_eq!((host.stats().sockets, host.stats().registrations), (2, 0));
    for _ in 0..10 {
        assert_eq!(host.try_read(device, 9).unwrap_err(), Errno::EAGAIN);
        peer.write_all(b"x").unwrap();
        assert_eq!(wait(&mut host, |host| host.try_read(device, 9)).unwrap().data.len(), 1);
    }
    assert_eq!(host.stats().registrations, 1);
    assert_eq!(host.try_accept(listener).unwrap_err(), Errno::EAGAIN);
    assert_eq!(host.stats().registrations, 2);
    host.close(device);
    host.close(listener);
    assert_eq!(host.stats().registrations, 0);
}

#[test]
fn an_ipv6_wildcard_takes_both_families() {
    let mut host = host();
    let listener = match host.listen((Ipv6Addr::UNSPECIFIED, 0).into(), 16) {
        Ok(listener) => listener,
        Err(Errno::EAFNOSUPPORT | Errno::EADDRNOTAVAIL) => return eprintln!("skipped: this host has no IPv6"),
        Err(errno) => panic!("{errno}"),
    };
    let port = host.local_addr(listener).unwrap().port();
    for address in [SocketAddr::from((Ipv4Addr::LOCALHOST, port)), (Ipv6Addr::LOCALHOST, port).into()] {
        let client = host.connect(address).unwrap();
        wait(&mut host, |host| host.connected(client)).unwrap();
        let (server, peer) = wait(&mut host, |host| host.try_accept(listener)).unwrap();
        assert_eq!(peer.port(), host.local_addr(client).unwrap().port());
        assert_eq!(host.peer_addr(server).unwrap(), peer);
        assert_eq!(host.peer_addr(client).unwrap(), address);
    }
}

#[test]
fn a_port_is_free_again_as_soon_as_its_listener_is_closed() {
    let mut host = host();
    let listener = host.listen(LOOPBACK, 16).unwrap();
    let address = host.local_addr(listener).unwrap();
    let client = host.connect(address).unwrap();
    let (server, _) = wait(&mut host, |host| host.try_accept(listener)).unwrap();
    assert_eq!(host.listen(address, 16).unwrap_err(), Errno::EADDRINUSE);
    // The server closes first, so its end of the connection lingers on the port.
    host.close(server);
    host.close(listener);
    host.close(client);
    host.listen(address, 16).unwrap();
}

#[test]
fn an_aborted_connection_does_not_stop_accept() {
    let mut host = host();
    let listener = host.listen(LOOPBACK, 16).unwrap();
    let address = host.local_addr(listener).unwrap();
    assert_eq!(host.try_accept(listener).unwrap_err(), Errno::EAGAIN);
    let gone = host.connect(address).unwrap();
    wait(&mut host, |host| host.connected(gone)).unwrap();
    host.set_option(gone, SocketOption::Linger(Some(0))).unwrap();
    host.close(gone);
    let client = host.connect(address).unwrap();
    wait(&mut host, |host| host.connected(client)).unwrap();
    let client_address = host.local_addr(client).unwrap();
    // Some hosts pass the aborted one on, with an error at its first read; none passes an errno.
    while wait(&mut host, |host| host.try_accept(listener)).unwrap().1 != client_address {}
}

#[test]
fn options_are_taken() {
    let mut host = host();
    let (client, _) = connected_pair(&mut host);
    for option in [
        SocketOption::NoDelay(true),
        SocketOption::KeepAlive { idle_seconds: 30 },
        SocketOption::KeepAlive { idle_seconds: 0 },
        SocketOption::Linger(Some(1)),
        SocketOption::Linger(None),
    ] {
        assert_eq!(host.set_option(client, option), Ok(()), "{option:?}");
    }
    assert_eq!(host.set_option(Device::STDOUT, SocketOption::NoDelay(true)), Err(Errno::ENOTSOCK));
}

/// A client that is closed with more in it than its peer has room for, and does not read.
fn closed_full(host: &mut Host, linger: Option<u32>) -> (SocketAddr, TcpStream) {
    let (device, peer) = connected_to_std(host);
    host.set_option(device, SocketOption::Linger(linger)).unwrap();
    while host.try_write(device, &[7; 1 << 16]).is_ok() {}
    let address = host.local_addr(device).unwrap();
    let begin = std::time::Instant::now();
    host.close(device);
    assert!(begin.elapsed() < Duration::from_secs(2), "a close waited");
    assert_eq!(host.stats().sockets, 0);
    (address, peer)
}

#[test]
fn a_close_that_lingers_does_not_wait() {
    let mut host = host();
    let (_, mut peer) = closed_full(&mut host, Some(PATIENCE.as_secs() as u32));
    assert!(peer.read_to_end(&mut Vec::new()).is_ok_and(|count| count > 0), "all of it is sent behind");
}

#[test]
#[cfg(target_os = "linux")]
fn a_close_that_has_lingered_resets() {
    let mut host = host();
    let (address, mut peer) = closed_full(&mut host, Some(1));
    // The host's own table says when it has let go: to ask the peer would move things.
    // By both its ends: another connection may have the same port here.
    let ends = [address, peer.local_addr().unwrap()].map(|end| format!("0100007F:{:04X}", end.port()));
    let is_held = || {
        let table = std::fs::read_to_string("/proc/net/tcp").unwrap();
        table.lines().any(|line| line.split_whitespace().skip(1).take(2).eq(&ends))
    };
    assert!(is_held(), "it lingers");
    let begin = std::time::Instant::now();
    while is_held() {
        assert!(begin.elapsed() < PATIENCE, "it lingers on");
        // Nothing is to happen here: this only lets the host's time pass.
        let until = host.now() + SILENCE;
        host.interrupts(until, &mut Vec::new());
    }
    assert_eq!(peer.read_to_end(&mut Vec::new()).unwrap_err().kind(), std::io::ErrorKind::ConnectionReset);
}

#[test]
fn two_thousand_connections_are_all_served() {
    const COUNT: usize = 2000;
    let mut host = host();
    let listener = host.listen(LOOPBACK, COUNT as u32).unwrap();
    let address = host.local_addr(listener).unwrap();
    let mut servers = Vec::new();
    let clients: Vec<Device> = (0..COUNT)
        .map(|_| {
            let client = host.connect(address).unwrap();
            let (server, _) = wait(&mut host, |host| host.try_accept(listener)).unwrap();
            servers.push(server);
            client
        })
        .collect();
    for &server in &servers {
        assert_eq!(host.try_read(server, 8).unwrap_err(), Errno::EAGAIN);
    }
    for &client in &clients {
        wait(&mut host, |host| host.connected(client)).unwrap();
        assert_eq!(host.try_write(client, b"x"), Ok(1));
    }
    let mut read_count = 0;
    while read_count < COUNT {
        let happened = interrupts(&mut host, PATIENCE);
        assert!(!happened.is_empty(), "only {read_count} were told of");
        for interrupt in happened {
            if let Interrupt::Ready { device, readable: true, .. } = interrupt
                && host.try_read(device, 8).is_ok()
            {
                read_count += 1;
            }
        }
    }
    assert_eq!(host.stats().sockets as usize, 2 * COUNT + 1);
    for device in clients.into_iter().chain(servers) {
        close_at_once(&mut host, device);
    }
    host.close(listener);
    assert_eq!((host.stats().sockets, host.stats().registrations), (0, 0));
}

#[test]
fn dropping_the_host_closes_its_connections() {
    let mut host = host();
    let (_device, mut peer) = connected_to_std(&mut host);
    drop(host);
    assert_eq!(peer.read(&mut [0]).unwrap(), 0);
}
