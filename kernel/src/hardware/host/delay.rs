//! How long the host has kept a thread waiting that was ready to run: what it gave to others, by its own account.
//!
//! Linux has one for each thread. Elsewhere, and where it is not told, nobody was kept waiting.

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

    /// What it says now, from any thread.
    pub fn so_far(&self) -> Duration {
        // Nanoseconds on a processor, nanoseconds in its queue, turns.
        let mut text = [0; 64];
        let length = self.account.as_ref().and_then(|account| account.read_at(&mut text, 0).ok());
        let text = length.and_then(|length| str::from_utf8(&text[..length]).ok());
        let waited = text.and_then(|text| text.split(' ').nth(1)?.parse().ok());
        waited.map_or(Duration::ZERO, Duration::from_nanos)
    }
}
