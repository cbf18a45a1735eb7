//! A server's accept loop: a detached task for each connection, a bound on how many, and patience
//! when the machine has no room.

use crate::{eprintln, limits::ACCEPT_PAUSE, socket::Socket};
use alloc::sync::Arc;
use core::{fmt, net::SocketAddr};
use yieldix_syscalls::{
    Errno, Routine, Task, call,
    calls::{sleep, spawn},
    routine, task, trap,
};

/// How to serve.
#[derive(Clone, Copy, Debug)]
pub struct ServeOptions {
    /// Who complains on standard error.
    pub name: &'static str,
    /// Connections at a time; more wait to be accepted.
    pub connections_max: usize,
}

/// Why no connection is taken just now.
enum Obstacle {
    /// As many are open as may be.
    Full(usize),
    /// The machine refused.
    Refused(Errno),
}

impl fmt::Display for Obstacle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Obstacle::Full(connections) => write!(f, "all {connections} places are taken"),
            Obstacle::Refused(errno) => write!(f, "{errno}"),
        }
    }
}

/// Accepts connections for ever, and runs what `handle` makes of each in a task of its own, which
/// owns the connection.
///
/// Where a connection cannot be taken, because the bound is reached or the machine is out of
/// descriptors, tasks or memory, the server says so once, waits [`ACCEPT_PAUSE`] and tries again,
/// for as long as it takes: meanwhile peers wait in the listener's queue. Any other error of
/// [`accept`](yieldix_syscalls::calls::accept) ends it.
pub fn serve<H, C>(listener: Socket, options: ServeOptions, handle: H) -> impl Routine<Result<(), Errno>>
where
    H: Fn(Socket, SocketAddr) -> C + Send,
    C: Routine<Result<(), Errno>> + 'static,
{
    routine!(move {
        // Each connection's task holds a clone and drops it however it ends, killed or not; so the
        // count is right without a wait, which a detached task could not be given.
        let places = Arc::new(());
        let mut is_held_up = false;
        loop {
            let open = Arc::strong_count(&places) - 1;
            let obstacle = if open >= options.connections_max {
                Obstacle::Full(open)
            } else {
                match trap!(yield listener.accept()) {
                    Ok((socket, peer)) => {
                        let task = connection(handle(socket, peer), Arc::clone(&places));
                        match trap!(yield spawn(task).pass(socket.fd()).detach()) {
                            Ok(_) => {
                                is_held_up = false;
                                continue;
                            }
                            Err(errno) => {
                                trap!(yield socket.close())?;
                                Obstacle::Refused(errno)
                            }
                        }
                    }
                    Err(errno) if may_pass(errno) => Obstacle::Refused(errno),
                    Err(errno) => return Err(errno),
                }
            };
            if !is_held_up {
                is_held_up = true;
                // A server whose standard error is gone still serves.
                let _ = eprintln!("{}: cannot take a connection: {obstacle}; trying again", options.name);
            }
            trap!(yield sleep(ACCEPT_PAUSE))?;
        }
    })
}

/// The task of one connection, which keeps its place taken.
fn connection(handler: impl Routine<Result<(), Errno>> + 'static, place: Arc<()>) -> Task {
    task!({
        let _place = place;
        call!(handler)
    })
}

/// Is this shortage likely to end by itself?
fn may_pass(errno: Errno) -> bool {
    matches!(errno, Errno::EMFILE | Errno::ENFILE | Errno::ENOBUFS | Errno::ENOMEM | Errno::EAGAIN)
}
