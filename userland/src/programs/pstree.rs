//! The tasks as a tree of parents and children.

use crate::prelude::*;

pub(crate) const PROGRAM: Program = Program::new(
    "pstree",
    Group::System,
    "shows which task is whose child; -p with their numbers, -w also with what each waits on and where",
    main,
)
.usage("[-p] [-w]");

/// What is shown of each task beside its name.
#[derive(Clone, Copy, Default)]
struct Shown {
    numbers: bool,
    waits: bool,
}

fn parse(args: Args) -> Result<Shown, Misuse> {
    let given = Given::parse(args, &["-p --show-pids", "-w --where"], &[])?.without_operands()?;
    let waits = given.has("-w");
    // What a task waits on may be another, by its number.
    Ok(Shown { numbers: given.has("-p") || waits, waits })
}

fn main(args: Args) -> Task {
    task!({
        let shown = call!(or_usage(&PROGRAM, parse(args)))?;
        let tasks = trap!(yield tasks())?;
        print!("{}", tree(&tasks, shown))
    })
}

/// A line for each task below its parent's. Who has no parent in the list is a root.
fn tree(tasks: &[TaskInfo], shown: Shown) -> String {
    let mut children: alloc::collections::BTreeMap<Tid, Vec<&TaskInfo>> = alloc::collections::BTreeMap::new();
    let tids: alloc::collections::BTreeSet<Tid> = tasks.iter().map(|task| task.tid).collect();
    let mut left = Vec::new();
    for task in tasks.iter().rev() {
        if tids.contains(&task.parent) && task.parent != task.tid {
            children.entry(task.parent).or_default().push(task);
        } else {
            left.push((String::new(), "", "", task));
        }
    }
    let mut text = String::new();
    while let Some((above, branch, below, task)) = left.pop() {
        let number = if shown.numbers { format!("({})", task.tid) } else { String::new() };
        let parked = if shown.waits { format!(": {}", parked(task)) } else { String::new() };
        // A name may have control characters, which must not reach the terminal.
        text += &format!("{above}{branch}{}{number}{parked}\n", task.name.escape_debug());
        let above = above + below;
        // They stand in the opposite order, as what is left does.
        for (index, child) in children.remove(&task.tid).unwrap_or_default().into_iter().enumerate() {
            let (branch, below) = if index == 0 { ("└─", "  ") } else { ("├─", "│ ") };
            left.push((above.clone(), branch, below, child));
        }
    }
    text
}

/// What a task is doing or waits on, and the line at which it is. The rest is in `/proc/TID/where`.
fn parked(task: &TaskInfo) -> String {
    match task.at {
        Some(at) => format!("{} at {}:{}", task.state, at.file(), at.line()),
        None => task.state.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::programs::ps::tests::task;

    #[test]
    fn children_stand_below_their_parents() {
        let with_parent = |serial, name, parent| {
            let mut info = task(serial, name, TaskState::Ready, 1);
            info.parent = if parent == 0 { Tid::NONE } else { Tid::new(1, parent) };
            info
        };
        let tasks = [
            with_parent(1, "init", 0),
            with_parent(2, "sh", 1),
            with_parent(3, "a\u{1b}", 2),
            with_parent(4, "b", 2),
            with_parent(5, "server", 1),
            with_parent(6, "b's", 4),
            with_parent(7, "orphan", 99),
        ];
        let shown = "\
init
├─sh
│ ├─a\\u{1b}
│ └─b
│   └─b's
└─server
orphan
";
        let shown = shown.replace("b's", "b\\'s");
        assert_eq!(tree(&tasks, Shown::default()), shown);
        let numbers = Shown { numbers: true, ..Shown::default() };
        assert!(tree(&tasks, numbers).starts_with("init(1)\n├─sh(2)\n"));
        let waits = parse(vec!["-w".to_owned()]).unwrap();
        assert!(tree(&tasks, waits).starts_with("init(1): ready\n├─sh(2): ready\n"));
    }
}
