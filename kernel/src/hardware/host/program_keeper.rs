//! The programs of the host that are to be killed when this process ends in another way than by the machine's end.
//!
//! Invariant: a number is listed from before anybody could miss its process until the process is reaped, both under
//! the lock, so that what is killed is never another's.

use crate::hardware::errno::errno;
use rustix::process::{Pid, Signal, kill_process_group};
use std::collections::BTreeSet;
use std::io;
use std::mem::forget;
use std::process::{Child, ExitStatus};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use yieldix_syscalls::Errno;

/// Kills the programs of the host that tasks run, from whichever thread finds that the process must end. A clone is
/// another handle on the same.
#[derive(Clone, Debug, Default)]
pub struct ProgramKeeper(Arc<Mutex<BTreeSet<u32>>>);

impl ProgramKeeper {
    /// Kills every program and what it has started in its group. None is started or reaped any more afterwards: who
    /// tries waits for the end of the process, which is the caller's next step.
    pub fn kill_all(&self) {
        let running = self.lock();
        for leader in running.iter().filter_map(|&number| Pid::from_raw(number as i32)) {
            // It fails where all have ended and nothing is left to do.
            let _ = kill_process_group(leader, Signal::KILL);
        }
        forget(running);
    }

    /// Starts a program, which leads a group of its own, and lists it.
    pub(super) fn start(&self, spawn: impl FnOnce() -> io::Result<Child>) -> io::Result<Child> {
        let mut running = self.lock();
        let child = spawn()?;
        running.insert(child.id());
        Ok(child)
    }

    /// How a program has ended, if it has: then it is reaped, and its number free.
    pub(super) fn reap_if_ended(&self, child: &mut Child) -> Result<Option<ExitStatus>, Errno> {
        let mut running = self.lock();
        let ended = child.try_wait().map_err(errno)?;
        if ended.is_some() {
            running.remove(&child.id());
        }
        Ok(ended)
    }

    fn lock(&self) -> MutexGuard<'_, BTreeSet<u32>> {
        // Each change is one step, and nothing panics within one.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::process::{CommandExt, ExitStatusExt};
    use std::process::Command;

    /// A program that would run for long, in a group of its own.
    fn sleeper() -> io::Result<Child> {
        Command::new("sleep").arg("1000").process_group(0).spawn()
    }

    #[test]
    fn all_that_runs_is_killed_and_what_was_reaped_is_not_listed() {
        let keeper = ProgramKeeper::default();
        let mut reaped = keeper.start(|| Command::new("true").process_group(0).spawn()).unwrap();
        while keeper.reap_if_ended(&mut reaped).unwrap().is_none() {
            std::thread::yield_now();
        }
        let mut children = [0; 3].map(|_| keeper.start(sleeper).unwrap());
        assert_eq!(*keeper.lock(), children.iter().map(Child::id).collect());
        keeper.kill_all();
        for child in &mut children {
            assert_eq!(child.wait().unwrap().signal(), Some(Signal::KILL.as_raw()));
        }
    }

    #[test]
    fn none_is_started_once_all_were_killed() {
        let keeper = ProgramKeeper::default();
        keeper.kill_all();
        assert!(keeper.0.try_lock().is_err());
    }
}
