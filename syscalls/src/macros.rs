//! What the macros' expansions name.
//!
//! Some of it is there so that a mistake is told in our words: a bound of ours has a message of ours.

pub use core::ops::CoroutineState;
pub use core::pin::pin;

use crate::{Reply, Routine, Trap};
use core::{ops::Coroutine, pin::Pin};

/// What a `yield` in a task gives.
#[diagnostic::on_unimplemented(
    message = "this does not stand in a task: only a task or a routine can trap",
    label = "here a `yield` gives `{Self}`, and not the kernel's answer",
    note = "what traps is the body of a `task!` or a `routine!`; not a function or a closure within it",
    note = "generators and consumers are pure: what one prints goes to an `Output`, what has to wait is a `Source`, and a task drives them"
)]
pub trait FromKernel {
    /// The kernel's answer.
    fn reply(self) -> Reply;
}

#[diagnostic::do_not_recommend]
impl FromKernel for Reply {
    #[inline(always)]
    fn reply(self) -> Reply {
        self
    }
}

/// The kernel's answer, if that is what a `yield` gave.
#[inline(always)]
pub fn answer(given: impl FromKernel) -> Reply {
    given.reply()
}

/// What a `yield` in a task takes.
#[diagnostic::on_unimplemented(
    message = "a task yields system calls, and this one yields `{Self}`",
    label = "a `yield` in here gives `{Self}`",
    note = "a system call is written `trap!(yield gettid())?`, or raw, `yield Syscall::GetTid.into()`",
    note = "to yield values, write a generator: `generator!({{ … yield value; … }})`"
)]
pub trait ToKernel {}

#[diagnostic::do_not_recommend]
impl ToKernel for Trap {}

/// Gives the coroutine as it is, if it yields traps.
#[inline(always)]
pub fn yields_traps<C>(coroutine: C) -> C
where
    C: Coroutine<Reply>,
    C::Yield: ToKernel,
{
    coroutine
}

/// Runs a routine to its next trap.
#[inline(always)]
pub fn resume<T, C: Routine<T>>(routine: Pin<&mut C>, reply: Reply) -> CoroutineState<Trap, T> {
    routine.resume(reply)
}

/// Takes what a coroutine was started with, which would lie in its frame for life.
#[inline(always)]
pub fn begin(start: Reply) {
    match start {
        Reply::Unit => core::mem::forget(start),
        start => drop(start),
    }
}

/// Gives the coroutine as it is: a bound to check it by, and a place where its attribute may
/// stand.
#[inline(always)]
pub fn routine<T, C: Routine<T>>(routine: C) -> C {
    routine
}
