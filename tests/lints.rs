//! Lints: each fires on a fault that was planted for it, once, at its line, and not on what looks much like it.
#![feature(coroutines)]

use rustix::time::{ClockId, clock_gettime};
use std::{
    cell::RefCell,
    fs,
    panic::Location,
    path::{Path, PathBuf},
    rc::Rc,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};
use tracing_subscriber::prelude::*;
use yieldix::{
    Console, Machine, MemoryConsole,
    event::{Event, Level, Observer, Record},
    syscalls::{calls::*, *},
};
use yieldix_kernel::{
    Kernel, Options, Stretch,
    hardware::simulated::{Simulated, SimulatedOptions},
    sched::RoundRobin,
};
use yieldix_userland::PROGRAMS;

/// What a lint said: its name, its task, and the line of this file that it told.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Told {
    lint: &'static str,
    tid: u64,
    line: u32,
}

fn told_by(record: &Record<'_>) -> Option<Told> {
    let (tid, line) = match record.event {
        Event::Hog { tid, line, .. }
        | Event::PollStorm { tid, line, .. }
        | Event::SignalUntaken { tid, line, .. }
        | Event::JobUntaken { tid, line, .. }
        | Event::MessagesUnreceived { tid, line, .. }
        | Event::LargeFrame { tid, line, .. }
        | Event::DescriptorLeak { tid, line, .. }
        | Event::SpanLeft { tid, line, .. } => (tid, line),
        _ => return None,
    };
    let (file, position) = line.split_once(':').expect("a place in the source");
    assert_eq!(file, file!());
    let line = position.split(':').next().and_then(|line| line.parse().ok()).expect("a line");
    Some(Told { lint: record.message(), tid: tid.serial(), line })
}

/// What the lints say of a machine.
fn lints_of(machine: Machine) -> Vec<Told> {
    let told = Rc::new(RefCell::new(Vec::new()));
    let noted = Rc::clone(&told);
    let machine = machine.console(Console::Memory(MemoryConsole::new()));
    let ended = machine.observe(move |record: &Record<'_>| noted.borrow_mut().extend(told_by(record))).boot();
    assert_eq!(ended.expect("it boots").code(), 0);
    told.take()
}

/// Of a task in a simulated world.
fn lints(task: Task) -> Vec<Told> {
    lints_of(Machine::new().simulate(0).task(task))
}

/// The line that this is on.
#[track_caller]
fn here() -> u32 {
    Location::caller().line()
}

/// Computes for so long, and never yields; what the host gives to others in the meantime does not count.
fn compute(span: Duration) {
    let computed = || {
        let time = clock_gettime(ClockId::ThreadCPUTime);
        Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
    };
    let begun = computed();
    while computed() - begun < span {
        std::hint::black_box(0);
    }
}

/// Well above the bound of a build with debug assertions.
const TOO_LONG: Duration = Duration::from_millis(300);

#[test]
fn a_task_that_computes_for_long_is_told_once_with_the_yield_before() {
    let line = Arc::new(Mutex::new(0));
    let noted = Arc::clone(&line);
    let hog = task!({
        trap!(yield gettid())?;
        for _ in 0..2 {
            *noted.lock().unwrap() = here() + 1;
            trap!(yield yield_now())?;
            compute(TOO_LONG);
            trap!(yield gettid())?;
        }
        Ok(())
    });
    let told = lints_of(Machine::new().task(hog));
    assert_eq!(told, [Told { lint: "hog", tid: 1, line: *line.lock().unwrap() }]);
}

#[test]
fn a_task_that_sleeps_with_its_thread_is_a_hog_too() {
    let line = here() + 2;
    let hog = task!({
        trap!(yield gettid())?;
        std::thread::sleep(TOO_LONG);
        Ok(())
    });
    assert_eq!(lints_of(Machine::new().task(hog)), [Told { lint: "hog", tid: 1, line }]);
}

#[test]
fn a_hog_after_a_subroutine_is_told_at_the_line_of_its_call() {
    let line = here() + 2;
    let hog = task!({
        trap!(yield subroutine(routine!(move { trap!(yield yield_now()) })))?;
        compute(TOO_LONG);
        trap!(yield gettid())?;
        Ok(())
    });
    assert_eq!(lints_of(Machine::new().task(hog)), [Told { lint: "hog", tid: 1, line }]);
}

#[test]
fn a_task_that_takes_as_long_in_pieces_is_none() {
    let task = task!({
        let begun = Instant::now();
        while begun.elapsed() < TOO_LONG {
            compute(Duration::from_millis(1));
            trap!(yield yield_now())?;
        }
        trap!(yield sleep(TOO_LONG))
    });
    assert_eq!(lints_of(Machine::new().task(task)), []);
}

/// What the lints say of a machine whose turns nobody has measured.
fn lints_seen_by_the_watchdog(task: Task) -> Vec<Told> {
    let told = Rc::new(RefCell::new(Vec::new()));
    let machine = Machine::new().checked(false).observe(OnlyLints(Rc::clone(&told))).task(task);
    assert_eq!(machine.boot().unwrap().code(), 0);
    told.take()
}

#[test]
fn a_hog_that_nobody_observes_is_told_after_its_first_time_however_many_tasks_there_are() {
    let line = here() + 5;
    let told = lints_seen_by_the_watchdog(task!({
        for _ in 0..500 {
            trap!(yield spawn(task!({ trap!(yield sleep(Duration::MAX)) })).bound())?;
        }
        trap!(yield yield_now())?;
        compute(TOO_LONG);
        trap!(yield yield_now())
    }));
    assert_eq!(told, [Told { lint: "hog", tid: 1, line }]);
}

#[test]
fn a_hog_that_nobody_observes_is_told_when_it_ends_with_the_machine() {
    let line = here() + 2;
    let told = lints_seen_by_the_watchdog(task!({
        trap!(yield yield_now())?;
        compute(TOO_LONG);
        Ok(())
    }));
    assert_eq!(told, [Told { lint: "hog", tid: 1, line }]);
}

/// The backtrace alone may take that long, and the fault is told.
#[test]
fn who_panics_after_a_long_time_is_told_as_a_fault_and_not_as_a_hog() {
    let told = lints_seen_by_the_watchdog(task!({
        let slow = task!({
            trap!(yield yield_now())?;
            compute(TOO_LONG);
            panic!("on purpose")
        });
        let child = trap!(yield spawn(slow))?;
        trap!(yield wait(child)).map(drop)
    }));
    assert_eq!(told, []);
}

/// The watchdog may have looked before the panic, and say so after it.
#[test]
fn what_is_seen_of_a_task_that_has_panicked_is_not_told() {
    let told = Rc::new(RefCell::new(Vec::new()));
    let mut kernel =
        Kernel::new(Simulated::new(SimulatedOptions::default()), RoundRobin::default(), Options::default());
    kernel.observe(Box::new(OnlyLints(Rc::clone(&told))));
    let (sightings, line) = (kernel.sightings(), Location::caller());
    let late = Arc::clone(&sightings);
    let task = task!({
        let slow = task!({ panic!("on purpose") });
        let child = trap!(yield spawn(slow))?;
        let _ = trap!(yield wait(child))?;
        late.note(Stretch { tid: child, line: Some(line), held: TOO_LONG, delayed: Duration::ZERO });
        trap!(yield sleep(Duration::from_secs(1)))
    });
    kernel.boot(task, SpawnOptions::default(), false).unwrap();
    assert_eq!(kernel.run().code(), 0);
    assert_eq!(*told.borrow(), []);
}

#[test]
fn who_yields_often_or_waits_is_nobody_that_the_watchdog_sees() {
    let told = lints_seen_by_the_watchdog(task!({
        let begun = Instant::now();
        while begun.elapsed() < TOO_LONG {
            compute(Duration::from_millis(1));
            trap!(yield yield_now())?;
        }
        trap!(yield sleep(TOO_LONG))
    }));
    assert_eq!(told, []);
}

/// Observes nothing else, so that turns are not measured.
struct OnlyLints(Rc<RefCell<Vec<Told>>>);

impl Observer for OnlyLints {
    fn event(&self, record: &Record<'_>) {
        self.0.borrow_mut().extend(told_by(record));
    }

    fn least_level(&self) -> Level {
        Level::WARN
    }
}

/// Collects the messages of what is logged.
struct Messages(Arc<Mutex<Vec<String>>>);

impl<S: tracing::Subscriber> tracing_subscriber::Layer<S> for Messages {
    fn on_event(&self, event: &tracing::Event<'_>, _: tracing_subscriber::layer::Context<'_, S>) {
        struct Message(String);
        impl tracing::field::Visit for Message {
            fn record_debug(&mut self, field: &tracing::field::Field, value: &dyn std::fmt::Debug) {
                if field.name() == "message" {
                    self.0 = format!("{value:?}");
                }
            }
        }
        let mut message = Message(String::new());
        event.record(&mut message);
        self.0.lock().unwrap().push(message.0);
    }
}

#[test]
fn the_watchdog_says_who_holds_the_machine_while_it_does() {
    let lines = Arc::new(Mutex::new(Vec::new()));
    let told = Arc::clone(&lines);
    let subscriber = tracing_subscriber::registry().with(Messages(Arc::clone(&lines)));
    // It ends when it was told of, and not before.
    let holds = task!({
        trap!(yield yield_now())?;
        let begun = Instant::now();
        while !told.lock().unwrap().iter().any(|line| line == "holds the machine") {
            assert!(begun.elapsed() < Duration::from_secs(60), "nobody says so");
        }
        Ok(())
    });
    let machine = Machine::new().watchdog(Duration::from_millis(50)).task(holds);
    let ended = tracing::subscriber::with_default(subscriber, || machine.boot()).unwrap();
    assert_eq!(ended.code(), 0);
}

#[test]
fn the_watchdog_says_nothing_of_who_yields_or_waits() {
    let lines = Arc::new(Mutex::new(Vec::new()));
    let subscriber = tracing_subscriber::registry().with(Messages(Arc::clone(&lines)));
    let task = task!({
        let begun = Instant::now();
        while begun.elapsed() < TOO_LONG {
            compute(Duration::from_millis(1));
            trap!(yield yield_now())?;
        }
        trap!(yield sleep(2 * TOO_LONG))
    });
    let machine = Machine::new().watchdog(Duration::from_millis(100)).task(task);
    let ended = tracing::subscriber::with_default(subscriber, || machine.boot()).unwrap();
    let lines = lines.lock().unwrap();
    assert_eq!((ended.code(), lines.iter().any(|line| line == "holds the machine")), (0, false));
}

const STORM: u32 = yieldix_kernel::limits::STORM_CALLS;

#[test]
fn a_task_that_asks_again_and_again_for_nothing_is_told_at_that_line() {
    let line = here() + 4;
    let told = lints(task!({
        let (_sender, receiver) = trap!(yield port_create(1))?;
        for _ in 0..2 * STORM {
            assert_eq!(trap!(yield port_try_recv(receiver)).unwrap_err(), Errno::EAGAIN);
            trap!(yield yield_now())?;
        }
        Ok(())
    }));
    assert_eq!(told, [Told { lint: "poll storm", tid: 1, line }]);
}

#[test]
fn each_call_that_does_not_wait_can_be_a_storm() {
    fn polls() -> Task {
        task!({
            let (_sender, receiver) = trap!(yield port_create(1))?;
            for _ in 0..STORM {
                trap!(yield poll(vec![Interest::Read(receiver)], Duration::ZERO))?;
            }
            Ok(())
        })
    }
    fn waits() -> Task {
        task!({
            let child = trap!(yield spawn(task!({ trap!(yield sleep(Duration::MAX)) })))?;
            for _ in 0..STORM {
                assert_eq!(trap!(yield try_wait(Children::Any))?, None);
            }
            trap!(yield kill(child, Signal::Kill))
        })
    }
    fn sends() -> Task {
        task!({
            let (sender, receiver) = trap!(yield port_create(1))?;
            trap!(yield port_send(sender, "full"))?;
            for _ in 0..STORM {
                assert!(trap!(yield port_try_send(sender, "more")).is_err());
            }
            trap!(yield port_recv(receiver))?;
            Ok(())
        })
    }
    fn reads() -> Task {
        task!({
            let listener = trap!(yield tcp_listen("127.0.0.1:0".parse().unwrap(), 1))?;
            let address = trap!(yield local_addr(listener))?;
            let conn = trap!(yield tcp_connect(address))?;
            let (other, _) = trap!(yield accept(listener))?;
            trap!(yield close(other))?;
            for _ in 0..STORM {
                assert!(trap!(yield recv(conn, 1))?.is_empty());
            }
            Ok(())
        })
    }
    for task in [polls(), waits(), sends(), reads()] {
        let name = task.function();
        let told: Vec<_> = lints(task).into_iter().map(|told| told.lint).collect();
        assert_eq!(told, ["poll storm"], "{name}");
    }
}

#[test]
fn who_asks_now_and_then_or_finds_something_between_is_no_storm() {
    assert_eq!(
        lints(task!({
            let (sender, receiver) = trap!(yield port_create(1))?;
            for _ in 0..2 * STORM {
                assert!(trap!(yield port_try_recv(receiver)).is_err());
                trap!(yield sleep(Duration::from_millis(1)))?;
            }
            for _ in 0..2 * STORM {
                assert!(trap!(yield port_try_recv(receiver)).is_err());
                trap!(yield port_send(sender, "something"))?;
                trap!(yield port_try_recv(receiver))?;
            }
            Ok(())
        })),
        []
    );
}

#[test]
fn who_works_between_its_asking_is_no_storm_and_who_looks_at_the_clock_only_is() {
    fn asks(works: bool) -> Task {
        task!({
            let (_sender, receiver) = trap!(yield port_create(1))?;
            let (reader, writer) = trap!(yield pipe())?;
            for _ in 0..2 * STORM {
                assert!(trap!(yield port_try_recv(receiver)).is_err());
                trap!(yield now())?;
                trap!(yield yield_now())?;
                if works {
                    trap!(yield write(writer, "work"))?;
                    trap!(yield read(reader, 4))?;
                }
            }
            Ok(())
        })
    }
    assert_eq!(lints(asks(true)), []);
    let told: Vec<_> = lints(asks(false)).into_iter().map(|told| told.lint).collect();
    assert_eq!(told, ["poll storm"]);
}

#[test]
fn a_task_that_looks_for_signals_while_it_works_is_no_storm() {
    assert_eq!(
        lints(task!({
            for _ in 0..2 * STORM {
                assert_eq!(trap!(yield try_take_signal())?, None);
            }
            Ok(())
        })),
        []
    );
}

#[test]
fn no_loop_of_a_shell_is_a_storm() {
    for script in [
        "i=0; while [ $i -lt 12000 ]; do i=$((i+1)); done",
        "for i in $(seq 12000); do :; done",
        "seq 12000 | while read x; do :; done",
        "f() { [ $1 -eq 0 ] || f $(($1-1)); }; for i in 1 2 3 4 5 6 7 8 9 10 11 12; do f 500; done",
        "i=0; sleep 9 & while [ $i -lt 12000 ]; do i=$((i+1)); done; kill $!",
        "trap : USR1; i=0; until [ $i -eq 12000 ]; do i=$((i+1)); true; done",
    ] {
        let machine = Machine::new().simulate(0).programs(PROGRAMS).program("sh", ["-c", script]);
        assert_eq!(lints_of(machine), [], "{script}");
    }
}

#[test]
fn a_caught_signal_that_was_never_taken_is_told_at_the_end() {
    let line = here() + 4;
    let told = lints(task!({
        trap!(yield catch_signals(Signal::Alrm))?;
        trap!(yield alarm(Duration::from_secs(1)))?;
        assert_eq!(trap!(yield sleep(Duration::MAX)), Err(Errno::EINTR));
        Ok(())
    }));
    assert_eq!(told, [Told { lint: "signal not taken", tid: 1, line }]);
    let taken = lints(task!({
        trap!(yield catch_signals(Signal::Alrm))?;
        trap!(yield alarm(Duration::from_secs(1)))?;
        assert_eq!(trap!(yield sleep(Duration::MAX)), Err(Errno::EINTR));
        assert_eq!(trap!(yield take_signal())?, Signal::Alrm);
        Ok(())
    }));
    assert_eq!(taken, []);
}

#[test]
fn a_job_that_is_done_and_was_not_taken_is_told_at_the_end() {
    /// Ends with a job that is done, after it has closed it or not.
    fn offloads(closes: bool) -> Task {
        task!({
            let job = trap!(yield offload(|| 7))?;
            trap!(yield read_wait(job.fd()))?;
            if closes {
                trap!(yield close(job.fd()))?;
            }
            Ok(())
        })
    }
    let told: Vec<_> = lints(offloads(false)).into_iter().map(|told| told.lint).collect();
    assert_eq!(told, ["job not taken"]);
    assert_eq!(lints(offloads(true)), []);
}

#[test]
fn messages_that_nobody_will_receive_are_told_at_the_end_of_who_would_have() {
    /// Ends with this message in its port, after it has closed its end or not.
    fn leaves(message: &'static str, closes: bool) -> Task {
        task!({
            let (sender, receiver) = trap!(yield port_create(4))?;
            trap!(yield port_send(sender, message))?;
            if closes {
                trap!(yield close(receiver))?;
            }
            Ok(())
        })
    }
    let told: Vec<_> = lints(leaves("to nobody", false)).into_iter().map(|told| told.lint).collect();
    assert_eq!(told, ["messages not received"]);
    assert_eq!(lints(leaves("to nobody", true)), []);
    assert_eq!(lints(leaves("", false)), [], "a token is left where it is");
}

#[test]
fn a_frame_that_is_too_large_is_told_where_it_was_spawned() {
    fn large<const BYTES: usize>() -> Task {
        task!({
            let held = [1u8; BYTES];
            trap!(yield yield_now())?;
            assert_eq!(held.iter().map(|&byte| usize::from(byte)).sum::<usize>(), BYTES);
            Ok(())
        })
    }
    let line = here() + 4;
    let told = lints(task!({
        trap!(yield spawn(large::<1024>()))?;
        for _ in 0..2 {
            trap!(yield spawn(large::<{ 65 << 10 }>()))?;
        }
        Ok(())
    }));
    assert_eq!(told, [Told { lint: "large frame", tid: 3, line }]);
}

#[test]
fn descriptors_that_only_become_more_are_told_at_the_line_that_opens_them() {
    /// Opens and opens, at one go or now and then; closes each second of them, or none.
    fn opens(waits: bool, closes: bool) -> Task {
        task!({
            let copies = yieldix_kernel::limits::FDS_PER_TASK;
            for number in 0..copies - 8 {
                if waits {
                    trap!(yield sleep(Duration::from_micros(1)))?;
                }
                let copy = trap!(yield dup(Fd::STDOUT))?;
                if closes && number % 2 == 0 {
                    trap!(yield close(copy))?;
                }
            }
            Ok(())
        })
    }
    let told: Vec<_> = lints(opens(true, false)).into_iter().map(|told| told.lint).collect();
    assert_eq!(told, ["descriptor leak"]);
    for (waits, closes) in [(true, true), (false, true), (false, false)] {
        assert_eq!(lints(opens(waits, closes)), []);
    }
}

#[test]
fn a_span_that_is_left_entered_across_a_yield_is_told_there() {
    fn spans(leaves: bool) -> Task {
        task!({
            let entered = tracing::info_span!("request").entered();
            if leaves {
                std::mem::forget(entered);
            } else {
                drop(entered);
            }
            trap!(yield yield_now())
        })
    }
    let said = |leaves| {
        let subscriber = tracing_subscriber::registry();
        tracing::subscriber::with_default(subscriber, || lints(spans(leaves)))
    };
    let told: Vec<_> = said(true).into_iter().map(|told| told.lint).collect();
    assert_eq!(told, ["span left entered"]);
    assert_eq!(said(false), []);
}

/// Files of this folder and those below.
fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

#[test]
fn every_other_test_refuses_lints() {
    const PLANTS: [&str; 2] = ["tests/lints.rs", "tests/planted.rs"];
    // What stands there is compiled, or read as text, and not run by a test.
    const NOT_RUN: [&str; 3] = ["tests/tries/", "tests/mistakes/", "tests/protection/"];
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = Vec::new();
    for folder in ["tests", "exercises/tests", "benches/peers/callbacks/tests", "kernel/tests", "kernel/src"] {
        sources(&root.join(folder), &mut files);
    }
    let mut machines = 0;
    for path in files {
        let name = path.strip_prefix(root).unwrap().to_string_lossy().into_owned();
        if PLANTS.contains(&name.as_str()) || NOT_RUN.iter().any(|folder| name.starts_with(folder)) {
            continue;
        }
        let text = fs::read_to_string(&path).unwrap();
        let count = |words: &[&str]| words.iter().map(|word| text.matches(word).count()).sum::<usize>();
        let named = count(&["env!(\"CARGO_BIN_EXE"]) - count(&["Path::new(env!(\"CARGO_BIN_EXE"]);
        let made = named + count(&["Machine::new()", "Kernel::new("]);
        let refused =
            count(&[".refuse_lints()", ".observe(RefusesBut(", ".observe(Box::new(LintRefusal))", "REFUSE_LINTS.0"]);
        assert!(
            made <= refused,
            "{name} makes {made} machines, of which {refused} refuse lints: use common::machine()"
        );
        machines += made;
    }
    assert!(machines >= 5, "it looks at the tests");
}
