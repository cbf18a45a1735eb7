//! Every bound of the kernel, in one place, with what happens at it.

use std::time::Duration;

/// Traps a turn, unless the machine or a task says otherwise; then the task goes to the back.
pub const QUANTUM: u32 = 64;

/// The most traps a turn that can be asked for: `EINVAL` past it.
pub const QUANTUM_MAX: u32 = 4096;

/// Free calls a turn (prints, mostly); one more ends the turn as a used-up quantum does.
pub const FREE_CALLS_PER_TURN: u32 = 1024;

/// Tasks at a time, zombies included, unless the machine says otherwise: `EAGAIN`.
pub const TASKS: u32 = 1 << 20;

/// Places for ready tasks that the policy keeps however few are ready; what a spike has used beyond
/// them is given back.
pub const READY_PLACES_KEPT: usize = 1 << 16;

/// Descriptors a task may have open, unless the machine says otherwise: `EMFILE`.
pub const FDS_PER_TASK: u32 = 1024;

/// Open files and ports of the whole machine: `ENFILE`.
pub const FILES: u32 = 1 << 20;

/// Jobs that are open, names that are asked about among them, and those that wait for a helper, open or not: `EAGAIN`.
pub const JOBS: u32 = 512;

/// Bytes in a pipe: past them, writers wait.
pub const PIPE_BYTES: usize = 64 << 10;

/// Bytes of a write to a pipe up to which it is taken whole or not at all; of a longer one, some may be.
pub const PIPE_ATOMIC_BYTES: usize = 4096;

/// Bytes of a write to a pipe below which it is copied to those before it; others are queued as they are.
pub const PIPE_GATHERED_BYTES: usize = 1024;

/// Bytes a read of `/dev/zero` or `/dev/random` gives; reads that ask for more get less.
pub const PLAIN_READ_BYTES: usize = 64 << 10;

/// Bytes that a terminal of a task's own holds in each direction: past them, writers wait.
pub const TERMINAL_BYTES: usize = 64 << 10;

/// Bytes of a line that is typed at such a terminal, its end among them; what is typed beyond is dropped. What
/// it shows of keys may go so far past its bound.
pub const TERMINAL_LINE_BYTES: usize = 4096;

/// Lines, and ends, typed ahead at such a terminal: past them, writers wait.
pub const TERMINAL_LINES_TYPED: usize = 4096;

/// Messages that a port may be made for: `EINVAL`. Past those it was made for, senders wait.
pub const PORT_CAPACITY: u32 = 1 << 16;

/// Bytes of a message: `EMSGSIZE`.
pub const MESSAGE_BYTES: usize = 1 << 20;

/// Descriptors that travel with a message: `EINVAL`.
pub const MESSAGE_FDS: usize = 64;

/// Bytes of a port's name: `ENAMETOOLONG`.
pub const PORT_NAME_BYTES: usize = 64;

/// Bytes of a datagram, the most that fit into one of IPv4: `EMSGSIZE`.
pub const DATAGRAM_BYTES: usize = 65_507;

/// Bytes of a host's name, as DNS has it: `ENAMETOOLONG`.
pub const HOST_NAME_BYTES: usize = 253;

/// Connections that wait to be accepted at a Unix socket: one more waits before it is connected.
pub const UNIX_BACKLOG: usize = 1024;

/// What the datagrams may cost that wait at a Unix socket: who sends more waits.
pub const UNIX_DATAGRAMS: usize = 212_992;

/// What each of these costs beside its bytes.
pub const UNIX_DATAGRAM_COST: usize = 256;

/// Programs of the host that are open, whether they have ended or not: `EAGAIN`.
pub const HOST_PROGRAMS: u32 = 256;

/// Bytes of a path: `ENAMETOOLONG`.
pub const PATH_BYTES: usize = 4096;

/// Bytes of one name in a path, in the file system in memory: `ENAMETOOLONG`.
pub const FILE_NAME_BYTES: usize = 255;

/// The highest place in a file, what hosts have numbers for: `EINVAL` for a seek or a length past it, `EFBIG`
/// for a write.
pub const OFFSET_MAX: u64 = i64::MAX as u64;

/// Bytes of all files in memory, unless the machine says otherwise: `ENOSPC`.
pub const RAM_BYTES: u64 = 256 << 20;

/// Files and directories in memory: `ENOSPC`.
pub const RAM_INODES: usize = 1 << 16;

/// Entries of a directory that one `readdir` gives of those that the kernel has itself; the next gives more.
pub const DIR_ENTRIES: usize = 1024;

/// Interests of one poll: `EINVAL`.
pub const POLL_INTERESTS: usize = 1 << 16;

/// Interests of a poll that count as one operation.
pub const INTERESTS_PER_OPERATION: u32 = 64;

/// Subroutines deep on a task's trampoline: `ENOMEM`.
pub const SUBROUTINE_DEPTH: usize = 100_000;

/// Deadline scopes a task may have open, one in another: `ENOMEM`.
pub const DEADLINE_SCOPES: usize = 1024;

/// Probes of a task's stages that count at a time; those past them do not.
pub const PROBES: usize = 64;

/// Bytes of a task's name; what is longer is cut.
pub const NAME_BYTES: usize = 64;

/// Bytes of an environment, two for each variable beside its name and its value: `E2BIG`.
pub const ENVIRONMENT_BYTES: usize = 64 << 10;

/// What a look at a whole environment, or a change of one, counts among the operations between two looks
/// at the hardware: it may be copied.
pub const ENVIRONMENT_OPERATIONS: u32 = 2;

/// Bytes of a panic's message that its status keeps; what is longer is cut.
pub const PANIC_MESSAGE_BYTES: usize = 1024;

/// Bytes one read, or one call for random bytes, may ask for; reads that ask for more get less.
pub const TRANSFER_BYTES: u32 = 1 << 20;

/// Bytes of announced exits that wait for room on the console; what does not fit is dropped.
pub const ANNOUNCEMENT_BYTES: usize = 64 << 10;

/// How long output may take to come out once the host has told the process to end; what is not out
/// then is lost, and told.
pub const FLUSH_AFTER_SIGNAL: Duration = Duration::from_secs(3);

/// The most turns between two looks at the hardware while tasks are ready; the round that reaches it
/// is finished first. Fewer when turns are long: see [`POLL_INTERVAL_NS`].
pub const TURNS_PER_POLL: u64 = 1024;

/// How far apart two looks at the hardware should be while tasks are ready. Reading the clock every
/// turn would cost as much as a turn, so after each look the turns until the next are set by how
/// long the last ones took.
pub const POLL_INTERVAL_NS: u64 = 500_000;

/// Operations between two looks, likewise: reads and writes, each of which may take as long as a
/// hundred turns, and what else takes as long as its size says.
pub const OPERATIONS_PER_POLL: u32 = 128;

/// What a turn counts among these that has used up its quantum.
pub const OPERATIONS_PER_FULL_TURN: u32 = 4;

/// A single call that counts as many ends the turn, whatever is left of the quantum.
pub const OPERATIONS_PER_LONG_CALL: u32 = 8;

/// Bytes of files in memory, read or written, that count as one operation.
pub const COPIED_PER_OPERATION: u32 = 64 << 10;

/// Random bytes that count as one operation.
pub const ENTROPY_PER_OPERATION: u32 = 4 << 10;

/// How long after the first of several timers a machine on the host may wake up for all of them,
/// unless it says otherwise: a wait costs as much as a hundred timers.
pub const TIMER_SLACK: Duration = Duration::from_micros(100);

/// Slots of the task table that count as one operation, or as one thing that is looked at, when all of it is looked
/// through.
pub const SLOTS_PER_OPERATION: u32 = 64;

/// Tasks up to which the kernel checks all of itself once a round, in checked runs.
pub const FULL_CHECK_TASKS: u32 = 1000;
/// Files in memory up to which a check of the whole kernel looks at each.
pub const FULL_CHECK_INODES: u32 = 1000;
/// Messages in ports up to which the kernel checks all of itself once a round: each may hold what is open.
pub const FULL_CHECK_MESSAGES: usize = 1000;

/// Links of a chain of waits that are followed to find a cycle when a wait begins.
pub const CYCLE_SEARCH: usize = 1024;

/// Tasks of a cycle of waits that are told, cycles of a deadlock, and things that one task of it waits at; more are
/// counted.
pub const CYCLE_TOLD: usize = 16;

/// What a wait for the hardware pays for looking for tasks that wait for each other: tasks, descriptors, ports,
/// messages, and who could wake whom. A look that has cost more is paid for by those that follow, before there is
/// another.
pub const LOOKED_AT_PER_WAIT: i64 = 64;

/// What a look at the hardware pays for the same while somebody is ready: little, since it comes often then.
pub const LOOKED_AT_PER_POLL: i64 = 2;

/// How many of these a single look may be at while somebody is ready: past it the look is given up, since it would take
/// long, and is made only when the kernel waits.
pub const LOOKED_AT_WHILE_BUSY: usize = 1 << 14;

/// Lines of each kind in `/proc/TID/where`; more are counted. The task's own coroutine is always told.
pub const WHERE_LINES: usize = 256;

/// Tasks, beside the chosen one, that a told decision names of those that could have been chosen.
pub const CANDIDATES_TOLD: usize = 8;

/// Tracers of the whole machine: `EAGAIN`.
pub const TRACERS: u32 = 64;

/// Records that wait to be read from a tracer: those past it are lost, and told as so many. From half of it on a traced
/// task's turn ends after each trap.
pub const TRACE_RECORDS: usize = 8192;

/// Bytes of the texts in them, likewise.
pub const TRACE_BYTES: usize = 4 << 20;

/// Events that the flight recorder keeps, of 32 bytes each; older ones are overwritten.
pub const FLIGHT_RECORDS: usize = 4096;

/// Tasks of which it is told where they are when somebody asks for it; more are counted.
pub const FLIGHT_TASKS: usize = 256;

/// How long a task may run from one trap to the next; past it, it is told as a hog.
pub const HOG: Duration = if cfg!(debug_assertions) { HOG_DEBUG } else { HOG_RELEASE };

/// See [`HOG`].
pub const HOG_RELEASE: Duration = Duration::from_millis(10);

/// The same in builds with debug assertions, which take several times as long for the same.
pub const HOG_DEBUG: Duration = Duration::from_millis(100);

/// Calls in a row that came to nothing, within [`STORM_WITHIN`], that are told as a poll storm.
pub const STORM_CALLS: u32 = 10_000;

/// See [`STORM_CALLS`].
pub const STORM_WITHIN: Duration = Duration::from_secs(1);

/// Traps for each of these calls, that one included, from which a task is taken to do something else as well: fewer are
/// what goes with the asking, such as to give up the turn and to look at the clock.
pub const STORM_OTHERS: u32 = 4;

/// Tasks whose calls that came to nothing are counted; when there is one more, all begin anew.
pub const STORMS_FOLLOWED: usize = 64;

/// Bytes of a task's frame: more are told.
pub const FRAME_BYTES: usize = 64 << 10;

/// Descriptors that a task has open before their growth is looked at.
pub const GROWTH_BEGINS: u32 = 16;

/// Descriptors that a task has opened from then on at one line, none of them closed, that are told as a leak: half of
/// those it may have, and at least so many.
pub const GROWTH_TOLD: u32 = 64;

/// Tasks whose growth is looked at; when there is one more, all begin anew.
pub const GROWTHS_FOLLOWED: usize = 1024;

/// How long a task may hold the machine before the watchdog says so, unless the machine says otherwise.
pub const WATCHDOG: Duration = Duration::from_secs(1);

/// How often the watchdog looks in that time at least; it does so each [`HOG_RELEASE`] anyway. After so many looks that
/// found nobody it sleeps until there are turns again.
pub const WATCHDOG_LOOKS: u32 = 10;

/// The least time between two of its looks.
pub const WATCHDOG_TICK: Duration = Duration::from_millis(5);

/// Lints that are told; past it no more are.
pub const LINTS_TOLD: usize = 256;

/// Requests from other threads that wait for the kernel: `EAGAIN`.
pub const INBOX_REQUESTS: usize = 4096;
