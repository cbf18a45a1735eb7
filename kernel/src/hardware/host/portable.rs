//! Polling wherever `polling` does.
//!
//! Edge-triggered and registered once where the host has that (kqueue), else one event at
//! a time, armed again by each try that says `EAGAIN`. No host but Linux tells of an end that came
//! with data, so here a short read proves nothing and `drained` is never said.

use super::{Direction, Event, Key};
use crate::hardware::host::limits::EVENTS_MAX;
use polling::{PollMode, Poller};
use std::io;
use std::num::NonZeroUsize;
use std::os::fd::{AsFd, AsRawFd};
use std::sync::Arc;
use std::time::Duration;

/// How one descriptor stands with the poller.
#[derive(Debug, Default)]
pub struct Registration {
    is_added: bool,
    wants_read: bool,
    wants_write: bool,
}

impl Registration {
    /// Is it known to the poller?
    pub fn is_added(&self) -> bool {
        self.is_added
    }

    /// May a short read be taken for "nothing is left"? Only if what comes later is told.
    pub fn tells_all(&self) -> bool {
        false
    }

    /// Notes that an event came: where events come one at a time, nothing is armed any more.
    pub fn fired(&mut self) {
        self.wants_read = false;
        self.wants_write = false;
    }
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
        direction: Direction,
    ) -> io::Result<bool> {
        match direction {
            Direction::Read => registration.wants_read = true,
            Direction::Write => registration.wants_write = true,
        }
        let (interest, mode) = if self.poller.supports_edge() {
            if registration.is_added {
                return Ok(false);
            }
            (polling::Event::all(key.0), PollMode::Edge)
        } else {
            (polling::Event::new(key.0, registration.wants_read, registration.wants_write), PollMode::Oneshot)
        };
        let source = source.as_fd();
        if registration.is_added {
            self.poller.modify_with_mode(source, interest, mode)?;
            return Ok(false);
        }
        #[allow(unsafe_code, reason = "polling cannot know when a descriptor is closed")]
        // SAFETY: every descriptor that is armed is removed before it is closed: sockets by
        // `Sockets::close` and when `Sockets` is dropped, the signals' pipes when `Signals` is.
        unsafe {
            self.poller.add_with_mode(source.as_raw_fd(), interest, mode)?;
        }
        registration.is_added = true;
        Ok(true)
    }

    /// Forgets a descriptor, before it is closed.
    pub fn remove(&self, registration: &mut Registration, source: impl AsFd) {
        if registration.is_added {
            registration.is_added = false;
            // It fails for one that the poller does not have: then there is nothing to forget.
            let _ = self.poller.delete(source);
        }
    }
}

/// Waits for events.
pub struct Waiter {
    poller: Arc<Poller>,
    events: polling::Events,
}

impl Waiter {
    /// Fails where the host cannot wait.
    pub fn new(poller: Arc<Poller>) -> io::Result<Waiter> {
        let capacity = NonZeroUsize::new(EVENTS_MAX).unwrap_or(NonZeroUsize::MIN);
        let mut events = polling::Events::with_capacity(capacity);
        poller.wait(&mut events, Some(Duration::ZERO))?;
        Ok(Waiter { poller, events })
    }

    /// Waits for events up to `patience`, without end if there is none, and tells them.
    pub fn wait(&mut self, patience: Option<Duration>, mut tell: impl FnMut(Event)) {
        self.events.clear();
        // It worked when the machine was made and its arguments are ours: this fails by a bug only.
        self.poller.wait(&mut self.events, patience).expect("the poller waits on its own descriptor");
        // One event disarms both directions where they come one at a time: whoever waits in the
        // other one is told as well, tries, and arms again.
        let tells_both = !self.poller.supports_edge();
        for event in self.events.iter() {
            tell(Event {
                key: Key(event.key),
                readable: event.readable || tells_both,
                writable: event.writable || tells_both,
                is_unsettled: true,
            });
        }
    }
}
