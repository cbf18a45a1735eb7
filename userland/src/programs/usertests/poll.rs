//! Tests of `poll`: what it says is so, for as long as it is so, and it waits for all of it at once.

use super::{Test, support::*};
use crate::prelude::*;

pub(super) const TESTS: &[Test] = tests![
    what_is_ready_is_told_in_the_order_of_the_question,
    what_is_ready_is_told_again,
    a_poll_waits_for_whatever_comes_first,
    a_poll_for_no_time_only_looks,
    a_poll_is_over_in_time,
    a_deadline_ends_a_poll,
    a_poll_is_told_that_a_port_has_ended,
    a_poll_is_told_of_room,
    a_poll_is_told_of_a_connection_and_of_its_bytes,
    a_poll_of_the_wrong_end_is_refused,
    a_poll_has_a_bound,
    those_who_receive_are_before_those_who_poll,
    many_polls_of_one_port_are_all_told,
    a_poll_watches_one_thing_twice,
    a_wait_for_an_end_of_a_port_is_a_poll_of_one,
    a_poll_of_many_is_told_of_the_last,
    a_killed_poll_watches_nothing,
];

const SHORT: Duration = Duration::from_millis(5);

/// Polls for ever, and exits with the number of the descriptor that is ready first.
fn polls(interests: Vec<Interest>) -> Task {
    task!({
        let ready = trap!(yield poll(interests, Duration::MAX))?;
        trap!(yield exit(ready[0].fd().slot() as i32))
    })
}

fn what_is_ready_is_told_in_the_order_of_the_question() -> Task {
    task!({
        let (sender, receiver) = trap!(yield port_create(2))?;
        let (other_sender, other_receiver) = trap!(yield port_create(1))?;
        trap!(yield port_send(sender, "a"))?;
        trap!(yield port_send(other_sender, "fills it"))?;
        let all = [
            Interest::Write(other_sender),
            Interest::Read(other_receiver),
            Interest::Write(sender),
            Interest::Read(receiver),
        ];
        let ready = trap!(yield poll(all.to_vec(), Duration::MAX))?;
        assert_eq!(ready, all[1..]);
        for end in [receiver, other_receiver] {
            trap!(yield port_recv(end))?;
        }
        Ok(())
    })
}

fn what_is_ready_is_told_again() -> Task {
    task!({
        let (sender, receiver) = trap!(yield port_create(2))?;
        let (near, far) = call!(connection())?;
        trap!(yield port_send(sender, "a"))?;
        trap!(yield near.send("b"))?;
        let both = vec![Interest::Read(receiver), Interest::Read(far.fd())];
        trap!(yield poll(vec![both[1]], Duration::MAX))?;
        for _ in 0..3 {
            assert_eq!(trap!(yield poll(both.clone(), Duration::MAX))?, both);
        }
        trap!(yield port_recv(receiver))?;
        assert_eq!(trap!(yield poll(both.clone(), Duration::MAX))?, both[1..]);
        trap!(yield far.recv(1))?;
        assert_eq!(trap!(yield poll(both, Duration::ZERO))?, []);
        Ok(())
    })
}

fn a_poll_waits_for_whatever_comes_first() -> Task {
    task!({
        let (first, first_receiver) = trap!(yield port_create(1))?;
        let (second, second_receiver) = trap!(yield port_create(1))?;
        for (sender, expected) in [(second, second_receiver), (first, first_receiver)] {
            let interests = vec![Interest::Read(first_receiver), Interest::Read(second_receiver)];
            let poller = trap!(yield spawn(polls(interests)).share(first_receiver).share(second_receiver))?;
            assert_eq!(call!(until_blocked(poller))?, WaitsOn::Poll(2));
            trap!(yield port_send(sender, "x"))?;
            assert_eq!(trap!(yield wait(poller))?, ExitStatus::Exited(expected.slot() as i32));
            trap!(yield port_recv(expected))?;
        }
        Ok(())
    })
}

fn a_poll_for_no_time_only_looks() -> Task {
    task!({
        let (_sender, receiver) = trap!(yield port_create(1))?;
        assert_eq!(trap!(yield poll(vec![Interest::Read(receiver)], Duration::ZERO))?, []);
        assert_eq!(trap!(yield poll(vec![], Duration::ZERO))?, []);
        Ok(())
    })
}

fn a_poll_is_over_in_time() -> Task {
    task!({
        let (_sender, receiver) = trap!(yield port_create(1))?;
        for interests in [vec![Interest::Read(receiver)], vec![]] {
            let before = trap!(yield now())?;
            assert_eq!(trap!(yield poll(interests, SHORT))?, []);
            assert!(trap!(yield now())?.since(before) >= SHORT);
        }
        Ok(())
    })
}

fn a_deadline_ends_a_poll() -> Task {
    task!({
        let (_sender, receiver) = trap!(yield port_create(1))?;
        for span in [Duration::MAX, 1000 * SHORT] {
            let ended = timeout!(SHORT, { trap!(yield poll(vec![Interest::Read(receiver)], span)) });
            assert_eq!(ended, Err(Elapsed));
        }
        // A poll's own time under a later deadline is no error.
        let ended = timeout!(1000 * SHORT, { trap!(yield poll(vec![Interest::Read(receiver)], SHORT)) });
        assert_eq!(ended, Ok(Ok(vec![])));
        Ok(())
    })
}

fn a_poll_is_told_that_a_port_has_ended() -> Task {
    task!({
        let (sender, receiver) = trap!(yield port_create(1))?;
        let poller = trap!(yield spawn(polls(vec![Interest::Read(receiver)])).share(receiver))?;
        call!(until_blocked(poller))?;
        trap!(yield close(sender))?;
        assert_eq!(trap!(yield wait(poller))?, ExitStatus::Exited(receiver.slot() as i32));
        assert_eq!(trap!(yield port_recv(receiver))?, None);
        let (sender, receiver) = trap!(yield port_create(1))?;
        trap!(yield port_send(sender, "fills it"))?;
        let poller = trap!(yield spawn(polls(vec![Interest::Write(sender)])).share(sender))?;
        call!(until_blocked(poller))?;
        trap!(yield close(receiver))?;
        assert_eq!(trap!(yield wait(poller))?, ExitStatus::Exited(sender.slot() as i32));
        Ok(())
    })
}

fn a_poll_is_told_of_room() -> Task {
    task!({
        let (sender, receiver) = trap!(yield port_create(1))?;
        trap!(yield port_send(sender, "fills it"))?;
        let poller = trap!(yield spawn(polls(vec![Interest::Write(sender)])).share(sender))?;
        call!(until_blocked(poller))?;
        trap!(yield port_recv(receiver))?;
        assert_eq!(trap!(yield wait(poller))?, ExitStatus::Exited(sender.slot() as i32));
        Ok(())
    })
}

fn a_poll_is_told_of_a_connection_and_of_its_bytes() -> Task {
    task!({
        let (listener, address) = call!(listener())?;
        let (_sender, receiver) = trap!(yield port_create(1))?;
        let client = trap!(
            yield spawn(task!({
                let socket = trap!(yield Socket::connect(address))?;
                trap!(yield socket.send("x"))?;
                trap!(yield sleep(Duration::MAX))
            }))
        )?;
        let interests = vec![Interest::Read(receiver), Interest::Read(listener.fd())];
        assert_eq!(trap!(yield poll(interests.clone(), Duration::MAX))?, interests[1..]);
        let (conn, _) = trap!(yield listener.accept())?;
        let interests = vec![Interest::Read(receiver), Interest::Read(conn.fd())];
        assert_eq!(trap!(yield poll(interests.clone(), Duration::MAX))?, interests[1..]);
        assert_eq!(&*trap!(yield conn.recv(9))?, b"x");
        trap!(yield kill(client, Signal::Kill))?;
        // The end of a stream can be read.
        assert_eq!(trap!(yield poll(interests.clone(), Duration::MAX))?, interests[1..]);
        assert!(trap!(yield conn.recv(9))?.is_empty());
        trap!(yield wait(client))?;
        Ok(())
    })
}

fn a_poll_of_the_wrong_end_is_refused() -> Task {
    task!({
        let (sender, receiver) = trap!(yield port_create(1))?;
        let (listener, _) = call!(listener())?;
        let refused = [
            (Interest::Read(sender), Errno::EBADF),
            (Interest::Write(receiver), Errno::EBADF),
            (Interest::Read(Fd::new(500, 0)), Errno::EBADF),
            (Interest::Write(listener.fd()), Errno::EOPNOTSUPP),
        ];
        for (interest, errno) in refused {
            assert_eq!(trap!(yield poll(vec![Interest::Write(sender), interest], Duration::ZERO)), Err(errno));
        }
        assert_eq!(trap!(yield read_wait(sender)), Err(Errno::EBADF));
        assert_eq!(trap!(yield write_wait(receiver)), Err(Errno::EBADF));
        Ok(())
    })
}

fn a_poll_has_a_bound() -> Task {
    const MOST: usize = 1 << 16;
    task!({
        let (sender, _receiver) = trap!(yield port_create(1))?;
        let ready = trap!(yield poll(vec![Interest::Write(sender); MOST], Duration::ZERO))?;
        assert_eq!(ready.len(), MOST);
        let refused = trap!(yield poll(vec![Interest::Write(sender); MOST + 1], Duration::ZERO));
        assert_eq!(refused, Err(Errno::EINVAL));
        Ok(())
    })
}

fn those_who_receive_are_before_those_who_poll() -> Task {
    task!({
        let (sender, receiver) = trap!(yield port_create(1))?;
        let poller = trap!(yield spawn(polls(vec![Interest::Read(receiver)])).share(receiver))?;
        call!(until_blocked(poller))?;
        let taker = trap!(yield spawn(task!({ trap!(yield port_recv(receiver)).map(drop) })).share(receiver))?;
        call!(until_blocked(taker))?;
        trap!(yield port_send(sender, "for the taker"))?;
        trap!(yield wait(taker))?;
        assert_eq!(trap!(yield try_wait(poller))?, None);
        assert_eq!(call!(until_blocked(poller))?, WaitsOn::Poll(1));
        trap!(yield port_send(sender, "for the poller"))?;
        assert_eq!(trap!(yield wait(poller))?, ExitStatus::Exited(receiver.slot() as i32));
        trap!(yield port_recv(receiver)).map(drop)
    })
}

fn many_polls_of_one_port_are_all_told() -> Task {
    task!({
        let (sender, receiver) = trap!(yield port_create(1))?;
        let mut pollers = Vec::new();
        for _ in 0..3 {
            let poller = trap!(yield spawn(polls(vec![Interest::Read(receiver)])).share(receiver))?;
            call!(until_blocked(poller))?;
            pollers.push(poller);
        }
        trap!(yield port_send(sender, "x"))?;
        for poller in pollers {
            assert_eq!(trap!(yield wait(poller))?, ExitStatus::Exited(receiver.slot() as i32));
        }
        trap!(yield port_recv(receiver)).map(drop)
    })
}

fn a_poll_watches_one_thing_twice() -> Task {
    task!({
        let (sender, receiver) = trap!(yield port_create(1))?;
        let second = trap!(yield dup(receiver))?;
        let interests = vec![Interest::Read(receiver), Interest::Read(receiver), Interest::Read(second)];
        let poller = trap!(yield spawn(polls(interests)).share(receiver).share(second))?;
        assert_eq!(call!(until_blocked(poller))?, WaitsOn::Poll(3));
        trap!(yield port_send(sender, "x"))?;
        assert_eq!(trap!(yield wait(poller))?, ExitStatus::Exited(receiver.slot() as i32));
        trap!(yield port_recv(receiver)).map(drop)
    })
}

fn a_wait_for_an_end_of_a_port_is_a_poll_of_one() -> Task {
    task!({
        let (sender, receiver) = trap!(yield port_create(1))?;
        trap!(yield write_wait(sender))?;
        let reader = trap!(yield spawn(task!({ trap!(yield read_wait(receiver)) })).share(receiver))?;
        assert_eq!(call!(until_blocked(reader))?, WaitsOn::Poll(1));
        trap!(yield port_send(sender, "x"))?;
        assert_eq!(trap!(yield wait(reader))?, ExitStatus::Exited(0));
        trap!(yield read_wait(receiver))?;
        assert_eq!(timeout!(SHORT, { trap!(yield write_wait(sender)) }), Err(Elapsed));
        trap!(yield port_recv(receiver)).map(drop)
    })
}

fn a_poll_of_many_is_told_of_the_last() -> Task {
    const PORTS: usize = 400;
    task!({
        let mut ports = Vec::new();
        for _ in 0..PORTS {
            ports.push(trap!(yield port_create(1))?);
        }
        let interests: Vec<Interest> = ports.iter().map(|&(_, receiver)| Interest::Read(receiver)).collect();
        let mut spawned = spawn(polls(interests));
        for &(_, receiver) in &ports {
            spawned = spawned.share(receiver);
        }
        let poller = trap!(yield spawned)?;
        assert_eq!(call!(until_blocked(poller))?, WaitsOn::Poll(PORTS as u32));
        let (sender, receiver) = ports[PORTS - 1];
        trap!(yield port_send(sender, "x"))?;
        assert_eq!(trap!(yield wait(poller))?, ExitStatus::Exited(receiver.slot() as i32));
        trap!(yield port_recv(receiver)).map(drop)
    })
}

fn a_killed_poll_watches_nothing() -> Task {
    task!({
        let (sender, receiver) = trap!(yield port_create(1))?;
        let (near, far) = call!(connection())?;
        let interests = vec![Interest::Read(receiver), Interest::Read(far.fd())];
        let poller = trap!(yield spawn(polls(interests)).share(receiver).share(far.fd()))?;
        call!(until_blocked(poller))?;
        trap!(yield kill(poller, Signal::Kill))?;
        trap!(yield wait(poller))?;
        trap!(yield port_send(sender, "x"))?;
        trap!(yield near.send("y"))?;
        assert_eq!(trap!(yield port_try_recv(receiver))?.map(|message| message.len()), Some(1));
        assert_eq!(&*trap!(yield far.recv(1))?, b"y");
        Ok(())
    })
}
