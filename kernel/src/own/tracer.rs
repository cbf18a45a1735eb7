//! A tracer: what traced tasks do, on its way to who reads it.
//!
//! It holds at most [`limits::TRACE_RECORDS`] records of at most [`limits::TRACE_BYTES`] of text; those past them are
//! counted, and told in their place as so many. Counts of calls are kept apart and lose nothing.
//!
//! Invariant: a traced task lives; a reader that was told `EAGAIN` is told once that it may do better, when it may.

use crate::{event::Event, hardware::Device, limits, slab::Slab};
use std::{
    collections::{BTreeMap, VecDeque},
    panic::Location,
    time::Duration,
};
use yieldix_syscalls::{
    CallCount, CallInfo, Errno, ExitStatus, SignalFate, Syscall, Tid, Time, TraceFlags, TraceRecord, Traced,
};

/// A trap that is not answered yet.
#[derive(Debug)]
struct Asked {
    /// `None`: it was made before the task was traced.
    info: Option<&'static CallInfo>,
    since: Time,
}

/// Who tells a number of tasks apart from others, and what they have done.
#[derive(Debug)]
pub struct Tracer {
    device: Device,
    flags: TraceFlags,
    /// Bytes of payloads and texts that are shown.
    shown: usize,
    /// Those who are traced, and what each has asked, the last of it last: a subroutine asks while its caller does.
    traced: BTreeMap<Tid, Vec<Asked>>,
    records: VecDeque<TraceRecord>,
    /// Of the texts in these.
    bytes: usize,
    lost: u64,
    /// By the numbers of the calls.
    counts: BTreeMap<u16, CallCount>,
    /// The reader was told `EAGAIN`.
    reader_waits: bool,
}

/// How a task is found when a tracer is attached to it.
#[derive(Debug)]
pub struct Found {
    /// Its name.
    pub name: Box<str>,
    /// What it waits on, if it does.
    pub waits: Option<Box<str>>,
    /// Where it has trapped last.
    pub line: Option<Location<'static>>,
}

impl Tracer {
    fn new(device: Device, flags: TraceFlags, shown: u16) -> Tracer {
        Tracer {
            device,
            flags,
            shown: shown.into(),
            traced: BTreeMap::new(),
            records: VecDeque::new(),
            bytes: 0,
            lost: 0,
            counts: BTreeMap::new(),
            reader_waits: false,
        }
    }

    /// Does it trace this task?
    pub fn traces(&self, tid: Tid) -> bool {
        self.traced.contains_key(&tid)
    }

    /// Those whom it traces.
    pub fn traced(&self) -> impl Iterator<Item = Tid> {
        self.traced.keys().copied()
    }

    /// Traces a task that has not begun.
    pub fn expect(&mut self, tid: Tid) {
        self.traced.entry(tid).or_default();
    }

    /// Traces a task that runs already, or waits.
    pub fn attach(&mut self, tid: Tid, at: Time, found: Found) {
        let Found { name, waits, line } = found;
        let asked = waits.as_ref().map(|_| Asked { info: None, since: at });
        self.traced.insert(tid, asked.into_iter().collect());
        self.push(tid, at, Traced::Attached { name, waits: waits.unwrap_or_default(), line });
    }

    /// Takes at most so many records; none at the end.
    pub fn read(&mut self, max: usize) -> Result<Vec<TraceRecord>, Errno> {
        if !self.is_readable() {
            self.reader_waits = true;
            return Err(Errno::EAGAIN);
        }
        let mut records: Vec<TraceRecord> = self.records.drain(..max.min(self.records.len())).collect();
        self.bytes -= records.iter().map(text_len).sum::<usize>();
        if self.records.is_empty() && self.lost > 0 && records.len() < max {
            let at = records.last().map_or(Time::BOOT, |record| record.at);
            records.push(TraceRecord { tid: Tid::NONE, at, what: self.take_lost() });
        }
        Ok(records)
    }

    fn take_lost(&mut self) -> Traced {
        Traced::Lost { records: std::mem::take(&mut self.lost) }
    }

    /// Would a read answer?
    pub fn is_readable(&self) -> bool {
        !self.records.is_empty() || self.lost > 0 || self.traced.is_empty()
    }

    /// The same; who is told that it would not is owed to be told when it would.
    pub fn ask_whether_readable(&mut self) -> bool {
        self.reader_waits |= !self.is_readable();
        self.is_readable()
    }

    /// Does a reader wait for what is there?
    pub fn owes_its_reader(&self) -> bool {
        self.reader_waits && self.is_readable()
    }

    /// Are so many records there that traced tasks are to go slowly?
    fn is_crowded(&self) -> bool {
        self.records.len() >= limits::TRACE_RECORDS / 2 || self.bytes >= limits::TRACE_BYTES / 2
    }

    /// Is there room in it at all?
    pub fn is_within_bounds(&self) -> bool {
        // One more is told of those that were lost.
        self.records.len() <= limits::TRACE_RECORDS + 1 && self.bytes <= limits::TRACE_BYTES
    }

    /// What was done, call by call.
    pub fn counts(&self) -> Vec<CallCount> {
        self.counts.values().copied().collect()
    }

    fn push(&mut self, tid: Tid, at: Time, what: Traced) {
        let is_call = matches!(what, Traced::Trap { .. } | Traced::Answer { .. });
        if is_call && self.flags.has(TraceFlags::COUNT) {
            return;
        }
        let record = TraceRecord { tid, at, what };
        let bytes = text_len(&record);
        if self.records.len() >= limits::TRACE_RECORDS || self.bytes + bytes > limits::TRACE_BYTES {
            self.lost += 1;
            return;
        }
        if self.lost > 0 {
            let what = self.take_lost();
            self.records.push_back(TraceRecord { tid: Tid::NONE, at, what });
        }
        self.bytes += bytes;
        self.records.push_back(record);
    }

    /// Notes what happens to tasks that it traces, and who may have come to wait for whom, if it is to tell that.
    fn note(&mut self, at: Time, event: &Event<'_>, depth: u32) {
        self.note_of_traced(at, event, depth);
        if self.flags.has(TraceFlags::WAITS)
            && !self.traced.is_empty()
            && let Some(tid) = changes_waits(event)
        {
            self.push(tid, at, Traced::WaitsChange);
        }
    }

    fn note_of_traced(&mut self, at: Time, event: &Event<'_>, depth: u32) {
        match *event {
            Event::Trapped { tid, call, line } => self.note_trap(tid, at, call, *line, depth),
            Event::Answered { tid, reply, .. } => {
                let Some(Asked { info, since }) = self.traced.get_mut(&tid).and_then(Vec::pop) else { return };
                let (took, errno) = (at.since(since), reply.errno());
                if let Some(count) = info.and_then(|info| self.counts.get_mut(&info.number)) {
                    count.took += took;
                    count.errors += u64::from(errno.is_some());
                }
                let shown = self.shown;
                let reply = if self.flags.has(TraceFlags::COUNT) { String::new() } else { format!("{reply:.shown$}") };
                self.push(tid, at, Traced::Answer { info, reply: reply.into(), errno, took });
            }
            Event::Spawned { tid, parent, name, .. } => {
                if self.flags.has(TraceFlags::FOLLOW) && self.traces(parent) {
                    self.expect(tid);
                }
                if self.traces(tid) {
                    self.push(tid, at, Traced::Spawned { parent, name: name.into() });
                }
            }
            Event::Exited { tid, status, .. } => {
                if self.traced.remove(&tid).is_some() {
                    self.push(tid, at, Traced::Exited { status: status.clone() });
                }
            }
            Event::SignalCaught { tid, signal } => self.note_signal(tid, at, signal, SignalFate::Caught),
            Event::SignalDelivered { tid, signal } => self.note_signal(tid, at, signal, SignalFate::Ends),
            Event::Stopped { tid, signal } => self.note_signal(tid, at, signal, SignalFate::Stops),
            Event::Continued { tid } if self.traces(tid) => self.push(tid, at, Traced::Continued),
            _ => {}
        }
    }

    fn note_signal(&mut self, tid: Tid, at: Time, signal: yieldix_syscalls::Signal, fate: SignalFate) {
        if self.traces(tid) {
            self.push(tid, at, Traced::Signal { signal, fate });
        }
    }

    fn note_trap(&mut self, tid: Tid, at: Time, call: &Syscall, line: Location<'static>, depth: u32) {
        let Some(asked) = self.traced.get_mut(&tid) else { return };
        let info = call.info();
        if info.is_answered() {
            asked.push(Asked { info: Some(info), since: at });
        }
        let count = CallCount { info, calls: 0, errors: 0, took: Duration::ZERO };
        self.counts.entry(info.number).or_insert(count).calls += 1;
        if !self.flags.has(TraceFlags::COUNT) {
            let shown = self.shown;
            let call = format!("{call:.shown$}").into();
            self.push(tid, at, Traced::Trap { info, call, line, depth });
        }
    }
}

/// The task by whose doing another task may wait for an end, or for other ends than before.
fn changes_waits(event: &Event<'_>) -> Option<Tid> {
    match *event {
        Event::Blocked { tid, on, .. } if on.is_an_end() => Some(tid),
        Event::Exited { tid, .. } | Event::Grouped { tid, .. } | Event::Continued { tid } => Some(tid),
        _ => None,
    }
}

/// Bytes of the texts in a record.
fn text_len(record: &TraceRecord) -> usize {
    match &record.what {
        Traced::Attached { name, waits, .. } => name.len() + waits.len(),
        Traced::Spawned { name, .. } => name.len(),
        Traced::Trap { call, .. } => call.len(),
        Traced::Answer { reply, .. } => reply.len(),
        Traced::Exited { status: ExitStatus::Panicked(message) } => message.len(),
        Traced::Signal { .. }
        | Traced::Continued
        | Traced::Exited { .. }
        | Traced::WaitsChange
        | Traced::Lost { .. } => 0,
    }
}

/// All tracers.
#[derive(Debug, Default)]
pub struct Tracers {
    tracers: Slab<Tracer>,
}

impl Tracers {
    /// How many there are.
    pub fn len(&self) -> u32 {
        self.tracers.len()
    }

    /// The index that the next will have.
    pub fn next_index(&self) -> u32 {
        self.tracers.next_index()
    }

    /// One more, of nobody yet.
    pub fn open(&mut self, device: Device, flags: TraceFlags, shown: u16) {
        self.tracers.insert(Tracer::new(device, flags, shown));
    }

    /// The tracer at `index`, to change.
    pub fn get_mut(&mut self, index: u32) -> Option<&mut Tracer> {
        self.tracers.get_mut(index)
    }

    /// Those whom the tracer at `index` traces.
    pub fn traced_by(&self, index: u32) -> Vec<Tid> {
        self.tracers.get(index).map_or(Vec::new(), |tracer| tracer.traced().collect())
    }

    /// The tracer at `index` traces nobody any more.
    pub fn close(&mut self, index: u32) {
        self.tracers.remove(index);
    }

    /// Every tracer.
    pub fn iter(&self) -> impl Iterator<Item = &Tracer> {
        self.tracers.iter().map(|(_, tracer)| tracer)
    }

    /// Tells each tracer of an event; `depth` is that of the subroutines of its task.
    pub fn note(&mut self, at: Time, event: &Event<'_>, depth: u32) {
        for (_, tracer) in self.tracers.iter_mut() {
            tracer.note(at, event, depth);
        }
    }

    /// Is this task to go slowly, so that who traces it can read?
    pub fn slow_down(&self, tid: Tid) -> bool {
        self.iter().any(|tracer| tracer.is_crowded() && tracer.traces(tid))
    }

    /// A device that a reader waits on, and need not any more.
    pub fn take_owing(&mut self) -> Option<Device> {
        let (_, tracer) = self.tracers.iter_mut().find(|(_, tracer)| tracer.owes_its_reader())?;
        tracer.reader_waits = false;
        Some(tracer.device)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use yieldix_syscalls::{Fd, Reply, WaitsOn, calls::*};

    fn tracer(flags: TraceFlags) -> (Tracer, Tid) {
        let tid = Tid::new(1, 1);
        let mut tracer = Tracer::new(Device::STDIN, flags, 32);
        tracer.expect(tid);
        (tracer, tid)
    }

    fn trap(tracer: &mut Tracer, tid: Tid, at: u64) {
        let call = gettid().syscall;
        let event = Event::Trapped { tid, call: &call, line: Location::caller() };
        tracer.note(Time::from_nanos(at), &event, 0);
    }

    fn answer(tracer: &mut Tracer, tid: Tid, at: u64) {
        let reply = &Reply::Err(Errno::EBADF);
        tracer.note(Time::from_nanos(at), &Event::Answered { tid, call: "close", reply, after_ns: 0 }, 0);
    }

    #[test]
    fn what_does_not_fit_is_told_as_so_many_in_its_place() {
        let (mut tracer, tid) = tracer(TraceFlags::NONE);
        for at in 0..limits::TRACE_RECORDS as u64 + 5 {
            trap(&mut tracer, tid, at);
        }
        assert!(tracer.is_crowded() && tracer.is_within_bounds());
        assert_eq!(tracer.read(10).unwrap().len(), 10);
        trap(&mut tracer, tid, 1 << 40);
        let rest = tracer.read(usize::MAX).unwrap();
        let place = limits::TRACE_RECORDS - 10;
        assert!(matches!(rest[place].what, Traced::Lost { records: 5 }), "{:?}", rest[place]);
        assert_eq!((rest.len(), tracer.bytes), (place + 2, 0));
        assert_eq!(tracer.counts()[0].calls, limits::TRACE_RECORDS as u64 + 6);
        assert_eq!(tracer.read(1).unwrap_err(), Errno::EAGAIN);
    }

    #[test]
    fn the_words_of_a_panic_count_as_text() {
        let (mut tracer, tid) = tracer(TraceFlags::NONE);
        let status = ExitStatus::Panicked("ten bytes.".into());
        tracer.note(Time::BOOT, &Event::Exited { tid, name: "x", status: &status, errno: "", turns: 1, traps: 1 }, 0);
        assert_eq!((tracer.records.len(), tracer.bytes), (1, 10));
    }

    #[test]
    fn what_is_only_counted_leaves_no_record_and_every_error_and_nanosecond() {
        let (mut tracer, tid) = tracer(TraceFlags::COUNT);
        for at in [0, 100] {
            trap(&mut tracer, tid, at);
            answer(&mut tracer, tid, at + 7);
        }
        assert_eq!(tracer.read(1).unwrap_err(), Errno::EAGAIN);
        let [count] = tracer.counts()[..] else { panic!("one call was made") };
        assert_eq!((count.calls, count.errors, count.took), (2, 2, Duration::from_nanos(14)));
    }

    #[test]
    fn by_whomever_who_waits_for_whom_may_change_is_told_as_long_as_somebody_is_traced() {
        let (mut tracer, tid) = tracer(TraceFlags::COUNT | TraceFlags::WAITS);
        let status = ExitStatus::Exited(0);
        let blocked = |tid, on| Event::Blocked { tid, on, queues: &[], until: Time::NEVER };
        let exited = |tid| Event::Exited { tid, name: "x", status: &status, errno: "", turns: 1, traps: 1 };
        let other = |serial| Tid::new(2, serial);
        let first = other(11);
        for event in [
            blocked(first, WaitsOn::AnyChild),
            blocked(other(12), WaitsOn::Child(tid)),
            blocked(other(13), WaitsOn::Join(tid)),
            Event::Grouped { tid: other(14), group: tid },
            Event::Continued { tid: other(15) },
            exited(other(16)),
            blocked(other(17), WaitsOn::GroupChild(tid)),
            blocked(other(18), WaitsOn::NurseryChild(tid)),
            blocked(first, WaitsOn::Signal),
            blocked(first, WaitsOn::Read(Fd::STDIN)),
            exited(tid),
            exited(first),
        ] {
            tracer.note(Time::BOOT, &event, 0);
        }
        let records = tracer.read(usize::MAX).unwrap();
        let changes = records.iter().filter(|record| matches!(record.what, Traced::WaitsChange));
        assert_eq!(changes.map(|record| record.tid.serial()).collect::<Vec<_>>(), [11, 12, 13, 14, 15, 16, 17, 18]);
        assert!(matches!(records[8].what, Traced::Exited { .. }) && records.len() == 9, "{records:?}");
    }

    #[test]
    fn an_answer_to_what_was_asked_before_is_of_no_call() {
        let (mut tracer, tid) = tracer(TraceFlags::NONE);
        answer(&mut tracer, tid, 0);
        assert_eq!(tracer.read(1).unwrap_err(), Errno::EAGAIN);
        tracer.attach(tid, Time::BOOT, Found { name: "x".into(), waits: Some("sleep".into()), line: None });
        answer(&mut tracer, tid, 3);
        let records = tracer.read(9).unwrap();
        assert!(matches!(records[1].what, Traced::Answer { info: None, errno: Some(Errno::EBADF), .. }), "{records:?}");
    }
}
