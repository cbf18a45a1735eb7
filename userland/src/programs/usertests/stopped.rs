//! Tests of tasks that are stopped while they wait: what they take, and when.

use super::{Test, support::*};
use crate::prelude::*;

pub(super) const TESTS: &[Test] = tests![
    a_wait_may_end_while_its_task_is_stopped,
    a_stopped_reader_takes_nothing_and_reads_when_it_goes_on,
    a_stopped_reader_that_is_killed_or_terminated_has_taken_nothing,
    a_stopped_writer_writes_nothing_and_goes_on_with_the_rest,
    who_waits_behind_a_writer_that_is_stopped_is_tried_at_once,
    a_stopped_task_accepts_no_connection,
    a_stopped_task_takes_no_message_and_sends_none,
    a_deadline_ends_the_wait_of_a_stopped_task,
];

/// What the next message of a port says.
fn received(receives: Fd) -> impl Routine<Result<Buf, Errno>> {
    routine!(move {
        let message = trap!(yield port_recv(receives))?.ok_or(Errno::EPIPE)?;
        Ok(message.data)
    })
}

/// Ends with the number of bytes that one read gives.
fn counts_what_it_reads(from: Fd) -> Task {
    task!({
        let data = trap!(yield read(from, 99))?;
        trap!(yield exit(data.len() as i32))
    })
}

/// Waits until this child waits, and stops it.
fn stop_blocked(child: Tid) -> impl Routine<Result<(), Errno>> {
    routine!(move {
        call!(until_blocked(child))?;
        trap!(yield kill(child, Signal::Stop))
    })
}

/// Has this child go on; how it ends.
fn end_of(child: Tid) -> impl Routine<Result<ExitStatus, Errno>> {
    routine!(move {
        trap!(yield kill(child, Signal::Cont))?;
        trap!(yield wait(child))
    })
}

fn a_stopped_reader_takes_nothing_and_reads_when_it_goes_on() -> Task {
    task!({
        let (from, to) = trap!(yield pipe())?;
        let (master, terminal) = trap!(yield pty())?;
        for (input, output) in [(from, to), (terminal, master)] {
            // Those behind one that is stopped are served in their order, and newcomers before it too.
            let stopped = trap!(yield spawn(counts_what_it_reads(input)).share(input))?;
            call!(stop_blocked(stopped))?;
            let behind = trap!(yield spawn(counts_what_it_reads(input)).share(input))?;
            call!(until_blocked(behind))?;
            trap!(yield write(output, "1\n"))?;
            assert_eq!(trap!(yield wait(behind))?, ExitStatus::Exited(2));
            trap!(yield write(output, "22\n"))?;
            assert_eq!(trap!(yield read(input, 99))?, Buf::from("22\n"));
            trap!(yield write(output, "333\n"))?;
            assert_eq!(call!(end_of(stopped))?, ExitStatus::Exited(4));
            // Nothing is there when it goes on: it waits again, and last.
            let stopped = trap!(yield spawn(counts_what_it_reads(input)).share(input))?;
            call!(stop_blocked(stopped))?;
            let first = trap!(yield spawn(counts_what_it_reads(input)).share(input))?;
            call!(until_blocked(first))?;
            trap!(yield kill(stopped, Signal::Cont))?;
            assert_eq!(call!(until_blocked(stopped))?, WaitsOn::Read(input));
            trap!(yield write(output, "1\n"))?;
            assert_eq!(trap!(yield wait(first))?, ExitStatus::Exited(2));
            trap!(yield write(output, "22\n"))?;
            assert_eq!(trap!(yield wait(stopped))?, ExitStatus::Exited(3));
        }
        Ok(())
    })
}

fn a_stopped_reader_that_is_killed_or_terminated_has_taken_nothing() -> Task {
    task!({
        let (from, to) = trap!(yield pipe())?;
        for signal in [Signal::Kill, Signal::Term] {
            let child = trap!(yield spawn(counts_what_it_reads(from)).share(from))?;
            call!(stop_blocked(child))?;
            trap!(yield write(to, "left"))?;
            trap!(yield kill(child, signal))?;
            assert_eq!(call!(end_of(child))?, ExitStatus::Killed(signal));
            assert_eq!(trap!(yield read(from, 99))?, Buf::from("left"));
        }
        Ok(())
    })
}

fn a_stopped_writer_writes_nothing_and_goes_on_with_the_rest() -> Task {
    task!({
        let (from, to) = trap!(yield pipe())?;
        trap!(yield write(to, vec![b'a'; 65_536]))?;
        let child = task!({
            let data = Buf::from(vec![b'b'; 5000]);
            write_all!(to, data)?;
            Ok(())
        });
        let child = trap!(yield spawn(child).share(to))?;
        call!(stop_blocked(child))?;
        assert_eq!(trap!(yield read(from, 65_536))?.len(), 65_536);
        assert_eq!(trap!(yield poll(vec![Interest::Read(from)], Duration::ZERO))?, []);
        assert_eq!(call!(end_of(child))?, ExitStatus::Exited(0));
        let mut count = 0;
        while count < 5000 {
            count += trap!(yield read(from, 65_536))?.len();
        }
        // A stopped writer whose reader has gone learns it when it goes on.
        trap!(yield write(to, vec![b'a'; 65_536]))?;
        let child = trap!(yield spawn(task!({ trap!(yield write(to, "x")).map(drop) })).share(to))?;
        call!(stop_blocked(child))?;
        trap!(yield close(from))?;
        assert_eq!(trap!(yield try_wait(child))?, None);
        assert_eq!(call!(end_of(child))?, ExitStatus::Killed(Signal::Pipe));
        Ok(())
    })
}

fn who_waits_behind_a_writer_that_is_stopped_is_tried_at_once() -> Task {
    task!({
        let (from, to) = trap!(yield pipe())?;
        trap!(yield write(to, vec![b'a'; 65_536 - 100]))?;
        let writes = |length: usize| task!({ trap!(yield write(to, vec![b'b'; length])).map(drop) });
        let long = trap!(yield spawn(writes(4096)).share(to))?;
        call!(until_blocked(long))?;
        let short = trap!(yield spawn(writes(10)).share(to))?;
        call!(until_blocked(short))?;
        trap!(yield kill(long, Signal::Stop))?;
        assert_eq!(trap!(yield wait(short))?, ExitStatus::Exited(0));
        trap!(yield kill(long, Signal::Kill))?;
        trap!(yield wait(long))?;
        trap!(yield close(from))?;
        trap!(yield close(to))
    })
}

fn a_stopped_task_accepts_no_connection() -> Task {
    task!({
        let (listener, address) = call!(listener())?;
        let fd = listener.fd();
        let accepts = || task!({ trap!(yield accept(fd)).map(drop) });
        let stopped = trap!(yield spawn(accepts()).share(fd))?;
        call!(stop_blocked(stopped))?;
        let behind = trap!(yield spawn(accepts()).share(fd))?;
        call!(until_blocked(behind))?;
        let first = trap!(yield Socket::connect(address))?;
        assert_eq!(trap!(yield wait(behind))?, ExitStatus::Exited(0));
        assert_eq!(trap!(yield try_wait(stopped))?, None);
        let second = trap!(yield Socket::connect(address))?;
        assert_eq!(call!(end_of(stopped))?, ExitStatus::Exited(0));
        for socket in [first, second, listener] {
            trap!(yield socket.close())?;
        }
        Ok(())
    })
}

fn a_stopped_task_takes_no_message_and_sends_none() -> Task {
    task!({
        let (sends, receives) = trap!(yield port_create(1))?;
        let receiver = || {
            task!({
                let message = trap!(yield port_recv(receives))?.ok_or(Errno::EPIPE)?;
                trap!(yield exit(message.len() as i32))
            })
        };
        let stopped = trap!(yield spawn(receiver()).share(receives))?;
        call!(stop_blocked(stopped))?;
        let behind = trap!(yield spawn(receiver()).share(receives))?;
        call!(until_blocked(behind))?;
        trap!(yield port_send(sends, "1"))?;
        assert_eq!(trap!(yield wait(behind))?, ExitStatus::Exited(1));
        trap!(yield port_send(sends, "22"))?;
        assert_eq!(call!(end_of(stopped))?, ExitStatus::Exited(2));
        // One that is full: the message of who is stopped comes after a newcomer's.
        trap!(yield port_send(sends, "full"))?;
        let sender = task!({ Ok(trap!(yield port_send(sends, "late"))?) });
        let stopped = trap!(yield spawn(sender).share(sends))?;
        call!(stop_blocked(stopped))?;
        for expected in ["full", "newer"] {
            assert_eq!(call!(received(receives))?, Buf::from(expected));
            assert_eq!(trap!(yield poll(vec![Interest::Read(receives)], Duration::ZERO))?, []);
            trap!(yield port_send(sends, "newer"))?;
        }
        trap!(yield kill(stopped, Signal::Cont))?;
        assert_eq!(call!(until_blocked(stopped))?, WaitsOn::Send(sends));
        for expected in ["newer", "late"] {
            assert_eq!(call!(received(receives))?, Buf::from(expected));
        }
        assert_eq!(trap!(yield wait(stopped))?, ExitStatus::Exited(0));
        // Who cannot send any more learns it when it goes on.
        trap!(yield port_send(sends, "full"))?;
        let sender = task!({ Ok(trap!(yield port_send(sends, "late"))?) });
        let stopped = trap!(yield spawn(sender).share(sends))?;
        call!(stop_blocked(stopped))?;
        trap!(yield close(receives))?;
        assert_eq!(trap!(yield try_wait(stopped))?, None);
        assert_eq!(call!(end_of(stopped))?, ExitStatus::Exited(1));
        trap!(yield close(sends))
    })
}

fn a_deadline_ends_the_wait_of_a_stopped_task() -> Task {
    task!({
        let (from, to) = trap!(yield pipe())?;
        let child = task!({
            let late = timeout!(Duration::from_millis(5), { trap!(yield read(from, 9)) }).is_err();
            trap!(yield exit(i32::from(late)))
        });
        let child = trap!(yield spawn(child).share(from))?;
        call!(stop_blocked(child))?;
        trap!(yield sleep(Duration::from_millis(10)))?;
        trap!(yield write(to, "not for it"))?;
        assert_eq!(call!(end_of(child))?, ExitStatus::Exited(1));
        assert_eq!(trap!(yield read(from, 99))?, Buf::from("not for it"));
        Ok(())
    })
}

fn a_wait_may_end_while_its_task_is_stopped() -> Task {
    task!({
        let ends = trap!(yield spawn(task!({ trap!(yield sleep(Duration::from_millis(1))) })))?;
        let child = task!({ trap!(yield join(ends)).map(drop) });
        let child = trap!(yield spawn(child))?;
        call!(stop_blocked(child))?;
        trap!(yield wait(ends))?;
        assert_eq!(trap!(yield try_wait(child))?, None);
        assert_eq!(call!(end_of(child))?, ExitStatus::Exited(0));
        Ok(())
    })
}
