//! `strace`: what it shows of a program, of a task that runs, and how its counts agree with the log.

mod common;

use common::{Seen, boot, golden, program, run};
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    process::Output,
};
use yieldix::{Machine, Work};
use yieldix_trace::{Event, Reader};

/// Runs strace with these words in a simulated world: its code, what was printed, and what strace has shown.
fn strace(words: &[&str]) -> (i32, String, String) {
    shown_by(program("strace", words))
}

/// A script that starts strace itself.
fn script(text: &str) -> (i32, String, String) {
    shown_by(program("sh", &["-c", text]))
}

fn shown_by(machine: Machine) -> (i32, String, String) {
    let (ended, witness) = run(machine);
    (ended.code(), witness.text(), witness.errors())
}

fn yieldix(args: &[&str]) -> Output {
    common::yieldix().args(args).output().expect("it runs")
}

/// Without the numbers of lines, which change with the sources.
fn unnumbered(text: &str) -> String {
    let unnumbered = |line: &str| match line.split_once(".rs:") {
        Some((head, rest)) => format!("{head}.rs{}\n", rest.trim_start_matches(|c: char| c.is_ascii_digit())),
        None => format!("{line}\n"),
    };
    text.lines().map(unnumbered).collect()
}

#[test]
fn a_pipeline_is_shown_call_by_call_with_those_that_it_starts() {
    let (code, printed, shown) = strace(&["-f", "sh", "-c", "echo hi | cat"]);
    assert_eq!((code, printed.as_str()), (0, "hi\n"));
    assert_eq!(unnumbered(&shown), golden::golden("strace"));
}

#[test]
fn wrong_goldens_are_found() {
    golden::assert_wrong_goldens_are_found(["strace"]);
}

/// Rows of a summary: errors and calls by the name of the call, and those of the last line.
fn table(text: &str) -> BTreeMap<String, (u64, u64)> {
    let rows = text.lines().filter(|line| line.trim_start().starts_with(|c: char| c.is_ascii_digit()));
    rows.map(|row| {
        let words: Vec<&str> = row.split_whitespace().collect();
        let errors = if words.len() == 6 { words[4].parse().unwrap() } else { 0 };
        (words[words.len() - 1].to_owned(), (words[3].parse().unwrap(), errors))
    })
    .collect()
}

#[test]
fn a_summary_adds_up_call_by_call_to_the_traps_in_the_log_of_the_same_run() {
    let pipeline = "seq 100 | sort -r | head -n 3";
    let log = ["--simulate", "--log", "yieldix=trace", "--log-format", "json", "strace", "-fc", "sh", "-c", pipeline];
    let output = yieldix(&log);
    let said = String::from_utf8(output.stderr).unwrap();
    let (events, summary): (Vec<&str>, Vec<&str>) = said.lines().partition(|line| line.starts_with('{'));
    let log = events.join("\n") + "\n";
    let mut traps: BTreeMap<String, (u64, u64)> = BTreeMap::new();
    // What strace has spawned, and what they have; and what each of them has asked last.
    let (mut traced, mut asked, mut strace) = (BTreeSet::new(), BTreeMap::<u64, Vec<String>>::new(), 0);
    for event in Reader::new(log.as_bytes()) {
        let event: Event = event.expect("the log is whole");
        let Ok(tid) = event.number("tid") else { continue };
        match &*event.message {
            "spawned" if event.text("name").unwrap() == "strace" => strace = tid,
            "spawned" => {
                let parent = event.number("parent").unwrap();
                if strace != 0 && parent == strace || traced.contains(&parent) {
                    traced.insert(tid);
                }
            }
            "trap" if traced.contains(&tid) => {
                let name = event.text("call").unwrap().split('(').next().unwrap().to_owned();
                traps.entry(name.clone()).or_default().0 += 1;
                if name != "subroutine_return" {
                    asked.entry(tid).or_default().push(name);
                }
            }
            "answer" if traced.contains(&tid) => {
                let name = asked.get_mut(&tid).and_then(Vec::pop).expect("an answer has a trap");
                let reply = event.text("reply").unwrap();
                let is_errno = reply.len() > 1 && reply.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit());
                let is_errno = is_errno && !reply.chars().all(|c| c.is_ascii_digit());
                traps.entry(name).or_default().1 += u64::from(is_errno);
            }
            _ => {}
        }
    }
    assert_eq!(traced.len(), 4, "a shell and three programs");
    let total = traps.values().fold((0, 0), |sum, counts| (sum.0 + counts.0, sum.1 + counts.1));
    assert!(total.0 > 40 && total.1 > 0, "{total:?}");
    traps.insert("total".to_owned(), total);
    assert_eq!(table(&summary.join("\n")), traps);
    assert_eq!(output.stdout, b"99\n98\n97\n");
}

#[test]
fn what_only_a_tracer_is_told_takes_no_number_of_the_log() {
    let output = yieldix(&[
        "--simulate",
        "--log",
        "yieldix=debug",
        "--log-format",
        "json",
        "strace",
        "-o",
        "/dev/null",
        "hello",
    ]);
    let log = String::from_utf8(output.stderr).unwrap();
    let events = log.lines().map(|line| Event::parse(line.as_bytes()).unwrap().expect("it is the kernel's"));
    let numbers: Vec<u64> = events.map(|event| event.seq).collect();
    assert_eq!(numbers, (1..=numbers.len() as u64).collect::<Vec<_>>(), "no number is missing");
    assert!(numbers.len() > 5 && !log.contains("yieldix::trap"), "{log}");
}

#[test]
fn at_quantum_1_the_first_call_is_there_and_so_are_all_others() {
    let calls = |quantum: u32| {
        let (code, _, shown) = shown_by(program("strace", &["-f", "sh", "-c", "seq 3 | cat"]).quantum(quantum));
        assert_eq!(code, 0);
        assert!(!shown.contains("lost"), "{shown}");
        // By whom, what; not when, which the quantum changes, nor in which order.
        let name = |line: &str| {
            Some((line.split(' ').nth(1)?.to_owned(), line.split(' ').nth(3)?.split('(').next()?.to_owned()))
        };
        let mut calls: Vec<(String, String)> =
            shown.lines().filter(|line| !line.contains("<... ") && line.contains('(')).filter_map(name).collect();
        calls.sort();
        calls
    };
    let one_by_one = calls(1);
    assert!(one_by_one.len() > 20 && one_by_one.iter().any(|(_, name)| name == "gettid"), "{one_by_one:?}");
    assert_eq!(one_by_one, calls(64));
}

#[test]
fn only_the_calls_that_are_asked_for_are_shown() {
    let shown = |filter: &str| unnumbered(&strace(&["-e", filter, "cat", "/bin/nonesuch"]).2);
    let line = " open(\"/bin/nonesuch\", READ) = ENOENT";
    assert!(shown("trace=open").contains(line), "{}", shown("trace=open"));
    assert!(!shown("trace=!open").contains("open(") && shown("!open").contains("exited with 1"));
    assert!(shown("%file").contains("open(") && !shown("%file").contains("write("));
    assert!(!shown("none").contains(" = ") && shown("none").contains("exited with 1"), "{}", shown("none"));
}

#[test]
fn a_task_that_runs_is_attached_to_and_goes_on_when_the_tracer_is_told_to_end() {
    let (code, printed, _) =
        script("(sleep 5; echo still) & strace -p $! -o /shown & sleep 1; kill $!; wait $!; echo $?; cat /shown; wait");
    assert_eq!(code, 0);
    let mut lines = printed.lines();
    assert_eq!(lines.next(), Some("0"), "{printed}");
    let attached = lines.next().unwrap_or_default();
    assert!(attached.starts_with("strace: task ") && attached.contains(") attached, waits: "), "{printed}");
    assert!(lines.next().is_some_and(|line| line.ends_with(" detached")), "{printed}");
    assert_eq!((lines.next(), lines.next()), (Some("still"), None));
}

#[test]
fn a_task_that_is_attached_to_is_shown_to_its_end() {
    let (code, _, shown) = script("sleep 2 & strace -p $!");
    assert_eq!(code, 0);
    let mut lines = shown.lines();
    assert!(lines.next().is_some_and(|line| line.contains("(sleep) attached, waits: sleep")), "{shown}");
    // The time is that since it was attached.
    assert!(
        lines
            .next()
            .is_some_and(|line| line.contains("<... sleep until 2.00000") && line.contains(" resumed> = ok <1.99999")),
        "{shown}"
    );
    assert!(lines.next().is_some_and(|line| line.ends_with("+++ exited with 0 +++")), "{shown}");
    assert_eq!(lines.next(), None);
    let (code, _, shown) = script("strace -p 77");
    assert_eq!((code, shown.as_str()), (1, "strace: task 77: no such task\n"));
}

#[test]
fn a_task_that_waits_for_strace_to_end_is_not_traced_and_the_script_goes_on() {
    for (ancestor, serial) in [("$$", 2), ("1", 1)] {
        let (code, printed, shown) = script(&format!("strace -p {ancestor}; echo $?; echo on"));
        assert_eq!((code, printed.as_str()), (0, "1\non\n"));
        assert_eq!(shown, format!("strace: task {serial}: it waits for strace to end\n"));
    }
    // Below another shell, and beside a task that is traced to its end.
    let (code, printed, shown) = script("sleep 1 & (strace -p $$,$!; echo $?; true)");
    assert_eq!((code, printed.as_str()), (0, "0\n"));
    assert!(shown.starts_with("strace: task 2: it waits for strace to end\n"), "{shown}");
    assert!(shown.ends_with("+++ exited with 0 +++\n"), "{shown}");
}

#[test]
fn a_task_that_comes_to_wait_for_strace_to_end_is_detached_from() {
    for quantum in [1, 64] {
        let (code, printed, shown) =
            shown_by(program("sh", &["-c", "strace -e none -p $$ & sleep 1; echo on; wait; echo $?"]).quantum(quantum));
        assert_eq!((code, printed.as_str()), (0, "on\n0\n"));
        assert!(shown.ends_with("strace: task 2 detached: it waits for strace to end\n"), "{shown}");
        // At a quantum of 1 the shell does not wait yet when strace begins.
        let (code, printed, shown) = shown_by(program("sh", &["-c", "strace -e none -p $$; echo on"]).quantum(quantum));
        assert_eq!((code, printed.as_str()), (0, "on\n"));
        assert!(shown.contains("it waits for strace to end\n"), "{shown}");
    }
}

#[test]
fn who_comes_to_wait_for_a_strace_that_only_counts_or_through_one_that_is_not_traced_is_detached_from() {
    for (words, printed) in [
        ("strace -c -p $$ & sleep 1; echo on; wait; echo $?", "on\n0\n"),
        ("(strace -p $$ & sleep 1; wait); echo on", "on\n"),
    ] {
        let (code, out, shown) = script(words);
        assert_eq!((code, out.as_str()), (0, printed), "{words}");
        assert!(shown.contains("strace: task 2 detached: it waits for strace to end\n"), "{shown}");
    }
}

/// The cycle of the deadlock that a script ends in.
fn deadlock_of(script: &str) -> String {
    const ROUNDS: u32 = 1_000;
    let (mut running, witness) = boot(program("sh", &["-c", script]));
    let is_over = (0..ROUNDS).any(|_| matches!((running.step(), running.wait()), (_, Work::Over)));
    assert!(is_over, "{script}: lives on");
    assert_eq!(running.run().code(), 70, "{script}");
    let told = witness.events_of(|seen| match seen {
        Seen::Deadlock { cycle, .. } => Some(cycle.clone()),
        _ => None,
    });
    told.concat()
}

#[test]
fn a_strace_of_who_waits_for_it_keeps_no_deadlock_from_being_told() {
    assert_eq!(deadlock_of("x=$(strace -p $$ -o /x); echo on"), "2 (sh) waits for 4 (strace) waits for 2");
    for options in ["-p $$", "-c -p $$", "-f -p 1"] {
        let script = format!("strace {options} -o /x & sleep 1; deadlock");
        assert_eq!(deadlock_of(&script), "5 (deadlock) waits for 6 (joiner) waits for 5", "{options}");
    }
}

/// A script whose shell is followed by a strace that is stopped while more happens than its tracer holds.
fn while_records_are_lost(before: &str, meanwhile: &str) -> (i32, String) {
    let much = "for i in $(seq 900); do (:); done";
    let (code, printed, shown) = script(&format!(
        "strace -f -p $$ -o /shown & s=$!; sleep 1; {before} kill -STOP $s; {much}; {meanwhile} kill -CONT $s; wait $s; \
         echo $?; grep lost /shown | wc -l; grep -c -e 'write(1, \"late' /shown; tail -n 1 /shown"
    ));
    assert_eq!(shown, "");
    (code, printed)
}

#[test]
fn an_end_that_was_lost_keeps_strace_from_nothing() {
    let told = while_records_are_lost("sleep 5 &", "sleep 9;");
    assert_eq!(told, (0, "0\n1\n0\nstrace: task 2 detached: it waits for strace to end\n".to_owned()));
}

#[test]
fn a_task_whose_beginning_was_lost_is_shown_to_its_end() {
    let told = while_records_are_lost("", "(sleep 9; echo late) & sleep 1;");
    assert_eq!(told, (0, "late\n0\n1\n1\nstrace: task 2 detached: it waits for strace to end\n".to_owned()));
}

#[test]
fn several_tasks_are_attached_to_and_each_is_shown_to_its_end() {
    let (code, _, shown) = script("sleep 1 & a=$!; sleep 2 & b=$!; sleep 3 & strace -p $a -p $b,$!,$b -p 77");
    assert_eq!(code, 0);
    let count = |words: &str| shown.lines().filter(|line| line.contains(words)).count();
    assert_eq!((count("(sleep) attached"), count("+++ exited with 0 +++")), (3, 3), "{shown}");
    assert_eq!(count("strace: task 77: no such task"), 1, "{shown}");
    // Beside a program, whose code is given.
    let (code, _, shown) = script("sleep 1 & strace -p $! -e none sh -c 'exit 7'; echo $?");
    assert_eq!((code, shown.lines().filter(|line| line.contains("exited with")).count()), (0, 2), "{shown}");
    assert!(shown.contains("+++ exited with 7 +++"), "{shown}");
}

#[test]
fn init_is_traced_as_any_other_and_so_is_who_traces() {
    let (code, printed, _) = script("strace -p 1 -o /shown & sleep 1; kill $!; wait $!; cat /shown");
    assert_eq!(code, 0);
    assert!(printed.starts_with("strace: task 1 (init) attached, waits: any child"), "{printed}");
    let (code, printed, _) = script("strace -o /outer strace -o /inner hello >/dev/null; cat /outer");
    assert_eq!(code, 0);
    assert!(printed.contains("ktrace(0, none, 32)") && printed.contains("ktrace_read("), "{printed}");
}

#[test]
fn a_child_that_was_followed_outlives_its_tracer() {
    let (code, printed, _) =
        script("strace -f -o /shown sh -c '(sleep 2; echo still) & sleep 9' & sleep 1; kill -9 $!; sleep 3");
    assert_eq!((code, printed.as_str()), (0, "still\n"));
}

#[test]
fn a_traced_program_that_is_killed_is_told_and_gives_its_code() {
    let (code, _, shown) = strace(&["sh", "-c", "kill -9 $$"]);
    assert_eq!(code, 137);
    let lines: Vec<&str> = shown.lines().collect();
    let [.., killing, signal, end] = lines[..] else { panic!("{shown}") };
    assert!(killing.contains("kill(") && killing.contains("<unfinished ...>"), "{shown}");
    assert!(signal.ends_with("--- SIGKILL ends it ---") && end.ends_with("+++ killed by SIGKILL +++"), "{shown}");
}

#[test]
fn a_tracer_that_is_killed_leaves_its_program_running() {
    let (code, printed, _) = script("strace -o /shown sh -c 'sleep 2; echo still' & sleep 1; kill -9 $!; sleep 3");
    assert_eq!(code, 0);
    assert_eq!(printed, "still\n");
}

#[test]
fn a_command_of_the_host_shows_a_program_and_ends_as_it_does() {
    let output = yieldix(&["strace", "-e", "write", "-s", "5", "hello"]);
    assert_eq!(output.status.code(), Some(0));
    let shown = String::from_utf8(output.stderr).unwrap();
    assert!(shown.contains(" write(1, \"Hello\"… (14 bytes)) = 14 <0.0"), "{shown}");
    assert_eq!(yieldix(&["strace", "-c", "false"]).status.code(), Some(1));
    assert_eq!(yieldix(&["strace", "nonesuch"]).status.code(), Some(127));
    assert_eq!(yieldix(&["strace", "-e", "nonesuch", "hello"]).status.code(), Some(2));
}

#[test]
fn a_command_of_the_host_attaches_to_nobody() {
    let output = yieldix(&["strace", "-p", "1"]);
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("strace: -p is for use in a shell") && !said.contains("deadlock"), "{said}");
}

#[test]
fn a_command_of_the_host_writes_to_a_folder_of_the_host_and_not_to_what_ends_with_the_machine() {
    let output = yieldix(&["strace", "-o", "/calls", "hello"]);
    assert_eq!((output.status.code(), output.stdout.as_slice()), (Some(1), b"".as_slice()));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.starts_with("strace: /calls: is in the machine's memory"), "{said}");
    let folder = std::env::temp_dir().join(format!("yieldix-strace-{}", std::process::id()));
    fs::create_dir(&folder).unwrap();
    let output = yieldix(&["--mount", &format!("{}:/host", folder.display()), "strace", "-o", "host/calls", "hello"]);
    let shown = fs::read_to_string(folder.join("calls"));
    fs::remove_dir_all(&folder).unwrap();
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let shown = shown.unwrap();
    assert!(shown.contains("write(1, ") && shown.ends_with("+++ exited with 0 +++\n"), "{shown}");
}

#[test]
fn what_is_shown_and_cannot_be_written_is_told_and_the_code_of_the_program_stays() {
    for (program, code) in [("hello", 1), ("sh -c 'exit 3'", 3)] {
        let (_, printed, shown) = script(&format!("strace -o /dev/full {program} >/dev/null; echo $?"));
        assert_eq!(printed, format!("{code}\n"));
        assert_eq!(shown, "strace: /dev/full: ENOSPC: no space left\n");
    }
}

#[test]
fn a_log_shows_as_much_of_a_payload_as_is_asked_for() {
    let payload = "x".repeat(100);
    let write = |args: &[&str]| {
        let common = ["--simulate", "--log", "yieldix::trap"];
        let output = yieldix(&[args, &common, &["run", "sh", "-c", &format!("echo {payload} | cat")]].concat());
        let log = String::from_utf8(output.stderr).unwrap();
        let of_payload = log.lines().filter(|line| line.contains("(101 bytes)"));
        of_payload.map(|line| line.matches('x').count()).collect::<Vec<_>>()
    };
    // echo's write, cat's read and what that is answered, cat's write: one of them has no payload.
    assert_eq!(write(&[]), [32, 32, 32]);
    assert_eq!(write(&["--trace-data", "100"]), [100, 100, 100]);
    assert_eq!(write(&["--trace-data", "0"]), [0, 0, 0]);
}
