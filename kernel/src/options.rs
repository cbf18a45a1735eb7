//! What a kernel is given beside its hardware and its policy.

use crate::{fs::mount::Mount, limits};
use std::{collections::BTreeMap, time::Duration};
use yieldix_syscalls::{BYTES_SHOWN, Program};

/// What a kernel is given beside its hardware and its policy.
#[derive(Clone, Debug)]
pub struct Options {
    /// Traps a turn, for tasks that are not given another number: 1 to [`limits::QUANTUM_MAX`].
    pub quantum: u32,
    /// The most tasks at a time.
    pub tasks_max: u32,
    /// Descriptors a task may have open, 0, 1 and 2 not counted.
    pub fds_per_task: u32,
    /// How long after the first of several timers the kernel may wake up for all of them. It matters
    /// only to a machine that waits: one that computes looks at its timers at every poll.
    pub timer_slack: Duration,
    /// Programs that can be spawned by name.
    pub programs: Vec<Program>,
    /// The variables that the first tasks have, by their names.
    pub environment: BTreeMap<String, String>,
    /// The folders of the hardware, in its order, and where tasks see them.
    pub mounts: Vec<Mount>,
    /// May tasks run programs of the host?
    pub may_exec_on_host: bool,
    /// The most bytes of files in memory.
    pub ram_bytes: u64,
    /// Does the flight recorder keep every turn too? They are watched then, at some cost.
    pub records_turns: bool,
    /// Are turns and calls measured from the beginning on? They are watched then, at some cost.
    pub is_measured: bool,
    /// Is the flight recorder read out when a task panics?
    pub reads_out_faults: bool,
    /// Bytes that the log shows of a payload or a text.
    pub payload_shown: usize,
    /// Check the kernel's invariants after every trap, at some cost.
    pub is_checked: bool,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            quantum: limits::QUANTUM,
            tasks_max: limits::TASKS,
            fds_per_task: limits::FDS_PER_TASK,
            timer_slack: Duration::ZERO,
            programs: Vec::new(),
            environment: BTreeMap::new(),
            mounts: Vec::new(),
            may_exec_on_host: false,
            ram_bytes: limits::RAM_BYTES,
            records_turns: false,
            is_measured: false,
            reads_out_faults: false,
            payload_shown: BYTES_SHOWN.into(),
            is_checked: cfg!(debug_assertions),
        }
    }
}
