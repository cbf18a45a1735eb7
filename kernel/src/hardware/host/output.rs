//! The console's output: answered at once, written behind.
//!
//! One thread and one queue for both streams, so that what was written to them comes out in that
//! order. The queue is bounded; a write that finds no room says `EAGAIN`, and its stream is told
//! when half of the queue is free; whoever asks is told when all is out. A stream that fails keeps its errno for all later writes;
//! what waited for it is lost, and counted until the next flush tells it.
//!
//! Invariants: `pending`, of both streams, counts the bytes in `bytes` and those that the thread is
//! writing, and is at most [`OUTPUT_ROOM`]; a stream is owed only while that is above
//! [`OUTPUT_LOW`], or it would never be told.

use super::console::Stream;
use super::limits::{OUTPUT_CHUNK, OUTPUT_LOW, OUTPUT_ROOM};
use super::poller::Bell;
use super::worker::{Reserve, Stop, Worker};
use crate::hardware::errno::errno;
use crate::hardware::{Device, Lost};
use rustix::event::PollFlags;
use rustix::fs::{FileType, fstat};
use rustix::io::Errno as HostErrno;
use std::io;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use yieldix_syscalls::Errno;

/// Which of the two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Which {
    /// Standard output.
    Out = 0,
    /// Standard error.
    Error = 1,
}

impl Which {
    const BOTH: [Which; 2] = [Which::Out, Which::Error];

    /// What the kernel calls it.
    pub fn device(self) -> Device {
        match self {
            Which::Out => Device::STDOUT,
            Which::Error => Device::STDERR,
        }
    }
}

/// Bytes in a row that go to the same stream.
#[derive(Clone, Copy, Debug)]
struct Run {
    which: Which,
    len: usize,
}

/// What is known of one of the streams.
#[derive(Debug, Default)]
struct End {
    failed: Option<Errno>,
    /// Bytes that were taken, and are not out.
    pending: usize,
    /// Bytes that were taken, and dropped when it failed.
    lost: u64,
    is_owed: bool,
    /// Is somebody to be told when nothing of it is pending?
    is_awaited: bool,
    is_ready: bool,
}

#[derive(Debug, Default)]
struct Queue {
    bytes: Vec<u8>,
    runs: Vec<Run>,
    ends: [End; 2],
    is_asleep: bool,
    /// Somebody waits until nothing is pending.
    is_flushed: bool,
    is_given_up: bool,
    is_stopping: bool,
}

#[derive(Debug)]
struct Shared {
    queue: Mutex<Queue>,
    /// There is something to write, or a reason to stop.
    filled: Condvar,
    streams: [Stream; 2],
    bell: Arc<Bell>,
}

/// Both output streams.
#[derive(Debug)]
pub struct Output {
    shared: Arc<Shared>,
    /// Until the thread starts.
    reserve: Option<Reserve>,
    worker: Option<Worker>,
}

impl Output {
    pub fn new(out: Stream, error: Stream, bell: Arc<Bell>) -> io::Result<Output> {
        let shared = Shared { queue: Mutex::default(), filled: Condvar::new(), streams: [out, error], bell };
        Ok(Output { shared: Arc::new(shared), reserve: Some(Reserve::new()?), worker: None })
    }

    /// Takes what there is room for.
    pub fn try_write(&mut self, which: Which, data: &[u8]) -> Result<usize, Errno> {
        let mut queue = self.shared.lock();
        if let Some(errno) = queue.ends[which as usize].failed {
            return Err(errno);
        }
        if let Some(reserve) = self.reserve.take() {
            let shared = Arc::clone(&self.shared);
            self.worker = Some(Worker::start(reserve, "console output", move |stop| shared.run(&stop)).map_err(errno)?);
        }
        let count = data.len().min(OUTPUT_ROOM - queue.pending());
        if count < data.len() {
            queue.ends[which as usize].is_owed = true;
        }
        if count > 0 {
            queue.append(which, &data[..count]);
            // Waking costs a system call, so only one that sleeps is woken.
            if std::mem::take(&mut queue.is_asleep) {
                self.shared.filled.notify_one();
            }
        }
        if count == 0 && !data.is_empty() { Err(Errno::EAGAIN) } else { Ok(count) }
    }

    /// Would a write answer now? Owes an interrupt when not.
    pub fn is_writable(&mut self, which: Which) -> bool {
        let mut queue = self.shared.lock();
        let is_full = queue.pending() == OUTPUT_ROOM && queue.ends[which as usize].failed.is_none();
        queue.ends[which as usize].is_owed |= is_full;
        !is_full
    }

    /// Is what was written out? Owes an interrupt when not.
    pub fn try_sync(&mut self, which: Which) -> Result<(), Errno> {
        let mut queue = self.shared.lock();
        let end = &mut queue.ends[which as usize];
        match end.failed {
            Some(errno) => Err(errno),
            None if end.pending == 0 => Ok(()),
            None => {
                end.is_awaited = true;
                Err(Errno::EAGAIN)
            }
        }
    }

    /// Where this one goes.
    pub fn stream(&self, which: Which) -> &Stream {
        &self.shared.streams[which as usize]
    }

    /// Tells of each stream for which trying again may do better.
    pub fn take_ready(&mut self, mut tell: impl FnMut(Which)) {
        let mut queue = self.shared.lock();
        for which in Which::BOTH {
            if std::mem::take(&mut queue.ends[which as usize].is_ready) {
                tell(which);
            }
        }
    }

    /// Is everything out, or lost? The bell tells when not.
    pub fn is_out(&mut self) -> bool {
        let mut queue = self.shared.lock();
        queue.is_flushed = queue.pending() > 0;
        !queue.is_flushed
    }

    /// Loses what is not out, with `ETIMEDOUT`. Neither stream takes anything from now on.
    pub fn give_up(&mut self) {
        self.stop();
        // Waits for the thread: what is told as lost is not written after all. Only one that stalls
        // in the middle of a write is left behind, and may yet write that.
        self.worker = None;
        let mut queue = self.shared.lock();
        queue.is_given_up = true;
        for end in &mut queue.ends {
            end.failed.get_or_insert(Errno::ETIMEDOUT);
            end.lost += std::mem::take(&mut end.pending) as u64;
        }
    }

    /// What has been lost since this was last asked.
    pub fn take_lost(&mut self) -> Vec<Lost> {
        self.shared.lock().take_lost()
    }

    /// Orders the thread to stop once it would have to wait.
    fn stop(&mut self) {
        self.shared.lock().is_stopping = true;
        self.shared.filled.notify_one();
    }
}

impl Drop for Output {
    /// What the streams take at once still goes out.
    fn drop(&mut self) {
        self.stop();
    }
}

impl Queue {
    fn pending(&self) -> usize {
        self.ends.iter().map(|end| end.pending).sum()
    }

    fn append(&mut self, which: Which, data: &[u8]) {
        self.bytes.extend_from_slice(data);
        self.ends[which as usize].pending += data.len();
        match self.runs.last_mut() {
            Some(run) if run.which == which => run.len += data.len(),
            _ => self.runs.push(Run { which, len: data.len() }),
        }
    }

    fn take_lost(&mut self) -> Vec<Lost> {
        let lost = Which::BOTH.into_iter().filter_map(|which| {
            let End { failed, lost, .. } = &mut self.ends[which as usize];
            let bytes = std::mem::take(lost);
            failed.filter(|_| bytes > 0).map(|errno| Lost { device: which.device(), bytes, errno })
        });
        lost.collect()
    }

    /// Notes that `count` bytes wait no more. True when somebody is to be told.
    fn settle(&mut self, which: Which, count: usize) -> bool {
        self.ends[which as usize].pending -= count;
        let pending = self.pending();
        let has_room = pending <= OUTPUT_LOW;
        let mut is_news = pending == 0 && std::mem::take(&mut self.is_flushed);
        for end in &mut self.ends {
            let has_failed = end.failed.is_some();
            let is_due = end.is_owed && (has_room || has_failed);
            if is_due || end.is_awaited && (end.pending == 0 || has_failed) {
                end.is_owed &= !is_due;
                end.is_awaited = false;
                end.is_ready = true;
                is_news = true;
            }
        }
        is_news
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Queue> {
        // Nothing panics while it holds the lock; if something did, output would matter the more.
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The thread: takes all that waits, writes it, and so on.
    fn run(&self, stop: &Stop) {
        let at_once = Which::BOTH.map(|which| at_once(&self.streams[which as usize]));
        let (mut bytes, mut runs) = (Vec::new(), Vec::new());
        while self.take_all(&mut bytes, &mut runs) {
            let mut rest = &bytes[..];
            for run in runs.drain(..) {
                let (mut data, after) = rest.split_at(run.len);
                rest = after;
                while !data.is_empty() {
                    match self.write(run.which, data, at_once[run.which as usize], stop) {
                        Ok(Some(count)) => {
                            self.settle(run.which, count, None);
                            data = &data[count..];
                        }
                        Ok(None) => return,
                        Err(errno) => {
                            self.settle(run.which, data.len(), Some(errno));
                            data = &[];
                        }
                    }
                }
            }
        }
    }

    /// Swaps its buffers for those that were filled, when there are any; false at the end.
    fn take_all(&self, bytes: &mut Vec<u8>, runs: &mut Vec<Run>) -> bool {
        bytes.clear();
        let mut queue = self.lock();
        while queue.bytes.is_empty() {
            if queue.is_stopping {
                return false;
            }
            queue.is_asleep = true;
            queue = self.filled.wait(queue).unwrap_or_else(PoisonError::into_inner);
        }
        queue.is_asleep = false;
        std::mem::swap(&mut queue.bytes, bytes);
        std::mem::swap(&mut queue.runs, runs);
        true
    }

    /// Writes a part; `None` when ordered to stop.
    fn write(&self, which: Which, data: &[u8], at_once: usize, stop: &Stop) -> Result<Option<usize>, Errno> {
        if let Some(errno) = self.lock().ends[which as usize].failed {
            return Err(errno);
        }
        let stream = &self.streams[which as usize];
        loop {
            if !stop.wait_for(stream, PollFlags::OUT) {
                return Ok(None);
            }
            match rustix::io::write(stream, &data[..data.len().min(at_once)]) {
                Ok(0) => return Err(Errno::EIO),
                Ok(count) => return Ok(Some(count)),
                // Another process may have made the stream non-blocking.
                Err(HostErrno::INTR | HostErrno::AGAIN) => {}
                Err(error) => return Err(errno(error)),
            }
        }
    }

    fn settle(&self, which: Which, count: usize, failed: Option<Errno>) {
        let mut queue = self.lock();
        if queue.is_given_up {
            return;
        }
        if failed.is_some() {
            let end = &mut queue.ends[which as usize];
            end.failed = failed;
            end.lost += count as u64;
        }
        let is_news = queue.settle(which, count);
        drop(queue);
        if is_news {
            self.bell.ring();
        }
    }
}

/// How many bytes can be given to a stream that is writable without blocking for long.
fn at_once(stream: &Stream) -> usize {
    match fstat(stream) {
        Ok(stat) if FileType::from_raw_mode(stat.st_mode) == FileType::RegularFile => OUTPUT_ROOM,
        _ => OUTPUT_CHUNK,
    }
}
