//! What the log costs: events a second to a file, as JSON.
//!
//! Two tasks send each other messages, which is a trap, an answer, a wait, a wake-up or a decision at each step: the
//! kinds of events that a busy machine is full of. It is run once without a log and once with a complete one; the time
//! is the processor's, so that a busy host matters less. An event's cost is what the machine takes longer with the
//! log, measuring its turns and calls included.
//!
//! `scripts/log-speed` runs it, and says how.
#![feature(coroutines)]

use std::{
    error::Error,
    fs::{self, File},
    io::{BufRead, BufReader},
    process::ExitCode,
};
use yieldix::{
    LogFile, LogFormat, Machine, start_log_to_file,
    syscalls::{calls::*, *},
};

/// Round trips of a message.
const ROUND_TRIPS: u32 = 100_000;

/// The events a second that are promised.
const PROMISED: f64 = 1_000_000.0;

fn main() -> ExitCode {
    match run() {
        Ok(per_second) if per_second >= PROMISED => ExitCode::SUCCESS,
        Ok(_) => {
            eprintln!("log-speed: fewer than {PROMISED} events a second");
            ExitCode::FAILURE
        }
        Err(error) => {
            eprintln!("log-speed: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Gives the events a second, of the whole process.
fn run() -> Result<f64, Box<dyn Error>> {
    let alone = timed()?;
    let path = std::env::temp_dir().join(format!("yieldix-log-speed-{}.json", std::process::id()));
    let log = start_log_to_file("yieldix=trace", LogFormat::Json, LogFile::create(&path, None)?)?;
    let logged = timed();
    let lost = log.lost();
    let lines = File::open(&path).map(|file| BufReader::new(file).split(b'\n').count());
    let bytes = fs::metadata(&path).map(|file| file.len());
    fs::remove_file(&path)?;
    let (logged, lines, bytes) = (logged?, lines? as f64, bytes? as f64);
    if lost > 0 {
        return Err(format!("{lost} events were lost").into());
    }
    let per_second = lines / logged;
    println!("{lines} events of {:.0} bytes in {logged:.3} s, {alone:.3} s without a log", bytes / lines);
    println!("{per_second:.0} events a second, the machine's own work included");
    println!("{:.0} ns an event", (logged - alone) / lines * 1e9);
    Ok(per_second)
}

/// Seconds of the processor that a machine takes.
fn timed() -> Result<f64, Box<dyn Error>> {
    let begun = processor_time();
    let ended = Machine::new().task(messages()).boot()?;
    let taken = processor_time() - begun;
    if ended.code() == 0 { Ok(taken) } else { Err(format!("{ended:?}").into()) }
}

fn processor_time() -> f64 {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    time.tv_sec as f64 + time.tv_nsec as f64 / 1e9
}

fn messages() -> Task {
    task!({
        let (there, at_there) = trap!(yield port_create(1))?;
        let (back, at_back) = trap!(yield port_create(1))?;
        let echo = task!({
            while let Some(message) = trap!(yield port_recv(at_there))? {
                trap!(yield port_send(back, message.data))?;
            }
            Ok(())
        });
        let echo = trap!(yield spawn(echo).pass(at_there).pass(back))?;
        for _ in 0..ROUND_TRIPS {
            trap!(yield port_send(there, "ping"))?;
            trap!(yield port_recv(at_back))?;
        }
        trap!(yield close(there))?;
        trap!(yield wait(echo)).map(drop)
    })
}
