//! Part 4: from data processing to concurrent programming.

use yieldix::userland::{flow::*, prelude::*};

fn receiver(port: Fd, mut sink: impl Consumer<String> + 'static, out: Output) -> Task {
    task!({
        while let Some(message) = trap!(yield port_recv(port))? {
            sink.send(String::from_utf8_lossy(&message).into_owned())?;
            call!(out.flush())?;
        }
        sink.close()?;
        call!(out.flush())
    })
}

/// Runs `sink` in a task of its own.
pub fn in_a_task_of_its_own(
    lines: Vec<String>,
    capacity: u32,
    sink: impl Consumer<String> + 'static,
    out: Output,
) -> Task {
    task!({
        let (to, from) = trap!(yield port_create(capacity))?;
        let child = trap!(yield spawn(receiver(from, sink, out)).pass(from))?;
        for line in lines {
            trap!(yield port_send(to, line))?;
        }
        trap!(yield close(to))?;
        trap!(yield wait(child))?;
        Ok(())
    })
}

/// Lets at most so many tasks do something at a time.
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
            for _ in 0..permits {
                trap!(yield port_send(release, ""))?;
            }
            Ok(Semaphore { release, acquire })
        })
    }

    /// Takes a permit; waits while there is none.
    pub fn acquire(self) -> impl Routine<Result<(), Errno>> {
        routine!(move {
            let permit = trap!(yield port_recv(self.acquire))?;
            permit.map(drop).ok_or(Errno::EPIPE)
        })
    }

    /// Gives one back.
    pub fn release(self) -> impl Routine<Result<(), Errno>> {
        routine!(move { Ok(trap!(yield port_send(self.release, ""))?) })
    }
}
