//! The pulse: what another thread can see of a kernel while a task has it.
//!
//! Whose code runs, and where its last trap stands. The kernel only ever writes it, without a lock, whenever it resumes
//! a task. A *watcher* puts a mark where the line was. While the mark is there the kernel has
//! resumed nobody since: that is how one stretch that takes long is told from many short ones.

use crate::event::{Event, Record, level};
use crossbeam_utils::atomic::AtomicCell;
use std::{
    panic::Location,
    sync::{
        OnceLock,
        atomic::{AtomicBool, Ordering},
    },
    thread::Thread,
    time::Duration,
};
use tracing::level_filters::LevelFilter;
use yieldix_syscalls::{BYTES_SHOWN, Tid, Time};

/// Where a trap stands in the source; none before the first.
pub type Line = Option<&'static Location<'static>>;

/// As events have it: nothing where there is none.
pub(crate) fn text(line: Line) -> String {
    line.map_or_else(String::new, ToString::to_string)
}

/// Whose code runs, since which trap.
#[derive(Debug)]
pub struct Pulse {
    tid: AtomicCell<Tid>,
    line: AtomicCell<Line>,
    /// Who is to be woken when the kernel goes on, and whether it asks for that.
    watcher: OnceLock<Thread>,
    is_watcher_asleep: AtomicBool,
}

// Without a lock: it would be taken at every turn.
const _: () = assert!(AtomicCell::<Tid>::is_lock_free() && AtomicCell::<Line>::is_lock_free());

impl Pulse {
    pub(crate) fn new() -> Pulse {
        Pulse {
            tid: AtomicCell::new(Tid::NONE),
            line: AtomicCell::new(None),
            watcher: OnceLock::new(),
            is_watcher_asleep: AtomicBool::new(false),
        }
    }

    /// This task's code runs now, since that trap.
    #[inline(always)]
    pub(crate) fn run(&self, tid: Tid, line: Line) {
        self.tid.store(tid);
        self.publish(line);
    }

    /// It has trapped, and runs on.
    #[inline(always)]
    pub(crate) fn pass(&self, line: &'static Location<'static>) {
        self.publish(Some(line));
    }

    #[inline(always)]
    fn publish(&self, line: Line) {
        if cfg!(not(feature = "without-watch")) {
            self.line.store(line);
        }
    }

    /// The kernel's own code runs.
    #[inline(always)]
    pub(crate) fn rest(&self) {
        self.tid.store(Tid::NONE);
    }

    /// The task whose code runs; [`Tid::NONE`] when the kernel's does.
    pub fn running(&self) -> Tid {
        self.tid.load()
    }

    /// Wakes the watcher, if it sleeps, since turns are to come.
    #[inline]
    pub(crate) fn wake_watcher(&self) {
        if self.is_watcher_asleep.load(Ordering::Relaxed) {
            self.is_watcher_asleep.store(false, Ordering::Relaxed);
            self.watcher.get().inspect(|watcher| watcher.unpark());
        }
    }

    /// Puts the mark there, and gives the task that runs and its line.
    pub fn mark(&self) -> (Tid, Line) {
        let line = self.line.swap(Some(Pulse::marking()));
        (self.tid.load(), line)
    }

    /// Is the mark still there: has nobody been resumed since?
    pub fn is_marked(&self) -> bool {
        self.line.load().is_some_and(|line| std::ptr::eq(line, Pulse::marking()))
    }

    /// The line of no trap.
    fn marking() -> &'static Location<'static> {
        static MARK: OnceLock<&Location<'static>> = OnceLock::new();
        MARK.get_or_init(|| Location::caller())
    }

    /// The calling thread is the watcher; it asks to be unparked when turns are to come. A kernel that is just about to
    /// resume somebody may not notice: who finds nobody running some time later will be woken.
    pub fn sleep_soon(&self) {
        self.watcher.get_or_init(std::thread::current);
        self.is_watcher_asleep.store(true, Ordering::Relaxed);
    }

    /// Tells in the log that a task holds the machine; `at` is the kernel's time. Its number is 0: it is no step of the
    /// kernel's own, and may come from any thread.
    pub fn tell_held(at: Time, tid: Tid, held: Duration, line: Line) {
        if LevelFilter::current() < level::HoldsMachine {
            return;
        }
        let event = Event::HoldsMachine { tid, held_ns: held.as_nanos() as u64, line: &text(line) };
        Record { sequence: 0, at, event, payload_shown: BYTES_SHOWN.into() }.log();
    }
}
