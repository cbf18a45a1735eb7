//! Watching files where there is no inotify: it cannot be done.

use super::folder::Folder;
use super::helpers::{Helpers, Ready};
use super::poller::{Event, Registrar};
use crate::hardware::Device;
use yieldix_syscalls::{Buf, Errno};

/// Nothing that a host would tell.
#[derive(Clone, Copy, Debug)]
pub struct What;

/// Nobody.
#[derive(Debug)]
pub struct Watches;

impl Watches {
    /// None.
    pub fn new(_: Registrar) -> Watches {
        Watches
    }

    /// `ENOSYS`: no watch ever begins.
    pub fn begin(&mut self) -> Result<(), Errno> {
        Err(Errno::ENOSYS)
    }

    /// No event is of this.
    pub fn noted(&mut self, _: Event) -> bool {
        false
    }

    /// Nothing ever is.
    pub fn has_more(&self) -> bool {
        false
    }

    pub fn tell(&mut self, _: impl FnMut(Device, What)) {}
}

/// A watch that has not begun.
#[derive(Debug)]
pub struct Sight;

impl Sight {
    pub fn begin(_: Device, _: u32, _: &str, _: &[Folder], _: Ready<'_>) -> Sight {
        Sight
    }

    pub fn connected(&mut self) -> Result<(), Errno> {
        Err(Errno::ENOSYS)
    }

    pub fn is_decided(&self) -> bool {
        true
    }

    pub fn has_news(&self) -> bool {
        false
    }

    pub fn read(&mut self, _: usize) -> Result<Buf, Errno> {
        Err(Errno::ENOSYS)
    }

    pub fn note(&mut self, _: What, _: &[Folder], _: &mut Helpers) {}

    pub fn go_on(&mut self, _: &mut Watches, _: &[Folder], _: &mut Helpers) {}

    pub fn end(self, _: &mut Watches) {}
}
