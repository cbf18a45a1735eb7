//! Datagrams: whole, in order, or lost.

use crate::bench::{Bench, Direction, SILENCE, done, pattern};
use std::net::SocketAddr;
use yieldix_kernel::hardware::{Device, Hardware};
use yieldix_syscalls::{Datagram, Errno, Sender, Shutdown};

contract! {
    datagrams_arrive_whole_and_in_order_and_tell_whose_they_are,
    a_datagram_that_is_too_long_for_its_reader_is_cut_and_says_so,
    a_wait_for_datagrams_ends_when_one_comes,
    a_socket_on_the_ipv6_wildcard_hears_ipv4,
    what_nobody_hears_is_nobodys_error,
    an_address_for_datagrams_is_not_shared_and_is_free_after_a_close,
    a_reader_that_is_slow_loses_datagrams_and_no_more,
    sockets_for_datagrams_refuse_what_streams_do,
}

/// A socket for datagrams on a loopback address, and where it is.
fn post<H: Hardware>(bench: &mut Bench<H>, ip: &str) -> (Device, SocketAddr) {
    let device = bench.hardware.udp_bind(SocketAddr::new(ip.parse().expect("an address"), 0)).expect("a free port");
    (device, bench.hardware.local_addr(device).expect("it has an address"))
}

fn send_to<H: Hardware>(bench: &mut Bench<H>, from: Device, to: SocketAddr, data: &[u8]) {
    let sent = bench.until_done(from, Direction::Write, |hardware| hardware.try_send_to(from, to, data));
    sent.expect("it is sent");
}

fn receive<H: Hardware>(bench: &mut Bench<H>, device: Device, max: usize) -> Datagram {
    let received = bench.until_done(device, Direction::Read, |hardware| hardware.try_recv_from(device, max));
    received.expect("a datagram")
}

fn datagrams_arrive_whole_and_in_order_and_tell_whose_they_are<H: Hardware>(mut bench: Bench<H>) {
    for ip in ["127.0.0.1", "::1"] {
        let (one, one_address) = post(&mut bench, ip);
        let (two, two_address) = post(&mut bench, ip);
        for length in [0, 1, 1000, 65_507] {
            send_to(&mut bench, one, two_address, &pattern(length));
            let Datagram { data, from, is_cut } = receive(&mut bench, two, 65_536);
            assert_eq!((data.len(), from, is_cut), (length, Sender::Udp(one_address), false));
            assert!(*data == pattern(length), "{length} bytes came changed");
        }
        for number in 0..20 {
            send_to(&mut bench, two, one_address, &[number]);
        }
        for number in 0..20 {
            assert_eq!(&*receive(&mut bench, one, 10).data, &[number]);
        }
        bench.hardware.close(one);
        bench.hardware.close(two);
    }
    assert_eq!(bench.hardware.stats().sockets, 0);
}

fn a_datagram_that_is_too_long_for_its_reader_is_cut_and_says_so<H: Hardware>(mut bench: Bench<H>) {
    let (device, address) = post(&mut bench, "127.0.0.1");
    for (max, expected, is_cut) in [(3, &b"lon"[..], true), (4, b"long", false), (5, b"long", false), (0, b"", true)] {
        send_to(&mut bench, device, address, b"long");
        send_to(&mut bench, device, address, b"next");
        let first = receive(&mut bench, device, max);
        assert_eq!((&*first.data, first.is_cut), (expected, is_cut), "{max}");
        assert_eq!(&*receive(&mut bench, device, 10).data, b"next", "the rest is lost");
    }
}

fn a_wait_for_datagrams_ends_when_one_comes<H: Hardware>(mut bench: Bench<H>) {
    let (device, address) = post(&mut bench, "127.0.0.1");
    for _ in 0..3 {
        assert_eq!(bench.hardware.is_readable(device), Ok(false));
        assert_eq!(bench.hardware.try_recv_from(device, 10).map(drop), Err(Errno::EAGAIN));
        bench.ready.clear();
        send_to(&mut bench, device, address, b"");
        bench.wait(device, Direction::Read);
        assert_eq!(bench.hardware.is_readable(device), Ok(true));
        assert!(receive(&mut bench, device, 10).data.is_empty());
    }
    assert_eq!(bench.hardware.is_writable(device), Ok(true));
}

fn a_socket_on_the_ipv6_wildcard_hears_ipv4<H: Hardware>(mut bench: Bench<H>) {
    let (all, SocketAddr::V6(bound)) = post(&mut bench, "::") else { panic!("an address of IPv6") };
    let (old, old_address) = post(&mut bench, "127.0.0.1");
    send_to(&mut bench, old, SocketAddr::new("127.0.0.1".parse().expect("an address"), bound.port()), b"question");
    let Sender::Udp(from) = receive(&mut bench, all, 10).from else { panic!("it has an address") };
    assert_eq!((from.ip().to_canonical(), from.port()), (old_address.ip(), old_address.port()));
    send_to(&mut bench, all, from, b"answer");
    assert_eq!(&*receive(&mut bench, old, 10).data, b"answer");
    let (new, new_address) = post(&mut bench, "::1");
    assert_eq!(bench.hardware.try_send_to(old, new_address, b"x"), Err(Errno::EAFNOSUPPORT));
    assert_eq!(bench.hardware.try_send_to(new, old_address, b"x"), Err(Errno::ENETUNREACH));
}

fn what_nobody_hears_is_nobodys_error<H: Hardware>(mut bench: Bench<H>) {
    let (gone, nowhere) = post(&mut bench, "127.0.0.1");
    bench.hardware.close(gone);
    let (device, address) = post(&mut bench, "127.0.0.1");
    for _ in 0..3 {
        send_to(&mut bench, device, nowhere, b"hello?");
        bench.pass(SILENCE);
        assert_eq!(bench.hardware.try_recv_from(device, 10).map(drop), Err(Errno::EAGAIN));
    }
    send_to(&mut bench, device, address, b"still here");
    assert_eq!(&*receive(&mut bench, device, 10).data, b"still here");
    let port_0 = SocketAddr::new(address.ip(), 0);
    assert_eq!(bench.hardware.try_send_to(device, port_0, b"x"), Err(Errno::EINVAL));
}

fn an_address_for_datagrams_is_not_shared_and_is_free_after_a_close<H: Hardware>(mut bench: Bench<H>) {
    let (device, address) = post(&mut bench, "127.0.0.1");
    assert_eq!(bench.hardware.udp_bind(address), Err(Errno::EADDRINUSE));
    let wildcard = SocketAddr::new("0.0.0.0".parse().expect("an address"), address.port());
    assert_eq!(bench.hardware.udp_bind(wildcard), Err(Errno::EADDRINUSE));
    bench.hardware.close(device);
    let again = bench.hardware.udp_bind(address).expect("it is free");
    let far = "192.0.2.1:0".parse().expect("an address");
    assert_eq!(bench.hardware.udp_bind(far), Err(Errno::EADDRNOTAVAIL));
    bench.hardware.close(again);
}

fn a_reader_that_is_slow_loses_datagrams_and_no_more<H: Hardware>(mut bench: Bench<H>) {
    let (reader, address) = post(&mut bench, "127.0.0.1");
    let (writer, _) = post(&mut bench, "127.0.0.1");
    let sent = 2000;
    for number in 0..sent {
        let data = [&u32::to_le_bytes(number)[..], &[b'x'; 996]].concat();
        send_to(&mut bench, writer, address, &data);
    }
    bench.pass(SILENCE);
    let mut received = Vec::new();
    while let Some(datagram) = done(bench.hardware.try_recv_from(reader, 4)) {
        received.push(u32::from_le_bytes(datagram.data[..].try_into().expect("four bytes")));
    }
    assert!(received.is_sorted(), "what was not lost is in order");
    assert!((10..sent as usize).contains(&received.len()), "{} of {sent} came", received.len());
    send_to(&mut bench, writer, address, b"room again");
    assert_eq!(&*receive(&mut bench, reader, 10).data, b"room again");
}

fn sockets_for_datagrams_refuse_what_streams_do<H: Hardware>(mut bench: Bench<H>) {
    let (device, address) = post(&mut bench, "127.0.0.1");
    let (listener, _) = bench.listen();
    assert!(bench.hardware.try_accept(device).is_err());
    assert_eq!(bench.hardware.shutdown(device, Shutdown::Both), Err(Errno::ENOTCONN));
    assert_eq!(bench.hardware.peer_addr(device), Err(Errno::ENOTCONN));
    assert!(bench.hardware.try_send_to(listener, address, b"x").is_err());
    bench.hardware.close(device);
    assert_eq!(bench.hardware.try_recv_from(device, 1).map(drop), Err(Errno::EBADF));
    assert_eq!(bench.hardware.try_send_to(device, address, b"x"), Err(Errno::EBADF));
}
