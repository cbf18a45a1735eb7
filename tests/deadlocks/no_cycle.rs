//! What is no cycle: waits that the clock, a signal, a task that goes on or anybody could end, and a sleep for ever.

use super::*;

#[test]
fn of_two_that_could_end_a_wait_one_that_goes_on_is_enough() {
    // The reader's pipe has two writers: one waits for the reader, the other sleeps.
    let (ended, told) = run(task!({
        let (from, to) = trap!(yield pipe())?;
        let reader = task!({ trap!(yield read(from, 1)).map(drop) });
        let reader = trap!(yield spawn(reader).pass(from))?;
        let waiting = task!({ trap!(yield join(reader)).map(drop) });
        trap!(yield spawn(waiting).share(to))?;
        let sleeping = task!({
            for _ in 0..5 {
                trap!(yield sleep(Duration::from_secs(1)))?;
            }
            trap!(yield write(to, "x")).map(drop)
        });
        trap!(yield spawn(sleeping).pass(to))?;
        while trap!(yield wait_any()).is_ok() {}
        Ok(())
    }));
    assert_eq!((ended, told.cycles), (WELL, Vec::<String>::new()));
}

#[test]
fn a_wait_with_a_deadline_an_alarm_or_a_caught_signal_is_no_part_of_a_cycle() {
    let late = |from: Fd| {
        task!({
            let outcome = timeout!(Duration::from_secs(3), { trap!(yield read(from, 1)) });
            assert!(outcome.is_err());
            Ok(())
        })
    };
    let alarmed = |from: Fd| {
        task!({
            trap!(yield alarm(Duration::from_secs(3)))?;
            trap!(yield read(from, 1)).map(drop)
        })
    };
    let catching = |from: Fd| {
        task!({
            trap!(yield catch_signals(Signal::Usr1))?;
            assert_eq!(trap!(yield read(from, 1)), Err(Errno::EINTR));
            assert_eq!(trap!(yield take_signal())?, Signal::Usr1);
            Ok(())
        })
    };
    for (which, body) in [late as fn(Fd) -> Task, alarmed, catching].into_iter().enumerate() {
        let (ended, told) = run(task!({
            let (from, to) = trap!(yield pipe())?;
            // It has the other end itself.
            let child = trap!(yield spawn(body(from)).pass(from).pass(to))?;
            for _ in 0..2 {
                trap!(yield sleep(Duration::from_secs(1)))?;
            }
            if which == 2 {
                trap!(yield kill(child, Signal::Usr1))?;
            }
            trap!(yield wait(child)).map(drop)
        }));
        assert_eq!((ended, told.cycles), (WELL, Vec::<String>::new()), "{which}");
    }
}

#[test]
fn joins_with_a_deadline_are_no_cycle_and_those_without_are_told_at_once() {
    let joins = |other: u64, span: Duration| {
        task!({
            let outcome = timeout!(span, { trap!(yield join(Tid::from_serial(other))) });
            assert!(outcome.is_err());
            Ok(())
        })
    };
    let (ended, told) = run(task!({
        trap!(yield spawn(joins(3, Duration::from_secs(1))))?;
        trap!(yield spawn(joins(2, Duration::from_secs(2))))?;
        while trap!(yield wait_any()).is_ok() {}
        Ok(())
    }));
    assert_eq!((ended, told.cycles), (WELL, Vec::<String>::new()));
}

#[test]
fn who_waits_for_a_named_port_or_socket_could_be_woken_by_anyone() {
    let (ended, told) = run(task!({
        let named = task!({
            let (_to, from) = trap!(yield port_create(1))?;
            trap!(yield port_publish(from, "door"))?;
            trap!(yield port_recv(from)).map(drop)
        });
        let listening = task!({
            let listener = trap!(yield unix_listen("/socket"))?;
            trap!(yield unix_accept(listener)).map(drop)
        });
        trap!(yield spawn(named))?;
        trap!(yield spawn(listening))?;
        for _ in 0..3 {
            trap!(yield sleep(Duration::from_secs(1)))?;
        }
        let door = trap!(yield port_open("door"))?;
        trap!(yield port_send(door, "")).map_err(Errno::from)?;
        trap!(yield unix_connect("/socket"))?;
        while trap!(yield wait_any()).is_ok() {}
        Ok(())
    }));
    assert_eq!((ended, told.cycles), (WELL, Vec::<String>::new()));
}

#[test]
fn who_sleeps_for_ever_is_in_no_cycle() {
    let (ended, told) = run(task!({ trap!(yield sleep(Duration::MAX)) }));
    assert_eq!(ended, Ended::Deadlock(1));
    assert_eq!(told.deadlock.as_deref(), Some("none"));
    assert_eq!(with_part(&told, "nobody could wake it"), [1]);
}

#[test]
fn who_waits_for_a_datagram_could_be_sent_one_by_anyone() {
    let receives = |fd: Fd| task!({ trap!(yield recv_from(fd, 1)).map(drop) });
    let told = beside_a_busy_task(
        routine!(move {
            for path in ["/one", "/two"] {
                let fd = trap!(yield unix_bind(path))?;
                trap!(yield spawn(receives(fd)).pass(fd))?;
            }
            Ok(())
        }),
        2..4,
    );
    assert_eq!(told.cycles, NONE);
}

#[test]
fn what_a_busy_task_holds_waits_for_or_could_do_is_no_cycle() {
    // Each is a cycle but for one thing; the busy task has that, or the clock, the console or a signal is it.
    let told = beside_a_busy_task(
        routine!({
            let (from, to) = trap!(yield pipe())?;
            let (send, receive) = trap!(yield port_create(1))?;
            // It has the writing end, too.
            let reads = task!({ trap!(yield read(from, 1)).map(drop) });
            trap!(yield spawn(reads).share(from).share(to))?;
            let receives = task!({ trap!(yield port_recv(receive)).map(drop) });
            trap!(yield spawn(receives).share(send).share(receive))?;
            let is_bounded = task!({
                let (from, _to) = trap!(yield pipe())?;
                timeout!(Duration::from_secs(9), { trap!(yield read(from, 1)) }).map(drop).or(Ok(()))
            });
            trap!(yield spawn(is_bounded))?;
            let catches = task!({
                let (from, _to) = trap!(yield pipe())?;
                trap!(yield catch_signals(Signal::Usr1))?;
                trap!(yield read(from, 1)).map(drop)
            });
            trap!(yield spawn(catches))?;
            let polls = task!({
                let (from, _to) = trap!(yield pipe())?;
                trap!(yield poll(vec![Interest::Read(from), Interest::Read(Fd::STDIN)], Duration::MAX)).map(drop)
            });
            trap!(yield spawn(polls))?;
            // What its tracer waits for is whatever it does.
            let traces = task!({
                let tracer = trap!(yield ktrace(Tid::from_serial(1), TraceFlags::COUNT, 0))?;
                trap!(yield ktrace_read(tracer, 1)).map(drop)
            });
            trap!(yield spawn(traces)).map(drop)
        }),
        2..8,
    );
    assert_eq!(told.cycles, NONE);
}

#[test]
fn who_waits_for_what_two_tell_a_tracer_could_be_told_of_one_more_by_who_has_it() {
    let told = beside_a_busy_task(
        routine!({
            let tracer = trap!(yield ktrace(Tid::NONE, TraceFlags::COUNT, 0))?;
            let (from, to) = trap!(yield pipe())?;
            let reads = task!({ trap!(yield read(from, 1)).map(drop) });
            trap!(yield spawn(reads).pass(from).traced(tracer))?;
            let traces = task!({
                loop {
                    trap!(yield ktrace_read(tracer, 1))?;
                }
            });
            // Who is traced waits for it; and the busy task may have the tracer trace another.
            trap!(yield spawn(traces).share(tracer).pass(to)).map(drop)
        }),
        2..4,
    );
    assert_eq!(told.cycles, NONE);
}
