//! Threads for work that keeps a core, or blocks where nothing can be polled.
//!
//! An errand is done in the background and is the device's that it was started for: when it is
//! done that device is told, and takes what came of it. First come, first served. A thread is
//! started when work finds none idle, up to a number; then it stays until the machine is gone.
//!
//! What uses a pool bounds it: it has no more errands out than it has devices. Work that never
//! ends keeps its thread, so each kind of work has a pool of its own.

use super::limits::STOP_PATIENCE;
use super::poller::Bell;
use crate::hardware::Device;
use crate::kernel::broken;
use crate::panic;
use std::collections::VecDeque;
use std::fmt;
use std::io;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{Builder, JoinHandle};
use yieldix_syscalls::Errno;

type Work = Box<dyn FnOnce() + Send>;

/// Work that was given to a helper.
///
/// Dropping it abandons the work: it is not begun any more, or what comes of it is dropped.
#[derive(Debug)]
pub struct Errand<T>(Arc<Mutex<Option<Result<T, String>>>>);

impl<T> Errand<T> {
    /// Has it been done?
    pub fn is_done(&self) -> bool {
        lock(&self.0).is_some()
    }

    /// What came of it, once: a value, or what its panic said. None while it is not done.
    pub fn take(&mut self) -> Option<Result<T, String>> {
        lock(&self.0).take()
    }

    /// Abandons the work, and gives what came of it if it has been done. What comes later is dropped by
    /// the helper, and never by who abandons.
    pub fn abandon(mut self) -> Option<Result<T, String>> {
        // The helper may end between the two: whoever lets go last has the outcome.
        self.take().or_else(|| Arc::into_inner(self.0)?.into_inner().unwrap_or_else(PoisonError::into_inner))
    }
}

impl<T> Errand<Result<T, Errno>> {
    /// What came of it, once; `EAGAIN` before that.
    pub fn outcome(&mut self) -> Result<T, Errno> {
        match self.take() {
            None => Err(Errno::EAGAIN),
            Some(Ok(result)) => result,
            Some(Err(panic)) => broken(&panic),
        }
    }
}

/// A pool of threads. Dropping it drops what was not begun, and waits a little for the rest.
#[derive(Debug)]
pub struct Helpers {
    name: &'static str,
    threads_max: usize,
    threads: Vec<JoinHandle<()>>,
    shared: Arc<Shared>,
    /// Every thread has a copy; they have ended when there is none.
    ends: Option<Sender<()>>,
    have_ended: Receiver<()>,
}

/// A pool that has a thread.
#[derive(Debug)]
pub struct Ready<'a> {
    shared: &'a Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    queue: Mutex<Queue>,
    /// There is something to do, or a reason to stop.
    filled: Condvar,
    done: Mutex<Vec<Device>>,
    bell: Bell,
}

#[derive(Default)]
struct Queue {
    work: VecDeque<Work>,
    /// Threads that wait for some.
    idle: usize,
    is_stopping: bool,
}

impl Helpers {
    /// No thread yet; `threads_max` at most. Each is called `name`.
    pub fn new(name: &'static str, threads_max: usize, bell: Bell) -> Helpers {
        let shared = Shared { queue: Mutex::default(), filled: Condvar::new(), done: Mutex::default(), bell };
        let (ends, have_ended) = channel();
        Helpers { name, threads_max, threads: Vec::new(), shared: Arc::new(shared), ends: Some(ends), have_ended }
    }

    /// A pool that can be given work. `ENOMEM` when the host has no thread for it; asked before there is
    /// work, so that none is lost.
    pub fn ready(&mut self) -> Result<Ready<'_>, Errno> {
        let queue = lock(&self.shared.queue);
        let is_one_wanted = queue.work.len() >= queue.idle && self.threads.len() < self.threads_max;
        drop(queue);
        if is_one_wanted {
            match self.start_thread() {
                Ok(thread) => self.threads.push(thread),
                Err(_) if self.threads.is_empty() => return Err(Errno::ENOMEM),
                // There are others: it waits for one of them.
                Err(_) => {}
            }
        }
        Ok(Ready { shared: &self.shared })
    }

    /// How much work no helper has come to.
    pub fn waiting(&self) -> usize {
        lock(&self.shared.queue).work.len()
    }

    /// Tells of each device whose errand is done.
    pub fn take_done(&mut self, tell: impl FnMut(Device)) {
        if self.shared.bell.take() {
            std::mem::take(&mut *lock(&self.shared.done)).into_iter().for_each(tell);
        }
    }

    fn start_thread(&self) -> io::Result<JoinHandle<()>> {
        let (shared, ends) = (Arc::clone(&self.shared), self.ends.clone());
        Builder::new().name(self.name.into()).spawn(move || {
            shared.run();
            drop(ends);
        })
    }
}

impl Ready<'_> {
    /// Has `work` done of which nobody will be told.
    pub fn run(self, work: impl FnOnce() + Send + 'static) {
        self.queue(Box::new(work));
    }

    fn queue(&self, work: Work) {
        lock(&self.shared.queue).work.push_back(work);
        self.shared.filled.notify_one();
    }

    /// Has `work` done for `device`.
    pub fn start<T: Send + 'static>(self, device: Device, work: impl FnOnce() -> T + Send + 'static) -> Errand<T> {
        let outcome = Arc::new(Mutex::new(None));
        let (place, shared) = (Arc::clone(&outcome), Arc::clone(self.shared));
        self.queue(Box::new(move || {
            if Arc::strong_count(&place) == 1 {
                return;
            }
            let outcome = panic::contain(work);
            *lock(&place) = Some(outcome);
            shared.tell(device);
        }));
        Errand(outcome)
    }
}

impl Drop for Helpers {
    fn drop(&mut self) {
        let mut queue = lock(&self.shared.queue);
        queue.is_stopping = true;
        let not_begun = std::mem::take(&mut queue.work);
        drop(queue);
        self.shared.filled.notify_all();
        for work in not_begun {
            // What it owns may panic when it is dropped; nobody is left to be told.
            let _ = panic::contain(|| drop(work));
        }
        self.ends = None;
        // Work that never ends holds what it uses itself, so it can be left behind.
        if let Err(RecvTimeoutError::Disconnected) = self.have_ended.recv_timeout(STOP_PATIENCE) {
            for thread in self.threads.drain(..) {
                // No panic gets out of its loop.
                let _ = thread.join();
            }
        }
    }
}

impl Shared {
    /// A thread: does what there is to do.
    fn run(&self) {
        while let Some(work) = self.next() {
            // Its own panic is what came of it. This is for what is dropped with abandoned work.
            let _ = panic::contain(work);
        }
    }

    /// The next work; `None` at the end.
    fn next(&self) -> Option<Work> {
        let mut queue = lock(&self.queue);
        loop {
            if queue.is_stopping {
                return None;
            }
            if let Some(work) = queue.work.pop_front() {
                return Some(work);
            }
            queue.idle += 1;
            queue = self.filled.wait(queue).unwrap_or_else(PoisonError::into_inner);
            queue.idle -= 1;
        }
    }

    fn tell(&self, device: Device) {
        let mut done = lock(&self.done);
        let is_first = done.is_empty();
        done.push(device);
        drop(done);
        if is_first {
            self.bell.ring();
        }
    }
}

impl fmt::Debug for Queue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Queue { work, idle, is_stopping } = self;
        let mut shown = f.debug_struct("Queue");
        shown.field("work", &work.len()).field("idle", idle).field("is_stopping", is_stopping).finish()
    }
}

/// Nothing panics while it holds one of these locks.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::super::poller::Waiter;
    use super::*;
    use polling::Poller;
    use std::sync::Barrier;

    /// A pool, and what waits for its bell.
    struct Pool {
        helpers: Helpers,
        waiter: Waiter,
    }

    impl Pool {
        fn start<T: Send + 'static>(&mut self, index: u32, work: impl FnOnce() -> T + Send + 'static) -> Errand<T> {
            self.helpers.ready().unwrap().start(device(index), work)
        }

        fn new(threads_max: usize) -> Pool {
            let poller = Arc::new(Poller::new().unwrap());
            let helpers = Helpers::new("helper", threads_max, Bell::new(Arc::clone(&poller)));
            Pool { helpers, waiter: Waiter::new(poller).unwrap() }
        }

        /// Waits until some are done.
        fn wait(&mut self) -> Vec<Device> {
            let mut told = Vec::new();
            while told.is_empty() {
                self.waiter.wait(None, |_| {});
                self.helpers.take_done(|device| told.push(device));
            }
            told
        }
    }

    fn device(index: u32) -> Device {
        Device { index, generation: 0 }
    }

    #[test]
    fn a_device_is_told_when_its_errand_is_done_and_takes_the_value_once() {
        let mut pool = Pool::new(1);
        let mut errand = pool.start(7, || 6 * 7);
        assert_eq!(pool.wait(), [device(7)]);
        assert!(errand.is_done());
        assert_eq!(errand.take(), Some(Ok(42)));
        assert_eq!(errand.take(), None);
    }

    #[test]
    fn a_panic_is_what_came_of_the_work_and_its_thread_goes_on() {
        let mut pool = Pool::new(1);
        let mut bad = pool.start(7, || -> u8 { panic!("out of {}", "luck") });
        pool.wait();
        assert_eq!(bad.take(), Some(Err("out of luck".into())));
        let mut good = pool.start(8, || 1);
        pool.wait();
        assert_eq!(good.take(), Some(Ok(1)));
        assert_eq!(pool.helpers.threads.len(), 1);
    }

    #[test]
    fn threads_are_started_up_to_the_bound_and_work_side_by_side() {
        let mut pool = Pool::new(3);
        let all = Arc::new(Barrier::new(3));
        let errands: Vec<_> = (0..3)
            .map(|index| {
                let all = Arc::clone(&all);
                pool.start(index, move || all.wait().is_leader())
            })
            .collect();
        let more = pool.start(3, || true);
        let mut count = 0;
        while count < 4 {
            count += pool.wait().len();
        }
        assert!(errands.iter().chain([&more]).all(Errand::is_done));
        assert_eq!(pool.helpers.threads.len(), 3);
    }

    #[test]
    fn what_has_been_done_is_given_to_who_abandons_it_and_what_has_not_is_dropped_by_the_helper() {
        /// Says on which thread it is dropped.
        struct Dropped(Sender<Option<String>>);

        impl Drop for Dropped {
            fn drop(&mut self) {
                let _ = self.0.send(std::thread::current().name().map(str::to_owned));
            }
        }

        let mut pool = Pool::new(1);
        let done = pool.start(1, || 7);
        pool.wait();
        assert_eq!(done.abandon(), Some(Ok(7)));
        let (drops, dropped) = channel();
        let gate = Arc::new(Barrier::new(2));
        let wait = Arc::clone(&gate);
        let (begun, has_begun) = channel();
        let underway = pool.start(2, move || {
            begun.send(()).unwrap();
            wait.wait();
            Dropped(drops)
        });
        has_begun.recv().unwrap();
        assert!(underway.abandon().is_none());
        gate.wait();
        assert_eq!(dropped.recv().unwrap().as_deref(), Some("helper"));
    }

    #[test]
    fn what_was_abandoned_is_not_begun() {
        let mut pool = Pool::new(1);
        let (begun, gate) = (Arc::new(Mutex::new(false)), Arc::new(Barrier::new(2)));
        let (note, wait) = (Arc::clone(&begun), Arc::clone(&gate));
        let first = pool.start(1, move || wait.wait().is_leader());
        let abandoned = pool.start(2, move || *lock(&note) = true);
        drop(abandoned);
        let last = pool.start(3, || ());
        gate.wait();
        while !last.is_done() {
            assert!(!pool.wait().contains(&device(2)));
        }
        assert!(first.is_done() && !*lock(&begun));
    }

    #[test]
    fn a_pool_does_not_wait_for_ever_for_work_that_never_ends() {
        let mut pool = Pool::new(1);
        let (begun, has_begun) = channel();
        let (gate, never) = channel::<()>();
        let errand = pool.start(1, move || {
            begun.send(()).unwrap();
            never.recv()
        });
        has_begun.recv().unwrap();
        let owned = Arc::new(());
        let also = Arc::clone(&owned);
        let queued = pool.start(2, move || drop(also));
        drop(pool);
        assert_eq!(Arc::strong_count(&owned), 1, "what was not begun is dropped");
        assert!(!queued.is_done());
        assert!(!errand.is_done());
        drop(gate);
    }
}
