//! The watchdog: a thread that says who holds the machine, while it does.
//!
//! A task that neither traps nor ends keeps all others from running, and the kernel from telling it. So another thread
//! looks at the kernel's [`Pulse`] some times a second. What the host gave to other processes in the meantime is not
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
    /// Watches the kernel of the calling thread, whose pulse and clock these are. A task is told that has held the
    /// machine for so long.
    ///
    /// Errors: the host has no thread to give.
    pub fn start(pulse: Arc<Pulse>, clock: Clock, patience: Duration) -> io::Result<Watchdog> {
        let is_over = Arc::new(AtomicBool::new(false));
        let watch = Watch {
            pulse,
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
    clock: Clock,
    patience: Duration,
    delay: Delay,
    log: Dispatch,
    is_over: Arc<AtomicBool>,
    told: BTreeSet<Line>,
}

/// One stretch of a task's code, from the moment at which it was marked.
struct Stretch {
    tid: Tid,
    line: Line,
    held: Duration,
    delayed: Duration,
}

impl Watch {
    fn run(mut self) {
        let tick = (self.patience / limits::WATCHDOG_LOOKS).max(limits::WATCHDOG_TICK);
        let mut stretch: Option<Stretch> = None;
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
            // Longer than it asked for it slept only when the whole process was stopped, or the host is busy.
            let slept = looked_at.elapsed().min(tick * 2);
            looked_at = Instant::now();
            if self.pulse.running().is_none() {
                idle_ticks += 1;
                stretch = None;
                continue;
            }
            idle_ticks = 0;
            stretch = match stretch {
                Some(stretch) if self.pulse.is_marked() => Some(self.go_on(stretch, slept)),
                _ => {
                    let (tid, line) = self.pulse.mark();
                    Some(Stretch { tid, line, held: Duration::ZERO, delayed: self.delay.so_far() })
                }
            };
        }
    }

    /// The same stretch, which has gone on for so long.
    fn go_on(&mut self, mut stretch: Stretch, slept: Duration) -> Stretch {
        stretch.held += slept;
        let held = stretch.held.saturating_sub(self.delay.so_far().saturating_sub(stretch.delayed));
        if held >= self.patience && self.told.len() < limits::LINTS_TOLD && self.told.insert(stretch.line) {
            let (at, tid, line) = ((self.clock)(), stretch.tid, stretch.line);
            dispatcher::with_default(&self.log, || Pulse::tell_held(at, tid, held, line));
        }
        stretch
    }
}
