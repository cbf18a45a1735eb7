//! Who is told what by the poller.
//!
//! Two implementations of one interface. A [`Registrar`] registers descriptors, each once, when
//! a try has first said `EAGAIN`; a [`Waiter`] waits for their events. `epoll.rs` speaks to
//! Linux past the `polling` crate, on the crate's own descriptor, because that costs one system
//! call instead of five and loses nothing; `portable.rs` is for the other hosts, and on Linux
//! for those who ask for the feature `portable-poller`.

use crate::hardware::Device;
use crate::hardware::errno::errno;
use polling::Poller;
use rustix::io::Errno as HostErrno;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use yieldix_syscalls::Errno;

#[cfg(all(target_os = "linux", not(feature = "portable-poller")))]
#[path = "epoll.rs"]
mod implementation;
#[cfg(not(all(target_os = "linux", not(feature = "portable-poller"))))]
#[path = "portable.rs"]
mod implementation;

pub use implementation::{Registrar, Registration, Waiter};

/// Whoever has devices that are tried, and owes an interrupt when one says `EAGAIN`.
pub trait Owing {
    /// Has the poller tell when a device may be ready in this direction.
    fn arm(&mut self, device: Device, direction: Direction) -> Result<(), Errno>;

    /// The answer of a try that would have to wait: `EAGAIN`, if the interrupt can be promised.
    fn owe(&mut self, device: Device, direction: Direction) -> Errno {
        self.arm(device, direction).err().unwrap_or(Errno::EAGAIN)
    }

    /// The answer of a try to write so many bytes. A device that took fewer is full, and owes an interrupt.
    fn written(&mut self, device: Device, wanted: usize, outcome: Result<usize, HostErrno>) -> Result<usize, Errno> {
        match outcome {
            Ok(count) => {
                if count < wanted {
                    // It fails only for want of the host's memory. Then an error now, though bytes were
                    // taken, is better than an interrupt that never comes.
                    self.arm(device, Direction::Write)?;
                }
                Ok(count)
            }
            Err(HostErrno::AGAIN) => Err(self.owe(device, Direction::Write)),
            Err(error) => Err(errno(error)),
        }
    }
}

/// What a registration gives back with each event: a device, with its generation, so that no event
/// of a closed one reaches the one that has its place now. Half a word each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Key(usize);

impl Key {
    const HALF: u32 = usize::BITS / 2;
    const MASK: usize = (1 << Key::HALF) - 1;

    /// The largest index that fits. One less than could, as the poller keeps the key that is all
    /// ones for itself.
    pub const INDEX_MAX: usize = Key::MASK - 1;

    /// The key of a device.
    pub const fn of(device: Device) -> Key {
        Key((device.generation as usize) << Key::HALF | device.index as usize)
    }

    /// The place in the table.
    pub const fn index(self) -> usize {
        self.0 & Key::MASK
    }
}

/// Trying again may do better.
#[derive(Clone, Copy, Debug)]
pub struct Event {
    /// Of whom.
    pub key: Key,
    /// In reading.
    pub readable: bool,
    /// In writing.
    pub writable: bool,
    /// It may tell of the end, of an error or of urgent data: only `EAGAIN` proves that nothing is
    /// left to read, a short read does not.
    pub is_unsettled: bool,
}

/// What somebody waits to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// To read or accept.
    Read,
    /// To write, or to learn how a connect ended.
    Write,
}

/// How the console's threads say that they have news.
#[derive(Debug)]
pub struct Bell {
    poller: Arc<Poller>,
    has_rung: AtomicBool,
}

impl Bell {
    pub fn new(poller: Arc<Poller>) -> Bell {
        Bell { poller, has_rung: AtomicBool::new(false) }
    }

    /// Ends a wait, after the news was put where it will be looked for.
    pub fn ring(&self) {
        self.has_rung.store(true, Ordering::Release);
        notify(&self.poller);
    }

    /// Has it rung since it was last asked?
    pub fn take(&self) -> bool {
        // The plain load keeps the common answer, no, free of a locked instruction.
        self.has_rung.load(Ordering::Relaxed) && self.has_rung.swap(false, Ordering::Acquire)
    }
}

/// Ends a wait; many of these before one wait are one.
pub fn notify(poller: &Poller) {
    // It fails only if the notifier is full, and then a wait ends as well.
    let _ = poller.notify();
}
