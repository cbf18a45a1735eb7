//! Tests of Unix sockets that have their names in memory.

use super::{Test, support::*};
use crate::prelude::*;

pub(super) const TESTS: &[Test] = tests![
    bytes_go_both_ways_over_a_unix_socket,
    a_megabyte_goes_through_a_unix_socket_whole,
    a_closed_unix_peer_is_the_end_of_the_stream,
    halves_of_a_unix_socket_are_shut_down_apart,
    a_name_of_a_socket_is_taken_until_it_is_unlinked,
    a_name_outlives_its_socket_and_refuses,
    a_name_leads_to_its_socket_whatever_it_is_called_meanwhile,
    who_connects_to_a_full_queue_waits,
    who_waits_to_accept_is_woken_by_a_connection,
    unix_datagrams_tell_whose_they_are,
    a_full_unix_socket_makes_its_senders_wait,
    a_full_unix_socket_holds_up_no_letters_to_others,
    poll_tells_of_unix_sockets,
    each_kind_of_unix_socket_refuses_the_others_calls,
    what_is_no_place_for_a_socket_is_refused,
];

const NAME: &str = "/usertests.socket";
const OTHER: &str = "/usertests.other";

/// Two ends of a connection; the name is free again.
fn pair() -> impl Routine<Result<(Fd, Fd), Errno>> {
    routine!({
        let listener = trap!(yield unix_listen(NAME))?;
        let near = trap!(yield unix_connect(NAME))?;
        let far = trap!(yield unix_accept(listener))?;
        trap!(yield close(listener))?;
        trap!(yield unlink(NAME))?;
        Ok((near, far))
    })
}

/// Receives to the end.
fn receive_all(fd: Fd) -> impl Routine<Result<Vec<u8>, Errno>> {
    routine!(move {
        let mut bytes = Vec::new();
        loop {
            let data = trap!(yield recv(fd, 8192))?;
            if data.is_empty() {
                return Ok(bytes);
            }
            bytes.extend_from_slice(&data);
        }
    })
}

fn bytes_go_both_ways_over_a_unix_socket() -> Task {
    task!({
        let (near, far) = call!(pair())?;
        for (from, to) in [(near, far), (far, near)] {
            trap!(yield send_all(from, "hello"))?;
            assert_eq!(&*trap!(yield recv(to, 3))?, b"hel");
            assert_eq!(&*trap!(yield read(to, 100))?, b"lo");
            assert_eq!(trap!(yield write(from, "x"))?, 1);
            assert_eq!(&*trap!(yield recv(to, 1))?, b"x");
        }
        Ok(())
    })
}

fn a_megabyte_goes_through_a_unix_socket_whole() -> Task {
    const COUNT: usize = 1 << 20;
    fn pattern() -> Vec<u8> {
        (0..COUNT).map(|index| (index ^ index >> 8 ^ index >> 16) as u8).collect()
    }
    task!({
        let (near, far) = call!(pair())?;
        // More than there is room for on the way, so that one task sends while another receives.
        let sender = task!({
            trap!(yield send_all(near, pattern()))?;
            trap!(yield shutdown(near, Shutdown::Write))
        });
        let sender = trap!(yield spawn(sender).pass(near))?;
        assert!(call!(receive_all(far))? == pattern(), "a megabyte came changed");
        assert_eq!(trap!(yield wait(sender))?, ExitStatus::Exited(0));
        Ok(())
    })
}

fn a_closed_unix_peer_is_the_end_of_the_stream() -> Task {
    task!({
        let (near, far) = call!(pair())?;
        trap!(yield send_all(far, "last words"))?;
        trap!(yield close(far))?;
        assert_eq!(call!(receive_all(near))?, b"last words");
        assert_eq!(trap!(yield send(near, "x")), Err(Errno::EPIPE));
        let unsent = trap!(yield send_all(near, "x"));
        assert_eq!(unsent, Err(SendError { errno: Errno::EPIPE, sent: 0 }));
        Ok(())
    })
}

fn halves_of_a_unix_socket_are_shut_down_apart() -> Task {
    task!({
        let (near, far) = call!(pair())?;
        let reader = trap!(
            yield spawn(task!({
                assert!(call!(receive_all(far))?.is_empty());
                Ok(())
            }))
            .share(far)
        )?;
        call!(until_blocked(reader))?;
        trap!(yield shutdown(near, Shutdown::Write))?;
        assert_eq!(trap!(yield wait(reader))?, ExitStatus::Exited(0));
        assert_eq!(trap!(yield send(near, "x")), Err(Errno::EPIPE));
        trap!(yield send_all(far, "still open"))?;
        assert_eq!(&*trap!(yield recv(near, 100))?, b"still open");
        trap!(yield shutdown(near, Shutdown::Read))?;
        assert!(trap!(yield recv(near, 100))?.is_empty());
        assert_eq!(trap!(yield send(far, "x")), Err(Errno::EPIPE));
        Ok(())
    })
}

fn a_name_of_a_socket_is_taken_until_it_is_unlinked() -> Task {
    task!({
        let listener = trap!(yield unix_listen(NAME))?;
        assert_eq!(trap!(yield unix_listen(NAME)), Err(Errno::EADDRINUSE));
        assert_eq!(trap!(yield unix_bind(NAME)), Err(Errno::EADDRINUSE));
        assert_eq!(trap!(yield stat(NAME))?.kind, FileKind::Socket);
        assert_eq!(trap!(yield fstat(listener))?.kind, FileKind::Socket);
        assert_eq!(trap!(yield open(NAME, OpenFlags::READ)), Err(Errno::EOPNOTSUPP));
        trap!(yield close(listener))?;
        assert_eq!(trap!(yield unix_listen(NAME)), Err(Errno::EADDRINUSE));
        trap!(yield unlink(NAME))?;
        let again = trap!(yield unix_bind(NAME))?;
        trap!(yield unlink(NAME))?;
        trap!(yield close(again))
    })
}

fn a_name_outlives_its_socket_and_refuses() -> Task {
    task!({
        let listener = trap!(yield unix_listen(NAME))?;
        let post = trap!(yield unix_bind(OTHER))?;
        assert_eq!(trap!(yield unix_connect(OTHER)), Err(Errno::ECONNREFUSED));
        assert_eq!(trap!(yield unix_send_to(post, (NAME.into(), "x".into()))), Err(Errno::ECONNREFUSED));
        trap!(yield close(listener))?;
        assert_eq!(trap!(yield unix_connect(NAME)), Err(Errno::ECONNREFUSED));
        trap!(yield unlink(NAME))?;
        assert_eq!(trap!(yield unix_connect(NAME)), Err(Errno::ENOENT));
        assert_eq!(trap!(yield unix_send_to(post, (NAME.into(), "x".into()))), Err(Errno::ENOENT));
        trap!(yield unlink(OTHER))
    })
}

fn a_name_leads_to_its_socket_whatever_it_is_called_meanwhile() -> Task {
    task!({
        let listener = trap!(yield unix_listen(NAME))?;
        trap!(yield rename(NAME, OTHER))?;
        assert_eq!(trap!(yield unix_connect(NAME)), Err(Errno::ENOENT));
        let near = trap!(yield unix_connect(OTHER))?;
        // Two of one name, one after the other: each has its own.
        let newer = trap!(yield unix_listen(NAME))?;
        trap!(yield rename(NAME, OTHER))?;
        let next = trap!(yield unix_connect(OTHER))?;
        trap!(yield send_all(near, "old"))?;
        trap!(yield send_all(next, "new"))?;
        for (listener, expected) in [(listener, &b"old"[..]), (newer, b"new")] {
            let far = trap!(yield unix_accept(listener))?;
            assert_eq!(&*trap!(yield recv(far, 100))?, expected);
        }
        trap!(yield unlink(OTHER))
    })
}

fn who_connects_to_a_full_queue_waits() -> Task {
    /// Connects until it waits; exits with 0 once it need not.
    fn crowd() -> Task {
        task!({
            loop {
                match trap!(yield unix_connect(NAME)) {
                    // The descriptor stays open: the connection waits in the queue.
                    Ok(_) => {}
                    Err(Errno::EMFILE) => return trap!(yield sleep(Duration::MAX)),
                    Err(errno) => return Err(errno),
                }
            }
        })
    }
    task!({
        let listener = trap!(yield unix_listen(NAME))?;
        let crowds = [trap!(yield spawn(crowd()))?, trap!(yield spawn(crowd()))?];
        assert_eq!(call!(until_blocked(crowds[1]))?, WaitsOn::Connect);
        let far = trap!(yield unix_accept(listener))?;
        trap!(yield close(far))?;
        for crowd in crowds {
            trap!(yield kill(crowd, Signal::Kill))?;
            trap!(yield wait(crowd))?;
        }
        // Those who are gone are in the queue yet, and are found to be gone.
        let far = trap!(yield unix_accept(listener))?;
        assert!(trap!(yield recv(far, 1))?.is_empty());
        trap!(yield unlink(NAME))
    })
}

fn who_waits_to_accept_is_woken_by_a_connection() -> Task {
    task!({
        let listener = trap!(yield unix_listen(NAME))?;
        let acceptor = trap!(
            yield spawn(task!({
                let far = trap!(yield unix_accept(listener))?;
                trap!(yield send_all(far, "welcome"))?;
                Ok(())
            }))
            .share(listener)
        )?;
        assert!(matches!(call!(until_blocked(acceptor))?, WaitsOn::Accept(_)));
        let near = trap!(yield unix_connect(NAME))?;
        assert_eq!(call!(receive_all(near))?, b"welcome");
        assert_eq!(trap!(yield wait(acceptor))?, ExitStatus::Exited(0));
        trap!(yield unlink(NAME))
    })
}

fn unix_datagrams_tell_whose_they_are() -> Task {
    task!({
        let one = trap!(yield unix_bind(NAME))?;
        let two = trap!(yield unix_bind(OTHER))?;
        for data in [&b""[..], b"one", &[7; 65_507]] {
            assert_eq!(trap!(yield unix_send_to(one, (OTHER.into(), data.into())))?, data.len());
            let received = trap!(yield recv_from(two, 65_507))?;
            assert_eq!((&*received.data, received.is_cut), (data, false));
            assert_eq!(received.from, Sender::Unix(NAME.into()));
        }
        trap!(yield unix_send_to(two, (OTHER.into(), "long".into())))?;
        let cut = trap!(yield recv_from(two, 2))?;
        assert_eq!((&*cut.data, cut.from, cut.is_cut), (&b"lo"[..], Sender::Unix(OTHER.into()), true));
        let long = vec![0; 65_508].into();
        assert_eq!(trap!(yield unix_send_to(one, (OTHER.into(), long))), Err(Errno::EMSGSIZE));
        trap!(yield unlink(NAME))?;
        trap!(yield unlink(OTHER))
    })
}

fn a_full_unix_socket_makes_its_senders_wait() -> Task {
    task!({
        let reader = trap!(yield unix_bind(NAME))?;
        let sender = trap!(
            yield spawn(task!({
                let own = trap!(yield unix_bind(OTHER))?;
                for number in 0..1000_u32 {
                    let data = [&number.to_le_bytes()[..], &[0; 996]].concat();
                    trap!(yield unix_send_to(own, (NAME.into(), data.into())))?;
                }
                Ok(())
            }))
        )?;
        assert!(matches!(call!(until_blocked(sender))?, WaitsOn::Write(_)));
        for number in 0..1000_u32 {
            assert_eq!(&*trap!(yield recv_from(reader, 4))?.data, number.to_le_bytes());
        }
        assert_eq!(trap!(yield wait(sender))?, ExitStatus::Exited(0));
        trap!(yield unlink(NAME))?;
        trap!(yield unlink(OTHER))
    })
}

/// Three tasks send from one socket: two to one that is full, and one, behind them, to another.
fn a_full_unix_socket_holds_up_no_letters_to_others() -> Task {
    const THIRD: &str = "/usertests.third";
    fn sends(from: Fd, to: &'static str, data: &'static [u8]) -> Task {
        task!({ trap!(yield unix_send_to(from, (to.into(), data.into()))).map(drop) })
    }
    task!({
        let [full, other, from] =
            [trap!(yield unix_bind(NAME))?, trap!(yield unix_bind(OTHER))?, trap!(yield unix_bind(THIRD))?];
        for to in [NAME, OTHER] {
            while timeout!(Duration::from_millis(1), {
                trap!(yield unix_send_to(from, (to.into(), (&[0; 60_000]).into())))
            })
            .is_ok()
            {}
        }
        let large = trap!(yield spawn(sends(from, NAME, &[1; 60_000])).share(from))?;
        call!(until_blocked(large))?;
        // It would have room, but would overtake the one before it.
        let small = trap!(yield spawn(sends(from, NAME, &[2])).share(from))?;
        call!(until_blocked(small))?;
        let last = trap!(yield spawn(sends(from, OTHER, &[3; 60_000])).share(from))?;
        call!(until_blocked(last))?;
        trap!(yield recv_from(other, 1))?;
        assert_eq!(trap!(yield wait(last))?, ExitStatus::Exited(0));
        trap!(yield unix_send_to(from, (OTHER.into(), "at once".into())))?;
        for waiting in [large, small] {
            assert_eq!(trap!(yield try_wait(Children::Only(waiting)))?, None);
        }
        let mut first_bytes = Vec::new();
        while first_bytes.last() != Some(&2) {
            first_bytes.extend_from_slice(&trap!(yield recv_from(full, 1))?.data);
        }
        assert_eq!(first_bytes[first_bytes.len() - 2..], [1, 2]);
        for waiting in [large, small] {
            assert_eq!(trap!(yield wait(waiting))?, ExitStatus::Exited(0));
        }
        for name in [NAME, OTHER, THIRD] {
            trap!(yield unlink(name))?;
        }
        Ok(())
    })
}

fn poll_tells_of_unix_sockets() -> Task {
    task!({
        let listener = trap!(yield unix_listen(NAME))?;
        let post = trap!(yield unix_bind(OTHER))?;
        let interests = vec![Interest::Read(listener), Interest::Read(post)];
        assert!(trap!(yield poll(interests.clone(), Duration::ZERO))?.is_empty());
        let near = trap!(yield unix_connect(NAME))?;
        assert_eq!(trap!(yield poll(interests.clone(), Duration::MAX))?, [Interest::Read(listener)]);
        let far = trap!(yield unix_accept(listener))?;
        trap!(yield unix_send_to(post, (OTHER.into(), "x".into())))?;
        assert_eq!(trap!(yield poll(interests, Duration::MAX))?, [Interest::Read(post)]);
        let both = vec![Interest::Read(near), Interest::Write(near)];
        assert_eq!(trap!(yield poll(both, Duration::MAX))?, [Interest::Write(near)]);
        trap!(yield send_all(far, "x"))?;
        trap!(yield read_wait(near))?;
        trap!(yield unlink(NAME))?;
        trap!(yield unlink(OTHER))
    })
}

fn each_kind_of_unix_socket_refuses_the_others_calls() -> Task {
    task!({
        let (near, _far) = call!(pair())?;
        let listener = trap!(yield unix_listen(NAME))?;
        let post = trap!(yield unix_bind(OTHER))?;
        let udp = trap!(yield udp_bind(ANY_PORT))?;
        for fd in [listener, post] {
            assert_eq!(trap!(yield recv(fd, 1)), Err(Errno::ENOTCONN));
            assert_eq!(trap!(yield send(fd, "x")), Err(Errno::ENOTCONN));
            assert_eq!(trap!(yield shutdown(fd, Shutdown::Both)), Err(Errno::ENOTCONN));
            assert_eq!(trap!(yield read(fd, 1)), Err(Errno::EOPNOTSUPP));
        }
        for fd in [near, listener, post] {
            assert_eq!(trap!(yield accept(fd)), Err(Errno::EINVAL));
            assert_eq!(trap!(yield local_addr(fd)), Err(Errno::EAFNOSUPPORT));
        }
        for fd in [near, post, udp] {
            assert_eq!(trap!(yield unix_accept(fd)), Err(Errno::EINVAL));
        }
        for fd in [near, listener] {
            assert_eq!(trap!(yield recv_from(fd, 1)), Err(Errno::EOPNOTSUPP));
            assert_eq!(trap!(yield unix_send_to(fd, (OTHER.into(), "x".into()))), Err(Errno::EOPNOTSUPP));
        }
        let address = trap!(yield local_addr(udp))?;
        assert_eq!(trap!(yield send_to(post, (address, "x".into()))), Err(Errno::EAFNOSUPPORT));
        assert_eq!(trap!(yield unix_send_to(udp, (OTHER.into(), "x".into()))), Err(Errno::EAFNOSUPPORT));
        assert_eq!(trap!(yield unix_accept(Fd::STDIN)), Err(Errno::ENOTSOCK));
        trap!(yield unlink(NAME))?;
        trap!(yield unlink(OTHER))
    })
}

fn what_is_no_place_for_a_socket_is_refused() -> Task {
    task!({
        for (path, errno) in [
            ("", Errno::ENOENT),
            ("/", Errno::EADDRINUSE),
            ("/no such directory/socket", Errno::ENOENT),
            ("/dev/socket", Errno::EROFS),
            ("/proc/socket", Errno::EROFS),
            ("/a\0b", Errno::EINVAL),
        ] {
            assert_eq!(trap!(yield unix_listen(path)), Err(errno), "{path:?}");
        }
        for (path, errno) in [("/", Errno::ECONNREFUSED), ("/dev/null", Errno::ECONNREFUSED)] {
            assert_eq!(trap!(yield unix_connect(path)), Err(errno), "{path:?}");
        }
        Ok(())
    })
}
