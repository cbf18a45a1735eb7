//! What tasks take that do nothing.

use crate::PEER;
use common::{resident_bytes, tell};
use std::time::Duration;
use yieldix::syscalls::{calls::*, *};

/// Tasks that wait for a task that does not end, or for an hour to pass.
pub fn tasks(how: &str, count: u64) -> Task {
    let make = match how {
        "parked" => parked,
        "sleeping" => sleeping,
        _ => panic!("memory parked|sleeping"),
    };
    let case = format!("memory-{how}/{count}");
    task!({
        let main = trap!(yield gettid())?;
        let before = resident_bytes();
        for _ in 0..count {
            trap!(yield spawn(make(main)))?;
        }
        // They go into their waits.
        trap!(yield yield_now())?;
        tell(&case, PEER, "bytes", (resident_bytes() - before) / count as f64, "B");
        // A million tasks are not worth unwinding.
        std::process::exit(0)
    })
}

fn parked(main: Tid) -> Task {
    task!({ trap!(yield join(main)).map(drop) })
}

fn sleeping(_: Tid) -> Task {
    task!({ trap!(yield sleep(Duration::from_secs(3600))) })
}

/// Prints what the process takes, with one task that does nothing more.
pub fn idle() -> Task {
    task!({
        trap!(yield sleep(Duration::from_millis(10)))?;
        tell("idle", PEER, "resident", resident_bytes() / f64::from(1 << 20), "MiB");
        Ok(())
    })
}
