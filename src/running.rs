//! A machine that has booted.

#[cfg(doc)]
use crate::Faults;
#[cfg(unix)]
use crate::watchdog::Watchdog;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
#[cfg(unix)]
use std::{io, time::Duration};
use yieldix_kernel::{
    Ended, Handle, Kernel, Measures, Stats, TaskStatus, Work,
    hardware::{Hardware, simulated::CallCount},
    sched::RoundRobin,
};
use yieldix_syscalls::{Errno, Signal, SpawnOptions, Task, TaskInfo, Tid};

/// A machine that has booted, run by whoever holds it: all at once, or a little at a time.
///
/// Dropping it ends every task, children before parents.
pub struct Running {
    kernel: Kernel<Box<dyn Hardware>, RoundRobin>,
    calls: CallCount,
    #[cfg(unix)]
    watchdog: Option<Watchdog>,
}

impl Running {
    pub(crate) fn new(kernel: Kernel<Box<dyn Hardware>, RoundRobin>, calls: CallCount) -> Running {
        Running {
            kernel,
            calls,
            #[cfg(unix)]
            watchdog: None,
        }
    }

    /// Has a watchdog see who does not yield, and say who holds the machine for so long.
    #[cfg(unix)]
    pub(crate) fn watch(&mut self, patience: Duration) -> io::Result<()> {
        let (pulse, sightings) = (self.kernel.pulse(), self.kernel.sightings());
        self.watchdog = Some(Watchdog::start(pulse, sightings, self.kernel.clock(), patience)?);
        Ok(())
    }

    /// Runs to the end and gives how it ended; the same when called again. Blocks the calling
    /// thread, in the poller when no task is ready.
    pub fn run(&mut self) -> Ended {
        self.kernel.run()
    }

    /// Runs one round: a turn for each task that is ready. Never waits.
    pub fn step(&mut self) -> Work {
        self.kernel.step()
    }

    /// Runs one turn: of the task whose turn it is. Never waits.
    pub fn step_turn(&mut self) -> Work {
        self.kernel.step_turn()
    }

    /// Waits for something to come, unless a task is ready: what runs a machine beside
    /// [`Running::step`] that has nothing to do for now. Blocks the calling thread, in the poller.
    pub fn wait(&mut self) -> Work {
        self.kernel.wait()
    }

    /// Runs until it would have to wait, or has ended.
    pub fn run_until_blocked(&mut self) -> Work {
        self.kernel.run_until_blocked()
    }

    /// Makes one more task without a parent; its status is kept until it is asked for.
    ///
    /// Errors: `EAGAIN` past the most tasks.
    pub fn spawn(&mut self, task: Task) -> Result<Tid, Errno> {
        self.kernel.spawn_asked_for(task, SpawnOptions::default())
    }

    /// Sends a signal to a task, as `kill` does. Errors: `ESRCH`, `EPERM`.
    pub fn kill(&mut self, tid: Tid, signal: Signal) -> Result<(), Errno> {
        self.kernel.send_signal(tid, signal)
    }

    /// What a task is doing; reaps one that was spawned from here and has ended.
    pub fn status(&mut self, tid: Tid) -> TaskStatus {
        self.kernel.status(tid)
    }

    /// How many calls of a simulated world have been made that can fail: the numbers for
    /// [`Faults::fail_call`]. None on a host.
    pub fn fallible_calls(&self) -> u64 {
        self.calls.count()
    }

    /// Every task, zombies included, oldest first.
    pub fn tasks(&self) -> Vec<TaskInfo> {
        self.kernel.tasks()
    }

    /// Counts of the whole kernel.
    pub fn stats(&self) -> Stats {
        self.kernel.stats()
    }

    /// Histograms of how long tasks waited for turns, how long turns took, and how long calls took to be answered,
    /// while the machine was measured ([`Machine::measured`](crate::Machine::measured)) or otherwise observed.
    pub fn measures(&self) -> &Measures {
        self.kernel.measures()
    }

    /// What the flight recorder has: the last spawns, exits, waits and wake-ups, a line each, oldest first.
    pub fn flight(&self) -> String {
        self.kernel.flight()
    }

    /// How many events have been told, and the state between two turns as text: what `yieldix log state` makes of
    /// these events.
    pub fn snapshot(&self) -> (u64, String) {
        (self.kernel.sequence(), self.kernel.snapshot())
    }

    /// Checks every invariant of the kernel; panics with the one that is broken.
    pub fn check(&self) {
        self.kernel.check();
    }

    /// A handle for other threads. While one exists, the machine does not end of itself.
    pub fn handle(&self) -> Handle {
        self.kernel.handle()
    }

    /// Ends every task and the machine, and gives how it ended; the same when called again.
    pub fn shutdown(&mut self) -> Ended {
        self.kernel.shutdown()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // A kernel that has just found itself broken may well do so again here. A second panic
        // would end the process, and nobody would hear of the first.
        let ended = catch_unwind(AssertUnwindSafe(|| self.kernel.shutdown()));
        if let Err(panic) = ended
            && !std::thread::panicking()
        {
            resume_unwind(panic);
        }
    }
}
