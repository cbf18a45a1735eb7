//! What is told of tasks that wait for each other: who is in a cycle, who only waits for it, what each waits at and
//! where. And what is no deadlock, of which nothing is told.
#![feature(coroutines, coroutine_trait)]

mod common;

use common::SEED;
use std::{cell::RefCell, ops::Range, rc::Rc, time::Duration};
use yieldix::{
    Console, Ended, Machine, MemoryConsole,
    event::{Event, Record},
    syscalls::{calls::*, *},
};

/// What was told, in its order.
#[derive(Default)]
struct Told {
    /// Cycles that others went on beside.
    cycles: Vec<String>,
    /// What the tasks in these wait at.
    in_cycles: Vec<(u64, String)>,
    /// The cycles of a deadlock.
    deadlock: Option<String>,
    /// Its tasks: what each waits at, and what it has to do with the cycles.
    parts: Vec<(u64, String, String)>,
}

/// Runs a machine to its end.
fn run(task: Task) -> (Ended, Told) {
    run_machine(common::machine().task(task))
}

fn run_machine(machine: Machine) -> (Ended, Told) {
    let told = Rc::new(RefCell::new(Told::default()));
    let seen = Rc::clone(&told);
    let observer = move |record: &Record<'_>| {
        let mut told = seen.borrow_mut();
        match record.event {
            Event::Cycle { tids, .. } => told.cycles.push(tids.to_owned()),
            Event::InCycle { tid, what, line, .. } => {
                assert!(line.starts_with("tests/deadlocks.rs:"), "{line}");
                told.in_cycles.push((tid.serial(), what.to_owned()));
            }
            Event::Deadlock { cycle, .. } => told.deadlock = Some(cycle.to_owned()),
            Event::Deadlocked { tid, what, line, part, .. } => {
                assert!(line.starts_with("tests/deadlocks.rs:"), "{line}");
                told.parts.push((tid.serial(), what.to_owned(), part.to_owned()));
            }
            _ => {}
        }
    };
    let machine = machine.simulate(SEED).console(Console::Memory(MemoryConsole::new())).observe(observer);
    let ended = machine.start().expect("the machine boots").run();
    (ended, told.take())
}

const WELL: Ended = Ended::Finished(ExitStatus::Exited(0));
const PIPE_BYTES: usize = 64 << 10;

/// The tasks of a deadlock with this part in it.
fn with_part(told: &Told, wanted: &str) -> Vec<u64> {
    told.parts.iter().filter(|(_, _, part)| part == wanted).map(|(tid, ..)| *tid).collect()
}

/// Takes the fork at the left and then, when all have theirs, the one at the right.
fn philosopher(left: Fd, right: Fd) -> Task {
    task!({
        trap!(yield port_recv(left))?;
        trap!(yield yield_now())?;
        trap!(yield port_recv(right)).map(drop)
    })
}

/// Five of them, who all have both ends of both their forks, as their parent has of all.
fn dinner() -> impl Routine<Result<(), Errno>> {
    routine!(move {
        let mut forks = Vec::new();
        for _ in 0..5 {
            let (put, take) = trap!(yield port_create(1))?;
            trap!(yield port_send(put, ""))?;
            forks.push((put, take));
        }
        for seat in 0..5 {
            let (left, right) = (forks[seat], forks[(seat + 1) % 5]);
            let spawned = spawn(philosopher(left.1, right.1)).share(left.0).share(left.1).share(right.0).share(right.1);
            trap!(yield spawned)?;
        }
        Ok(())
    })
}

#[test]
fn philosophers_who_all_took_a_fork_are_a_cycle_and_their_host_waits_for_it() {
    let (ended, told) = run(task!({
        call!(dinner())?;
        loop {
            trap!(yield wait_any())?;
        }
    }));
    assert_eq!(ended, Ended::Deadlock(6));
    let cycle = told.deadlock.as_deref().unwrap();
    assert_eq!(
        cycle,
        "2 (philosopher) waits for 3 (philosopher) waits for 4 (philosopher) waits for 5 (philosopher) \
         waits for 6 (philosopher) waits for 2"
    );
    assert_eq!(with_part(&told, "in a cycle"), [2, 3, 4, 5, 6]);
    assert_eq!(with_part(&told, "waits for a cycle"), [1], "their parent could put a fork back, and only waits");
    assert_eq!(told.parts[1].1, "port 1");
}

#[test]
fn a_cycle_of_philosophers_is_told_once_while_others_go_on() {
    let (ended, told) = run(task!({
        call!(dinner())?;
        // Its descriptors are the parent's own, who sleeps and could put a fork back: nothing is told of that.
        for _ in 0..5 {
            trap!(yield sleep(Duration::from_secs(1)))?;
        }
        for fd in (3..13).map(|slot| Fd::new(slot, 1)) {
            trap!(yield close(fd))?;
        }
        for _ in 0..5 {
            trap!(yield sleep(Duration::from_secs(1)))?;
        }
        for tid in (2..7).map(Tid::from_serial) {
            trap!(yield kill(tid, Signal::Kill))?;
        }
        Ok(())
    }));
    assert_eq!((ended, told.cycles.len()), (WELL, 1), "{:?}", told.cycles);
    assert!(told.cycles[0].starts_with("2 (philosopher) waits for 3"), "{:?}", told.cycles);
    assert_eq!(told.in_cycles.len(), 5);
}

/// Reads a pipe before it writes to the other.
fn reads_first(from: Fd, to: Fd) -> Task {
    task!({
        trap!(yield read(from, 1))?;
        trap!(yield write(to, "x")).map(drop)
    })
}

/// Two tasks with crossed pipes, and who begins as their parent waits.
fn crossed() -> impl Routine<Result<(), Errno>> {
    routine!(move {
        let (first, to_first) = trap!(yield pipe())?;
        let (second, to_second) = trap!(yield pipe())?;
        trap!(yield spawn(reads_first(first, to_second)).pass(first).pass(to_second).name("one"))?;
        trap!(yield spawn(reads_first(second, to_first)).pass(second).pass(to_first).name("two"))?;
        Ok(())
    })
}

#[test]
fn two_tasks_with_crossed_pipes_are_a_cycle_with_their_pipes_named() {
    let (ended, told) = run(task!({
        call!(crossed())?;
        trap!(yield wait_any()).map(drop)
    }));
    assert_eq!(ended, Ended::Deadlock(3));
    assert_eq!(told.deadlock.as_deref(), Some("2 (one) waits for 3 (two) waits for 2"));
    let part = |tid, what: &str, part: &str| (tid, what.to_owned(), part.to_owned());
    let expected = [
        part(1, "", "waits for a cycle"),
        part(2, "file 3 pipe's reading end, other end file 4", "in a cycle"),
        part(3, "file 5 pipe's reading end, other end file 6", "in a cycle"),
    ];
    assert_eq!(told.parts, expected);
}

#[test]
fn crossed_pipes_are_told_once_while_others_go_on_and_again_when_they_are_made_again() {
    let (ended, told) = run(task!({
        for round in 0..2 {
            call!(crossed())?;
            for _ in 0..3 {
                trap!(yield sleep(Duration::from_secs(1)))?;
            }
            for tid in [2, 3].map(|tid| Tid::from_serial(tid + 2 * round)) {
                trap!(yield kill(tid, Signal::Kill))?;
                trap!(yield wait(tid))?;
            }
        }
        Ok(())
    }));
    assert_eq!(ended, WELL);
    assert_eq!(told.cycles, ["2 (one) waits for 3 (two) waits for 2", "4 (one) waits for 5 (two) waits for 4"]);
    assert_eq!(told.in_cycles[0], (2, "file 3 pipe's reading end, other end file 4".to_owned()));
}

#[test]
fn who_forgot_to_close_an_end_is_in_the_cycle_with_who_waits_for_the_end_of_the_pipe() {
    let (ended, told) = run(task!({
        let (from, _to) = trap!(yield pipe())?;
        let child = task!({ trap!(yield read(from, 1)).map(drop) });
        let child = trap!(yield spawn(child).pass(from).name("reader"))?;
        trap!(yield wait(child)).map(drop)
    }));
    assert_eq!(ended, Ended::Deadlock(2));
    let cycle = told.deadlock.unwrap();
    assert!(cycle.starts_with("1 (") && cycle.ends_with(" waits for 2 (reader) waits for 1"), "{cycle}");
}

#[test]
fn full_pipes_and_private_sockets_are_followed() {
    // Both write more than there is room for, and neither reads.
    let writer = |fd: Fd| task!({ trap!(yield send_all(fd, vec![0; 2 * PIPE_BYTES])).map_err(Errno::from) });
    let (ended, told) = run(task!({
        let listener = trap!(yield unix_listen("/socket"))?;
        let one = trap!(yield unix_connect("/socket"))?;
        let two = trap!(yield unix_accept(listener))?;
        trap!(yield close(listener))?;
        trap!(yield spawn(writer(one)).pass(one).name("client"))?;
        trap!(yield spawn(writer(two)).pass(two).name("server"))?;
        trap!(yield wait_any()).map(drop)
    }));
    assert_eq!(ended, Ended::Deadlock(3));
    assert_eq!(told.deadlock.as_deref(), Some("2 (client) waits for 3 (server) waits for 2"));
    assert_eq!(told.parts[1].1, "file 4 unix stream, other end file 5");
}

#[test]
fn a_connection_that_nobody_has_accepted_is_waited_at_for_who_could() {
    let (ended, told) = run(task!({
        let listener = trap!(yield unix_listen("/socket"))?;
        let client = task!({
            let fd = trap!(yield unix_connect("/socket"))?;
            trap!(yield recv(fd, 1)).map(drop)
        });
        let client = trap!(yield spawn(client).name("client"))?;
        trap!(yield wait(client))?;
        trap!(yield close(listener))
    }));
    assert_eq!(ended, Ended::Deadlock(2));
    assert!(told.deadlock.unwrap().ends_with(" waits for 2 (client) waits for 1"));
}

#[test]
fn a_mixed_cycle_goes_through_a_join_a_port_and_a_pipe() {
    let (ended, told) = run(task!({
        let (from, to) = trap!(yield pipe())?;
        let (send, receive) = trap!(yield port_create(1))?;
        // Each of the three has what the one before it waits for.
        let joiner = task!({
            trap!(yield yield_now())?;
            trap!(yield join(Tid::from_serial(3))).map(drop)
        });
        let receiver = task!({ trap!(yield port_recv(receive)).map(drop) });
        let reader = task!({ trap!(yield read(from, 1)).map(drop) });
        trap!(yield spawn(joiner).pass(to).name("joiner"))?;
        trap!(yield spawn(receiver).pass(receive).name("receiver"))?;
        trap!(yield spawn(reader).pass(from).pass(send).name("reader"))?;
        let innocent = task!({ trap!(yield join(Tid::from_serial(4))).map(drop) });
        trap!(yield spawn(innocent).name("innocent"))?;
        trap!(yield wait_any()).map(drop)
    }));
    assert_eq!(ended, Ended::Deadlock(5));
    let cycle = "2 (joiner) waits for 3 (receiver) waits for 4 (reader) waits for 2";
    assert_eq!(told.deadlock.as_deref(), Some(cycle));
    assert_eq!(with_part(&told, "in a cycle"), [2, 3, 4]);
    assert_eq!(with_part(&told, "waits for a cycle"), [1, 5]);
    assert_eq!(told.parts[1].1, "task 3 receiver");
}

#[test]
fn an_end_that_travels_in_a_message_is_held_by_who_could_receive_it() {
    let (ended, told) = run(task!({
        let (from, to) = trap!(yield pipe())?;
        let (send, receive) = trap!(yield port_create(1))?;
        trap!(yield port_send_fds(send, Message { data: Buf::EMPTY, fds: vec![to] })).map_err(Errno::from)?;
        let reader = task!({ trap!(yield read(from, 1)).map(drop) });
        let reader = trap!(yield spawn(reader).pass(from).name("reader"))?;
        // It could receive the end, and waits for the reader before it does.
        let keeper = task!({
            trap!(yield join(reader))?;
            trap!(yield port_recv(receive)).map(drop)
        });
        trap!(yield spawn(keeper).pass(receive).name("keeper"))?;
        trap!(yield wait_any()).map(drop)
    }));
    assert_eq!(ended, Ended::Deadlock(3));
    assert_eq!(told.deadlock.as_deref(), Some("2 (reader) waits for 3 (keeper) waits for 2"));
}

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
fn a_task_that_waits_for_itself_is_told_while_others_go_on() {
    let (ended, told) = run(task!({
        let (from, to) = trap!(yield pipe())?;
        let reader = task!({ trap!(yield read(from, 1)).map(drop) });
        let reader = trap!(yield spawn(reader).pass(from).pass(to).name("reader"))?;
        trap!(yield sleep(Duration::from_secs(1)))?;
        trap!(yield kill(reader, Signal::Kill))?;
        trap!(yield wait(reader)).map(drop)
    }));
    assert_eq!((ended, told.cycles), (WELL, vec!["2 (reader) waits for 2".to_owned()]));
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
fn a_machine_with_a_handle_is_not_deadlocked_and_its_cycles_are_told() {
    let (tell, told) = std::sync::mpsc::channel();
    let observer = move |record: &Record<'_>| match record.event {
        Event::Cycle { tids, .. } => tell.send(tids.to_owned()).expect("somebody wants to know"),
        Event::Deadlock { .. } => panic!("somebody could still ask for something"),
        _ => {}
    };
    let main = task!({
        call!(crossed())?;
        while trap!(yield wait_any()).is_ok() {}
        Ok(())
    });
    let mut running = common::machine().task(main).simulate(SEED).observe(observer).start().expect("the machine boots");
    let handle = running.handle();
    let asker = std::thread::spawn(move || {
        let cycle = told.recv().expect("it is told");
        // With one of them the other is at its end.
        handle.kill(Tid::from_serial(2), Signal::Kill).expect("it goes on");
        cycle
    });
    assert_eq!(running.run(), WELL);
    assert_eq!(asker.join().expect("it asks and ends"), "2 (one) waits for 3 (two) waits for 2");
}

#[test]
fn who_sleeps_for_ever_is_in_no_cycle() {
    let (ended, told) = run(task!({ trap!(yield sleep(Duration::MAX)) }));
    assert_eq!(ended, Ended::Deadlock(1));
    assert_eq!(told.deadlock.as_deref(), Some("none"));
    assert_eq!(with_part(&told, "nobody could wake it"), [1]);
}

/// Asks so often, and never waits. Each call counts as two operations, of which 128 bring a look at the hardware.
fn is_busy_for(calls: u32) -> impl Routine<Result<(), Errno>> {
    routine!(move {
        for _ in 0..calls {
            trap!(yield environment())?;
        }
        Ok(())
    })
}

/// So many that what a few tasks wait for is searched more than once.
const CALLS_UNTIL_TOLD: u32 = 100 * 64;

/// What is told while the first task, which has called `make`, is busy and never waits; then it kills the tasks with
/// these numbers.
fn beside_a_busy_task(make: impl Routine<Result<(), Errno>> + 'static, tids: Range<u64>) -> Told {
    let (ended, told) = run(task!({
        call!(make)?;
        call!(is_busy_for(CALLS_UNTIL_TOLD))?;
        for tid in tids.map(Tid::from_serial) {
            trap!(yield kill(tid, Signal::Kill))?;
        }
        while trap!(yield wait_any()).is_ok() {}
        Ok(())
    }));
    assert_eq!((ended, &told.deadlock), (WELL, &None));
    told
}

const NONE: [&str; 0] = [];

#[test]
fn crossed_pipes_are_told_once_beside_a_task_that_never_waits() {
    let told = beside_a_busy_task(crossed(), 2..4);
    assert_eq!(told.cycles, ["2 (one) waits for 3 (two) waits for 2"]);
    assert_eq!(told.in_cycles.len(), 2);
}

#[test]
fn a_ring_of_three_with_ports_is_told_once_beside_a_task_that_never_waits() {
    let told = beside_a_busy_task(
        routine!({
            let mut ports = Vec::new();
            for _ in 0..3 {
                ports.push(trap!(yield port_create(1))?);
            }
            for seat in 0..3 {
                let (from, to) = (ports[seat].1, ports[(seat + 1) % 3].0);
                let passes_on = task!({
                    trap!(yield port_recv(from))?;
                    trap!(yield port_send(to, "")).map_err(Errno::from)
                });
                trap!(yield spawn(passes_on).pass(from).pass(to).name("member"))?;
            }
            Ok(())
        }),
        2..5,
    );
    let ring = "2 (member) waits for 4 (member) waits for 3 (member) waits for 2";
    assert_eq!(told.cycles, [ring]);
    assert_eq!(told.in_cycles[0], (2, "port 0".to_owned()));
}

#[test]
fn who_waits_for_any_child_is_in_a_cycle_with_the_child_that_joins_it() {
    let told = beside_a_busy_task(
        routine!({
            let parent = task!({
                let me = trap!(yield gettid())?;
                trap!(yield spawn(task!({ trap!(yield join(me)).map(drop) })).name("child"))?;
                trap!(yield wait_any()).map(drop)
            });
            trap!(yield spawn(parent).name("parent")).map(drop)
        }),
        2..4,
    );
    assert_eq!(told.cycles, ["2 (parent) waits for 3 (child) waits for 2"]);
}

#[test]
fn joins_that_an_alarm_could_have_cut_short_are_told_when_it_has_not() {
    let (ended, told) = run(task!({
        let joins = |other: u64| {
            task!({
                // It comes, and is not let through.
                trap!(yield mask_signals(Signal::Alrm))?;
                trap!(yield alarm(Duration::from_secs(1)))?;
                trap!(yield join(Tid::from_serial(other))).map(drop)
            })
        };
        trap!(yield spawn(joins(3)).name("one"))?;
        trap!(yield spawn(joins(2)).name("two"))?;
        for _ in 0..4 {
            trap!(yield sleep(Duration::from_secs(1)))?;
        }
        for tid in [2, 3].map(Tid::from_serial) {
            trap!(yield kill(tid, Signal::Kill))?;
            trap!(yield wait(tid))?;
        }
        Ok(())
    }));
    assert_eq!(ended, WELL);
    assert_eq!(told.cycles, ["2 (one) waits for 3 (two) waits for 2"]);
}

#[test]
fn a_knot_is_told_that_is_left_when_another_thread_has_killed_the_last_who_could_open_it() {
    let (tell, told) = std::sync::mpsc::channel();
    let observer = move |record: &Record<'_>| {
        if let Event::Cycle { tids, .. } = record.event {
            tell.send(tids.to_owned()).expect("somebody wants to know");
        }
    };
    let main = task!({
        let (from, to) = trap!(yield pipe())?;
        let keeper = task!({ trap!(yield sleep(Duration::MAX)) });
        trap!(yield spawn(keeper).share(to).name("keeper"))?;
        let reader = task!({ trap!(yield read(from, 1)).map(drop) });
        trap!(yield spawn(reader).pass(from).pass(to).name("reader"))?;
        let listener = trap!(yield unix_listen("/never"))?;
        trap!(yield unix_accept(listener)).map(drop)
    });
    let mut running = common::machine().task(main).simulate(SEED).observe(observer).start().expect("the machine boots");
    let handle = running.handle();
    let killer = std::thread::spawn(move || {
        handle.kill(Tid::from_serial(2), Signal::Kill).expect("it is there");
        let cycle = told.recv().expect("it is told");
        handle.kill(Tid::from_serial(1), Signal::Kill).expect("it is there");
        handle.kill(Tid::from_serial(3), Signal::Kill).expect("it is there");
        cycle
    });
    assert_eq!(running.run(), Ended::Finished(ExitStatus::Killed(Signal::Kill)));
    assert_eq!(killer.join().expect("it asks and ends"), "3 (reader) waits for 3");
}

#[test]
fn a_writer_to_a_full_pipe_and_its_reader_that_waits_for_the_writer_are_a_cycle() {
    let make = || {
        routine!({
            let (from, to) = trap!(yield pipe())?;
            let (answer_from, answer_to) = trap!(yield pipe())?;
            let writer = task!({
                for _ in 0..2 {
                    trap!(yield write(to, vec![0; PIPE_BYTES]))?;
                }
                trap!(yield write(answer_to, "done")).map(drop)
            });
            let reader = task!({
                trap!(yield read(answer_from, 4))?;
                trap!(yield read(from, 1)).map(drop)
            });
            trap!(yield spawn(writer).pass(to).pass(answer_to).name("writer"))?;
            trap!(yield spawn(reader).pass(from).pass(answer_from).name("reader"))?;
            Ok(())
        })
    };
    let cycle = "2 (writer) waits for 3 (reader) waits for 2";
    let told = beside_a_busy_task(make(), 2..4);
    assert_eq!(told.cycles, [cycle]);
    assert_eq!(told.in_cycles[0].1, "file 4 pipe's writing end, other end file 3");
    let (ended, told) = run(task!({
        call!(make())?;
        trap!(yield wait_any()).map(drop)
    }));
    assert_eq!((ended, told.deadlock.as_deref()), (Ended::Deadlock(3), Some(cycle)));
}

#[test]
fn two_who_both_read_from_a_private_stream_or_a_terminal_are_a_cycle() {
    let reads = |fd: Fd| task!({ trap!(yield read(fd, 1)).map(drop) });
    let told = beside_a_busy_task(
        routine!(move {
            let listener = trap!(yield unix_listen("/socket"))?;
            let one = trap!(yield unix_connect("/socket"))?;
            let two = trap!(yield unix_accept(listener))?;
            trap!(yield close(listener))?;
            let (master, side) = trap!(yield pty())?;
            for (fd, name) in [(one, "client"), (two, "server"), (master, "screen"), (side, "shell")] {
                trap!(yield spawn(reads(fd)).pass(fd).name(name))?;
            }
            Ok(())
        }),
        2..6,
    );
    assert_eq!(
        told.cycles,
        ["2 (client) waits for 3 (server) waits for 2", "4 (screen) waits for 5 (shell) waits for 4"]
    );
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
