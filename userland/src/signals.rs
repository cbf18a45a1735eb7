//! Signals as programs meet them: holding some back for a while, and asking a task to end.

use crate::prelude::*;

/// Runs a block with these signals held back, beside those that are: `masked!(Signal::Int | Signal::Term, { … })`.
///
/// The block is a coroutine of its own, as in [`timeout!`], and gives a `Result<T, Errno>`, which is what the
/// whole gives. On every way out of it the mask is again as it was before; what came meanwhile has its effect
/// then. Scopes may stand in each other.
///
/// # Examples
///
/// ```
/// # #![feature(coroutines, coroutine_trait)]
/// use yieldix_userland::{masked, prelude::*};
///
/// /// Moves what is in one port to another: all of it, also when the task is asked to end meanwhile.
/// fn transfer(from: Fd, to: Fd) -> impl Routine<Result<(), Errno>> {
///     routine!(move {
///         masked!(Signal::Int | Signal::Term, {
///             while let Some(message) = trap!(yield port_recv(from))? {
///                 trap!(yield port_send(to, message.data))?;
///             }
///             Ok(())
///         })
///     })
/// }
/// ```
#[macro_export]
macro_rules! masked {
    ($signals:expr, $body:block) => {
        match $crate::signals::syscalls::trap!(yield $crate::signals::syscalls::calls::mask_signals($signals)) {
            Ok(before) => {
                let body = $crate::signals::syscalls::call!($crate::signals::syscalls::routine!($body));
                match $crate::signals::syscalls::trap!(yield $crate::signals::syscalls::calls::set_mask(before)) {
                    Ok(_) => body,
                    Err(errno) => body.and(Err(errno)),
                }
            }
            Err(errno) => Err(errno),
        }
    };
}

#[doc(hidden)]
pub use yieldix_syscalls as syscalls;

/// Ends a child as politely as it lets: `TERM`, then up to `grace` of patience, then `KILL`. Reaps it and gives
/// how it ended. One that is stopped goes on to hear of it.
///
/// Errors: `ECHILD` when it is no child that can be waited for, `EPERM` for init; `ETIMEDOUT` and `EINTR` when a
/// deadline or a signal of the caller ends the wait: the child may be there then.
///
/// # Examples
///
/// ```
/// # #![feature(coroutines, coroutine_trait)]
/// use yieldix_userland::{prelude::*, println, signals::stop_politely};
///
/// fn supervisor(worker: Task) -> Task {
///     task!({
///         let worker = trap!(yield spawn(worker))?;
///         trap!(yield sleep(Duration::from_secs(60)))?;
///         let status = call!(stop_politely(worker, Duration::from_secs(5)))?;
///         println!("the worker is gone: {status}")
///     })
/// }
/// ```
pub fn stop_politely(child: Tid, grace: Duration) -> impl Routine<Result<ExitStatus, Errno>> {
    routine!(move {
        // Before the signals, which reach any task: this one is for children.
        if let Some((_, status)) = trap!(yield try_wait(child))? {
            return Ok(status);
        }
        trap!(yield kill(child, Signal::Term))?;
        trap!(yield kill(child, Signal::Cont))?;
        match timeout!(grace, { trap!(yield wait(child)) }) {
            Ok(status) => status,
            Err(Elapsed) => {
                trap!(yield kill(child, Signal::Kill))?;
                trap!(yield wait(child))
            }
        }
    })
}
