//! Parts 7 and 8: an operating system, and its stacks.

use yieldix::userland::prelude::*;

/// A server for ever: a client sends its name, is answered `hello, NAME`, and the connection is closed. A
/// client that says nothing keeps nobody else waiting.
pub fn greeter(address: SocketAddr) -> Task {
    task!({ Ok(()) })
}

/// Runs `make(1)`, and if that did not exit with 0, `make(2)`, and so on, `tries` times at most. Gives the
/// number of the one that ended well, if one did.
pub fn retry(tries: u32, make: impl Fn(u32) -> Task + Send) -> impl Routine<Result<Option<u32>, Errno>> {
    routine!(move { Ok(None) })
}

/// How many moves a tower of Hanoi of this height takes, counted by moving it: one less by way of the spare
/// peg, one disc, and the smaller tower again.
///
/// Each level is a subroutine on the trampoline, so the function gives the call and not the routine.
pub fn hanoi(height: u32) -> Call<Returned<u64>> {
    subroutine(routine!(move { Ok(u64::from(height)) }))
}
