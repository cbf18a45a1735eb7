//! The console's input: read only for who asks.
//!
//! Standard input is shared with the shell that started us, so nothing is taken from it before a
//! task wants it, and its flags are never touched: a thread waits for it and reads.
//!
//! ```text
//!  Idle ──(1)──▶ Asked ──(2)──▶ Arrived ──(3)──▶ Idle
//!                  ├─────(4)──▶ Ended ────(5)──▶ Idle, or Ended for good
//!                  └─────(6)──▶ Failed ───(7)──▶ Idle
//! ```
//!
//! 1. A try says `EAGAIN`.
//! 2. The thread has read.
//! 3. All of it was taken.
//! 4. The thread has found the end.
//! 5. It was told. A file or pipe has ended for good; a terminal's end, Ctrl-D, is told once.
//! 6. Reading failed.
//! 7. That was told, once.

use super::console::Stream;
use super::limits::INPUT_MAX;
use super::poller::Bell;
use super::worker::{Reserve, Stop, Worker};
use crate::hardware::errno::errno;
use rustix::event::PollFlags;
use rustix::io::Errno as HostErrno;
use std::io;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use yieldix_syscalls::{Buf, Errno};

#[derive(Debug, Default)]
enum State {
    /// Nobody wants input.
    #[default]
    Idle,
    /// The thread waits for some.
    Asked,
    /// It waits to be read; never empty.
    Arrived(Buf),
    /// There is no more, for now or for good.
    Ended { for_good: bool },
    /// Reading failed.
    Failed(Errno),
}

#[derive(Debug, Default)]
struct Desk {
    state: State,
    is_ready: bool,
    is_stopping: bool,
}

#[derive(Debug)]
struct Shared {
    desk: Mutex<Desk>,
    /// Somebody asked, or there is a reason to stop.
    asked: Condvar,
    stream: Stream,
    bell: Arc<Bell>,
}

/// The input stream.
#[derive(Debug)]
pub struct Input {
    shared: Arc<Shared>,
    /// Until the thread starts.
    reserve: Option<Reserve>,
    worker: Option<Worker>,
}

impl Input {
    pub fn new(stream: Stream, bell: Arc<Bell>) -> io::Result<Input> {
        let shared = Shared { desk: Mutex::default(), asked: Condvar::new(), stream, bell };
        Ok(Input { shared: Arc::new(shared), reserve: Some(Reserve::new()?), worker: None })
    }

    /// Takes up to `max` bytes of what has arrived; empty at the end.
    pub fn try_read(&mut self, max: usize) -> Result<Buf, Errno> {
        let mut desk = self.shared.lock();
        match &mut desk.state {
            State::Arrived(data) => {
                let rest = data.split_off(max);
                let taken = std::mem::replace(data, rest);
                if data.is_empty() {
                    desk.state = State::Idle;
                }
                Ok(taken)
            }
            State::Ended { for_good } => {
                if !*for_good {
                    desk.state = State::Idle;
                }
                Ok(Buf::EMPTY)
            }
            State::Failed(errno) => {
                let errno = *errno;
                desk.state = State::Idle;
                Err(errno)
            }
            State::Idle | State::Asked => {
                drop(desk);
                self.ask()?;
                Err(Errno::EAGAIN)
            }
        }
    }

    /// Would a read answer now? Asks the thread when not.
    pub fn is_readable(&mut self) -> Result<bool, Errno> {
        if !matches!(self.shared.lock().state, State::Idle | State::Asked) {
            return Ok(true);
        }
        self.ask()?;
        Ok(false)
    }

    /// What it reads.
    pub fn stream(&self) -> &Stream {
        &self.shared.stream
    }

    /// Has something arrived since this was last asked?
    pub fn take_ready(&mut self) -> bool {
        std::mem::take(&mut self.shared.lock().is_ready)
    }

    fn ask(&mut self) -> Result<(), Errno> {
        if let Some(reserve) = self.reserve.take() {
            let shared = Arc::clone(&self.shared);
            self.worker = Some(Worker::start(reserve, "console input", move |stop| shared.run(&stop)).map_err(errno)?);
        }
        let mut desk = self.shared.lock();
        // It may have been asked already, and have answered meanwhile: then it rings the bell.
        if let State::Idle = desk.state {
            desk.state = State::Asked;
            self.shared.asked.notify_one();
        }
        Ok(())
    }
}

impl Drop for Input {
    fn drop(&mut self) {
        self.shared.lock().is_stopping = true;
        self.shared.asked.notify_one();
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Desk> {
        // Nothing panics while it holds the lock.
        self.desk.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The thread: waits to be asked, reads once, tells.
    fn run(&self, stop: &Stop) {
        let mut room = vec![0; INPUT_MAX];
        while self.wait_until_asked() {
            let Some(state) = self.read(&mut room, stop) else { return };
            let mut desk = self.lock();
            desk.state = state;
            desk.is_ready = true;
            drop(desk);
            self.bell.ring();
        }
    }

    /// False when ordered to stop.
    fn wait_until_asked(&self) -> bool {
        let mut desk = self.lock();
        while !desk.is_stopping && !matches!(desk.state, State::Asked) {
            desk = self.asked.wait(desk).unwrap_or_else(PoisonError::into_inner);
        }
        !desk.is_stopping
    }

    /// What came; `None` when ordered to stop.
    fn read(&self, room: &mut [u8], stop: &Stop) -> Option<State> {
        loop {
            if !stop.wait_for(&self.stream, PollFlags::IN) {
                return None;
            }
            match rustix::io::read(&self.stream, &mut *room) {
                Ok(0) => return Some(State::Ended { for_good: !rustix::termios::isatty(&self.stream) }),
                Ok(count) => return Some(State::Arrived(Buf::copy_from(&room[..count]))),
                // Another process may have made it non-blocking, or have read it before us.
                Err(HostErrno::INTR | HostErrno::AGAIN) => {}
                // Whoever started us has closed it.
                Err(HostErrno::BADF) => return Some(State::Ended { for_good: true }),
                Err(error) => return Some(State::Failed(errno(error))),
            }
        }
    }
}
