//! Flows of values: generators that are pulled, consumers that are pushed into, and the bridges
//! between them and a task.
//!
//! A coroutine can be used in three ways, and the course's advice is never to mix them. Here they are
//! three kinds of type, which the compiler keeps apart:
//!
//! | kind | made by | `yield` | resumed with | used by |
//! | --- | --- | --- | --- | --- |
//! | [`Generator`] | [`generator!`](crate::generator!) | gives a value | nothing | `for` |
//! | [`Consumer`] | [`consumer!`](crate::consumer!) | takes a value: `(yield)?` | the value, the end, an error | `send`, `close`, `throw` |
//! | [`Task`](yieldix_syscalls::Task) | [`task!`](yieldix_syscalls::task!) | traps: `trap!(yield …)` | the kernel's answer | the kernel |
//!
//! Generators and consumers are *pure*: they reach nothing but what they were given. What one prints goes
//! to an [`Output`], and the task that drives it traps that out, in order. What has to wait, for a
//! descriptor say, is a [`Source`], whose [`pull`](Source::pull) is a routine of a task. [`drive`] joins
//! the two worlds: it pulls from a source, sends into a consumer, and flushes the output after each step.
//!
//! A flow may go on elsewhere, and its stages do not know. [`sendto`] turns items into bytes for any
//! descriptor, and [`recvfrom`] is the source at the other end: in the same task, in another, in another
//! process. [`threaded()`] runs a consumer on a helper thread. [`probed`] has a stage watched: the log tells
//! what passed it, and what time it took.
//!
//! # Examples
//!
//! ```
//! # #![feature(coroutines, coroutine_trait)]
//! use yieldix_userland::{flow::*, prelude::*};
//!
//! fn countdown(from: u32) -> impl Generator<u32> {
//!     generator!({
//!         for n in (1..=from).rev() {
//!             yield n;
//!         }
//!     })
//! }
//!
//! fn printer(out: Output) -> impl Consumer<u32> {
//!     consumer!(u32, {
//!         while let Some(n) = (yield)? {
//!             out.line(n);
//!         }
//!         out.line("that was all");
//!         Ok(())
//!     })
//! }
//!
//! /// Prints 4, 2 and `that was all`.
//! fn evens() -> Task {
//!     task!({
//!         let out = Output::new();
//!         let evens = filter(|n| n % 2 == 0, printer(out.clone()));
//!         Ok(call!(drive(countdown(5), evens, &out))?)
//!     })
//! }
//! ```
//!
//! The three do not mix. A consumer is not pulled:
//!
//! ```compile_fail,E0277
//! # #![feature(coroutines, coroutine_trait)]
//! # use yieldix_userland::{flow::*, prelude::*};
//! # fn printer() -> impl Consumer<u32> { consumer!(u32, { while let Some(_) = (yield)? {} Ok(()) }) }
//! for n in printer() {}
//! ```
//!
//! A generator is not sent to:
//!
//! ```compile_fail,E0599
//! # #![feature(coroutines, coroutine_trait)]
//! # use yieldix_userland::{flow::*, prelude::*};
//! # fn naturals() -> impl Generator<u32> { generator!({ let mut n = 0; loop { yield n; n += 1; } }) }
//! naturals().send(3);
//! ```
//!
//! Neither traps: what waits belongs into a task, or into a [`Source`].
//!
//! ```compile_fail,E0271
//! # #![feature(coroutines, coroutine_trait)]
//! # use yieldix_userland::{flow::*, prelude::*};
//! fn lazy() -> impl Generator<u32> {
//!     generator!({
//!         let _ = trap!(yield sleep(Duration::from_secs(1)));
//!         yield 1u32;
//!     })
//! }
//! ```
//!
//! And two threads do not send into one consumer: sending takes it by `&mut`, and a [`Shared`] one
//! is not [`Exclusive`], which whatever goes to another thread has to be ([`threaded()`] has the case).
//!
//! ```compile_fail,E0382
//! # #![feature(coroutines, coroutine_trait)]
//! # use yieldix_userland::{flow::*, prelude::*};
//! # fn printer() -> impl Consumer<u32> { consumer!(u32, { while let Some(_) = (yield)? {} Ok(()) }) }
//! let mut shared = printer();
//! let one = std::thread::spawn(move || shared.send(1));
//! let two = std::thread::spawn(move || shared.send(2));
//! ```

mod adaptors;
mod consumer;
mod error;
mod follow;
mod frames;
mod generator;
mod output;
mod probe;
mod shared;
mod sink;
mod source;
mod threaded;

pub use crate::{consumer, delegate, generator, unstarted};
pub use adaptors::{Collected, batch, broadcast, collect, filter, map, tee};
#[doc(hidden)]
pub use consumer::consuming;
pub use consumer::{Consumer, Consuming, Received};
pub use error::Error;
pub use follow::Follow;
pub use frames::{FrameError, Frames, recvfrom, sendto};
pub use generator::{Generating, Generator};
pub use output::Output;
pub use probe::{Probed, counted, probed};
pub use shared::{Exclusive, Shared, shared};
pub use sink::{AtOnce, InTime, Sink};
pub use source::{Source, drive};
pub use threaded::{Threaded, threaded};
