//! The cases that do no I/O, as tasks of any runtime.

use crate::{Fires, Random, number, resident_bytes, tell, tell_ns};
use std::{
    future::Future,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

/// A runtime under test.
pub trait Runtime: 'static {
    /// What a task is joined by.
    type Handle: 'static;
    /// The sending end of a channel.
    type Sender: 'static;
    /// The receiving end.
    type Receiver: 'static;

    /// Makes a task.
    fn spawn<F: Future<Output = ()> + 'static>(future: F) -> Self::Handle;
    /// Waits for a task's end.
    fn join(handle: Self::Handle) -> impl Future<Output = ()>;
    /// Lets a task run without a handle.
    fn detach(handle: Self::Handle);
    /// Lets the others run.
    fn yield_now() -> impl Future<Output = ()>;
    /// The cheapest question a task can ask; none where there is none to ask.
    fn task_id() -> Option<u64> {
        None
    }
    /// Waits for so long.
    fn sleep(span: Duration) -> impl Future<Output = ()>;
    /// The runtime's own channel of one slot.
    fn channel() -> (Self::Sender, Self::Receiver);
    /// Sends; waits for room.
    fn send(sender: &mut Self::Sender, value: u64) -> impl Future<Output = ()>;
    /// Receives; waits for a message.
    fn receive(receiver: &mut Self::Receiver) -> impl Future<Output = u64>;
}

/// Runs the case that `words` name, in a task.
pub async fn run<R: Runtime>(peer: String, words: Vec<String>) {
    let peer = peer.as_str();
    let number = |index| number(&words, index);
    match words[0].as_str() {
        "yield" => yields::<R>(peer, number(1), number(2)).await,
        "null" => null::<R>(peer, number(1)),
        "spawn" => spawn::<R>(peer, number(1)).await,
        "spawn-each" => spawn_each::<R>(peer, number(1)).await,
        "memory" => memory::<R>(peer, &words[1], number(2)).await,
        "pingpong" => pingpong::<R>(peer, number(1)).await,
        "ring" => ring::<R>(peer, number(1), number(2)).await,
        "timers" => timers::<R>(peer, number(1), number(2)).await,
        other => panic!("no case {other}"),
    }
}

/// The clock starts when all tasks are spawned and stops in the last to end.
async fn yields<R: Runtime>(peer: &str, tasks: u64, turns: u64) {
    let left = Arc::new(AtomicU64::new(tasks));
    let (clock, end) = (Instant::now(), Arc::new(AtomicU64::new(0)));
    let mut handles = Vec::with_capacity(tasks as usize);
    for _ in 0..tasks {
        let (left, end) = (left.clone(), end.clone());
        handles.push(R::spawn(async move {
            for _ in 0..turns {
                R::yield_now().await;
            }
            if left.fetch_sub(1, Relaxed) == 1 {
                end.store(clock.elapsed().as_nanos() as u64, Relaxed);
            }
        }));
    }
    let start = clock.elapsed().as_nanos() as u64;
    for handle in handles {
        R::join(handle).await;
    }
    let ns = (end.load(Relaxed) - start) as f64 / (tasks * turns) as f64;
    tell(&format!("yield/{tasks}"), peer, "ns", ns, "ns");
}

fn null<R: Runtime>(peer: &str, calls: u64) {
    let start = Instant::now();
    let mut sum = 0u64;
    for _ in 0..calls {
        sum = sum.wrapping_add(std::hint::black_box(R::task_id().expect("a question to ask")));
    }
    std::hint::black_box(sum);
    tell_ns("null", peer, "ns", start, calls);
}

async fn spawn<R: Runtime>(peer: &str, tasks: u64) {
    let done = Arc::new(AtomicU64::new(0));
    let start = Instant::now();
    let mut handles = Vec::with_capacity(tasks as usize);
    for _ in 0..tasks {
        let done = done.clone();
        handles.push(R::spawn(async move {
            done.fetch_add(1, Relaxed);
        }));
    }
    for handle in handles {
        R::join(handle).await;
    }
    assert_eq!(done.load(Relaxed), tasks);
    tell_ns(&format!("spawn/{tasks}"), peer, "ns", start, tasks);
}

async fn spawn_each<R: Runtime>(peer: &str, tasks: u64) {
    let done = Arc::new(AtomicU64::new(0));
    let start = Instant::now();
    for _ in 0..tasks {
        let done = done.clone();
        R::join(R::spawn(async move {
            done.fetch_add(1, Relaxed);
        }))
        .await;
    }
    assert_eq!(done.load(Relaxed), tasks);
    tell_ns("spawn-each", peer, "ns", start, tasks);
}

async fn memory<R: Runtime>(peer: &str, how: &str, tasks: u64) {
    /// For the last tasks to be in their waits.
    const SETTLING: Duration = Duration::from_millis(20);
    let begun = Arc::new(AtomicU64::new(0));
    R::join(R::spawn(async {})).await;
    let before = resident_bytes();
    for _ in 0..tasks {
        let begun = begun.clone();
        R::detach(match how {
            "parked" => R::spawn(async move {
                begun.fetch_add(1, Relaxed);
                std::future::pending::<()>().await
            }),
            "sleeping" => R::spawn(async move {
                begun.fetch_add(1, Relaxed);
                R::sleep(Duration::from_secs(3600)).await
            }),
            _ => panic!("memory parked|sleeping"),
        });
    }
    while begun.load(Relaxed) < tasks {
        R::sleep(SETTLING).await;
    }
    R::sleep(SETTLING).await;
    tell(&format!("memory-{how}/{tasks}"), peer, "bytes", (resident_bytes() - before) / tasks as f64, "B");
    // A million tasks are not worth unwinding.
    std::process::exit(0)
}

async fn pingpong<R: Runtime>(peer: &str, rounds: u64) {
    let (mut to_echo, mut at_echo) = R::channel();
    let (mut from_echo, mut back) = R::channel();
    let start = Instant::now();
    let echo = R::spawn(async move {
        for _ in 0..rounds {
            let value = R::receive(&mut at_echo).await;
            R::send(&mut from_echo, value).await;
        }
    });
    let asker = R::spawn(async move {
        for round in 0..rounds {
            R::send(&mut to_echo, round).await;
            assert_eq!(R::receive(&mut back).await, round);
        }
    });
    R::join(asker).await;
    R::join(echo).await;
    tell_ns("pingpong", peer, "ns", start, rounds);
}

/// A token goes round; each task takes one off it, and 0 goes round once more to end them.
async fn ring<R: Runtime>(peer: &str, tasks: u64, hops: u64) {
    let mut handles = Vec::new();
    let (mut first, mut receiver) = R::channel();
    for _ in 1..tasks {
        let (mut sender, next) = R::channel();
        let mut receiver = std::mem::replace(&mut receiver, next);
        handles.push(R::spawn(async move {
            loop {
                let token = R::receive(&mut receiver).await;
                R::send(&mut sender, token.saturating_sub(1)).await;
                if token == 0 {
                    break;
                }
            }
        }));
    }
    let start = Instant::now();
    R::send(&mut first, hops).await;
    loop {
        let token = R::receive(&mut receiver).await;
        if token == 0 {
            break;
        }
        R::send(&mut first, token - 1).await;
    }
    tell_ns(&format!("ring/{tasks}"), peer, "ns", start, hops);
    // Zero may have come by before it has reached all.
    R::send(&mut first, 0).await;
    for handle in handles {
        R::join(handle).await;
    }
}

async fn timers<R: Runtime>(peer: &str, tasks: u64, seconds: u64) {
    let end = Instant::now() + Duration::from_secs(seconds);
    let fires = Arc::new(Fires::new());
    let mut handles = Vec::with_capacity(tasks as usize);
    for index in 0..tasks {
        let fires = fires.clone();
        handles.push(R::spawn(async move {
            let mut random = Random::of(index);
            let mut now = Instant::now();
            while now < end {
                let due = now + random.delay();
                R::sleep(due - now).await;
                now = Instant::now();
                fires.add(due, now);
            }
        }));
    }
    for handle in handles {
        R::join(handle).await;
    }
    fires.tell(&format!("timers/{tasks}"), peer);
}
