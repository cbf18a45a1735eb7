//! The account of a machine that actors keep: who lives, who waits for whom, who holds what.

use super::{
    files::Files,
    pipes::{Pipe, PipeAct},
    ports::{Aside, Message, Port},
};
use crate::chaos_support::Chance;
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Debug,
    net::SocketAddr,
};
use yieldix::syscalls::*;

/// How far a task's life has come.
#[derive(Clone, Debug, PartialEq)]
enum Life {
    Live,
    Zombie(ExitStatus),
    Gone,
}

/// What a task waits for: mostly whose end.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Waits {
    No,
    /// A message, or room for one.
    Port,
    Child(u64),
    AnyChild,
    Join(u64),
}

/// An answer that tells of an end.
pub type Told = Result<(u64, ExitStatus), Errno>;

#[derive(Debug)]
pub struct Actor {
    tid: Tid,
    parent: u64,
    /// Its process group, by the number of the task that was its first.
    group: u64,
    is_detached: bool,
    life: Life,
    is_stopped: bool,
    /// Signals that wait until it goes on.
    held: BTreeSet<Signal>,
    pub waits: Waits,
    /// What ended its wait, until it has compared.
    told: Option<Told>,
    /// The same of a wait at a port.
    pub message: Option<Message>,
    /// Its zombies, in the order in which they died.
    zombies: Vec<u64>,
    fds: Fds,
    status: Option<ExitStatus>,
}

/// Descriptors from 3 on: what is open, and the slot's generation.
#[derive(Clone, Debug, Default)]
struct Fds(Vec<(Option<usize>, u32)>);

impl Fds {
    fn open(&self) -> u32 {
        self.0.iter().filter(|(object, _)| object.is_some()).count() as u32
    }

    fn get(&self, fd: Fd) -> Option<usize> {
        let index = fd.slot().checked_sub(3)? as usize;
        self.0.get(index).filter(|(_, generation)| *generation == fd.generation())?.0
    }

    /// The descriptor that the next open gives.
    fn next(&self) -> Fd {
        let index = self.0.iter().position(|(object, _)| object.is_none()).unwrap_or(self.0.len());
        Fd::new(3 + index as u32, self.0.get(index).map_or(1, |(_, generation)| *generation))
    }

    fn put(&mut self, fd: Fd, object: usize) {
        let index = fd.slot() as usize - 3;
        if self.0.len() <= index {
            self.0.resize(index + 1, (None, 1));
        }
        self.0[index] = (Some(object), fd.generation());
    }

    fn take(&mut self, fd: Fd) -> Option<usize> {
        let object = self.get(fd)?;
        self.0[fd.slot() as usize - 3] = (None, fd.generation() + 1);
        Some(object)
    }
}

/// A socket, an open file, or an end of a port or a pipe.
#[derive(Debug)]
struct Object {
    is: Is,
    /// A listener's address; a stream has none here.
    listens: Option<SocketAddr>,
    holders: u32,
    /// The object at the other end, as learnt from the first byte that came.
    peer: Option<usize>,
    sent: u64,
    received: u64,
}

/// What an fd is to a call that uses it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Is {
    Closed,
    Listener,
    Stream,
    /// The sending end of this port.
    Sender(usize),
    /// The receiving end of this port.
    Receiver(usize),
    /// An open file in memory.
    File(usize),
    PipeReader(usize),
    PipeWriter(usize),
}

/// What an actor does next.
#[derive(Debug)]
pub enum Act {
    Yield,
    WhoAmI,
    WhoIsMyParent,
    Spawn {
        grants: Vec<FdGrant>,
        quantum: Option<u32>,
        is_detached: bool,
    },
    Exit(i32),
    Return(Result<(), Errno>),
    Panic,
    Kill(Tid, Signal),
    SetGroup(Tid, Tid),
    GetGroup(Tid),
    KillGroup(Tid, Signal),
    Wait(Tid),
    WaitAny,
    TryWait(Children),
    Join(Tid),
    Sleep(u64),
    SleepUntilLater(u64),
    BoundedSleep {
        deadline: u64,
        sleep: u64,
    },
    /// A wait for an end, bounded.
    BoundedWait(u64, Box<Act>),
    PopNothing,
    Subroutine {
        depth: u32,
        fails: bool,
    },
    Tasks,
    Dup(Fd),
    Close(Fd),
    Listen,
    Connect(SocketAddr),
    Accept(Fd),
    Send {
        fd: Fd,
        count: u32,
        is_all: bool,
    },
    Recv {
        fd: Fd,
        max: u32,
    },
    ReadWait(Fd),
    Shutdown(Fd),
    PortCreate(u32),
    PortSend {
        fd: Fd,
        fds: Vec<Fd>,
        may_wait: bool,
    },
    PortRecv {
        fd: Fd,
        may_wait: bool,
    },
    /// So many acts on files, one after the other.
    Files(u32),
    Pipe(PipeAct),
}

/// The account.
#[derive(Debug)]
pub struct World {
    chance: Chance,
    actors: BTreeMap<u64, Actor>,
    spawned: u64,
    tasks_max: u32,
    fds_max: u32,
    acts_left: u32,
    /// Who sleeps: until when, in which order they asked, who.
    sleepers: BTreeSet<(Time, u64, u64)>,
    sleeps: u64,
    objects: Vec<Object>,
    pub ports: Vec<Port>,
    /// What those wait for at a port who are stopped.
    pub aside: BTreeMap<u64, Aside>,
    pub files: Files,
    pub pipes: Vec<Pipe>,
    messages: u64,
    disagreements: Vec<String>,
    /// How often each act had which kind of answer.
    pub tally: BTreeMap<String, u32>,
}

impl World {
    /// A machine with one actor, number 1.
    pub fn new(seed: u64, tasks_max: u32, fds_max: u32, acts: u32) -> World {
        let mut world = World {
            chance: Chance(seed),
            actors: BTreeMap::new(),
            spawned: 1,
            tasks_max,
            fds_max,
            acts_left: acts,
            sleepers: BTreeSet::new(),
            sleeps: 0,
            objects: Vec::new(),
            ports: Vec::new(),
            aside: BTreeMap::new(),
            files: Files::default(),
            pipes: Vec::new(),
            messages: 0,
            disagreements: Vec::new(),
            tally: BTreeMap::new(),
        };
        world.add(0, false, Fds::default());
        world
    }

    fn add(&mut self, parent: u64, is_detached: bool, fds: Fds) {
        let group = self.actors.get(&parent).map_or(1, |parent| parent.group);
        let actor = Actor {
            tid: Tid::from_serial(self.spawned),
            parent,
            group,
            is_detached,
            life: Life::Live,
            is_stopped: false,
            held: BTreeSet::new(),
            waits: Waits::No,
            told: None,
            message: None,
            zombies: Vec::new(),
            fds,
            status: None,
        };
        self.actors.insert(self.spawned, actor);
    }

    pub fn actor(&mut self, serial: u64) -> &mut Actor {
        self.actors.get_mut(&serial).expect("an actor that acts is known")
    }

    fn life(&self, serial: u64) -> Life {
        self.actors.get(&serial).map_or(Life::Gone, |actor| actor.life.clone())
    }

    fn is_live(&self, serial: u64) -> bool {
        self.life(serial) == Life::Live
    }

    /// Tasks that live.
    pub fn live(&self) -> u32 {
        self.actors.values().filter(|actor| actor.life == Life::Live).count() as u32
    }

    fn zombies(&self) -> u32 {
        self.actors.values().filter(|actor| matches!(actor.life, Life::Zombie(_))).count() as u32
    }

    /// How actor 1 ended.
    pub fn first_status(&self) -> Option<&ExitStatus> {
        self.actors[&1].status.as_ref()
    }

    // Comparing. A task that panics is an event in the life of the machine, not a failed test, so
    // an actor notes what it does not agree with.

    /// Notes it when an answer is not the one foretold.
    pub fn compare_answer<T: Debug + PartialEq>(&mut self, me: u64, act: &str, got: T, foretold: T) {
        self.count(act, &got);
        if got != foretold {
            self.disagree(me, format!("{act} was answered {got:?}, and {foretold:?} was foretold"));
        }
    }

    /// Counts an act by its name, and an answer by its kind.
    pub fn count(&mut self, act: &str, got: &impl Debug) {
        let got = format!("{got:?}");
        let kind = match got.strip_prefix("Err(").or(got.strip_prefix("Some(")) {
            Some(errno) => errno.trim_end_matches(')'),
            None => got.split(|c: char| !c.is_alphabetic()).next().unwrap_or_default(),
        };
        let act = act.split(|c: char| !c.is_alphabetic()).next().unwrap_or_default();
        *self.tally.entry(format!("{act} {kind}")).or_default() += 1;
    }

    /// Notes a disagreement.
    pub fn disagree(&mut self, me: u64, what: String) {
        self.disagreements.push(format!("task {me}: {what}"));
    }

    /// Panics if there was one.
    pub fn assert_no_disagreement(&self) {
        assert!(self.disagreements.is_empty(), "model and machine disagree:\n{}", self.disagreements.join("\n"));
    }

    /// Are these the machine's tasks?
    pub fn compare(&mut self, tasks: &[TaskInfo]) {
        let machine: Vec<(u64, bool, u64)> = tasks
            .iter()
            .map(|task| (task.tid.serial(), task.state == TaskState::Zombie, task.parent.serial()))
            .collect();
        let stopped = |task: &&TaskInfo| task.state == TaskState::Stopped;
        let machine_stopped: Vec<u64> = tasks.iter().filter(stopped).map(|task| task.tid.serial()).collect();
        let model_stopped = self.actors.iter().filter(|(_, actor)| actor.is_stopped).map(|(&serial, _)| serial);
        let model_stopped: Vec<u64> = model_stopped.collect();
        if machine_stopped != model_stopped {
            let what = format!("the machine has stopped {machine_stopped:?}, the model {model_stopped:?}");
            self.disagree(0, what);
        }
        let machine_groups: Vec<u64> = tasks.iter().map(|task| task.group.serial()).collect();
        let model_groups = self.actors.values().filter(|actor| actor.life != Life::Gone).map(|actor| actor.group);
        let model_groups: Vec<u64> = model_groups.collect();
        if machine_groups != model_groups {
            self.disagree(0, format!("the machine has groups {machine_groups:?}, the model {model_groups:?}"));
        }
        let model = self.listing();
        if machine != model {
            self.disagree(
                0,
                format!("the machine has tasks {machine:?}, the model {model:?} (number, zombie, parent)"),
            );
        }
    }

    /// Number, whether a zombie, and parent of each task.
    pub fn listing(&self) -> Vec<(u64, bool, u64)> {
        let there = self.actors.iter().filter(|(_, actor)| actor.life != Life::Gone);
        there.map(|(&serial, actor)| (serial, actor.life != Life::Live, self.parent_of(actor))).collect()
    }

    fn parent_of(&self, actor: &Actor) -> u64 {
        if self.is_live(actor.parent) { actor.parent } else { 0 }
    }

    // Choosing.

    pub fn chance(&mut self, bound: u64) -> u64 {
        self.chance.below(bound)
    }

    pub fn pick<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.chance(of.len() as u64) as usize]
    }

    /// Some task: mostly one that is there, by its id or by its number; now and then one that is
    /// not any more, or not yet.
    fn somebody(&mut self) -> Tid {
        let serial = if self.chance(4) == 0 {
            1 + self.chance(self.spawned + 3)
        } else {
            let there: Vec<u64> = self.listing().into_iter().map(|(serial, ..)| serial).collect();
            there[self.chance(there.len() as u64) as usize]
        };
        let by_number = self.chance(2) == 0;
        match self.actors.get(&serial) {
            Some(actor) if !by_number => actor.tid,
            _ => Tid::from_serial(serial),
        }
    }

    fn child(&mut self, me: u64) -> Tid {
        let children: Vec<Tid> = self
            .actors
            .values()
            .filter(|actor| actor.parent == me && actor.life != Life::Gone)
            .map(|actor| actor.tid)
            .collect();
        if children.is_empty() || self.chance(5) == 0 {
            return self.somebody();
        }
        children[self.chance(children.len() as u64) as usize]
    }

    /// Some descriptor: open, closed, never open. None of the console's, which are no part of the
    /// account: 0, 1 and 2 have generation 0.
    fn descriptor(&mut self, me: u64) -> Fd {
        let slots = self.actor(me).fds.0.clone();
        let chosen = self.chance(slots.len() as u64 + 2);
        match slots.get(chosen as usize) {
            Some((_, generation)) => Fd::new(3 + chosen as u32, generation - u32::from(self.chance(12) == 0)),
            None => Fd::new(self.chance(9) as u32, 1),
        }
    }

    /// Mostly one that is open.
    fn open_descriptor(&mut self, me: u64) -> Fd {
        match self.chance(7) {
            4 => self.descriptor_of(me, |is| matches!(is, Is::File(_))),
            5 => self.descriptor_of(me, |is| matches!(is, Is::PipeReader(_))),
            6 => self.descriptor_of(me, |is| matches!(is, Is::PipeWriter(_))),
            0 => self.descriptor_of(me, |is| is == Is::Listener),
            1 => self.descriptor_of(me, |is| is == Is::Stream),
            2 => self.descriptor_of(me, |is| matches!(is, Is::Sender(_))),
            _ => self.descriptor_of(me, |is| matches!(is, Is::Receiver(_))),
        }
    }

    /// Mostly one that is this, if there is one.
    pub fn descriptor_of(&mut self, me: u64, is_it: fn(Is) -> bool) -> Fd {
        let slots = self.actor(me).fds.0.clone();
        let fds = (3..).zip(slots).map(|(slot, (_, generation))| Fd::new(slot, generation));
        let of_that_kind: Vec<Fd> = fds.filter(|fd| is_it(self.what_is(me, *fd))).collect();
        if of_that_kind.is_empty() || self.chance(12) == 0 {
            return self.descriptor(me);
        }
        of_that_kind[self.chance(of_that_kind.len() as u64) as usize]
    }

    fn signal(&mut self) -> Signal {
        // As many go on as are stopped.
        let chosen = self.chance(Signal::ALL.len() as u64 + 2) as usize;
        Signal::ALL.get(chosen).copied().unwrap_or(Signal::Cont)
    }

    /// One that leaves most alive.
    fn signal_for_many(&mut self) -> Signal {
        match self.chance(6) {
            0 => self.signal(),
            1 => Signal::Stop,
            _ => Signal::Cont,
        }
    }

    /// What `me` does next.
    pub fn choose(&mut self, me: u64) -> Act {
        if self.acts_left == 0 {
            return Act::Exit(7);
        }
        self.acts_left -= 1;
        let act = self.chance(150);
        // A small population grows, so that a machine lives until its acts are used up.
        let act = if self.live() < 8 && (26..37).contains(&act) { 10 } else { act };
        match act {
            0..6 => Act::Yield,
            6..8 => Act::WhoAmI,
            8..10 => Act::WhoIsMyParent,
            10..26 => {
                let grants =
                    (0..self.chance(6).saturating_sub(3)).map(|_| self.open_descriptor(me)).collect::<Vec<Fd>>();
                let grants = grants.into_iter().map(|fd| match self.chance(3) {
                    0 => FdGrant::Pass(fd),
                    1 => FdGrant::Share(fd),
                    _ => FdGrant::PassAs(fd, 3 + self.chance(6) as u32),
                });
                let grants = grants.collect();
                let quantum = (self.chance(4) == 0).then(|| self.chance(8) as u32);
                Act::Spawn { grants, quantum, is_detached: self.chance(4) == 0 }
            }
            26..29 => Act::Exit(self.chance(300) as i32 - 20),
            29..31 => Act::Return(if self.chance(2) == 0 { Ok(()) } else { Err(Errno::EXDEV) }),
            31..33 => Act::Panic,
            33..37 => Act::Kill(self.somebody(), self.signal()),
            37..48 => {
                let wait = match self.chance(3) {
                    0 => Act::Wait(self.child(me)),
                    1 => Act::WaitAny,
                    _ => Act::Join(self.somebody()),
                };
                if self.chance(5) == 0 { wait } else { Act::BoundedWait(self.chance(2_000_000), Box::new(wait)) }
            }
            48..53 => Act::TryWait(if self.chance(2) == 0 { Children::Any } else { Children::Only(self.child(me)) }),
            53..56 => Act::Sleep(self.chance(3_000_000) * self.chance(2)),
            56..60 => Act::SleepUntilLater(200_000 + 100_000 * self.chance(20)),
            60..62 => {
                Act::BoundedSleep { deadline: 1_000_000 * self.chance(4), sleep: 1_000_000 * self.chance(4) + 500_000 }
            }
            62..63 => Act::PopNothing,
            63..65 => Act::Subroutine { depth: self.chance(5) as u32, fails: self.chance(3) == 0 },
            65..66 => Act::Tasks,
            66..69 => Act::Dup(self.open_descriptor(me)),
            69..72 => Act::Close(self.open_descriptor(me)),
            72..76 => Act::Listen,
            76..82 => self.connect(),
            82..87 if self.lacks(me, Is::Listener) => Act::Listen,
            82..87 => Act::Accept(self.descriptor_of(me, |is| is == Is::Listener)),
            87..97 if self.lacks(me, Is::Stream) => self.connect(),
            87..92 => {
                let count = if self.chance(5) == 0 { 100_000 } else { self.chance(40) as u32 };
                Act::Send { fd: self.descriptor_of(me, |is| is == Is::Stream), count, is_all: self.chance(2) == 0 }
            }
            92..97 => {
                let max = if self.chance(4) == 0 { 1 << 20 } else { self.chance(40) as u32 };
                Act::Recv { fd: self.descriptor_of(me, |is| is == Is::Stream), max }
            }
            97..98 => Act::ReadWait(self.open_descriptor(me)),
            100..103 => Act::PortCreate(self.chance(4) as u32),
            103..118 if !self.has_port(me) && self.chance(4) > 0 => Act::PortCreate(1),
            103..111 => {
                let fds = (0..self.chance(5).saturating_sub(2)).map(|_| self.open_descriptor(me)).collect();
                let fd = self.descriptor_of(me, |is| matches!(is, Is::Sender(_)));
                Act::PortSend { fd, fds, may_wait: self.chance(4) > 0 }
            }
            111..118 => {
                let fd = self.descriptor_of(me, |is| matches!(is, Is::Receiver(_)));
                Act::PortRecv { fd, may_wait: self.chance(4) > 0 }
            }
            118..132 => Act::Files(1 + self.chance(12) as u32),
            140..145 => {
                let target = if self.chance(2) == 0 { Tid::NONE } else { self.child(me) };
                let group = if self.chance(2) == 0 { Tid::NONE } else { self.somebody() };
                Act::SetGroup(target, group)
            }
            145..148 => Act::GetGroup(self.somebody()),
            148..150 => Act::KillGroup(self.somebody(), self.signal_for_many()),
            132..140 => Act::Pipe(self.choose_pipe_act(me)),
            _ => Act::Shutdown(self.descriptor_of(me, |is| is == Is::Stream)),
        }
    }

    fn connect(&mut self) -> Act {
        let known: Vec<SocketAddr> = self.objects.iter().filter_map(|object| object.listens).collect();
        match known.len() as u64 {
            0 => Act::Listen,
            // The latest are the likeliest to be open.
            count => Act::Connect(known[known.len() - 1 - self.chance(count.min(6)) as usize]),
        }
    }

    /// Mostly: has `me` nothing of this kind, so that it should rather get one?
    fn lacks(&mut self, me: u64, is: Is) -> bool {
        let objects: Vec<usize> = self.actors[&me].fds.0.iter().filter_map(|(object, _)| *object).collect();
        let has_one = objects.iter().any(|&object| self.objects[object].is == is);
        !has_one && self.chance(4) > 0
    }

    fn has_port(&self, me: u64) -> bool {
        let mut objects = self.actors[&me].fds.0.iter().filter_map(|(object, _)| *object);
        objects.any(|object| matches!(self.objects[object].is, Is::Sender(_) | Is::Receiver(_)))
    }

    /// The number of the next message.
    pub fn next_message(&mut self) -> u64 {
        self.messages += 1;
        self.messages
    }

    /// Now and then, a task that is killed from outside: who, how, and the answer.
    pub fn victim(&mut self) -> Option<(Tid, Signal, Result<(), Errno>)> {
        if self.chance(150) != 0 || self.live() == 0 {
            return None;
        }
        let (tid, signal) = (self.somebody(), self.signal());
        Some((tid, signal, self.kill(tid, signal)))
    }

    /// How long a wait on a socket may take, in nanoseconds; now and then for ever.
    pub fn patience(&mut self) -> u64 {
        if self.chance(12) == 0 { u64::MAX } else { self.chance(1_500_000) }
    }

    // Foretelling: tasks.

    /// An actor that has begun says which it is.
    pub fn begin(&mut self, me: u64, tid: Tid) {
        self.compare_answer(me, "gettid", tid.serial(), me);
        self.actor(me).tid = tid;
    }

    /// The number that the next task to be made will have.
    pub fn next_serial(&self) -> u64 {
        self.spawned + 1
    }

    /// `me` spawns: the child's number, or why not.
    pub fn spawn(&mut self, me: u64, act: (&[FdGrant], Option<u32>, bool)) -> Result<u64, Errno> {
        let (grants, quantum, is_detached) = act;
        let mut fds = Fds::default();
        let mut moved: Vec<Fd> = Vec::new();
        for grant in grants {
            let (fd, to) = match *grant {
                FdGrant::Pass(fd) | FdGrant::Share(fd) => (fd, fd),
                FdGrant::PassAs(fd, slot) => (fd, Fd::new(slot, 1)),
            };
            let object = self.actor(me).fds.get(fd).ok_or(Errno::EBADF)?;
            if to.slot() >= self.fds_max + 3 {
                return Err(Errno::EMFILE);
            }
            let is_taken = fds.0.get(to.slot() as usize - 3).is_some_and(|(open, _)| open.is_some());
            if is_taken || moved.contains(&fd) {
                return Err(Errno::EINVAL);
            }
            fds.put(to, object);
            if !matches!(grant, FdGrant::Share(_)) {
                moved.push(fd);
            }
        }
        if quantum == Some(0) {
            return Err(Errno::EINVAL);
        }
        if self.live() + self.zombies() >= self.tasks_max {
            return Err(Errno::EAGAIN);
        }
        for (object, _) in &fds.0 {
            if let Some(object) = object {
                self.objects[*object].holders += 1;
            }
        }
        for fd in moved {
            self.close(me, fd).expect("it was open a moment ago");
        }
        self.spawned += 1;
        self.add(me, is_detached, fds);
        Ok(self.spawned)
    }

    /// A task ends: all that follows from it.
    pub fn end(&mut self, serial: u64, status: ExitStatus) {
        let actor = self.actor(serial);
        if actor.life != Life::Live {
            return self.disagree(serial, format!("a task that has ended ends again: {status:?}"));
        }
        (actor.life, actor.waits, actor.told, actor.message) = (Life::Gone, Waits::No, None, None);
        actor.is_stopped = false;
        actor.status = Some(status.clone());
        let zombies = std::mem::take(&mut actor.zombies);
        let fds = std::mem::take(&mut actor.fds);
        let (parent, is_detached) = (actor.parent, actor.is_detached);
        self.leave_ports(serial);
        for object in fds.0.iter().filter_map(|(object, _)| *object) {
            self.let_go(object);
        }
        self.sleepers.retain(|(_, _, sleeper)| *sleeper != serial);
        for actor in self.actors.values_mut().filter(|actor| actor.waits == Waits::Join(serial)) {
            (actor.waits, actor.told) = (Waits::No, Some(Ok((serial, status.clone()))));
        }
        for zombie in zombies {
            self.actor(zombie).life = Life::Gone;
        }
        if is_detached || !self.is_live(parent) {
            return;
        }
        let parent = self.actor(parent);
        if parent.waits == Waits::AnyChild || parent.waits == Waits::Child(serial) {
            (parent.waits, parent.told) = (Waits::No, Some(Ok((serial, status))));
        } else {
            parent.zombies.push(serial);
            self.actor(serial).life = Life::Zombie(status);
        }
    }

    fn members(&self, group: u64) -> Vec<Tid> {
        let there = self.actors.values().filter(|actor| actor.life != Life::Gone && actor.group == group);
        there.map(|actor| actor.tid).collect()
    }

    /// `me` puts a task into a group.
    pub fn set_group(&mut self, me: u64, target: Tid, group: Tid) -> Result<(), Errno> {
        let target = if target.is_none() { me } else { target.serial() };
        if !self.is_live(target) || target != me && self.actor(target).parent != me {
            return Err(Errno::ESRCH);
        }
        let group = if group.is_none() { target } else { group.serial() };
        if group != target && self.members(group).is_empty() {
            return Err(Errno::EPERM);
        }
        self.actor(target).group = group;
        Ok(())
    }

    /// The group of a task.
    pub fn get_group(&mut self, target: Tid) -> Result<u64, Errno> {
        match self.life(target.serial()) {
            Life::Gone => Err(Errno::ESRCH),
            _ => Ok(self.actor(target.serial()).group),
        }
    }

    /// Somebody sends a signal to all of a group.
    pub fn kill_group(&mut self, group: Tid, signal: Signal) -> Result<(), Errno> {
        let members = self.members(group.serial());
        if members.is_empty() {
            return Err(Errno::ESRCH);
        }
        for member in members {
            // An end before this one may have taken a zombie along.
            let _ = self.kill(member, signal);
        }
        Ok(())
    }

    /// Somebody kills: the answer, if there is somebody to be answered.
    pub fn kill(&mut self, target: Tid, signal: Signal) -> Result<(), Errno> {
        let serial = target.serial();
        match self.life(serial) {
            Life::Gone => return Err(Errno::ESRCH),
            Life::Zombie(_) => return Ok(()),
            Life::Live => {}
        }
        match signal {
            // Ignored by all actors, so that a broken pipe is an answer.
            Signal::Chld | Signal::Pipe => {}
            Signal::Cont => {
                let actor = self.actor(serial);
                actor.is_stopped = false;
                match std::mem::take(&mut actor.held).first().copied() {
                    Some(signal) => self.end(serial, ExitStatus::Killed(signal)),
                    None => self.step_back(serial),
                }
            }
            Signal::Stop | Signal::Tstp | Signal::Ttin => {
                self.actor(serial).is_stopped = true;
                self.step_aside(serial);
                // It may be awake long after its time.
                self.sleepers.retain(|(_, _, sleeper)| *sleeper != serial);
            }
            _ if self.actor(serial).is_stopped && signal != Signal::Kill => {
                self.actor(serial).held.insert(signal);
            }
            _ => self.end(serial, ExitStatus::Killed(signal)),
        }
        Ok(())
    }

    fn reap(&mut self, me: u64, zombie: u64) -> Told {
        let Life::Zombie(status) = std::mem::replace(&mut self.actor(zombie).life, Life::Gone) else {
            unreachable!("a list of zombies names one that is none")
        };
        self.actor(me).zombies.retain(|other| *other != zombie);
        Ok((zombie, status))
    }

    /// Can `me` wait for this one?
    fn is_child(&self, me: u64, child: u64) -> bool {
        let actor = self.actors.get(&child);
        actor.is_some_and(|actor| actor.parent == me && !actor.is_detached && actor.life != Life::Gone)
    }

    fn has_children(&self, me: u64) -> bool {
        self.actors.keys().any(|&child| self.is_child(me, child))
    }

    /// `me` waits for one child: the answer, unless it must wait for that.
    pub fn wait(&mut self, me: u64, child: Tid) -> Option<Told> {
        let child = child.serial();
        match self.life(child) {
            _ if !self.is_child(me, child) => Some(Err(Errno::ECHILD)),
            Life::Zombie(_) => Some(self.reap(me, child)),
            _ => self.begin_wait(me, Waits::Child(child)),
        }
    }

    /// `me` waits for any child.
    pub fn wait_any(&mut self, me: u64) -> Option<Told> {
        match self.actor(me).zombies.first().copied() {
            Some(zombie) => Some(self.reap(me, zombie)),
            None if self.has_children(me) => self.begin_wait(me, Waits::AnyChild),
            None => Some(Err(Errno::ECHILD)),
        }
    }

    /// `me` looks whether a child has ended.
    pub fn try_wait(&mut self, me: u64, children: Children) -> Result<Option<(u64, ExitStatus)>, Errno> {
        let zombie = match children {
            Children::Any if self.has_children(me) => self.actor(me).zombies.first().copied(),
            Children::Only(child) if self.is_child(me, child.serial()) => {
                Some(child.serial()).filter(|&child| !self.is_live(child))
            }
            _ => return Err(Errno::ECHILD),
        };
        zombie.map(|zombie| self.reap(me, zombie)).transpose()
    }

    /// `me` joins a task.
    pub fn join(&mut self, me: u64, target: Tid) -> Option<Told> {
        let target = target.serial();
        match self.life(target) {
            Life::Gone => Some(Err(Errno::ESRCH)),
            _ if target == me => Some(Err(Errno::EDEADLK)),
            Life::Zombie(status) => Some(Ok((target, status))),
            Life::Live => self.begin_wait(me, Waits::Join(target)),
        }
    }

    fn begin_wait(&mut self, me: u64, waits: Waits) -> Option<Told> {
        self.actor(me).waits = waits;
        None
    }

    /// What ended the wait of `me`.
    pub fn told(&mut self, me: u64) -> Option<Told> {
        self.actor(me).told.take()
    }

    /// The machine says that a task's timer has fired, or that its deadline had passed.
    pub fn time_is_up(&mut self, tid: Tid) {
        let actor = self.actor(tid.serial());
        if actor.waits == Waits::Port {
            self.leave_ports(tid.serial());
            return self.tell(tid.serial(), Err(Errno::ETIMEDOUT));
        }
        if actor.waits != Waits::No {
            (actor.waits, actor.told) = (Waits::No, Some(Err(Errno::ETIMEDOUT)));
        }
    }

    /// `me` goes to sleep; gives its ticket.
    pub fn sleep(&mut self, me: u64, until: Time) -> (Time, u64, u64) {
        self.sleeps += 1;
        let ticket = (until, self.sleeps, me);
        self.sleepers.insert(ticket);
        ticket
    }

    /// A sleeper is awake: it must be the first of all, unless it was stopped.
    pub fn awake(&mut self, ticket: (Time, u64, u64)) {
        if self.sleepers.contains(&ticket) && self.sleepers.first() != Some(&ticket) {
            let first = self.sleepers.first().copied();
            self.disagree(ticket.2, format!("awake by {ticket:?} while {first:?} sleeps"));
        }
        self.sleepers.remove(&ticket);
    }

    /// The parent of `me`, 0 when it has none.
    pub fn getppid(&mut self, me: u64) -> u64 {
        self.parent_of(&self.actors[&me])
    }

    // Foretelling: descriptors.

    /// What `fd` is to `me`.
    pub fn what_is(&self, me: u64, fd: Fd) -> Is {
        match self.actors[&me].fds.get(fd) {
            None => Is::Closed,
            Some(object) => self.objects[object].is,
        }
    }

    fn has_room(&mut self, me: u64) -> bool {
        self.actor(me).fds.open() < self.fds_max
    }

    /// The descriptor that `me` gets if it opens one.
    pub fn next_fd(&mut self, me: u64) -> Result<Fd, Errno> {
        if self.has_room(me) { Ok(self.actor(me).fds.next()) } else { Err(Errno::EMFILE) }
    }

    /// `me` has opened a socket.
    pub fn opened(&mut self, me: u64, fd: Fd, listens: Option<SocketAddr>) {
        let object = self.add_object(if listens.is_some() { Is::Listener } else { Is::Stream });
        self.objects[object].listens = listens;
        self.actor(me).fds.put(fd, object);
    }

    /// A new object, held once.
    pub fn add_object(&mut self, is: Is) -> usize {
        self.objects.push(Object { is, listens: None, holders: 1, peer: None, sent: 0, received: 0 });
        self.objects.len() - 1
    }

    /// How many descriptors more a task may open.
    pub fn room_for_fds(&mut self, me: u64) -> usize {
        (self.fds_max - self.actor(me).fds.open()) as usize
    }

    /// Puts an object into the next descriptor of a task.
    pub fn put_next(&mut self, me: u64, object: usize) -> Fd {
        let fd = self.actor(me).fds.next();
        self.actor(me).fds.put(fd, object);
        fd
    }

    /// Takes descriptors of a task away: what they were.
    pub fn take_all(&mut self, me: u64, fds: &[Fd]) -> Vec<usize> {
        fds.iter().map(|&fd| self.actor(me).fds.take(fd).expect("what is sent is open")).collect()
    }

    /// What holds an object.
    pub fn holders(&self, object: usize) -> u32 {
        self.objects[object].holders
    }

    /// One holder less.
    pub fn let_go(&mut self, object: usize) {
        self.objects[object].holders -= 1;
        if self.objects[object].holders == 0 {
            self.end_is_gone(self.objects[object].is);
        }
    }

    /// `me` duplicates a descriptor.
    pub fn dup(&mut self, me: u64, fd: Fd) -> Result<Fd, Errno> {
        let object = self.actor(me).fds.get(fd).ok_or(Errno::EBADF)?;
        let copy = self.next_fd(me)?;
        self.actor(me).fds.put(copy, object);
        self.objects[object].holders += 1;
        Ok(copy)
    }

    /// `me` closes a descriptor.
    pub fn close(&mut self, me: u64, fd: Fd) -> Result<(), Errno> {
        let object = self.actor(me).fds.take(fd).ok_or(Errno::EBADF)?;
        self.let_go(object);
        Ok(())
    }

    /// Does anybody hold the listener at this address?
    pub fn is_listening(&self, address: SocketAddr) -> bool {
        self.objects.iter().any(|object| object.listens == Some(address) && object.holders > 0)
    }

    /// The mark of a stream, which all bytes that are sent on it have.
    pub fn mark(&mut self, me: u64, fd: Fd, count: u32) -> u8 {
        let Some(object) = self.actor(me).fds.get(fd) else { return 0 };
        self.objects[object].sent += u64::from(count);
        object as u8
    }

    /// The stream behind a descriptor, to which what comes is booked even if `fd` is closed then.
    pub fn stream(&mut self, me: u64, fd: Fd) -> Option<usize> {
        self.actor(me).fds.get(fd)
    }

    /// Bytes have come: all of them are of one peer, which is the same every time and has sent
    /// that many.
    pub fn received(&mut self, me: u64, stream: Option<usize>, data: &[u8]) {
        let Some(stream) = stream.filter(|_| !data.is_empty()) else { return };
        let mark = data[0];
        if data.iter().any(|byte| *byte != mark) {
            return self.disagree(me, format!("bytes of two streams in one: {}", data.escape_ascii()));
        }
        let is_marked = |object: &usize| *object as u8 == mark && self.objects[*object].is == Is::Stream;
        let peer = self.objects[stream].peer.or_else(|| (0..self.objects.len()).find(is_marked));
        let Some(peer) = peer.filter(|peer| *peer as u8 == mark && *peer != stream) else {
            return self.disagree(me, format!("stream {stream} has bytes of {mark}, its peer is {peer:?}"));
        };
        let back = *self.objects[peer].peer.get_or_insert(stream);
        let object = &mut self.objects[stream];
        object.peer = Some(peer);
        object.received += data.len() as u64;
        let (received, sent) = (object.received, self.objects[peer].sent);
        if back != stream || received > sent {
            let what = format!("stream {stream} has {received} bytes of {peer}, which sent {sent} and talks to {back}");
            self.disagree(me, what);
        }
    }
}
