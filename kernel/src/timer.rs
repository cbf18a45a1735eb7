//! Timers: moments at which a blocked task is woken, in order, ties by who asked first.
//!
//! A hierarchical wheel: time in ticks is a number of seven digits, and a timer lies in the bucket of
//! the first digit in which its tick differs from the tick that the wheel has come to. When the wheel
//! comes to a bucket its timers go down to the levels below, which are empty by then; those of one
//! tick are sorted when that has come. Whoever asked first is before the others of the same moment all
//! the way, so the order is exact.
//!
//! A task has at most one timer, so the task's slot names it; setting and cancelling it take constant
//! time, and it costs 16 bytes.

use std::time::Duration;
use yieldix_syscalls::Time;

/// A tick is so many bits of nanoseconds: 33 µs.
const TICK_BITS: u32 = 15;
/// Bits of a digit.
const DIGIT_BITS: u32 = 7;
/// Buckets of a level.
const BUCKETS: usize = 1 << DIGIT_BITS;
/// Digits of a tick.
const LEVELS: usize = 7;
/// The heads of the buckets' lists come first among the nodes, then the tasks' timers.
const HEADS: u32 = (LEVELS * BUCKETS) as u32;
/// In no list.
const NIL: u32 = u32::MAX;

const _: () = assert!(TICK_BITS + LEVELS as u32 * DIGIT_BITS >= u64::BITS, "every moment has its bucket");
const _: () = assert!(BUCKETS == u128::BITS as usize, "every bucket has its bit");
const _: () = assert!(size_of::<Node>() == 16);

/// The timers that are set.
#[derive(Debug)]
pub struct Timers {
    nodes: Vec<Node>,
    levels: [Level; LEVELS],
    /// The tick that the wheel has come to: no timer in it is of an earlier one.
    tick: u64,
    len: u32,
    slack: Duration,
    /// How late waits end that the clock ends, in nanoseconds, of late.
    lateness: u64,
    plan: Option<Plan>,
    sorting: Vec<(Time, u32)>,
}

/// A timer between its neighbours in a circular list, or the head of one.
#[derive(Clone, Copy, Debug)]
struct Node {
    at: Time,
    next: u32,
    previous: u32,
}

impl Node {
    const LOOSE: Node = Node { at: Time::NEVER, next: NIL, previous: NIL };

    /// The head of an empty list. Its moment is before that of any timer.
    fn head(index: u32) -> Node {
        Node { at: Time::BOOT, next: index, previous: index }
    }
}

/// The buckets of one level, a bit each.
#[derive(Clone, Copy, Debug, Default)]
struct Level {
    /// Those that hold timers.
    occupied: u128,
    /// Those whose timers are not in order.
    disordered: u128,
}

/// One that holds timers.
#[derive(Clone, Copy, Debug)]
struct Bucket {
    /// The head of its list.
    head: u32,
    /// Its first tick.
    start: u64,
    is_ordered: bool,
}

impl Bucket {
    fn is_lowest(self) -> bool {
        self.head < BUCKETS as u32
    }
}

/// When to wake up, as long as no timer up to `until` is set or cancelled.
#[derive(Clone, Copy, Debug)]
struct Plan {
    /// The first timer.
    first: Time,
    /// The last that fires with it.
    at: Time,
    until: Time,
}

impl Timers {
    /// Room for the timers of `tasks_max` tasks; a wake-up may come `slack` after the first of them.
    ///
    /// The room is reserved and not touched, as that of the tasks.
    pub fn new(tasks_max: u32, slack: Duration) -> Timers {
        let mut nodes = Vec::with_capacity(HEADS as usize + tasks_max as usize);
        nodes.extend((0..HEADS).map(Node::head));
        let levels = [Level::default(); LEVELS];
        Timers { nodes, levels, tick: 0, len: 0, slack, lateness: 0, plan: None, sorting: Vec::new() }
    }

    /// How many are set.
    pub fn len(&self) -> u32 {
        self.len
    }

    /// Sets the timer of the task in `slot`, which has none.
    #[inline]
    pub fn set(&mut self, at: Time, slot: u32) {
        let node = HEADS + slot;
        if node as usize >= self.nodes.len() {
            self.nodes.resize(node as usize + 1, Node::LOOSE);
        }
        debug_assert!(self.nodes[node as usize].next == NIL, "a task has one timer");
        self.nodes[node as usize].at = at;
        self.len += 1;
        self.void_plan(at);
        self.place(node);
    }

    /// Takes it back. False when it is not set.
    #[inline]
    pub fn cancel(&mut self, slot: u32) -> bool {
        let is_set = self.at(slot).is_some();
        if is_set {
            self.take(HEADS + slot);
        }
        is_set
    }

    /// When the timer of the task in `slot` fires.
    pub fn at(&self, slot: u32) -> Option<Time> {
        let node = self.nodes.get(HEADS as usize + slot as usize)?;
        (node.next != NIL).then_some(node.at)
    }

    /// Takes out the next one whose moment has come: the moment, and the task's slot.
    #[inline]
    pub fn due(&mut self, now: Time) -> Option<(Time, u32)> {
        while let Some(bucket) = self.first_bucket().filter(|bucket| bucket.start <= tick(now)) {
            self.tick = bucket.start;
            if bucket.is_lowest() {
                self.sort(bucket);
                let node = self.first_in(bucket);
                let is_due = self.nodes[node as usize].at <= now;
                return is_due.then(|| (self.take(node), node - HEADS));
            }
            self.spread(bucket);
        }
        self.tick = tick(now);
        None
    }

    /// When to wake up if nothing else happens: at the last of the timers that fire within the slack
    /// after the first, which is the first itself when it is alone. Where far timers lie in disorder it
    /// is some time before them, when they have to be looked at anyway.
    ///
    /// As much earlier as waits end late, so that slack is not slack and lateness; but not before the first.
    pub fn wake_up(&mut self) -> Time {
        let plan = match self.plan {
            Some(plan) => plan,
            None => self.plan_wake_up(),
        };
        self.plan = Some(plan);
        plan.first.max(Time::from_nanos(plan.at.as_nanos().saturating_sub(self.lateness)))
    }

    /// A wait that was to end at `until` has been ended by the clock, and now it is `now`.
    pub fn note_wake_up(&mut self, until: Time, now: Time) {
        const WEIGHT: u64 = 8;
        let late = now.as_nanos().saturating_sub(until.as_nanos()).min(self.slack.as_nanos() as u64);
        self.lateness = (self.lateness * (WEIGHT - 1) + late) / WEIGHT;
    }

    fn plan_wake_up(&mut self) -> Plan {
        let Some(bucket) = self.first_bucket() else {
            return Plan { first: Time::NEVER, at: Time::NEVER, until: Time::NEVER };
        };
        if !(bucket.is_lowest() || bucket.is_ordered) {
            // At its start its timers are spread over the levels below. Putting them in order here would be
            // in vain as soon as one more comes.
            let at = Time::from_nanos(bucket.start << TICK_BITS);
            return Plan { first: at, at, until: at };
        }
        self.sort(bucket);
        let first = self.nodes[self.first_in(bucket) as usize].at;
        let until = first + self.slack;
        let in_reach = self.buckets().take_while(|bucket| bucket.start <= tick(until));
        let last = in_reach.filter_map(|bucket| self.last_in(bucket, until)).last();
        Plan { first, at: last.unwrap_or(until), until }
    }

    /// The node that is first in a bucket's list.
    fn first_in(&self, bucket: Bucket) -> u32 {
        self.nodes[bucket.head as usize].next
    }

    /// The last moment in a bucket that is not after `until`.
    fn last_in(&self, bucket: Bucket, until: Time) -> Option<Time> {
        let last = self.nodes[self.nodes[bucket.head as usize].previous as usize].at;
        if bucket.is_ordered && last <= until {
            return Some(last);
        }
        let may_be_more = |at: &Time| *at <= until || !bucket.is_ordered;
        self.list(bucket.head).map(|(at, _)| at).take_while(may_be_more).filter(|at| *at <= until).max()
    }

    /// A timer for this moment is set or taken out.
    fn void_plan(&mut self, at: Time) {
        if self.plan.is_some_and(|plan| at <= plan.until) {
            self.plan = None;
        }
    }

    /// Puts the timers of a bucket that the wheel has come to into the levels below.
    fn spread(&mut self, bucket: Bucket) {
        self.plan = None;
        let mut node = std::mem::replace(&mut self.nodes[bucket.head as usize], Node::head(bucket.head)).next;
        self.note_empty(bucket.head);
        while node != bucket.head {
            let next = self.nodes[node as usize].next;
            self.place(node);
            node = next;
        }
    }

    /// Puts the timers of a bucket in order; those of one moment stay as they are.
    fn sort(&mut self, bucket: Bucket) {
        if bucket.is_ordered {
            return;
        }
        let mut sorting = std::mem::take(&mut self.sorting);
        sorting.extend(self.list(bucket.head));
        sorting.sort_by_key(|(at, _)| *at);
        self.nodes[bucket.head as usize] = Node::head(bucket.head);
        for (_, node) in sorting.drain(..) {
            self.push(bucket.head, node);
        }
        self.sorting = sorting;
        let (level, bit) = self.level_and_bit(bucket.head);
        level.disordered &= !bit;
    }

    /// Puts a node into the bucket of its moment.
    fn place(&mut self, node: u32) {
        let at = self.nodes[node as usize].at;
        let level = (tick(at) ^ self.tick | 1).ilog2() / DIGIT_BITS;
        let digit = (tick(at) >> (level * DIGIT_BITS)) as usize % BUCKETS;
        let head = level * BUCKETS as u32 + digit as u32;
        let last = self.nodes[head as usize].previous;
        let is_before_last = at < self.nodes[last as usize].at;
        let level = &mut self.levels[level as usize];
        level.occupied |= 1 << digit;
        level.disordered |= u128::from(is_before_last) << digit;
        self.push(head, node);
    }

    /// Puts a node at the end of a list.
    fn push(&mut self, head: u32, node: u32) {
        let last = std::mem::replace(&mut self.nodes[head as usize].previous, node);
        self.nodes[last as usize].next = node;
        let place = &mut self.nodes[node as usize];
        (place.next, place.previous) = (head, last);
    }

    /// Takes out a timer; gives its moment.
    fn take(&mut self, node: u32) -> Time {
        let Node { at, next, previous } = std::mem::replace(&mut self.nodes[node as usize], Node::LOOSE);
        self.nodes[previous as usize].next = next;
        self.nodes[next as usize].previous = previous;
        // The two neighbours of the only one are the head.
        if next == previous {
            self.note_empty(next);
        }
        self.len -= 1;
        self.void_plan(at);
        at
    }

    fn note_empty(&mut self, head: u32) {
        let (level, bit) = self.level_and_bit(head);
        level.occupied &= !bit;
        level.disordered &= !bit;
    }

    fn level_and_bit(&mut self, head: u32) -> (&mut Level, u128) {
        (&mut self.levels[head as usize / BUCKETS], 1 << (head as usize % BUCKETS))
    }

    /// The buckets that hold timers, in order of time: a level's are all before the next level's.
    fn buckets(&self) -> impl Iterator<Item = Bucket> {
        (0..LEVELS).flat_map(move |level| {
            let some = |bits: u128| (bits != 0).then_some(bits);
            let bits = std::iter::successors(some(self.levels[level].occupied), move |bits| some(bits & (bits - 1)));
            bits.map(move |bits| self.bucket(level, bits.trailing_zeros()))
        })
    }

    /// The first of these.
    #[inline]
    fn first_bucket(&self) -> Option<Bucket> {
        let level = self.levels.iter().position(|level| level.occupied != 0)?;
        Some(self.bucket(level, self.levels[level].occupied.trailing_zeros()))
    }

    fn bucket(&self, level: usize, digit: u32) -> Bucket {
        let shift = level as u32 * DIGIT_BITS;
        let above = self.tick >> shift >> DIGIT_BITS << DIGIT_BITS;
        Bucket {
            head: (level * BUCKETS) as u32 + digit,
            start: (above | u64::from(digit)) << shift,
            is_ordered: self.levels[level].disordered >> digit & 1 == 0,
        }
    }

    /// A list from its head on: moments and nodes.
    fn list(&self, head: u32) -> impl Iterator<Item = (Time, u32)> {
        let entry = move |node: u32| (node != head).then(|| (self.nodes[node as usize].at, node));
        std::iter::successors(entry(self.nodes[head as usize].next), move |(_, node)| {
            entry(self.nodes[*node as usize].next)
        })
    }
}

/// The tick that a moment lies in.
fn tick(at: Time) -> u64 {
    at.as_nanos() >> TICK_BITS
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    fn timers(slack: Duration) -> Timers {
        Timers::new(0, slack)
    }

    fn nanos(count: u64) -> Time {
        Time::from_nanos(count)
    }

    fn due(timers: &mut Timers, now: Time) -> Vec<u32> {
        std::iter::from_fn(|| timers.due(now)).map(|(_, slot)| slot).collect()
    }

    #[test]
    fn timers_fire_by_time_and_then_by_who_asked_first() {
        let mut timers = timers(Duration::ZERO);
        let [early, late] = [nanos(10), nanos(20)];
        for (at, slot) in [(late, 1), (early, 2), (early, 3), (early, 0)] {
            timers.set(at, slot);
        }
        assert!(timers.cancel(3));
        assert!(!timers.cancel(3));
        assert_eq!(timers.wake_up(), early);
        assert_eq!(due(&mut timers, nanos(15)), [2, 0]);
        assert_eq!(timers.wake_up(), late);
    }

    #[test]
    fn of_one_moment_who_asked_long_before_is_first() {
        let mut timers = timers(Duration::ZERO);
        let at = nanos(3_600_000_000_000);
        timers.set(at, 7);
        // Each is nearer when it is set, and begins on a lower level.
        for (slot, before_ns) in [(6, 60_000_000_000), (5, 3_000_000), (4, 1_000), (3, 1)] {
            assert_eq!(due(&mut timers, nanos(at.as_nanos() - before_ns)), []);
            timers.set(at, slot);
        }
        assert_eq!(due(&mut timers, at), [7, 6, 5, 4, 3]);
    }

    #[test]
    fn one_wake_up_serves_those_within_the_slack_and_no_other() {
        let mut timers = timers(Duration::from_micros(100));
        assert_eq!(timers.wake_up(), Time::NEVER);
        timers.set(nanos(1_000_000), 0);
        assert_eq!(timers.wake_up(), nanos(1_000_000), "alone");
        timers.set(nanos(1_100_001), 1);
        assert_eq!(timers.wake_up(), nanos(1_000_000), "the next is too late");
        timers.set(nanos(1_100_000), 2);
        timers.set(nanos(1_050_000), 3);
        assert_eq!(timers.wake_up(), nanos(1_100_000));
        timers.cancel(0);
        assert_eq!(timers.wake_up(), nanos(1_100_001));
        timers.cancel(1);
        assert_eq!(timers.wake_up(), nanos(1_100_000));
        assert_eq!(due(&mut timers, nanos(1_100_000)), [3, 2]);
        assert_eq!(timers.wake_up(), Time::NEVER);
    }

    /// A small generator: xorshift.
    fn next(seed: &mut u64) -> u64 {
        *seed ^= *seed << 13;
        *seed ^= *seed >> 7;
        *seed ^= *seed << 17;
        *seed
    }

    /// A moment after `now`: near or far, and often one that others have as well.
    fn moment(now: u64, seed: &mut u64) -> u64 {
        let span = next(seed) >> (next(seed) % 63 + 1);
        let at = now.saturating_add(span);
        let at = if next(seed).is_multiple_of(2) { at >> 12 << 12 } else { at };
        at.clamp(now + 1, u64::MAX - 1)
    }

    #[test]
    fn a_wake_up_that_comes_late_is_asked_for_earlier_but_not_before_the_first() {
        let mut timers = timers(Duration::from_nanos(100));
        timers.set(nanos(1000), 0);
        timers.set(nanos(1090), 1);
        for _ in 0..100 {
            timers.note_wake_up(nanos(500), nanos(550));
        }
        let wake_up = timers.wake_up();
        assert!(nanos(1090 - 50) <= wake_up && wake_up < nanos(1090 - 40), "{wake_up}");
        timers.cancel(1);
        assert_eq!(timers.wake_up(), nanos(1000));
    }

    #[test]
    fn random_timers_are_those_of_an_ordered_map() {
        const SLOTS: u64 = 200;
        for first_seed in 1..200u64 {
            let mut seed = first_seed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
            let slack = Duration::from_nanos(next(&mut seed) >> (next(&mut seed) % 63 + 1));
            let (mut now, mut asked) = (0, 0u64);
            let (mut timers, mut model) = (timers(slack), BTreeMap::new());
            let mut moments: BTreeMap<u32, (u64, u64)> = BTreeMap::new();
            for _ in 0..600 {
                let slot = (next(&mut seed) % SLOTS) as u32;
                assert_eq!(timers.at(slot), moments.get(&slot).map(|key| nanos(key.0)), "seed {first_seed}");
                match next(&mut seed) % 8 {
                    0..5 if !moments.contains_key(&slot) => {
                        asked += 1;
                        let key = (moment(now, &mut seed), asked);
                        timers.set(nanos(key.0), slot);
                        model.insert(key, slot);
                        moments.insert(slot, key);
                    }
                    5 => {
                        let key = moments.remove(&slot);
                        assert_eq!(timers.cancel(slot), key.is_some(), "seed {first_seed}");
                        key.map(|key| model.remove(&key));
                    }
                    6 => now = moment(now, &mut seed).min(model.keys().next().map_or(now, |key| key.0)).max(now),
                    _ => now = moment(now, &mut seed).min(model.keys().nth(5).map_or(now, |key| key.0)).max(now),
                }
                let mut expected = Vec::new();
                while let Some(entry) = model.first_entry().filter(|entry| entry.key().0 <= now) {
                    moments.remove(entry.get());
                    expected.push(entry.remove());
                }
                assert_eq!(due(&mut timers, nanos(now)), expected, "seed {first_seed}");
                assert_eq!(timers.len() as usize, model.len(), "seed {first_seed}");
                let first = model.keys().next().map_or(Time::NEVER, |key| nanos(key.0));
                let last = model.keys().map(|key| nanos(key.0)).take_while(|at| *at <= first + slack).last();
                let last = last.unwrap_or(Time::NEVER);
                // Where timers lie in disorder it wakes up before, to look closer; once a level at most.
                for _ in 1..LEVELS {
                    let at = timers.wake_up();
                    if at == last || at >= first {
                        break;
                    }
                    assert!(at > nanos(now), "seed {first_seed}");
                    now = at.as_nanos();
                    assert_eq!(due(&mut timers, at), [], "seed {first_seed}");
                }
                assert_eq!(timers.wake_up(), last, "seed {first_seed}");
            }
        }
    }
}
