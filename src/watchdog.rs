//! The watchdog: a thread that sees who does not yield.
//!
//! A task that neither traps nor ends keeps all others from running, and the kernel from telling it. So another thread
//! looks at the kernel's [`Pulse`] many times a second. Who has run for too long is left to the kernel to tell, when it
//! has a turn again; who goes on is told from here. What the host gave to other processes in the meantime is not
//! the task's, and neither is a time in which this process was stopped. While the machine is idle the thread sleeps.

use std::{
    collections::BTreeSet,
    io,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};
use tracing::dispatcher::{self, Dispatch};
use yieldix_kernel::{
    Sightings, Stretch,
    hardware::host::{Account, Delay},
    limits,
    pulse::{Line, Pulse},
};
use yieldix_syscalls::{Clock, Tid};

/// A watchdog that runs; dropped, it ends.
pub struct Watchdog {
    is_over: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Watchdog {
    /// Watches the kernel of the calling thread, whose pulse and clock these are, and which is told by these sightings.
    /// A task that has held the machine for `patience` is told from here.
    ///
    /// Errors: the host has no thread to give.
    pub fn start(
        pulse: Arc<Pulse>,
        sightings: Arc<Sightings>,
        clock: Clock,
        patience: Duration,
    ) -> io::Result<Watchdog> {
        let is_over = Arc::new(AtomicBool::new(false));
        let watch = Watch {
            pulse,
            sightings,
            clock,
            patience,
            delay: Delay::of_this_thread(),
            log: dispatcher::get_default(Dispatch::clone),
            is_over: Arc::clone(&is_over),
            told: BTreeSet::new(),
        };
        let thread = thread::Builder::new().name("yieldix watchdog".to_owned()).spawn(|| watch.run())?;
        Ok(Watchdog { is_over, thread: Some(thread) })
    }
}

impl Drop for Watchdog {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::Release);
        if let Some(thread) = self.thread.take() {
            thread.thread().unpark();
            // Its panic was told when it came, and the machine does without.
            let _ = thread.join();
        }
    }
}

struct Watch {
    pulse: Arc<Pulse>,
    sightings: Arc<Sightings>,
    clock: Clock,
    patience: Duration,
    delay: Delay,
    log: Dispatch,
    is_over: Arc<AtomicBool>,
    told: BTreeSet<Line>,
}

/// A stretch, seen from the moment at which it was marked.
struct Marked {
    tid: Tid,
    line: Line,
    held: Duration,
    /// How much of that is beyond doubt.
    proved: Duration,
    /// What the host's account of the thread said at the last look.
    account: Account,
}

impl Marked {
    /// It has gone on, for what is now so long `since` the last look, and the account says this.
    fn go_on(&mut self, since: Duration, account: Account, tick: Duration, patience: Duration) {
        let most = (patience / limits::WATCHDOG_LOOKS).max(tick) * 2;
        // The host tells of a wait when it is over: it may have begun some looks ago.
        let waited = account.waited.saturating_sub(self.account.waited);
        // A look comes late because the host is busy, or the whole process was stopped. The watchdog does not know
        // which: so much is counted, but only that the thread has run is a proof.
        let is_late = since > tick * 2;
        self.held = (self.held + since.min(most)).saturating_sub(waited);
        self.proved = match is_late {
            true => self.proved + account.ran.saturating_sub(self.account.ran).min(most),
            false => (self.proved + since).saturating_sub(waited),
        };
        self.account = account;
    }
}

impl Watch {
    fn run(mut self) {
        let tick = (self.patience / limits::WATCHDOG_LOOKS).min(limits::HOG_RELEASE).max(limits::WATCHDOG_TICK);
        let mut marked: Option<Marked> = None;
        let (mut idle_ticks, mut looked_at) = (0, Instant::now());
        while !self.is_over.load(Ordering::Acquire) {
            match idle_ticks {
                0..limits::WATCHDOG_LOOKS => thread::park_timeout(tick),
                limits::WATCHDOG_LOOKS => {
                    self.pulse.sleep_soon();
                    thread::park_timeout(tick);
                }
                _ => {
                    thread::park();
                    idle_ticks = 0;
                }
            }
            let slept = looked_at.elapsed();
            looked_at = Instant::now();
            if self.pulse.running().is_none() {
                idle_ticks += 1;
                marked = None;
                continue;
            }
            idle_ticks = 0;
            marked = match marked {
                Some(marked) if self.pulse.is_marked() => Some(self.go_on(marked, slept, tick)),
                _ => {
                    let (tid, line) = self.pulse.mark();
                    let account = self.delay.so_far();
                    Some(Marked { tid, line, held: Duration::ZERO, proved: Duration::ZERO, account })
                }
            };
        }
    }

    /// The same stretch, which has gone on since the last look.
    fn go_on(&mut self, mut marked: Marked, slept: Duration, tick: Duration) -> Marked {
        marked.go_on(slept, self.delay.so_far(), tick, self.patience);
        let Marked { tid, line, held, proved, account } = marked;
        if proved >= limits::HOG {
            self.sightings.note(Stretch { tid, line, held: proved, delayed: account.waited });
        }
        if held >= self.patience && self.told.len() < limits::LINTS_TOLD && self.told.insert(line) {
            let at = (self.clock)();
            dispatcher::with_default(&self.log, || Pulse::tell_held(at, tid, held, line));
        }
        marked
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TICK: Duration = Duration::from_millis(10);

    const NONE: Duration = Duration::ZERO;

    /// What is held and what is proved after looks so far apart, while so much was given to others and to the thread.
    fn after(looks: &[(Duration, Duration, Duration)]) -> (Duration, Duration) {
        let mut marked = Marked { tid: Tid::NONE, line: None, held: NONE, proved: NONE, account: Account::default() };
        let mut account = Account::default();
        for (since, others, own) in looks {
            account.waited += *others;
            account.ran += *own;
            marked.go_on(*since, account, TICK, limits::WATCHDOG);
        }
        (marked.held, marked.proved)
    }

    #[test]
    fn a_process_that_was_stopped_twice_proves_no_hog() {
        let stopped = (Duration::from_secs(60), NONE, TICK / 10);
        let looked = (TICK, NONE, TICK);
        assert_eq!(after(&[stopped, stopped]).1, TICK / 5);
        assert_eq!(after(&[stopped, looked, stopped, looked]).1, TICK / 5 + 2 * TICK);
    }

    #[test]
    fn who_runs_while_the_watchdog_is_kept_waiting_is_a_hog() {
        let late = (5 * TICK, NONE, 4 * TICK);
        assert_eq!(after(&[late, late, late]), (15 * TICK, 12 * TICK));
    }

    #[test]
    fn what_the_host_gave_to_others_is_not_held() {
        assert_eq!(after(&[(TICK, TICK / 2, TICK / 2), (TICK, TICK, NONE)]), (TICK / 2, TICK / 2));
    }

    #[test]
    fn a_wait_that_is_told_some_looks_later_was_not_held() {
        let unknown = (TICK, NONE, NONE);
        assert_eq!(after(&[unknown, unknown, unknown, (TICK, 7 * TICK / 2, TICK / 2)]), (TICK / 2, TICK / 2));
    }
}
