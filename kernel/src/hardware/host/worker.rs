//! A thread for what blocks, which can be stopped while it waits.
//!
//! It waits for a stream only in [`Stop::wait_for`], which also waits for the other end of a pipe
//! to close: that is the order to stop. What is not in such a wait looks for itself.

use super::limits::STOP_PATIENCE;
use rustix::event::{PollFd, PollFlags, poll};
use std::io::{self, PipeReader, PipeWriter};
use std::os::fd::AsFd;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::{Builder, JoinHandle};

/// A running thread. Dropping it orders it to stop, and waits for that.
#[derive(Debug)]
pub struct Worker {
    order: Option<PipeWriter>,
    has_ended: Receiver<()>,
    thread: Option<JoinHandle<()>>,
}

/// The thread's own end.
#[derive(Debug)]
pub struct Stop {
    order: PipeReader,
    _ends: Sender<()>,
}

/// The descriptors that a worker needs, had before it is started: a machine that has booted does
/// not find itself without a console because its tasks have used the descriptors up.
#[derive(Debug)]
pub struct Reserve {
    order: PipeReader,
    writer: PipeWriter,
}

impl Reserve {
    /// Fails when the host has no descriptor left.
    pub fn new() -> io::Result<Reserve> {
        let (order, writer) = io::pipe()?;
        Ok(Reserve { order, writer })
    }
}

impl Worker {
    /// Starts a thread. Fails when the host has no thread left.
    pub fn start(reserve: Reserve, name: &str, body: impl FnOnce(Stop) + Send + 'static) -> io::Result<Worker> {
        let Reserve { order, writer } = reserve;
        let (ends, has_ended) = channel();
        let stop = Stop { order, _ends: ends };
        let thread = Builder::new().name(name.into()).spawn(move || body(stop))?;
        Ok(Worker { order: Some(writer), has_ended, thread: Some(thread) })
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.order = None;
        // Joining one that stalls in a write would wait for ever; it holds what it uses itself, so
        // it can be left behind.
        if let Err(RecvTimeoutError::Disconnected) = self.has_ended.recv_timeout(STOP_PATIENCE)
            && let Some(thread) = self.thread.take()
        {
            // A panic of the thread has been reported by the panic hook.
            let _ = thread.join();
        }
    }
}

impl Stop {
    /// Waits until a call on `stream` would not block; false when ordered to stop before that. A
    /// stream that cannot be polled is taken to be ready: the call itself will tell.
    pub fn wait_for(&self, stream: impl AsFd, flags: PollFlags) -> bool {
        loop {
            let mut fds = [PollFd::new(&stream, flags), PollFd::new(&self.order, PollFlags::IN)];
            match poll(&mut fds, None) {
                Err(rustix::io::Errno::INTR) => {}
                Err(_) => return true,
                Ok(_) => return !fds[0].revents().is_empty(),
            }
        }
    }
}
