//! `/proc/sched`, and what has the kernel measured.

mod common;

use yieldix::{Console, MemoryConsole};
use yieldix_userland::PROGRAMS;

/// What a script prints, in a simulated world that nobody observes otherwise.
fn printed(script: &str, is_measured: bool) -> String {
    let console = MemoryConsole::new();
    let mut machine = common::machine().simulate(5).checked(false).programs(PROGRAMS);
    if is_measured {
        machine = machine.measured();
    }
    let ended = machine.program("sh", ["-c", script]).console(Console::Memory(console.clone())).boot().unwrap();
    assert_eq!((ended.code(), console.stderr()), (0, Vec::new()), "{}", String::from_utf8_lossy(&console.stdout()));
    String::from_utf8(console.stdout()).unwrap()
}

/// The number of turns that were measured so far, which `cut` takes out of `/proc/sched`.
const TURNS: &str = "grep ^run /proc/sched | cut -f 2";

#[test]
fn a_machine_is_measured_from_the_beginning_when_it_is_asked_for() {
    assert_ne!(printed(TURNS, true), "0\n");
    assert_eq!(printed(TURNS, false), "0\n");
}

#[test]
fn an_open_sched_has_the_machine_measured_until_it_is_closed() {
    let work = "seq 20 | cat >/dev/null";
    let script = format!(
        "{work}; {TURNS}; exec 4</proc/sched; {work}; {TURNS}; exec 4<&-
        sleep 0.01; a=$({TURNS}); {work}; sleep 0.01; {work}; b=$({TURNS}); echo $a $b"
    );
    let text = printed(&script, false);
    let mut lines = text.lines();
    assert_eq!(lines.next(), Some("0"));
    let measured: u64 = lines.next().unwrap().parse().unwrap();
    assert!(measured > 5, "{text}");
    // To look has it open, for a turn or two, and no longer.
    let (a, b) = lines.next().unwrap().split_once(' ').unwrap();
    let (a, b): (u64, u64) = (a.parse().unwrap(), b.parse().unwrap());
    assert!(measured <= a && b - a < 5, "{text}");
}

#[test]
fn sched_has_a_line_for_each_call_and_each_task() {
    let text = printed("sleep 0.002; cat /proc/sched", true);
    let (machine, tasks) = text.split_once("\n\n").unwrap();
    let cell = |table: &str, row: &str, column: &str| {
        let column = table.lines().next().unwrap().split('\t').position(|head| head == column).unwrap();
        let line = table.lines().find(|line| line.split('\t').any(|cell| cell == row));
        let line = line.unwrap_or_else(|| panic!("{row}: {table}"));
        line.split('\t').nth(column).unwrap().parse::<u64>().unwrap()
    };
    // Virtual time goes by while nobody is ready, and a little at each look at the hardware.
    for column in ["mean", "p50", "p99.9", "max"] {
        let nanos = cell(machine, "call sleep", column);
        assert!((2_000_000..2_100_000).contains(&nanos), "{column}: {text}");
    }
    assert_eq!(cell(machine, "call sleep", "count"), 1);
    assert!(cell(machine, "delay", "count") >= cell(machine, "run", "count"));
    assert!(cell(tasks, "sh", "turns") >= 2, "{text}");
    assert!(cell(tasks, "sh", "max_delay") >= cell(tasks, "sh", "mean_delay"));
    assert!(cell(tasks, "cat", "tid") > cell(tasks, "sh", "tid"));
}

#[test]
fn to_be_measured_changes_nothing_that_a_simulated_world_does() {
    let script =
        "for i in $(seq 9); do seq $i | sort -r | head -n 2; sleep 0.01 & done; wait; cat /proc/uptime /proc/stat";
    assert_eq!(printed(script, true), printed(script, false));
}
