//! `/proc`, `ps`, the `tasks` call and the kernel's own `stats()` agree, whatever the tasks are doing: under
//! a churn of 10,000 of them that are spawned, end, are killed and stay zombies.
#![feature(coroutines, coroutine_trait)]

mod common;

use common::SEED;
use std::{
    sync::{Arc, Mutex},
    time::Duration,
};
use yieldix::{
    Console, Ended, MemoryConsole, Running, Stats, Work,
    syscalls::{calls::*, *},
    userland::PROGRAMS,
};

const WAVES: u32 = 50;
const TASKS_A_WAVE: u32 = 200;

/// One of the tasks that come and go, by its number: it ends at once, sleeps and ends, sleeps for ever,
/// panics, or leaves a child of its own behind.
fn passer_by(number: u32) -> Task {
    task!({
        match number % 5 {
            0 => Ok(()),
            1 => trap!(yield sleep(Duration::from_millis(u64::from(number % 7)))),
            2 => trap!(yield sleep(Duration::MAX)),
            3 => Err(Errno::EIO),
            _ => {
                let child = task!({ trap!(yield sleep(Duration::from_millis(2))) });
                trap!(yield spawn(child).detach())?;
                trap!(yield sleep(Duration::from_millis(1)))
            }
        }
    })
}

/// Spawns all of them in waves, kills those that sleep for ever, and waits for a wave's only when the next
/// has been spawned.
fn churn() -> Task {
    task!({
        let mut before: Vec<Tid> = Vec::new();
        for wave in 0..=WAVES {
            let mut these = Vec::new();
            if wave < WAVES {
                for number in 0..TASKS_A_WAVE {
                    these.push(trap!(yield spawn(passer_by(number)))?);
                }
                trap!(yield sleep(Duration::from_millis(4)))?;
            }
            for (number, tid) in (0..).zip(before) {
                if number % 5 == 2 {
                    trap!(yield kill(tid, Signal::Kill))?;
                }
                trap!(yield wait(tid))?;
            }
            before = these;
        }
        Ok(())
    })
}

fn machine(task: Task) -> (Running, MemoryConsole) {
    let console = MemoryConsole::new();
    let machine = common::machine().programs(PROGRAMS).simulate(SEED).checked(false);
    let machine = machine.console(Console::Memory(console.clone()));
    (machine.task(task).start().expect("the machine boots"), console)
}

/// Reads a whole file.
fn read_file(fd: Fd) -> impl Routine<Result<String, Errno>> {
    routine!(move {
        let mut bytes = Vec::new();
        loop {
            let data = trap!(yield read(fd, 1 << 20))?;
            if data.is_empty() {
                trap!(yield close(fd))?;
                return Ok(String::from_utf8(bytes).expect("text"));
            }
            bytes.extend_from_slice(&data);
        }
    })
}

/// What a task has seen at one moment.
#[derive(Default)]
struct Seen {
    tasks: Vec<TaskInfo>,
    lines: String,
    stat: String,
    listed: Vec<String>,
}

/// Looks in every way there is, and has `ps` look as well.
fn look(seen: Arc<Mutex<Seen>>) -> Task {
    task!({
        let (stat, lines) = (trap!(yield open("/proc/stat", OpenFlags::READ))?, "/proc/tasks");
        let lines = trap!(yield open(lines, OpenFlags::READ))?;
        let directory = trap!(yield open("/proc", OpenFlags::READ))?;
        let mut listed = Vec::new();
        loop {
            let entries = trap!(yield readdir(directory))?;
            if entries.is_empty() {
                break;
            }
            listed.extend(entries.into_iter().map(|entry| entry.name.into_string()));
        }
        let all = trap!(yield tasks())?;
        let (stat, lines) = (call!(read_file(stat))?, call!(read_file(lines))?);
        *seen.lock().unwrap() = Seen { tasks: all, lines, stat, listed };
        let ps = ProgramRequest { name: "ps".into(), args: Args::new(), options: SpawnOptions::default() };
        let ps = trap!(yield spawn_program(ps))?;
        trap!(yield wait(ps)).map(drop)
    })
}

fn value(stat: &str, name: &str) -> u64 {
    let line = stat.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('\t'));
    line.expect(name).parse().expect("a number")
}

/// The state in a word, and what is waited on.
fn state(task: &TaskInfo) -> (&'static str, String) {
    match task.state {
        TaskState::Blocked(on) => ("blocked", on.to_string()),
        TaskState::Zombie => ("zombie", String::new()),
        TaskState::Ready => ("ready", String::new()),
        TaskState::Running => ("running", String::new()),
        TaskState::Stopped => ("stopped", String::new()),
    }
}

/// The beginning of a task's line in `/proc/tasks`.
fn line(task: &TaskInfo) -> String {
    let (TaskInfo { tid, parent, group, turns, traps, fds, name, .. }, (word, on)) = (task, state(task));
    format!("{tid}\t{parent}\t{group}\t{word}\t{on}\t{turns}\t{traps}\t{fds}\t{name}\t")
}

/// Its line in `ps`, with one blank between the columns.
fn row(task: &TaskInfo) -> String {
    let TaskInfo { tid, parent, turns, traps, fds, name, .. } = task;
    format!("{tid} {parent} {} {turns} {traps} {fds} {name}", task.state).trim_end().to_owned()
}

/// Compares all views at a moment at which every task waits.
fn compare(running: &mut Running, console: &MemoryConsole) {
    let (known, stats): (Vec<TaskInfo>, Stats) = (running.tasks(), running.stats());
    let zombies = known.iter().filter(|task| task.state == TaskState::Zombie).count();
    assert_eq!((known.len() - zombies, zombies), (stats.tasks as usize, stats.zombies as usize));
    let (seen, printed) = (Arc::new(Mutex::new(Seen::default())), console.stdout().len());
    let observer = running.spawn(look(Arc::clone(&seen))).expect("there is room");
    running.run_until_blocked();
    let seen = seen.lock().unwrap();
    let is_other = |task: &&TaskInfo| task.tid != observer;
    let others: Vec<&TaskInfo> = seen.tasks.iter().filter(is_other).collect();
    assert_eq!(others.iter().map(|task| line(task)).collect::<Vec<_>>(), known.iter().map(line).collect::<Vec<_>>());
    let lines: Vec<&str> = seen.lines.lines().skip(1).collect();
    assert_eq!(lines.len(), known.len() + 1, "it sees itself as well");
    for (told, task) in lines.iter().zip(&known) {
        assert!(told.starts_with(&line(task)), "{told} for {task:?}");
    }
    let numbers = seen.listed.iter().filter(|name| name.parse::<u64>().is_ok());
    assert!(
        numbers.eq(known
            .iter()
            .map(|task| task.tid.to_string())
            .chain([observer.to_string()])
            .collect::<Vec<_>>()
            .iter())
    );
    for (name, expected) in [
        ("tasks", u64::from(stats.tasks) + 1),
        ("zombies", u64::from(stats.zombies)),
        ("spawned", stats.spawned + 1),
        ("timers", u64::from(stats.timers)),
        ("ports", u64::from(stats.ports)),
        ("ram_bytes", stats.ram_bytes),
    ] {
        assert_eq!(value(&seen.stat, name), expected, "{name}");
    }
    let output = console.stdout().split_off(printed);
    let output = String::from_utf8(output).expect("text");
    let rows = output.lines().skip(1).map(|row| row.split_whitespace().collect::<Vec<_>>().join(" "));
    let rows: Vec<String> = rows.take(known.len()).collect();
    assert_eq!(rows, known.iter().map(row).collect::<Vec<_>>());
}

#[test]
fn every_view_of_the_tasks_agrees_while_ten_thousand_come_and_go() {
    let (mut running, console) = machine(churn());
    let mut compared = 0;
    while running.run_until_blocked() != Work::Over {
        compare(&mut running, &console);
        compared += 1;
        running.wait();
    }
    assert!(compared > 200, "{compared}");
    assert!(running.stats().spawned > u64::from(WAVES * TASKS_A_WAVE));
    assert_eq!(running.run(), Ended::Finished(ExitStatus::Exited(0)));
}

/// Compares, in one turn each, what two files tell that were opened one after the other, until `churning`
/// has ended; gives how often it did.
fn watch_closely(churning: Tid) -> impl Routine<Result<u32, Errno>> {
    routine!(move {
        let mut compared = 0;
        while trap!(yield try_wait(churning))?.is_none() {
            // A turn of its own, whose quantum is more than what follows takes up to the second open.
            trap!(yield sleep(Duration::from_micros(500)))?;
            let stat = trap!(yield open("/proc/stat", OpenFlags::READ))?;
            let lines = trap!(yield open("/proc/tasks", OpenFlags::READ))?;
            let (stat, lines) = (call!(read_file(stat))?, call!(read_file(lines))?);
            let states: Vec<&str> = lines.lines().skip(1).filter_map(|line| line.split('\t').nth(3)).collect();
            let count = |wanted: &str| states.iter().filter(|state| **state == wanted).count() as u64;
            assert_eq!(value(&stat, "zombies"), count("zombie"));
            assert_eq!(value(&stat, "tasks"), states.len() as u64 - count("zombie"));
            assert_eq!(count("running"), 1, "who looks");
            compared += 1;
        }
        Ok(compared)
    })
}

#[test]
fn a_task_sees_one_moment_in_the_middle_of_the_churn() {
    let (mut running, _) = machine(task!({
        let churning = trap!(yield spawn(churn()))?;
        let compared = call!(watch_closely(churning))?;
        assert!(compared > 100, "{compared}");
        Ok(())
    }));
    assert_eq!(running.run(), Ended::Finished(ExitStatus::Exited(0)));
}
