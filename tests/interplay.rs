//! Everything with everything: random tasks do to each other and to themselves whatever calls allow,
//! and the kernel's invariants hold after every trap.
//!
//! There is no model here. What the kernel checks of itself is one half of the claim (`Kernel::check`);
//! the other half is what its own events say: a stopped task has no turn, a task that has ended is heard
//! of no more, and when all have ended nothing of them is left. A failure names its seed;
//! `YIELDIX_SEED=7` or `YIELDIX_SEED=0..5000` runs that.
#![feature(coroutines, coroutine_trait)]

mod chaos_support;
mod common;
mod interplay_support;

use chaos_support::{Chance, Doing, assert_nothing_is_left, keep_task_panics_quiet, seeds, watched};
use interplay_support::{
    acts::actor,
    yard::{FDS_MAX, Tally, Yard, lock},
};
use std::{
    cell::RefCell,
    collections::BTreeSet,
    hash::{DefaultHasher, Hash, Hasher},
    rc::Rc,
    sync::{Arc, Mutex},
    time::Duration,
};
use yieldix::event::{Event, Record};
use yieldix::syscalls::{calls::*, *};
use yieldix::{Console, Ended, Faults, HostProgram, MemoryConsole, MemoryFolder, Work};
use yieldix_userland::PROGRAMS;

/// Few, so that their bounds are met.
const TASKS_MAX: u32 = 24;
const TASKS_FEW: u32 = 8;
const RAM_BYTES: u64 = 16 << 10;

/// What the events of one machine say.
#[derive(Default)]
struct Seen {
    live: BTreeSet<Tid>,
    stopped: BTreeSet<Tid>,
    trace: DefaultHasher,
    wrong: Vec<String>,
    /// Tasks that were told to wait for each other, and so many that were not named yet.
    knots: Vec<BTreeSet<Tid>>,
    unnamed: usize,
    /// How many of these there were.
    knots_told: u32,
}

impl Seen {
    /// A knot that is told as it is, all its tasks in its cycle: nothing ever wakes one but what is done to one of them.
    fn follow_knots(&mut self, event: &Event<'_>) {
        match *event {
            Event::Cycle { tids, tasks } => {
                let is_whole = tids.matches(" waits for ").count() == tasks as usize;
                self.unnamed = if is_whole { tasks as usize } else { 0 };
                self.knots.extend(is_whole.then(BTreeSet::new));
                self.knots_told += u32::from(is_whole);
            }
            Event::InCycle { tid, .. } if self.unnamed > 0 => {
                self.unnamed -= 1;
                self.knots.last_mut().expect("a cycle is told before its tasks").insert(tid);
            }
            Event::Answered { tid, .. } => {
                let is_stuck = self.knots.iter().any(|knot| knot.contains(&tid));
                self.expect(!is_stuck, format!("{tid} goes on and was told to be in a cycle: {:?}", self.knots));
            }
            Event::Exited { tid, .. } | Event::Stopped { tid, .. } | Event::Continued { tid } => {
                self.knots.retain(|knot| !knot.contains(&tid));
            }
            _ => {}
        }
    }

    fn take(&mut self, record: &Record<'_>) {
        format!("{:?}", record.event).hash(&mut self.trace);
        self.follow_knots(&record.event);
        match record.event {
            Event::Spawned { tid, .. } => drop(self.live.insert(tid)),
            Event::Chosen { tid, .. } | Event::Trapped { tid, .. } | Event::Blocked { tid, .. } => {
                self.expect(self.live.contains(&tid), format!("{tid} is heard of after its end"));
                let is_turn = matches!(record.event, Event::Chosen { .. });
                self.expect(!is_turn || !self.stopped.contains(&tid), format!("{tid} has a turn while stopped"));
            }
            Event::Stopped { tid, .. } => {
                let is_news = self.live.contains(&tid) && self.stopped.insert(tid);
                self.expect(is_news, format!("{tid} is stopped twice, or after its end"));
            }
            Event::Continued { tid } => {
                let is_news = self.stopped.remove(&tid);
                self.expect(is_news, format!("{tid} goes on and was not stopped"));
            }
            Event::Exited { tid, .. } => {
                let is_news = self.live.remove(&tid);
                self.stopped.remove(&tid);
                self.expect(is_news, format!("{tid} ends twice"));
            }
            _ => {}
        }
    }

    fn expect(&mut self, is_true: bool, wrong: String) {
        if !is_true {
            self.wrong.push(wrong);
        }
    }
}

/// Runs one machine to its end; gives what it did, so that another run can be compared.
fn run(seed: u64, faults: Faults, tally: &mut Tally) -> u64 {
    let yard = Arc::new(Mutex::new(Yard::new(seed)));
    let seen = Rc::new(RefCell::new(Seen::default()));
    let noted = Rc::clone(&seen);
    let mut outside = Chance(!seed);
    let quantum = 1 + outside.below(8) as u32;
    // They end with whatever they have just then.
    let mut machine = common::machine_but_for(&["signal not taken", "messages not received", "job not taken"])
        .programs(PROGRAMS)
        .simulate(seed)
        .faults(faults)
        .quantum(quantum)
        .max_tasks(TASKS_MAX)
        .max_fds(FDS_MAX)
        .ram_bytes(RAM_BYTES)
        .console(Console::Memory(MemoryConsole::new().input("a line\nand half of one")))
        .mount(MemoryFolder::new(), "/scratch", false)
        .host_exec(true)
        .host_program("cat", HostProgram { echoes: true, ..HostProgram::default() })
        .host_program("sleep", HostProgram { takes: Duration::from_millis(1), code: 3, ..HostProgram::default() })
        .host_program(
            "says",
            HostProgram { stdout: b"a word".to_vec(), stderr: vec![b'e'; 9], ..HostProgram::default() },
        )
        .task(watched(actor(Arc::clone(&yard), Vec::new())))
        .task(watched(actor(Arc::clone(&yard), Vec::new())))
        .observe(move |record: &Record<'_>| noted.borrow_mut().take(record))
        .start()
        .expect("the machine boots");
    loop {
        let handle = machine.handle();
        let work = machine.step();
        drop(handle);
        machine.check();
        // From outside, between two rounds: more of them while there are few.
        if machine.stats().tasks < TASKS_FEW && lock(&yard).acts_left > 0 {
            match machine.spawn(watched(actor(Arc::clone(&yard), Vec::new()))) {
                // A machine that has ended takes no more, nor one that is full of zombies.
                Ok(_) | Err(Errno::ESRCH | Errno::EAGAIN) => {}
                Err(errno) => panic!("spawn: {errno}"),
            }
        }
        if outside.below(20) == 0 {
            let (tid, signal) = {
                let mut yard = lock(&yard);
                (yard.tid(), yard.signal())
            };
            let sent = machine.kill(tid, signal);
            assert!(matches!(sent, Ok(()) | Err(Errno::ESRCH | Errno::EPERM)), "{sent:?}");
            machine.check();
        }
        let work = if work == Work::Waiting { machine.wait() } else { work };
        if work == Work::Over {
            break;
        }
    }
    let ended = machine.shutdown();
    assert!(matches!(ended, Ended::Finished(_) | Ended::Deadlock(_)), "{ended:?}");
    assert_nothing_is_left(&machine);
    let seen = seen.borrow();
    assert_eq!(seen.wrong, Vec::<String>::new());
    assert_eq!(seen.live, BTreeSet::new(), "tasks whose end nobody was told");
    *tally.entry(("knot", None)).or_default() += seen.knots_told;
    for (&kind, &count) in &lock(&yard).tally {
        *tally.entry(kind).or_default() += count;
    }
    seen.trace.finish()
}

fn run_seeds(seeds: std::ops::Range<u64>, faults: Faults) {
    keep_task_panics_quiet();
    let are_few = seeds.end - seeds.start < 100;
    let mut tally = Tally::new();
    for seed in seeds {
        let _doing = Doing(format!("YIELDIX_SEED={seed} under {faults:?}"));
        let trace = run(seed, faults, &mut tally);
        if seed % 16 == 0 {
            assert_eq!(run(seed, faults, &mut tally), trace, "a run is its inputs");
        }
    }
    println!("{tally:?}");
    assert!(are_few || tally[&("knot", None)] > 0, "no knot was ever told");
    let of_tasks = ["spawn", "signal", "group", "wait", "deadline", "subroutine"];
    let of_descriptors = ["descriptor", "trace", "file", "socket", "post", "job", "host program", "name"];
    for kind in of_tasks.into_iter().chain(of_descriptors) {
        assert!(are_few || tally.contains_key(&(kind, None)), "no {kind} was ever done well");
    }
}

/// Seed 114: what `TSTP` took back made a held signal look due, though the task was stopped.
#[test]
fn a_poll_that_is_over_while_its_task_is_stopped_is_over_in_time() {
    let task = task!({
        let (sends, receives) = trap!(yield port_create(1))?;
        let child = task!({
            trap!(yield catch_signals(Signal::Usr1))?;
            assert_eq!(trap!(yield poll(vec![Interest::Read(receives)], Duration::from_millis(5)))?, []);
            assert_eq!(trap!(yield take_signal())?, Signal::Usr1);
            Ok(())
        });
        let child = trap!(yield spawn(child).pass(receives))?;
        trap!(yield sleep(Duration::from_millis(1)))?;
        for signal in [Signal::Stop, Signal::Usr1, Signal::Tstp] {
            trap!(yield kill(child, signal))?;
        }
        trap!(yield sleep(Duration::from_millis(9)))?;
        trap!(yield kill(child, Signal::Cont))?;
        assert_eq!(trap!(yield wait(child))?, ExitStatus::Exited(0));
        trap!(yield close(sends))
    });
    let ended = common::machine().task(task).simulate(114).boot().expect("it boots");
    assert_eq!(ended, Ended::Finished(ExitStatus::Exited(0)));
}

#[test]
fn random_tasks_break_no_invariant_and_leave_nothing() {
    run_seeds(seeds(0..200), Faults::default());
}

#[test]
fn random_tasks_in_a_bad_world_break_no_invariant_and_leave_nothing() {
    let faults = Faults {
        short_reads_permille: 300,
        short_writes_permille: 300,
        resets_permille: 50,
        spurious_ready_permille: 500,
        ..Faults::default()
    };
    run_seeds(seeds(10_000..10_200), faults);
}
