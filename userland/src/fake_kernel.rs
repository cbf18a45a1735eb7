//! A kernel for unit tests: it runs a task on scripted answers and records what was asked.
//!
//! [`run`] answers what needs no world: printing, which it collects, and one's own id. Anything
//! else comes from a script, in order; a call that the script does not expect fails the test.

use alloc::{
    borrow::ToOwned,
    collections::VecDeque,
    string::{String, ToString},
    vec::Vec,
};
use core::ops::CoroutineState;
use yieldix_syscalls::{Args, Errno, Fd, Reply, Syscall, Task, Tid};

/// How a task ended, or was left.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// It returned.
    Returned(Result<(), Errno>),
    /// It called `exit`.
    Exited(i32),
    /// The script was over, and it asked this.
    Asks(String),
}

/// What a task did.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Run {
    /// What it wrote to standard output.
    pub output: String,
    /// What it wrote to standard error.
    pub errors: String,
    /// How it ended.
    pub end: End,
}

/// The words of a line, as a program is given them.
pub(crate) fn words(line: &str) -> Args {
    line.split_whitespace().map(ToOwned::to_owned).collect()
}

/// Runs a task to its next trap and gives what it asks.
pub(crate) fn step(task: &mut Task, reply: Reply) -> Syscall {
    match task.resume(reply) {
        CoroutineState::Yielded(trap) => trap.call,
        CoroutineState::Complete(result) => panic!("ended with {result:?}"),
    }
}

/// Runs a task that needs nothing but the console.
pub(crate) fn run(task: Task) -> Run {
    run_script(task, [])
}

/// The calls that a task must make, as a trace shows them, and their answers.
pub(crate) type Script<'a> = VecDeque<(&'a str, Reply)>;

impl Run {
    /// A task that has done nothing yet.
    pub(crate) fn new() -> Run {
        Run { output: String::new(), errors: String::new(), end: End::Returned(Ok(())) }
    }

    /// The answer to what needs no world, and to what the script has next; none when the run is over.
    pub(crate) fn answer(&mut self, call: Syscall, script: &mut Script<'_>) -> Option<Reply> {
        match call {
            Syscall::Write { fd, data } if fd == Fd::STDOUT || fd == Fd::STDERR => {
                let text = core::str::from_utf8(&data).expect("what is printed is UTF-8");
                if fd == Fd::STDOUT {
                    self.output += text
                } else {
                    self.errors += text
                }
                Some(Reply::Count(data.len() as u64))
            }
            Syscall::Exit { code } => {
                self.end = End::Exited(code);
                None
            }
            call => match script.pop_front() {
                Some((expected, reply)) => {
                    assert_eq!(call.to_string(), expected);
                    Some(reply)
                }
                None => {
                    self.end = End::Asks(call.to_string());
                    None
                }
            },
        }
    }
}

/// Runs a task against a script.
pub(crate) fn run_script<'a>(mut task: Task, script: impl IntoIterator<Item = (&'a str, Reply)>) -> Run {
    let mut script: Script<'_> = script.into_iter().collect();
    let mut run = Run::new();
    let mut reply = Reply::Unit;
    loop {
        match task.resume(reply) {
            CoroutineState::Yielded(trap) => match run.answer(trap.call, &mut script) {
                Some(answer) => reply = answer,
                None => return run,
            },
            CoroutineState::Complete(result) => {
                assert!(script.is_empty(), "ended with {result:?} before {script:?}");
                run.end = End::Returned(result);
                return run;
            }
        }
    }
}

/// The course's kernel in small: tasks in a queue, a turn a trap, printing free. Gives the lines
/// that come out of `turns` turns.
pub(crate) fn take_turns(tasks: Vec<Task>, turns: usize) -> String {
    let first_turn = |(index, task)| (Tid::new(index as u32, index as u64 + 1), task, Reply::Unit);
    let mut queue: VecDeque<(Tid, Task, Reply)> = tasks.into_iter().enumerate().map(first_turn).collect();
    let mut output = String::new();
    for _ in 0..turns {
        let Some((tid, mut task, mut reply)) = queue.pop_front() else { break };
        loop {
            match task.resume(reply) {
                CoroutineState::Yielded(trap) => match trap.call {
                    Syscall::Write { fd: Fd::STDOUT, data } => {
                        output += core::str::from_utf8(&data).expect("what is printed is UTF-8");
                        reply = Reply::Count(data.len() as u64);
                        continue;
                    }
                    Syscall::GetTid => queue.push_back((tid, task, Reply::Tid(tid))),
                    Syscall::YieldNow => queue.push_back((tid, task, Reply::Unit)),
                    call => panic!("{tid} asks {call}, which this kernel has not got"),
                },
                CoroutineState::Complete(result) => {
                    assert_eq!(result, Ok(()));
                    output += &alloc::format!("Task {tid} terminated\n");
                }
            }
            break;
        }
    }
    output
}
