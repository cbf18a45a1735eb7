//! Values of the port calls and of `poll`.

use crate::{Buf, Errno, Fd};
use alloc::vec::Vec;
use core::{fmt, ops::Deref};

/// A message of a port: bytes, and the descriptors that travel with them.
///
/// It reads as its bytes: `message.len()`, `&*message`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Message {
    /// Its bytes.
    pub data: Buf,
    /// Descriptors: of the sender before, of the receiver after.
    pub fds: Vec<Fd>,
}

impl Message {
    /// These bytes, and these descriptors with them.
    pub fn new(data: impl Into<Buf>, fds: Vec<Fd>) -> Message {
        Message { data: data.into(), fds }
    }
}

impl From<Buf> for Message {
    #[inline(always)]
    fn from(data: Buf) -> Message {
        Message { data, fds: Vec::new() }
    }
}

impl Deref for Message {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.data
    }
}

/// A message that was not sent, and why. Converts to its [`Errno`] with `?`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unsent {
    /// Why.
    pub errno: Errno,
    /// The bytes, back. Descriptors that were to go with them are where they were.
    pub data: Buf,
}

impl fmt::Display for Unsent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({} bytes not sent)", self.errno, self.data.len())
    }
}

impl core::error::Error for Unsent {}

impl From<Unsent> for Errno {
    fn from(unsent: Unsent) -> Errno {
        unsent.errno
    }
}

/// What `poll` waits for on a descriptor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Interest {
    /// That reading would not wait: `read`, `recv`, `accept`, `port_recv`.
    Read(Fd),
    /// That writing would not wait: `write`, `send`, `port_send`.
    Write(Fd),
}

impl Interest {
    /// Whose.
    pub const fn fd(self) -> Fd {
        match self {
            Interest::Read(fd) | Interest::Write(fd) => fd,
        }
    }
}
