//! Tests of ports: what arrives, in which order, who is told of an end, and what travels.

use super::{Test, support::*};
use crate::prelude::*;

pub(super) const TESTS: &[Test] = tests![
    messages_arrive_in_order_and_whole,
    an_empty_message_is_no_end,
    what_was_sent_is_received_after_the_senders_are_gone,
    a_full_port_makes_its_senders_wait,
    a_try_never_waits,
    a_sender_without_receivers_gets_its_bytes_back,
    a_sender_that_waits_is_told_that_nobody_receives,
    receivers_that_wait_are_told_the_end,
    receivers_are_served_in_the_order_in_which_they_came,
    senders_are_served_in_the_order_in_which_they_came,
    a_newcomer_overtakes_nobody,
    each_end_does_its_own,
    what_is_no_port_is_refused,
    a_capacity_has_bounds,
    a_message_has_bounds,
    a_deadline_ends_a_wait_at_a_port_and_moves_nothing,
    a_killed_sender_leaves_nothing_in_the_queue,
    a_killed_receiver_takes_nothing,
    a_named_port_is_opened_by_strangers,
    a_name_is_of_one_port,
    a_name_keeps_off_the_end,
    fds_travel_with_a_message,
    a_port_can_be_answered_on_a_port_that_came_along,
    fds_that_cannot_be_sent_stay,
    fds_that_are_not_received_are_closed,
    fds_of_a_sender_that_waits_stay_until_it_has_sent,
    a_receiver_without_room_for_fds_loses_nothing,
    a_waiting_receiver_without_room_leaves_the_message_to_the_next,
    a_receiving_end_does_not_travel_in_a_message,
    the_last_sending_end_in_its_own_queue_is_no_leak,
];

/// Sends these, one message each.
fn sends(port: Fd, messages: &'static [&'static str]) -> Task {
    task!({
        for &message in messages {
            trap!(yield port_send(port, message))?;
        }
        Ok(())
    })
}

/// Receives one message that says `expected`.
fn receives(port: Fd, expected: &'static str) -> Task {
    task!({
        let message = trap!(yield port_recv(port))?;
        assert_eq!(message, Some(Message::from(Buf::from(expected))));
        Ok(())
    })
}

/// The text of the next message; `None` at the end.
fn text(port: Fd) -> impl Routine<Result<Option<String>, Errno>> {
    routine!(move {
        let message = trap!(yield port_recv(port))?;
        Ok(message.map(|message| String::from_utf8_lossy(&message).into_owned()))
    })
}

/// Waits for a child that must have ended well.
fn ends_well(child: Tid) -> impl Routine<Result<(), Errno>> {
    routine!(move {
        assert_eq!(trap!(yield wait(child))?, ExitStatus::Exited(0));
        Ok(())
    })
}

/// Waits for children that must all have ended well.
fn all_end_well(children: Vec<Tid>) -> impl Routine<Result<(), Errno>> {
    routine!(move {
        for child in children {
            call!(ends_well(child))?;
        }
        Ok(())
    })
}

fn unsent(errno: Errno, data: &'static str) -> Result<(), Unsent> {
    Err(Unsent { errno, data: Buf::from(data) })
}

fn messages_arrive_in_order_and_whole() -> Task {
    task!({
        let (sender, receiver) = trap!(yield port_create(2))?;
        let child = trap!(yield spawn(sends(sender, &["a", "bb", "ccc", "dddd"])).pass(sender))?;
        for expected in ["a", "bb", "ccc", "dddd"] {
            assert_eq!(call!(text(receiver))?.as_deref(), Some(expected));
        }
        assert_eq!(call!(text(receiver))?, None);
        call!(ends_well(child))
    })
}

fn an_empty_message_is_no_end() -> Task {
    task!({
        let (sender, receiver) = trap!(yield port_create(1))?;
        trap!(yield port_send(sender, ""))?;
        assert_eq!(trap!(yield port_recv(receiver))?, Some(Message::default()));
        trap!(yield close(sender))?;
        assert_eq!(trap!(yield port_recv(receiver))?, None);
        assert_eq!(trap!(yield port_try_recv(receiver))?, None);
        Ok(())
    })
}

fn what_was_sent_is_received_after_the_senders_are_gone() -> Task {
    task!({
        let (sender, receiver) = trap!(yield port_create(8))?;
        let child = trap!(yield spawn(sends(sender, &["one", "two"])).pass(sender))?;
        call!(ends_well(child))?;
        assert_eq!(call!(text(receiver))?.as_deref(), Some("one"));
        assert_eq!(call!(text(receiver))?.as_deref(), Some("two"));
        assert_eq!(call!(text(receiver))?, None);
        Ok(())
    })
}

fn a_full_port_makes_its_senders_wait() -> Task {
    task!({
        let (sender, receiver) = trap!(yield port_create(2))?;
        let child = trap!(yield spawn(sends(sender, &["a", "b", "c"])).pass(sender))?;
        assert_eq!(call!(until_blocked(child))?, WaitsOn::Send(sender));
        assert_eq!(call!(text(receiver))?.as_deref(), Some("a"));
        call!(ends_well(child))?;
        assert_eq!(call!(text(receiver))?.as_deref(), Some("b"));
        assert_eq!(call!(text(receiver))?.as_deref(), Some("c"));
        Ok(())
    })
}

fn a_try_never_waits() -> Task {
    task!({
        let (sender, receiver) = trap!(yield port_create(1))?;
        assert_eq!(trap!(yield port_try_recv(receiver)), Err(Errno::EAGAIN));
        trap!(yield port_try_send(sender, "first"))?;
        assert_eq!(trap!(yield port_try_send(sender, "second")), unsent(Errno::EAGAIN, "second"));
        assert_eq!(&*trap!(yield port_try_recv(receiver))?.ok_or(Errno::EPIPE)?, b"first");
        assert_eq!(trap!(yield port_try_recv(receiver)), Err(Errno::EAGAIN));
        Ok(())
    })
}

fn a_sender_without_receivers_gets_its_bytes_back() -> Task {
    task!({
        let (sender, receiver) = trap!(yield port_create(1))?;
        let second = trap!(yield dup(receiver))?;
        trap!(yield close(receiver))?;
        trap!(yield port_send(sender, "there is one left"))?;
        trap!(yield close(second))?;
        assert_eq!(trap!(yield port_send(sender, "x")), unsent(Errno::EPIPE, "x"));
        assert_eq!(trap!(yield port_try_send(sender, "y")), unsent(Errno::EPIPE, "y"));
        Ok(())
    })
}

fn a_sender_that_waits_is_told_that_nobody_receives() -> Task {
    task!({
        let (sender, receiver) = trap!(yield port_create(1))?;
        trap!(yield port_send(sender, "fills it"))?;
        let mut children = Vec::new();
        for _ in 0..2 {
            let child = trap!(
                yield spawn(task!({
                    assert_eq!(trap!(yield port_send(sender, "a")), unsent(Errno::EPIPE, "a"));
                    Ok(())
                }))
                .share(sender)
            )?;
            children.push(child);
        }
        for &child in &children {
            call!(until_blocked(child))?;
        }
        trap!(yield close(receiver))?;
        call!(all_end_well(children))
    })
}

fn receivers_that_wait_are_told_the_end() -> Task {
    task!({
        let (sender, receiver) = trap!(yield port_create(1))?;
        let mut children = Vec::new();
        for _ in 0..2 {
            let child = trap!(
                yield spawn(task!({
                    assert_eq!(trap!(yield port_recv(receiver))?, None);
                    Ok(())
                }))
                .share(receiver)
            )?;
            assert_eq!(call!(until_blocked(child))?, WaitsOn::Receive(receiver));
            children.push(child);
        }
        trap!(yield close(sender))?;
        call!(all_end_well(children))
    })
}

fn receivers_are_served_in_the_order_in_which_they_came() -> Task {
    task!({
        let (sender, receiver) = trap!(yield port_create(1))?;
        let mut children = Vec::new();
        for expected in ["1", "2", "3"] {
            let child = trap!(yield spawn(receives(receiver, expected)).share(receiver))?;
            call!(until_blocked(child))?;
            children.push(child);
        }
        for message in ["1", "2", "3"] {
            trap!(yield port_send(sender, message))?;
        }
        call!(all_end_well(children))
    })
}

fn senders_are_served_in_the_order_in_which_they_came() -> Task {
    task!({
        let (sender, receiver) = trap!(yield port_create(1))?;
        trap!(yield port_send(sender, "0"))?;
        let mut children = Vec::new();
        for message in [&["1"], &["2"], &["3"]] {
            let child = trap!(yield spawn(sends(sender, message)).share(sender))?;
            call!(until_blocked(child))?;
            children.push(child);
        }
        for expected in ["0", "1", "2", "3"] {
            assert_eq!(call!(text(receiver))?.as_deref(), Some(expected));
        }
        call!(all_end_well(children))
    })
}

fn a_newcomer_overtakes_nobody() -> Task {
    task!({
        let (sender, receiver) = trap!(yield port_create(1))?;
        trap!(yield port_send(sender, "first"))?;
        let child = trap!(yield spawn(sends(sender, &["second"])).share(sender))?;
        call!(until_blocked(child))?;
        // The room that this makes is taken at once by who waited for it.
        assert_eq!(call!(text(receiver))?.as_deref(), Some("first"));
        assert_eq!(trap!(yield port_try_send(sender, "third")), unsent(Errno::EAGAIN, "third"));
        assert_eq!(call!(text(receiver))?.as_deref(), Some("second"));
        call!(ends_well(child))?;
        // And a message is handed to who waits for one.
        let child = trap!(yield spawn(receives(receiver, "fourth")).share(receiver))?;
        call!(until_blocked(child))?;
        trap!(yield port_send(sender, "fourth"))?;
        assert_eq!(trap!(yield port_try_recv(receiver)), Err(Errno::EAGAIN));
        call!(ends_well(child))
    })
}

fn each_end_does_its_own() -> Task {
    task!({
        let (sender, receiver) = trap!(yield port_create(1))?;
        assert_eq!(trap!(yield port_send(receiver, "x")), unsent(Errno::EBADF, "x"));
        assert_eq!(trap!(yield port_recv(sender)), Err(Errno::EBADF));
        assert_eq!(trap!(yield port_publish(sender, "name")), Err(Errno::EBADF));
        for end in [sender, receiver] {
            assert_eq!(trap!(yield read(end, 1)), Err(Errno::EOPNOTSUPP));
            assert_eq!(trap!(yield write(end, "x")), Err(Errno::EOPNOTSUPP));
            assert_eq!(trap!(yield recv(end, 1)), Err(Errno::ENOTSOCK));
            assert_eq!(trap!(yield accept(end)), Err(Errno::ENOTSOCK));
            assert_eq!(trap!(yield local_addr(end)), Err(Errno::ENOTSOCK));
            trap!(yield close(end))?;
        }
        assert_eq!(trap!(yield port_send(sender, "x")), unsent(Errno::EBADF, "x"));
        assert_eq!(trap!(yield port_recv(receiver)), Err(Errno::EBADF));
        Ok(())
    })
}

fn what_is_no_port_is_refused() -> Task {
    task!({
        assert_eq!(trap!(yield port_send(Fd::STDOUT, "x")), unsent(Errno::EOPNOTSUPP, "x"));
        assert_eq!(trap!(yield port_recv(Fd::STDIN)), Err(Errno::EOPNOTSUPP));
        assert_eq!(trap!(yield port_publish(Fd::STDIN, "name")), Err(Errno::EOPNOTSUPP));
        Ok(())
    })
}

fn a_capacity_has_bounds() -> Task {
    task!({
        assert_eq!(trap!(yield port_create(0)), Err(Errno::EINVAL));
        assert_eq!(trap!(yield port_create((1 << 16) + 1)), Err(Errno::EINVAL));
        let (sender, receiver) = trap!(yield port_create(1 << 16))?;
        for _ in 0..1 << 16 {
            trap!(yield port_try_send(sender, "x"))?;
        }
        assert_eq!(trap!(yield port_try_send(sender, "x")), unsent(Errno::EAGAIN, "x"));
        trap!(yield close(receiver))
    })
}

fn a_message_has_bounds() -> Task {
    const MOST: usize = 1 << 20;
    task!({
        let (sender, receiver) = trap!(yield port_create(1))?;
        let refused = trap!(yield port_send(sender, vec![7; MOST + 1]));
        assert!(refused.is_err_and(|unsent| unsent.errno == Errno::EMSGSIZE && unsent.data.len() == MOST + 1));
        trap!(yield port_send(sender, vec![7; MOST]))?;
        assert_eq!(trap!(yield port_recv(receiver))?.map(|message| message.len()), Some(MOST));
        let too_many = Message::new("", vec![Fd::STDIN; 65]);
        assert_eq!(trap!(yield port_send_fds(sender, too_many)), unsent(Errno::EINVAL, ""));
        Ok(())
    })
}

fn a_deadline_ends_a_wait_at_a_port_and_moves_nothing() -> Task {
    const SHORT: Duration = Duration::from_millis(5);
    task!({
        let (sender, receiver) = trap!(yield port_create(1))?;
        let empty = timeout!(SHORT, { trap!(yield port_recv(receiver)) });
        assert_eq!(empty, Err(Elapsed));
        trap!(yield port_send(sender, "fills it"))?;
        let kept = trap!(yield dup(Fd::STDIN))?;
        let full: Result<Result<(), Errno>, Elapsed> = timeout!(SHORT, {
            let late = trap!(yield port_send(sender, "late"));
            assert_eq!(late, unsent(Errno::ETIMEDOUT, "late"));
            trap!(yield port_send_fds(sender, Message::new("late", vec![kept])))?;
            Ok(())
        });
        assert_eq!(full, Err(Elapsed));
        trap!(yield close(kept))?;
        assert_eq!(call!(text(receiver))?.as_deref(), Some("fills it"));
        assert_eq!(trap!(yield port_try_recv(receiver)), Err(Errno::EAGAIN));
        Ok(())
    })
}

fn a_killed_sender_leaves_nothing_in_the_queue() -> Task {
    task!({
        let (sender, receiver) = trap!(yield port_create(1))?;
        trap!(yield port_send(sender, "first"))?;
        let doomed = trap!(yield spawn(sends(sender, &["never"])).share(sender))?;
        call!(until_blocked(doomed))?;
        let second = trap!(yield spawn(sends(sender, &["second"])).pass(sender))?;
        call!(until_blocked(second))?;
        trap!(yield kill(doomed, Signal::Kill))?;
        for expected in [Some("first"), Some("second"), None] {
            assert_eq!(call!(text(receiver))?.as_deref(), expected);
        }
        trap!(yield wait(doomed))?;
        call!(ends_well(second))
    })
}

fn a_killed_receiver_takes_nothing() -> Task {
    task!({
        let (sender, receiver) = trap!(yield port_create(1))?;
        let doomed = trap!(yield spawn(receives(receiver, "never")).share(receiver))?;
        call!(until_blocked(doomed))?;
        let second = trap!(yield spawn(receives(receiver, "a")).pass(receiver))?;
        call!(until_blocked(second))?;
        trap!(yield kill(doomed, Signal::Kill))?;
        trap!(yield port_send(sender, "a"))?;
        trap!(yield wait(doomed))?;
        call!(ends_well(second))?;
        // It was the last that could receive.
        assert_eq!(trap!(yield port_send(sender, "b")), unsent(Errno::EPIPE, "b"));
        Ok(())
    })
}

fn a_named_port_is_opened_by_strangers() -> Task {
    const NAME: &str = "usertests: a service";
    task!({
        assert_eq!(trap!(yield port_open(NAME)), Err(Errno::ENOENT));
        let (sender, receiver) = trap!(yield port_create(1))?;
        trap!(yield port_publish(receiver, NAME))?;
        trap!(yield close(sender))?;
        for word in [&["from a"], &["from b"]] {
            let stranger = trap!(
                yield spawn(task!({
                    let service = trap!(yield port_open(NAME))?;
                    call!(send_one(service, word[0]))
                }))
            )?;
            assert_eq!(call!(text(receiver))?.as_deref(), Some(word[0]));
            call!(ends_well(stranger))?;
        }
        trap!(yield close(receiver))?;
        assert_eq!(trap!(yield port_open(NAME)), Err(Errno::ENOENT));
        Ok(())
    })
}

fn send_one(port: Fd, word: &'static str) -> impl Routine<Result<(), Errno>> {
    routine!(move { Ok(trap!(yield port_send(port, word))?) })
}

fn a_name_is_of_one_port() -> Task {
    const NAME: &str = "usertests: a name";
    task!({
        let (_, first) = trap!(yield port_create(1))?;
        let (_, second) = trap!(yield port_create(1))?;
        trap!(yield port_publish(first, NAME))?;
        assert_eq!(trap!(yield port_publish(second, NAME)), Err(Errno::EEXIST));
        assert_eq!(trap!(yield port_publish(first, "usertests: another")), Err(Errno::EEXIST));
        assert_eq!(trap!(yield port_publish(second, "")), Err(Errno::EINVAL));
        assert_eq!(trap!(yield port_publish(second, b"\xff")), Err(Errno::EINVAL));
        assert_eq!(trap!(yield port_publish(second, vec![b'x'; 65])), Err(Errno::ENAMETOOLONG));
        trap!(yield close(first))?;
        trap!(yield port_publish(second, NAME))
    })
}

fn a_name_keeps_off_the_end() -> Task {
    const NAME: &str = "usertests: patience";
    task!({
        let (sender, receiver) = trap!(yield port_create(1))?;
        trap!(yield port_publish(receiver, NAME))?;
        let child = trap!(yield spawn(receives(receiver, "late")).pass(receiver))?;
        trap!(yield close(sender))?;
        call!(until_blocked(child))?;
        let sender = trap!(yield port_open(NAME))?;
        trap!(yield port_send(sender, "late"))?;
        call!(ends_well(child))
    })
}

fn fds_travel_with_a_message() -> Task {
    task!({
        let (sender, receiver) = trap!(yield port_create(1))?;
        let child = trap!(
            yield spawn(task!({
                let message = trap!(yield port_recv(receiver))?.ok_or(Errno::EPIPE)?;
                assert_eq!(&*message, b"a connection");
                let [near] = message.fds[..] else { panic!("{message:?}") };
                // The lowest free slot: the port itself kept the number that it was passed with.
                assert_eq!(near.slot(), 3);
                trap!(yield send_all(near, "hello"))?;
                Ok(())
            }))
            .pass(receiver)
        )?;
        let (near, far) = call!(connection())?;
        trap!(yield port_send_fds(sender, Message::new("a connection", vec![near.fd()])))?;
        assert_eq!(trap!(yield near.close()), Err(Errno::EBADF));
        assert_eq!(call!(receive_exactly(far, 5))?, b"hello");
        call!(ends_well(child))?;
        assert!(trap!(yield far.recv(1))?.is_empty());
        Ok(())
    })
}

fn a_port_can_be_answered_on_a_port_that_came_along() -> Task {
    fn doubles(requests: Fd) -> Task {
        task!({
            while let Some(request) = trap!(yield port_recv(requests))? {
                for &answers in &request.fds {
                    trap!(yield port_send(answers, [&*request, &*request].concat()))?;
                    trap!(yield close(answers))?;
                }
            }
            Ok(())
        })
    }
    task!({
        let (service, requests) = trap!(yield port_create(4))?;
        let server = trap!(yield spawn(doubles(requests)).pass(requests))?;
        for (word, twice) in [("ab", "abab"), ("x", "xx")] {
            let (answer, answers) = trap!(yield port_create(1))?;
            trap!(yield port_send_fds(service, Message::new(word, vec![answer])))?;
            assert_eq!(call!(text(answers))?.as_deref(), Some(twice));
            // The server has closed the only sending end.
            assert_eq!(call!(text(answers))?, None);
            trap!(yield close(answers))?;
        }
        trap!(yield close(service))?;
        call!(ends_well(server))
    })
}

fn fds_that_cannot_be_sent_stay() -> Task {
    task!({
        let (sender, receiver) = trap!(yield port_create(1))?;
        let fd = trap!(yield dup(Fd::STDIN))?;
        let stale = Fd::new(500, 0);
        for (fds, errno) in [(vec![fd, fd], Errno::EINVAL), (vec![fd, stale], Errno::EBADF)] {
            assert_eq!(trap!(yield port_send_fds(sender, Message::new("x", fds))), unsent(errno, "x"));
        }
        trap!(yield close(receiver))?;
        assert_eq!(trap!(yield port_send_fds(sender, Message::new("x", vec![fd]))), unsent(Errno::EPIPE, "x"));
        trap!(yield close(fd))
    })
}

fn fds_that_are_not_received_are_closed() -> Task {
    task!({
        let (sender, receiver) = trap!(yield port_create(2))?;
        let (near, far) = call!(connection())?;
        let (answer, answers) = trap!(yield port_create(1))?;
        trap!(yield port_send_fds(sender, Message::new("", vec![near.fd(), answer])))?;
        assert_eq!(trap!(yield port_try_recv(answers)), Err(Errno::EAGAIN));
        trap!(yield close(receiver))?;
        assert!(trap!(yield far.recv(1))?.is_empty());
        assert_eq!(trap!(yield port_recv(answers))?, None);
        Ok(())
    })
}

fn fds_of_a_sender_that_waits_stay_until_it_has_sent() -> Task {
    task!({
        let (sender, receiver) = trap!(yield port_create(1))?;
        trap!(yield port_send(sender, "fills it"))?;
        let (near, far) = call!(connection())?;
        let child = trap!(
            yield spawn(task!({
                trap!(yield port_send_fds(sender, Message::new("late", vec![near.fd()])))?;
                assert_eq!(trap!(yield near.close()), Err(Errno::EBADF));
                Ok(())
            }))
            .pass(sender)
            .pass(near.fd())
        )?;
        call!(until_blocked(child))?;
        let fds = |all: Vec<TaskInfo>| all.iter().find(|task| task.tid == child).map(|task| task.fds);
        assert_eq!(fds(trap!(yield tasks())?), Some(2));
        assert_eq!(call!(text(receiver))?.as_deref(), Some("fills it"));
        call!(ends_well(child))?;
        let message = trap!(yield port_recv(receiver))?.ok_or(Errno::EPIPE)?;
        trap!(yield send_all(message.fds[0], "x"))?;
        assert_eq!(call!(receive_exactly(far, 1))?, b"x");
        Ok(())
    })
}

/// Opens descriptors until there are no more to be had.
fn use_up_fds() -> impl Routine<Result<Vec<Fd>, Errno>> {
    const BOUND_MAX: usize = 1 << 20;
    routine!({
        let mut fds = Vec::new();
        loop {
            match trap!(yield dup(Fd::STDIN)) {
                Ok(fd) if fds.len() < BOUND_MAX => fds.push(fd),
                Ok(_) => return Err(Errno::EOVERFLOW),
                Err(_) => return Ok(fds),
            }
        }
    })
}

fn a_receiver_without_room_for_fds_loses_nothing() -> Task {
    task!({
        let (sender, receiver) = trap!(yield port_create(2))?;
        let carried = vec![trap!(yield dup(Fd::STDIN))?, trap!(yield dup(Fd::STDIN))?];
        trap!(yield port_send_fds(sender, Message::new("with two", carried)))?;
        trap!(yield port_send(sender, "with none"))?;
        let used_up = call!(use_up_fds())?;
        trap!(yield close(used_up[0]))?;
        assert_eq!(trap!(yield port_recv(receiver)), Err(Errno::EMFILE));
        assert_eq!(trap!(yield port_try_recv(receiver)), Err(Errno::EMFILE));
        trap!(yield close(used_up[1]))?;
        let message = trap!(yield port_recv(receiver))?.ok_or(Errno::EPIPE)?;
        assert_eq!((&*message, message.fds.len()), (&b"with two"[..], 2));
        assert_eq!(call!(text(receiver))?.as_deref(), Some("with none"));
        Ok(())
    })
}

fn a_waiting_receiver_without_room_leaves_the_message_to_the_next() -> Task {
    fn crowded(port: Fd) -> Task {
        task!({
            call!(use_up_fds())?;
            assert_eq!(trap!(yield port_recv(port)), Err(Errno::EMFILE));
            Ok(())
        })
    }
    task!({
        let (sender, receiver) = trap!(yield port_create(1))?;
        let fd = trap!(yield dup(Fd::STDIN))?;
        let first = trap!(yield spawn(crowded(receiver)).share(receiver))?;
        call!(until_blocked(first))?;
        let second = trap!(
            yield spawn(task!({
                assert_eq!(trap!(yield port_recv(receiver))?.map(|message| message.fds.len()), Some(1));
                Ok(())
            }))
            .share(receiver)
        )?;
        call!(until_blocked(second))?;
        trap!(yield port_send_fds(sender, Message::new("", vec![fd])))?;
        call!(ends_well(first))?;
        call!(ends_well(second))?;
        // With nobody else, it is queued.
        let fd = trap!(yield dup(Fd::STDIN))?;
        let third = trap!(yield spawn(crowded(receiver)).share(receiver))?;
        call!(until_blocked(third))?;
        trap!(yield port_send_fds(sender, Message::new("", vec![fd])))?;
        call!(ends_well(third))?;
        assert_eq!(trap!(yield port_try_recv(receiver))?.map(|message| message.fds.len()), Some(1));
        Ok(())
    })
}

fn a_receiving_end_does_not_travel_in_a_message() -> Task {
    task!({
        let (sender, receiver) = trap!(yield port_create(1))?;
        let (_, other) = trap!(yield port_create(1))?;
        for end in [receiver, other] {
            assert_eq!(trap!(yield port_send_fds(sender, Message::new("", vec![end]))), unsent(Errno::EINVAL, ""));
            trap!(yield close(end))?;
        }
        Ok(())
    })
}

fn the_last_sending_end_in_its_own_queue_is_no_leak() -> Task {
    task!({
        let (sender, receiver) = trap!(yield port_create(1))?;
        trap!(yield port_send_fds(sender, Message::new("", vec![sender])))?;
        assert_eq!(trap!(yield close(sender)), Err(Errno::EBADF));
        trap!(yield close(receiver))
        // What is left is counted after the test.
    })
}
