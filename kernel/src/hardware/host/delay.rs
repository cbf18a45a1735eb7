//! How long the host has kept a thread waiting that was ready to run (what it gave to others), and for how long it
//! has let it run, by its own account.
//!
//! Linux has one for each thread. Elsewhere, and where it is not told, nobody was kept waiting, and nobody ran.

use std::{fs::File, os::unix::fs::FileExt, time::Duration};

/// What a thread's account says, both at one moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Account {
    /// For how long it was kept waiting so far; a wait is told when it is over.
    pub waited: Duration,
    /// For how long it has run so far, in whole ticks of the host.
    pub ran: Duration,
}

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

    /// What it says so far. From any thread.
    pub fn so_far(&self) -> Account {
        // Nanoseconds on a processor, nanoseconds in its queue, turns.
        let mut text = [0; 64];
        let length = self.account.as_ref().and_then(|account| account.read_at(&mut text, 0).ok());
        let text = length.and_then(|length| str::from_utf8(&text[..length]).ok()).unwrap_or_default();
        let mut nanos = text.split(' ').map(|nanos| nanos.parse().map_or(Duration::ZERO, Duration::from_nanos));
        let (ran, waited) = (nanos.next().unwrap_or_default(), nanos.next().unwrap_or_default());
        Account { waited, ran }
    }
}
