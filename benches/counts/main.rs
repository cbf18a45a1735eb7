//! Counts instructions: what a switch, a call, a task and a subroutine cost, exactly.
//!
//! Each case is run by the ordinary kernel with its default settings, and beside it, where it can, by a
//! *floor*: a bare loop that resumes the same coroutines and does nothing else. Each runs under callgrind with
//! N operations and with 2N; the difference, over N, is what one costs, whatever start-up cost.
//! Counts are the same from run to run, so they are what is gated; nanoseconds are printed beside
//! them, from a run without callgrind, because a count alone can be misleading.
//!
//! Under callgrind the kernel has simulated hardware, which it looks at as often as at the host's
//! (once in 256 turns) and on which nothing depends on the host: valgrind does not know the system
//! call by which the host's is waited on. The kernel's code is the same. The timed runs are on the host.
//!
//! `scripts/counts` runs it, and says how.
#![feature(coroutines, coroutine_trait)]

mod cases;
mod floor;

use cases::{CASES, Case};
use std::{
    process::{Command, ExitCode},
    str::FromStr,
    time::Instant,
};
use yieldix::Machine;

/// What a run is compared with; `--baseline` prints one.
const BASELINE: &str = include_str!("baseline.txt");
/// How much dearer than the baseline a case may be.
const TOLERANCE: f64 = 1.05;
/// Runs without callgrind, of which the fastest counts.
const TIMED_RUNS: usize = 5;

/// What one operation costs.
#[derive(Clone, Copy)]
struct Cost {
    instructions: f64,
    nanoseconds: f64,
}

fn main() -> ExitCode {
    // Cargo adds `--bench` of its own.
    let words: Vec<String> = std::env::args().skip(1).filter(|word| word != "--bench").collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let outcome = match words[..] {
        ["run", runner, case, operations] => run(runner, case, operations),
        [] => report(false),
        ["--check"] => report(true),
        ["--baseline"] => print_baseline(),
        _ => Err("usage: counts [--check | --baseline]".to_owned()),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("counts: {message}");
            ExitCode::FAILURE
        }
    }
}

/// Runs one case in this process and prints how many nanoseconds it took.
fn run(runner: &str, case: &str, operations: &str) -> Result<(), String> {
    let case = CASES.iter().find(|other| other.name == case).ok_or("no such case")?;
    let operations = operations.parse().map_err(|_| "not a number of operations")?;
    let task = (case.main)(operations);
    let start = Instant::now();
    let machine = match runner {
        "kernel" => Machine::new(),
        "kernel-simulated" => Machine::new().simulate(0).checked(false),
        _ => {
            floor::run(task);
            println!("{}", start.elapsed().as_nanos());
            return Ok(());
        }
    };
    let ended = machine.task(task).boot().map_err(|error| error.to_string())?;
    if ended.code() != 0 {
        return Err(format!("{} ended with {ended:?}", case.name));
    }
    println!("{}", start.elapsed().as_nanos());
    Ok(())
}

/// Prints the table; with `is_checked`, fails when a case is dearer than the baseline says.
fn report(is_checked: bool) -> Result<(), String> {
    println!("{:<34} {:>12} {:>8} {:>10} {:>8}", "case", "instructions", "floor", "ns", "floor");
    let mut dearer = Vec::new();
    for case in CASES {
        let kernel = Cost { instructions: count(case, "kernel-simulated")?, nanoseconds: time(case, "kernel")? };
        let (floor_instructions, floor_nanoseconds) = match case.has_floor {
            true => (format!("{:.1}", count(case, "floor")?), format!("{:.1}", time(case, "floor")?)),
            false => ("-".to_owned(), "-".to_owned()),
        };
        println!(
            "{:<34} {:>12.1} {floor_instructions:>8} {:>10.1} {floor_nanoseconds:>8}",
            case.name, kernel.instructions, kernel.nanoseconds
        );
        let allowed = baseline(case.name)?;
        if kernel.instructions > allowed * TOLERANCE {
            dearer.push(format!("{}: {:.1} instructions, {allowed:.1} before", case.name, kernel.instructions));
        }
    }
    if is_checked && !dearer.is_empty() {
        return Err(format!("dearer than benches/counts/baseline.txt by more than 5 %:\n  {}", dearer.join("\n  ")));
    }
    Ok(())
}

fn print_baseline() -> Result<(), String> {
    println!("# Instructions an operation, as `scripts/counts --baseline` prints them.");
    for case in CASES {
        println!("{:.1} {}", count(case, "kernel-simulated")?, case.name);
    }
    Ok(())
}

fn baseline(name: &str) -> Result<f64, String> {
    let mut lines = BASELINE.lines().filter_map(|line| line.split_once(' '));
    let (count, _) = lines.find(|(_, case)| *case == name).ok_or(format!("no baseline for {name:?}"))?;
    count.parse().map_err(|_| format!("the baseline for {name:?} is not a number"))
}

/// Instructions an operation.
fn count(case: &Case, runner: &str) -> Result<f64, String> {
    let once = collected(case, runner, case.operations)?;
    let twice = collected(case, runner, 2 * case.operations)?;
    Ok((twice - once) / f64::from(case.operations))
}

/// Instructions of a whole run.
fn collected(case: &Case, runner: &str, operations: u32) -> Result<f64, String> {
    let mut command = Command::new("valgrind");
    command.args(["--tool=callgrind", "--callgrind-out-file=/dev/null"]);
    let output = output_of(command.arg(itself()?), case, runner, operations)?;
    let told = String::from_utf8_lossy(&output.stderr);
    let line = told.lines().find(|line| line.contains("Collected")).ok_or(format!("callgrind said: {told}"))?;
    number(line.rsplit(' ').next().unwrap_or_default())
}

/// Nanoseconds an operation.
fn time(case: &Case, runner: &str) -> Result<f64, String> {
    let operations = case.operations * 50;
    let mut fastest = f64::INFINITY;
    for _ in 0..TIMED_RUNS {
        let output = output_of(&mut Command::new(itself()?), case, runner, operations)?;
        fastest = fastest.min(number(String::from_utf8_lossy(&output.stdout).trim())?);
    }
    Ok(fastest / f64::from(operations))
}

fn output_of(
    command: &mut Command,
    case: &Case,
    runner: &str,
    operations: u32,
) -> Result<std::process::Output, String> {
    command.args(["run", runner, case.name]).arg(operations.to_string());
    let output = command.output().map_err(|error| format!("{:?}: {error}", command.get_program()))?;
    if output.status.success() {
        return Ok(output);
    }
    Err(format!("{}: {}{}", case.name, output.status, String::from_utf8_lossy(&output.stderr)))
}

fn itself() -> Result<std::path::PathBuf, String> {
    std::env::current_exe().map_err(|error| error.to_string())
}

fn number<T: FromStr>(text: &str) -> Result<T, String> {
    text.parse().map_err(|_| format!("{text:?} is not a number"))
}
