//! The busiest tasks, again and again, and how long tasks are kept waiting.
//!
//! It has `/proc/sched` open for as long as it runs, which has the kernel measure. Where that is not to be had, or a
//! machine has not been measured yet, nothing is said of it.

use crate::prelude::*;
use alloc::collections::BTreeMap;
use core::{
    cmp::Reverse,
    fmt::{self, Display, Write},
};

pub(crate) const PROGRAM: Program = Program::new(
    "top",
    Group::System,
    "shows the busiest tasks, anew every -d seconds, until q or -n times; once and plainly when there is no terminal",
    main,
)
.usage("[-b] [-d SECONDS] [-n TIMES]");

struct Options {
    is_plain: bool,
    pause: Duration,
    times: Option<u32>,
}

/// How long a picture stands, unless it is told otherwise.
const PAUSE: Duration = Duration::from_secs(1);

fn parse(args: Args) -> Result<Options, Misuse> {
    let given = Given::parse(args, &["-b"], &["-d", "-n"])?.without_operands()?;
    let pause = given.value("-d")?.map_or(PAUSE, |Span(span)| span);
    Ok(Options { is_plain: given.has("-b"), pause, times: given.value("-n")? })
}

/// What each task had done when the last picture was made.
type Before = BTreeMap<Tid, u64>;

fn main(args: Args) -> Task {
    task!({
        let Options { is_plain, pause, times } = call!(or_usage(&PROGRAM, parse(args)))?;
        // To be open is all that it is for; it is closed when this ends, however that is.
        let _measuring = trap!(yield open(SCHED, OpenFlags::READ));
        let live = if is_plain { None } else { call!(live_terminal()) };
        let Some(before) = live else {
            let mut traps = Before::new();
            for time in 0..times.unwrap_or(1) {
                if time > 0 {
                    trap!(yield sleep(pause))?;
                    println!()?;
                }
                print!("{}", call!(picture(&mut traps, usize::MAX, usize::MAX))?)?;
            }
            return Ok(());
        };
        trap!(yield set_terminal(Fd::STDIN, TerminalMode::Raw))?;
        let shown = call!(show(pause, times));
        // However it ended, the terminal is as it was.
        let cursor = print!("\x1b[?25h");
        let restored = trap!(yield set_terminal(Fd::STDIN, before.mode));
        shown.and(cursor).and(restored)
    })
}

/// The terminal, if both standard input and standard output are one.
fn live_terminal() -> impl Routine<Option<TerminalInfo>> {
    routine!(move -> Option<TerminalInfo> {
        trap!(yield terminal(Fd::STDOUT)).ok()?;
        trap!(yield terminal(Fd::STDIN)).ok()
    })
}

/// The room on a terminal; one that does not know its size says 0, and is taken for a usual one.
fn room(columns: u16, rows: u16) -> (usize, usize) {
    let known = |said: u16, usual| if said == 0 { usual } else { usize::from(said) };
    (known(columns, 80), known(rows, 24))
}

/// Draws until a key ends it.
fn show(pause: Duration, times: Option<u32>) -> impl Routine<Result<(), Errno>> {
    routine!(move {
        let mut traps = Before::new();
        let mut drawn = 0;
        print!("\x1b[?25l\x1b[2J")?;
        loop {
            // Asked each time: the window may have another size.
            let TerminalInfo { columns, rows, .. } = trap!(yield terminal(Fd::STDOUT))?;
            let (columns, rows) = room(columns, rows);
            // The cursor has the last line; a window of fewer than three has no room for the keys.
            let keys = if rows < 3 { "" } else { KEYS };
            let mut text = call!(picture(&mut traps, columns, rows - 1 - keys.lines().count()))?;
            text.extend(keys.chars().take(columns));
            print!("\x1b[H{}\x1b[J", text.replace('\n', "\x1b[K\r\n"))?;
            drawn += 1;
            if times.is_some_and(|times| drawn >= times) {
                return Ok(());
            }
            if !trap!(yield poll(vec![Interest::Read(Fd::STDIN)], pause))?.is_empty() {
                let keys = trap!(yield read(Fd::STDIN, limits::READ_BYTES))?;
                if keys.is_empty() || keys.iter().any(|key| QUITS.contains(key)) {
                    return Ok(());
                }
            }
        }
    })
}

/// What stands below the tasks.
const KEYS: &str = "q leaves\n";

/// Keys that end it: `q`, and what would be signals.
const QUITS: [u8; 4] = [b'q', b'Q', 3, 4];

/// The machine in a line or two, and the busiest tasks below.
fn picture(before: &mut Before, columns: usize, rows: usize) -> impl Routine<Result<String, Errno>> {
    routine!(move {
        let info = trap!(yield sysinfo())?;
        let tasks = trap!(yield tasks())?;
        let measured = Measured::read(&call!(read_text(SCHED)).unwrap_or_default());
        let text = lay_out(&info, &tasks, &measured, before, columns, rows);
        *before = tasks.iter().map(|task| (task.tid, task.traps)).collect();
        Ok(text)
    })
}

/// What has the kernel measure, and says what was.
const SCHED: &str = "/proc/sched";

/// What it said.
#[derive(Default)]
struct Measured {
    /// Percentiles of how long tasks were ready before a turn, and of how long turns took.
    machine: String,
    /// The mean and the longest delay of each task that was measured.
    tasks: BTreeMap<Tid, (Duration, Duration)>,
}

impl Measured {
    fn read(text: &str) -> Measured {
        let mut measured = Measured::default();
        let (machine, tasks) = text.split_once("\n\n").unwrap_or_default();
        for (row, name) in [("delay", "delay"), ("run", "turns")] {
            let row = Row::named(machine, "what", row).filter(|row| row.number("count").is_some_and(|count| count > 0));
            if let Some(row) = row {
                let _ = write!(measured.machine, "{name}:");
                for part in ["p50", "p90", "p99", "p99.9", "max"] {
                    let _ = write!(measured.machine, " {part} {}", Brief(row.span(part)));
                }
                measured.machine.push('\n');
            }
        }
        for row in Row::all(tasks) {
            if let (Some(tid), Some(1..)) = (row.cell("tid").and_then(|tid| tid.parse().ok()), row.number("turns")) {
                measured.tasks.insert(tid, (row.span("mean_delay"), row.span("max_delay")));
            }
        }
        measured
    }
}

/// A line of a table with TABs between its columns, which its first line names.
struct Row<'a> {
    heads: &'a str,
    cells: &'a str,
}

impl<'a> Row<'a> {
    fn all(table: &'a str) -> impl Iterator<Item = Row<'a>> {
        let (heads, rows) = table.split_once('\n').unwrap_or_default();
        rows.lines().map(move |cells| Row { heads, cells })
    }

    fn named(table: &'a str, head: &str, name: &str) -> Option<Row<'a>> {
        Row::all(table).find(|row| row.cell(head) == Some(name))
    }

    fn cell(&self, head: &str) -> Option<&'a str> {
        let column = self.heads.split('\t').position(|other| other == head)?;
        self.cells.split('\t').nth(column)
    }

    fn number(&self, head: &str) -> Option<u64> {
        self.cell(head)?.parse().ok()
    }

    fn span(&self, head: &str) -> Duration {
        Duration::from_nanos(self.number(head).unwrap_or(0))
    }
}

/// A span in three digits or four, for a narrow column.
struct Brief(Duration);

impl Display for Brief {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let nanos = self.0.as_nanos();
        let (unit, name) = match nanos {
            0..1_000 => return f.pad(&format!("{nanos}ns")),
            1_000..1_000_000 => (1_000, "µs"),
            1_000_000..1_000_000_000 => (1_000_000, "ms"),
            _ => (1_000_000_000, "s"),
        };
        let decimals = if nanos < 10 * unit { 2 } else { usize::from(nanos < 100 * unit) };
        // The digits behind the point, of which those that are not shown are cut off.
        let fraction = format!("{:03}", nanos % unit * 1_000 / unit);
        let point = if decimals > 0 { "." } else { "" };
        f.pad(&format!("{}{point}{}{name}", nanos / unit, &fraction[..decimals]))
    }
}

fn lay_out(
    info: &SysInfo,
    tasks: &[TaskInfo],
    measured: &Measured,
    before: &Before,
    columns: usize,
    rows: usize,
) -> String {
    let SysInfo { uptime, zombies, files, timers, turns, traps, .. } = info;
    let blocked = tasks.iter().filter(|task| matches!(task.state, TaskState::Blocked(_))).count();
    let mut text = format!(
        "up {uptime}, {} tasks: {blocked} blocked, {zombies} zombies; {files} files, {timers} timers\n\
         {turns} turns, {traps} traps\n{}\n{:>8} {:>10} {:>10} {:>5} {:<24} ",
        info.tasks, measured.machine, "TID", "TRAPS", "NEW", "FDS", "STATE"
    );
    let are_measured = !measured.tasks.is_empty();
    if are_measured {
        let _ = write!(text, "{:>7} {:>7} ", "DELAY", "MAX");
    }
    text.push_str("NAME\n");
    // Since the last picture; a task that was not on it has all its traps since.
    let new = |task: &TaskInfo| task.traps - before.get(&task.tid).copied().unwrap_or(0).min(task.traps);
    let mut busiest: Vec<&TaskInfo> = tasks.iter().collect();
    busiest.sort_by_key(|task| (Reverse(new(task)), Reverse(task.traps), task.tid));
    for task in busiest {
        // Writing to a String does not fail. A name may have control characters, which must not reach the terminal.
        let _ = write!(
            text,
            "{:>8} {:>10} {:>10} {:>5} {:<24} ",
            task.tid.to_string(),
            task.traps,
            new(task),
            task.fds,
            task.state.to_string()
        );
        match measured.tasks.get(&task.tid) {
            Some((mean, max)) => {
                let _ = write!(text, "{:>7} {:>7} ", Brief(*mean), Brief(*max));
            }
            None if are_measured => {
                let _ = write!(text, "{:>7} {:>7} ", "-", "-");
            }
            None => {}
        }
        let _ = writeln!(text, "{}", task.name.escape_debug());
    }
    let cut = |line: &str| line.chars().take(columns).collect::<String>();
    let lines: Vec<String> = text.lines().take(rows).map(cut).collect();
    lines.join("\n") + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        fake_kernel::{run_script, words},
        programs::ps::tests::task,
    };

    fn info() -> SysInfo {
        SysInfo {
            uptime: Time::from_nanos(1_500_000_000),
            tasks: 2,
            zombies: 0,
            tasks_max: 100,
            files: 3,
            pipes: 0,
            jobs: 0,
            file_waiters: 0,
            timers: 1,
            registrations: 0,
            ram_inodes: 0,
            ram_bytes: 0,
            turns: 10,
            traps: 20,
            wall_clock: Duration::ZERO,
        }
    }

    #[test]
    fn the_busiest_since_the_last_picture_come_first() {
        let tasks =
            [task(1, "init", TaskState::Blocked(WaitsOn::AnyChild), 100), task(2, "b\u{1b}", TaskState::Ready, 9)];
        let before = Before::from([(tasks[0].tid, 98)]);
        let expected = "\
up 1.500000000, 2 tasks: 1 blocked, 0 zombies; 3 files, 1 timers
10 turns, 20 traps

     TID      TRAPS        NEW   FDS STATE                    NAME
       2          9          9     0 ready                    b\\u{1b}
       1        100          2     0 any child                init
";
        assert_eq!(lay_out(&info(), &tasks, &Measured::read(""), &before, 80, 80), expected);
        let measured = "what\tcount\tmean\tp50\tp90\tp99\tp99.9\tmax\n\
                        delay\t3\t5\t999\t1000\t12345\t123456\t1234567\nrun\t0\t0\t0\t0\t0\t0\t0\n\n\
                        tid\tturns\tmean_delay\tmax_delay\tname\n1\t3\t1500\t61000000000\tinit\n2\t0\t0\t0\tb\n";
        let expected = "\
up 1.500000000, 2 tasks: 1 blocked, 0 zombies; 3 files, 1 timers
10 turns, 20 traps
delay: p50 999ns p90 1.00µs p99 12.3µs p99.9 123µs max 1.23ms

     TID      TRAPS        NEW   FDS STATE                      DELAY     MAX NAME
       2          9          9     0 ready                          -       - b\\u{1b}
       1        100          2     0 any child                 1.50µs   61.0s init
";
        assert_eq!(lay_out(&info(), &tasks, &Measured::read(measured), &before, 100, 80), expected);
    }

    #[test]
    fn the_last_line_of_the_screen_names_the_key_that_leaves() {
        let screen = |rows| {
            let mode = TerminalMode::Lines;
            let terminal =
                || Reply::Terminal(Box::new(TerminalInfo { mode, columns: 80, rows, foreground: Tid::NONE }));
            let tasks = vec![task(1, "init", TaskState::Ready, 1)];
            let script = vec![
                ("open(\"/proc/sched\", READ)", Reply::Err(Errno::ENOENT)),
                ("terminal(1)", terminal()),
                ("terminal(0)", terminal()),
                ("set_terminal(0, raw)", Reply::Unit),
                ("terminal(1)", terminal()),
                ("sysinfo()", Reply::SysInfo(Box::new(info()))),
                ("tasks()", Reply::Tasks(Box::new(tasks))),
                ("open(\"/proc/sched\", READ)", Reply::Err(Errno::ENOENT)),
                ("set_terminal(0, lines)", Reply::Unit),
            ];
            run_script(main(words("-n 1")), script).output
        };
        for rows in [1, 2, 3, 24] {
            let text = screen(rows);
            assert_eq!(text.contains("q leaves\x1b[K\r\n\x1b[J"), rows > 2, "{text:?}");
            assert!(text.matches('\n').count() <= usize::from(rows), "{text:?}");
        }
        assert!(screen(24).contains(" init\x1b[K\r\nq leaves"));
    }

    #[test]
    fn a_terminal_that_does_not_know_its_size_is_a_usual_one() {
        assert_eq!(room(0, 0), (80, 24));
        assert_eq!(room(132, 50), (132, 50));
    }

    #[test]
    fn no_more_is_shown_than_the_window_has_room_for() {
        let tasks: Vec<TaskInfo> = (1..100).map(|serial| task(serial, "漢字", TaskState::Ready, serial)).collect();
        let text = lay_out(&info(), &tasks, &Measured::default(), &Before::new(), 20, 10);
        assert_eq!(text.lines().count(), 10);
        assert!(text.lines().all(|line| line.chars().count() <= 20), "{text}");
    }
}
