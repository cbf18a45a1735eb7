//! What a switch, a call, a task and a subroutine cost: instructions exactly, and time beside a floor's.
//!
//! Each case is run by the ordinary kernel with its default settings, and beside it, where it can, by a
//! *floor*: a bare loop that resumes the same coroutines and does nothing else. Each runs under callgrind with
//! N operations and with 2N; the difference, over N, is what one costs, whatever start-up cost.
//! Counts are the same from run to run, but a count alone can be misleading: a stalled load takes time
//! and no instructions. So both run without callgrind too, in turns, and the ratio of their times is
//! gated by `--check` as well, more loosely; a ratio that is too high is measured again before it counts.
//!
//! Under callgrind the kernel has simulated hardware, which it looks at as often as at the host's
//! (once in 1,024 turns) and on which nothing depends on the host: valgrind does not know the system
//! call by which the host's is waited on. The kernel's code is the same. The timed runs are on the host.
//!
//! `scripts/counts` runs it, and says how.
#![feature(coroutines, coroutine_trait)]

mod cases;
mod floor;
mod times;

use cases::{CASES, Case};
use std::{
    process::{Command, ExitCode},
    str::FromStr,
    time::Instant,
};
use times::Times;
use yieldix::Machine;

/// What a run is compared with; `--baseline` prints one.
const BASELINE: &str = include_str!("baseline.txt");
/// What stands for the floor's figure where there is no floor.
const UNTOLD: &str = "-";
/// How many times the baseline's instructions a case may take.
const INSTRUCTIONS_TOLERANCE: f64 = 1.05;
/// How many times the baseline's ratio to the floor its time may be.
const RATIO_TOLERANCE: f64 = 1.25;
/// Rounds of timed runs before a ratio is looked at, and how many of the last ones are looked at.
const ROUNDS: usize = 5;
/// Rounds in all, while the last ones' ratio is too high: a noisy neighbour passes, a slower kernel stays.
const ROUNDS_MAX: usize = 35;

/// A line of the baseline.
struct Baseline {
    instructions: f64,
    /// To the floor's time, where there is a floor.
    ratio: Option<f64>,
}

impl Baseline {
    fn allows(&self, ratio: Option<f64>) -> bool {
        match (ratio, self.ratio) {
            (Some(ratio), Some(before)) => ratio <= before * RATIO_TOLERANCE,
            (None, None) => true,
            // A floor that has come or gone needs a new baseline.
            _ => false,
        }
    }
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
        ["--instructions"] => print_instructions(),
        _ => Err("usage: counts [--check | --baseline | --instructions]".to_owned()),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("counts: {message}");
            ExitCode::FAILURE
        }
    }
}

/// Runs one case in this process and prints how many nanoseconds it took, or how many events the flight recorder has
/// kept.
fn run(runner: &str, case: &str, operations: &str) -> Result<(), String> {
    let case = CASES.iter().find(|other| other.name == case).ok_or("no such case")?;
    let operations = operations.parse().map_err(|_| "not a number of operations")?;
    let task = (case.main)(operations);
    let start = Instant::now();
    let machine = match runner {
        "kernel" => Machine::new(),
        "kernel-simulated" => Machine::new().simulate(0).checked(false),
        "recorded" => {
            let mut running = Machine::new().simulate(0).task(task).start().map_err(|error| error.to_string())?;
            running.run();
            println!("{}", running.stats().recorded);
            return Ok(());
        }
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
    println!("{:<34} {:>12} {:>8} {:>10} {:>8} {:>6}", "case", "instructions", "floor", "ns", "floor", "ratio");
    let mut dearer = Vec::new();
    for case in CASES {
        let kernel = count(case, "kernel-simulated")?;
        let floor = if case.has_floor { Some(count(case, "floor")?) } else { None };
        let allowed = baseline(case.name)?;
        let is_as_fast = |times: &Times| allowed.allows(times.ratio_of_last(ROUNDS));
        let times = time(case, |times| !is_checked || is_as_fast(times))?;
        println!(
            "{:<34} {kernel:>12.1} {:>8} {:>10.1} {:>8} {:>6}",
            case.name,
            told(floor, 1),
            times.kernel(),
            told(times.floor(), 1),
            told(times.ratio(), 2)
        );
        if kernel > allowed.instructions * INSTRUCTIONS_TOLERANCE {
            dearer.push(format!("{}: {kernel:.1} instructions, {:.1} before", case.name, allowed.instructions));
        }
        if !is_as_fast(&times) {
            let (ratio, before) = (told(times.ratio_of_last(ROUNDS), 2), told(allowed.ratio, 2));
            dearer.push(format!("{}: {ratio} times the floor's time, {before} before", case.name));
        }
    }
    if is_checked && !dearer.is_empty() {
        return Err(format!(
            "dearer than benches/counts/baseline.txt by more than 5 % of instructions or 25 % of time:\n  {}",
            dearer.join("\n  ")
        ));
    }
    Ok(())
}

fn print_baseline() -> Result<(), String> {
    println!("# Instructions an operation, and its time over the floor's, as `scripts/counts --baseline` prints them.");
    for case in CASES {
        let times = time(case, |times| times.ratio().is_none())?;
        println!("{:.1} {} {}", count(case, "kernel-simulated")?, told(times.ratio(), 2), case.name);
    }
    Ok(())
}

/// A line a case: instructions an operation, the events that the flight recorder keeps of one, and the case.
fn print_instructions() -> Result<(), String> {
    for case in CASES {
        let recorded = |operations: u32| -> Result<f64, String> {
            let output = output_of(&mut Command::new(itself()?), case, "recorded", operations)?;
            number(String::from_utf8_lossy(&output.stdout).trim())
        };
        let recorded = (recorded(2 * case.operations)? - recorded(case.operations)?) / f64::from(case.operations);
        println!("{:.1} {recorded:.2} {}", count(case, "kernel-simulated")?, case.name);
    }
    Ok(())
}

fn told(figure: Option<f64>, decimals: usize) -> String {
    figure.map_or(UNTOLD.to_owned(), |figure| format!("{figure:.decimals$}"))
}

fn baseline(name: &str) -> Result<Baseline, String> {
    let mut lines = BASELINE.lines().filter_map(|line| {
        let (instructions, rest) = line.split_once(' ')?;
        let (ratio, case) = rest.split_once(' ')?;
        (case == name).then_some((instructions, ratio))
    });
    let (instructions, ratio) = lines.next().ok_or(format!("no baseline for {name:?}"))?;
    let ratio = if ratio == UNTOLD { None } else { Some(number(ratio)?) };
    Ok(Baseline { instructions: number(instructions)?, ratio })
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

/// Rounds of the kernel and the floor in turns, until they are `enough` or the most there may be.
fn time(case: &Case, enough: impl Fn(&Times) -> bool) -> Result<Times, String> {
    let mut times = Times::default();
    while times.rounds() < ROUNDS || times.rounds() < ROUNDS_MAX && !enough(&times) {
        let kernel = nanoseconds(case, "kernel")?;
        times.add(kernel, if case.has_floor { Some(nanoseconds(case, "floor")?) } else { None });
    }
    Ok(times)
}

/// Nanoseconds an operation, of one run.
fn nanoseconds(case: &Case, runner: &str) -> Result<f64, String> {
    let operations = case.operations * 50;
    let output = output_of(&mut Command::new(itself()?), case, runner, operations)?;
    let whole: f64 = number(String::from_utf8_lossy(&output.stdout).trim())?;
    Ok(whole / f64::from(operations))
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
