//! Sends tasks a signal.

use crate::prelude::*;
use core::fmt;

pub(crate) const PROGRAM: Program = Program::new(
    "kill",
    Group::System,
    "sends tasks, and groups by -GROUP, a signal, TERM unless another is named; -l lists them, -0 only asks if they exist",
    main,
)
.usage("[-SIGNAL | -s SIGNAL | -0] [--] {TID | -GROUP}... | -l");

#[derive(Clone, Copy, Debug, PartialEq)]
enum Target {
    Task(Tid),
    Group(Tid),
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Target::Task(tid) => write!(f, "{tid}"),
            Target::Group(group) => write!(f, "-{group}"),
        }
    }
}

impl Target {
    /// As Unix has it: a group by its name after a minus.
    fn parse(word: &str) -> Result<Target, Misuse> {
        Ok(match word.strip_prefix('-') {
            Some(group) => Target::Group(crate::args::parse("group", group)?),
            None => Target::Task(crate::args::parse("task", word)?),
        })
    }

    fn is_of(self, task: &TaskInfo) -> bool {
        match self {
            Target::Task(tid) => task.tid == tid,
            Target::Group(group) => task.group == group,
        }
    }

    fn send(self, signal: Signal) -> Call<()> {
        match self {
            Target::Task(tid) => kill(tid, signal),
            Target::Group(group) => kill_group(group, signal),
        }
    }
}

#[derive(Debug, PartialEq)]
enum Asked {
    List,
    Send(Signal, Vec<Target>),
    /// Only whether they exist: signal 0, which is none.
    Test(Vec<Target>),
}

/// Not by [`Given`]: a signal is an option whose name is the value.
fn parse(args: Args) -> Result<Asked, Misuse> {
    let mut words = args.iter().map(String::as_str).peekable();
    let mut signal = Some(Signal::Term);
    if let Some(option) = words.next_if(|word| word.starts_with('-')) {
        let name = match option {
            "--" => None,
            "--help" => return Err(Misuse::Help),
            "-l" => return Ok(Asked::List),
            "-s" => Some(words.next().ok_or_else(|| Misuse::Wrong("-s needs a value".to_owned()))?),
            option => Some(&option[1..]),
        };
        if let Some(name) = name {
            signal = match name {
                "0" => None,
                name => Some(name.parse().map_err(|()| Misuse::Wrong(format!("unknown signal {:?}", excerpt(name))))?),
            };
            words.next_if_eq(&"--");
        }
    }
    let targets: Vec<Target> = words.map(Target::parse).collect::<Result<_, _>>()?;
    if targets.is_empty() {
        return Err(Misuse::Wrong("no task given".to_owned()));
    }
    Ok(match signal {
        Some(signal) => Asked::Send(signal, targets),
        None => Asked::Test(targets),
    })
}

fn main(args: Args) -> Task {
    task!({
        let mut code = 0;
        let (signal, targets) = match call!(or_usage(&PROGRAM, parse(args)))? {
            Asked::Send(signal, targets) => (signal, targets),
            Asked::List => {
                let list: String = Signal::ALL.iter().map(|s| format!("{:>2} {}\n", s.number(), s.name())).collect();
                return print!("{list}");
            }
            Asked::Test(targets) => {
                // One list for all. As on Unix, a task that has ended and not been waited for exists.
                let tasks = trap!(yield tasks())?;
                for target in targets {
                    if !tasks.iter().any(|task| target.is_of(task)) {
                        eprintln!("kill: {target}: {}", Errno::ESRCH.meaning())?;
                        code = 1;
                    }
                }
                return trap!(yield exit(code));
            }
        };
        for target in targets {
            if let Err(errno) = trap!(yield target.send(signal)) {
                eprintln!("kill: {target}: {}", errno.meaning())?;
                code = 1;
            }
        }
        trap!(yield exit(code))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fake_kernel::{End, run, run_script, words};

    #[test]
    fn a_signal_is_named_in_any_of_four_ways() {
        let tids = || vec![Target::Task(Tid::from_serial(5))];
        assert_eq!(parse(words("5")), Ok(Asked::Send(Signal::Term, tids())));
        for line in ["-9 5", "-KILL 5", "-s kill 5", "-SIGKILL -- 5"] {
            assert_eq!(parse(words(line)), Ok(Asked::Send(Signal::Kill, tids())), "{line}");
        }
        assert_eq!(parse(words("-- 5")), Ok(Asked::Send(Signal::Term, tids())));
        let groups = || vec![Target::Group(Tid::from_serial(5))];
        assert_eq!(parse(words("-- -5")), Ok(Asked::Send(Signal::Term, groups())));
        assert_eq!(parse(words("-KILL -5")), Ok(Asked::Send(Signal::Kill, groups())));
    }

    #[test]
    fn every_task_is_tried_and_the_missing_are_named() {
        let script = [
            ("kill(7, SIGTERM)", Reply::Err(Errno::ESRCH)),
            ("kill_group(9, SIGTERM)", Reply::Err(Errno::ESRCH)),
            ("kill(8, SIGTERM)", Reply::Unit),
        ];
        let run = run_script(main(words("7 -9 8")), script);
        assert_eq!(run.errors, "kill: 7: no such task\nkill: -9: no such task\n");
        assert_eq!(run.end, End::Exited(1));
    }

    #[test]
    fn signal_0_only_asks_whether_the_tasks_exist() {
        let task = |serial, state| TaskInfo {
            tid: Tid::new(3, serial),
            parent: Tid::NONE,
            name: "some".into(),
            state,
            turns: 0,
            traps: 0,
            fds: 0,
            at: None,
            group: Tid::from_serial(7),
            ran: Duration::ZERO,
            waited: Duration::ZERO,
        };
        let list = || Reply::Tasks(Box::new(vec![task(7, TaskState::Ready), task(8, TaskState::Zombie)]));
        for line in ["-0 7 8", "-s 0 7", "-0 -- -7"] {
            let run = run_script(main(words(line)), [("tasks()", list())]);
            assert_eq!((run.errors.as_str(), run.end), ("", End::Exited(0)), "{line}");
        }
        let run = run_script(main(words("-0 9 7")), [("tasks()", list())]);
        assert_eq!((run.errors.as_str(), run.end), ("kill: 9: no such task\n", End::Exited(1)));
    }

    #[test]
    fn a_wrong_call_is_refused() {
        for (line, says) in [
            ("", "kill: no task given\n"),
            ("-9", "kill: no task given\n"),
            ("-s", "kill: -s needs a value\n"),
            ("-FOO 3", "kill: unknown signal \"FOO\"\n"),
            ("0", "kill: task \"0\": no task can have that number\n"),
        ] {
            let run = run(main(words(line)));
            assert!(run.errors.starts_with(says), "{line}: {}", run.errors);
            assert_eq!(run.end, End::Exited(2));
        }
    }
}
