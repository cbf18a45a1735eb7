//! Fan-in: several stages that send into one.

use crate::flow::{Consumer, Error};
use alloc::sync::Arc;
use core::{
    fmt,
    marker::PhantomData,
    sync::atomic::{AtomicUsize, Ordering},
};
use spin::Mutex;

/// What one owner alone can reach, and so what may go to another thread while the rest of a pipeline
/// stays. Everything is, but what has a [`Shared`] consumer in it.
pub auto trait Exclusive {}

/// A handle of a consumer that several stages send into. Made by [`shared`].
///
/// The consumer is closed when the last handle is. To send while a send is under way, which only stages
/// that form a circle can do, is [`Error::Reentered`].
pub struct Shared<T, C> {
    target: Arc<Target<C>>,
    is_open: bool,
    takes: PhantomData<fn(T)>,
}

struct Target<C> {
    /// Those that were neither closed nor dropped.
    open_handles: AtomicUsize,
    consumer: Mutex<C>,
}

impl<T, C> !Exclusive for Shared<T, C> {}

/// An error that was raised may be of any type, and is no stage.
impl Exclusive for Error {}

/// A consumer for several stages to send into: each takes a clone.
pub fn shared<T, C: Consumer<T>>(target: C) -> Shared<T, C> {
    let target = Target { open_handles: AtomicUsize::new(1), consumer: Mutex::new(target) };
    Shared { target: Arc::new(target), is_open: true, takes: PhantomData }
}

impl<T, C: Consumer<T>> Shared<T, C> {
    fn with(&mut self, act: impl FnOnce(&mut C) -> Result<(), Error>) -> Result<(), Error> {
        if !self.is_open {
            return Err(Error::Finished);
        }
        let mut consumer = self.target.consumer.try_lock().ok_or(Error::Reentered)?;
        act(&mut consumer)
    }
}

#[diagnostic::do_not_recommend]
impl<T, C: Consumer<T>> Consumer<T> for Shared<T, C> {
    fn start(&mut self) -> Result<(), Error> {
        self.with(|consumer| consumer.start())
    }

    fn send(&mut self, item: T) -> Result<(), Error> {
        self.with(|consumer| consumer.send(item))
    }

    fn close(&mut self) -> Result<(), Error> {
        if !self.is_open {
            return Ok(());
        }
        self.is_open = false;
        if self.target.open_handles.fetch_sub(1, Ordering::AcqRel) > 1 {
            return Ok(());
        }
        self.target.consumer.try_lock().ok_or(Error::Reentered)?.close()
    }

    fn throw(&mut self, error: Error) -> Result<(), Error> {
        self.with(|consumer| consumer.throw(error))
    }
}

impl<T, C> Clone for Shared<T, C> {
    fn clone(&self) -> Shared<T, C> {
        if self.is_open {
            self.target.open_handles.fetch_add(1, Ordering::AcqRel);
        }
        Shared { target: Arc::clone(&self.target), is_open: self.is_open, takes: PhantomData }
    }
}

impl<T, C> Drop for Shared<T, C> {
    fn drop(&mut self) {
        if self.is_open {
            self.target.open_handles.fetch_sub(1, Ordering::AcqRel);
        }
    }
}

impl<T, C> fmt::Debug for Shared<T, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Shared ({} open)", self.target.open_handles.load(Ordering::Acquire))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flow::{broadcast, collect, consumer, filter};
    use alloc::boxed::Box;

    #[test]
    fn branches_meet_in_one_sink_which_closes_with_the_last() {
        let (sink, kept) = collect();
        let closing = consumer!(i32, {
            let mut sink = sink;
            while let Some(item) = (yield)? {
                sink.send(item)?;
            }
            sink.send(-1)
        });
        let into = shared(closing);
        let mut extra = into.clone();
        let branches = [2, 3].map(|by| filter(move |n: &i32| n % by == 0, into.clone()));
        drop(into);
        let mut all = broadcast(branches);
        for n in 1..=6 {
            all.send(n).unwrap();
        }
        assert_eq!(kept.take(), [2, 3, 4, 6, 6]);
        all.close().unwrap();
        assert_eq!(kept.take(), []);
        extra.send(9).unwrap();
        extra.close().unwrap();
        assert_eq!(kept.take(), [9, -1]);
        assert!(matches!(extra.send(9), Err(Error::Finished)));
    }

    /// Where a stage finds its target once it is at work.
    type Later = Arc<Mutex<Option<Box<dyn Consumer<i32>>>>>;

    fn forwarder() -> (impl Consumer<i32>, Later) {
        let next = Later::default();
        let slot = Arc::clone(&next);
        let consumer = consumer!(i32, {
            while let Some(item) = (yield)? {
                let target = slot.lock().take();
                if let Some(mut target) = target {
                    target.send(item)?;
                }
            }
            Ok(())
        });
        (consumer, next)
    }

    #[test]
    fn a_circle_is_an_error_that_says_so() {
        let (consumer, next) = forwarder();
        let mut circle = shared(consumer);
        *next.lock() = Some(Box::new(circle.clone()));
        assert!(matches!(circle.send(1), Err(Error::Reentered)));
        assert!(matches!(circle.send(1), Err(Error::Finished)));
    }
}
