//! What the Rust peers share: the measuring tools, and the cases that do no I/O, written once over
//! [`Runtime`]. Each program prints lines `case peer metric value unit`.

pub mod cases;

pub use cases::{Runtime, run};

use rustix::{
    process::{Resource, Rlimit, getrlimit, setrlimit},
    time::{ClockId, Timespec, clock_gettime},
};
use std::{
    future::Future,
    pin::Pin,
    sync::atomic::{AtomicU64, Ordering::Relaxed},
    task::{Context, Poll},
    time::{Duration, Instant},
};

/// The words after the program's name.
pub fn words() -> Vec<String> {
    std::env::args().skip(1).collect()
}

/// `words[index]` as a number.
pub fn number(words: &[String], index: usize) -> u64 {
    words.get(index).and_then(|word| word.parse().ok()).unwrap_or_else(|| panic!("word {index} must be a number"))
}

/// Prints one figure.
pub fn tell(case: &str, peer: &str, metric: &str, value: f64, unit: &str) {
    println!("{case} {peer} {metric} {value:.3} {unit}");
}

/// Prints how long one of `count` took, which began at `start`.
pub fn tell_ns(case: &str, peer: &str, metric: &str, start: Instant, count: u64) {
    tell(case, peer, metric, start.elapsed().as_nanos() as f64 / count as f64, "ns");
}

/// A number of this process's status file.
fn status(name: &str) -> f64 {
    let text = std::fs::read_to_string("/proc/self/status").expect("Linux has it");
    let line = text.lines().find(|line| line.starts_with(name)).expect("a line of that name");
    line.split_whitespace().nth(1).and_then(|word| word.parse().ok()).expect("a number")
}

/// Memory of this process that is there, in bytes.
pub fn resident_bytes() -> f64 {
    status("VmRSS:") * 1024.0
}

/// How often this thread has waited for something.
pub fn waits() -> f64 {
    status("voluntary_ctxt_switches:")
}

fn nanos(time: Timespec) -> f64 {
    time.tv_sec as f64 * 1e9 + time.tv_nsec as f64
}

/// CPU time of this process, in nanoseconds.
pub fn cpu_ns() -> f64 {
    nanos(clock_gettime(ClockId::ProcessCPUTime))
}

/// The clock by which the runner says when it started a program.
pub fn monotonic_ns() -> f64 {
    nanos(clock_gettime(ClockId::Monotonic))
}

/// CPU time of one wait in epoll that lasts about `span`, in nanoseconds.
pub fn wait_cost_ns(span: Duration) -> f64 {
    const WAITS: u32 = 1000;
    let epoll = rustix::event::epoll::create(rustix::event::epoll::CreateFlags::CLOEXEC).expect("a descriptor");
    let timeout = Timespec { tv_sec: span.as_secs() as i64, tv_nsec: i64::from(span.subsec_nanos()) };
    let mut events = Vec::with_capacity(1);
    let before = cpu_ns();
    for _ in 0..WAITS {
        rustix::event::epoll::wait(&epoll, rustix::buffer::spare_capacity(&mut events), Some(&timeout))
            .expect("a wait that nothing interrupts");
    }
    (cpu_ns() - before) / f64::from(WAITS)
}

/// As many descriptors as the host gives, at most `DESCRIPTORS_MAX`.
pub fn raise_descriptors() {
    /// More than any case needs; some peers make a table of all there may be.
    const DESCRIPTORS_MAX: u64 = 20_000;
    let limit = getrlimit(Resource::Nofile);
    let wanted = limit.maximum.map_or(DESCRIPTORS_MAX, |hard| hard.min(DESCRIPTORS_MAX));
    setrlimit(Resource::Nofile, Rlimit { current: Some(wanted), ..limit }).expect("it is not above the hard limit");
}

/// Pseudo-random numbers (xorshift), the same for all peers.
pub struct Random(u64);

impl Random {
    /// Those of task `index`.
    pub fn of(index: u64) -> Random {
        Random(0x9E37_79B9_7F4A_7C15 ^ (index + 1).wrapping_mul(0xBF58_476D_1CE4_E5B9))
    }

    /// The next one.
    #[allow(clippy::should_implement_trait, reason = "nobody iterates over these")]
    pub fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    /// 1 to 1,000 ms.
    pub fn delay(&mut self) -> Duration {
        Duration::from_millis(1 + self.next() % 1000)
    }

    /// The numbers below `count` in random order.
    pub fn order(&mut self, count: u64) -> Vec<u64> {
        let mut order: Vec<u64> = (0..count).collect();
        for index in (1..order.len()).rev() {
            order.swap(index, (self.next() % (index as u64 + 1)) as usize);
        }
        order
    }
}

/// What sleepers have seen of their timers, and what that took.
pub struct Fires {
    count: AtomicU64,
    late_us: AtomicU64,
    cpu_before: f64,
    waits_before: f64,
    start: Instant,
}

impl Fires {
    /// None yet, from now on.
    #[allow(clippy::new_without_default, reason = "it starts a clock")]
    pub fn new() -> Fires {
        let [count, late_us] = [const { AtomicU64::new(0) }; 2];
        Fires { count, late_us, cpu_before: cpu_ns(), waits_before: waits(), start: Instant::now() }
    }

    /// One that was due at `due` and is seen at `now`.
    pub fn add(&self, due: Instant, now: Instant) {
        self.count.fetch_add(1, Relaxed);
        self.late_us.fetch_add(now.saturating_duration_since(due).as_micros() as u64, Relaxed);
    }

    /// Prints what they cost, with and without the waits of the process, and how late they were.
    pub fn tell(&self, case: &str, peer: &str) {
        let (count, late_us) = (self.count.load(Relaxed) as f64, self.late_us.load(Relaxed) as f64);
        let (cpu, waits) = (cpu_ns() - self.cpu_before, waits() - self.waits_before);
        let idle = (self.start.elapsed().as_nanos() as f64 - cpu).max(0.0) / waits.max(1.0);
        // A wait is dearer the longer it is: the processor sleeps deeper.
        let waiting = waits * wait_cost_ns(Duration::from_nanos(idle as u64).min(Duration::from_millis(1)));
        tell(case, peer, "cpu_per_fire", cpu / count, "ns");
        tell(case, peer, "cpu_per_fire_net", (cpu - waiting) / count, "ns");
        tell(case, peer, "fires_per_wait", count / waits.max(1.0), "");
        tell(case, peer, "lateness", late_us / count, "us");
    }
}

/// The yield that a runtime without one of its own gets: wakes itself and is pending once.
#[derive(Default)]
pub struct YieldOnce(bool);

impl Future for YieldOnce {
    type Output = ();

    #[inline]
    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        if std::mem::replace(&mut self.0, true) {
            return Poll::Ready(());
        }
        context.waker().wake_by_ref();
        Poll::Pending
    }
}
