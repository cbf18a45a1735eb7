//! Part 4: from data processing to concurrent programming.

use yieldix::userland::{flow::*, prelude::*};

/// Runs `sink` in a task of its own: makes a port for `capacity` messages, spawns a task that sends each
/// message it receives into the sink, sends it the lines, and waits until that task has ended.
///
/// The task that is spawned flushes `out`, which the sink prints to. It is passed the receiving end, and ends
/// when nobody has the sending end any more.
pub fn in_a_task_of_its_own(
    lines: Vec<String>,
    capacity: u32,
    sink: impl Consumer<String> + 'static,
    out: Output,
) -> Task {
    task!({ Ok(()) })
}

/// Lets at most so many tasks do something at a time.
///
/// It is a port: a message in it is a permit. To acquire is to receive one (`port_recv`), to release is to send
/// it back (`port_send`; `send` and `recv` are for sockets).
#[derive(Clone, Copy, Debug)]
pub struct Semaphore {
    /// Where permits are sent to.
    pub release: Fd,
    /// Where permits are received from.
    pub acquire: Fd,
}

impl Semaphore {
    /// One with so many permits.
    pub fn new(permits: u32) -> impl Routine<Result<Semaphore, Errno>> {
        routine!(move {
            let (release, acquire) = trap!(yield port_create(permits))?;
            Ok(Semaphore { release, acquire })
        })
    }

    /// Takes a permit; waits while there is none.
    pub fn acquire(self) -> impl Routine<Result<(), Errno>> {
        routine!(move { Ok(()) })
    }

    /// Gives one back.
    pub fn release(self) -> impl Routine<Result<(), Errno>> {
        routine!(move { Ok(()) })
    }
}
