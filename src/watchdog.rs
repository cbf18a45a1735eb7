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
    hardware::host::Delay,
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
    /// What the host had given to others at the last look.
    delayed: Duration,
    /// The most that was counted at one look that came late.
    doubted: Duration,
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
                    let (held, doubted) = (Duration::ZERO, Duration::ZERO);
                    Some(Marked { tid, line, held, delayed: self.delay.so_far(), doubted })
                }
            };
        }
    }

    /// The same stretch, which has gone on since the last look.
    fn go_on(&mut self, mut marked: Marked, slept: Duration, tick: Duration) -> Marked {
        let delayed = self.delay.so_far();
        let ran = slept.saturating_sub(delayed.saturating_sub(marked.delayed));
        marked.delayed = delayed;
        // Much longer than it asked for this thread slept because the host is busy, or the whole process was stopped.
        // It does not know which: so much is counted, and the longest of such looks is no proof of a hog.
        let counted = ran.min((self.patience / limits::WATCHDOG_LOOKS).max(tick) * 2);
        marked.held += counted;
        if slept > tick * 2 {
            marked.doubted = marked.doubted.max(counted);
        }
        let Marked { tid, line, held, doubted, .. } = marked;
        if held - doubted >= limits::HOG {
            self.sightings.note(Stretch { tid, line, held: held - doubted });
        }
        if held >= self.patience && self.told.len() < limits::LINTS_TOLD && self.told.insert(line) {
            let at = (self.clock)();
            dispatcher::with_default(&self.log, || Pulse::tell_held(at, tid, held, line));
        }
        marked
    }
}
