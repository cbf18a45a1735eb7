//! A pipeline of a thousand stages. Alone in its file: it reads the peak of the process's memory.
#![feature(coroutines)]

mod common;

use common::SEED;
use std::time::{Duration, Instant};
use yieldix::{
    Console, Ended, MemoryConsole,
    syscalls::{calls::*, *},
};

const STAGES: usize = 1000;
const BYTES: usize = 1 << 20;
const READ_MAX: u32 = 32 << 10;

/// Copies standard input to standard output.
fn copies() -> Task {
    task!({
        loop {
            let mut data = trap!(yield read(Fd::STDIN, READ_MAX))?;
            if data.is_empty() {
                return Ok(());
            }
            while !data.is_empty() {
                let count = trap!(yield write(Fd::STDOUT, data.clone()))?;
                data.advance(count);
            }
        }
    })
}

fn says_a_sequence() -> Task {
    task!({
        let mut data = Buf::from((0..BYTES).map(|at| (at * 7 / 5) as u8).collect::<Vec<u8>>());
        while !data.is_empty() {
            let count = trap!(yield write(Fd::STDOUT, data.clone()))?;
            data.advance(count);
        }
        Ok(())
    })
}

/// What says, a thousand that copy, and the console; every status must be 0.
fn pipeline() -> Task {
    task!({
        let (mut from, to) = trap!(yield pipe())?;
        let mut stages = vec![trap!(yield spawn(says_a_sequence()).pass_as(to, 1))?];
        for _ in 1..STAGES {
            let (next, to) = trap!(yield pipe())?;
            stages.push(trap!(yield spawn(copies()).pass_as(from, 0).pass_as(to, 1))?);
            from = next;
        }
        stages.push(trap!(yield spawn(copies()).pass_as(from, 0))?);
        for stage in stages {
            if trap!(yield wait(stage))? != ExitStatus::Exited(0) {
                return Err(Errno::EIO);
            }
        }
        Ok(())
    })
}

#[test]
#[cfg(target_os = "linux")]
fn a_thousand_stages_pass_a_mebibyte_within_five_seconds_and_64_mib() {
    let expected: Vec<u8> = (0..BYTES).map(|at| (at * 7 / 5) as u8).collect();
    for seed in [Some(SEED), None] {
        let console = MemoryConsole::new();
        let machine = common::machine().task(pipeline()).console(Console::Memory(console.clone()));
        let machine = if let Some(seed) = seed { machine.simulate(seed) } else { machine };
        let began = Instant::now();
        assert_eq!(machine.boot().expect("it boots"), Ended::Finished(ExitStatus::Exited(0)));
        let took = began.elapsed();
        assert!(took < Duration::from_secs(5), "{took:?}");
        assert!(console.stdout() == expected, "what came out is what went in");
    }
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux");
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("its peak");
    let kib: u64 = peak.trim().trim_end_matches(" kB").parse().expect("a number");
    assert!(kib < 64 << 10, "{kib} KiB");
}
