//! Every bound of the host hardware, and the reason for its size.

use std::time::Duration;

/// Events that one wait takes. More stay with the host for the next wait, in order.
pub const EVENTS_MAX: usize = 1024;

/// Bytes that one read from a socket takes at most: the size of the one scratch buffer that all
/// sockets share. Larger reads pay more in cache misses than they save in system calls.
pub const RECEIVE_MAX: usize = 64 * 1024;

/// Buffers of short messages that are kept for the next reads: as many as one wait may ask for. More
/// are given back to the allocator.
pub const SPARE_MAX: usize = EVENTS_MAX;

/// Bytes that one read from the console takes at most; so many are kept until a task reads them.
pub const INPUT_MAX: usize = 64 * 1024;

/// Bytes of console output that may wait to be written. Whoever meets this bound waits.
pub const OUTPUT_ROOM: usize = 256 * 1024;

/// Waiting output at which those who met the bound are told of room: not at each byte, or a full
/// console would cost a wake a write.
pub const OUTPUT_LOW: usize = OUTPUT_ROOM / 2;

/// Bytes that are written to a pipe or terminal at once: a pipe that says it is writable takes so
/// many without blocking.
pub const OUTPUT_CHUNK: usize = rustix::pipe::PIPE_BUF;

/// Connections in a row that were aborted before they could be accepted. A peer that makes more is
/// told on as `ECONNABORTED` rather than let it hold the machine.
pub const ABORTED_MAX: usize = 64;

/// The longest linger of a close: 24 days, the most that the host takes. A longer one is this.
pub const USER_TIMEOUT_MAX: Duration = Duration::from_millis(i32::MAX as u64);

/// How often one wait tells of the same signal. The second already means "at once".
pub const SIGNAL_REPEATS_MAX: usize = 2;

/// Threads for what tasks offload. More work than that waits, in order.
pub const JOB_THREADS: usize = 4;

/// Threads that ask for the addresses of hosts: one that nobody answers keeps its thread until the host gives
/// up. More names wait, in order.
pub const RESOLVE_THREADS: usize = 4;

/// Threads that bind and connect the sockets of Unix that go by a path.
pub const SOCKET_THREADS: usize = 2;

/// Connections that wait to be accepted at a Unix socket of a folder, if the host keeps as many.
pub const UNIX_BACKLOG: i32 = 1024;

/// Threads that start programs, and reap those that were killed.
pub const STARTER_THREADS: usize = 2;

/// Bytes that one read of a program's output takes at most.
pub const PIPE_READ_MAX: usize = 64 * 1024;

/// How long the threads of the console, or of a pool of helpers, may take to stop. They stop at once
/// unless a stream's other end stalls in the middle of a write, or work goes on: they are left behind
/// then, as nothing can call them back.
pub const STOP_PATIENCE: Duration = Duration::from_secs(1);

/// Threads for files, of all mounts together: as many may wait for the disk at once. Where each waits for a
/// disk that does not answer, files of the other mounts wait as well.
pub const FILE_THREADS: usize = 4;

/// Paths that may wait for these threads: one more to open, ask for or watch is `ENFILE`.
pub const FILE_ERRANDS_MAX: usize = 1024;

/// Bytes of news of watched files that are read at once.
pub const NEWS_READ: usize = 4096;

/// Such reads that one look takes. More stays with the host for the next look, which then does not wait.
pub const NEWS_READS_MAX: usize = 4;

/// Bytes that one read of a file takes at most: larger ones pay more in cache misses than they save.
pub const FILE_READ_MAX: usize = 64 * 1024;

/// Entries of a directory that one call gives at most. The next call goes on.
pub const READ_DIR_MAX: usize = 1024;
