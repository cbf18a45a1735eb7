//! yieldix: the ordinary kernel with its default settings, and tasks as a user would write them.
//! usage: `peer-yieldix CASE …`; `echo PORT [busy]` is a server, with `busy` beside a task that yields
//! for ever, and `stream PORT` the program of that name.
#![feature(coroutines, coroutine_trait)]
#![forbid(unsafe_code)]

/// The calls and subroutines that the gate counts too.
#[path = "../../../counts/cases.rs"]
#[expect(dead_code, reason = "some of the gate's cases are measured otherwise here")]
mod counted;
mod memory;
mod ports;
mod server;
mod tasks;
mod timers;

use common::{number, tell, tell_ns, words};
use std::time::{Duration, Instant};
use yieldix::{Machine, syscalls::Task};

const PEER: &str = "yieldix";

/// Boots `main` alone on the machine as it is by default, and runs it to its end.
fn boot(main: Task) {
    boot_on(Machine::new(), main);
}

fn boot_on(machine: Machine, main: Task) {
    let ended = machine.task(main).boot().expect("the host has what it takes");
    assert_eq!(ended.code(), 0, "{ended:?}");
}

/// Boots what does so many calls in all, and prints how long each took.
fn calls(case: &str, main: fn(u32) -> Task, calls: u64) {
    let main = main(calls as u32);
    let start = Instant::now();
    boot(main);
    tell_ns(case, PEER, "ns", start, calls);
}

/// What a level of `call!` adds to a call.
fn levels(count: u64) {
    let time = |main: Task| {
        let start = Instant::now();
        boot(main);
        start.elapsed().as_nanos() as f64 / count as f64
    };
    let (one, ten) = (time(counted::calls_one_deep(count as u32)), time(counted::calls_ten_deep(count as u32)));
    tell("call!", PEER, "ns", (ten - one) / 9.0, "ns");
}

fn main() {
    common::raise_descriptors();
    let words = words();
    let number = |index| number(&words, index);
    match words[0].as_str() {
        "yield" => boot(tasks::turns("yield", number(1), number(2), 0)),
        "trap" => boot(tasks::turns("trap", number(1), number(2), 8)),
        "null" => calls("null", counted::typed_calls, number(1)),
        "null-raw" => calls("null-raw", counted::raw_calls, number(1)),
        "asking" => calls("asking", tasks::asking_calls, number(1)),
        "acting" => calls("acting", tasks::acting_calls, number(1)),
        "levels" => levels(number(1)),
        "trampoline" => {
            let (depth, count) = (number(1) as u32, number(2));
            let main = counted::trampolined(depth, count as u32);
            let start = Instant::now();
            boot(main);
            tell_ns(&format!("trampoline/{depth}"), PEER, "ns", start, count);
        }
        "spawn" => boot(tasks::spawn_all(number(1), number(2))),
        "spawn-each" => boot(tasks::spawn_each(number(1))),
        "wake" => boot(tasks::wake(&words[1], number(2), number(3))),
        "memory" => boot(memory::tasks(&words[1], number(2))),
        "idle" => boot(memory::idle()),
        "start" => boot(tasks::first()),
        "pingpong" => boot(ports::pingpong(number(1))),
        "ring" => boot(ports::ring(number(1), number(2))),
        "timers" => boot(timers::main("timers", number(1), number(2))),
        "timers-slack" => {
            let machine = Machine::new().timer_slack(Duration::from_millis(1));
            boot_on(machine, timers::main("timers-slack", number(1), number(2)));
        }
        "echo" => boot(server::echo(number(1) as u16, words.get(2).is_some_and(|word| word == "busy"))),
        "stream" => {
            let words = ["--addr".to_owned(), format!("127.0.0.1:{}", number(1))];
            let machine = Machine::new().programs(yieldix::userland::PROGRAMS).program("stream", words);
            let ended = machine.boot().expect("the host has what it takes");
            panic!("it ended: {ended:?}");
        }
        other => panic!("no case {other}"),
    }
}
