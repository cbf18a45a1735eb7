//! Stages that most pipelines want. Each is a consumer, written as anybody would write one: an error of
//! a target passes through and finishes the stage, and closing it closes its targets.

use crate::flow::{Consumer, Error, consumer};
use alloc::{sync::Arc, vec::Vec};
use core::mem;
use spin::Mutex;

/// Passes on the items that `wants` approves.
pub fn filter<T: Send>(mut wants: impl FnMut(&T) -> bool + Send, mut target: impl Consumer<T>) -> impl Consumer<T> {
    consumer!(T, {
        while let Some(item) = (yield)? {
            if wants(&item) {
                target.send(item)?;
            }
        }
        target.close()
    })
}

/// Passes on what `change` makes of each item.
pub fn map<T: Send, U>(mut change: impl FnMut(T) -> U + Send, mut target: impl Consumer<U>) -> impl Consumer<T> {
    consumer!(T, {
        while let Some(item) = (yield)? {
            target.send(change(item))?;
        }
        target.close()
    })
}

/// Sends each item to all targets in order, each as far as it goes before the next. Targets of different
/// types are boxed, or joined by [`tee`].
pub fn broadcast<T, C>(targets: impl IntoIterator<Item = C>) -> impl Consumer<T>
where
    T: Clone + Send,
    C: Consumer<T>,
{
    let mut targets: Vec<C> = targets.into_iter().collect();
    consumer!(T, {
        while let Some(item) = (yield)? {
            for target in &mut targets {
                target.send(item.clone())?;
            }
        }
        targets.iter_mut().map(|target| target.close()).fold(Ok(()), Result::and)
    })
}

/// Sends each item to `first`, then to `second`.
pub fn tee<T: Clone + Send>(mut first: impl Consumer<T>, mut second: impl Consumer<T>) -> impl Consumer<T> {
    consumer!(T, {
        while let Some(item) = (yield)? {
            first.send(item.clone())?;
            second.send(item)?;
        }
        let ends = [first.close(), second.close()];
        ends.into_iter().fold(Ok(()), Result::and)
    })
}

/// Passes on lists of `size` items; the last, at the close, may be shorter. A `size` of 0 is 1.
pub fn batch<T: Send>(size: usize, mut target: impl Consumer<Vec<T>>) -> impl Consumer<T> {
    consumer!(T, {
        let mut items = Vec::new();
        while let Some(item) = (yield)? {
            items.push(item);
            if items.len() >= size {
                target.send(mem::take(&mut items))?;
            }
        }
        if !items.is_empty() {
            target.send(items)?;
        }
        target.close()
    })
}

/// A consumer that keeps what it takes, and where it keeps it.
pub fn collect<T: Send>() -> (impl Consumer<T>, Collected<T>) {
    let collected = Collected::new();
    let keeps = collected.clone();
    let sink = consumer!(T, {
        while let Some(item) = (yield)? {
            keeps.push(item);
        }
        Ok::<(), Error>(())
    });
    (sink, collected)
}

/// Items that a stage has kept. Clones are handles of the same list.
#[derive(Debug)]
pub struct Collected<T>(Arc<Mutex<Vec<T>>>);

impl<T> Collected<T> {
    /// An empty list.
    pub fn new() -> Collected<T> {
        Collected(Arc::new(Mutex::new(Vec::new())))
    }

    /// Keeps an item.
    pub fn push(&self, item: T) {
        self.0.lock().push(item);
    }

    /// Gives what was kept so far, in order, and keeps it no longer.
    pub fn take(&self) -> Vec<T> {
        mem::take(&mut *self.0.lock())
    }
}

impl<T> Default for Collected<T> {
    fn default() -> Collected<T> {
        Collected::new()
    }
}

impl<T> Clone for Collected<T> {
    fn clone(&self) -> Collected<T> {
        Collected(Arc::clone(&self.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    #[test]
    fn what_is_not_wanted_goes_no_further() {
        let (sink, kept) = collect();
        let mut odd = filter(|n| n % 2 == 1, map(|n: i32| n * 10, sink));
        for n in 1..=4 {
            odd.send(n).unwrap();
        }
        assert_eq!(kept.take(), [10, 30]);
    }

    #[test]
    fn every_target_has_each_item_before_the_next() {
        let kept = Collected::new();
        let numbered = |number: i32| {
            let kept = kept.clone();
            consumer!(i32, {
                while let Some(item) = (yield)? {
                    kept.push((number, item));
                }
                kept.push((number, -1));
                Ok(())
            })
        };
        let mut all = broadcast([numbered(1), numbered(2)]);
        all.send(5).unwrap();
        all.send(6).unwrap();
        all.close().unwrap();
        assert_eq!(kept.take(), [(1, 5), (2, 5), (1, 6), (2, 6), (1, -1), (2, -1)]);
        let mut both = tee(numbered(1), map(|n: i32| n + 1, numbered(2)));
        both.send(5).unwrap();
        both.close().unwrap();
        assert_eq!(kept.take(), [(1, 5), (2, 6), (1, -1), (2, -1)]);
    }

    #[test]
    fn an_error_of_a_sink_reaches_the_source_and_finishes_each_stage_between() {
        let sink = consumer!(i32, {
            while let Some(item) = (yield)? {
                if item == 2 {
                    return Err(Error::raise("two is too much"));
                }
            }
            Ok(())
        });
        let mut source = filter(|_| true, map(|n: i32| n, sink));
        source.send(1).unwrap();
        assert_eq!(source.send(2).unwrap_err().to_string(), "two is too much");
        assert!(matches!(source.send(3), Err(Error::Finished)));
    }

    #[test]
    fn all_targets_are_closed_though_one_fails_to() {
        let (sink, kept) = collect::<i32>();
        let bad = consumer!(i32, {
            while (yield)?.is_some() {}
            Err(Error::raise("stuck"))
        });
        let good = consumer!(i32, {
            let mut sink = sink;
            while (yield)?.is_some() {}
            sink.send(1)
        });
        let mut both = broadcast([Box::new(bad) as Box<dyn Consumer<i32>>, Box::new(good)]);
        assert_eq!(both.close().unwrap_err().to_string(), "stuck");
        assert_eq!(kept.take(), [1]);
    }

    #[test]
    fn batches_are_full_but_for_the_last() {
        let (sink, kept) = collect();
        let mut pairs = batch(2, sink);
        for n in 1..=3 {
            pairs.send(n).unwrap();
        }
        assert_eq!(kept.take(), [[1, 2]]);
        pairs.close().unwrap();
        assert_eq!(kept.take(), [[3]]);
    }

    use alloc::boxed::Box;
}
