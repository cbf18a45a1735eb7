//! The tasks of the machine.

use crate::{
    args::{FAILED_CODE, parse as parse_value},
    prelude::*,
};
use core::fmt::Write;

pub(crate) const PROGRAM: Program = Program::new(
    "ps",
    Group::System,
    "lists the tasks, or these; with -l, also the group and the source line where each is",
    main,
)
.usage("[-l] [-p TID[,TID...]]... [TID]...");

/// Are lines asked for, and which tasks? None stands for all.
fn parse(args: Args) -> Result<(bool, Vec<Tid>), Misuse> {
    let given = Given::parse_anywhere(args, &["-l"], &["-p"])?;
    let lists = given.values().map(|(_, list)| list).chain(given.operands.iter().map(String::as_str));
    let tids = lists.flat_map(|list| list.split(',')).map(|tid| parse_value("task", tid)).collect::<Result<_, _>>()?;
    Ok((given.has("-l"), tids))
}

fn main(args: Args) -> Task {
    task!({
        let (with_lines, wanted) = call!(or_usage(&PROGRAM, parse(args)))?;
        let mut tasks = trap!(yield tasks())?;
        if wanted.is_empty() {
            return print!("{}", listing(&tasks, with_lines));
        }
        let missing: Vec<&Tid> = wanted.iter().filter(|tid| !tasks.iter().any(|task| task.tid == **tid)).collect();
        let code = if missing.is_empty() { 0 } else { FAILED_CODE };
        for tid in missing {
            eprintln!("ps: task {tid}: {}", Errno::ESRCH.meaning())?;
        }
        tasks.retain(|task| wanted.contains(&task.tid));
        print!("{}", listing(&tasks, with_lines))?;
        trap!(yield exit(code))
    })
}

/// What each column is called, and whether it is of numbers, which stand to the right.
const COLUMNS: [(&str, bool); 9] = [
    ("TID", true),
    ("PPID", true),
    ("STATE", false),
    ("TURNS", true),
    ("TRAPS", true),
    ("FDS", true),
    ("NAME", false),
    ("GROUP", false),
    ("WHERE", false),
];

fn listing(tasks: &[TaskInfo], with_lines: bool) -> String {
    let shown = if with_lines { COLUMNS.len() } else { COLUMNS.len() - 2 };
    let mut rows = vec![COLUMNS.map(|(title, _)| title.to_owned())];
    rows.extend(tasks.iter().map(row));
    let widths = core::array::from_fn::<_, { COLUMNS.len() }, _>(|column| {
        rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0)
    });
    let mut text = String::new();
    for row in &rows {
        let start = text.len();
        for (cell, ((_, is_number), width)) in row.iter().zip(COLUMNS.iter().zip(widths)).take(shown) {
            // Writing to a String does not fail.
            let _ = if *is_number { write!(text, "{cell:>width$} ") } else { write!(text, "{cell:<width$} ") };
        }
        text.truncate(start + text[start..].trim_end().len());
        text.push('\n');
    }
    text
}

fn row(task: &TaskInfo) -> [String; COLUMNS.len()] {
    [
        task.tid.to_string(),
        task.parent.to_string(),
        task.state.to_string(),
        task.turns.to_string(),
        task.traps.to_string(),
        task.fds.to_string(),
        // A task may be given any name: one with control characters must not reach the terminal.
        task.name.escape_debug().to_string(),
        task.group.to_string(),
        task.at.map_or("-".to_owned(), |at| format!("{}:{}", at.file(), at.line())),
    ]
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::fake_kernel::{End, run_script, words};
    use core::panic::Location;

    pub(in crate::programs) fn task(serial: u64, name: &str, state: TaskState, turns: u64) -> TaskInfo {
        let parent = Tid::new(0, serial - 1);
        let name = name.into();
        TaskInfo {
            tid: Tid::new(1, serial),
            parent,
            name,
            state,
            turns,
            traps: turns,
            fds: 0,
            at: None,
            group: parent,
            ran: Duration::ZERO,
            waited: Duration::ZERO,
        }
    }

    #[test]
    fn columns_are_as_wide_as_what_stands_in_them() {
        let tasks = [
            task(1, "init", TaskState::Blocked(WaitsOn::AnyChild), 12345),
            task(10, "a\u{1b}[2Jb", TaskState::Ready, 3),
        ];
        let expected = "\
TID PPID STATE     TURNS TRAPS FDS NAME
  1    0 any child 12345 12345   0 init
 10    9 ready         3     3   0 a\\u{1b}[2Jb
";
        assert_eq!(listing(&tasks, false), expected);
    }

    #[test]
    fn tasks_that_are_asked_for_are_listed_and_those_that_are_not_there_told() {
        let all = || vec![task(1, "init", TaskState::Ready, 1), task(2, "sh", TaskState::Ready, 1)];
        let run_with = |line| run_script(main(words(line)), [("tasks()", Reply::Tasks(Box::new(all())))]);
        for line in ["2", "-p 2", "-p 2,2"] {
            let run = run_with(line);
            assert_eq!((run.output.lines().count(), run.output.contains("sh"), run.end), (2, true, End::Exited(0)));
        }
        let run = run_with("2,77 1");
        assert_eq!((run.output.lines().count(), run.end), (3, End::Exited(1)));
        assert_eq!(run.errors, "ps: task 77: no such task\n");
        for line in ["-1", "x", "-p 0", "2,"] {
            assert_eq!(run_with(line).end, End::Exited(2), "{line}");
        }
    }

    #[test]
    fn the_long_list_says_where_each_task_is() {
        let mut tasks = [task(1, "init", TaskState::Running, 1), task(2, "new", TaskState::Ready, 0)];
        let here = Location::caller();
        tasks[0].at = Some(here);
        let text = listing(&tasks, true);
        assert!(text.contains(&format!("init 0     {}:{}\n", here.file(), here.line())), "{text}");
        assert!(text.ends_with(" new  1     -\n"), "{text}");
    }
}
