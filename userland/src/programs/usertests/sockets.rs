//! Tests of sockets on loopback.

use super::{Test, support::*};
use crate::prelude::*;

pub(super) const TESTS: &[Test] = tests![
    bytes_are_echoed_whole,
    a_megabyte_is_echoed_whole,
    a_closed_peer_is_the_end_of_the_stream,
    what_was_sent_before_a_close_arrives,
    nobody_listens_is_refused,
    a_reset_is_an_error,
    sending_to_the_gone_is_an_error,
    halves_are_shut_down_apart,
    addresses_of_both_ends_agree,
    an_address_is_not_shared,
    an_address_is_free_after_a_close,
    acceptors_are_served_in_order,
    a_close_does_not_disturb_who_shares,
    read_wait_waits_for_bytes,
    read_wait_sees_a_connection,
    nothing_asked_is_nothing_received,
    each_kind_of_socket_refuses_the_others_calls,
];

/// Echoes `fd` until its peer stops sending.
fn echoes(fd: Fd) -> Task {
    task!({
        loop {
            let data = trap!(yield recv(fd, 8192))?;
            if data.is_empty() {
                return Ok(());
            }
            trap!(yield send_all(fd, data))?;
        }
    })
}

/// Bytes in which a piece lost, doubled or moved shows.
fn pattern(count: usize) -> Vec<u8> {
    (0..count).map(|index| (index ^ index >> 8 ^ index >> 16) as u8).collect()
}

fn bytes_are_echoed_whole() -> Task {
    task!({
        let (near, far) = call!(connection())?;
        let server = trap!(yield spawn(echoes(far.fd())).pass(far.fd()))?;
        for count in [1, 2, 1000, 1 << 14] {
            let bytes = pattern(count);
            trap!(yield near.send(bytes.clone()))?;
            assert!(call!(receive_exactly(near, count))? == bytes, "{count} bytes came back changed");
        }
        trap!(yield near.close())?;
        assert_eq!(trap!(yield wait(server))?, ExitStatus::Exited(0));
        Ok(())
    })
}

fn a_megabyte_is_echoed_whole() -> Task {
    const COUNT: usize = 1 << 20;
    task!({
        let (near, far) = call!(connection())?;
        let fd = near.fd();
        let server = trap!(yield spawn(echoes(far.fd())).pass(far.fd()))?;
        // More than there is room for on the way, so that one task sends while another receives.
        let sender = task!({
            trap!(yield send_all(fd, pattern(COUNT)))?;
            trap!(yield shutdown(fd, Shutdown::Write))
        });
        let sender = trap!(yield spawn(sender).share(fd))?;
        assert!(call!(receive_exactly(near, COUNT))? == pattern(COUNT), "a megabyte came back changed");
        assert_eq!(trap!(yield wait(sender))?, ExitStatus::Exited(0));
        assert_eq!(trap!(yield wait(server))?, ExitStatus::Exited(0));
        assert!(trap!(yield near.recv(1))?.is_empty());
        Ok(())
    })
}

fn a_closed_peer_is_the_end_of_the_stream() -> Task {
    task!({
        let (near, far) = call!(connection())?;
        trap!(yield far.close())?;
        for _ in 0..3 {
            assert!(trap!(yield near.recv(10))?.is_empty());
        }
        Ok(())
    })
}

fn what_was_sent_before_a_close_arrives() -> Task {
    task!({
        let (near, far) = call!(connection())?;
        trap!(yield far.send("last words"))?;
        trap!(yield far.close())?;
        // A short read first: the end must not be lost behind it.
        assert_eq!(&*trap!(yield near.recv(4))?, b"last");
        assert_eq!(call!(receive_exactly(near, 6))?, b" words");
        assert!(trap!(yield near.recv(10))?.is_empty());
        Ok(())
    })
}

fn nobody_listens_is_refused() -> Task {
    task!({
        let (listener, address) = call!(listener())?;
        trap!(yield listener.close())?;
        assert_eq!(trap!(yield Socket::connect(address)), Err(Errno::ECONNREFUSED));
        Ok(())
    })
}

fn a_reset_is_an_error() -> Task {
    task!({
        let (near, far) = call!(connection())?;
        trap!(yield set_option(far.fd(), SocketOption::Linger(Some(0))))?;
        trap!(yield far.close())?;
        assert_eq!(trap!(yield near.recv(1)), Err(Errno::ECONNRESET));
        Ok(())
    })
}

fn sending_to_the_gone_is_an_error() -> Task {
    task!({
        let (near, far) = call!(connection())?;
        trap!(yield far.close())?;
        // The first may still find room; the peer's reset is back soon after.
        let error = loop {
            if let Err(error) = trap!(yield near.send(vec![0; 1000])) {
                break error;
            }
            trap!(yield yield_now())?;
        };
        assert!(matches!(error.errno, Errno::EPIPE | Errno::ECONNRESET), "{error}");
        Ok(())
    })
}

fn halves_are_shut_down_apart() -> Task {
    task!({
        let (near, far) = call!(connection())?;
        trap!(yield shutdown(near.fd(), Shutdown::Write))?;
        assert!(trap!(yield far.recv(1))?.is_empty());
        trap!(yield far.send("still here"))?;
        assert_eq!(call!(receive_exactly(near, 10))?, b"still here");
        let error = trap!(yield near.send("x")).expect_err("sent after a shutdown");
        assert_eq!(error.errno, Errno::EPIPE);
        Ok(())
    })
}

fn addresses_of_both_ends_agree() -> Task {
    task!({
        let (listener, address) = call!(listener())?;
        let near = trap!(yield Socket::connect(address))?;
        let (far, peer) = trap!(yield listener.accept())?;
        assert_eq!(trap!(yield near.local_addr())?, peer);
        assert_eq!(trap!(yield peer_addr(far.fd()))?, peer);
        assert_eq!(trap!(yield peer_addr(near.fd()))?, address);
        assert_ne!(address.port(), 0);
        Ok(())
    })
}

fn an_address_is_not_shared() -> Task {
    task!({
        let (_listener, address) = call!(listener())?;
        assert_eq!(trap!(yield Socket::listen(address)), Err(Errno::EADDRINUSE));
        Ok(())
    })
}

fn an_address_is_free_after_a_close() -> Task {
    task!({
        let (listener, address) = call!(listener())?;
        let near = trap!(yield Socket::connect(address))?;
        let (far, _) = trap!(yield listener.accept())?;
        // The server's end first, which leaves that end in TIME_WAIT.
        for socket in [far, near, listener] {
            trap!(yield socket.close())?;
        }
        let again = trap!(yield Socket::listen(address))?;
        trap!(yield again.close())
    })
}

fn acceptors_are_served_in_order() -> Task {
    fn acceptor(fd: Fd, order: Order) -> Task {
        task!({
            trap!(yield accept(fd))?;
            trap!(yield exit(order.next() as i32))
        })
    }
    task!({
        let (listener, address) = call!(listener())?;
        let fd = listener.fd();
        let order = Order::default();
        let mut acceptors = Vec::new();
        for _ in 0..3 {
            let acceptor = trap!(yield spawn(acceptor(fd, order.clone())).share(fd))?;
            assert_eq!(call!(until_blocked(acceptor))?, WaitsOn::Accept(fd));
            acceptors.push(acceptor);
        }
        for (place, acceptor) in (0..).zip(acceptors) {
            trap!(yield Socket::connect(address))?;
            assert_eq!(trap!(yield wait(acceptor))?, ExitStatus::Exited(place));
        }
        Ok(())
    })
}

fn a_close_does_not_disturb_who_shares() -> Task {
    task!({
        let (listener, address) = call!(listener())?;
        let fd = listener.fd();
        let acceptor = trap!(yield spawn(task!({ trap!(yield accept(fd)).map(drop) })).share(fd))?;
        call!(until_blocked(acceptor))?;
        trap!(yield listener.close())?;
        trap!(yield Socket::connect(address))?;
        assert_eq!(trap!(yield wait(acceptor))?, ExitStatus::Exited(0));
        Ok(())
    })
}

fn read_wait_waits_for_bytes() -> Task {
    task!({
        let (near, far) = call!(connection())?;
        let fd = far.fd();
        let waiter = trap!(yield spawn(task!({ trap!(yield read_wait(fd)) })).share(fd))?;
        assert_eq!(call!(until_blocked(waiter))?, WaitsOn::Read(fd));
        trap!(yield write_wait(near.fd()))?;
        trap!(yield near.send("x"))?;
        assert_eq!(trap!(yield wait(waiter))?, ExitStatus::Exited(0));
        // It took nothing, and what is there is there at once.
        trap!(yield read_wait(fd))?;
        assert_eq!(&*trap!(yield far.recv(1))?, b"x");
        Ok(())
    })
}

fn read_wait_sees_a_connection() -> Task {
    task!({
        let (listener, address) = call!(listener())?;
        let near = trap!(yield Socket::connect(address))?;
        trap!(yield read_wait(listener.fd()))?;
        let (far, _) = trap!(yield listener.accept())?;
        trap!(yield far.close())?;
        trap!(yield near.close())
    })
}

fn nothing_asked_is_nothing_received() -> Task {
    task!({
        let (near, _far) = call!(connection())?;
        assert!(trap!(yield near.recv(0))?.is_empty());
        assert_eq!(trap!(yield send(near.fd(), ""))?, 0);
        trap!(yield near.send(""))?;
        Ok(())
    })
}

fn each_kind_of_socket_refuses_the_others_calls() -> Task {
    task!({
        let (listener, _) = call!(listener())?;
        let (near, _far) = call!(connection())?;
        assert_eq!(trap!(yield listener.recv(1)), Err(Errno::ENOTCONN));
        assert_eq!(trap!(yield near.accept()), Err(Errno::EINVAL));
        assert_eq!(trap!(yield recv(Fd::STDOUT, 1)), Err(Errno::ENOTSOCK));
        assert_eq!(trap!(yield accept(Fd::STDIN)), Err(Errno::ENOTSOCK));
        Ok(())
    })
}
