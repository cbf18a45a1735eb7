//! The kernel: its state, and its loop.
//!
//! A *round* gives a turn to every task that was ready when it began. A *turn* resumes a task from
//! trap to trap until it waits, yields, ends, or has used up its quantum. Between rounds the kernel
//! takes *interrupts*: timers that are due, devices that are ready, requests of other threads. With
//! nothing ready it waits there, and nowhere else.
//!
//! One kernel is one core: one thread, no globals, no locks but the inbox's.

use crate::{
    alarm::Alarms,
    block::Cause,
    deadlock::Looks,
    emit,
    ending::Ended,
    environment::Environment,
    event::{Observer, SCHEMA_VERSION},
    fd::{Object, Streams},
    file::{File, Kind},
    fs::FileSystems,
    hardware::{Class, Device, Hardware, Interrupt},
    inbox::Inbox,
    limits,
    lint::{LintRefusal, Lints},
    measures::{Lease, Measures},
    options::Options,
    own::OwnDevices,
    panic,
    poll::Watch,
    port::Port,
    pulse::Pulse,
    recorder::{FlightSink, Recorder},
    sched::Policy,
    slab::Slab,
    table::Table,
    task,
    timer::Timers,
    trap::{Next, Stop},
    watch::Account,
};
use std::{
    any::Any,
    collections::{BTreeMap, BTreeSet},
    mem::forget,
    ops::CoroutineState,
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    sync::Arc,
};
use tracing::level_filters::LevelFilter;
use yieldix_syscalls::{Clock, ExitStatus, Reply, SpawnOptions, Syscall, Task, Tid, Time, Trap};

/// What the kernel has left to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Work {
    /// A task is ready.
    Ready,
    /// Nothing until an interrupt.
    Waiting,
    /// Nothing ever: it has ended.
    Over,
}

/// An operating system for coroutines: tasks, their traps, and one way to the world.
pub struct Kernel<H, P> {
    // What a turn touches.
    pub(crate) table: Table,
    pub(crate) policy: P,
    /// The task whose code runs: a panic now is its own.
    pub(crate) pulse: Arc<Pulse>,
    /// Tasks that were chosen and had ended.
    passed_over: u64,
    pub(crate) traps: u64,
    /// Whose turn it is, by slot, and the traps before: its own are noted with the task at the end.
    pub(crate) turn: (u32, u64),
    pub(crate) is_observed: bool,
    /// What the policy had chosen at the last look at the hardware, and will have at the next.
    chosen_at_poll: u64,
    poll_at: u64,
    /// What has been done since the last look at the hardware, in operations.
    pub(crate) operations: u32,
    turns_per_poll: u64,
    polled_at: Time,

    // What tasks wait on.
    pub(crate) hardware: H,
    pub(crate) files: Slab<File>,
    /// By class and place.
    pub(crate) file_of_device: [Vec<u32>; Class::COUNT],
    /// What paths lead to.
    pub(crate) fs: FileSystems,
    /// Tickets given out, one for each operation on the disk.
    pub(crate) tickets: u64,
    pub(crate) streams: Streams,
    /// Tasks queued on files, and watches of files.
    pub(crate) file_waiters: u32,
    /// A file of the hardware that was waited on when this was asked last.
    pub(crate) waited_on_last: u32,
    /// The devices that are no hardware's.
    pub(crate) own: OwnDevices,
    pub(crate) ports: Slab<Port>,
    pub(crate) port_names: BTreeMap<Box<str>, u32>,
    pub(crate) watches: Slab<Watch>,
    pub(crate) timers: Timers,
    pub(crate) alarms: Alarms,
    pub(crate) round_time: Option<Time>,
    pub(crate) announcements: Vec<u8>,
    pub(crate) interrupts: Vec<Interrupt>,
    pub(crate) inbox: Arc<Inbox>,
    /// The process group that the keys of the console send signals to.
    pub(crate) foreground: Option<Tid>,
    /// Tasks whose end a handle may ask about.
    pub(crate) asked_for: BTreeSet<Tid>,

    // Beginning and end.
    pub(crate) options: Options,
    pub(crate) init: Option<Tid>,
    pub(crate) first: Option<Tid>,
    pub(crate) first_status: Option<ExitStatus>,
    pub(crate) ended: Option<Ended>,
    /// Has a task been given a signal of the host's that would have ended the machine?
    pub(crate) is_asked_to_end: bool,
    /// The end has been told.
    pub(crate) is_finished: bool,

    // Who watches.
    /// Of the events that anybody wants.
    pub(crate) level: LevelFilter,
    /// Of those that the log or the observer wants: what only tracers do has no number.
    pub(crate) listened: LevelFilter,
    pub(crate) observers: Vec<Box<dyn Observer>>,
    /// The last of what happened, whoever watches.
    pub(crate) recorder: Recorder,
    /// Who is given that when something is wrong.
    pub(crate) flight_sink: Option<FlightSink>,
    /// For tasks that wait for each other.
    pub(crate) looks: Looks,
    pub(crate) sequence: std::cell::Cell<u64>,
    /// What is noted of each slot's task, while the kernel is observed.
    pub(crate) accounts: Vec<Account>,
    /// What is measured meanwhile.
    pub(crate) measures: Measures,
    /// Who holds a copy has the kernel measured.
    pub(crate) lease: Lease,
    /// When the turn began, while the kernel is observed.
    pub(crate) turn_began: Time,
    pub(crate) previous: (Tid, Stop),
    pub(crate) lints: Lints,
    pub(crate) rounds: u64,
    pub(crate) polls: u64,
}

impl<H: Hardware, P: Policy> Kernel<H, P> {
    /// A kernel without tasks.
    pub fn new(hardware: H, policy: P, mut options: Options) -> Kernel<H, P> {
        options.quantum = options.quantum.clamp(1, limits::QUANTUM_MAX);
        // They are searched by their names, and listed in that order.
        options.programs.sort_by_key(|program| program.name);
        let inbox = Arc::new(Inbox::new(hardware.waker()));
        let table = Table::new(options.tasks_max, options.quantum as u16);
        let mut kernel = Kernel {
            timers: Timers::new(table.tasks_max(), options.timer_slack),
            alarms: Alarms::new(),
            table,
            policy,
            pulse: Arc::new(Pulse::new()),
            passed_over: 0,
            traps: 0,
            turn: (task::NIL, 0),
            is_observed: false,
            chosen_at_poll: 0,
            poll_at: 1,
            operations: 0,
            turns_per_poll: 1,
            polled_at: Time::BOOT,
            hardware,
            files: Slab::default(),
            file_of_device: Default::default(),
            fs: FileSystems::new(&options.mounts, options.ram_bytes),
            tickets: 0,
            streams: [None; 3],
            file_waiters: 0,
            waited_on_last: 0,
            own: OwnDevices::default(),
            ports: Slab::default(),
            port_names: BTreeMap::new(),
            watches: Slab::default(),
            round_time: None,
            announcements: Vec::new(),
            interrupts: Vec::new(),
            inbox,
            foreground: None,
            asked_for: BTreeSet::new(),
            options,
            init: None,
            first: None,
            first_status: None,
            ended: None,
            is_asked_to_end: false,
            is_finished: false,
            level: LevelFilter::OFF,
            listened: LevelFilter::OFF,
            observers: Vec::new(),
            recorder: Recorder::new(),
            flight_sink: None,
            looks: Looks::default(),
            sequence: std::cell::Cell::new(0),
            accounts: Vec::new(),
            measures: Measures::default(),
            lease: Lease::default(),
            turn_began: Time::BOOT,
            previous: (Tid::NONE, Stop::NoTurn),
            lints: Lints::new(),
            rounds: 0,
            polls: 0,
        };
        for (index, device) in [Device::STDIN, Device::STDOUT, Device::STDERR].into_iter().enumerate() {
            let file = kernel.insert_file(device, Kind::Console);
            kernel.streams[index] = Some(Object::File(file));
        }
        kernel.look_who_watches();
        kernel
    }

    /// Has every event from now on told to `observer`, beside the log and those that observe already.
    pub fn observe(&mut self, observer: Box<dyn Observer>) {
        self.observers.push(observer);
        self.look_who_watches();
    }

    /// Makes a first task. The first of them gives the machine its status; with `is_init` it is
    /// init: when it ends, all others are ended, and no task may signal it.
    ///
    /// Errors: `EAGAIN` past the most tasks, `EINVAL` for options that only a parent can give, or variables that
    /// can be none, `E2BIG` for too many of them.
    pub fn boot(&mut self, task: Task, options: SpawnOptions, is_init: bool) -> Result<Tid, yieldix_syscalls::Errno> {
        if self.first.is_none() {
            let (quantum, tasks_max) = (self.options.quantum, self.table.tasks_max());
            let now = self.now();
            self.recorder.clock(now);
            let (schema, told, policy) = (SCHEMA_VERSION, self.listened, self.policy.name());
            emit!(self, Booted { schema, told, policy, quantum, tasks_max });
        }
        let environment = Environment::of(&self.options.environment)?;
        let tid = self.spawn_first(task, options)?;
        if let Some(environment) = environment {
            self.table.inherited_mut(self.slot_of(tid)).environment = Some(Arc::new(environment));
        }
        self.first.get_or_insert(tid);
        if is_init {
            self.init = Some(tid);
        }
        Ok(tid)
    }

    /// Runs until the end.
    pub fn run(&mut self) -> Ended {
        while self.work(true) != Work::Over {}
        self.finish()
    }

    /// Runs for as long as it need not wait.
    pub fn run_until_blocked(&mut self) -> Work {
        loop {
            match self.work(false) {
                Work::Ready => {}
                work => return work,
            }
        }
    }

    /// Runs one round and takes what interrupts there are, without waiting.
    pub fn step(&mut self) -> Work {
        self.guard(|kernel| {
            kernel.look_who_watches();
            if kernel.policy.left() == 0 {
                kernel.begin_round();
            }
            if kernel.is_observed() {
                kernel.round::<true>()
            } else {
                kernel.round::<false>()
            }
            kernel.take_interrupts(false)
        })
    }

    /// Gives one task its turn. After the last of a round it takes what interrupts there are, without waiting.
    pub fn step_turn(&mut self) -> Work {
        self.guard(|kernel| {
            kernel.look_who_watches();
            if kernel.policy.left() == 0 {
                kernel.begin_round();
            }
            if let Some(tid) = kernel.policy.choose() {
                if kernel.is_observed() { kernel.turn::<true>(tid) } else { kernel.turn::<false>(tid) }
            }
            kernel.pulse.rest();
            if kernel.policy.left() > 0 { Work::Ready } else { kernel.take_interrupts(false) }
        })
    }

    /// Waits for an interrupt, unless a task is ready, and takes it.
    pub fn wait(&mut self) -> Work {
        self.guard(|kernel| kernel.take_interrupts(true))
    }

    /// Runs rounds until the kernel would wait; with `may_wait` it does, and goes on.
    fn work(&mut self, may_wait: bool) -> Work {
        self.guard(|kernel| {
            loop {
                kernel.look_who_watches();
                if kernel.is_observed() {
                    kernel.rounds::<true>()
                } else {
                    kernel.rounds::<false>()
                }
                match kernel.take_interrupts(may_wait) {
                    Work::Ready => {}
                    work => return work,
                }
            }
        })
    }

    /// Runs rounds until nobody is ready, or it is time to look at the hardware.
    ///
    /// A function of its own: inlined into its caller, it spills registers at every turn.
    #[inline(never)]
    fn rounds<const OBSERVED: bool>(&mut self) {
        loop {
            // A panic cuts a round short: those who were behind it are not to lose their turns.
            if self.policy.left() == 0 {
                self.begin_round();
            }
            self.round::<OBSERVED>();
            if self.policy.waiting() == 0 || self.is_poll_due() {
                return;
            }
        }
    }

    /// Turns given so far. The policy counts them, so that a turn need not.
    pub(crate) fn turns(&self) -> u64 {
        self.policy.chosen() - self.passed_over
    }

    /// Takes a snapshot of who is ready.
    #[inline(always)]
    fn begin_round(&mut self) {
        self.rounds += 1;
        self.round_time = None;
        self.policy.begin_round();
    }

    /// Gives a turn to every task of the round.
    #[inline(always)]
    fn round<const OBSERVED: bool>(&mut self) {
        while let Some(tid) = self.policy.choose() {
            self.turn::<OBSERVED>(tid);
        }
        self.pulse.rest();
        if OBSERVED {
            self.check_round();
        }
    }

    /// Has enough been done since the last look at the hardware?
    #[inline(always)]
    fn is_poll_due(&self) -> bool {
        self.policy.chosen() >= self.poll_at || self.operations >= limits::OPERATIONS_PER_POLL
    }

    /// What other threads can see of it.
    pub fn pulse(&self) -> Arc<Pulse> {
        Arc::clone(&self.pulse)
    }

    /// The kernel's clock, for other threads.
    pub fn clock(&self) -> Clock {
        self.hardware.clock()
    }

    /// At a look at the hardware: sets the turns until the next by what the last ones took.
    pub(crate) fn pace_polls(&mut self) {
        let now = self.now();
        self.recorder.clock(now);
        let taken_ns = now.as_nanos().saturating_sub(self.polled_at.as_nanos()).max(1);
        let turns = (self.policy.chosen() - self.chosen_at_poll).max(1);
        self.look_at_sightings();
        let wanted = (turns.saturating_mul(limits::POLL_INTERVAL_NS) / taken_ns).clamp(1, limits::TURNS_PER_POLL);
        // At once when turns have become longer, by and by when they are shorter again.
        self.turns_per_poll = wanted.min(self.turns_per_poll * 2);
        self.chosen_at_poll = self.policy.chosen();
        self.poll_at = self.chosen_at_poll + self.turns_per_poll;
        self.polled_at = now;
        self.operations = 0;
    }

    /// Gives a task its turn: resumes it from trap to trap until it waits, yields, ends, or has used
    /// up its quantum.
    ///
    /// What is here is the least that a turn can cost, a first trap that gives it up again; for all
    /// others the turn goes on in [`Kernel::go_on`].
    #[inline(always)]
    fn turn<const OBSERVED: bool>(&mut self, tid: Tid) {
        let index = tid.index() as u32;
        let Some((mut slot, due)) = self.table.ready(tid, index) else { return self.pass_over(tid) };
        if slot.note_turn() || OBSERVED {
            self.begin_turn::<OBSERVED>(tid, index);
            slot = self.table.slot_mut(index);
        }
        self.pulse.run(tid, slot.at);
        let step = slot.resume(due);
        match step {
            CoroutineState::Yielded(Trap { call: Syscall::YieldNow, at }) if !OBSERVED => {
                forget(step);
                self.traps += 1;
                slot.at = Some(at);
                slot.answer(Reply::Unit);
                if slot.note_traps(1) {
                    self.carry(index, 1);
                }
                self.policy.ready(tid);
            }
            step => {
                self.turn = (index, self.traps);
                let why = match self.act::<OBSERVED>(tid, index, step) {
                    Next::Stop(why) => why,
                    next => self.go_on::<OBSERVED>(tid, index, next),
                };
                let traps = self.end_turn(tid);
                if OBSERVED {
                    self.tell_turn_over(tid, why, traps);
                }
            }
        }
    }

    /// Notes a turn's traps with its task, which may be a zombie by now, or nothing.
    #[inline(always)]
    fn end_turn(&mut self, tid: Tid) -> u64 {
        let (index, before) = std::mem::replace(&mut self.turn, (task::NIL, 0));
        let traps = self.traps - before;
        let slot = self.table.slot_mut(index);
        if slot.is_of(tid) && slot.note_traps(traps) {
            self.carry(index, 1);
        }
        traps
    }

    /// Goes on with a turn after its first trap. Unobserved, the call that does nothing but ask is
    /// answered here, which is the least that a trap can cost; all others are acted on.
    #[inline(never)]
    fn go_on<const OBSERVED: bool>(&mut self, tid: Tid, index: u32, mut next: Next) -> Stop {
        let (mut left, mut free) = (self.table.quantum_of(index), limits::FREE_CALLS_PER_TURN);
        loop {
            if OBSERVED {
                self.check_touched(index);
                next = self.slowed_down(tid, next);
            }
            match next {
                Next::Resume => left -= 1,
                Next::ResumeFree => free -= 1,
                Next::ResumeLater => left = 0,
                Next::Stop(why) => return why,
            }
            if left == 0 || free == 0 {
                self.operations += limits::OPERATIONS_PER_FULL_TURN;
                self.make_ready(tid, Cause::Preempted);
                return if free == 0 { Stop::Overdrawn } else { Stop::Preempted };
            }
            if OBSERVED {
                self.note_resumed();
            }
            let slot = self.table.slot_mut(index);
            self.pulse.run(tid, slot.at);
            let mut is_asking = false;
            next = loop {
                let step = if is_asking { slot.resume_with(Reply::Tid(tid)) } else { slot.resume(slot.due()) };
                match step {
                    CoroutineState::Yielded(Trap { call: Syscall::GetTid, at }) if !OBSERVED && left > 1 => {
                        forget(step);
                        slot.at = Some(at);
                        self.pulse.pass(at);
                        is_asking = true;
                        self.traps += 1;
                        left -= 1;
                    }
                    step => break self.act::<OBSERVED>(tid, index, step),
                }
            };
        }
    }

    /// A task that was ready has ended or was stopped before its turn.
    #[cold]
    #[inline(never)]
    fn pass_over(&mut self, tid: Tid) {
        self.passed_over += 1;
        let Some(slot) = self.table.find_live(tid) else { return };
        if !self.table.slot(slot).is_stopped() {
            broken("a task that may run is passed over");
        }
        self.park(slot);
    }

    /// What few turns begin with.
    #[cold]
    fn begin_turn<const OBSERVED: bool>(&mut self, tid: Tid, slot: u32) {
        if self.table.slot(slot).turns == 0 {
            self.carry(slot, 0);
        }
        if OBSERVED {
            self.tell_chosen(tid, slot);
            self.note_resumed();
        }
    }

    /// Runs a piece of the kernel; a panic of the task that has the turn ends that task only.
    fn guard(&mut self, mut piece: impl FnMut(&mut Self) -> Work) -> Work {
        loop {
            match catch_unwind(AssertUnwindSafe(|| piece(self))) {
                Ok(work) => return work,
                Err(payload) => self.task_panicked(payload),
            }
        }
    }

    #[cold]
    fn task_panicked(&mut self, payload: Box<dyn Any + Send>) {
        let tid = self.pulse.running();
        self.pulse.rest();
        self.lints.forget_sightings(tid);
        let Some(slot) = self.table.find_live(tid) else {
            let why = match LintRefusal::message(&*payload) {
                Some(_) => "a lint was refused",
                // The kernel's own: nothing that it says can be trusted any more, but what it has said before.
                None => "the kernel panicked",
            };
            // A second panic, over what is broken, must not take the place of the first.
            let _ = catch_unwind(AssertUnwindSafe(|| self.read_out_flight(why)));
            resume_unwind(payload)
        };
        let message = panic::message(&*payload);
        self.exit(slot, ExitStatus::Panicked(message.into()));
        if self.options.reads_out_faults {
            self.read_out_flight("a task panicked");
        }
        // Its first trap begins the account of a turn, and it may have come to none.
        let traps = if self.turn.0 == slot { self.end_turn(tid) } else { 0 };
        self.discard(tid, payload);
        if self.is_observed() {
            self.tell_turn_over(tid, Stop::Panicked, traps);
        }
    }
}

impl<H, P> Drop for Kernel<H, P> {
    fn drop(&mut self) {
        // Its callers must not wait for ever. What they asked for is dropped with it.
        drop(self.inbox.close());
    }
}

/// A broken invariant of the kernel's own: the machine stops.
#[cold]
#[inline(never)]
pub(crate) fn broken(invariant: &str) -> ! {
    panic!("kernel invariant broken: {invariant}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        hardware::simulated::{Simulated, SimulatedOptions},
        sched::RoundRobin,
    };
    use yieldix_syscalls::{calls::*, *};

    #[test]
    fn those_a_look_has_made_ready_run_before_the_next_look() {
        let hardware = Simulated::new(SimulatedOptions::default());
        let mut kernel = Kernel::new(hardware, RoundRobin::default(), Options::default());
        kernel.observe(Box::new(LintRefusal));
        let task = task!({ trap!(yield yield_now()) });
        kernel.boot(task, SpawnOptions::default(), false).unwrap();
        // As after a look that has answered many reads.
        kernel.operations = limits::OPERATIONS_PER_POLL;
        kernel.rounds::<false>();
        assert_eq!((kernel.turns(), kernel.policy.waiting()), (1, 1));
    }
}
