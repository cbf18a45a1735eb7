//! Stages that are watched: what tracing sees of a flow.

use crate::flow::{Consumer, Error, Exclusive};
use yieldix_syscalls::Probe;

/// A consumer with a [`Probe`] before it. Made by [`probed`] and [`counted`].
#[derive(Debug)]
pub struct Probed<C> {
    probe: Probe,
    side: Side,
    consumer: C,
}

/// On which side of the stage.
#[derive(Clone, Copy, Debug)]
enum Side {
    /// The consumer is the stage.
    Stage,
    /// The consumer is what the stage sends to.
    Target,
}

/// Has a stage watched: counts the items that are sent to it, and takes its time. When its task ends, the
/// log tells them, on the target `yieldix::flow`.
///
/// What the stage sends on, and the time that is not its own, is known of the targets that are
/// [`counted`]. A machine that nobody watches gives probes that do nothing.
///
/// # Examples
///
/// ```
/// # #![feature(coroutines, coroutine_trait)]
/// use yieldix_userland::{flow::*, prelude::*};
///
/// fn evens(sink: impl Consumer<u32> + 'static) -> Task {
///     task!({
///         let evens = trap!(yield probe("evens"))?;
///         let stage = probed(&evens, filter(|n| n % 2 == 0, counted(&evens, sink)));
///         Ok(call!(drive(0..10, stage, &Output::new()))?)
///     })
/// }
/// ```
pub fn probed<C>(probe: &Probe, stage: C) -> Probed<C> {
    Probed { probe: probe.clone(), side: Side::Stage, consumer: stage }
}

/// Has what a stage sends to `target` counted with the stage, and what `target` does not timed with it.
pub fn counted<C>(probe: &Probe, target: C) -> Probed<C> {
    Probed { probe: probe.clone(), side: Side::Target, consumer: target }
}

/// It is no stage: it counts for one.
impl Exclusive for Probe {}

impl<C> Probed<C> {
    #[inline]
    fn run<R>(&mut self, items: u64, work: impl FnOnce(&mut C) -> R) -> R {
        let Probed { probe, side, consumer } = self;
        match side {
            Side::Stage => probe.within(items, || work(consumer)),
            Side::Target => probe.beyond(items, || work(consumer)),
        }
    }
}

impl<T, C: Consumer<T>> Consumer<T> for Probed<C> {
    fn start(&mut self) -> Result<(), Error> {
        self.run(0, |consumer| consumer.start())
    }

    #[inline]
    fn send(&mut self, item: T) -> Result<(), Error> {
        self.run(1, |consumer| consumer.send(item))
    }

    fn close(&mut self) -> Result<(), Error> {
        self.run(0, |consumer| consumer.close())
    }

    fn throw(&mut self, error: Error) -> Result<(), Error> {
        self.run(0, |consumer| consumer.throw(error))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flow::{batch, collect, filter};
    use alloc::{sync::Arc, vec};
    use core::sync::atomic::{AtomicU64, Ordering::Relaxed};
    use yieldix_syscalls::{StageCounts, Time};

    #[test]
    fn each_stage_counts_its_own_items_and_its_own_time() {
        let now = Arc::new(AtomicU64::new(0));
        let (shows, works) = (Arc::clone(&now), Arc::clone(&now));
        let clock: yieldix_syscalls::Clock = Arc::new(move || Time::from_nanos(shows.load(Relaxed)));
        let [(odd, odd_gauge), (pairs, pairs_gauge)] = [(); 2].map(|()| Probe::new(Arc::clone(&clock)));
        let (sink, kept) = collect();
        let sink = counted(&pairs, sink);
        let sink = counted(&odd, probed(&pairs, batch(2, sink)));
        let is_odd = move |n: &u32| {
            works.fetch_add(5, Relaxed);
            n % 2 == 1
        };
        let mut stage = probed(&odd, filter(is_odd, sink));
        for n in 0..6 {
            stage.send(n).unwrap();
        }
        stage.close().unwrap();
        assert_eq!(kept.take(), [vec![1, 3], vec![5]]);
        assert_eq!(odd_gauge.read(), StageCounts { items_in: 6, items_out: 3, time_ns: 30 });
        assert_eq!(pairs_gauge.read(), StageCounts { items_in: 3, items_out: 2, time_ns: 0 });
    }
}
