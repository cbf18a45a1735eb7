//! Nurseries: children that work for one task, cannot outlive it, and give it what they come to.
//!
//! Tasks that are spawned into a [`Nursery`] end with their parent, however that ends. The first of them that
//! fails ends the others, so that nobody works for a result that will not be. [`Nursery::gather`] gives what all
//! of them have returned, in the order in which they were spawned.
//!
//! A complete program, which asks three workers and has their answers:
//!
//! ```
//! # #![feature(coroutines, coroutine_trait)]
//! use yieldix_userland::{nursery::Nursery, prelude::*};
//!
//! /// How often a letter is in a text.
//! fn count(letter: char, text: &'static str) -> impl Routine<Result<usize, Errno>> {
//!     routine!(move {
//!         trap!(yield sleep(Duration::from_millis(10)))?;
//!         if letter.is_ascii() { Ok(text.matches(letter).count()) } else { Err(Errno::EILSEQ) }
//!     })
//! }
//!
//! fn main() -> Task {
//!     task!({
//!         let mut nursery = Nursery::new();
//!         for letter in ['a', 'n', 's'] {
//!             call!(nursery.spawn(count(letter, "bananas")))?;
//!         }
//!         assert_eq!(call!(nursery.gather())?, [3, 2, 1]);
//!
//!         // One that fails, and one that would take an hour.
//!         let mut nursery = Nursery::new();
//!         let hour = routine!(move { trap!(yield sleep(Duration::from_secs(3600))).map(|()| 0) });
//!         call!(nursery.spawn(hour))?;
//!         call!(nursery.spawn(count('é', "café")))?;
//!         let failure = call!(nursery.gather()).map_err(Errno::from);
//!         assert_eq!(failure, Err(Errno::EILSEQ));
//!         Ok(())
//!     })
//! }
//! ```

use crate::prelude::*;
use alloc::collections::BTreeMap;
use core::fmt;

/// Children that each give a `T`, or fail.
///
/// It is a name for them and owns nothing: who drops one without [`Nursery::gather`] or [`Nursery::end`] has the
/// children live on, until their parent ends.
#[derive(Debug)]
pub struct Nursery<T> {
    /// Its first child; none before that was spawned.
    name: Tid,
    /// Those that were not waited for, and which result is theirs.
    children: BTreeMap<Tid, usize>,
    /// What was given, in the order in which it was asked for.
    results: Vec<Option<T>>,
}

/// Why a nursery has no results.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// A child returned this error.
    Failed(Tid, Errno),
    /// A child ended otherwise than by returning: it panicked, was killed, or called `exit`.
    Ended(Tid, ExitStatus),
    /// The wait for the children was ended by a deadline (`ETIMEDOUT`) or a signal (`EINTR`).
    Interrupted(Errno),
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failure::Failed(tid, errno) => write!(f, "task {tid}: {errno}"),
            Failure::Ended(tid, status) => write!(f, "task {tid}: {status}"),
            Failure::Interrupted(errno) => errno.fmt(f),
        }
    }
}

impl core::error::Error for Failure {}

impl From<Errno> for Failure {
    fn from(errno: Errno) -> Failure {
        Failure::Interrupted(errno)
    }
}

impl From<Failure> for Errno {
    /// The error of who failed; `EOWNERDEAD` for a child that returned nothing.
    fn from(failure: Failure) -> Errno {
        match failure {
            Failure::Failed(_, errno) | Failure::Interrupted(errno) => errno,
            Failure::Ended(..) => Errno::EOWNERDEAD,
        }
    }
}

impl<T> Default for Nursery<T> {
    fn default() -> Nursery<T> {
        Nursery { name: Tid::NONE, children: BTreeMap::new(), results: Vec::new() }
    }
}

impl<T: Send + 'static> Nursery<T> {
    /// One without children.
    pub fn new() -> Nursery<T> {
        Nursery::default()
    }

    /// Spawns a child that runs `body`. Never waits. Errors: those of [`spawn`].
    pub fn spawn(&mut self, body: impl Routine<Result<T, Errno>> + 'static) -> impl Routine<Result<Tid, Errno>> {
        self.spawn_with(body, |child| child)
    }

    /// The same, for a child that is given more: `nursery.spawn_with(handle(conn), |child| child.pass(conn))`.
    pub fn spawn_with(
        &mut self,
        body: impl Routine<Result<T, Errno>> + 'static,
        options: impl FnOnce(Call<Spawned>) -> Call<Spawned> + Send,
    ) -> impl Routine<Result<Tid, Errno>> {
        routine!(move {
            // The error is a value as well, or nobody but the log would learn it.
            let outcome = routine!(move { Ok(call!(body)) });
            let child = trap!(yield options(spawn_value(outcome)).nursery(self.name))?;
            if self.name.is_none() {
                self.name = child;
            }
            self.children.insert(child, self.results.len());
            self.results.push(None);
            Ok(child)
        })
    }

    /// How many children there are that were not waited for.
    pub fn len(&self) -> usize {
        self.children.len()
    }

    /// Is there none?
    pub fn is_empty(&self) -> bool {
        self.children.is_empty()
    }

    /// Waits until one more child has ended; gives which, or none when all have. Its result is kept for
    /// [`Nursery::gather`]. On an error the others live on: see [`Nursery::end`].
    pub fn join(&mut self) -> impl Routine<Result<Option<Tid>, Failure>> {
        routine!(move -> Result<Option<Tid>, Failure> {
            if self.children.is_empty() {
                return Ok(None);
            }
            let (child, left) = trap!(yield wait_value::<Result<T, Errno>>(Children::Nursery(self.name)))?;
            let place = self.children.remove(&child);
            match left {
                Ok(Ok(value)) => {
                    if let Some(result) = place.and_then(|place| self.results.get_mut(place)) {
                        *result = Some(value);
                    }
                    Ok(Some(child))
                }
                Ok(Err(errno)) => Err(Failure::Failed(child, errno)),
                Err(status) => Err(Failure::Ended(child, status)),
            }
        })
    }

    /// Waits for all children, and gives what they have returned, in the order in which they were spawned. When
    /// one fails, or the wait is ended, all others are ended: on return there is none.
    pub fn gather(mut self) -> impl Routine<Result<Vec<T>, Failure>> {
        routine!(move -> Result<Vec<T>, Failure> {
            loop {
                match call!(self.join()) {
                    Ok(Some(_)) => {}
                    Ok(None) => return Ok(self.results.into_iter().flatten().collect()),
                    Err(failure) => {
                        call!(self.end())?;
                        return Err(failure);
                    }
                }
            }
        })
    }

    /// Ends all children by `KILL`, and reaps them. Never waits. What they have given is lost.
    pub fn end(mut self) -> impl Routine<Result<(), Errno>> {
        routine!(move {
            // The newest first, as at the end of a parent.
            while let Some((child, _)) = self.children.pop_last() {
                match trap!(yield kill(child, Signal::Kill)) {
                    Ok(()) | Err(Errno::ESRCH) => {}
                    Err(errno) => return Err(errno),
                }
                // It may have been reaped by another wait of the caller.
                match trap!(yield try_wait(child)) {
                    Ok(_) | Err(Errno::ECHILD) => {}
                    Err(errno) => return Err(errno),
                }
            }
            Ok(())
        })
    }
}
