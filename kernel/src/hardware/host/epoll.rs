//! Polling on Linux: one system call a wait, and nothing lost.
//!
//! `polling` creates the epoll descriptor and notifies; registering and waiting is done on that
//! descriptor directly, because `polling` does not ask for `RDHUP`: a reader that stops at a short
//! read would never learn of an end that came with its data in one event. Edge-triggered in both
//! directions: a registration is made once and never touched again. It ends with the last
//! descriptor of its socket, so a close needs no call of its own here.

use super::{Direction, Event, Key};
use crate::hardware::host::limits::EVENTS_MAX;
use polling::Poller;
use rustix::buffer::spare_capacity;
use rustix::event::epoll::{self, EventData, EventFlags};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::thread::{current_timer_slack, set_current_timer_slack};
use std::io;
use std::num::NonZeroU64;
use std::os::fd::AsFd;
use std::sync::Arc;
use std::thread::{self, ThreadId};
use std::time::Duration;

const INTEREST: EventFlags =
    EventFlags::IN.union(EventFlags::OUT).union(EventFlags::PRI).union(EventFlags::RDHUP).union(EventFlags::ET);
const READABLE: EventFlags = EventFlags::IN.union(UNSETTLED);
const WRITABLE: EventFlags = EventFlags::OUT.union(EventFlags::HUP).union(EventFlags::ERR);
/// Urgent data is among these because a read stops short before it.
const UNSETTLED: EventFlags = EventFlags::RDHUP.union(EventFlags::HUP).union(EventFlags::ERR).union(EventFlags::PRI);

/// A timeout that is over.
const NOW: Timespec = Timespec { tv_sec: 0, tv_nsec: 0 };

/// The key of `polling`'s notifier.
const NOTIFIER: u64 = usize::MAX as u64;

/// How one descriptor stands with the poller.
#[derive(Debug, Default)]
pub struct Registration {
    is_added: bool,
}

impl Registration {
    /// Is it known to the poller?
    pub fn is_added(&self) -> bool {
        self.is_added
    }

    /// May a short read be taken for "nothing is left"? Only if what comes later is told.
    pub fn tells_all(&self) -> bool {
        self.is_added
    }

    /// Notes that an event came.
    pub fn fired(&mut self) {}
}

/// Registers descriptors.
#[derive(Debug)]
pub struct Registrar {
    poller: Arc<Poller>,
}

impl Registrar {
    pub fn new(poller: Arc<Poller>) -> Registrar {
        Registrar { poller }
    }

    /// Makes sure that an event will tell when trying again may do better, even if it does
    /// already. True when that took a new registration.
    pub fn arm(
        &self,
        registration: &mut Registration,
        source: impl AsFd,
        key: Key,
        _direction: Direction,
    ) -> io::Result<bool> {
        if registration.is_added {
            return Ok(false);
        }
        epoll::add(&*self.poller, source, EventData::new_u64(key.0 as u64), INTEREST)?;
        registration.is_added = true;
        Ok(true)
    }

    /// Forgets a descriptor, before it is closed.
    pub fn remove(&self, registration: &mut Registration, _source: impl AsFd) {
        registration.is_added = false;
    }
}

/// Waits for events.
pub struct Waiter {
    poller: Arc<Poller>,
    events: Vec<epoll::Event>,
    left_over: polling::Events,
    punctual: Option<Punctual>,
}

/// A thread whose timed waits end when they should: Linux may prolong those of others by 50 µs, to end
/// several at once. That is for the kernel's own timer slack to decide. Undone when this is dropped on
/// that thread.
struct Punctual {
    thread: ThreadId,
    slack_before: Option<NonZeroU64>,
}

impl Punctual {
    const SLACK_NS: NonZeroU64 = NonZeroU64::MIN;

    /// Makes the calling thread punctual. One that may not be is later, and that is all.
    fn here() -> Punctual {
        let slack_before = current_timer_slack().ok().and_then(NonZeroU64::new);
        let _ = set_current_timer_slack(Some(Punctual::SLACK_NS));
        Punctual { thread: thread::current().id(), slack_before }
    }
}

impl Drop for Punctual {
    fn drop(&mut self) {
        if thread::current().id() == self.thread {
            let _ = set_current_timer_slack(self.slack_before);
        }
    }
}

impl Waiter {
    /// Fails where the host cannot wait.
    pub fn new(poller: Arc<Poller>) -> io::Result<Waiter> {
        let mut waiter = Waiter {
            poller,
            events: Vec::with_capacity(EVENTS_MAX),
            left_over: polling::Events::new(),
            punctual: None,
        };
        waiter.fill(Some(Duration::ZERO))?;
        Ok(waiter)
    }

    /// Waits for events up to `patience`, without end if there is none, and tells them.
    pub fn wait(&mut self, patience: Option<Duration>, mut tell: impl FnMut(Event)) {
        // It worked when the machine was made and its arguments are ours: this fails by a bug only.
        self.fill(patience).expect("the poller waits on its own descriptor");
        let mut is_notified = false;
        for event in &self.events {
            match event.data.u64() {
                NOTIFIER => is_notified = true,
                key => {
                    // A copy, as the field may be unaligned.
                    let flags = event.flags;
                    tell(Event {
                        key: Key(key as usize),
                        readable: flags.intersects(READABLE),
                        writable: flags.intersects(WRITABLE),
                        is_unsettled: flags.intersects(UNSETTLED),
                    });
                }
            }
        }
        if is_notified {
            self.clear_notifier(tell);
        }
    }

    /// One system call, but for a wait with a clock. `epoll_wait` counts milliseconds, and the wait
    /// that counts nanoseconds is missing from older kernels and from valgrind, so such a wait is
    /// `ppoll`'s, on the epoll descriptor itself: against a blocked wait the second call is nothing.
    fn fill(&mut self, patience: Option<Duration>) -> io::Result<()> {
        let mut timeout = None;
        if let Some(patience) = patience {
            timeout = Some(&NOW);
            if !patience.is_zero() {
                self.be_punctual();
                let mut descriptor = [PollFd::new(&*self.poller, PollFlags::IN)];
                match poll(&mut descriptor, Some(&timespec(patience))) {
                    Ok(_) | Err(rustix::io::Errno::INTR) => {}
                    Err(error) => return Err(error.into()),
                }
            }
        }
        loop {
            self.events.clear();
            match epoll::wait(&*self.poller, spare_capacity(&mut self.events), timeout) {
                Ok(_) => return Ok(()),
                // A signal that is ours shows as an event too. Ending early is allowed.
                Err(rustix::io::Errno::INTR) => timeout = Some(&NOW),
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Waits with a clock are about to be made on this thread.
    fn be_punctual(&mut self) {
        if self.punctual.as_ref().is_none_or(|punctual| punctual.thread != thread::current().id()) {
            self.punctual = Some(Punctual::here());
        }
    }

    /// Only `polling` can arm its notifier again, in a wait of its own. What that brings of
    /// others' events comes without `RDHUP`, so each may have been one.
    fn clear_notifier(&mut self, mut tell: impl FnMut(Event)) {
        self.left_over.clear();
        self.poller.wait(&mut self.left_over, Some(Duration::ZERO)).expect("the poller waits on its own descriptor");
        for event in self.left_over.iter() {
            tell(Event { key: Key(event.key), readable: event.readable, writable: event.writable, is_unsettled: true });
        }
    }
}

fn timespec(patience: Duration) -> Timespec {
    // A span of kernel time has at most 64 bits of nanoseconds, so its seconds fit.
    Timespec { tv_sec: patience.as_secs() as i64, tv_nsec: patience.subsec_nanos().into() }
}
