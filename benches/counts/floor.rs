//! The floor: a loop that resumes the cases' coroutines, and does only what they cannot do without.
//!
//! It has no states, no checks, no accounting, no timers and no files. What the kernel costs beyond
//! it is what the kernel gives.

use std::{collections::VecDeque, ops::CoroutineState};
use yieldix::syscalls::{ExitStatus, Reply, Syscall, Task, Tid, Trap};

/// One coroutine, and its callers.
struct Thread {
    body: Task,
    callers: Vec<Task>,
}

impl Thread {
    fn new(body: Task) -> Thread {
        Thread { body, callers: Vec::new() }
    }
}

/// Runs `main`, and after each of its traps whatever it has spawned, to the end.
pub fn run(main: Task) {
    let mut main = Thread::new(main);
    let mut children = Children::default();
    resume_to_the_end(&mut main, &mut children);
}

/// What main has spawned: `wait` runs it to the end.
#[derive(Default)]
struct Children {
    ready: Vec<Task>,
    ended: VecDeque<Tid>,
}

impl Children {
    /// Gives each child a turn in order, until all have ended.
    fn run(&mut self) {
        let mut live = std::mem::take(&mut self.ready);
        while !live.is_empty() {
            live.retain_mut(|child| match child.resume(Reply::Unit) {
                step @ CoroutineState::Yielded(Trap { call: Syscall::YieldNow, .. }) => {
                    std::mem::forget(step);
                    true
                }
                CoroutineState::Complete(_) => {
                    self.ended.push_back(Tid::NONE);
                    false
                }
                CoroutineState::Yielded(trap) => panic!("a child of the floor only yields: {}", trap.call),
            });
        }
    }

    fn wait(&mut self) -> Reply {
        if self.ended.is_empty() {
            self.run();
        }
        let tid = self.ended.pop_front().unwrap_or(Tid::NONE);
        Reply::exit(tid, ExitStatus::Exited(0))
    }
}

fn resume_to_the_end(thread: &mut Thread, children: &mut Children) {
    let mut reply = Reply::Unit;
    loop {
        reply = match thread.body.resume(reply) {
            step @ CoroutineState::Yielded(Trap { call: Syscall::GetTid, .. }) => {
                std::mem::forget(step);
                Reply::Tid(Tid::NONE)
            }
            step => match other(thread, children, step) {
                Some(reply) => reply,
                None => return,
            },
        };
    }
}

#[inline(never)]
fn other(
    thread: &mut Thread,
    children: &mut Children,
    step: CoroutineState<Trap, Result<(), yieldix::syscalls::Errno>>,
) -> Option<Reply> {
    let call = match step {
        CoroutineState::Yielded(trap) => trap.call,
        CoroutineState::Complete(_) => {
            thread.body = thread.callers.pop()?;
            return Some(Reply::Unit);
        }
    };
    Some(match call {
        Syscall::Spawn { task } => {
            children.ready.push(task);
            Reply::Tid(Tid::NONE)
        }
        Syscall::Wait { .. } | Syscall::WaitAny => children.wait(),
        Syscall::Subroutine { body } => {
            thread.callers.push(std::mem::replace(&mut thread.body, body));
            Reply::Unit
        }
        Syscall::Return { value } => {
            thread.body = thread.callers.pop()?;
            Reply::Value(value)
        }
        call => panic!("the floor knows no {call}"),
    })
}
