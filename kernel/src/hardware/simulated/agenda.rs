//! The virtual clock and what is to come.
//!
//! Time stands still while the machine computes and jumps when it waits. Events at one moment
//! happen in the order in which they were planned, so a run depends on nothing but its seed and
//! what the machine asked for.

use super::connection::{ConnectionId, Packet, Side};
use super::entropy::{Generator, Use};
use super::limits::{LATENCY_NS_MAX, LATENCY_NS_MIN};
use super::network::Letter;
use crate::hardware::Device;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use yieldix_syscalls::{Clock, Signal, Time};

/// Something that will happen.
#[derive(Debug)]
pub enum Event {
    /// A packet reaches one end of a connection.
    Arrival { connection: ConnectionId, to: Side, packet: Packet },
    /// A datagram is where it was sent, or lost on the way.
    Datagram { letter: Box<Letter>, is_heard: bool },
    /// The host sends the machine a signal.
    Signal(Signal),
    /// Bytes that were typed reach the console.
    Typed,
    /// What was written to this stream of the console is taken away.
    Drained(Device),
    /// The disk has done what was asked of it: a read, or something else.
    Disk { device: Device, is_read: bool },
    /// A change of a folder is due.
    Change { folder: u32 },
    /// A program of the host was looked for, or its time is over.
    Program { device: Device, is_known: bool },
    /// A job is done.
    Done(Device),
}

/// The clock, the events to come, and the devices that something has just happened to.
#[derive(Debug)]
pub struct Agenda {
    now: Time,
    /// The same for others, in nanoseconds.
    shown: Arc<AtomicU64>,
    events: BTreeMap<(Time, u64), Event>,
    planned: u64,
    latency: Generator,
    touched: Vec<Device>,
}

impl Agenda {
    /// Nothing planned, at the moment of boot.
    pub fn new(seed: u64) -> Agenda {
        Agenda {
            now: Time::BOOT,
            shown: Arc::default(),
            events: BTreeMap::new(),
            planned: 0,
            latency: Generator::new(seed, Use::Latency),
            touched: Vec::new(),
        }
    }

    /// The virtual time.
    pub fn now(&self) -> Time {
        self.now
    }

    /// A clock that shows it.
    pub fn clock(&self) -> Clock {
        let shown = Arc::clone(&self.shown);
        Arc::new(move || Time::from_nanos(shown.load(Ordering::Relaxed)))
    }

    /// Plans an event; one for a moment that has passed is due at once.
    pub fn plan(&mut self, moment: Time, event: Event) {
        self.events.insert((moment.max(self.now), self.planned), event);
        self.planned += 1;
    }

    /// When a packet arrives that is sent now.
    pub fn arrival(&mut self) -> Time {
        let nanos = LATENCY_NS_MIN + self.latency.below(LATENCY_NS_MAX - LATENCY_NS_MIN + 1);
        self.now + Duration::from_nanos(nanos)
    }

    /// The next event that is due.
    pub fn take_due(&mut self) -> Option<Event> {
        let next = self.events.first_entry()?;
        (next.key().0 <= self.now).then(|| next.remove())
    }

    /// When the next event is due.
    pub fn next_moment(&self) -> Option<Time> {
        self.events.first_key_value().map(|((moment, _), _)| *moment)
    }

    /// Moves the clock on.
    pub fn jump(&mut self, moment: Time) {
        assert!(moment >= self.now, "the clock never goes back");
        self.now = moment;
        self.shown.store(moment.as_nanos(), Ordering::Relaxed);
    }

    /// Notes that trying this device again may do better.
    pub fn touch(&mut self, device: Device) {
        self.touched.push(device);
    }

    /// The devices touched since the last call, in order, some of them more than once.
    pub fn take_touched(&mut self) -> Vec<Device> {
        std::mem::take(&mut self.touched)
    }
}
