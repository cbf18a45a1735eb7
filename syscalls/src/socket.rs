//! Small values of the network calls.

use crate::Buf;
use alloc::boxed::Box;
use core::{net::SocketAddr, time::Duration};

/// Which half of a connection to close.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shutdown {
    /// Nothing more will be read.
    Read,
    /// Nothing more will be sent: the peer reads the end of the stream.
    Write,
    /// Neither.
    Both,
}

/// What `recv_from` gives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Datagram {
    /// Its bytes, or the first of them.
    pub data: Buf,
    /// Who sent it.
    pub from: Sender,
    /// It was longer, and the rest is lost.
    pub is_cut: bool,
}

/// Who sent a datagram.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sender {
    /// A UDP socket with this address.
    Udp(SocketAddr),
    /// A Unix socket that is bound to this path.
    Unix(Box<str>),
    /// A Unix socket without a name, or with one that has no path here.
    Unnamed,
}

/// A property of a stream socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SocketOption {
    /// Send small segments at once (TCP_NODELAY). Off at first, as in POSIX.
    NoDelay(bool),
    /// Probe an idle peer after so many seconds; 0 turns it off.
    KeepAlive {
        /// Seconds of silence before the first probe.
        idle_seconds: u32,
    },
    /// What a close does with unsent data.
    Linger(
        /// `None`: send it behind (the default). `Some(0)`: reset. Else send it behind, and reset
        /// when nothing of it has got through for so many seconds, on a host that can (Linux can).
        /// A close never waits.
        Option<u32>,
    ),
}

impl SocketOption {
    /// Probes after `idle` of silence, in whole seconds, at least one.
    pub fn keep_alive(idle: Duration) -> SocketOption {
        let seconds = u32::try_from(idle.as_secs()).unwrap_or(u32::MAX).max(1);
        SocketOption::KeepAlive { idle_seconds: seconds }
    }
}
