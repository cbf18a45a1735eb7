//! A kernel for unit tests: it runs a task on scripted answers and records what was asked.
//!
//! [`run`] answers what needs no world: printing, which it collects, and one's own id. Anything
//! else comes from a script, in order; a call that the script does not expect fails the test.

use alloc::{
    collections::VecDeque,
    string::{String, ToString},
    vec::Vec,
};
use core::ops::CoroutineState;
use yieldix_syscalls::{Errno, Fd, Reply, Syscall, Task, Tid};

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

/// Runs a task against a script: the calls that it must make, as a trace shows them, and their
/// answers.
pub(crate) fn run_script<'a>(mut task: Task, script: impl IntoIterator<Item = (&'a str, Reply)>) -> Run {
    let mut script: VecDeque<(&str, Reply)> = script.into_iter().collect();
    let mut run = Run { output: String::new(), errors: String::new(), end: End::Returned(Ok(())) };
    let mut reply = Reply::Unit;
    loop {
        let call = match task.resume(reply) {
            CoroutineState::Yielded(trap) => trap.call,
            CoroutineState::Complete(result) => {
                assert!(script.is_empty(), "ended with {result:?} before {script:?}");
                run.end = End::Returned(result);
                return run;
            }
        };
        reply = match call {
            Syscall::Write { fd, data } if fd == Fd::STDOUT || fd == Fd::STDERR => {
                let text = core::str::from_utf8(&data).expect("what is printed is UTF-8");
                if fd == Fd::STDOUT {
                    run.output += text
                } else {
                    run.errors += text
                }
                Reply::Count(data.len() as u64)
            }
            Syscall::Exit { code } => {
                run.end = End::Exited(code);
                return run;
            }
            call => match script.pop_front() {
                Some((expected, reply)) => {
                    assert_eq!(call.to_string(), expected);
                    reply
                }
                None => {
                    run.end = End::Asks(call.to_string());
                    return run;
                }
            },
        };
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
