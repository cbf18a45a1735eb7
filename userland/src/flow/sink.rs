//! What a task sends into, and may have to wait for.

use crate::flow::{Consumer, Error};
use yieldix_syscalls::{Routine, routine};

/// Takes items from a task: any [`Consumer`], and what may have to wait before it can take the next, a
/// [`Threaded`](crate::flow::Threaded) one.
///
/// `Way` is [`AtOnce`] or [`InTime`], and always inferred: only so can both be told apart by the compiler,
/// since any crate may make a consumer of any type.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a consumer of `{T}`, nor a threaded one",
    note = "a function that takes values returns `impl Consumer<T>`, and its body is made by `consumer!(T, {{ while let Some(item) = (yield)? {{ … }} Ok(()) }})`"
)]
pub trait Sink<T, Way>: Send {
    /// [`send`](Consumer::send), once there is room.
    fn put(&mut self, item: T) -> impl Routine<Result<(), Error>>;

    /// [`close`](Consumer::close), once all that was put has been taken.
    fn finish(&mut self) -> impl Routine<Result<(), Error>>;

    /// [`throw`](Consumer::throw), once all that was put has been taken.
    fn fail(&mut self, error: Error) -> impl Routine<Result<(), Error>>;
}

/// The way of sinks that never wait.
#[derive(Debug)]
pub enum AtOnce {}

/// The way of sinks that may wait.
#[derive(Debug)]
pub enum InTime {}

impl<T: Send, C: Consumer<T>> Sink<T, AtOnce> for C {
    fn put(&mut self, item: T) -> impl Routine<Result<(), Error>> {
        routine!(move -> Result<(), Error> { self.send(item) })
    }

    fn finish(&mut self) -> impl Routine<Result<(), Error>> {
        routine!(move -> Result<(), Error> { self.close() })
    }

    fn fail(&mut self, error: Error) -> impl Routine<Result<(), Error>> {
        routine!(move -> Result<(), Error> { self.throw(error) })
    }
}
