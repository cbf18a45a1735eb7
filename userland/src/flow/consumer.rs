//! Consumers: coroutines that are pushed into.
//!
//! ```text
//!               start                 item
//!  Unstarted ───────────▶ Waiting ◀────────▶ (runs to its next yield)
//!                            │ close, throw, or it returns
//!                            ▼
//!                        Finished
//! ```

use crate::flow::Error;
use alloc::boxed::Box;
use core::{
    fmt,
    marker::PhantomData,
    mem,
    ops::{Coroutine, CoroutineState},
    pin::Pin,
};

/// What a consumer's `yield` gives: an item, `None` once it is closed, or what was thrown into it.
pub type Received<T> = Result<Option<T>, Error>;

/// Takes values of `T`, one at a time. Made by [`consumer!`](crate::consumer!), or a box of one, or a
/// `&mut` of one.
///
/// A send is a call: it returns when the consumer waits for the next item, so an error of the consumer,
/// or of any stage behind it, is the send's. Dropping a consumer is not closing it: its destructors run,
/// and no line behind its `yield`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a consumer of `{T}`",
    note = "a function that takes values returns `impl Consumer<T>`, and its body is made by `consumer!(T, {{ while let Some(item) = (yield)? {{ … }} Ok(()) }})`",
    note = "a coroutine is used in one way: a generator yields values, a consumer takes them by `(yield)?`, a task traps by `trap!(yield …)`"
)]
pub trait Consumer<T>: Send {
    /// Runs it to its first `yield`. Nothing for one that was started, as those of
    /// [`consumer!`](crate::consumer!) are when they are made.
    fn start(&mut self) -> Result<(), Error> {
        Ok(())
    }

    /// Hands it an item and runs it until it wants the next. Errors: what it raises;
    /// [`Error::NotStarted`], [`Error::Finished`], [`Error::Reentered`].
    fn send(&mut self, item: T) -> Result<(), Error>;

    /// Tells it that nothing more comes and runs it to its end: its `yield` gives `None`. Closing what has
    /// finished, or has not started, does nothing. Errors: what it raises on its way out;
    /// [`Error::IgnoredClose`] when it asks for more.
    fn close(&mut self) -> Result<(), Error>;

    /// Raises an error at its `yield`. It may catch it and go on, which is `Ok`; else the error comes back
    /// and it has finished.
    fn throw(&mut self, error: Error) -> Result<(), Error>;
}

macro_rules! consumer_behind {
    ($($pointer:ty),+) => {$(
        #[diagnostic::do_not_recommend]
        impl<T, C: Consumer<T> + ?Sized> Consumer<T> for $pointer {
            fn start(&mut self) -> Result<(), Error> {
                (**self).start()
            }

            fn send(&mut self, item: T) -> Result<(), Error> {
                (**self).send(item)
            }

            fn close(&mut self) -> Result<(), Error> {
                (**self).close()
            }

            fn throw(&mut self, error: Error) -> Result<(), Error> {
                (**self).throw(error)
            }
        }
    )+};
}

consumer_behind!(Box<C>, &mut C);

/// What [`consumer!`](crate::consumer!) makes.
pub struct Consuming<T, C> {
    state: State<C>,
    takes: PhantomData<fn(T)>,
}

/// How far a consumer is.
enum State<C> {
    /// Not run yet.
    Unstarted(Pin<Box<C>>),
    /// At its `yield`.
    Waiting(Pin<Box<C>>),
    /// It failed before its first `yield`, and nobody was told so far.
    Failed(Error),
    /// It has returned, or panicked.
    Finished,
}

impl<T, C> Consuming<T, C>
where
    C: Coroutine<Received<T>, Yield = (), Return = Result<(), Error>> + Send,
{
    /// A consumer of this coroutine, which waits for its `start`.
    pub fn unstarted(coroutine: C) -> Consuming<T, C> {
        Consuming { state: State::Unstarted(Box::pin(coroutine)), takes: PhantomData }
    }

    /// A consumer of this coroutine, at its first `yield`. If it fails before that, the first send, or the
    /// close, tells.
    pub fn started(coroutine: C) -> Consuming<T, C> {
        let mut consumer = Consuming::unstarted(coroutine);
        if let Err(error) = consumer.start() {
            consumer.state = State::Failed(error);
        }
        consumer
    }

    /// Runs it on from where it waits; elsewhere gives back what it was to receive.
    #[inline(always)]
    fn resume(&mut self, received: Received<T>) -> Result<Result<(), Error>, Received<T>> {
        let State::Waiting(coroutine) = &mut self.state else { return Err(received) };
        Ok(match coroutine.as_mut().resume(received) {
            CoroutineState::Yielded(()) => Ok(()),
            CoroutineState::Complete(end) => {
                self.state = State::Finished;
                end
            }
        })
    }

    /// Finishes it, and gives the failure that nobody was told so far.
    fn finish(&mut self) -> Result<(), Error> {
        match mem::replace(&mut self.state, State::Finished) {
            State::Failed(error) => Err(error),
            _ => Ok(()),
        }
    }
}

#[diagnostic::do_not_recommend]
impl<T, C> Consumer<T> for Consuming<T, C>
where
    C: Coroutine<Received<T>, Yield = (), Return = Result<(), Error>> + Send,
{
    fn start(&mut self) -> Result<(), Error> {
        match mem::replace(&mut self.state, State::Finished) {
            State::Unstarted(coroutine) => {
                self.state = State::Waiting(coroutine);
                // What a coroutine is started with is dropped unseen.
                self.resume(Ok(None)).unwrap_or(Ok(()))
            }
            state => {
                self.state = state;
                Ok(())
            }
        }
    }

    #[inline]
    fn send(&mut self, item: T) -> Result<(), Error> {
        match self.resume(Ok(Some(item))) {
            Ok(sent) => sent,
            Err(_) if matches!(self.state, State::Unstarted(_)) => Err(Error::NotStarted),
            Err(_) => self.finish().and(Err(Error::Finished)),
        }
    }

    fn close(&mut self) -> Result<(), Error> {
        let Ok(closed) = self.resume(Ok(None)) else { return self.finish() };
        let asks_for_more = matches!(self.state, State::Waiting(_));
        self.state = State::Finished;
        if asks_for_more { Err(Error::IgnoredClose) } else { closed }
    }

    fn throw(&mut self, error: Error) -> Result<(), Error> {
        match self.resume(Err(error)) {
            Ok(thrown) => thrown,
            Err(unseen) => {
                self.state = State::Finished;
                unseen.map(drop)
            }
        }
    }
}

impl<T, C> fmt::Debug for Consuming<T, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.state {
            State::Unstarted(_) => "Consuming (not started)",
            State::Waiting(_) => "Consuming",
            State::Failed(_) | State::Finished => "Consuming (finished)",
        })
    }
}

/// Makes a [`Consumer`] of a block that takes items of a type:
/// `consumer!(String, { while let Some(line) = (yield)? { … } Ok(()) })`.
///
/// It is at its first `yield` when it is made. `(yield)?` gives `Some(item)`, or `None` once it is closed,
/// or returns what was thrown into it; without the `?` that can be caught. The block ends with a
/// `Result<(), flow::Error>`. Variables it uses are moved into it; what it holds across a `yield` must be
/// `Send`.
#[macro_export]
macro_rules! consumer {
    ($item:ty, $body:block) => {
        $crate::flow::Consuming::started($crate::consumer_coroutine!($item, $body))
    };
    ($body:block) => {
        ::core::compile_error!("a consumer names the type of its items: `consumer!(String, { … })`")
    };
}

/// As [`consumer!`](crate::consumer!), but nothing of it runs before its
/// [`start`](crate::flow::Consumer::start).
#[macro_export]
macro_rules! unstarted {
    ($item:ty, $body:block) => {
        $crate::flow::Consuming::unstarted($crate::consumer_coroutine!($item, $body))
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! consumer_coroutine {
    ($item:ty, $body:block) => {
        $crate::flow::consuming(
            #[coroutine]
            static move |start: $crate::flow::Received<$item>| -> ::core::result::Result<(), $crate::flow::Error> {
                ::core::mem::drop(start);
                $body
            },
        )
    };
}

/// Gives the coroutine as it is: a place where its attribute may stand.
#[doc(hidden)]
pub fn consuming<T, C: Coroutine<Received<T>, Yield = (), Return = Result<(), Error>> + Send>(coroutine: C) -> C {
    coroutine
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flow::{Collected, collect};
    use alloc::{string::ToString, sync::Arc, vec::Vec};

    /// Keeps what it takes; -1 is an error; 0 returns; what is thrown is caught if it is an errno.
    fn keeper(kept: Collected<i32>) -> impl Consumer<i32> {
        consumer!(i32, {
            loop {
                match (yield) {
                    Ok(Some(-1)) => return Err(Error::raise("minus one")),
                    Ok(Some(0)) => return Ok(()),
                    Ok(Some(item)) => kept.push(item),
                    Ok(None) => {
                        kept.push(99);
                        return Ok(());
                    }
                    Err(error) if error.errno().is_some() => kept.push(77),
                    Err(error) => return Err(error),
                }
            }
        })
    }

    fn kept() -> (impl Consumer<i32>, Collected<i32>) {
        let kept = Collected::new();
        (keeper(kept.clone()), kept)
    }

    #[test]
    fn items_arrive_in_order_and_the_close_is_seen_at_the_yield() {
        let (mut keeper, kept) = kept();
        keeper.send(1).unwrap();
        keeper.send(2).unwrap();
        assert_eq!(kept.take(), [1, 2]);
        keeper.close().unwrap();
        assert_eq!(kept.take(), [99]);
        assert!(matches!(keeper.send(3), Err(Error::Finished)));
        keeper.close().unwrap();
        assert_eq!(kept.take(), []);
    }

    #[test]
    fn an_error_is_the_senders_and_finishes_the_stage() {
        let (mut keeper, _kept) = kept();
        assert_eq!(keeper.send(-1).unwrap_err().to_string(), "minus one");
        assert!(matches!(keeper.send(1), Err(Error::Finished)));
        assert!(keeper.close().is_ok());
    }

    #[test]
    fn one_that_returns_takes_that_item_and_no_other() {
        let (mut keeper, _kept) = kept();
        keeper.send(0).unwrap();
        assert!(matches!(keeper.send(1), Err(Error::Finished)));
    }

    #[test]
    fn a_thrown_error_is_caught_or_comes_back() {
        let (mut keeper, kept) = kept();
        keeper.throw(yieldix_syscalls::Errno::EIO.into()).unwrap();
        keeper.send(1).unwrap();
        assert_eq!(kept.take(), [77, 1]);
        assert_eq!(keeper.throw(Error::raise("stop")).unwrap_err().to_string(), "stop");
        assert_eq!(keeper.throw(Error::raise("again")).unwrap_err().to_string(), "again");
        assert!(matches!(keeper.send(1), Err(Error::Finished)));
    }

    #[test]
    fn one_that_goes_on_after_its_close_is_told() {
        let mut deaf = consumer!(i32, {
            loop {
                let _ = yield;
            }
        });
        assert!(matches!(deaf.close(), Err(Error::IgnoredClose)));
        assert!(matches!(deaf.send(1), Err(Error::Finished)));
    }

    #[test]
    fn one_that_is_started_by_hand_says_so_when_it_was_not() {
        let kept = Collected::new();
        let keeps = kept.clone();
        let mut lazy = unstarted!(i32, {
            keeps.push(0);
            while let Some(item) = (yield)? {
                keeps.push(item);
            }
            Ok(())
        });
        assert!(matches!(lazy.send(1), Err(Error::NotStarted)));
        assert_eq!(kept.take(), []);
        lazy.start().unwrap();
        lazy.start().unwrap();
        lazy.send(2).unwrap();
        assert_eq!(kept.take(), [0, 2]);
    }

    #[test]
    fn a_failure_before_the_first_yield_is_told_once() {
        fn broken() -> impl Consumer<i32> {
            consumer!(i32, {
                Err(Error::raise("no paper"))?;
                while (yield)?.is_some() {}
                Ok(())
            })
        }
        let mut printer = broken();
        assert_eq!(printer.send(1).unwrap_err().to_string(), "no paper");
        assert!(matches!(printer.send(1), Err(Error::Finished)));
        assert_eq!(broken().close().unwrap_err().to_string(), "no paper");
    }

    #[test]
    fn a_drop_runs_destructors_and_no_line_behind_the_yield() {
        let held = Arc::new(());
        let (holds, kept) = (Arc::clone(&held), Collected::new());
        let keeps = kept.clone();
        let consumer = consumer!(i32, {
            let _holds = holds;
            while (yield)?.is_some() {}
            keeps.push(1);
            Ok(())
        });
        drop(consumer);
        assert_eq!((Arc::strong_count(&held), kept.take()), (1, Vec::new()));
    }

    #[test]
    fn a_box_and_a_borrow_are_consumers_too() {
        let (mut sink, kept) = collect();
        let mut boxed: Box<dyn Consumer<i32>> = Box::new(&mut sink);
        boxed.start().unwrap();
        boxed.send(5).unwrap();
        boxed.close().unwrap();
        drop(boxed);
        assert_eq!(kept.take(), [5]);
        assert!(matches!(sink.send(6), Err(Error::Finished)));
    }
}
