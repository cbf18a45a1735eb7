//! Tests of UDP on loopback.

use super::{Test, support::*};
use crate::prelude::*;

pub(super) const TESTS: &[Test] = tests![
    a_datagram_arrives_with_its_senders_address,
    a_long_datagram_is_cut_and_says_so,
    a_datagram_past_the_bound_is_refused,
    who_waits_for_a_datagram_is_woken_by_it,
    a_wait_for_a_datagram_ends_at_its_deadline,
    receivers_are_served_in_order,
    poll_tells_of_a_datagram,
    each_kind_of_socket_refuses_the_others_datagrams,
];

/// A socket for datagrams, and where it is.
fn post() -> impl Routine<Result<(Fd, SocketAddr), Errno>> {
    routine!({
        let fd = trap!(yield udp_bind(ANY_PORT))?;
        Ok((fd, trap!(yield local_addr(fd))?))
    })
}

fn a_datagram_arrives_with_its_senders_address() -> Task {
    task!({
        let (near, near_address) = call!(post())?;
        let (far, far_address) = call!(post())?;
        for data in [&b""[..], b"one", &[7; 65_507]] {
            assert_eq!(trap!(yield send_to(near, (far_address, data.into())))?, data.len());
            let received = trap!(yield recv_from(far, 65_507))?;
            assert_eq!(&*received.data, data);
            assert_eq!((received.from, received.is_cut), (Sender::Udp(near_address), false));
        }
        Ok(())
    })
}

fn a_long_datagram_is_cut_and_says_so() -> Task {
    task!({
        let (fd, address) = call!(post())?;
        for (max, expected) in [(4, &b"long"[..]), (0, b"")] {
            trap!(yield send_to(fd, (address, "longer".into())))?;
            trap!(yield send_to(fd, (address, "next".into())))?;
            let cut = trap!(yield recv_from(fd, max))?;
            assert_eq!((&*cut.data, cut.is_cut), (expected, true));
            assert_eq!(&*trap!(yield recv_from(fd, 100))?.data, b"next");
        }
        Ok(())
    })
}

fn a_datagram_past_the_bound_is_refused() -> Task {
    task!({
        let (fd, address) = call!(post())?;
        assert_eq!(trap!(yield send_to(fd, (address, vec![0; 65_508].into()))), Err(Errno::EMSGSIZE));
        trap!(yield send_to(fd, (address, "after".into())))?;
        assert_eq!(&*trap!(yield recv_from(fd, 100))?.data, b"after");
        Ok(())
    })
}

/// Exits with the first byte of the next datagram.
fn tells_first_byte(fd: Fd) -> Task {
    task!({
        let received = trap!(yield recv_from(fd, 1))?;
        trap!(yield exit(received.data.first().map_or(0, |byte| (*byte).into())))
    })
}

fn who_waits_for_a_datagram_is_woken_by_it() -> Task {
    task!({
        let (fd, address) = call!(post())?;
        let waiter = trap!(yield spawn(tells_first_byte(fd)).share(fd))?;
        call!(until_blocked(waiter))?;
        trap!(yield send_to(fd, (address, vec![42].into())))?;
        assert_eq!(trap!(yield wait(waiter))?, ExitStatus::Exited(42));
        Ok(())
    })
}

fn a_wait_for_a_datagram_ends_at_its_deadline() -> Task {
    task!({
        let (fd, address) = call!(post())?;
        let span = Duration::from_millis(1);
        assert!(timeout!(span, { trap!(yield recv_from(fd, 1)) }).is_err());
        assert!(timeout!(span, { trap!(yield read_wait(fd)) }).is_err());
        trap!(yield write_wait(fd))?;
        trap!(yield send_to(fd, (address, "x".into())))?;
        trap!(yield read_wait(fd))?;
        assert_eq!(&*trap!(yield recv_from(fd, 1))?.data, b"x");
        Ok(())
    })
}

fn receivers_are_served_in_order() -> Task {
    task!({
        let (fd, address) = call!(post())?;
        let mut waiters = Vec::new();
        for _ in 0..3 {
            let waiter = trap!(yield spawn(tells_first_byte(fd)).share(fd))?;
            call!(until_blocked(waiter))?;
            waiters.push(waiter);
        }
        for number in 1..=3 {
            trap!(yield send_to(fd, (address, vec![number].into())))?;
        }
        for (waiter, number) in waiters.into_iter().zip(1..) {
            assert_eq!(trap!(yield wait(waiter))?, ExitStatus::Exited(number));
        }
        Ok(())
    })
}

fn poll_tells_of_a_datagram() -> Task {
    task!({
        let (quiet, _) = call!(post())?;
        let (fd, address) = call!(post())?;
        let both = || vec![Interest::Read(quiet), Interest::Read(fd)];
        assert!(trap!(yield poll(both(), Duration::ZERO))?.is_empty());
        trap!(yield send_to(fd, (address, "x".into())))?;
        assert_eq!(trap!(yield poll(both(), Duration::MAX))?, [Interest::Read(fd)]);
        Ok(())
    })
}

fn each_kind_of_socket_refuses_the_others_datagrams() -> Task {
    task!({
        let (fd, address) = call!(post())?;
        assert_eq!(trap!(yield recv(fd, 1)), Err(Errno::ENOTCONN));
        assert_eq!(trap!(yield send(fd, "x")), Err(Errno::ENOTCONN));
        assert_eq!(trap!(yield shutdown(fd, Shutdown::Both)), Err(Errno::ENOTCONN));
        assert_eq!(trap!(yield peer_addr(fd)), Err(Errno::ENOTCONN));
        assert_eq!(trap!(yield accept(fd)), Err(Errno::EINVAL));
        assert_eq!(trap!(yield read(fd, 1)), Err(Errno::EOPNOTSUPP));
        assert_eq!(trap!(yield write(fd, "x")), Err(Errno::EOPNOTSUPP));
        let (near, far) = call!(connection())?;
        for stream in [near, far] {
            assert_eq!(trap!(yield recv_from(stream.fd(), 1)), Err(Errno::EOPNOTSUPP));
            assert_eq!(trap!(yield send_to(stream.fd(), (address, "x".into()))), Err(Errno::EOPNOTSUPP));
        }
        assert_eq!(trap!(yield recv_from(Fd::STDIN, 1)), Err(Errno::ENOTSOCK));
        assert_eq!(trap!(yield send_to(Fd::STDOUT, (address, "x".into()))), Err(Errno::ENOTSOCK));
        Ok(())
    })
}
