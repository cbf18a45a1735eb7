//! No peer, but the lower bound: the least kernel that can run boxed coroutines which yield calls.
//! usage: `floor CASE …`
//!
//! A slab of tasks, a queue through it, one match on the call. No generations, no descriptors, no
//! timers, no kill, no accounting, no events.
#![feature(coroutines, coroutine_trait)]

use common::{number, resident_bytes, tell, tell_ns, words};
use std::{
    ops::{Coroutine, CoroutineState},
    pin::Pin,
    time::Instant,
};

const PEER: &str = "floor";
const NOBODY: u32 = u32::MAX;

enum Call {
    Yield,
    GetTid,
    Spawn(Body),
    Wait(u32),
    Park,
}

type Body = Pin<Box<dyn Coroutine<u64, Yield = Call, Return = ()>>>;

struct Slot {
    body: Option<Body>,
    reply: u64,
    /// In the queue of those that are ready, of those that wait for one task, or of free slots.
    next: u32,
    /// Those that wait for this one.
    waiters: u32,
}

struct Kernel {
    slots: Vec<Slot>,
    head: u32,
    tail: u32,
    free: u32,
}

impl Kernel {
    fn new() -> Kernel {
        Kernel { slots: Vec::new(), head: NOBODY, tail: NOBODY, free: NOBODY }
    }

    fn push(&mut self, task: u32) {
        self.slots[task as usize].next = NOBODY;
        if self.tail == NOBODY {
            self.head = task;
        } else {
            self.slots[self.tail as usize].next = task;
        }
        self.tail = task;
    }

    fn spawn(&mut self, body: Body) -> u32 {
        let slot = Slot { body: Some(body), reply: 0, next: NOBODY, waiters: NOBODY };
        let task = if self.free == NOBODY {
            self.slots.push(slot);
            self.slots.len() as u32 - 1
        } else {
            let task = self.free;
            self.free = self.slots[task as usize].next;
            self.slots[task as usize] = slot;
            task
        };
        self.push(task);
        task
    }

    fn run(&mut self) {
        while self.head != NOBODY {
            let task = self.head;
            let slot = &mut self.slots[task as usize];
            self.head = slot.next;
            if self.head == NOBODY {
                self.tail = NOBODY;
            }
            let reply = slot.reply;
            match slot.body.as_mut().expect("a queued task has a body").as_mut().resume(reply) {
                CoroutineState::Yielded(Call::Yield) => self.push(task),
                CoroutineState::Yielded(Call::GetTid) => {
                    slot.reply = u64::from(task);
                    self.push(task);
                }
                CoroutineState::Yielded(Call::Spawn(body)) => {
                    let child = self.spawn(body);
                    self.slots[task as usize].reply = u64::from(child);
                    self.push(task);
                }
                CoroutineState::Yielded(Call::Wait(other)) => {
                    if self.slots[other as usize].body.is_some() {
                        self.slots[task as usize].next = self.slots[other as usize].waiters;
                        self.slots[other as usize].waiters = task;
                    } else {
                        self.push(task);
                    }
                }
                CoroutineState::Yielded(Call::Park) => {}
                CoroutineState::Complete(()) => {
                    slot.body = None;
                    let mut waiter = std::mem::replace(&mut slot.waiters, NOBODY);
                    slot.next = self.free;
                    self.free = task;
                    while waiter != NOBODY {
                        let next = self.slots[waiter as usize].next;
                        self.push(waiter);
                        waiter = next;
                    }
                }
            }
        }
    }
}

fn yields(tasks: u64, turns: u64) {
    let mut kernel = Kernel::new();
    for _ in 0..tasks {
        kernel.spawn(Box::pin(
            #[coroutine]
            move |_: u64| {
                for _ in 0..turns {
                    yield Call::Yield;
                }
            },
        ));
    }
    let start = Instant::now();
    kernel.run();
    tell_ns(&format!("yield/{tasks}"), PEER, "ns", start, tasks * turns);
}

fn null(calls: u64) {
    let mut kernel = Kernel::new();
    kernel.spawn(Box::pin(
        #[coroutine]
        move |_: u64| {
            for _ in 0..calls {
                std::hint::black_box(yield Call::GetTid);
            }
        },
    ));
    let start = Instant::now();
    kernel.run();
    tell_ns("null", PEER, "ns", start, calls);
}

fn spawns(case: &str, tasks: u64, is_each: bool) {
    fn child() -> Body {
        Box::pin(
            #[coroutine]
            |_: u64| {
                if false {
                    yield Call::Yield;
                }
            },
        )
    }
    let mut kernel = Kernel::new();
    kernel.spawn(Box::pin(
        #[coroutine]
        move |_: u64| {
            let mut children = Vec::with_capacity(if is_each { 0 } else { tasks as usize });
            for _ in 0..tasks {
                let child = (yield Call::Spawn(child())) as u32;
                if is_each {
                    yield Call::Wait(child);
                } else {
                    children.push(child);
                }
            }
            for child in children {
                yield Call::Wait(child);
            }
        },
    ));
    let start = Instant::now();
    kernel.run();
    tell_ns(case, PEER, "ns", start, tasks);
}

fn memory(how: &str, tasks: u64) {
    assert_eq!(how, "parked", "nobody sleeps here");
    let mut kernel = Kernel::new();
    let before = resident_bytes();
    for _ in 0..tasks {
        kernel.spawn(Box::pin(
            #[coroutine]
            move |_: u64| {
                yield Call::Park;
            },
        ));
    }
    kernel.run();
    tell(&format!("memory-parked/{tasks}"), PEER, "bytes", (resident_bytes() - before) / tasks as f64, "B");
}

fn main() {
    let words = words();
    let number = |index| number(&words, index);
    match words[0].as_str() {
        "yield" => yields(number(1), number(2)),
        "null" => null(number(1)),
        "spawn" => spawns(&format!("spawn/{}", number(1)), number(1), false),
        "spawn-each" => spawns("spawn-each", number(1), true),
        "memory" => memory(&words[1], number(2)),
        other => panic!("no case {other}"),
    }
}
