//! Deadline scopes: `timeout!` and `using!`, which undo what they set on every way out.

use crate::Errno;
use core::fmt;

/// The number of an open deadline scope of the calling task.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ScopeId(pub u32);

/// The deadline of this `timeout!` fired. Converts to [`Errno::ETIMEDOUT`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Elapsed;

impl Elapsed {
    /// Whether a body that ended so was ended by its own deadline.
    #[doc(hidden)]
    pub fn judge<T>(body: Result<T, Errno>, fired: Result<bool, Errno>) -> Result<Result<T, Errno>, Elapsed> {
        match (body, fired) {
            (Err(Errno::ETIMEDOUT), Ok(true)) => Err(Elapsed),
            (body, _) => Ok(body),
        }
    }
}

impl fmt::Display for Elapsed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("deadline elapsed")
    }
}

impl core::error::Error for Elapsed {}

impl From<Elapsed> for Errno {
    fn from(_: Elapsed) -> Errno {
        Errno::ETIMEDOUT
    }
}

/// Runs a block for at most so long: `timeout!(duration, { … })`.
///
/// The block is a coroutine of its own, so that `?` and `return` leave the block and not the task.
/// It gives a `Result<T, Errno>`; the whole is a `Result<Result<T, Errno>, Elapsed>`, so
/// `timeout!(…)??` reads as one. `Elapsed` only when the block failed with `ETIMEDOUT` and this
/// very deadline had fired; an outer one passes through. A call that need not block is answered
/// even when the deadline has passed.
///
/// # Examples
///
/// ```
/// # #![feature(coroutines, coroutine_trait)]
/// use core::time::Duration;
/// use yieldix_syscalls::{calls::*, *};
///
/// fn patient(conn: Fd) -> Task {
///     task!({
///         let hello = timeout!(Duration::from_secs(1), { trap!(yield recv(conn, 64)) })??;
///         trap!(yield send_all(conn, hello))?;
///         Ok(())
///     })
/// }
/// ```
#[macro_export]
macro_rules! timeout {
    ($duration:expr, $body:block) => {
        match $crate::trap!(yield $crate::calls::deadline_push($duration)) {
            Ok(scope) => {
                let body = $crate::call!($crate::routine!($body));
                let fired = $crate::trap!(yield $crate::calls::deadline_pop(scope));
                $crate::Elapsed::judge(body, fired)
            }
            Err(errno) => Ok(Err(errno)),
        }
    };
}

/// Opens a descriptor for a block and closes it on every way out: `using!(fd = open(..)?, { … })`.
///
/// The block is a coroutine of its own, as in [`timeout!`], and gives a `Result<T, Errno>`, which
/// is what the whole gives. The close's own error is not reported: the descriptor is gone either
/// way. (A task that is killed inside needs no help: its descriptors close with it.)
///
/// # Examples
///
/// ```
/// # #![feature(coroutines, coroutine_trait)]
/// use core::net::SocketAddr;
/// use yieldix_syscalls::{calls::*, *};
///
/// fn ask(address: SocketAddr) -> Task {
///     task!({
///         let reply = using!(conn = trap!(yield tcp_connect(address))?, {
///             trap!(yield send_all(conn, "hello\n"))?;
///             trap!(yield recv(conn, 64))
///         })?;
///         trap!(yield write(Fd::STDOUT, reply))?;
///         Ok(())
///     })
/// }
/// ```
#[macro_export]
macro_rules! using {
    ($fd:ident = $open:expr, $body:block) => {{
        let $fd: $crate::Fd = $open;
        let body = $crate::call!($crate::routine!($body));
        let _ = $crate::trap!(yield $crate::calls::close($fd));
        body
    }};
}
