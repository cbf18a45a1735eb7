//! Flows in a machine: the same stages in one task, in several, and on a helper thread.

#![feature(coroutines, coroutine_trait)]

mod common;

use std::{
    cell::RefCell,
    net::SocketAddr,
    rc::Rc,
    sync::{Arc, Barrier, Mutex},
};
use yieldix::{
    Console, Ended, Machine, MemoryConsole, Work,
    event::{Event, Record},
    syscalls::{ExitStatus, Signal},
};
use yieldix_userland::{flow::*, limits::THREADED_ITEMS, prelude::*, println};

/// What flows.
fn numbers() -> impl Generator<(u32, String)> {
    generator!({
        for n in 0..600 {
            yield (n, format!("number {n}"));
        }
    })
}

/// The stages, which know nothing of where they are.
fn stages(out: Output) -> impl Consumer<(u32, String)> {
    filter(|(n, _)| n % 3 == 0, map(|(_, name)| name, batch(7, printer(out))))
}

fn printer(out: Output) -> impl Consumer<Vec<String>> {
    consumer!(Vec<String>, {
        while let Some(names) = (yield)? {
            out.line(names.join(", "));
        }
        out.line("that was all");
        Ok(())
    })
}

fn in_one_task() -> Task {
    task!({
        let out = Output::new();
        Ok(call!(drive(numbers(), stages(out.clone()), &out))?)
    })
}

fn on_a_helper() -> Task {
    task!({
        let out = Output::new();
        Ok(call!(drive(numbers(), threaded(stages(out.clone())), &out))?)
    })
}

/// Sends what flows to a descriptor, and closes that.
fn sender(fd: Fd) -> Task {
    task!({
        let out = Output::new();
        call!(drive(numbers(), sendto(out.to(fd)), &out))?;
        trap!(yield close(fd))
    })
}

/// Receives it from a descriptor.
fn receiver(fd: Fd) -> Task {
    task!({
        let out = Output::new();
        Ok(call!(drive(recvfrom(fd), stages(out.clone()), &out))?)
    })
}

fn over_a_port() -> Task {
    task!({
        let (into, from) = trap!(yield port_create(4))?;
        let receiver = trap!(yield spawn(receiver(from)).pass(from))?;
        trap!(yield spawn(sender(into)).pass(into).detach())?;
        let status = trap!(yield wait(receiver))?;
        trap!(yield exit(status.code()))
    })
}

fn over_a_connection() -> Task {
    task!({
        let listener = trap!(yield tcp_listen(SocketAddr::from(([127, 0, 0, 1], 0)), 1))?;
        let near = trap!(yield tcp_connect(trap!(yield local_addr(listener))?))?;
        let (far, _) = trap!(yield accept(listener))?;
        let receiver = trap!(yield spawn(receiver(far)).pass(far))?;
        trap!(yield spawn(sender(near)).pass(near).detach())?;
        let status = trap!(yield wait(receiver))?;
        trap!(yield exit(status.code()))
    })
}

/// How a task ends and what it prints, in a simulated world or on the host.
fn run(task: Task, is_simulated: bool) -> (Ended, String) {
    let console = MemoryConsole::new();
    let machine = common::machine().console(Console::Memory(console.clone())).task(task);
    let machine = if is_simulated { machine.simulate(common::SEED) } else { machine };
    let ended = machine.boot().unwrap();
    (ended, String::from_utf8(console.stdout()).unwrap())
}

const WELL: Ended = Ended::Finished(ExitStatus::Exited(0));

#[test]
fn stages_give_the_same_in_one_task_in_several_and_on_a_helper() {
    let (ended, expected) = run(in_one_task(), true);
    assert_eq!((ended, expected.lines().count()), (WELL, 200 / 7 + 2));
    assert!(expected.ends_with("number 594, number 597\nthat was all\n"), "{expected}");
    for is_simulated in [true, false] {
        for task in [on_a_helper(), over_a_port(), over_a_connection()] {
            let function = task.function();
            assert_eq!(run(task, is_simulated), (WELL, expected.clone()), "{function}, simulated: {is_simulated}");
        }
    }
}

#[test]
fn a_receiver_that_dies_is_told_to_the_sender_by_name() {
    for is_simulated in [true, false] {
        let task = task!({
            let (into, from) = trap!(yield port_create(4))?;
            let receiver = task!({
                let first = call!(recvfrom::<(u32, String)>(from).pull())?;
                assert_eq!(first.map(|(n, _)| n), Some(0));
                trap!(yield exit(1))
            });
            trap!(yield spawn(receiver).pass(from).detach())?;
            let out = Output::new();
            let error = call!(drive(numbers(), sendto(out.to(into)), &out)).unwrap_err();
            println!("{error}")
        });
        let told = format!("{}\n", Errno::EPIPE);
        assert_eq!(run(task, is_simulated), (WELL, told));
    }
}

#[test]
fn the_longest_item_is_one_message_of_a_port() {
    let task = task!({
        let (into, from) = trap!(yield port_create(1))?;
        let out = Output::new();
        // Three bytes say how long the text is.
        let longest = "x".repeat(limits::FRAME_BYTES_MAX - 3);
        let mut sink = sendto(out.to(into));
        sink.send(longest.clone())?;
        // With room for one message, a second would wait for ever.
        call!(out.flush())?;
        assert_eq!(call!(recvfrom(from).pull())?, Some(longest));
        Ok(())
    });
    assert_eq!(run(task, true).0, WELL);
}

/// Refuses the number 3, panics at 4.
fn choosy(out: Output) -> impl Consumer<u32> {
    consumer!(u32, {
        while let Some(n) = (yield)? {
            match n {
                3 => return Err(Error::raise("three is too many")),
                4 => panic!("four"),
                n => out.line(n),
            }
        }
        Ok(())
    })
}

#[test]
fn an_error_on_a_helper_reaches_the_sender_once() {
    for is_simulated in [true, false] {
        let task = task!({
            let out = Output::new();
            let mut far = threaded(choosy(out.clone()));
            call!(far.put(1))?;
            // Whether the first of these meets it depends on the helper; the last cannot pass it.
            let mut told = Vec::new();
            for _ in 0..2 * THREADED_ITEMS {
                told.extend(call!(far.put(3)).err().map(|error| error.to_string()));
            }
            let finished = call!(far.finish());
            call!(out.flush())?;
            told.dedup();
            println!("{}, then {finished:?}", told.join(", then "))
        });
        let told = format!("1\nthree is too many, then {}, then Ok(())\n", Error::Finished);
        assert_eq!(run(task, is_simulated), (WELL, told), "simulated: {is_simulated}");
    }
}

#[test]
fn an_error_behind_the_last_item_is_that_of_the_end() {
    for is_simulated in [true, false] {
        let task = task!({
            let out = Output::new();
            let mut far = threaded(choosy(out.clone()));
            call!(far.put(3))?;
            println!("{}", call!(far.finish()).unwrap_err())?;
            println!("{:?}, {}", call!(far.finish()), call!(far.put(1)).unwrap_err())
        });
        let told = format!("three is too many\nOk(()), {}\n", Error::Finished);
        assert_eq!(run(task, is_simulated), (WELL, told));
    }
}

#[test]
fn a_panic_on_a_helper_is_an_errno_of_the_sender() {
    for is_simulated in [true, false] {
        let task = task!({
            let mut far = threaded(choosy(Output::new()));
            call!(far.put(4))?;
            println!("{}", call!(far.finish()).unwrap_err())?;
            println!("{}", call!(far.put(1)).unwrap_err())
        });
        let told = format!("{}\n{}\n", Errno::EOWNERDEAD, Error::Finished);
        assert_eq!(run(task, is_simulated), (WELL, told));
    }
}

#[test]
fn a_panic_on_a_helper_is_told_by_the_next_put_and_once() {
    let task = task!({
        let mut far = threaded(choosy(Output::new()));
        call!(far.put(4))?;
        println!("{}", call!(far.put(1)).unwrap_err())?;
        println!("{:?}, {}", call!(far.finish()), call!(far.put(1)).unwrap_err())
    });
    let told = format!("{}\nOk(()), {}\n", Errno::EOWNERDEAD, Error::Finished);
    assert_eq!(run(task, true), (WELL, told));
}

#[test]
fn one_that_was_moved_to_another_task_fails_and_never_says_that_all_was_taken() {
    let task = task!({
        let mut far = threaded(choosy(Output::new()));
        call!(far.put(1))?;
        let child = task!({
            let mut far = far;
            for _ in 0..2 * THREADED_ITEMS {
                assert_eq!(call!(far.put(2)).unwrap_err().errno(), Some(Errno::EBADF));
            }
            assert_eq!(call!(far.finish()).unwrap_err().errno(), Some(Errno::EBADF));
            Ok(())
        });
        let child = trap!(yield spawn(child))?;
        trap!(yield exit(trap!(yield wait(child))?.code()))
    });
    assert_eq!(run(task, true).0, WELL);
}

#[test]
fn what_is_thrown_comes_behind_the_items_and_may_be_caught() {
    for is_simulated in [true, false] {
        let task = task!({
            let out = Output::new();
            let says = out.clone();
            let mut far = threaded(consumer!(u32, {
                loop {
                    match (yield) {
                        Ok(Some(n)) => says.line(n),
                        Ok(None) => return Ok(()),
                        Err(error) if error.errno() == Some(Errno::EIO) => says.line("caught"),
                        Err(error) => return Err(error),
                    }
                }
            }));
            for n in 0..3 {
                call!(far.put(n))?;
            }
            call!(far.fail(Errno::EIO.into()))?;
            call!(far.put(3))?;
            let returned = call!(far.fail(Errno::EPIPE.into())).unwrap_err();
            let too_late = call!(far.fail(Errno::EBUSY.into())).unwrap_err();
            call!(out.flush())?;
            println!("{returned}\n{too_late}")
        });
        let told = format!("0\n1\n2\ncaught\n3\n{}\n{}\n", Errno::EPIPE, Errno::EBUSY);
        assert_eq!(run(task, is_simulated), (WELL, told));
    }
}

/// How far a sender and a helper have come.
#[derive(Default)]
struct Progress {
    put: usize,
    taken: Vec<usize>,
    is_dropped: bool,
}

/// A task that puts `count` numbers to a helper, which waits at `gate` before each.
fn hurried(count: usize, progress: &Arc<Mutex<Progress>>, gate: &Arc<Barrier>) -> Task {
    struct Note(Arc<Mutex<Progress>>);
    impl Drop for Note {
        fn drop(&mut self) {
            self.0.lock().unwrap().is_dropped = true;
        }
    }
    let (note, gate, progress) = (Note(Arc::clone(progress)), Arc::clone(gate), Arc::clone(progress));
    task!({
        let mut far = threaded(consumer!(usize, {
            while let Some(n) = (yield)? {
                gate.wait();
                note.0.lock().unwrap().taken.push(n);
            }
            Ok(())
        }));
        for n in 0..count {
            call!(far.put(n))?;
            progress.lock().unwrap().put += 1;
        }
        Ok(call!(far.finish())?)
    })
}

#[test]
fn a_sender_is_held_up_by_a_full_queue_only_and_the_queue_is_bounded() {
    let (progress, gate) = (Arc::<Mutex<Progress>>::default(), Arc::new(Barrier::new(2)));
    let count = THREADED_ITEMS + 9;
    let mut machine = common::machine().task(hurried(count, &progress, &gate)).start().unwrap();
    // The helper takes none before the gate opens, and has at most one in its hands.
    assert_eq!(machine.run_until_blocked(), Work::Waiting);
    let put = progress.lock().unwrap().put;
    assert!((THREADED_ITEMS..=THREADED_ITEMS + 1).contains(&put), "{put}");
    assert_eq!(progress.lock().unwrap().taken, [0; 0]);
    let opener = std::thread::spawn(move || {
        for _ in 0..count {
            gate.wait();
        }
    });
    assert_eq!(machine.run(), WELL);
    opener.join().unwrap();
    assert_eq!(progress.lock().unwrap().taken, (0..count).collect::<Vec<_>>());
}

#[test]
fn a_killed_sender_leaves_its_helper_to_end_by_itself() {
    let (progress, gate) = (Arc::<Mutex<Progress>>::default(), Arc::new(Barrier::new(2)));
    let mut machine = common::machine().task(task!({ trap!(yield sleep(Duration::MAX)) })).start().unwrap();
    let tid = machine.spawn(hurried(usize::MAX, &progress, &gate)).unwrap();
    assert_eq!(machine.run_until_blocked(), Work::Waiting);
    let put = progress.lock().unwrap().put;
    // It is at work then. What was put is taken, and the target dropped: nobody puts any more.
    gate.wait();
    machine.kill(tid, Signal::Kill).unwrap();
    for _ in 1..put {
        gate.wait();
    }
    machine.shutdown();
    drop(machine);
    let progress = progress.lock().unwrap();
    assert!(progress.is_dropped, "{} of {put}", progress.taken.len());
    assert_eq!(progress.taken, (0..put).collect::<Vec<_>>());
}

/// What an observer of a machine is told of stages: name, items in, items out, time.
type Told = Rc<RefCell<Vec<(u64, String, u64, u64, u64)>>>;

fn watched(task: Task) -> (Machine, Told) {
    let told = Told::default();
    let list = Rc::clone(&told);
    let observer = move |record: &Record<'_>| {
        if let Event::Stage { tid, stage, items_in, items_out, time_ns } = record.event {
            list.borrow_mut().push((tid.serial(), stage.into(), items_in, items_out, time_ns));
        }
    };
    let console = Console::Memory(MemoryConsole::new());
    (common::machine().console(console).task(task).observe(observer), told)
}

/// Sends ten numbers, of which the odd pass, in pairs; then waits as long as it is told to.
fn probed_stages(span: Duration) -> Task {
    task!({
        let odd = trap!(yield probe("odd"))?;
        let pairs = trap!(yield probe("pairs"))?;
        let (sink, _kept) = collect();
        let batches = probed(&pairs, batch(2, counted(&pairs, sink)));
        let stages = probed(&odd, filter(|n: &u32| n % 2 == 1, counted(&odd, batches)));
        call!(drive(0..10, stages, &Output::new()))?;
        trap!(yield sleep(span))
    })
}

#[test]
fn a_task_that_ends_tells_what_passed_its_stages() {
    let (machine, told) = watched(probed_stages(Duration::ZERO));
    assert_eq!(machine.simulate(common::SEED).boot().unwrap(), WELL);
    assert_eq!(*told.borrow(), [(1, "odd".into(), 10, 5, 0), (1, "pairs".into(), 5, 3, 0)]);
}

#[test]
fn a_killed_task_and_a_shutdown_tell_too() {
    let (machine, told) = watched(probed_stages(Duration::MAX));
    let mut machine = machine.simulate(common::SEED).start().unwrap();
    let second = machine.spawn(probed_stages(Duration::MAX)).unwrap();
    machine.run_until_blocked();
    assert_eq!(*told.borrow(), []);
    let stages = |tid| [(tid, "odd".into(), 10, 5, 0), (tid, "pairs".into(), 5, 3, 0)];
    machine.kill(second, Signal::Kill).unwrap();
    assert_eq!(told.take(), stages(2));
    machine.shutdown();
    assert_eq!(told.take(), stages(1));
}

/// Nobody watches: there is nothing to count, and no bound to meet.
#[test]
fn a_machine_that_nobody_watches_gives_probes_that_do_nothing() {
    let task = task!({
        for _ in 0..1000 {
            trap!(yield probe("unseen"))?;
        }
        Ok(())
    });
    assert_eq!(run(task, true).0, WELL);
}

#[test]
fn a_stage_on_a_helper_is_timed_by_the_hosts_clock() {
    const WORK: Duration = Duration::from_millis(2);
    let task = task!({
        let [slow, fast] = [trap!(yield probe("slow"))?, trap!(yield probe("fast"))?];
        let works = |n: u32| {
            let begin = std::time::Instant::now();
            while begin.elapsed() < WORK {}
            n
        };
        let (sink, _kept) = collect();
        let stages = probed(&slow, map(works, counted(&slow, sink)));
        let stages = probed(&fast, filter(|_| true, counted(&fast, stages)));
        Ok(call!(drive(0..10, threaded(stages), &Output::new()))?)
    });
    let (machine, told) = watched(task);
    assert_eq!(machine.boot().unwrap(), WELL);
    let told = told.take();
    assert_eq!(told.iter().map(|stage| (stage.2, stage.3)).collect::<Vec<_>>(), [(10, 10); 2]);
    assert!(u128::from(told[0].4) >= 10 * WORK.as_nanos(), "{told:?}");
    assert!(told[1].4 < told[0].4, "the time of the stage behind it is not its own: {told:?}");
}

#[test]
fn a_task_has_so_many_probes_that_count_and_those_past_them_do_not() {
    let task = task!({
        let mut held = Vec::new();
        for _ in 0..64 {
            held.push(trap!(yield probe("x".repeat(100)))?);
        }
        trap!(yield probe("one more"))?.within(1, || {});
        // One that nobody has any more is told, and makes room.
        held.remove(1);
        trap!(yield probe("in its place"))?.within(1, || {});
        Ok(())
    });
    let (machine, told) = watched(task);
    assert_eq!(machine.simulate(common::SEED).boot().unwrap(), WELL);
    let mut expected = vec![(1, "x".repeat(64), 0, 0, 0); 64];
    expected.push((1, "in its place".into(), 1, 0, 0));
    assert_eq!(*told.borrow(), expected);
}
