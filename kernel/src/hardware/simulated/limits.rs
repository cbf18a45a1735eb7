//! The constants of the simulated world, all in one place.

use std::time::Duration;

/// Sockets that may be open at once; one more is `EMFILE`.
pub const SOCKETS_MAX: u32 = 1 << 20;
/// Bytes of one direction of a connection that were sent and not read yet.
pub const WINDOW: usize = 64 * 1024;
/// Bytes that a socket's datagrams under way may cost; one more waits (Linux's `wmem_default`).
pub const DATAGRAMS_UNDER_WAY: usize = 212_992;
/// Bytes that datagrams may cost which wait to be received; one more is dropped (Linux's `rmem_default`).
pub const DATAGRAMS_QUEUED: usize = 212_992;
/// What a datagram costs beside its bytes.
pub const DATAGRAM_COST: usize = 256;
/// The shortest way of a packet.
pub const LATENCY_NS_MIN: u64 = 5_000;
/// The longest way of a packet that has none before it to wait for.
pub const LATENCY_NS_MAX: u64 = 50_000;
/// Bytes that a program of the host has printed and nobody has read.
pub const PROGRAM_PIPE: usize = 64 * 1024;
/// The shortest time that a job takes.
pub const JOB_NS_MIN: u64 = 5_000;
/// The longest.
pub const JOB_NS_MAX: u64 = 1_000_000;
/// The first port that is given to who asks for none (RFC 6335).
pub const EPHEMERAL_FIRST: u16 = 49_152;
/// How many of them there are.
pub const EPHEMERAL_COUNT: u16 = u16::MAX - EPHEMERAL_FIRST + 1;
/// The longest queue of connections that nobody has accepted (Linux's `somaxconn`).
pub const BACKLOG_MAX: u32 = 4096;
/// How long a connect waits before it tries a full listener again; doubled each time.
pub const SYN_RETRY: Duration = Duration::from_secs(1);
/// How often it does so before it gives up, 127 s after it began (Linux's `tcp_syn_retries`).
pub const SYN_RETRIES: u32 = 6;
/// The longest silence before a keep-alive probe that can be asked for, as on Linux.
pub const KEEP_ALIVE_SECONDS_MAX: u32 = 32_767;
/// Bytes that one read takes from the process's own input.
pub const CONSOLE_READ_MAX: usize = 64 * 1024;
/// What a look at the hardware takes that does not wait: the computing since the last one.
pub const LOOK: Duration = Duration::from_micros(1);
/// Bytes of a folder in memory, all files together: `ENOSPC`.
pub const FOLDER_BYTES_MAX: usize = 64 << 20;
/// Names in a folder in memory, directories included: `ENOSPC`.
pub const FOLDER_NAMES_MAX: usize = 1 << 16;
/// Bytes of one part of a path (Linux's `NAME_MAX`): `ENAMETOOLONG`.
pub const NAME_BYTES_MAX: usize = 255;
/// Bytes that the disk brings into the cache at once.
pub const FILE_WINDOW: u64 = 64 * 1024;
/// Bytes that one read of a file takes at most, as on the host.
pub const FILE_READ_MAX: usize = 64 * 1024;
/// The shortest time that the disk takes for anything.
pub const DISK_NS_MIN: u64 = 20_000;
/// The longest.
pub const DISK_NS_MAX: u64 = 2_000_000;
/// Of so many writes, one takes the disk's time: the others go to the cache.
pub const LATE_WRITE_ONE_IN: u64 = 8;
/// Entries of a directory that one call gives at most, as on the host.
pub const READ_DIR_MAX: usize = 1024;
/// Of so many changes that were asked for and given up, one takes place all the same.
pub const GIVEN_UP_DONE_ONE_IN: u64 = 2;
