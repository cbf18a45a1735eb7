//! The host hardware, seen from the kernel's side: real sockets on the loopback, real pipes.
//!
//! Nothing here sleeps to wait: what is waited for is an interrupt.
#![cfg(unix)]

use std::io::{Read, Write, pipe};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, TcpStream};
use std::os::fd::OwnedFd;
use std::sync::mpsc::channel;
use std::sync::{Arc, Barrier, Once};
use std::time::Duration;
use yieldix_kernel::hardware::MemoryConsole;
use yieldix_kernel::hardware::host::{ConsoleOptions, EVENTS_MAX, Folder, Host, HostOptions, JOB_THREADS, OUTPUT_ROOM};
use yieldix_kernel::hardware::{Device, Hardware, Interrupt, Lost, Received};
use yieldix_kernel::limits::JOBS;
use yieldix_syscalls::{Errno, Shutdown, SocketOption, Time, Value, Work};

/// How long a test waits before it fails.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long it takes for a thing that does not happen.
const SILENCE: Duration = Duration::from_millis(50);

const LOOPBACK: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 0);

fn host() -> Host {
    host_with(ConsoleOptions::Memory(MemoryConsole::default()))
}

fn host_with(console: ConsoleOptions) -> Host {
    raise_descriptor_limit();
    Host::new(HostOptions { console, ..HostOptions::default() }).unwrap()
}

/// All tests share one process, and one of them needs many descriptors.
fn raise_descriptor_limit() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let limit = getrlimit(Resource::Nofile);
        setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit }).unwrap();
    });
}

/// All that happens until something does, or until `span` has passed.
fn interrupts(host: &mut Host, span: Duration) -> Vec<Interrupt> {
    let until = host.now() + span;
    let mut happened = Vec::new();
    loop {
        assert!(host.interrupts(until, &mut happened));
        if !happened.is_empty() || host.now() >= until {
            return happened;
        }
    }
}

/// Tries until the answer is not `EAGAIN`, waiting for interrupts in between. Fails when one is
/// owed and does not come.
fn wait<T>(host: &mut Host, mut attempt: impl FnMut(&mut Host) -> Result<T, Errno>) -> Result<T, Errno> {
    loop {
        match attempt(host) {
            Err(Errno::EAGAIN) => {
                let until = host.now() + PATIENCE;
                let happened = interrupts(host, PATIENCE);
                assert!(!happened.is_empty() && host.now() < until, "an interrupt was owed");
            }
            answer => return answer,
        }
    }
}

/// Two ends of one connection, both of the same host.
fn connected_pair(host: &mut Host) -> (Device, Device) {
    let listener = host.listen(LOOPBACK, 16).unwrap();
    let address = host.local_addr(listener).unwrap();
    let client = host.connect(address).unwrap();
    wait(host, |host| host.connected(client)).unwrap();
    let (server, _) = wait(host, |host| host.try_accept(listener)).unwrap();
    host.close(listener);
    (client, server)
}

/// A connection whose other end is not ours.
fn connected_to_std(host: &mut Host) -> (Device, TcpStream) {
    connect_to_std(host, &TcpListener::bind(LOOPBACK).unwrap())
}

fn connect_to_std(host: &mut Host, listener: &TcpListener) -> (Device, TcpStream) {
    let device = host.connect(listener.local_addr().unwrap()).unwrap();
    wait(host, |host| host.connected(device)).unwrap();
    (device, listener.accept().unwrap().0)
}

/// Makes a close leave nothing behind: a thousand connections that linger would use up the ports of
/// the host for a minute.
fn close_at_once(host: &mut Host, device: Device) {
    host.set_option(device, SocketOption::Linger(Some(0))).unwrap();
    host.close(device);
}

/// Reads all, as one does who believes `drained`: such a reader tries again only when interrupted.
fn read_to_end(host: &mut Host, device: Device) -> Vec<u8> {
    let mut received = Vec::new();
    loop {
        let is_drained = match host.try_read(device, 100) {
            Ok(Received { data, .. }) if data.is_empty() => return received,
            Ok(Received { data, drained }) => {
                received.extend_from_slice(&data);
                drained
            }
            Err(errno) => {
                assert_eq!(errno, Errno::EAGAIN);
                true
            }
        };
        if is_drained {
            let happened = interrupts(host, PATIENCE);
            assert!(happened.iter().any(|i| is_ready_to_read(i, device)), "an interrupt was owed");
        }
    }
}

fn is_ready_to_read(interrupt: &Interrupt, wanted: Device) -> bool {
    matches!(*interrupt, Interrupt::Ready { device, readable: true, .. } if device == wanted)
}

fn is_ready_to_write(interrupt: &Interrupt, wanted: Device) -> bool {
    matches!(*interrupt, Interrupt::Ready { device, writable: true, .. } if device == wanted)
}

fn is_of(interrupt: &Interrupt, wanted: Device) -> bool {
    matches!(*interrupt, Interrupt::Ready { device, .. } if device == wanted)
}

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
fn duplicate(address: SocketAddr) -> OwnedFd {
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
    let port = format!("0100007F:{:04X}", address.port());
    let is_held = || {
        let table = std::fs::read_to_string("/proc/net/tcp").unwrap();
        table.lines().any(|line| line.split_whitespace().nth(1) == Some(&port))
    };
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
fn a_waker_ends_a_wait_from_another_thread_each_time() {
    let mut host = host();
    let waker = host.waker();
    let (ready, is_ready) = std::sync::mpsc::channel();
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

#[cfg(target_os = "linux")]
#[test]
fn news_of_files_is_taken_a_bounded_part_a_look_and_the_next_look_goes_on() {
    use yieldix_kernel::hardware::host::{NEWS_READ, NEWS_READS_MAX};
    /// Bytes of the host's news of a short name.
    const NEWS_BYTES: usize = 32;
    const LOOKS: usize = 5;
    let scratch = std::env::temp_dir().join(format!("yieldix-news-{}", std::process::id()));
    std::fs::create_dir(&scratch).unwrap();
    std::fs::write(scratch.join("watched"), "").unwrap();
    let folders = vec![Folder::open(&scratch).unwrap()];
    let mut host = Host::new(HostOptions { folders, ..HostOptions::default() }).unwrap();
    let watch = host.watch(0, "watched").unwrap();
    wait(&mut host, |host| host.connected(watch)).unwrap();
    for _ in 0..LOOKS * NEWS_READS_MAX * NEWS_READ / NEWS_BYTES / 2 {
        std::fs::write(scratch.join("other"), "").unwrap();
        std::fs::remove_file(scratch.join("other")).unwrap();
    }
    std::fs::write(scratch.join("watched"), "news").unwrap();
    let (mut looks, mut happened, until) = (0, Vec::new(), host.now() + PATIENCE);
    while !happened.iter().any(|i| is_ready_to_read(i, watch)) {
        host.interrupts(until, &mut happened);
        assert!(host.now() < until, "the next look waited, though there was more");
        looks += 1;
    }
    std::fs::remove_dir_all(&scratch).unwrap();
    assert!(looks >= LOOKS, "{looks} looks took all");
    assert_eq!(&*host.try_read(watch, 64).unwrap().data, b"modified\n");
}

#[test]
fn entropy_differs() {
    let mut host = host();
    let (mut one, mut other) = ([0; 32], [0; 32]);
    host.entropy(&mut one).unwrap();
    host.entropy(&mut other).unwrap();
    assert_ne!(one, other);
}

#[test]
fn a_console_in_memory_gives_its_script_and_keeps_what_is_written() {
    let console = MemoryConsole::new().input("typed");
    let mut host = host_with(ConsoleOptions::Memory(console.clone()));
    assert_eq!(&*host.try_read(Device::STDIN, 3).unwrap().data, b"typ");
    assert_eq!(&*host.try_read(Device::STDIN, 3).unwrap().data, b"ed");
    assert!(host.try_read(Device::STDIN, 3).unwrap().data.is_empty());
    assert_eq!(host.try_write(Device::STDOUT, b"out"), Ok(3));
    assert_eq!(host.try_write(Device::STDERR, b"error"), Ok(5));
    assert_eq!((console.stdout(), console.stderr()), (b"out".to_vec(), b"error".to_vec()));
}

#[test]
fn a_console_stream_is_used_in_its_direction_only() {
    let mut host = host();
    assert_eq!(host.try_read(Device::STDOUT, 1).unwrap_err(), Errno::EBADF);
    assert_eq!(host.is_readable(Device::STDERR), Err(Errno::EBADF));
    assert_eq!(host.try_write(Device::STDIN, b"x"), Err(Errno::EBADF));
    assert_eq!(host.try_read(Device { generation: 1, ..Device::STDIN }, 1).unwrap_err(), Errno::EBADF);
    assert_eq!(host.try_accept(Device::STDIN).unwrap_err(), Errno::ENOTSOCK);
    assert_eq!(host.local_addr(Device::STDIN), Err(Errno::ENOTSOCK));
}

/// A host whose console is pipes, and their other ends.
fn host_on_pipes() -> (Host, std::io::PipeWriter, std::io::PipeReader, std::io::PipeReader) {
    let ((input, typist), (reader, output), (error_reader, error)) =
        (pipe().unwrap(), pipe().unwrap(), pipe().unwrap());
    let streams = ConsoleOptions::Streams { input: input.into(), output: output.into(), error: error.into() };
    (host_with(streams), typist, reader, error_reader)
}

#[test]
fn console_input_is_told_of_once_asked_for_and_ends_for_good() {
    let (mut host, mut typist, _output, _error) = host_on_pipes();
    assert_eq!(host.try_read(Device::STDIN, 100).unwrap_err(), Errno::EAGAIN);
    typist.write_all(b"a line\n").unwrap();
    let happened = interrupts(&mut host, PATIENCE);
    assert!(happened.iter().any(|i| is_ready_to_read(i, Device::STDIN)));
    assert_eq!(&*host.try_read(Device::STDIN, 2).unwrap().data, b"a ");
    assert!(host.is_readable(Device::STDIN).unwrap());
    assert_eq!(&*host.try_read(Device::STDIN, 100).unwrap().data, b"line\n");
    assert!(!host.is_readable(Device::STDIN).unwrap());
    drop(typist);
    assert!(wait(&mut host, |host| host.try_read(Device::STDIN, 1)).unwrap().data.is_empty());
    assert!(host.try_read(Device::STDIN, 1).unwrap().data.is_empty(), "a pipe's end is final");
}

#[test]
fn console_input_that_nobody_asked_for_is_not_taken() {
    let (input, mut typist) = pipe().unwrap();
    let mut witness = input.try_clone().unwrap();
    let null = || OwnedFd::from(std::fs::File::create("/dev/null").unwrap());
    let streams = ConsoleOptions::Streams { input: input.into(), output: null(), error: null() };
    let mut host = host_with(streams);
    typist.write_all(b"ab").unwrap();
    assert_eq!(&*wait(&mut host, |host| host.try_read(Device::STDIN, 1)).unwrap().data, b"a");
    assert_eq!(&*wait(&mut host, |host| host.try_read(Device::STDIN, 1)).unwrap().data, b"b");
    typist.write_all(b"for the shell").unwrap();
    assert!(interrupts(&mut host, SILENCE).is_empty());
    drop((host, typist));
    let mut left = Vec::new();
    witness.read_to_end(&mut left).unwrap();
    assert_eq!(left, b"for the shell");
}

#[test]
fn a_terminals_end_is_told_once_and_it_can_be_read_again() {
    let Some((mut keyboard, terminal)) = pseudo_terminal() else {
        return eprintln!("skipped: this host gives no pseudo-terminal");
    };
    let output = terminal.try_clone().unwrap();
    let error = terminal.try_clone().unwrap();
    let mut host = host_with(ConsoleOptions::Streams { input: terminal, output, error });
    keyboard.write_all(&[4]).unwrap();
    assert!(wait(&mut host, |host| host.try_read(Device::STDIN, 9)).unwrap().data.is_empty());
    assert_eq!(host.try_read(Device::STDIN, 9).unwrap_err(), Errno::EAGAIN);
    keyboard.write_all(b"more\n").unwrap();
    assert_eq!(&*wait(&mut host, |host| host.try_read(Device::STDIN, 9)).unwrap().data, b"more\n");
}

/// Its controlling side, and the terminal.
fn pseudo_terminal() -> Option<(std::fs::File, OwnedFd)> {
    use rustix::fs::{Mode, OFlags};
    use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
    let keyboard = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).ok()?;
    grantpt(&keyboard).ok()?;
    unlockpt(&keyboard).ok()?;
    let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC;
    let terminal = rustix::fs::open(ptsname(&keyboard, Vec::new()).ok()?, flags, Mode::empty()).ok()?;
    Some((keyboard.into(), terminal))
}

#[test]
fn console_output_comes_out_in_order_across_both_streams() {
    let (output_reader, output) = pipe().unwrap();
    let error = output.try_clone().unwrap();
    let (input, _typist) = pipe().unwrap();
    let streams = ConsoleOptions::Streams { input: input.into(), output: output.into(), error: error.into() };
    let mut host = host_with(streams);
    let mut expected = String::new();
    for i in 0..200 {
        let line = format!("line {i}\n");
        let device = if i % 3 == 0 { Device::STDERR } else { Device::STDOUT };
        assert_eq!(host.try_write(device, line.as_bytes()), Ok(line.len()));
        expected += &line;
    }
    host.flush(Time::NEVER);
    drop(host);
    let mut written = String::new();
    { output_reader }.read_to_string(&mut written).unwrap();
    assert_eq!(written, expected);
}

/// Writes until nothing more fits, neither into the console nor into the pipe behind it.
fn fill_console(host: &mut Host) -> usize {
    let data = vec![b'x'; OUTPUT_ROOM + 1];
    let mut written = host.try_write(Device::STDOUT, &data).unwrap();
    assert_eq!(written, OUTPUT_ROOM, "a write takes what fits");
    let mut refused_count = 0;
    while refused_count < 3 {
        match host.try_write(Device::STDOUT, &data) {
            Ok(count) => (written, refused_count) = (written + count, 0),
            Err(errno) => {
                assert_eq!(errno, Errno::EAGAIN);
                refused_count += usize::from(interrupts(host, SILENCE).is_empty());
            }
        }
    }
    written
}

#[test]
fn each_console_stream_gets_its_own() {
    let (mut host, _typist, mut reader, mut error_reader) = host_on_pipes();
    for _ in 0..100 {
        host.try_write(Device::STDOUT, b"o").unwrap();
        host.try_write(Device::STDERR, b"e").unwrap();
    }
    drop(host);
    let (mut output, mut error) = (String::new(), String::new());
    reader.read_to_string(&mut output).unwrap();
    error_reader.read_to_string(&mut error).unwrap();
    assert_eq!((output, error), ("o".repeat(100), "e".repeat(100)));
}

#[test]
fn a_full_console_says_eagain_and_then_that_it_is_writable() {
    let (mut host, _typist, mut reader, _error) = host_on_pipes();
    let mut written = fill_console(&mut host);
    let thread = std::thread::spawn(move || {
        let mut read = Vec::new();
        reader.read_to_end(&mut read).unwrap();
        read.len()
    });
    let happened = interrupts(&mut host, PATIENCE);
    assert!(happened.iter().any(|i| is_ready_to_write(i, Device::STDOUT)));
    assert!(host.is_writable(Device::STDOUT).unwrap());
    written += host.try_write(Device::STDOUT, b"the end").unwrap();
    host.flush(Time::NEVER);
    drop(host);
    assert_eq!(thread.join().unwrap(), written);
}

#[test]
fn who_asks_a_full_console_for_room_is_told_of_it() {
    let (mut host, _typist, mut reader, _error) = host_on_pipes();
    let mut full_count = 0;
    while full_count < 3 {
        if host.is_writable(Device::STDOUT).unwrap() {
            // What fills it to the last byte is taken whole, and owes nothing itself.
            assert_eq!(host.try_write(Device::STDOUT, &[b'x'; 4096]), Ok(4096));
            full_count = 0;
        } else {
            full_count += usize::from(interrupts(&mut host, SILENCE).is_empty());
        }
    }
    let thread = std::thread::spawn(move || reader.read_to_end(&mut Vec::new()).unwrap());
    assert!(!interrupts(&mut host, PATIENCE).is_empty(), "an interrupt was owed");
    assert!(host.is_writable(Device::STDOUT).unwrap());
    drop(host);
    thread.join().unwrap();
}

#[test]
fn a_stream_that_failed_keeps_its_errno_and_spares_the_other() {
    let (mut host, _typist, reader, mut error_reader) = host_on_pipes();
    drop(reader);
    assert_eq!(host.try_write(Device::STDOUT, b"lost"), Ok(4));
    assert_eq!(host.flush(Time::NEVER), [Lost { device: Device::STDOUT, bytes: 4, errno: Errno::EPIPE }]);
    assert_eq!((host.flush(Time::NEVER), host.stats().output_lost), (Vec::new(), 0), "told once, and missed by nobody");
    assert_eq!(host.try_write(Device::STDOUT, b"x"), Err(Errno::EPIPE));
    assert_eq!(host.is_writable(Device::STDOUT), Ok(true));
    assert_eq!(host.try_write(Device::STDERR, b"alive"), Ok(5));
    host.flush(Time::NEVER);
    drop(host);
    let mut written = Vec::new();
    error_reader.read_to_end(&mut written).unwrap();
    assert_eq!(written, b"alive");
}

#[test]
fn a_flush_gives_up_at_its_moment_and_loses_what_is_not_out() {
    let (mut host, _typist, mut reader, _error) = host_on_pipes();
    let written = fill_console(&mut host);
    let until = host.now() + SILENCE;
    let lost = host.flush(until);
    assert!(host.now() >= until);
    let [Lost { device: Device::STDOUT, bytes, errno: Errno::ETIMEDOUT }] = lost[..] else { panic!("{lost:?}") };
    assert_eq!(host.stats().output_lost, bytes);
    assert_eq!(host.try_write(Device::STDERR, b"x"), Err(Errno::ETIMEDOUT), "it takes nothing more");
    assert_eq!(host.flush(until), []);
    drop(host);
    assert_eq!(reader.read_to_end(&mut Vec::new()).unwrap(), written - bytes as usize);
}

#[test]
fn what_happens_during_a_flush_is_told_after_it() {
    let (mut host, _typist, mut reader, _error) = host_on_pipes();
    let (device, mut peer) = connected_to_std(&mut host);
    assert_eq!(host.try_read(device, 1).unwrap_err(), Errno::EAGAIN);
    interrupts(&mut host, Duration::ZERO);
    host.try_write(Device::STDOUT, &[b'x'; OUTPUT_ROOM]).unwrap();
    let thread = std::thread::spawn(move || {
        peer.write_all(b"x").unwrap();
        reader.read_to_end(&mut Vec::new()).unwrap()
    });
    assert_eq!(host.flush(Time::NEVER), []);
    assert!(interrupts(&mut host, PATIENCE).iter().any(|i| is_ready_to_read(i, device)));
    drop(host);
    assert_eq!(thread.join().unwrap(), OUTPUT_ROOM);
}

#[test]
fn a_writer_who_waits_learns_that_the_reader_has_gone() {
    let (mut host, _typist, reader, _error) = host_on_pipes();
    fill_console(&mut host);
    drop(reader);
    assert_eq!(wait(&mut host, |host| host.try_write(Device::STDOUT, b"x")), Err(Errno::EPIPE));
}

#[test]
fn who_asks_whether_all_is_out_is_told_when_it_is_or_cannot_be() {
    let (mut host, _typist, mut reader, _error) = host_on_pipes();
    assert_eq!(host.try_sync(Device::STDOUT), Ok(()), "nothing was written");
    let written = fill_console(&mut host);
    assert_eq!(host.try_sync(Device::STDOUT), Err(Errno::EAGAIN));
    assert_eq!(host.try_sync(Device::STDERR), Ok(()), "each stream has its own");
    assert_eq!(host.try_sync(Device::STDIN), Err(Errno::EBADF));
    let mut first = vec![0; written];
    let thread = std::thread::spawn(move || {
        reader.read_exact(&mut first).unwrap();
        reader
    });
    assert_eq!(wait(&mut host, |host| host.try_sync(Device::STDOUT)), Ok(()));
    let reader = thread.join().unwrap();
    fill_console(&mut host);
    assert_eq!(host.try_sync(Device::STDOUT), Err(Errno::EAGAIN));
    drop(reader);
    assert_eq!(wait(&mut host, |host| host.try_sync(Device::STDOUT)), Err(Errno::EPIPE));
}

#[test]
fn dropping_the_host_hangs_neither_on_a_full_output_nor_on_a_silent_input() {
    let (mut host, _typist, _reader, _error) = host_on_pipes();
    assert_eq!(host.try_read(Device::STDIN, 1).unwrap_err(), Errno::EAGAIN);
    assert_eq!(host.try_write(Device::STDOUT, &vec![b'x'; OUTPUT_ROOM]), Ok(OUTPUT_ROOM));
    let begin = std::time::Instant::now();
    drop(host);
    assert!(begin.elapsed() < yieldix_kernel::hardware::host::STOP_PATIENCE, "a thread had to be left behind");
}

#[test]
fn output_that_was_not_flushed_still_goes_where_it_is_taken_at_once() {
    let (mut host, _typist, mut reader, _error) = host_on_pipes();
    host.try_write(Device::STDOUT, b"last words").unwrap();
    drop(host);
    let mut written = Vec::new();
    reader.read_to_end(&mut written).unwrap();
    assert_eq!(written, b"last words");
}

#[test]
fn dropping_the_host_closes_its_connections() {
    let mut host = host();
    let (_device, mut peer) = connected_to_std(&mut host);
    drop(host);
    assert_eq!(peer.read(&mut [0]).unwrap(), 0);
}

fn offload<T: Send + 'static>(host: &mut Host, work: impl FnOnce() -> T + Send + 'static) -> Result<Device, Errno> {
    host.offload(Box::new(Work::new(work))).map_err(|(errno, _)| errno)
}

#[test]
fn as_many_jobs_as_there_are_threads_run_side_by_side() {
    let mut host = host();
    let all = Arc::new(Barrier::new(JOB_THREADS));
    let jobs = [(); JOB_THREADS].map(|()| {
        let all = Arc::clone(&all);
        offload(&mut host, move || all.wait().is_leader()).unwrap()
    });
    let leaders = jobs.map(|job| {
        let outcome = wait(&mut host, |host| host.try_take(job)).unwrap();
        outcome.unwrap().downcast::<bool>().unwrap()
    });
    assert_eq!(leaders.iter().filter(|is_leader| **is_leader).count(), 1);
}

#[test]
fn work_that_never_ends_keeps_its_thread_and_neither_the_others_nor_the_host() {
    let mut host = host();
    let (end, never) = channel::<()>();
    offload(&mut host, move || never.recv().is_err()).unwrap();
    let job = offload(&mut host, || 7_u8).unwrap();
    let outcome = wait(&mut host, |host| host.try_take(job)).unwrap();
    assert_eq!(outcome.map(Value::downcast), Ok(Some(7_u8)));
    drop(host);
    drop(end);
}

#[test]
fn jobs_that_were_closed_count_until_a_helper_has_come_to_them() {
    let mut host = host();
    let (ends, gates): (Vec<_>, Vec<_>) = (0..JOB_THREADS).map(|_| channel::<()>()).unzip();
    let (begun, has_begun) = channel();
    for gate in gates {
        let begun = begun.clone();
        offload(&mut host, move || {
            begun.send(()).unwrap();
            gate.recv().is_err()
        })
        .unwrap();
    }
    for _ in 0..JOB_THREADS {
        has_begun.recv_timeout(PATIENCE).unwrap();
    }
    for _ in 0..JOBS {
        let job = offload(&mut host, || ()).unwrap();
        assert!(host.close_job(job).is_none());
    }
    assert_eq!(offload(&mut host, || ()), Err(Errno::EAGAIN));
    drop(ends);
    while offload(&mut host, || ()) == Err(Errno::EAGAIN) {
        std::thread::yield_now();
    }
}
