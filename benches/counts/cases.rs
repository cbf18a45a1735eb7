//! The cases: tasks as a user would write them.

use std::time::Duration;
use yieldix::syscalls::{calls::*, *};

/// One thing that is counted.
pub struct Case {
    /// Its name in the table and in the baseline.
    pub name: &'static str,
    /// How many times it is done under callgrind, once and then twice.
    pub operations: u32,
    /// Can the floor do it? That has no timers and no ports.
    pub has_floor: bool,
    /// The first task, which sees to it that it is done so many times.
    pub main: fn(u32) -> Task,
}

impl Case {
    const fn new(name: &'static str, operations: u32, main: fn(u32) -> Task) -> Case {
        Case { name, operations, has_floor: true, main }
    }

    const fn without_floor(self) -> Case {
        Case { has_floor: false, ..self }
    }
}

/// Every case, in the order in which it is printed.
pub const CASES: &[Case] = &[
    Case::new("switch, 2 tasks", 20_000, |n| switches(2, n)),
    Case::new("switch, 1,000 tasks", 20_000, |n| switches(1000, n)),
    Case::new("null call, typed", 20_000, typed_calls),
    Case::new("null call, raw", 20_000, raw_calls),
    Case::new("spawn, run, wait: 1,000 at a time", 10_000, spawns_in_bulk),
    Case::new("spawn, run, wait: one by one", 10_000, spawns_one_by_one),
    Case::new("null call, call! depth 1", 20_000, calls_one_deep),
    Case::new("null call, call! depth 10", 20_000, calls_ten_deep),
    Case::new("null call, trampoline depth 1", 20_000, |n| trampolined(1, n)),
    Case::new("null call, trampoline depth 1,000", 20_000, |n| trampolined(1000, n)),
    Case::new("trampoline, call and return", 10_000, subroutines),
    Case::new("sleep and wake, 1,000 tasks", 20_000, |n| sleeps(1000, n)).without_floor(),
    Case::new("null call in a timeout!", 10_000, timeouts).without_floor(),
    Case::new("spawn, run, wait: under a deadline", 10_000, waits_under_a_deadline).without_floor(),
    Case::new("port round trip", 10_000, port_round_trips).without_floor(),
    Case::new("port ring, 1,000 tasks, a hop", 100_000, port_hops).without_floor(),
];

/// Children that take turns.
fn switches(tasks: u32, switches: u32) -> Task {
    task!({
        for _ in 0..tasks {
            trap!(yield spawn(takes_turns(switches / tasks)))?;
        }
        for _ in 0..tasks {
            trap!(yield wait_any())?;
        }
        Ok(())
    })
}

fn takes_turns(turns: u32) -> Task {
    task!({
        for _ in 0..turns {
            trap!(yield yield_now())?;
        }
        Ok(())
    })
}

pub fn typed_calls(calls: u32) -> Task {
    task!({
        for _ in 0..calls {
            std::hint::black_box(trap!(yield gettid())?);
        }
        Ok(())
    })
}

pub fn raw_calls(calls: u32) -> Task {
    task!({
        for _ in 0..calls {
            match yield Syscall::GetTid.into() {
                Reply::Tid(tid) => std::hint::black_box(tid),
                _ => return Err(Errno::EPROTO),
            };
        }
        Ok(())
    })
}

fn ends_at_once() -> Task {
    task!({ Ok(()) })
}

fn spawns_in_bulk(tasks: u32) -> Task {
    const BATCH: u32 = 1000;
    task!({
        for _ in 0..tasks / BATCH {
            for _ in 0..BATCH {
                trap!(yield spawn(ends_at_once()))?;
            }
            for _ in 0..BATCH {
                trap!(yield wait_any())?;
            }
        }
        Ok(())
    })
}

fn spawns_one_by_one(tasks: u32) -> Task {
    task!({
        for _ in 0..tasks {
            let child = trap!(yield spawn(ends_at_once()))?;
            trap!(yield wait(child))?;
        }
        Ok(())
    })
}

fn null_calls(calls: u32) -> impl Routine<Result<(), Errno>> {
    routine!(move {
        for _ in 0..calls {
            std::hint::black_box(trap!(yield gettid())?);
        }
        Ok(())
    })
}

/// Each calls the next; a function of its own for each level, since a frame contains the one below.
macro_rules! levels {
    ($($name:ident calls $below:ident;)+) => {$(
        fn $name(calls: u32) -> impl Routine<Result<(), Errno>> {
            routine!(move { call!($below(calls)) })
        }
    )+};
}

levels! {
    level_2 calls null_calls;
    level_3 calls level_2;
    level_4 calls level_3;
    level_5 calls level_4;
    level_6 calls level_5;
    level_7 calls level_6;
    level_8 calls level_7;
    level_9 calls level_8;
    level_10 calls level_9;
}

pub fn calls_one_deep(calls: u32) -> Task {
    task!({ call!(null_calls(calls)) })
}

pub fn calls_ten_deep(calls: u32) -> Task {
    task!({ call!(level_10(calls)) })
}

/// Subroutines one below the other; the innermost makes the calls. A function that recurses gives
/// the call and not the routine, whose type would contain itself.
fn deep(depth: u32, calls: u32) -> Call<Returned<()>> {
    subroutine(routine!(move {
        if depth > 1 {
            return trap!(yield deep(depth - 1, calls));
        }
        for _ in 0..calls {
            std::hint::black_box(trap!(yield gettid())?);
        }
        Ok(())
    }))
}

pub fn trampolined(depth: u32, calls: u32) -> Task {
    task!({ trap!(yield deep(depth, calls)) })
}

fn add(x: u64, y: u64) -> impl Routine<Result<u64, Errno>> {
    routine!(move { Ok(x + y) })
}

fn subroutines(calls: u32) -> Task {
    task!({
        for _ in 0..calls {
            std::hint::black_box(trap!(yield subroutine(add(2, 2)))?);
        }
        Ok(())
    })
}

/// Children that sleep for 1 to 2 ms, no two of them to the same moment.
fn sleeps(tasks: u32, sleeps: u32) -> Task {
    task!({
        for index in 0..tasks {
            trap!(yield spawn(naps(sleeps / tasks, Duration::from_micros(u64::from(1000 + index)))))?;
        }
        for _ in 0..tasks {
            trap!(yield wait_any())?;
        }
        Ok(())
    })
}

fn naps(naps: u32, span: Duration) -> Task {
    task!({
        for _ in 0..naps {
            trap!(yield sleep(span))?;
        }
        Ok(())
    })
}

/// No wait, so no timer: what a scope costs.
fn timeouts(calls: u32) -> Task {
    task!({
        for _ in 0..calls {
            let tid = timeout!(Duration::from_secs(1), { trap!(yield gettid()) })??;
            std::hint::black_box(tid);
        }
        Ok(())
    })
}

/// Each wait sets a timer, and takes it back when it is answered.
fn waits_under_a_deadline(tasks: u32) -> Task {
    task!({
        timeout!(Duration::from_secs(3600), {
            for _ in 0..tasks {
                let child = trap!(yield spawn(ends_at_once()))?;
                trap!(yield wait(child))?;
            }
            Ok(())
        })?
    })
}

/// Sends on what it receives, until the end.
fn passes_on(from: Fd, to: Fd) -> Task {
    task!({
        while let Some(message) = trap!(yield port_recv(from))? {
            trap!(yield port_send(to, message.data))?;
        }
        Ok(())
    })
}

/// There and back, through a port of one message each way.
fn port_round_trips(trips: u32) -> Task {
    task!({
        let (there, their_end) = trap!(yield port_create(1))?;
        let (back, our_end) = trap!(yield port_create(1))?;
        trap!(yield spawn(passes_on(their_end, back)).pass(their_end).pass(back))?;
        let mut data = Buf::from("ball");
        for _ in 0..trips {
            trap!(yield port_send(there, data))?;
            data = trap!(yield port_recv(our_end))?.ok_or(Errno::EPIPE)?.data;
        }
        Ok(())
    })
}

/// Tasks in a ring, each of which sends on what it receives.
fn port_hops(hops: u32) -> Task {
    const TASKS: u32 = 1000;
    task!({
        let (start, mut from) = trap!(yield port_create(1))?;
        for _ in 1..TASKS {
            let (to, next) = trap!(yield port_create(1))?;
            trap!(yield spawn(passes_on(from, to)).pass(from).pass(to))?;
            from = next;
        }
        let mut data = Buf::from("ball");
        for _ in 0..hops / TASKS {
            trap!(yield port_send(start, data))?;
            data = trap!(yield port_recv(from))?.ok_or(Errno::EPIPE)?.data;
        }
        Ok(())
    })
}
