//! Probes: what the stages of a flow tell of themselves while somebody watches.
//!
//! Task and kernel share the counts of a stage. Only the kernel reads them, and the clock: what a task
//! does cannot depend on either.

use crate::{Errno, Reply, Time, answer::Answer};
use alloc::sync::Arc;
use core::{
    fmt,
    sync::atomic::{AtomicU64, Ordering::Relaxed},
};

/// A clock that any thread can read.
pub type Clock = Arc<dyn Fn() -> Time + Send + Sync>;

/// The task's side: counts what passes a stage, and times it. Of a machine that nobody watches it is
/// inert, and costs a branch an item.
#[derive(Clone, Default)]
pub struct Probe(Option<Arc<Stage>>);

/// The kernel's side.
pub struct Gauge(Arc<Stage>);

/// What has passed a stage.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StageCounts {
    /// Items that were sent to it.
    pub items_in: u64,
    /// Items that it sent on.
    pub items_out: u64,
    /// The time it took, without that of the stages behind it.
    pub time_ns: u64,
}

struct Stage {
    clock: Clock,
    items_in: AtomicU64,
    items_out: AtomicU64,
    within_ns: AtomicU64,
    beyond_ns: AtomicU64,
}

impl Probe {
    /// One that counts nothing.
    pub const INERT: Probe = Probe(None);

    /// One that counts, and what reads its counts. For kernels only.
    pub fn new(clock: Clock) -> (Probe, Gauge) {
        let count = AtomicU64::default;
        let stage = Stage { clock, items_in: count(), items_out: count(), within_ns: count(), beyond_ns: count() };
        let stage = Arc::new(stage);
        (Probe(Some(Arc::clone(&stage))), Gauge(stage))
    }

    /// Does the stage's work, on so many new items: its own, and that of the stages behind it.
    #[inline]
    pub fn within<R>(&self, items: u64, work: impl FnOnce() -> R) -> R {
        match &self.0 {
            None => work(),
            Some(stage) => stage.time(&stage.items_in, items, &stage.within_ns, work),
        }
    }

    /// Does the work of the stages behind it, on so many items that it sends them.
    #[inline]
    pub fn beyond<R>(&self, items: u64, work: impl FnOnce() -> R) -> R {
        match &self.0 {
            None => work(),
            Some(stage) => stage.time(&stage.items_out, items, &stage.beyond_ns, work),
        }
    }
}

impl Stage {
    #[cold]
    #[inline(never)]
    fn time<R>(&self, counter: &AtomicU64, items: u64, nanos: &AtomicU64, work: impl FnOnce() -> R) -> R {
        counter.fetch_add(items, Relaxed);
        let begin = (self.clock)();
        let result = work();
        nanos.fetch_add((self.clock)().as_nanos().saturating_sub(begin.as_nanos()), Relaxed);
        result
    }
}

impl Gauge {
    /// Does nobody count any more? Then the counts stay.
    pub fn is_over(&self) -> bool {
        Arc::strong_count(&self.0) == 1
    }

    /// The counts so far.
    pub fn read(&self) -> StageCounts {
        let Stage { items_in, items_out, within_ns, beyond_ns, .. } = &*self.0;
        StageCounts {
            items_in: items_in.load(Relaxed),
            items_out: items_out.load(Relaxed),
            // A panic leaves the time within it uncounted, and not that beyond it.
            time_ns: within_ns.load(Relaxed).saturating_sub(beyond_ns.load(Relaxed)),
        }
    }
}

impl fmt::Debug for Probe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Probe")
    }
}

impl fmt::Debug for Gauge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Gauge({:?})", self.read())
    }
}

impl Answer for Probe {
    type Value = Probe;
    type Error = Errno;

    fn decode(reply: Reply) -> Result<Probe, Errno> {
        match reply {
            Reply::Probe(probe) => Ok(*probe),
            Reply::Err(errno) => Err(errno),
            _ => Err(Errno::EPROTO),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A clock that a test sets.
    fn clock() -> (Clock, Arc<AtomicU64>) {
        let now = Arc::new(AtomicU64::new(0));
        let shows = Arc::clone(&now);
        (Arc::new(move || Time::from_nanos(shows.load(Relaxed))), now)
    }

    #[test]
    fn a_stage_is_timed_without_the_stages_behind_it() {
        let (clock, now) = clock();
        let take = |nanos| now.fetch_add(nanos, Relaxed);
        let (probe, gauge) = Probe::new(clock);
        for _ in 0..3 {
            probe.within(1, || {
                take(10);
                for _ in 0..2 {
                    probe.beyond(1, || take(100));
                }
                take(1);
            });
        }
        assert_eq!(gauge.read(), StageCounts { items_in: 3, items_out: 6, time_ns: 33 });
    }

    #[test]
    fn an_inert_probe_does_the_work_all_the_same() {
        assert_eq!(Probe::INERT.within(1, || Probe::INERT.beyond(1, || 7)), 7);
    }
}
