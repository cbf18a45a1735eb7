//! Every bound of userland, in one place.

use core::time::Duration;

/// The longest line that is read, in bytes, its newline not counted.
pub const LINE_BYTES_MAX: usize = 64 * 1024;

/// The longest file that is read whole, in bytes.
pub const TEXT_BYTES_MAX: usize = 16 * 1024 * 1024;

/// How much of a word of others an error message shows, in characters.
pub const EXCERPT_CHARS: usize = 100;

/// How much input is asked for at a time.
pub const READ_BYTES: u32 = 4096;

/// Connections that may wait to be accepted.
pub const BACKLOG: u32 = 1024;

/// How long a server waits before it tries again to take connections.
pub const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// A server that was held up is told of again only after so long without.
pub const ACCEPT_QUIET: Duration = Duration::from_secs(10);

/// How many connections a server holds at a time, unless it is told otherwise.
pub const CONNECTIONS_MAX: usize = 10_000;

/// How much an echo server takes from a connection at a time.
pub const ECHO_BYTES: u32 = 64 * 1024;

/// Items that one task moves through a flow before it gives way.
pub const ITEMS_PER_TURN: u32 = 1024;
