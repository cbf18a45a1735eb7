//! Misfortune, in measured doses.
//!
//! A fault is something that a real host may do at any time. All are off unless asked for, and
//! they draw from a generator of their own: to turn one on changes neither the latencies nor the
//! random bytes of a run.

use super::entropy::{Generator, Use};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Which faults happen, and how often. All off by default.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Faults {
    /// Of a thousand reads, how many take fewer bytes than they could.
    pub short_reads_permille: u16,
    /// Of a thousand writes, how many take fewer bytes than they could.
    pub short_writes_permille: u16,
    /// Of a thousand reads and writes of a connection, how many find it reset.
    pub resets_permille: u16,
    /// Of a thousand datagrams, how many are lost on the way.
    pub lost_datagrams_permille: u16,
    /// Of a thousand datagrams, how many arrive twice.
    pub doubled_datagrams_permille: u16,
    /// Of a thousand datagrams, how many may overtake those sent before.
    pub reordered_datagrams_permille: u16,
    /// For a thousand interrupts, how many that nobody was owed come with them.
    pub spurious_ready_permille: u16,
    /// Which call fails, counted from 1 among the calls that can: with an errno that is plausible
    /// for the call, and `EIO` where there is none better.
    pub fail_call: Option<u64>,
}

/// How many calls that can fail have been made; to be kept when the machine owns the hardware.
///
/// A test that lets every one of them fail in turn runs once without faults to learn the count.
#[derive(Clone, Debug, Default)]
pub struct CallCount(Arc<AtomicU64>);

impl CallCount {
    /// The count so far.
    pub fn count(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// Decides, call by call, what goes wrong.
#[derive(Debug)]
pub struct Misfortune {
    faults: Faults,
    chance: Generator,
    calls: CallCount,
}

impl Misfortune {
    /// The misfortune of this seed.
    pub fn new(seed: u64, faults: Faults) -> Misfortune {
        Misfortune { faults, chance: Generator::new(seed, Use::Faults), calls: CallCount::default() }
    }

    /// The count of fallible calls, shared.
    pub fn calls(&self) -> CallCount {
        self.calls.clone()
    }

    /// Counts a call that can fail. Must this one?
    pub fn strikes(&mut self) -> bool {
        let number = self.calls.0.fetch_add(1, Ordering::Relaxed) + 1;
        self.faults.fail_call == Some(number)
    }

    /// How many of `count` bytes a read takes.
    pub fn read_length(&mut self, count: usize) -> usize {
        self.length(self.faults.short_reads_permille, count)
    }

    /// How many of `count` bytes a write takes.
    pub fn write_length(&mut self, count: usize) -> usize {
        self.length(self.faults.short_writes_permille, count)
    }

    /// Is the connection in hand reset now?
    pub fn resets(&mut self) -> bool {
        self.happens(self.faults.resets_permille)
    }

    /// Is this datagram lost?
    pub fn loses_datagram(&mut self) -> bool {
        self.happens(self.faults.lost_datagrams_permille)
    }

    /// Does this datagram arrive twice?
    pub fn doubles_datagram(&mut self) -> bool {
        self.happens(self.faults.doubled_datagrams_permille)
    }

    /// May this datagram overtake others?
    pub fn reorders_datagram(&mut self) -> bool {
        self.happens(self.faults.reordered_datagrams_permille)
    }

    /// Which of `count` devices has an interrupt without cause, in which directions?
    pub fn spurious(&mut self, count: usize) -> Option<(usize, bool, bool)> {
        if count == 0 || !self.happens(self.faults.spurious_ready_permille) {
            return None;
        }
        let directions = 1 + self.chance.below(3);
        Some((self.chance.below(count as u64) as usize, directions & 1 != 0, directions & 2 != 0))
    }

    fn length(&mut self, permille: u16, count: usize) -> usize {
        if count > 1 && self.happens(permille) { 1 + self.chance.below(count as u64 - 1) as usize } else { count }
    }

    fn happens(&mut self, permille: u16) -> bool {
        permille > 0 && self.chance.below(1000) < u64::from(permille)
    }
}
