//! Generators: coroutines that are pulled.

use alloc::boxed::Box;
use core::{
    fmt,
    iter::FusedIterator,
    ops::{Coroutine, CoroutineState},
    pin::Pin,
};

/// A generator of `T`: an iterator that is written as a coroutine, whose every `yield` gives a value.
///
/// Made by [`generator!`](crate::generator!). Nothing of it runs before the first value is asked for; one
/// that never ends is ended by who pulls it. Do not implement it.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a generator of `{T}`",
    note = "a function that gives values returns `impl Generator<T>`, and its body is made by `generator!({{ … yield value; … }})`",
    note = "a coroutine is used in one way: a generator yields values, a consumer takes them by `(yield)?`, a task traps by `trap!(yield …)`"
)]
pub trait Generator<T>: Iterator<Item = T> + Send {}

/// What [`generator!`](crate::generator!) makes.
pub struct Generating<C>(Option<Pin<Box<C>>>);

impl<T, C> Generating<C>
where
    C: Coroutine<(), Yield = T, Return = ()> + Send,
{
    /// A generator of this coroutine.
    pub fn new(coroutine: C) -> Generating<C> {
        Generating(Some(Box::pin(coroutine)))
    }
}

impl<T, C> Generator<T> for Generating<C> where C: Coroutine<(), Yield = T, Return = ()> + Send {}

impl<T, C> Iterator for Generating<C>
where
    C: Coroutine<(), Yield = T, Return = ()> + Send,
{
    type Item = T;

    #[inline]
    fn next(&mut self) -> Option<T> {
        match self.0.as_mut()?.as_mut().resume(()) {
            CoroutineState::Yielded(value) => Some(value),
            CoroutineState::Complete(()) => {
                self.0 = None;
                None
            }
        }
    }
}

impl<T, C> FusedIterator for Generating<C> where C: Coroutine<(), Yield = T, Return = ()> + Send {}

impl<C> fmt::Debug for Generating<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() { "Generating" } else { "Generating (ended)" })
    }
}

/// Makes a [`Generator`] of a block that yields values:
/// `generator!({ yield 1; yield 2; })`.
///
/// Variables it uses are moved into it; what it holds across a `yield` must be `Send`. `return` ends it.
#[macro_export]
macro_rules! generator {
    ($body:block) => {
        $crate::flow::Generating::new(
            #[coroutine]
            static move || -> () { $body },
        )
    };
    ($item:ty, $body:block) => {
        ::core::compile_error!(
            "a generator names no type: `generator!({ … })`; its function does, by `-> impl Generator<T>`"
        )
    };
}

/// Inside a [`generator!`](crate::generator!): yields all that another generator, or any iterator, gives.
/// Python's `yield from`.
#[macro_export]
macro_rules! delegate {
    ($inner:expr) => {
        for value in $inner {
            yield value;
        }
    };
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::{string::String, sync::Arc, vec::Vec};
    use core::sync::atomic::{AtomicBool, Ordering::Relaxed};

    fn upto(from: u32, to: u32) -> impl Generator<u32> {
        generator!({
            let mut n = from;
            while n < to {
                yield n;
                n += 1;
            }
        })
    }

    #[test]
    fn values_come_in_order_and_the_end_stays_the_end() {
        let mut three = upto(0, 3);
        assert_eq!(three.by_ref().collect::<Vec<_>>(), [0, 1, 2]);
        assert_eq!((three.next(), three.next()), (None, None));
    }

    #[test]
    fn nothing_runs_before_the_first_value_and_a_drop_drops_what_it_holds() {
        let (held, has_run) = (Arc::new(()), AtomicBool::new(false));
        let (holds, runs) = (Arc::clone(&held), &has_run);
        let mut one = generator!({
            let _holds = holds;
            runs.store(true, Relaxed);
            yield 1;
        });
        assert!(!has_run.load(Relaxed));
        assert_eq!((one.next(), Arc::strong_count(&held)), (Some(1), 2));
        drop(one);
        assert_eq!((Arc::strong_count(&held), has_run.load(Relaxed)), (1, true));
    }

    #[test]
    fn one_delegates_to_others_and_to_any_iterator() {
        let both = generator!({
            delegate!(upto(0, 2));
            delegate!([7, 8]);
        });
        assert_eq!(both.collect::<Vec<u32>>(), [0, 1, 7, 8]);
    }

    #[test]
    fn it_may_borrow_what_outlives_it_and_what_it_owns() {
        let text = String::from("one two");
        let lengths = generator!({
            let words: Vec<&str> = text.split(' ').collect();
            for word in &words {
                yield word.len();
            }
        });
        assert_eq!(lengths.sum::<usize>(), 6);
    }
}
