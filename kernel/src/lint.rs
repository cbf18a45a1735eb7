//! Lints: mistakes that no call refuses, each told once, with its line and what to do.
//!
//! A lint is told once for a line of the source, whichever tasks run it, and only if warnings are wanted at all. All
//! but two are found where something rare is done anyway: a spawn, an end, a call that was answered with nothing, a
//! descriptor past the first few. A task that does not yield, and one that leaves a span entered, are found by looking
//! before and after each stretch between two traps, which is done while the kernel is observed, and not otherwise.
//! Otherwise who does not yield is found by a watcher, another thread, which leaves what it has seen to be told here.
//! Only that somebody holds the machine it tells itself ([`Pulse::tell_held`](crate::pulse::Pulse::tell_held)), since
//! the kernel cannot.
//!
//! Invariant: what is kept here is bounded, and what a task leaves behind is told only if it ended of itself.

use crate::{
    emit,
    event::{Observer, Record, level},
    fd::Object,
    file::Kind,
    hardware::Hardware,
    kernel::Kernel,
    limits,
    pulse::{Line, text},
    sched::Policy,
    trap::{Next, Step},
};
use std::{
    any::Any,
    collections::{BTreeMap, BTreeSet},
    ops::CoroutineState,
    panic::Location,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};
use tracing::{Level, dispatcher::get_default, span};
use yieldix_syscalls::{ExitStatus, Fd, Reply, Tid, Time, Trap};

/// What can be told of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Lint {
    Hog,
    PollStorm,
    SignalUntaken,
    JobUntaken,
    MessagesUnreceived,
    LargeFrame,
    DescriptorLeak,
    SpanLeft,
}

/// A stretch of a task's code, from one trap to the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stretch {
    /// Whose code it is.
    pub tid: Tid,
    /// The line of the trap before.
    pub line: Line,
    /// How long it has gone on.
    pub held: Duration,
    /// How long the host had kept the kernel's thread waiting until then, which is not in that.
    pub delayed: Duration,
}

/// Stretches that were too long, from the watcher to the kernel: the last one that the kernel has not told of yet.
#[derive(Debug, Default)]
pub struct Sightings {
    is_any: AtomicBool,
    last: Mutex<Option<Stretch>>,
}

impl Sightings {
    /// This stretch has gone on for so long.
    pub fn note(&self, stretch: Stretch) {
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = Some(stretch);
        self.is_any.store(true, Ordering::Release);
    }

    fn take(&self) -> Option<Stretch> {
        self.is_any.store(false, Ordering::Relaxed);
        self.last.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// Panics at the first lint that observers are told of: at all but `holds the machine`.
#[derive(Clone, Copy, Debug)]
pub struct LintRefusal;

impl LintRefusal {
    /// What the panic's message begins with.
    const MESSAGE: &str = "a lint is refused";

    /// The message of a panic, if it was one of these.
    pub fn message(payload: &(dyn Any + Send)) -> Option<&str> {
        payload.downcast_ref().map(String::as_str).filter(|text| text.starts_with(LintRefusal::MESSAGE))
    }
}

impl Observer for LintRefusal {
    fn event(&self, record: &Record<'_>) {
        // What is told while a machine is dropped for a first one is not worth an abort.
        if record.target() == "yieldix::lint" && !std::thread::panicking() {
            panic!("{}: {:?}", LintRefusal::MESSAGE, record.event);
        }
    }

    fn least_level(&self) -> Level {
        Level::WARN
    }
}

/// Calls of a task that were answered with nothing, one after the other.
#[derive(Clone, Copy, Debug)]
struct Storm {
    calls: u32,
    since: Time,
    /// The task's traps when this began.
    traps: u32,
}

/// Descriptors that a task has opened, by the line that opened them, as long as none of that line was closed.
#[derive(Debug)]
struct Growth {
    /// None for a line of which one was, or which has been told.
    opened: BTreeMap<&'static Location<'static>, Option<BTreeSet<Fd>>>,
    /// The task's turns and traps when this began.
    since: (u32, u32),
}

impl Growth {
    /// One more; gives how many there are of that line.
    fn open(&mut self, fd: Fd, line: &'static Location<'static>) -> u32 {
        let opened = self.opened.entry(line).or_insert_with(|| Some(BTreeSet::new()));
        opened.as_mut().map_or(0, |fds| {
            fds.insert(fd);
            fds.len() as u32
        })
    }

    fn close(&mut self, fd: Fd) {
        for opened in self.opened.values_mut() {
            if opened.as_ref().is_some_and(|fds| fds.contains(&fd)) {
                *opened = None;
            }
        }
    }

    fn forgive(&mut self, line: &'static Location<'static>) {
        self.opened.insert(line, None);
    }
}

/// What the lints remember.
#[derive(Debug)]
pub(crate) struct Lints {
    told: BTreeSet<(Lint, Line)>,
    storms: BTreeMap<Tid, Storm>,
    growths: BTreeMap<Tid, Growth>,
    /// When the task that runs was resumed, while the kernel is observed.
    resumed_at: Time,
    /// The span that was entered then.
    span: Option<span::Id>,
    /// How long the host had kept this thread waiting at the last look, while the kernel is observed.
    kept_waiting: Duration,
    sightings: Arc<Sightings>,
    /// Who has panicked last: what is seen of it is not told.
    panicked: Tid,
}

impl Lints {
    pub(crate) fn new() -> Lints {
        Lints {
            told: BTreeSet::new(),
            storms: BTreeMap::new(),
            growths: BTreeMap::new(),
            resumed_at: Time::BOOT,
            span: None,
            kept_waiting: Duration::ZERO,
            sightings: Arc::default(),
            panicked: Tid::NONE,
        }
    }

    /// This task has panicked: that is told, and how long it took to say so, with a backtrace, is no hog. The watcher may
    /// have said that it is, or just be about to.
    pub(crate) fn forget_sightings(&mut self, of: Tid) {
        self.panicked = of;
        self.sightings.take();
    }

    /// Is this the first time that this is to be told of that line? Past the bound nothing is.
    fn is_new(&mut self, lint: Lint, line: Line) -> bool {
        self.told.len() < limits::LINTS_TOLD && self.told.insert((lint, line))
    }
}

impl<H: Hardware, P: Policy> Kernel<H, P> {
    /// Is this to be told of the task in `slot`, for the line of its last trap? Gives the line as text.
    fn is_to_tell(&mut self, lint: Lint, slot: u32) -> Option<String> {
        let line = self.table.slot(slot).at;
        (self.wants(level::Hog) && self.lints.is_new(lint, line)).then(|| text(line))
    }

    /// Where a watcher leaves what it has seen.
    pub fn sightings(&self) -> Arc<Sightings> {
        Arc::clone(&self.lints.sightings)
    }

    /// At a look at the hardware, and at the end: has the watcher seen somebody who did not yield?
    #[inline]
    pub(crate) fn look_at_sightings(&mut self) {
        if self.lints.sightings.is_any.load(Ordering::Acquire) {
            self.tell_sighting();
        }
    }

    #[cold]
    fn tell_sighting(&mut self) {
        let Some(Stretch { tid, line, held, delayed }) = self.lints.sightings.take() else { return };
        // What was seen last may have been a wait, which the host told of when it was over.
        let Some(held) = self.own_share(held, delayed).filter(|_| tid != self.lints.panicked) else { return };
        if self.wants(level::Hog) && self.lints.is_new(Lint::Hog, line) {
            let (slot, ran_ns) = (self.table.find_live(tid), held.as_nanos() as u64);
            emit!(self, Hog { tid, name: slot.map_or("", |slot| self.name_of(slot)), ran_ns, line: &text(line) });
        }
    }

    /// What is left of a stretch without what the host gave to others since it had given so much; none when that is no
    /// hog.
    fn own_share(&mut self, ran: Duration, given: Duration) -> Option<Duration> {
        let others = self.hardware.kept_waiting().saturating_sub(given);
        Some(ran.saturating_sub(others)).filter(|&own| own >= limits::HOG)
    }

    /// Before the turns until the next look, which are observed.
    pub(crate) fn begin_lints(&mut self) {
        if self.wants(level::Hog) {
            self.lints.kept_waiting = self.hardware.kept_waiting();
        }
    }

    /// The task that has the turn is about to be resumed.
    pub(crate) fn note_resumed(&mut self) {
        if self.wants(level::Hog) {
            self.lints.resumed_at = self.hardware.now();
            self.lints.span = get_default(|subscriber| subscriber.current_span().id().cloned());
        }
    }

    /// It has trapped, or is over; its slot still has the line of its last trap before this.
    pub(crate) fn note_trapped(&mut self, slot: u32, step: &Step) {
        if !self.wants(level::Hog) {
            return;
        }
        let ran = self.hardware.now().since(self.lints.resumed_at);
        if ran >= limits::HOG {
            self.tell_hog(slot, ran);
        }
        let CoroutineState::Yielded(Trap { at, .. }) = step else { return };
        let before = self.lints.span.take();
        let left = get_default(|subscriber| {
            let current = subscriber.current_span();
            let name = current.metadata().map_or("", |metadata| metadata.name());
            current.id().filter(|&id| before.as_ref() != Some(id)).map(|_| name)
        });
        if let Some(span) = left
            && self.lints.is_new(Lint::SpanLeft, Some(at))
        {
            emit!(self, SpanLeft { tid: self.table.tid(slot), name: self.name_of(slot), span, line: &at.to_string() });
        }
    }

    #[cold]
    fn tell_hog(&mut self, slot: u32, ran: Duration) {
        // What the host gave to others in the meantime is not the task's.
        let Some(ran) = self.own_share(ran, self.lints.kept_waiting) else { return };
        if let Some(line) = self.is_to_tell(Lint::Hog, slot) {
            let (tid, ran_ns) = (self.table.tid(slot), ran.as_nanos() as u64);
            // The round began before it ran.
            self.now_exactly();
            emit!(self, Hog { tid, name: self.name_of(slot), ran_ns, line: &line });
        }
    }

    /// Answers a call that does not wait: there was nothing.
    pub(crate) fn answer_nothing(&mut self, slot: u32, reply: Reply) -> Next {
        self.note_fruitless(slot);
        self.answer(slot, reply)
    }

    /// A call of the task in `slot` came to nothing, at once.
    #[cold]
    pub(crate) fn note_fruitless(&mut self, slot: u32) {
        if !self.wants(level::PollStorm) {
            return;
        }
        let (tid, now) = (self.table.tid(slot), self.now());
        let traps = self.table.slot(slot).traps;
        let storms = &mut self.lints.storms;
        if storms.len() >= limits::STORMS_FOLLOWED && !storms.contains_key(&tid) {
            storms.clear();
        }
        let begins = Storm { calls: 0, since: now, traps };
        let storm = storms.entry(tid).or_insert(begins);
        if now.since(storm.since) > limits::STORM_WITHIN {
            *storm = begins;
        }
        storm.calls += 1;
        let (calls, traps) = (storm.calls, traps.wrapping_sub(storm.traps));
        if calls < limits::STORM_CALLS {
            return;
        }
        storms.remove(&tid);
        // Who does something else as well only looks now and then.
        if traps / calls >= limits::STORM_OTHERS {
            return;
        }
        if let Some(line) = self.is_to_tell(Lint::PollStorm, slot) {
            emit!(self, PollStorm { tid, name: self.name_of(slot), calls, line: &line });
        }
    }

    /// A call of the task in `slot` that does not wait has come to something.
    #[inline]
    pub(crate) fn note_fruitful(&mut self, slot: u32) {
        if !self.lints.storms.is_empty() {
            let tid = self.table.tid(slot);
            self.lints.storms.remove(&tid);
        }
    }

    /// A task is new: is there too much in it?
    #[inline(always)]
    pub(crate) fn look_at_frame(&mut self, tid: Tid, parent: Tid) {
        let body = self.table.slot(self.slot_of(tid)).body.as_ref();
        let bytes = body.map_or(0, |body| body.frame_bytes());
        if bytes > limits::FRAME_BYTES {
            self.tell_frame(tid, parent, bytes);
        }
    }

    /// The line is the parent's: there it was spawned.
    #[cold]
    fn tell_frame(&mut self, tid: Tid, parent: Tid, bytes: usize) {
        let line = self.table.find_live(parent).and_then(|parent| self.table.slot(parent).at);
        if self.wants(level::LargeFrame) && self.lints.is_new(Lint::LargeFrame, line) {
            emit!(self, LargeFrame { tid, name: self.name_of(self.slot_of(tid)), bytes, line: &text(line) });
        }
    }

    /// The task in `slot` has this descriptor more.
    #[inline]
    pub(crate) fn look_at_growth(&mut self, slot: u32, fd: Fd) {
        if self.table.cold(slot).is_some_and(|cold| cold.fds.open() >= limits::GROWTH_BEGINS) {
            self.note_growth(slot, fd);
        }
    }

    #[cold]
    fn note_growth(&mut self, slot: u32, fd: Fd) {
        let Some(line) = self.table.slot(slot).at.filter(|_| self.wants(level::DescriptorLeak)) else { return };
        let tid = self.table.tid(slot);
        let growths = &mut self.lints.growths;
        if growths.len() >= limits::GROWTHS_FOLLOWED && !growths.contains_key(&tid) {
            growths.clear();
        }
        let so_far = (self.table.slot(slot).turns, self.table.slot(slot).traps);
        let growth = growths.entry(tid).or_insert_with(|| Growth { opened: BTreeMap::new(), since: so_far });
        let opened = growth.open(fd, line);
        if opened < (self.options.fds_per_task / 2).max(limits::GROWTH_TOLD) {
            return;
        }
        growth.forgive(line);
        // Who fills its table at one go means to. A leak comes with what a task does, and so with its waits.
        let (turns, traps) = (so_far.0.wrapping_sub(growth.since.0), so_far.1.wrapping_sub(growth.since.1));
        if u64::from(traps) * 2 >= u64::from(turns) * u64::from(self.table.quantum_of(slot)) {
            return;
        }
        if let Some(line) = self.is_to_tell(Lint::DescriptorLeak, slot) {
            emit!(self, DescriptorLeak { tid, name: self.name_of(slot), opened, line: &line });
        }
    }

    /// The task in `slot` has this descriptor less.
    #[inline]
    pub(crate) fn look_at_close(&mut self, slot: u32, fd: Fd) {
        if !self.lints.growths.is_empty() {
            let tid = self.table.tid(slot);
            if let Some(growth) = self.lints.growths.get_mut(&tid) {
                growth.close(fd);
            }
        }
    }

    /// A task that has something open or caught is about to end. Did it end of itself, without taking what it had
    /// been woken for?
    pub(crate) fn look_at_end(&mut self, slot: u32, status: &ExitStatus) {
        let tid = self.table.tid(slot);
        self.lints.growths.remove(&tid);
        self.note_fruitful(slot);
        let ExitStatus::Exited(code) = status else { return };
        if !self.wants(level::SignalUntaken) || self.ended.is_some() {
            return;
        }
        let rare = self.table.rare(slot);
        let untaken = rare.and_then(|rare| (rare.signals.pending & rare.signals.told).first());
        if let Some(signal) = untaken
            && let Some(line) = self.is_to_tell(Lint::SignalUntaken, slot)
        {
            emit!(self, SignalUntaken { tid: self.table.tid(slot), name: self.name_of(slot), signal, line: &line });
        }
        // Who fails leaves things as they are, and its failure is told.
        let has_open = self.table.cold(slot).is_some_and(|cold| cold.fds.open() > 0);
        if *code == 0 && has_open {
            self.look_at_untaken(slot);
        }
    }

    fn look_at_untaken(&mut self, slot: u32) {
        let objects: Vec<Object> = self.table.cold(slot).map_or_else(Vec::new, |cold| cold.fds.objects().collect());
        for object in objects {
            match object {
                Object::Receiver(port) if self.port(port).receivers == 1 => {
                    // Those without bytes are tokens, which end where they are.
                    let messages = self.port(port).messages.iter().filter(|message| !message.is_token()).count();
                    if messages > 0
                        && let Some(line) = self.is_to_tell(Lint::MessagesUnreceived, slot)
                    {
                        let tid = self.table.tid(slot);
                        emit!(self, MessagesUnreceived { tid, name: self.name_of(slot), port, messages, line: &line });
                    }
                }
                Object::File(file) if self.file(file).kind == Kind::Job && self.file(file).holders == 1 => {
                    let device = self.file(file).device;
                    if self.hardware.is_readable(device) == Ok(true)
                        && let Some(line) = self.is_to_tell(Lint::JobUntaken, slot)
                    {
                        let tid = self.table.tid(slot);
                        emit!(self, JobUntaken { tid, name: self.name_of(slot), file, line: &line });
                    }
                }
                _ => {}
            }
        }
    }
}
