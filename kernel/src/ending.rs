//! The end: how a kernel ends, and in which order it takes its tasks along.

use crate::{
    emit,
    hardware::{Device, Hardware, Lost},
    kernel::Kernel,
    limits,
    sched::Policy,
};
use yieldix_syscalls::{ExitStatus, Signal, Tid, Time};

/// How a kernel ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ended {
    /// The first task, or init, ended like this, and so did the rest.
    Finished(ExitStatus),
    /// The host told the process to end.
    Signalled(Signal),
    /// No task could ever run again; this many were dropped.
    Deadlock(u32),
    /// Init did not exit: it panicked.
    InitDied(ExitStatus),
    /// It was told to.
    ShutDown,
}

impl Ended {
    /// The exit code of a process that ran this kernel: the first task's, 128 + a signal's number,
    /// 101 for a panic, 70 for a deadlock.
    pub fn code(&self) -> i32 {
        match self {
            Ended::Finished(status) | Ended::InitDied(status) => status.code(),
            Ended::Signalled(signal) => 128 + i32::from(signal.number()),
            Ended::Deadlock(_) => 70,
            Ended::ShutDown => 0,
        }
    }
}

impl<H: Hardware, P: Policy> Kernel<H, P> {
    /// Says what waits for what, and ends.
    pub(crate) fn end_in_deadlock(&mut self) {
        if self.table.live() == 0 {
            return;
        }
        self.report_deadlock();
        self.read_out_flight("deadlock");
        let tasks = self.table.live();
        self.shut_down(Ended::Deadlock(tasks));
    }

    /// Gives a signal of the host's that would end the machine to the group of its first task, if somebody there
    /// catches it, holds it back or ignores it: they end the machine, or do not. Once: the second ends it. But keys
    /// count only where no group was ever given the console, for the last one may have ended a moment ago.
    pub(crate) fn ask_to_end(&mut self, signal: Signal, is_key: bool) -> bool {
        let counts = !is_key || self.foreground.is_none();
        let Some(group) = self.first.filter(|_| !(counts && self.is_asked_to_end)) else { return false };
        if !self.is_prepared(group, signal) || self.signal_group(Tid::NONE, group, signal).is_err() {
            return false;
        }
        self.is_asked_to_end |= counts;
        true
    }

    /// Init is gone, and nobody is left to answer to.
    pub(crate) fn init_ended(&mut self, status: ExitStatus) {
        self.shut_down(match status {
            ExitStatus::Exited(_) => Ended::Finished(status),
            status => Ended::InitDied(status),
        });
    }

    /// Ends every task: children before parents, the newest first. (A child is always newer than
    /// its parent.) Calling it again changes nothing.
    pub fn shut_down(&mut self, ended: Ended) {
        if self.ended.is_some() {
            return;
        }
        self.ended = Some(ended);
        for tid in self.table.tids().into_iter().rev() {
            if let Some(slot) = self.table.find_live(tid) {
                self.exit(slot, ExitStatus::Killed(Signal::Term));
            }
        }
        // Those that were kept for a handle: it can ask no more.
        for tid in self.table.tids() {
            emit!(self, Reaped { tid, by: Tid::NONE });
            self.release(self.slot_of(tid));
        }
    }

    /// The end: what is written is brought out, and the outcome is told, once.
    pub(crate) fn finish(&mut self) -> Ended {
        let finished = || Ended::Finished(self.first_status.clone().unwrap_or(ExitStatus::Exited(0)));
        let ended = self.ended.clone().unwrap_or_else(finished);
        if std::mem::replace(&mut self.is_finished, true) {
            return ended;
        }
        self.look_at_sightings();
        self.shut_down(ended.clone());
        self.close_inbox();
        self.flush(&ended);
        let reason = match &ended {
            Ended::Finished(_) => "finished",
            Ended::Signalled(_) => "signalled",
            Ended::Deadlock(_) => "deadlock",
            Ended::InitDied(_) => "init died",
            Ended::ShutDown => "shut down",
        };
        let (turns, traps) = (self.turns(), self.traps);
        emit!(self, Ended { code: ended.code(), reason, turns, traps });
        if self.options.is_checked {
            self.check();
        }
        ended
    }

    /// Ends everything and gives the outcome; the same one when called again. A kernel whose tasks
    /// have all ended by themselves has finished, and was not shut down.
    pub fn shutdown(&mut self) -> Ended {
        if self.table.live() > 0 {
            self.shut_down(Ended::ShutDown);
        }
        self.finish()
    }

    /// Brings out what was written to the console, and tells what could not be. Announcements that
    /// find no room wait for it. A console that stalls holds the end up, but not one that the host has asked for.
    fn flush(&mut self, ended: &Ended) {
        let until = match ended {
            Ended::Signalled(_) => self.hardware.now() + limits::FLUSH_AFTER_SIGNAL,
            _ if self.is_asked_to_end => self.hardware.now() + limits::FLUSH_AFTER_SIGNAL,
            _ => Time::NEVER,
        };
        let mut lost = self.hardware.flush(until);
        if !self.print_announcements() {
            lost.extend(self.hardware.flush(until));
            self.print_announcements();
        }
        lost.extend(self.hardware.flush(until));
        for Lost { device, bytes, errno } in lost.into_iter().filter(Lost::was_wanted) {
            let stream = if device == Device::STDERR { "stderr" } else { "stdout" };
            emit!(self, OutputLost { stream, bytes, errno });
        }
    }
}
