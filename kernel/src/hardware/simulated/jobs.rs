//! Jobs without helpers: done at once, so that a run depends on nothing else, and told of later.

use super::agenda::{Agenda, Event};
use super::entropy::{Generator, Use};
use super::limits::{JOB_NS_MAX, JOB_NS_MIN};
use crate::hardware::devices::Devices;
use crate::hardware::{Class, Device, Interrupt, Outcome};
use crate::panic;
use std::time::Duration;
use yieldix_syscalls::{Errno, Work};

#[derive(Debug)]
struct Job {
    /// None when it was taken.
    outcome: Option<Outcome>,
    /// Its time has come.
    is_done: bool,
    is_owed: bool,
}

/// Every job of the machine.
#[derive(Debug)]
pub struct Jobs {
    open: Devices<Job>,
    chance: Generator,
}

impl Jobs {
    /// No job yet.
    pub fn new(seed: u64) -> Jobs {
        Jobs { open: Devices::new(Class::Job), chance: Generator::new(seed, Use::Jobs) }
    }

    pub fn open_count(&self) -> u32 {
        self.open.len()
    }

    pub fn begin(&mut self, work: Work, agenda: &mut Agenda) -> Device {
        let outcome = Some(panic::contain(|| work.run()));
        let device = self.open.open(|_| Job { outcome, is_done: false, is_owed: false });
        let nanos = JOB_NS_MIN + self.chance.below(JOB_NS_MAX - JOB_NS_MIN + 1);
        agenda.plan(agenda.now() + Duration::from_nanos(nanos), Event::Done(device));
        device
    }

    /// The time of a job has come; it may have been closed before.
    pub fn end(&mut self, device: Device) {
        if let Ok(job) = self.open.get(device) {
            job.is_done = true;
        }
    }

    /// The interrupt that a job is owed and can have now.
    pub fn settle(&mut self, device: Device) -> Option<Interrupt> {
        let job = self.open.get(device).ok()?;
        let is_due = job.is_done && std::mem::take(&mut job.is_owed);
        is_due.then_some(Interrupt::Ready { device, readable: true, writable: false })
    }

    /// Would a take answer now? Owes an interrupt when not.
    pub fn is_done(&mut self, device: Device) -> Result<bool, Errno> {
        let job = self.open.get(device)?;
        job.is_owed |= !job.is_done;
        Ok(job.is_done)
    }

    pub fn try_take(&mut self, device: Device) -> Result<Outcome, Errno> {
        if !self.is_done(device)? {
            return Err(Errno::EAGAIN);
        }
        self.open.get(device)?.outcome.take().ok_or(Errno::ESTALE)
    }

    pub fn close(&mut self, device: Device) -> Option<Outcome> {
        self.open.close(device)?.outcome
    }
}
