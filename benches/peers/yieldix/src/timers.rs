//! Tasks that sleep for random times.

use crate::PEER;
use common::{Fires, Random};
use std::{
    sync::Arc,
    time::{Duration, Instant},
};
use yieldix::syscalls::{calls::*, *};

/// So many for so long. Lateness is by the host's clock, as for the others.
pub fn main(case: &str, tasks: u64, seconds: u64) -> Task {
    let case = format!("{case}/{tasks}");
    task!({
        let end = Instant::now() + Duration::from_secs(seconds);
        let fires = Arc::new(Fires::new());
        for index in 0..tasks {
            trap!(yield spawn(sleeps(index, end, fires.clone())))?;
        }
        for _ in 0..tasks {
            trap!(yield wait_any())?;
        }
        fires.tell(&case, PEER);
        Ok(())
    })
}

fn sleeps(index: u64, end: Instant, fires: Arc<Fires>) -> Task {
    task!({
        let mut random = Random::of(index);
        let mut now = Instant::now();
        while now < end {
            let due = now + random.delay();
            trap!(yield sleep(due - now))?;
            now = Instant::now();
            fires.add(due, now);
        }
        Ok(())
    })
}
