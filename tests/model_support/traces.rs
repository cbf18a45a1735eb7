//! The part of the account that is about tracers. What tasks do is told by the machine's observer, event by event; of
//! whom a tracer tells and from when on, what it tells, to which read, and whom and what it counts, is foretold.

use super::{
    descriptors::Is,
    world::{Life, World},
};
use std::{
    collections::{BTreeMap, VecDeque},
    panic::Location,
    time::Duration,
};
use yieldix::event::{Event, Record};
use yieldix::syscalls::*;

/// Tracers of a machine: `EAGAIN`.
const TRACERS: usize = 64;

/// Records that a tracer holds; that it loses those past them is tested elsewhere.
const RECORDS: usize = 8192;

/// What the observer has told of a task, traced or not.
#[derive(Debug, Default)]
struct Seen {
    name: String,
    /// What it waits on.
    waits: Option<String>,
    line: Option<Location<'static>>,
    /// Traps that it has made.
    traps: u64,
    /// Those without an answer, the last of them last: which of its traps, what, when.
    asked: Vec<(u64, &'static CallInfo, Time)>,
}

/// From when on a tracer tells of a task.
#[derive(Debug, Default)]
struct Since {
    /// The first of its traps that is told.
    trap: u64,
    /// The trap that it waited in then, of which the answer is told.
    waited_in: Option<u64>,
}

/// A tracer.
#[derive(Debug)]
struct Tracer {
    object: usize,
    flags: TraceFlags,
    shown: usize,
    tasks: BTreeMap<u64, Since>,
    records: VecDeque<TraceRecord>,
    counts: BTreeMap<u16, CallCount>,
}

impl Tracer {
    fn push(&mut self, tid: Tid, at: Time, what: Traced) {
        assert!(self.records.len() < RECORDS, "so few acts make fewer records");
        self.records.push_back(TraceRecord { tid, at, what });
    }

    fn is_readable(&self) -> bool {
        !self.records.is_empty() || self.tasks.is_empty()
    }

    fn take(&mut self, max: u32) -> Vec<String> {
        let count = self.records.len().min(max as usize);
        self.records.drain(..count).map(|record| told(&record)).collect()
    }
}

/// All tracers, and what they are made from.
#[derive(Debug, Default)]
pub struct Traces {
    seen: BTreeMap<u64, Seen>,
    tracers: Vec<Tracer>,
    /// Which tracer is about to trace whom: after the trap that has it do so, which it may be told of.
    attaching: Option<(usize, Tid)>,
    /// Who reads which tracer, and how much at most.
    reading: BTreeMap<u64, (usize, u32)>,
    /// What readers have been answered, until they compare.
    taken: BTreeMap<u64, Records>,
}

/// What is done with tracers.
#[derive(Clone, Debug)]
pub enum TraceAct {
    Ktrace(Tid, TraceFlags, u16),
    KtraceAttach(Fd, Tid),
    KtraceRead(Fd, u32),
    KtraceTasks(Fd),
    KtraceCounts(Fd),
}

/// What a read is answered.
pub type Records = Result<Vec<String>, Errno>;

/// How often a call was made, with how many errors, and how long it took.
pub type Counted = (u16, u64, u64, Duration);

/// A record in words: all that is known of it. When a task was attached to is not, nor how long it waited since.
pub fn told(record: &TraceRecord) -> String {
    let TraceRecord { tid, at, what } = record;
    match what {
        Traced::Attached { .. } => format!("{tid} {what:?}"),
        Traced::Trap { info, call, line, depth } => format!("{at} {tid} {}: {call} at {line}, {depth}", info.name),
        Traced::Answer { info: None, reply, errno, .. } => format!("{at} {tid} is answered {reply} {errno:?}"),
        Traced::Answer { info: Some(info), reply, errno, took } => {
            format!("{at} {tid} {} is answered {reply} {errno:?} after {took:?}", info.name)
        }
        what => format!("{at} {tid} {what:?}"),
    }
}

impl Traces {
    /// Notes what the machine does.
    pub fn note(&mut self, record: &Record<'_>) {
        self.note_of_traced(record);
        let tid = match record.event {
            Event::Blocked { tid, on, .. } if on.is_an_end() => tid,
            Event::Exited { tid, .. } | Event::Grouped { tid, .. } | Event::Continued { tid } => tid,
            _ => return,
        };
        for tracer in &mut self.tracers {
            if tracer.flags.has(TraceFlags::WAITS) && !tracer.tasks.is_empty() {
                tracer.push(tid, record.at, Traced::WaitsChange);
            }
        }
    }

    fn note_of_traced(&mut self, record: &Record<'_>) {
        let at = record.at;
        match record.event {
            Event::Spawned { tid, parent, name, .. } => {
                self.seen.insert(tid.serial(), Seen { name: name.to_owned(), ..Seen::default() });
                for tracer in &mut self.tracers {
                    if tracer.flags.has(TraceFlags::FOLLOW) && tracer.tasks.contains_key(&parent.serial()) {
                        tracer.tasks.insert(tid.serial(), Since::default());
                    }
                }
                self.tell(tid, at, || Traced::Spawned { parent, name: name.into() });
            }
            Event::Trapped { tid, call, line } => self.note_trap(tid, at, call, *line),
            Event::Answered { tid, reply, .. } => self.note_answer(tid, at, reply),
            Event::Blocked { tid, on, .. } => self.seen(tid).waits = Some(on.to_string()),
            Event::Woken { tid, .. } => self.seen(tid).waits = None,
            Event::SignalDelivered { tid, signal } => {
                self.tell(tid, at, || Traced::Signal { signal, fate: SignalFate::Ends });
            }
            Event::Stopped { tid, signal } => {
                self.tell(tid, at, || Traced::Signal { signal, fate: SignalFate::Stops });
            }
            Event::Continued { tid } => self.tell(tid, at, || Traced::Continued),
            Event::Exited { tid, status, .. } => {
                self.reading.remove(&tid.serial());
                self.tell(tid, at, || Traced::Exited { status: status.clone() });
                for tracer in &mut self.tracers {
                    tracer.tasks.remove(&tid.serial());
                }
            }
            _ => {}
        }
    }

    fn seen(&mut self, tid: Tid) -> &mut Seen {
        self.seen.get_mut(&tid.serial()).expect("what does something was spawned")
    }

    /// Those who trace a task tell this of it.
    fn tell(&mut self, tid: Tid, at: Time, what: impl Fn() -> Traced) {
        for tracer in self.tracers.iter_mut().filter(|tracer| tracer.tasks.contains_key(&tid.serial())) {
            tracer.push(tid, at, what());
        }
    }

    fn note_trap(&mut self, tid: Tid, at: Time, call: &Syscall, line: Location<'static>) {
        let (info, seen) = (call.info(), self.seen(tid));
        let depth = seen.asked.iter().filter(|(_, info, _)| info.name.starts_with("subroutine")).count() as u32;
        seen.line = Some(line);
        if info.is_answered() {
            seen.asked.push((seen.traps, info, at));
        }
        seen.traps += 1;
        for tracer in self.tracers.iter_mut().filter(|tracer| tracer.tasks.contains_key(&tid.serial())) {
            count(&mut tracer.counts, info);
            if !tracer.flags.has(TraceFlags::COUNT) {
                let call = format!("{call:.*}", tracer.shown).into();
                tracer.push(tid, at, Traced::Trap { info, call, line, depth });
            }
        }
        if let Some((tracer, target)) = self.attaching.take() {
            self.attach(tracer, target);
        }
    }

    fn note_answer(&mut self, tid: Tid, at: Time, reply: &Reply) {
        // Who reads is answered with what was there before, even when it is traced by now.
        if let Some((tracer, max)) = self.reading.remove(&tid.serial()) {
            let tracer = &mut self.tracers[tracer];
            let taken = match reply.errno() {
                Some(Errno::ETIMEDOUT) if !tracer.is_readable() => Err(Errno::ETIMEDOUT),
                _ if tracer.is_readable() => Ok(tracer.take(max)),
                _ => Err(Errno::EAGAIN),
            };
            self.taken.insert(tid.serial(), taken);
        }
        let seen = self.seen(tid);
        seen.waits = None;
        let Some((trap, info, asked)) = seen.asked.pop() else { return };
        let (errno, took) = (reply.errno(), at.since(asked));
        for tracer in &mut self.tracers {
            let Some(since) = tracer.tasks.get(&tid.serial()) else { continue };
            let is_told = trap >= since.trap;
            if !is_told && since.waited_in != Some(trap) {
                continue;
            }
            if let Some(count) = tracer.counts.get_mut(&info.number).filter(|_| is_told) {
                count.took += took;
                count.errors += u64::from(errno.is_some());
            }
            if !tracer.flags.has(TraceFlags::COUNT) {
                let reply = format!("{reply:.*}", tracer.shown).into();
                tracer.push(tid, at, Traced::Answer { info: is_told.then_some(info), reply, errno, took });
            }
        }
    }

    fn attach(&mut self, tracer: usize, tid: Tid) {
        let seen = self.seen(tid);
        let waited_in = seen.waits.as_ref().and(seen.asked.last()).map(|(trap, ..)| *trap);
        let since = Since { trap: seen.traps, waited_in };
        let waits = seen.waits.clone().unwrap_or_default().into();
        let attached = Traced::Attached { name: seen.name.as_str().into(), waits, line: seen.line };
        self.tracers[tracer].tasks.insert(tid.serial(), since);
        self.tracers[tracer].push(tid, Time::BOOT, attached);
    }
}

impl World {
    /// Something to do with tracers for `me`.
    pub fn choose_trace_act(&mut self, me: u64) -> TraceAct {
        const FLAGS: [TraceFlags; 4] = [TraceFlags::NONE, TraceFlags::FOLLOW, TraceFlags::COUNT, TraceFlags::WAITS];
        let fd = self.some_tracer(me);
        match self.chance(20) {
            // Mostly there is one that it can be done with.
            _ if self.tracer(me, fd).is_err() && self.chance(4) > 0 => self.choose_ktrace(&FLAGS),
            0 => self.choose_ktrace(&FLAGS),
            1..8 => TraceAct::KtraceAttach(fd, self.somebody()),
            8..16 => TraceAct::KtraceRead(fd, self.pick(&[0, 1, 3, 1_000, 1_000, 1_000])),
            16..18 => TraceAct::KtraceTasks(fd),
            _ => TraceAct::KtraceCounts(fd),
        }
    }

    fn some_tracer(&mut self, me: u64) -> Fd {
        self.descriptor_of(me, |is| matches!(is, Is::Tracer(_)))
    }

    /// Mostly nothing, if `me` has no tracer: who traces its child.
    pub fn choose_tracer(&mut self, me: u64) -> Option<Fd> {
        let fd = self.some_tracer(me);
        let bound = if self.tracer(me, fd).is_ok() { 2 } else { 12 };
        (self.chance(bound) == 0).then_some(fd)
    }

    fn choose_ktrace(&mut self, flags: &[TraceFlags]) -> TraceAct {
        let target = if self.chance(3) == 0 { Tid::NONE } else { self.somebody() };
        let flags = self.pick(flags) | self.pick(flags);
        TraceAct::Ktrace(target, flags, self.pick(&[0, 8, 32]))
    }

    fn can_trace(&self, me: u64, target: Tid) -> Result<(), Errno> {
        match self.life(target.serial()) {
            Life::Live if target.serial() == me => Err(Errno::EINVAL),
            Life::Live => Ok(()),
            _ => Err(Errno::ESRCH),
        }
    }

    /// The tracer that `fd` is to `me`.
    pub fn tracer(&self, me: u64, fd: Fd) -> Result<usize, Errno> {
        match self.what_is(me, fd) {
            Is::Tracer(tracer) => Ok(tracer),
            Is::Closed => Err(Errno::EBADF),
            _ => Err(Errno::EINVAL),
        }
    }

    /// `me` makes a tracer.
    pub fn ktrace(&mut self, me: u64, target: Tid, flags: TraceFlags, shown: u16) -> Result<Fd, Errno> {
        if !target.is_none() {
            self.can_trace(me, target)?;
        }
        self.next_fd(me)?;
        if self.traces.tracers.iter().filter(|tracer| self.holders(tracer.object) > 0).count() >= TRACERS {
            return Err(Errno::EAGAIN);
        }
        let index = self.traces.tracers.len();
        let object = self.add_object(Is::Tracer(index));
        let (shown, tasks, records, counts) = (shown.into(), BTreeMap::new(), VecDeque::new(), BTreeMap::new());
        self.traces.tracers.push(Tracer { object, flags, shown, tasks, records, counts });
        if !target.is_none() {
            self.traces.attach(index, target);
        }
        Ok(self.put_next(me, object))
    }

    /// `me` has a tracer trace one more.
    pub fn ktrace_attach(&mut self, me: u64, fd: Fd, target: Tid) -> Result<(), Errno> {
        let tracer = self.tracer(me, fd)?;
        self.can_trace(me, target)?;
        if self.traces.tracers[tracer].tasks.contains_key(&target.serial()) {
            return Err(Errno::EEXIST);
        }
        self.traces.attaching = Some((tracer, target));
        Ok(())
    }

    /// A child that is about to be spawned is traced from its first trap on.
    pub fn trace_child(&mut self, tracer: usize, child: u64) {
        self.traces.tracers[tracer].tasks.insert(child, Since::default());
    }

    /// `me` reads what a tracer tells: the answer, unless that is what is there when it comes.
    pub fn ktrace_read(&mut self, me: u64, fd: Fd, max: u32) -> Option<Records> {
        match self.tracer(me, fd) {
            Ok(tracer) if self.traces.tracers[tracer].tasks.contains_key(&me) => Some(Err(Errno::EINVAL)),
            Ok(_) if max == 0 => Some(Ok(Vec::new())),
            Ok(tracer) => {
                self.traces.reading.insert(me, (tracer, max));
                None
            }
            Err(errno) => Some(Err(errno)),
        }
    }

    /// Notes it when these are not the records that were foretold: from where they part.
    pub fn compare_records(&mut self, me: u64, act: &str, got: Records, foretold: Records) {
        let alike = match (&got, &foretold) {
            (Ok(got), Ok(foretold)) => got.iter().zip(foretold).take_while(|(got, foretold)| got == foretold).count(),
            _ => 0,
        };
        let from_there = |records: Records| records.map(|records| records.into_iter().skip(alike).take(3).collect());
        let (got, foretold): (Records, Records) = (from_there(got), from_there(foretold));
        self.compare_answer(me, act, got, foretold);
    }

    /// What was there when `me` was answered.
    pub fn taken(&mut self, me: u64) -> Records {
        self.traces.taken.remove(&me).expect("who is answered has read")
    }

    /// Those whom a tracer traces.
    pub fn ktrace_tasks(&mut self, me: u64, fd: Fd) -> Result<Vec<u64>, Errno> {
        let tracer = self.tracer(me, fd)?;
        Ok(self.traces.tracers[tracer].tasks.keys().copied().collect())
    }

    /// What a tracer has counted: this call, too, if it traces who makes it.
    pub fn ktrace_counts(&mut self, me: u64, fd: Fd) -> Result<Vec<Counted>, Errno> {
        let tracer = self.tracer(me, fd)?;
        let Tracer { counts, tasks, .. } = &self.traces.tracers[tracer];
        let mut counts = counts.clone();
        if tasks.contains_key(&me) {
            count(&mut counts, calls::ktrace_counts(fd).syscall.info());
        }
        Ok(counts.values().map(counted).collect())
    }

    /// Between rounds nobody waits to read what is there.
    pub fn compare_readers(&mut self) {
        let waits_in_vain = |(&reader, &(tracer, _)): (&u64, &(usize, u32))| {
            let is_stopped = self.actors.get(&reader).is_some_and(|actor| actor.is_stopped);
            (!is_stopped && self.traces.tracers[tracer].is_readable()).then_some(reader)
        };
        let in_vain: Vec<u64> = self.traces.reading.iter().filter_map(waits_in_vain).collect();
        for reader in in_vain {
            self.disagree(reader, "it waits for a tracer that has something to tell".to_owned());
        }
    }
}

/// What is counted of a call.
pub fn counted(count: &CallCount) -> Counted {
    (count.info.number, count.calls, count.errors, count.took)
}

/// One call more.
fn count(counts: &mut BTreeMap<u16, CallCount>, info: &'static CallInfo) {
    let none = CallCount { info, calls: 0, errors: 0, took: Duration::ZERO };
    counts.entry(info.number).or_insert(none).calls += 1;
}
