//! The edges of the course's kernels, each measured there, and what ours does at it.
//!
//! A test is named after the row of the table of edges that it proves: where pyos died,
//! froze, or let the wrong task go on, ours is held to an answer. What must not compile (11, 27, 28,
//! 29) is in `protection.rs`. Row 18 cannot happen here.

#![feature(coroutines, coroutine_trait)]

#[path = "../common/mod.rs"]
mod common;

mod descriptors;
mod faults;
mod kill;
mod machine;
mod wait;

use common::{SEED, Witness, run};
use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::Duration,
};
use yieldix::{
    Ended, Machine,
    syscalls::{calls::*, *},
};

const WELL: Ended = Ended::Finished(ExitStatus::Exited(0));
const HOUR: Duration = Duration::from_secs(3600);

/// Boots a task that asserts what it claims, alone, and sees it end well.
fn passes(task: Task) -> Witness {
    passes_on(common::machine().task(task))
}

fn passes_on(machine: Machine) -> Witness {
    let (ended, seen) = run(machine);
    assert_eq!(ended, WELL);
    seen
}

/// What tasks did, and their destructors, in the order in which they did it.
#[derive(Clone, Default)]
struct Trail(Arc<Mutex<Vec<&'static str>>>);

impl Trail {
    fn note(&self, what: &'static str) {
        self.0.lock().unwrap().push(what);
    }

    /// Notes `what` when it is dropped.
    fn on_drop(&self, what: &'static str) -> OnDrop {
        OnDrop(self.clone(), what)
    }

    fn notes(&self) -> Vec<&'static str> {
        self.0.lock().unwrap().clone()
    }
}

struct OnDrop(Trail, &'static str);

impl Drop for OnDrop {
    fn drop(&mut self) {
        self.0.note(self.1);
    }
}

/// Waits for longer than any test lasts.
fn sleeper() -> Task {
    task!({ trap!(yield sleep(HOUR)) })
}

/// Gives the others so many turns, then exits with `code`.
fn short_lived(turns: u32, code: i32) -> Task {
    task!({
        for _ in 0..turns {
            trap!(yield yield_now())?;
        }
        trap!(yield exit(code))
    })
}

/// Both ends of a new connection.
fn connection() -> impl Routine<Result<(Fd, Fd), Errno>> {
    routine!(move {
        let listener = trap!(yield tcp_listen(SocketAddr::from(([127, 0, 0, 1], 0)), 1))?;
        let address = trap!(yield local_addr(listener))?;
        let ours = trap!(yield tcp_connect(address))?;
        let (theirs, _) = trap!(yield accept(listener))?;
        trap!(yield close(listener))?;
        Ok((ours, theirs))
    })
}
