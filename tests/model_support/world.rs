//! The account of a machine that actors keep: who lives, who waits for whom, who holds what; and where it and the
//! machine disagree.

use super::{
    descriptors::{Fds, Object},
    files::Files,
    pipes::Pipe,
    ports::{Aside, Message, Port},
    traces::Traces,
};
use crate::chaos_support::Chance;
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Debug,
};
use yieldix::syscalls::*;

/// How far a task's life has come.
#[derive(Clone, Debug, PartialEq)]
pub enum Life {
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
    pub tid: Tid,
    pub parent: u64,
    /// Its process group, by the number of the task that was its first.
    pub group: u64,
    pub is_detached: bool,
    pub life: Life,
    pub is_stopped: bool,
    /// Signals that wait until it goes on.
    pub held: BTreeSet<Signal>,
    pub waits: Waits,
    /// What ended its wait, until it has compared.
    pub told: Option<Told>,
    /// The same of a wait at a port.
    pub message: Option<Message>,
    /// Its zombies, in the order in which they died.
    pub zombies: Vec<u64>,
    pub fds: Fds,
    pub status: Option<ExitStatus>,
}

/// The account.
#[derive(Debug)]
pub struct World {
    pub chance: Chance,
    pub actors: BTreeMap<u64, Actor>,
    pub spawned: u64,
    pub tasks_max: u32,
    pub fds_max: u32,
    pub acts_left: u32,
    /// Who sleeps: until when, in which order they asked, who.
    pub sleepers: BTreeSet<(Time, u64, u64)>,
    pub sleeps: u64,
    pub objects: Vec<Object>,
    pub ports: Vec<Port>,
    /// What those wait for at a port who are stopped.
    pub aside: BTreeMap<u64, Aside>,
    pub files: Files,
    pub pipes: Vec<Pipe>,
    pub traces: Traces,
    pub messages: u64,
    pub disagreements: Vec<String>,
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
            traces: Traces::default(),
            messages: 0,
            disagreements: Vec::new(),
            tally: BTreeMap::new(),
        };
        world.add(0, false, Fds::default());
        world
    }

    pub fn add(&mut self, parent: u64, is_detached: bool, fds: Fds) {
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

    pub fn life(&self, serial: u64) -> Life {
        self.actors.get(&serial).map_or(Life::Gone, |actor| actor.life.clone())
    }

    pub fn is_live(&self, serial: u64) -> bool {
        self.life(serial) == Life::Live
    }

    /// Tasks that live.
    pub fn live(&self) -> u32 {
        self.actors.values().filter(|actor| actor.life == Life::Live).count() as u32
    }

    pub fn zombies(&self) -> u32 {
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
        self.compare_readers();
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

    pub fn parent_of(&self, actor: &Actor) -> u64 {
        if self.is_live(actor.parent) { actor.parent } else { 0 }
    }

    pub fn chance(&mut self, bound: u64) -> u64 {
        self.chance.below(bound)
    }

    pub fn pick<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.chance(of.len() as u64) as usize]
    }
}
