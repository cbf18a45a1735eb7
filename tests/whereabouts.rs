//! Where each task is parked, as `/proc/TID/where`, `ps -l` and `pstree -w` tell it.
#![feature(coroutines, coroutine_trait)]

mod common;

use common::{SEED, program, run};
use std::{
    sync::{Arc, Mutex},
    time::Duration,
};
use yieldix::{
    Console, Ended, MemoryConsole,
    syscalls::{calls::*, *},
};

const WELL: Ended = Ended::Finished(ExitStatus::Exited(0));

/// What is told of a task, its lines split at their TABs and without numbers of lines and columns in sources.
type Told = Vec<Vec<String>>;

fn table(text: &str) -> Told {
    let cell = |cell: &str| match cell.split_once(".rs:") {
        Some((file, _)) => format!("{file}.rs"),
        None => cell.to_owned(),
    };
    text.lines().map(|line| line.split('\t').map(cell).collect()).collect()
}

fn row(cells: &[&str]) -> Vec<String> {
    cells.iter().map(|cell| (*cell).to_owned()).collect()
}

/// Reads what is told of a task.
fn told_of(tid: Tid) -> impl Routine<Result<Told, Errno>> {
    routine!(move {
        let fd = trap!(yield open(format!("/proc/{tid}/where"), OpenFlags::READ))?;
        let mut bytes = Vec::new();
        loop {
            let data = trap!(yield read(fd, 1 << 20))?;
            if data.is_empty() {
                break;
            }
            bytes.extend_from_slice(&data);
        }
        trap!(yield close(fd))?;
        Ok(table(std::str::from_utf8(&bytes).expect("text")))
    })
}

/// Runs a task in a machine at whose console nobody types.
fn boot(task: Task) -> Ended {
    let console = MemoryConsole::new().kept_open();
    let machine = common::machine().task(task).simulate(SEED).console(Console::Memory(console));
    machine.boot().expect("the machine boots")
}

/// Runs a task that looks, and gives what it has seen.
fn look(looks: impl FnOnce(Arc<Mutex<Vec<Told>>>) -> Task) -> Vec<Told> {
    let seen = Arc::new(Mutex::new(Vec::new()));
    assert_eq!(boot(looks(Arc::clone(&seen))), WELL);
    let seen = std::mem::take(&mut *seen.lock().unwrap());
    assert!(!seen.is_empty());
    seen
}

fn inner(from: Fd) -> impl Routine<Result<(), Errno>> {
    routine!(move { trap!(yield read(from, 1)).map(drop) })
}

fn middle(from: Fd) -> impl Routine<Result<(), Errno>> {
    routine!(move {
        trap!(yield gettid())?;
        trap!(yield subroutine(inner(from)))
    })
}

#[test]
fn a_task_is_parked_below_its_callers_at_a_pipe_that_others_hold() {
    let mut told = look(|seen| {
        task!({
            let (from, to) = trap!(yield pipe())?;
            let reader = task!({ trap!(yield subroutine(middle(from))) });
            let reader = trap!(yield spawn(reader).pass(from).name("reader"))?;
            let holder = task!({ trap!(yield take_signal()).map(drop) });
            let holder = trap!(yield spawn(holder).share(to).name("holder"))?;
            trap!(yield sleep(Duration::from_millis(1)))?;
            for tid in [reader, holder] {
                let told = call!(told_of(tid))?;
                seen.lock().unwrap().push(told);
            }
            for tid in [reader, holder] {
                trap!(yield kill(tid, Signal::Kill))?;
                trap!(yield wait(tid))?;
            }
            Ok(())
        })
    });
    let here = "tests/whereabouts.rs";
    let main = "a_task_is_parked_below_its_callers_at_a_pipe_that_others_hold";
    let holder = told.pop().unwrap();
    let reader = told.pop().unwrap();
    let function = |index: usize| reader[index][2].clone();
    assert_eq!(
        reader[..3].iter().map(|line| line[..2].to_vec()).collect::<Vec<_>>(),
        [row(&["at", here]), row(&["caller", here]), row(&["caller", here])]
    );
    assert_eq!([function(0), function(1)], ["inner", "middle"]);
    let rest = [
        row(&["waits", "read 3"]),
        row(&["on", "file 3", "pipe's reading end", "other end file 4"]),
        row(&["waker", "task", "1", main, "holds file 4"]),
        row(&["waker", "task", "3", "holder", "holds file 4"]),
    ];
    assert_eq!(reader[3..], rest);
    assert_eq!(holder[1..], [row(&["waits", "signal"]), row(&["waker", "anyone", "", "", "a signal"])]);
}

#[test]
fn a_zombie_says_how_it_ended() {
    let told = look(|seen| {
        task!({
            let fails = trap!(yield spawn(task!({ trap!(yield exit(3)) })))?;
            let panics = trap!(yield spawn(task!({ panic!("two\nlines") })))?;
            trap!(yield sleep(Duration::from_millis(1)))?;
            for tid in [fails, panics] {
                let told = call!(told_of(tid))?;
                seen.lock().unwrap().push(told);
            }
            Ok(())
        })
    });
    assert_eq!(told, [[row(&["ended", "exited with 3"])], [row(&["ended", r"panicked: two\nlines"])]]);
}

/// A caller's line is where it called, not where it last trapped before.
#[test]
fn a_callers_line_is_where_it_called() {
    let lines = Arc::new(Mutex::new(String::new()));
    let seen = Arc::clone(&lines);
    const CALLED: u32 = line!() + 4;
    let main = task!({
        let waits = task!({
            trap!(yield gettid())?;
            trap!(yield subroutine(middle(Fd::STDIN)))
        });
        let waits = trap!(yield spawn(waits).detach())?;
        trap!(yield sleep(Duration::from_millis(1)))?;
        let fd = trap!(yield open(format!("/proc/{waits}/where"), OpenFlags::READ))?;
        *seen.lock().unwrap() = String::from_utf8_lossy(&trap!(yield read(fd, 1 << 16))?).into_owned();
        trap!(yield kill(waits, Signal::Kill))
    });
    assert_eq!(boot(main), WELL);
    let text = lines.lock().unwrap().clone();
    assert!(text.contains(&format!("caller\ttests/whereabouts.rs:{CALLED}:")), "{text}");
    assert!(text.contains("on\tfile 0\tconsole\tinput\nwaker\thardware\n"), "{text}");
}

#[test]
fn what_is_waited_for_is_told_by_its_kind_and_address() {
    let told = look(|seen| {
        task!({
            let (door, receive) = trap!(yield port_create(1))?;
            trap!(yield port_publish(receive, "a\tdoor"))?;
            let (from, to) = trap!(yield pipe())?;
            let listens = task!({
                let listener = trap!(yield tcp_listen("127.0.0.1:80".parse().expect("an address"), 9))?;
                trap!(yield accept(listener)).map(drop)
            });
            let unix = task!({
                let listener = trap!(yield unix_listen("/socket"))?;
                trap!(yield unix_accept(listener)).map(drop)
            });
            let receives = task!({ trap!(yield port_recv(receive)).map(drop) });
            let polls = task!({
                let wanted = vec![Interest::Read(from), Interest::Read(Fd::STDIN)];
                trap!(yield poll(wanted, Duration::from_secs(9))).map(drop)
            });
            let joins = task!({ trap!(yield join(Tid::from_serial(2))).map(drop) });
            let stopped = task!({ trap!(yield sleep(Duration::MAX)) });
            let waits = task!({
                let child = task!({ trap!(yield sleep(Duration::from_secs(9))) });
                trap!(yield spawn(child).name("child").bound())?;
                trap!(yield wait_any()).map(drop)
            });
            let spawned = [
                spawn(listens),
                spawn(unix),
                spawn(receives).pass(receive),
                spawn(polls).pass(from).share(to),
                spawn(joins),
                spawn(stopped),
                spawn(waits),
            ];
            let mut tids = Vec::new();
            for child in spawned {
                tids.push(trap!(yield child)?);
            }
            trap!(yield sleep(Duration::from_millis(1)))?;
            trap!(yield kill(tids[5], Signal::Stop))?;
            for &tid in &tids {
                let told = call!(told_of(tid))?;
                seen.lock().unwrap().push(told);
            }
            for tid in tids {
                trap!(yield kill(tid, Signal::Kill))?;
                trap!(yield wait(tid))?;
            }
            trap!(yield close(door))
        })
    });
    let [listens, unix, receives, polls, joins, stopped, waits] = &told[..] else { panic!("{told:?}") };
    // The name of who looks is that of its function, which is this test's.
    let main = "what_is_waited_for_is_told_by_its_kind_and_address";
    assert_eq!(
        listens[1..],
        [row(&["waits", "accept 3"]), row(&["on", "file 5", "listener", "127.0.0.1:80"]), row(&["waker", "hardware"])]
    );
    assert_eq!(
        unix[2..],
        [row(&["on", "file 6", "unix listener", "/socket"]), row(&["waker", "anyone", "", "", "its name"])]
    );
    assert_eq!(
        receives[2..],
        [
            row(&["on", "port 0", "", "a\\tdoor"]),
            row(&["waker", "task", "1", main, "holds sender of port 0"]),
            row(&["waker", "anyone", "", "", "its name"])
        ]
    );
    assert_eq!(
        polls[1..],
        [
            row(&["waits", "poll of 2"]),
            row(&["on", "file 3", "pipe's reading end", "other end file 4"]),
            row(&["on", "file 0", "console", "input"]),
            row(&["waker", "task", "1", main, "holds file 4"]),
            row(&["waker", "task", "5", main, "holds file 4"]),
            row(&["waker", "clock", "9.000001000"]),
            row(&["waker", "hardware"])
        ]
    );
    assert_eq!(joins[2..], [row(&["on", "task 2", "", main]), row(&["waker", "task", "2", main, "its end"])]);
    assert_eq!(stopped[1..], [row(&["waits", "SIGCONT"]), row(&["waker", "anyone", "", "", "SIGCONT"])]);
    assert_eq!(waits[1..], [row(&["waits", "any child"]), row(&["waker", "task", "9", "child", "its end"])]);
}

/// A subroutine that calls itself so often, and waits then.
fn deep(left: u32) -> Task {
    task!({
        if left == 0 {
            return trap!(yield sleep(Duration::from_secs(9)));
        }
        trap!(yield subroutine_task(deep(left - 1))).map(drop)
    })
}

#[test]
fn of_many_callers_the_innermost_and_the_task_itself_are_told_and_the_rest_counted() {
    let told = look(|seen| {
        task!({
            let child = trap!(yield spawn(deep(1000)))?;
            trap!(yield sleep(Duration::from_millis(1)))?;
            let told = call!(told_of(child))?;
            seen.lock().unwrap().push(told);
            trap!(yield kill(child, Signal::Kill))?;
            trap!(yield wait(child)).map(drop)
        })
    });
    let callers: Vec<_> = told[0].iter().filter(|line| line[0] == "caller").collect();
    assert_eq!(callers.len(), 256 + 2);
    assert_eq!(*callers[256], row(&["caller", "743 more"]));
}

/// Numbers of lines and columns in sources move with every edit.
#[test]
fn the_example_in_the_docs_is_what_is_told() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/tracing.md");
    let page = std::fs::read_to_string(path).unwrap();
    let (script, rest) = page.split_once("```text\n$ yes").and_then(|(_, rest)| rest.split_once('\n')).unwrap();
    let example = rest.split_once("```").unwrap().0;
    let (_, witness) = run(program("sh", &["-c", &format!("yes{script}")]));
    assert_eq!(table(&witness.text()), table(example), "{}", witness.errors());
}

#[test]
fn the_tree_tells_what_each_waits_on_and_where() {
    let (ended, witness) = run(program("sh", &["-c", "sleep 9 & pstree -w; kill $!"]));
    assert_eq!(ended, WELL, "{}", witness.errors());
    let text = witness.text();
    let line = |name: &str| text.lines().find(|line| line.contains(name)).unwrap_or_else(|| panic!("{name}: {text}"));
    assert!(
        line("sleep").contains("sleep(3): sleep until ")
            && line("sleep").contains(" at userland/src/programs/sleep.rs:")
    );
    assert!(line("init").starts_with("init(1): any child at userland/src/programs/init.rs:"), "{text}");
    assert!(line("pstree").contains("pstree(4): running at userland/src/programs/pstree.rs:"), "{text}");
    // Who waits is told of by a number, which stands in the tree.
    assert!(line("sh(2)").contains("sh(2): child 4 at "), "{text}");
}
