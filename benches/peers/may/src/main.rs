//! may: stackful coroutines on one worker. usage: `peer-may CASE …`; `echo PORT` is a server.
//!
//! The stack is may's default. Each takes two memory maps, so there can be about 32,000 under
//! Linux's default `vm.max_map_count`.

use common::{Fires, Random, number, resident_bytes, tell, tell_ns};
use may::{
    coroutine::{self, JoinHandle},
    net::TcpListener,
    sync::{SyncFlag, mpsc},
};
use std::{
    io::{Read, Write},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

const PEER: &str = "may";

fn spawn<F: FnOnce() + Send + 'static>(body: F) -> JoinHandle<()> {
    // SAFETY: the cases use no thread-local values, and little stack.
    unsafe { coroutine::spawn(body) }
}

fn join(handle: JoinHandle<()>) {
    handle.join().expect("a coroutine that does not panic");
}

fn yields(tasks: u64, turns: u64) {
    let left = Arc::new(AtomicU64::new(tasks));
    let (clock, end) = (Instant::now(), Arc::new(AtomicU64::new(0)));
    let mut handles = Vec::with_capacity(tasks as usize);
    for _ in 0..tasks {
        let (left, end) = (left.clone(), end.clone());
        handles.push(spawn(move || {
            for _ in 0..turns {
                coroutine::yield_now();
            }
            if left.fetch_sub(1, Relaxed) == 1 {
                end.store(clock.elapsed().as_nanos() as u64, Relaxed);
            }
        }));
    }
    let start = clock.elapsed().as_nanos() as u64;
    handles.into_iter().for_each(join);
    let ns = (end.load(Relaxed) - start) as f64 / (tasks * turns) as f64;
    tell(&format!("yield/{tasks}"), PEER, "ns", ns, "ns");
}

fn spawns(case: &str, tasks: u64, is_each: bool) {
    let done = Arc::new(AtomicU64::new(0));
    let start = Instant::now();
    let mut handles = Vec::with_capacity(tasks as usize);
    for _ in 0..tasks {
        let done = done.clone();
        handles.push(spawn(move || {
            done.fetch_add(1, Relaxed);
        }));
        if is_each {
            handles.drain(..).for_each(join);
        }
    }
    handles.into_iter().for_each(join);
    assert_eq!(done.load(Relaxed), tasks);
    tell_ns(case, PEER, "ns", start, tasks);
}

fn memory(how: &str, tasks: u64) {
    let (begun, flag) = (Arc::new(AtomicU64::new(0)), Arc::new(SyncFlag::new()));
    join(spawn(|| {}));
    let before = resident_bytes();
    let is_sleeping = how == "sleeping";
    for _ in 0..tasks {
        let (begun, flag) = (begun.clone(), flag.clone());
        drop(spawn(move || {
            begun.fetch_add(1, Relaxed);
            if is_sleeping {
                coroutine::sleep(Duration::from_secs(3600));
            } else {
                flag.wait();
            }
        }));
    }
    // Not a yield, with which it starves the newly spawned.
    while begun.load(Relaxed) < tasks {
        coroutine::sleep(Duration::from_millis(20));
    }
    tell(&format!("memory-{how}/{tasks}"), PEER, "bytes", (resident_bytes() - before) / tasks as f64, "B");
    std::process::exit(0)
}

/// It has no bounded channel; this one has no bound.
fn pingpong(rounds: u64) {
    let (to_echo, at_echo) = mpsc::channel();
    let (from_echo, back) = mpsc::channel();
    let start = Instant::now();
    let echo = spawn(move || {
        for _ in 0..rounds {
            from_echo.send(at_echo.recv().expect("a sender")).expect("a receiver");
        }
    });
    for round in 0..rounds {
        to_echo.send(round).expect("a receiver");
        assert_eq!(back.recv().expect("a sender"), round);
    }
    join(echo);
    tell_ns("pingpong", PEER, "ns", start, rounds);
}

fn ring(tasks: u64, hops: u64) {
    let (first, mut receiver) = mpsc::channel::<u64>();
    let mut handles = Vec::new();
    for _ in 1..tasks {
        let (sender, next) = mpsc::channel();
        let receiver = std::mem::replace(&mut receiver, next);
        handles.push(spawn(move || {
            loop {
                let token = receiver.recv().expect("a sender");
                // The last token finds nobody.
                let _ = sender.send(token.saturating_sub(1));
                if token == 0 {
                    break;
                }
            }
        }));
    }
    let start = Instant::now();
    first.send(hops).expect("a receiver");
    loop {
        let token = receiver.recv().expect("a sender");
        if token == 0 {
            break;
        }
        first.send(token - 1).expect("a receiver");
    }
    tell_ns(&format!("ring/{tasks}"), PEER, "ns", start, hops);
    let _ = first.send(0);
    handles.into_iter().for_each(join);
}

fn timers(tasks: u64, seconds: u64) {
    let end = Instant::now() + Duration::from_secs(seconds);
    let fires = Arc::new(Fires::new());
    let mut handles = Vec::with_capacity(tasks as usize);
    for index in 0..tasks {
        let fires = fires.clone();
        handles.push(spawn(move || {
            let mut random = Random::of(index);
            let mut now = Instant::now();
            while now < end {
                let due = now + random.delay();
                coroutine::sleep(due - now);
                now = Instant::now();
                fires.add(due, now);
            }
        }));
    }
    handles.into_iter().for_each(join);
    fires.tell(&format!("timers/{tasks}"), PEER);
}

fn echo(port: u16) {
    let listener = TcpListener::bind(("127.0.0.1", port)).expect("a free port");
    for stream in listener.incoming() {
        let mut stream = stream.expect("room for a connection");
        stream.set_nodelay(true).expect("a socket");
        spawn(move || {
            let mut buffer = [0u8; 1024];
            while let Ok(count) = stream.read(&mut buffer) {
                if count == 0 || stream.write_all(&buffer[..count]).is_err() {
                    break;
                }
            }
        });
    }
}

fn main() {
    common::raise_descriptors();
    // Not pinned, so that the runner's pinning holds.
    may::config().set_workers(1).set_worker_pin(false);
    let words = common::words();
    join(spawn(move || {
        let number = |index| number(&words, index);
        match words[0].as_str() {
            "yield" => yields(number(1), number(2)),
            "spawn" => spawns(&format!("spawn/{}", number(1)), number(1), false),
            "spawn-each" => spawns("spawn-each", number(1), true),
            "memory" => memory(&words[1], number(2)),
            "pingpong" => pingpong(number(1)),
            "ring" => ring(number(1), number(2)),
            "timers" => timers(number(1), number(2)),
            "echo" => echo(number(1) as u16),
            other => panic!("no case {other}"),
        }
    }));
}
