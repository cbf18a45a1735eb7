//! What tasks have offloaded, and names that they ask about: each job is an errand of a helper.

use super::helpers::{Errand, Helpers};
use super::resolver;
use crate::hardware::devices::Devices;
use crate::hardware::{Class, Device, Interrupt, Outcome};
use crate::limits::JOBS;
use yieldix_syscalls::{Errno, Value, Work};

/// Every job of the machine.
#[derive(Debug)]
pub struct Jobs {
    /// None of those whose outcome was taken.
    open: Devices<Option<Errand<Value>>>,
    helpers: Helpers,
    /// They wait for others, and no task can make them wait for ever.
    resolvers: Helpers,
}

impl Jobs {
    /// No job yet; these will do them, and ask about names.
    pub fn new(helpers: Helpers, resolvers: Helpers) -> Jobs {
        Jobs { open: Devices::new(Class::Job), helpers, resolvers }
    }

    pub fn open_count(&self) -> u32 {
        self.open.len()
    }

    /// Appends what the helpers have told of jobs that are open.
    pub fn interrupts(&mut self, happened: &mut Vec<Interrupt>) {
        let Jobs { open, helpers, resolvers } = self;
        for pool in [helpers, resolvers] {
            pool.take_done(|device| {
                if open.get(device).is_ok() {
                    happened.push(Interrupt::Ready { device, readable: true, writable: false });
                }
            });
        }
    }

    pub fn resolve(&mut self, name: &str) -> Result<Device, Errno> {
        // Those that were given up wait too, for a helper to drop them.
        if self.resolvers.waiting() >= JOBS as usize {
            return Err(Errno::EAGAIN);
        }
        let resolvers = self.resolvers.ready()?;
        let name = name.to_owned();
        let ask = move || Value::new(resolver::addresses(&name));
        Ok(self.open.open(|device| Some(resolvers.start(device, ask))))
    }

    pub fn begin(&mut self, work: Box<Work>) -> Result<Device, (Errno, Box<Work>)> {
        // Those that were abandoned wait too, for a helper to drop them.
        if self.helpers.waiting() >= JOBS as usize {
            return Err((Errno::EAGAIN, work));
        }
        match self.helpers.ready() {
            Ok(helpers) => Ok(self.open.open(|device| Some(helpers.start(device, || work.run())))),
            Err(errno) => Err((errno, work)),
        }
    }

    /// Would a take answer now? The helper tells when not.
    pub fn is_done(&mut self, job: Device) -> Result<bool, Errno> {
        Ok(self.open.get(job)?.as_ref().is_none_or(Errand::is_done))
    }

    pub fn try_take(&mut self, job: Device) -> Result<Outcome, Errno> {
        let place = self.open.get(job)?;
        let outcome = place.as_mut().ok_or(Errno::ESTALE)?.take().ok_or(Errno::EAGAIN)?;
        *place = None;
        Ok(outcome)
    }

    pub fn close(&mut self, job: Device) -> Option<Outcome> {
        self.open.close(job)??.abandon()
    }
}
