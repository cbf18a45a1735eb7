//! Faults that are planted where a seed says, among many lines that look much like them, are each named with their line
//! by the log as it is when nobody chooses one. `scripts/plant` does the same with seeds of one's own, and shows it.

mod common;

use common::{
    chance::Chance,
    outside::{self, Outside},
};
use std::{collections::BTreeSet, env, fmt::Write, fs, path::PathBuf, process::Command};

/// The seeds, when the variable has none.
const SEEDS: &[u64] = &[1, 2, 3];
const VARIABLE: &str = "YIELDIX_PLANT_SEEDS";

/// Tasks in a program, and pieces of code in each, of which one is at fault.
const WORKERS: u64 = 12;
const PIECES: u64 = 8;

const MANIFEST: &str = r#"
[package]
name = "planted"
version = "0.0.0"
edition = "2024"

[dependencies]
yieldix = { path = "../yieldix" }
"#;

/// What runs the program that it is told to.
const MAIN: &str = r#"#![feature(coroutines, coroutine_trait)]
#![allow(dead_code)]

use yieldix::{LogFormat, Machine, start_log};

MODULES

fn main() {
    let _log = start_log("", LogFormat::Text, std::io::stderr()).unwrap();
    let workers = match std::env::args().nth(1).as_deref() {
        ARMS
        _ => panic!("no such program"),
    };
    std::process::exit(Machine::new().task(workers()).boot().unwrap().code());
}
"#;

/// What each program begins with.
const HEAD: &str = r#"use std::time::Duration;
use yieldix::syscalls::{calls::*, *};

/// What the host gives to others in the meantime does not count.
fn compute(span: Duration) {
    let computed = || {
        let account = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap();
        Duration::from_nanos(account.split(' ').next().unwrap().parse().unwrap())
    };
    let begun = computed();
    while computed() - begun < span {}
}

fn leaf() -> Task {
    task!({ trap!(yield sleep(Duration::from_micros(50))) })
}

fn partner() -> Task {
    task!({
        let parent = trap!(yield getppid())?;
        trap!(yield join(parent))?; // deadlock
        Ok(())
    })
}
"#;

/// A fault. Lines that the log is to name end with its name in a comment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    Deadlock,
    Leak,
    Hog,
}

impl Fault {
    const ALL: [Fault; 3] = [Fault::Deadlock, Fault::Leak, Fault::Hog];

    fn name(self) -> &'static str {
        match self {
            Fault::Deadlock => "deadlock",
            Fault::Leak => "leak",
            Fault::Hog => "hog",
        }
    }

    /// What the log calls it.
    fn told_as(self) -> &'static str {
        match self {
            Fault::Deadlock => "DEADLOCK",
            Fault::Leak => "closed none of them",
            Fault::Hog => "has had the machine",
        }
    }

    /// A piece of code, with the fault or without.
    fn piece(self, draw: &mut Chance, is_at_fault: bool) -> &'static str {
        let [innocent, guilty] = match (self, draw.below(2)) {
            (Fault::Deadlock, 0) => [
                "let child = trap!(yield spawn(leaf()))?;\ntrap!(yield join(child))?;",
                "let child = trap!(yield spawn(partner()))?;\ntrap!(yield join(child))?; // deadlock",
            ],
            (Fault::Deadlock, _) => [
                "let (sender, receiver) = trap!(yield port_create(1))?;\ntrap!(yield port_send(sender, \"x\"))?;\ntrap!(yield port_recv(receiver))?;",
                "let (_sender, receiver) = trap!(yield port_create(1))?;\ntrap!(yield port_recv(receiver))?; // deadlock",
            ],
            (Fault::Leak, 0) => [
                "let copy = trap!(yield dup(Fd::STDOUT))?;\ntrap!(yield close(copy))?;",
                "trap!(yield dup(Fd::STDOUT))?; // leak\ntrap!(yield gettid())?;",
            ],
            (Fault::Leak, _) => [
                "let file = trap!(yield open(\"/dev/null\", OpenFlags::READ))?;\ntrap!(yield close(file))?;",
                "trap!(yield open(\"/dev/null\", OpenFlags::READ))?; // leak\ntrap!(yield gettid())?;",
            ],
            (Fault::Hog, 0) => [
                "trap!(yield yield_now())?;\ncompute(Duration::from_micros(20));",
                "trap!(yield yield_now())?; // hog\ncompute(Duration::from_millis(1400));",
            ],
            (Fault::Hog, _) => [
                "trap!(yield gettid())?;\ncompute(Duration::from_micros(20));",
                "trap!(yield gettid())?; // hog\ncompute(Duration::from_millis(1400));",
            ],
        };
        if is_at_fault { guilty } else { innocent }
    }

    /// How often a worker does all its pieces: a leak takes more than half the descriptors that it may have.
    fn rounds(self) -> u32 {
        if self == Fault::Leak { 600 } else { 1 }
    }
}

/// A program with a fault.
struct Planted {
    fault: Fault,
    seed: u64,
    text: String,
    lines: BTreeSet<u32>,
}

impl Planted {
    fn new(fault: Fault, seed: u64) -> Planted {
        let mut draw = Chance(Chance(seed).below(u64::MAX) ^ fault as u64);
        let place = (draw.below(WORKERS), draw.below(PIECES));
        let mut text = HEAD.to_owned();
        for worker in 0..WORKERS {
            let _ = write!(text, "\nfn worker_{worker}() -> Task {{\ntask!({{\nfor _ in 0..{} {{\n", fault.rounds());
            for piece in 0..PIECES {
                let _ = writeln!(text, "{}", fault.piece(&mut draw, (worker, piece) == place));
            }
            text += "trap!(yield yield_now())?;\n}\nOk(())\n})\n}\n";
        }
        let spawns: String = (0..WORKERS).map(|worker| format!("trap!(yield spawn(worker_{worker}()))?,\n")).collect();
        // Whoever waits for what waits for ever does so too.
        let wait = "trap!(yield wait(worker))?; // deadlock";
        let _ = write!(
            text,
            "\npub fn workers() -> Task {{\ntask!({{\nlet workers = [\n{spawns}];\nfor worker in workers {{\n{wait}\n}}\nOk(())\n}})\n}}\n"
        );
        // The partner is there whether or not somebody has it for one.
        let has_partner = text.contains("spawn(partner())");
        let mark = format!("// {}", fault.name());
        let marked = (1..).zip(text.lines()).filter(|(_, line)| line.ends_with(&mark));
        let marked = marked.filter(|(_, line)| has_partner || !line.contains("join(parent)"));
        let lines = marked.map(|(number, _)| number).collect();
        Planted { fault, seed, text, lines }
    }

    fn name(&self) -> String {
        format!("{}_{}", self.fault.name(), self.seed)
    }

    /// The lines of it that this text names.
    fn lines_in(&self, text: &str) -> BTreeSet<u32> {
        let file = format!("src/{}.rs:", self.name());
        let numbers =
            text.split(&file).skip(1).map(|rest| rest.split(':').next().and_then(|number| number.parse().ok()));
        numbers.map(|number| number.expect("a line")).collect()
    }
}

/// Builds them all, in one binary of a crate of its own; gives where that is.
fn build(planted: &[Planted]) -> PathBuf {
    let outside = Outside::new().unwrap();
    let package = outside.folder().join("planted");
    let sources = package.join("src");
    fs::create_dir_all(&sources).unwrap();
    fs::write(package.join("Cargo.toml"), MANIFEST).unwrap();
    fs::copy(outside.folder().join("yieldix/rust-toolchain.toml"), package.join("rust-toolchain.toml")).unwrap();
    for program in planted {
        fs::write(sources.join(program.name()).with_extension("rs"), &program.text).unwrap();
    }
    let modules: String = planted.iter().map(|program| format!("mod {};\n", program.name())).collect();
    let arm = |name: String| format!("Some({name:?}) => {name}::workers,\n");
    let arms: String = planted.iter().map(|program| arm(program.name())).collect();
    fs::write(sources.join("main.rs"), MAIN.replace("MODULES", &modules).replace("ARMS", &arms)).unwrap();
    let built = outside.cargo("planted", &["build", "--quiet"]).unwrap().output().unwrap();
    assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
    outside::binary("planted")
}

#[test]
fn a_fault_is_named_with_its_line_wherever_it_is_planted() {
    let words = env::var(VARIABLE).unwrap_or_default();
    let asked_for: Vec<u64> = words.split_whitespace().map(|word| word.parse().expect("a seed is a number")).collect();
    let seeds = if asked_for.is_empty() { SEEDS } else { &asked_for };
    let planted = seeds.iter().flat_map(|&seed| Fault::ALL.map(|fault| Planted::new(fault, seed)));
    let planted: Vec<Planted> = planted.collect();
    let binary = build(&planted);
    for program in &planted {
        let Planted { fault, seed, text, lines } = program;
        println!("seed {seed}: a {} at {lines:?}, in {} lines; the log says:", fault.name(), text.lines().count());
        let output = Command::new(&binary).arg(program.name()).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        print!("{said}");
        assert!(said.contains(fault.told_as()), "a {} of seed {seed} is not told", fault.name());
        assert_eq!(&program.lines_in(&said), lines, "a {} of seed {seed}", fault.name());
    }
}
