//! Interrupts: what the kernel takes between rounds, and what it waits for when nobody is ready.
//!
//! Timers that are due, devices that are ready, signals of the host, requests of other threads. Here, and nowhere else,
//! the kernel's thread waits.

use crate::{
    emit,
    ending::Ended,
    hardware::{Hardware, Interrupt},
    kernel::{Kernel, Work},
    sched::Policy,
};
use yieldix_syscalls::{Signal, Time};

impl<H: Hardware, P: Policy> Kernel<H, P> {
    /// Timers, devices, requests. Waits for one of them when no task is ready and it may.
    pub(crate) fn take_interrupts(&mut self, may_wait: bool) -> Work {
        self.round_time = None;
        self.pace_polls();
        let mut told = None;
        loop {
            self.fire_timers();
            self.send_signals_of_keys();
            self.serve_inbox();
            self.tell_tracers();
            if self.ended.is_some() {
                // Nobody may step this kernel again, and its callers wait.
                self.close_inbox();
                return Work::Over;
            }
            if self.table.live() == 0 && !self.inbox.has_handles() {
                return Work::Over;
            }
            let is_ready = self.policy.waiting() > 0;
            // Whoever runs the kernel step by step may still bring something.
            if !is_ready && may_wait && self.is_deadlocked() {
                self.end_in_deadlock();
                return Work::Over;
            }
            let next = |kernel: &mut Self| kernel.timers.wake_up().min(kernel.first_alarm());
            let until = if is_ready || !may_wait { Time::BOOT } else { next(self) };
            self.look_for_knots(until == Time::BOOT);
            if until != Time::BOOT {
                self.policy.rest();
                // What the hardware has brought since may have been nothing to anybody.
                if told != Some((until, self.sequence.get())) {
                    emit!(self, Idle { until });
                    told = Some((until, self.sequence.get()));
                }
            }
            self.polls += 1;
            let mut batch = std::mem::take(&mut self.interrupts);
            let may_come = self.hardware.interrupts(until, &mut batch);
            self.round_time = None;
            if until != Time::BOOT {
                let now = self.now();
                self.recorder.clock(now);
            }
            if batch.is_empty() && until != Time::BOOT && until != Time::NEVER {
                let now = self.now();
                self.timers.note_wake_up(until, now);
            }
            for interrupt in batch.drain(..) {
                self.take_interrupt(interrupt);
            }
            self.interrupts = batch;
            self.fire_timers();
            self.serve_inbox();
            self.tell_tracers();
            if self.ended.is_some() {
                continue;
            }
            if self.policy.waiting() > 0 {
                return Work::Ready;
            }
            if !may_wait {
                return Work::Waiting;
            }
            if !may_come && !self.wait_for_handles() {
                self.end_in_deadlock();
                return Work::Over;
            }
        }
    }

    fn take_interrupt(&mut self, interrupt: Interrupt) {
        match interrupt {
            Interrupt::Ready { device, readable, writable } => self.device_ready(device, readable, writable),
            Interrupt::Signal(signal) => {
                emit!(self, HostSignal { signal });
                self.take_host_signal(signal);
            }
        }
    }

    /// What the keys of the console send is the foreground's, if there is one. Without one, the key that stops
    /// stops the whole process, and goes on with it; all else is the first task's group's, if that is prepared for
    /// it, and ends the machine otherwise, or when it comes a second time. One is for the kernel: `USR1` has the
    /// flight recorder read out.
    pub(crate) fn take_host_signal(&mut self, signal: Signal) {
        if signal == Signal::Usr1 {
            return self.read_out_on_request("SIGUSR1");
        }
        let is_key = matches!(signal, Signal::Int | Signal::Quit | Signal::Tstp);
        if is_key && self.signal_foreground(signal) || signal != Signal::Tstp && self.ask_to_end(signal, is_key) {
            self.hardware.note_delivered();
        } else if signal == Signal::Tstp {
            self.hardware.suspend();
        } else {
            self.shut_down(Ended::Signalled(signal));
        }
    }

    /// Nothing that could end any wait is left: no timer, no alarm, no device of the hardware waited on, no
    /// handle.
    fn is_deadlocked(&mut self) -> bool {
        let is_time_coming = self.timers.len() > 0 || !self.alarms.is_empty();
        self.table.live() > 0 && !is_time_coming && !self.inbox.has_handles() && !self.waits_for_hardware()
    }

    /// In a simulation nothing may come from the hardware and yet something from a handle.
    fn wait_for_handles(&mut self) -> bool {
        self.inbox.has_handles() && {
            self.inbox.wait();
            true
        }
    }
}
