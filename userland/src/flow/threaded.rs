//! A consumer on a helper thread.
//!
//! ```text
//!              put               nothing is left
//!   Idle ────────────────▶ Working ──────────────▶ Idle
//!                             │ it was closed, or has failed
//!                             ▼
//!                           Ended
//! ```
//!
//! The queue is shared. A job of the machine is started when an item comes and the target is idle, and
//! takes items until it finds none: no item lies there while nobody works. Both sides decide under the
//! queue's lock, so either the job sees the item or its sender sees that the job is over.

use crate::{
    flow::{Consumer, Error, Exclusive, InTime, Sink},
    limits::THREADED_ITEMS,
};
use alloc::{collections::VecDeque, sync::Arc};
use core::{fmt, mem};
use spin::Mutex;
use yieldix_syscalls::{Errno, Job, Routine, call, calls::offload, routine, trap};

/// A consumer that runs on a helper thread, at most [`THREADED_ITEMS`] items behind. Made by [`threaded`].
///
/// It is the driving task's own, a [`Sink`]: what has to wait when the queue is full can be no pure stage.
/// To [`drive`](crate::flow::drive) into it is the same as into the target. By hand it is
/// `call!(far.put(item))?`, `call!(far.finish())?`.
///
/// Dropping it is not closing it: a target that is at work takes what was put, and is dropped then.
pub struct Threaded<T, C> {
    shared: Arc<Mutex<Shared<T, C>>>,
    /// The one that works, or worked last.
    job: Option<Job<()>>,
}

struct Shared<T, C> {
    queue: VecDeque<T>,
    /// What comes behind the items.
    last: Option<Last>,
    state: State,
    /// Away while a job works.
    target: Option<C>,
}

enum Last {
    Close,
    Throw(Error),
}

enum State {
    Idle,
    /// There is a job that has the target, or will take it.
    Working,
    /// The target was closed or has failed; why, until that was told.
    Ended(Option<Error>),
}

/// Runs `target` on a helper thread.
///
/// An error of the target is that of the next [`put`](Sink::put), or of the [`finish`](Sink::finish);
/// `EOWNERDEAD` when it has panicked. What it says goes to its [`Output`](crate::flow::Output) as ever, for
/// the driving task to flush.
///
/// The target must not share a stage with what stays behind:
///
/// ```compile_fail,E0277
/// # #![feature(coroutines, coroutine_trait)]
/// # use yieldix_userland::{flow::*, prelude::*};
/// # fn printer() -> impl Consumer<u32> { consumer!(u32, { while let Some(_) = (yield)? {} Ok(()) }) }
/// let printer = shared(printer());
/// let here = printer.clone();
/// let there = threaded(filter(|n: &u32| n % 2 == 0, printer));
/// ```
///
/// Without that, it may be any consumer:
///
/// ```
/// # #![feature(coroutines, coroutine_trait)]
/// # use yieldix_userland::{flow::*, prelude::*};
/// # fn printer() -> impl Consumer<u32> { consumer!(u32, { while let Some(_) = (yield)? {} Ok(()) }) }
/// let there = threaded(filter(|n: &u32| n % 2 == 0, printer()));
/// ```
pub fn threaded<T: Send + 'static, C: Consumer<T> + Exclusive + 'static>(target: C) -> Threaded<T, C> {
    let shared = Shared { queue: VecDeque::new(), last: None, state: State::Idle, target: Some(target) };
    Threaded { shared: Arc::new(Mutex::new(shared)), job: None }
}

impl<T: Send + 'static, C: Consumer<T> + 'static> Sink<T, InTime> for Threaded<T, C> {
    /// Waits only while the queue is full.
    fn put(&mut self, item: T) -> impl Routine<Result<(), Error>> {
        routine!(move -> Result<(), Error> {
            let mut item = item;
            while let Some(refused) = self.add(item)? {
                item = refused;
                call!(self.start())?;
                call!(self.join())?;
            }
            Ok(call!(self.start())?)
        })
    }

    fn finish(&mut self) -> impl Routine<Result<(), Error>> {
        self.end(Last::Close)
    }

    fn fail(&mut self, error: Error) -> impl Routine<Result<(), Error>> {
        self.end(Last::Throw(error))
    }
}

impl<T: Send + 'static, C: Consumer<T> + 'static> Threaded<T, C> {
    /// Adds to what the target is to take; gives the item back when there is no room.
    fn add(&self, item: T) -> Result<Option<T>, Error> {
        let mut shared = self.shared.lock();
        if let State::Ended(error) = &mut shared.state {
            return Err(error.take().unwrap_or(Error::Finished));
        }
        if shared.queue.len() >= THREADED_ITEMS {
            return Ok(Some(item));
        }
        shared.queue.push_back(item);
        Ok(None)
    }

    /// Starts a job, if the target is idle.
    fn start(&mut self) -> impl Routine<Result<(), Errno>> {
        routine!(move {
            let is_idle = {
                let mut shared = self.shared.lock();
                let is_idle = matches!(shared.state, State::Idle);
                if is_idle {
                    shared.state = State::Working;
                }
                is_idle
            };
            if !is_idle {
                return Ok(());
            }
            let begun = call!(self.begin());
            if begun.is_err() {
                self.shared.lock().state = State::Idle;
            }
            begun
        })
    }

    fn begin(&mut self) -> impl Routine<Result<(), Errno>> {
        routine!(move {
            if let Some(over) = self.job {
                trap!(yield over.close())?;
                self.job = None;
            }
            let shared = Arc::clone(&self.shared);
            let job = offload(move || {
                let panics = Panics(&shared);
                work(&shared);
                mem::forget(panics);
            });
            self.job = Some(trap!(yield job)?);
            Ok(())
        })
    }

    /// Waits until the job is over.
    fn join(&mut self) -> impl Routine<Result<(), Errno>> {
        routine!(move {
            let Some(job) = self.job else { return Ok(()) };
            let end = trap!(yield job.take());
            // Whatever else, a deadline for one, leaves the job as it was.
            if matches!(end, Ok(()) | Err(Errno::EOWNERDEAD)) {
                self.job = None;
            }
            if end == Err(Errno::EOWNERDEAD)
                && let State::Ended(None) = mem::replace(&mut self.shared.lock().state, State::Ended(None))
            {
                // A put was told.
                return Ok(());
            }
            end
        })
    }

    /// Has the target take all that is there and then this. Gives how that ended.
    fn end(&mut self, last: Last) -> impl Routine<Result<(), Error>> {
        routine!(move -> Result<(), Error> {
            self.shared.lock().last = Some(last);
            call!(self.start())?;
            call!(self.join())?;
            let mut shared = self.shared.lock();
            let thrown_too_late = match shared.last.take() {
                Some(Last::Throw(error)) => Some(error),
                Some(Last::Close) | None => None,
            };
            match &mut shared.state {
                State::Ended(error) => error.take().or(thrown_too_late).map_or(Ok(()), Err),
                State::Idle | State::Working => Ok(()),
            }
        })
    }
}

/// Dropped by a panic of the target: it has failed, and the next who puts is told.
struct Panics<'a, T, C>(&'a Mutex<Shared<T, C>>);

impl<T, C> Drop for Panics<'_, T, C> {
    fn drop(&mut self) {
        let mut shared = self.0.lock();
        shared.state = State::Ended(Some(Errno::EOWNERDEAD.into()));
        let rest = mem::take(&mut shared.queue);
        // Unlocked first: what is dropped may do anything.
        drop(shared);
        drop(rest);
    }
}

/// A job: takes items until there are none.
fn work<T, C: Consumer<T>>(shared: &Mutex<Shared<T, C>>) {
    let Some(mut target) = shared.lock().target.take() else { return };
    loop {
        let (item, last) = {
            let mut shared = shared.lock();
            let item = shared.queue.pop_front();
            let last = if item.is_none() { shared.last.take() } else { None };
            if item.is_none() && last.is_none() {
                shared.target = Some(target);
                shared.state = State::Idle;
                return;
            }
            (item, last)
        };
        let is_closed = matches!(last, Some(Last::Close));
        let taken = match (item, last) {
            (Some(item), _) => target.send(item),
            (None, Some(Last::Throw(error))) => target.throw(error),
            (None, Some(Last::Close) | None) => target.close(),
        };
        if is_closed || taken.is_err() {
            let mut shared = shared.lock();
            shared.state = State::Ended(taken.err());
            let rest = mem::take(&mut shared.queue);
            // Unlocked first: what is dropped may do anything.
            drop(shared);
            drop((rest, target));
            return;
        }
    }
}

impl<T, C> fmt::Debug for Threaded<T, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shared = self.shared.lock();
        let state = match &shared.state {
            State::Idle => "idle",
            State::Working => "working",
            State::Ended(_) => "ended",
        };
        write!(f, "Threaded ({state}, {} queued)", shared.queue.len())
    }
}
