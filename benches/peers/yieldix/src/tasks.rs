//! Tasks that take turns, ask, come and go, and wake each other.

use crate::PEER;
use common::{Random, tell, tell_ns};
use std::{
    hint::black_box,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};
use yieldix::syscalls::{calls::*, *};

/// Tasks that each make so many `asks`, give up their turn, and do that again.
///
/// The clock starts with the first turn of the first, when all are there, and stops in the last to end.
pub fn turns(case: &str, tasks: u64, turns: u64, asks: u64) -> Task {
    let case = format!("{case}/{tasks}");
    task!({
        let (gate, span) = (Arc::new(AtomicBool::new(false)), Arc::new(Span::default()));
        let keeper = trap!(yield spawn(ends_when_set(gate.clone())))?;
        let left = Arc::new(AtomicU64::new(tasks));
        for _ in 0..tasks {
            trap!(yield spawn(takes_turns(keeper, turns, asks, left.clone(), span.clone())))?;
        }
        // They go to the gate meanwhile.
        trap!(yield yield_now())?;
        gate.store(true, Relaxed);
        for _ in 0..=tasks {
            trap!(yield wait_any())?;
        }
        tell(&case, PEER, "ns", span.nanos() / (tasks * turns * asks.max(1)) as f64, "ns");
        Ok(())
    })
}

fn takes_turns(keeper: Tid, turns: u64, asks: u64, left: Arc<AtomicU64>, span: Arc<Span>) -> Task {
    task!({
        trap!(yield join(keeper))?;
        span.begin();
        for _ in 0..turns {
            for _ in 0..asks {
                black_box(trap!(yield gettid())?);
            }
            trap!(yield yield_now())?;
        }
        if left.fetch_sub(1, Relaxed) == 1 {
            span.end();
        }
        Ok(())
    })
}

/// From the first that begins to the last that ends.
#[derive(Default)]
struct Span {
    begin: OnceLock<Instant>,
    end: OnceLock<Instant>,
}

impl Span {
    fn begin(&self) {
        self.begin.get_or_init(Instant::now);
    }

    fn end(&self) {
        self.end.set(Instant::now()).expect("it ends once");
    }

    fn nanos(&self) -> f64 {
        let (begin, end) = (self.begin.get().expect("begun"), self.end.get().expect("ended"));
        (*end - *begin).as_nanos() as f64
    }
}

/// A gate: others join it.
fn ends_when_set(is_open: Arc<AtomicBool>) -> Task {
    task!({
        while !is_open.load(Relaxed) {
            trap!(yield yield_now())?;
        }
        Ok(())
    })
}

/// Calls that only ask, eight and then the next turn.
pub fn asking_calls(calls: u32) -> Task {
    task!({
        for _ in 0..calls / 8 {
            black_box(trap!(yield gettid())?);
            black_box(trap!(yield now())?);
            black_box(trap!(yield getppid())?);
            black_box(trap!(yield gettid())?);
            black_box(trap!(yield getppid())?);
            black_box(trap!(yield now())?);
            black_box(trap!(yield gettid())?);
            black_box(trap!(yield getppid())?);
        }
        Ok(())
    })
}

/// Eight calls that change something small, or look for something.
pub fn acting_calls(calls: u32) -> Task {
    task!({
        for _ in 0..calls / 8 {
            let scope = trap!(yield deadline_push(Duration::from_secs(1)))?;
            black_box(trap!(yield gettid())?);
            trap!(yield deadline_pop(scope))?;
            black_box(trap!(yield try_wait(Children::Any)).is_err());
            let copy = trap!(yield dup(Fd::STDOUT))?;
            black_box(trap!(yield now())?);
            trap!(yield close(copy))?;
            black_box(trap!(yield try_wait(Children::Any)).is_err());
        }
        Ok(())
    })
}

/// Prints how long after its process was started the first task runs.
pub fn first() -> Task {
    task!({
        let started: f64 =
            std::env::var("STARTED_NS").ok().and_then(|text| text.parse().ok()).expect("the runner says");
        tell("start", PEER, "to_first_task", (common::monotonic_ns() - started) / 1e6, "ms");
        Ok(())
    })
}

fn adds_one(done: Arc<AtomicU64>) -> Task {
    task!({
        done.fetch_add(1, Relaxed);
        Ok(())
    })
}

/// All of a batch, and then a wait for each, so many times.
pub fn spawn_all(tasks: u64, batches: u64) -> Task {
    task!({
        let done = Arc::new(AtomicU64::new(0));
        let start = Instant::now();
        for _ in 0..batches {
            for _ in 0..tasks {
                trap!(yield spawn(adds_one(done.clone())))?;
            }
            for _ in 0..tasks {
                trap!(yield wait_any())?;
            }
        }
        assert_eq!(done.load(Relaxed), tasks * batches);
        tell_ns(&format!("spawn/{tasks}"), PEER, "ns", start, tasks * batches);
        Ok(())
    })
}

/// One, and a wait for it, again and again.
pub fn spawn_each(tasks: u64) -> Task {
    task!({
        let done = Arc::new(AtomicU64::new(0));
        let start = Instant::now();
        for _ in 0..tasks {
            let child = trap!(yield spawn(adds_one(done.clone())))?;
            trap!(yield wait(child))?;
        }
        assert_eq!(done.load(Relaxed), tasks);
        tell_ns("spawn-each", PEER, "ns", start, tasks);
        Ok(())
    })
}

/// Tasks that all wait, each for the one before it in the order; the first ends, and so they wake
/// each other, to the last; so many times. What one takes is a wake-up, a turn and an end.
pub fn wake(order: &str, tasks: u64, times: u64) -> Task {
    let (case, order) = match order {
        "allocation" => ("wake", (0..tasks).collect()),
        "random" => ("wake-random", Random::of(0).order(tasks)),
        _ => panic!("wake allocation|random"),
    };
    task!({
        let mut nanos = 0.0;
        for _ in 0..times {
            nanos += call!(chain(&order))?;
        }
        tell(&format!("{case}/{tasks}"), PEER, "ns", nanos / (tasks * times) as f64, "ns");
        Ok(())
    })
}

/// One such chain; how long it took.
fn chain(order: &[u64]) -> impl Routine<Result<f64, Errno>> {
    // Whom each waits for; the first for nobody.
    let mut before = vec![None; order.len()];
    for pair in order.windows(2) {
        before[pair[1] as usize] = Some(pair[0] as usize);
    }
    let last = order[order.len() - 1] as usize;
    routine!(move {
        // They look at the names when all have one.
        let (gate, names) = (Arc::new(AtomicBool::new(false)), Arc::new(OnceLock::new()));
        let span = Arc::new(Span::default());
        let keeper = trap!(yield spawn(ends_when_set(gate.clone())))?;
        let mut tids = Vec::with_capacity(before.len());
        for before in before {
            let task = match before {
                Some(before) => waits_for(keeper, names.clone(), before),
                None => begins(keeper, span.clone()),
            };
            // Its parent does not wait for it, and is not woken by its end.
            tids.push(trap!(yield spawn(task).detach())?);
        }
        // They go to the gate meanwhile.
        trap!(yield yield_now())?;
        let last = tids[last];
        names.set(tids).expect("once");
        gate.store(true, Relaxed);
        trap!(yield join(last))?;
        span.end();
        trap!(yield wait(keeper))?;
        Ok(span.nanos())
    })
}

fn waits_for(keeper: Tid, names: Arc<OnceLock<Vec<Tid>>>, before: usize) -> Task {
    task!({
        trap!(yield join(keeper))?;
        let before = names.get().expect("the gate is open")[before];
        drop(names);
        trap!(yield join(before))?;
        Ok(())
    })
}

fn begins(keeper: Tid, span: Arc<Span>) -> Task {
    task!({
        trap!(yield join(keeper))?;
        // The others go into their waits meanwhile.
        trap!(yield yield_now())?;
        span.begin();
        Ok(())
    })
}
