//! Sends tasks a signal.

use crate::prelude::*;

pub(crate) const PROGRAM: Program = Program::new(
    "kill",
    Group::System,
    "sends tasks a signal, TERM unless another is named; -l lists them, -0 only asks if a task exists",
    main,
)
.usage("[-SIGNAL | -s SIGNAL | -0] TID... | -l");

#[derive(Debug, PartialEq)]
enum Asked {
    List,
    Send(Signal, Vec<Tid>),
    /// Only whether they exist: signal 0, which is none.
    Test(Vec<Tid>),
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
    let tids: Vec<Tid> = words.map(|word| crate::args::parse("task", word)).collect::<Result<_, _>>()?;
    if tids.is_empty() {
        return Err(Misuse::Wrong("no task given".to_owned()));
    }
    Ok(match signal {
        Some(signal) => Asked::Send(signal, tids),
        None => Asked::Test(tids),
    })
}

fn main(args: Args) -> Task {
    task!({
        let mut code = 0;
        let (signal, tids) = match call!(or_usage(&PROGRAM, parse(args)))? {
            Asked::Send(signal, tids) => (signal, tids),
            Asked::List => {
                let list: String = Signal::ALL.iter().map(|s| format!("{:>2} {}\n", s.number(), s.name())).collect();
                return print!("{list}");
            }
            Asked::Test(tids) => {
                // One list for all. As on Unix, a task that has ended and not been waited for exists.
                let tasks = trap!(yield tasks())?;
                for tid in tids {
                    if !tasks.iter().any(|task| task.tid == tid) {
                        eprintln!("kill: {tid}: {}", Errno::ESRCH.meaning())?;
                        code = 1;
                    }
                }
                return trap!(yield exit(code));
            }
        };
        for tid in tids {
            if let Err(errno) = trap!(yield kill(tid, signal)) {
                eprintln!("kill: {tid}: {}", errno.meaning())?;
                code = 1;
            }
        }
        trap!(yield exit(code))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fake_kernel::{End, run, run_script};

    fn words(line: &str) -> Args {
        line.split_whitespace().map(ToOwned::to_owned).collect()
    }

    #[test]
    fn a_signal_is_named_in_any_of_four_ways() {
        let tids = || vec![Tid::from_serial(5)];
        assert_eq!(parse(words("5")), Ok(Asked::Send(Signal::Term, tids())));
        for line in ["-9 5", "-KILL 5", "-s kill 5", "-SIGKILL -- 5"] {
            assert_eq!(parse(words(line)), Ok(Asked::Send(Signal::Kill, tids())), "{line}");
        }
        assert_eq!(parse(words("-- 5")), Ok(Asked::Send(Signal::Term, tids())));
    }

    #[test]
    fn every_task_is_tried_and_the_missing_are_named() {
        let script = [("kill(7, SIGTERM)", Reply::Err(Errno::ESRCH)), ("kill(8, SIGTERM)", Reply::Unit)];
        let run = run_script(main(words("7 8")), script);
        assert_eq!(run.errors, "kill: 7: no such task\n");
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
        };
        let list = || Reply::Tasks(Box::new(vec![task(7, TaskState::Ready), task(8, TaskState::Zombie)]));
        for line in ["-0 7 8", "-s 0 7"] {
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
