//! On a log of a million lines each text tool prints what Debian's does, and never holds the machine for long.
//!
//! So it is when built for release, by `scripts/try-tools`; otherwise the log is shorter, and nothing is timed.
#![cfg(target_os = "linux")]
#![feature(coroutines, coroutine_trait)]

mod chaos_support;
mod common;
mod tools_support;

use std::{
    fs,
    path::{Path, PathBuf},
};
use tools_support::{Case, Printed, corpus, debians, describe, has_namesakes, machine, random::Pick};

const LINES: usize = if cfg!(debug_assertions) { 10_000 } else { 1_000_000 };

/// Each is a line of words; one with `<` in it is handed to a shell.
const COMMANDS: &[&str] = &[
    "cat w/log",
    "cat -n w/log w/words",
    "cat -A w/program",
    "grep -c GET w/log",
    "grep -v GET w/log",
    "grep -in favicon w/log",
    "grep -E (GET|POST).*(404|500).[0-9]+$ w/log",
    "grep -o \"[A-Z]*./[a-z]* w/log",
    "grep -Fw 10.1.4.7 w/log",
    "grep -Ex 10.*9 w/log",
    "grep -E (a|aa)*(.*)(.*)(.*)(.*)(.*)x$ w/log",
    "grep -E ([0-9]+.?)*z w/log",
    "grep -E [a-z]{1,50}.{1,100}[0-9]{1,50}x w/log",
    "grep -l -e nowhere -e nothing w/log w/words w/program",
    "grep -c . w/program",
    "head -n 500000 w/log",
    "head -n -500000 w/log",
    "head -c -1000000 w/log",
    "head -n -5 <w/log",
    "tail -n 500000 w/log",
    "tail -n 500000 <w/log",
    "tail -n +500000 w/log",
    "tail -c 40000000 w/log",
    "wc w/log w/words w/program",
    "wc -lmL w/log",
    "sort w/log",
    "sort -u w/log",
    "sort -nrk10 w/log",
    "sort -t. -k3,3n -k4,4nr w/log",
    "sort -fs -k7 w/log",
    "sort -c w/log",
    "uniq w/log",
    "uniq -c -f 6 w/log",
    "uniq -d -s 5 -w 3 w/log",
    "uniq -u w/words",
    "cut -d. -f 2-3 w/log",
    "cut -c 5-20,40- w/log",
    "cut -b 1 w/log",
    "tr a-z A-Z <w/log",
    "tr -d 0-9 <w/log",
    "tr -cs A-Za-z '\\n' <w/log",
    "tee w/made1 <w/log",
    "tac w/log",
    "rev w/log",
    "nl -ba w/log",
    "od -c -N 10000000 w/log",
    "od w/program",
    "paste w/log w/words w/log",
    "paste -s w/log",
    "comm w/log w/words",
    "fold -w 20 w/log",
    "fold -s -w 30 w/log",
    "xargs -n 5000 <w/log",
    "seq -w 1000000",
    "seq -s , 0 0.25 100000",
];

/// A new folder of this name above one with the files: the log, a list of words, a program.
fn folder(name: &str) -> PathBuf {
    let above = Path::new(env!("CARGO_TARGET_TMPDIR")).join("long_log").join(name);
    let _ = fs::remove_dir_all(&above);
    fs::create_dir_all(above.join("w")).unwrap();
    let write = |name, bytes: Vec<u8>| fs::write(above.join("w").join(name), bytes).unwrap();
    write("log", corpus::log(&mut Pick::new(3), LINES));
    let words = corpus::files().into_iter().find(|(name, _)| *name == "words").expect("it is there").1;
    write("words", words.repeat(100));
    write("program", fs::read("/usr/bin/sort").unwrap_or_default());
    above
}

fn case(command: &'static str) -> Case {
    if command.contains('<') {
        return Case::new("sh", ["-c", command]);
    }
    let mut words = command.split(' ');
    Case::new(words.next().unwrap(), words)
}

#[test]
fn of_a_long_log_the_tools_print_what_debians_do() {
    if !has_namesakes() {
        return;
    }
    let above = folder("compared");
    let differences: Vec<_> = COMMANDS.iter().filter_map(|command| difference(&case(command), &above)).collect();
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}

fn difference(case: &Case, above: &Path) -> Option<String> {
    let theirs = debians(std::slice::from_ref(case), above).remove(0);
    let (machine, console) = machine(case);
    let ended = machine.mount(&above.join("w"), "/w", false).boot().expect("the machine boots");
    let made = tools_support::MADE.map(|name| fs::read(above.join("w").join(name)).ok()).into();
    let ours = Printed { output: console.stdout(), code: ended.code(), made };
    (ours != theirs).then(|| describe(case, &ours, &theirs))
}

#[cfg(not(debug_assertions))]
mod holding {
    use super::*;
    use rustix::time::{ClockId, Timespec, clock_gettime};
    use std::{
        cell::{Cell, RefCell},
        rc::Rc,
        time::Duration,
    };
    use yieldix::event::{Event, Record};

    /// No tool may hold the machine for longer.
    const HELD_MAX: Duration = Duration::from_millis(10);

    /// Runs of which, for each turn, the shortest counts: whatever else the host does makes one longer.
    const TRIES: usize = 5;

    /// The time for which this thread has had a processor.
    fn worked() -> Duration {
        let Timespec { tv_sec, tv_nsec } = clock_gettime(ClockId::ThreadCPUTime);
        Duration::new(tv_sec as u64, tv_nsec as u32)
    }

    /// How long each turn of this case is. What it prints goes nowhere: a console in memory copies all that it has
    /// when it grows, and the turn in which it does would count that.
    fn turns(case: &Case, above: &Path) -> Vec<Duration> {
        let (began, turns) = (Cell::new(Duration::ZERO), Rc::new(RefCell::new(Vec::new())));
        let told = Rc::clone(&turns);
        let observe = move |record: &Record<'_>| match record.event {
            Event::Chosen { .. } => began.set(worked()),
            Event::TurnOver { .. } => told.borrow_mut().push(worked() - began.get()),
            _ => {}
        };
        let (machine, _console) = machine(&Case::new("sh", ["-c", &format!("{} >/dev/null", case.line())]));
        machine.mount(&above.join("w"), "/w", false).observe(observe).boot().expect("the machine boots");
        turns.take()
    }

    /// How long the longest turn of this case is.
    fn longest_turn(case: &Case, above: &Path) -> Duration {
        let mut least = turns(case, above);
        let longest = |turns: &[Duration]| turns.iter().copied().max().unwrap_or_default();
        for _ in 1..TRIES {
            if longest(&least) <= HELD_MAX {
                break;
            }
            let again = turns(case, above);
            // With other turns, as when the disk made it wait, it cannot be laid beside the first.
            if again.len() == least.len() {
                least = least.into_iter().zip(again).map(|(one, other)| one.min(other)).collect();
            }
        }
        longest(&least)
    }

    #[test]
    fn no_tool_holds_the_machine_for_more_than_10_ms() {
        let above = folder("timed");
        let mut held: Vec<(Duration, &str)> = Vec::new();
        for command in COMMANDS {
            let longest = longest_turn(&case(command), &above);
            println!("{longest:>10.1?}  {command}");
            held.push((longest, command));
        }
        held.retain(|(turn, _)| *turn > HELD_MAX);
        assert!(held.is_empty(), "{held:?}");
    }
}
