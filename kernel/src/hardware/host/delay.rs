//! How long the host has kept a thread waiting that was ready to run (what it gave to others), and for how long it
//! has let it run, by its own account.
//!
//! Linux has one for each thread. Elsewhere, and where it is not told, nobody was kept waiting, and nobody ran.

use std::{fs::File, os::unix::fs::FileExt, time::Duration};

/// One thread's account.
#[derive(Debug)]
pub struct Delay {
    account: Option<File>,
}

impl Delay {
    /// That of the calling thread.
    pub fn of_this_thread() -> Delay {
        Delay { account: File::open("/proc/thread-self/schedstat").ok() }
    }

    /// For how long the thread was kept waiting so far. From any thread.
    pub fn so_far(&self) -> Duration {
        self.read(1)
    }

    /// For how long it has run so far, in whole ticks of the host. From any thread.
    pub fn ran_so_far(&self) -> Duration {
        self.read(0)
    }

    fn read(&self, column: usize) -> Duration {
        // Nanoseconds on a processor, nanoseconds in its queue, turns.
        let mut text = [0; 64];
        let length = self.account.as_ref().and_then(|account| account.read_at(&mut text, 0).ok());
        let text = length.and_then(|length| str::from_utf8(&text[..length]).ok());
        let nanos = text.and_then(|text| text.split(' ').nth(column)?.parse().ok());
        nanos.map_or(Duration::ZERO, Duration::from_nanos)
    }
}
