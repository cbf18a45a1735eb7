//! Timers: moments at which a blocked task is woken, in order, ties by who asked first.

use std::collections::BTreeMap;
use yieldix_syscalls::Time;

/// The timers that are set. A timer is named by its moment and its sequence number.
#[derive(Debug, Default)]
pub struct Timers {
    by_time: BTreeMap<(Time, u32), u32>,
    sequence: u32,
}

impl Timers {
    /// How many are set.
    pub fn len(&self) -> usize {
        self.by_time.len()
    }

    /// Sets one for the task in `slot` and gives its sequence number.
    pub fn set(&mut self, at: Time, slot: u32) -> u32 {
        self.sequence = self.sequence.wrapping_add(1);
        self.by_time.insert((at, self.sequence), slot);
        self.sequence
    }

    /// Takes one back. False when it is not set.
    pub fn cancel(&mut self, at: Time, sequence: u32) -> bool {
        self.by_time.remove(&(at, sequence)).is_some()
    }

    /// When the next one fires.
    pub fn next(&self) -> Time {
        self.by_time.first_key_value().map_or(Time::NEVER, |((at, _), _)| *at)
    }

    /// The slot of the next one whose moment has come, taken out.
    pub fn due(&mut self, now: Time) -> Option<(Time, u32)> {
        let entry = self.by_time.first_entry().filter(|entry| entry.key().0 <= now)?;
        let ((at, _), slot) = entry.remove_entry();
        Some((at, slot))
    }

    /// The slot that this timer is for.
    pub fn slot(&self, at: Time, sequence: u32) -> Option<u32> {
        self.by_time.get(&(at, sequence)).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timers_fire_by_time_and_then_by_who_asked_first() {
        let mut timers = Timers::default();
        let [early, late] = [Time::from_nanos(10), Time::from_nanos(20)];
        timers.set(late, 1);
        timers.set(early, 2);
        let cancelled = timers.set(early, 3);
        timers.set(early, 4);
        assert!(timers.cancel(early, cancelled));
        assert!(!timers.cancel(early, cancelled));
        assert_eq!(timers.next(), early);
        let due: Vec<u32> = std::iter::from_fn(|| timers.due(Time::from_nanos(15))).map(|(_, slot)| slot).collect();
        assert_eq!(due, [2, 4]);
        assert_eq!(timers.next(), late);
    }
}
