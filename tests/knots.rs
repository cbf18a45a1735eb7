//! Random tasks that wait at what random others hold: the kernel tells of exactly those who wait for each other.
//!
//! What there is to tell is found by trying, and knows no graph. Of each set of tasks the rest is taken to be awake and
//! to do whatever it can with what it holds, in every order: put, take, close, end. If nobody of the set is ever woken
//! by that, the set is *closed*; a smallest closed set is one that is to be told, with a cycle through tasks of it.
//! A failure names its seed; `YIELDIX_SEED=7` or `YIELDIX_SEED=0..5000` runs that.
#![feature(coroutines, coroutine_trait)]

mod chaos_support;
mod common;

use chaos_support::{Chance, Doing, seeds};
use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet},
    rc::Rc,
    time::Duration,
};
use yieldix::{
    Console, Ended, MemoryConsole,
    event::{Event, Record},
    syscalls::{calls::*, *},
};

/// Tasks beside the first, and things between them, at most.
const TASKS_MAX: u64 = 5;
const THINGS_MAX: u64 = 4;

const PIPE_BYTES: usize = 64 << 10;

/// Waits of the first task in which all is told, or calls of it when it never waits: each counts as two operations, of
/// which 128 bring a look at the hardware.
const WAITS: u32 = 8;
const CALLS: u32 = 100 * 64;

/// One of both ends of a thing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum End {
    /// It is taken from, while the thing is full.
    Taker(usize),
    /// It is put into, while it is empty.
    Putter(usize),
}

/// A pipe, or a port that holds one message.
#[derive(Clone, Debug)]
struct Thing {
    is_port: bool,
    is_full: bool,
    /// Ends in its message.
    carried: Vec<End>,
}

/// What a task does for good.
#[derive(Clone, Debug)]
enum Does {
    /// Waits until it can take or put, as its end is.
    Use(End),
    /// The same, of any of these.
    Poll(Vec<End>),
    /// Waits for the end of another.
    Join(usize),
    /// Waits for nothing that comes.
    Forever,
    /// Waits for a signal that anyone may send, for the clock, or for its turn.
    Catch,
    Sleep,
    Yield,
}

impl Does {
    fn is_awake(&self) -> bool {
        matches!(self, Does::Catch | Does::Sleep | Does::Yield)
    }
}

/// What the first task does when it has made all others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum First {
    /// Waits for the clock now and then, so that the kernel waits for the hardware.
    Sleeps,
    /// Is busy.
    Works,
    /// Waits for ever, as all others do.
    Waits,
}

#[derive(Clone, Debug)]
struct Plan {
    things: Vec<Thing>,
    /// What each task holds and does; the first is the one that makes all others.
    tasks: Vec<(BTreeSet<End>, Does)>,
    first: First,
}

impl Plan {
    fn draw(seed: u64) -> Plan {
        let mut chance = Chance(seed);
        let mut below = |bound: u64| chance.below(bound) as usize;
        let first = [First::Sleeps, First::Works, First::Waits][below(3)];
        let count = 2 + below(TASKS_MAX - 1);
        let mut things: Vec<Thing> = (0..1 + below(THINGS_MAX))
            .map(|_| Thing { is_port: below(2) == 0, is_full: below(2) == 0, carried: Vec::new() })
            .collect();
        let mut tasks = vec![(BTreeSet::new(), if first == First::Waits { Does::Forever } else { Does::Sleep })];
        tasks.resize(1 + count, (BTreeSet::new(), Does::Forever));
        for at in 0..things.len() {
            // Mostly few have an end, so that who has it matters; somebody has each.
            for end in [End::Taker(at), End::Putter(at)] {
                for _ in 0..1 + below(2) {
                    let holder = 1 + below(count as u64);
                    tasks[holder].0.insert(end);
                }
                if below(8) == 0 {
                    tasks[0].0.insert(end);
                }
            }
        }
        for at in 0..things.len() {
            if things[at].is_port && things[at].is_full && below(2) == 0 {
                let other = below(things.len() as u64);
                let end = if things[other].is_port || below(2) == 0 { End::Putter(other) } else { End::Taker(other) };
                things[at].carried.push(end);
                // Then mostly nobody has it but who takes it out.
                if below(2) == 0 {
                    tasks.iter_mut().for_each(|(held, _)| held.retain(|other| *other != end));
                }
            }
        }
        let mut plan = Plan { things, tasks, first };
        for task in 1..=count {
            let waits = plan.waits_of(task);
            let drawn = match below(if first == First::Waits { 16 } else { 20 }) {
                0 => Does::Forever,
                1..4 => Does::Join(1 + below(count as u64)),
                4..13 if !waits.is_empty() => Does::Use(waits[below(waits.len() as u64)]),
                13..16 if !waits.is_empty() => {
                    Does::Poll(waits.iter().copied().filter(|_| below(2) == 0).take(2).collect())
                }
                16 | 17 => Does::Sleep,
                18 => Does::Catch,
                19 if first == First::Works => Does::Yield,
                _ => Does::Join(1 + below(count as u64)),
            };
            plan.tasks[task].1 = match drawn {
                Does::Join(other) if other == task => Does::Forever,
                Does::Poll(ends) if ends.is_empty() => Does::Forever,
                drawn => drawn,
            };
        }
        plan
    }

    /// What a task could wait at for good, as long as all wait.
    fn waits_of(&self, task: usize) -> Vec<End> {
        let is_held = |end: End| {
            self.tasks.iter().any(|(held, _)| held.contains(&end))
                || self.things.iter().any(|thing| thing.carried.contains(&end))
        };
        let waits = |end: &End| match *end {
            End::Taker(at) => !self.things[at].is_full && is_held(End::Putter(at)),
            End::Putter(at) => self.things[at].is_full && is_held(End::Taker(at)),
        };
        self.tasks[task].0.iter().copied().filter(waits).collect()
    }

    /// Could these, if they were awake, wake any of those? They are one in this: they may give each other all they have.
    fn could_wake(&self, awake: &[usize], asleep: &[usize]) -> bool {
        let joined = |&task: &usize| matches!(self.tasks[task].1, Does::Join(other) if awake.contains(&other));
        if asleep.iter().any(joined) {
            return true;
        }
        let held = awake.iter().flat_map(|&task| self.tasks[task].0.iter().copied()).collect();
        let mut seen = BTreeSet::new();
        let mut left = vec![Moment {
            held,
            full: self.things.iter().map(|thing| thing.is_full).collect(),
            carried: self.things.iter().map(|thing| thing.carried.clone()).collect(),
        }];
        while let Some(moment) = left.pop() {
            if moment.wakes(self, asleep) {
                return true;
            }
            if seen.insert(moment.clone()) {
                left.extend(moment.held.iter().flat_map(|&end| moment.uses(end)));
            }
        }
        false
    }

    /// The sets that are to be told: none of whom anybody else could wake, and none smaller within.
    fn knots(&self) -> Vec<Vec<usize>> {
        let all: Vec<usize> = (0..self.tasks.len()).collect();
        let mut closed: Vec<Vec<usize>> = Vec::new();
        let mut sets: Vec<u32> = (1..1 << all.len()).collect();
        sets.sort_by_key(|set| set.count_ones());
        for set in sets {
            let (asleep, awake): (Vec<usize>, Vec<usize>) = all.iter().partition(|&&task| set >> task & 1 == 1);
            let is_smallest = !closed.iter().any(|smaller| smaller.iter().all(|task| asleep.contains(task)));
            let is_any_awake = asleep.iter().any(|&task| self.tasks[task].1.is_awake());
            if is_smallest && !is_any_awake && !self.could_wake(&awake, &asleep) {
                closed.push(asleep);
            }
        }
        // Who waits for nothing at all waits for nobody.
        closed.retain(|set| set.len() > 1 || !matches!(self.tasks[set[0]].1, Does::Forever));
        closed
    }
}

/// What those who are awake have, and what is in the things.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Moment {
    held: BTreeSet<End>,
    full: Vec<bool>,
    carried: Vec<Vec<End>>,
}

impl Moment {
    /// Is there what any of those who sleep waits for?
    fn wakes(&self, plan: &Plan, asleep: &[usize]) -> bool {
        let is_held = |end: End| {
            self.held.contains(&end)
                || asleep.iter().any(|&task| plan.tasks[task].0.contains(&end))
                || self.carried.iter().flatten().any(|&carried| carried == end)
        };
        let is_over = |end: &End| match *end {
            End::Taker(at) => self.full[at] || !is_held(End::Putter(at)),
            End::Putter(at) => !self.full[at] || !is_held(End::Taker(at)),
        };
        asleep.iter().any(|&task| match &plan.tasks[task].1 {
            Does::Use(end) => is_over(end),
            Does::Poll(ends) => ends.iter().any(is_over),
            _ => false,
        })
    }

    /// What may come of an end that is held: it is used, or closed.
    fn uses(&self, end: End) -> Vec<Moment> {
        let mut closed = self.clone();
        closed.held.remove(&end);
        let mut after = vec![closed];
        let mut used = self.clone();
        match end {
            End::Taker(at) if self.full[at] => {
                used.full[at] = false;
                used.held.extend(std::mem::take(&mut used.carried[at]));
                after.push(used);
            }
            End::Putter(at) if !self.full[at] => {
                used.full[at] = true;
                after.push(used);
            }
            _ => {}
        }
        after
    }
}

/// The descriptor of each end that the first task has.
type Ends = BTreeMap<End, Fd>;

/// A task that does what it is drawn to, for good.
fn member(does: Does, ends: Ends) -> Task {
    task!({
        match does {
            Does::Use(end @ End::Taker(_)) => match trap!(yield port_recv(ends[&end])) {
                Err(Errno::EOPNOTSUPP) => trap!(yield read(ends[&end], 1)).map(drop),
                received => received.map(drop),
            },
            Does::Use(end @ End::Putter(_)) => match trap!(yield port_send(ends[&end], "x")).map_err(Errno::from) {
                Err(Errno::EOPNOTSUPP) => trap!(yield write(ends[&end], "x")).map(drop),
                sent => sent,
            },
            Does::Poll(polled) => {
                let interest = |end: &End| match end {
                    End::Taker(_) => Interest::Read(ends[end]),
                    End::Putter(_) => Interest::Write(ends[end]),
                };
                trap!(yield poll(polled.iter().map(interest).collect(), Duration::MAX)).map(drop)
            }
            // Others are spawned later.
            Does::Join(other) => loop {
                match trap!(yield join(Tid::from_serial(1 + other as u64))) {
                    Err(Errno::ESRCH) => trap!(yield yield_now())?,
                    joined => break joined.map(drop),
                }
            },
            Does::Forever => trap!(yield sleep(Duration::MAX)),
            Does::Catch => {
                trap!(yield catch_signals(Signal::Usr1))?;
                trap!(yield sleep(Duration::MAX))
            }
            Does::Sleep => loop {
                trap!(yield sleep(Duration::from_secs(1)))?;
            },
            Does::Yield => loop {
                trap!(yield yield_now())?;
            },
        }
    })
}

/// Makes the things, then the tasks, and gives away what they hold.
fn set_up(plan: Plan) -> impl Routine<Result<(), Errno>> {
    routine!(move {
        let mut ends = Ends::new();
        for (at, thing) in plan.things.iter().enumerate() {
            let (putter, taker) = if thing.is_port {
                trap!(yield port_create(1))?
            } else {
                let (reader, writer) = trap!(yield pipe())?;
                (writer, reader)
            };
            ends.extend([(End::Putter(at), putter), (End::Taker(at), taker)]);
        }
        for (at, thing) in plan.things.iter().enumerate().filter(|(_, thing)| thing.is_full) {
            let putter = ends[&End::Putter(at)];
            if !thing.is_port {
                assert_eq!(trap!(yield write(putter, vec![0; PIPE_BYTES]))?, PIPE_BYTES);
                continue;
            }
            let mut fds = Vec::new();
            for carried in &thing.carried {
                fds.push(trap!(yield dup(ends[carried]))?);
            }
            trap!(yield port_send_fds(putter, Message { data: Buf::EMPTY, fds })).map_err(Errno::from)?;
        }
        for (held, does) in plan.tasks.iter().skip(1) {
            let mut request = spawn(member(does.clone(), ends.clone()));
            for end in held {
                request = request.share(ends[end]);
            }
            trap!(yield request)?;
        }
        for (end, &fd) in &ends {
            if !plan.tasks[0].0.contains(end) {
                trap!(yield close(fd))?;
            }
        }
        Ok(())
    })
}

fn first(plan: Plan) -> Task {
    task!({
        let (first, count) = (plan.first, plan.tasks.len() as u64);
        call!(set_up(plan))?;
        match first {
            First::Waits => trap!(yield sleep(Duration::MAX))?,
            First::Sleeps => {
                for _ in 0..WAITS {
                    trap!(yield sleep(Duration::from_secs(1)))?;
                }
            }
            First::Works => {
                for _ in 0..CALLS {
                    trap!(yield environment())?;
                }
            }
        }
        for tid in (2..=count).map(Tid::from_serial) {
            trap!(yield kill(tid, Signal::Kill))?;
        }
        Ok(())
    })
}

/// The numbers of the tasks of `2 (a) waits for 3 (b) waits for 2`.
fn chain(text: &str) -> Vec<usize> {
    let tid = |part: &str| part.split_once(" (").map(|(tid, _)| tid.parse::<usize>().expect("a number") - 1);
    text.split(" waits for ").filter_map(tid).collect()
}

/// Runs what the seed draws, and compares. How many knots there were.
fn run(seed: u64) -> usize {
    let plan = Plan::draw(seed);
    let _doing = Doing(format!("YIELDIX_SEED={seed}: {plan:#?}"));
    // Chains, and how many tasks are in the knot, if that is told.
    let told = Rc::new(RefCell::new(Vec::<(Vec<usize>, Option<usize>)>::new()));
    let seen = Rc::clone(&told);
    let is_over = Rc::new(RefCell::new(false));
    let observer = move |record: &Record<'_>| match record.event {
        Event::SignalDelivered { .. } => *is_over.borrow_mut() = true,
        Event::Cycle { tids, tasks } if !*is_over.borrow() => {
            seen.borrow_mut().push((chain(tids), Some(tasks as usize)));
        }
        Event::Deadlock { cycle, .. } => {
            let chains = cycle.split("; ").filter(|text| *text != "none").map(|text| (chain(text), None));
            seen.borrow_mut().extend(chains);
        }
        _ => {}
    };
    let machine = common::machine_but_for(&["messages not received"])
        .simulate(seed)
        .console(Console::Memory(MemoryConsole::new()));
    let ended = machine.task(first(plan.clone())).observe(observer).start().expect("it boots").run();
    match plan.first {
        First::Waits => assert_eq!(ended, Ended::Deadlock(plan.tasks.len() as u32)),
        First::Sleeps | First::Works => assert_eq!(ended, Ended::Finished(ExitStatus::Exited(0))),
    }
    let (mut told, knots) = (told.take(), plan.knots());
    if plan.first == First::Waits {
        // What is told while some were not yet there is told again.
        assert!(told.iter().all(|(tasks, _)| knots.iter().any(|knot| tasks.iter().all(|task| knot.contains(task)))));
        told.retain(|(_, count)| count.is_none());
    }
    for knot in &knots {
        let of_it = |(tasks, count): &&(Vec<usize>, Option<usize>)| {
            tasks.iter().all(|task| knot.contains(task)) && count.is_none_or(|count| count == knot.len())
        };
        assert_eq!(told.iter().filter(of_it).count(), 1, "of {knot:?} is told, of all {knots:?}: {told:?}");
    }
    assert_eq!(told.len(), knots.len(), "{told:?} and no more is told of {knots:?}");
    for (tasks, _) in &told {
        for (&task, &next) in tasks.iter().zip(tasks.iter().cycle().skip(1)) {
            assert!(task == next && tasks.len() == 1 || plan.could_wake(&[next], &[task]), "{task} waits for {next}");
        }
    }
    knots.len()
}

#[test]
fn told_are_those_whom_nobody_else_could_wake_whatever_all_others_do() {
    let seeds = seeds(0..200);
    let is_all = seeds == (0..200);
    let knots: Vec<usize> = seeds.map(run).collect();
    let of_count = |wanted: usize| knots.iter().filter(|&&count| count == wanted).count();
    println!("{} without, {} with one, {} with two", of_count(0), of_count(1), of_count(2));
    assert!(!is_all || of_count(0) > 20 && of_count(1) > 20 && of_count(2) > 2, "{knots:?}");
}
