//! Requests from other threads: how the world outside the kernel's own thread asks for something.
//!
//! A [`Handle`] may be used from any thread. Its request waits in the inbox until the kernel looks
//! there, between rounds, and its caller waits for the answer. While a handle exists the kernel
//! does not end of itself: something may still come.

use crate::{hardware::Hardware, hardware::Waker, kernel::Kernel, limits, sched::Policy};
use std::{
    collections::VecDeque,
    fmt,
    sync::{
        Arc, Condvar, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicUsize, Ordering},
        mpsc,
    },
    thread::ThreadId,
};
use yieldix_syscalls::{Errno, ExitStatus, Signal, SpawnOptions, Task, Tid};

/// Why a handle's request was not answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HandleError {
    /// The kernel has ended.
    Ended,
    /// The kernel refused.
    Refused(Errno),
    /// Asked on the kernel's own thread, which would wait for itself. Ask the `Running` instead.
    OwnThread,
}

impl fmt::Display for HandleError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            HandleError::Ended => f.write_str("the machine has ended"),
            HandleError::Refused(errno) => write!(f, "{errno}"),
            HandleError::OwnThread => f.write_str("a handle was asked on the machine's own thread"),
        }
    }
}

impl std::error::Error for HandleError {}

/// What a task that a handle asks about is doing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TaskStatus {
    /// It has not ended.
    Running,
    /// It ended like this. Asking reaps it: the next time it is unknown.
    Ended(ExitStatus),
    /// There is no such task (any more).
    Unknown,
}

pub(crate) enum Request {
    Spawn(Task, mpsc::Sender<Result<Tid, Errno>>),
    Kill(Tid, Signal, mpsc::Sender<Result<(), Errno>>),
    Status(Tid, mpsc::Sender<TaskStatus>),
    Shutdown,
}

/// Where requests wait.
pub(crate) struct Inbox {
    requests: Mutex<VecDeque<Request>>,
    arrived: Condvar,
    has_requests: AtomicBool,
    handles: AtomicUsize,
    is_closed: AtomicBool,
    /// The thread that runs the kernel; it can wait for no answer of its own.
    kernel_thread: ThreadId,
    waker: Waker,
}

impl Inbox {
    pub(crate) fn new(waker: Waker) -> Inbox {
        Inbox {
            requests: Mutex::default(),
            arrived: Condvar::new(),
            has_requests: AtomicBool::new(false),
            handles: AtomicUsize::new(0),
            is_closed: AtomicBool::new(false),
            kernel_thread: std::thread::current().id(),
            waker,
        }
    }

    /// Could a request still come?
    pub(crate) fn has_handles(&self) -> bool {
        self.handles.load(Ordering::Acquire) > 0 || self.has_requests.load(Ordering::Acquire)
    }

    /// Waits until a request is there, or no handle is left.
    pub(crate) fn wait(&self) {
        let waits = |requests: &mut VecDeque<Request>| requests.is_empty() && self.handles.load(Ordering::Acquire) > 0;
        drop(self.arrived.wait_while(self.lock(), waits).unwrap_or_else(PoisonError::into_inner));
    }

    /// No request is taken any more. Gives those that wait: dropping them tells their callers, and
    /// must happen without the lock, as a task among them may hold a handle.
    pub(crate) fn close(&self) -> VecDeque<Request> {
        let mut requests = self.lock();
        self.is_closed.store(true, Ordering::Release);
        self.has_requests.store(false, Ordering::Release);
        std::mem::take(&mut *requests)
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<Request>> {
        // Nothing is done under the lock that could leave the queue half changed.
        self.requests.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn push(&self, request: Request) -> Result<(), HandleError> {
        let mut requests = self.lock();
        if self.is_closed.load(Ordering::Acquire) {
            return Err(HandleError::Ended);
        }
        if requests.len() >= limits::INBOX_REQUESTS {
            return Err(HandleError::Refused(Errno::EAGAIN));
        }
        requests.push_back(request);
        self.has_requests.store(true, Ordering::Release);
        drop(requests);
        self.wake();
        Ok(())
    }

    /// For a request whose caller will wait for the answer.
    fn push_and_wait(&self, request: Request) -> Result<(), HandleError> {
        if std::thread::current().id() == self.kernel_thread && !self.is_closed.load(Ordering::Acquire) {
            return Err(HandleError::OwnThread);
        }
        self.push(request)
    }

    fn wake(&self) {
        self.arrived.notify_all();
        (self.waker)();
    }

    fn take(&self) -> VecDeque<Request> {
        if !self.has_requests.load(Ordering::Acquire) {
            return VecDeque::new();
        }
        let mut requests = self.lock();
        self.has_requests.store(false, Ordering::Release);
        std::mem::take(&mut *requests)
    }
}

/// Asks a kernel for something, from any thread. Each call waits until the kernel has looked into
/// its inbox, which it does between rounds while it runs.
pub struct Handle {
    inbox: Arc<Inbox>,
}

impl Handle {
    pub(crate) fn new(inbox: Arc<Inbox>) -> Handle {
        inbox.handles.fetch_add(1, Ordering::AcqRel);
        Handle { inbox }
    }

    /// Makes a task without a parent. Its status is kept until it is asked for.
    pub fn spawn(&self, task: Task) -> Result<Tid, HandleError> {
        let (reply, answer) = mpsc::channel();
        self.inbox.push_and_wait(Request::Spawn(task, reply))?;
        answer.recv().map_err(|_| HandleError::Ended)?.map_err(HandleError::Refused)
    }

    /// Sends a signal to a task, as `kill` does.
    pub fn kill(&self, tid: Tid, signal: Signal) -> Result<(), HandleError> {
        let (reply, answer) = mpsc::channel();
        self.inbox.push_and_wait(Request::Kill(tid, signal, reply))?;
        answer.recv().map_err(|_| HandleError::Ended)?.map_err(HandleError::Refused)
    }

    /// What a task is doing; reaps one that a handle spawned and that has ended.
    pub fn status(&self, tid: Tid) -> Result<TaskStatus, HandleError> {
        let (reply, answer) = mpsc::channel();
        self.inbox.push_and_wait(Request::Status(tid, reply))?;
        answer.recv().map_err(|_| HandleError::Ended)
    }

    /// Asks the kernel to end every task and itself; does not wait for it.
    pub fn shutdown(&self) -> Result<(), HandleError> {
        self.inbox.push(Request::Shutdown)
    }
}

impl Clone for Handle {
    fn clone(&self) -> Handle {
        Handle::new(Arc::clone(&self.inbox))
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.inbox.handles.fetch_sub(1, Ordering::AcqRel);
        // The kernel may have waited for this one only. The lock keeps the news from falling
        // between its look and its wait.
        drop(self.inbox.lock());
        self.inbox.wake();
    }
}

impl fmt::Debug for Handle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Handle")
    }
}

impl<H: Hardware, P: Policy> Kernel<H, P> {
    /// A handle to this kernel, for any thread.
    pub fn handle(&self) -> Handle {
        Handle::new(Arc::clone(&self.inbox))
    }

    /// Does what other threads have asked for. A caller that has gone away is no error.
    pub(crate) fn serve_inbox(&mut self) {
        for request in self.inbox.take() {
            if self.ended.is_some() {
                // It came behind what ended the kernel; dropping it tells its caller so.
                self.discard(Tid::NONE, request);
                continue;
            }
            match request {
                Request::Spawn(task, reply) => {
                    let _ = reply.send(self.spawn_asked_for(task, SpawnOptions::default()));
                }
                Request::Kill(tid, signal, reply) => {
                    let _ = reply.send(self.send_signal(tid, signal));
                }
                Request::Status(tid, reply) => {
                    let _ = reply.send(self.status(tid));
                }
                Request::Shutdown => self.shut_down(crate::Ended::ShutDown),
            }
        }
    }

    /// Takes no request any more, and tells those who wait.
    pub(crate) fn close_inbox(&mut self) {
        let unanswered = self.inbox.close();
        self.discard(Tid::NONE, unanswered);
    }

    /// Makes a task without a parent, whose status is kept until it is asked for.
    ///
    /// Errors: `EAGAIN` past the most tasks, `EINVAL` for options that only a parent can give.
    pub fn spawn_asked_for(&mut self, task: Task, options: SpawnOptions) -> Result<Tid, Errno> {
        if self.ended.is_some() {
            self.discard(Tid::NONE, task);
            return Err(Errno::ESRCH);
        }
        let tid = self.spawn_first(task, options)?;
        self.asked_for.insert(tid);
        Ok(tid)
    }

    /// Sends a signal that no task sends. Errors: as `kill`'s.
    pub fn send_signal(&mut self, tid: Tid, signal: Signal) -> Result<(), Errno> {
        let sent = self.signal(Tid::NONE, tid, signal);
        // Outside of turns nobody else tells them.
        self.tell_tracers();
        sent
    }

    /// Is the end of this task to be kept for a handle that asked for it?
    pub(crate) fn keeps_status(&self, tid: Tid) -> bool {
        self.ended.is_none() && self.asked_for.contains(&tid)
    }

    /// What a task is doing; reaps one that a handle spawned and that has ended.
    pub fn status(&mut self, tid: Tid) -> TaskStatus {
        let Some(slot) = self.table.find(tid) else { return TaskStatus::Unknown };
        let Some(status) = self.status_of(slot) else { return TaskStatus::Running };
        if self.asked_for.remove(&self.table.tid(slot)) {
            self.release(slot);
        }
        TaskStatus::Ended(status)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use yieldix_syscalls::task;

    #[test]
    fn a_closed_inbox_drops_a_task_that_holds_a_handle() {
        let inbox = Arc::new(Inbox::new(Arc::new(|| {})));
        let handle = Handle::new(Arc::clone(&inbox));
        let holder = task!({
            drop(handle);
            Ok(())
        });
        let (reply, answer) = mpsc::channel();
        inbox.push(Request::Spawn(holder, reply)).unwrap();
        inbox.close();
        assert_eq!(answer.recv(), Err(mpsc::RecvError));
        assert!(!inbox.has_handles());
    }
}
