//! What the tasks of a machine share, from which each draws what it does next, and what a task knows of itself.

use crate::chaos_support::Chance;
use std::{
    collections::BTreeMap,
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};
use yieldix::syscalls::*;

/// Few, so that their bound is met.
pub const FDS_MAX: u32 = 12;

/// Acts of all tasks of one machine.
const ACTS: u32 = 500;

/// What the tasks of one machine share: chance, and who there is.
pub struct Yard {
    pub chance: Chance,
    pub acts_left: u32,
    pub tids: Vec<Tid>,
    pub groups: Vec<Tid>,
    pub addresses: Vec<SocketAddr>,
    pub tally: Tally,
}

/// How often each act was done well, and how often with which error.
pub type Tally = BTreeMap<(&'static str, Option<Errno>), u32>;

pub type Shared = Arc<Mutex<Yard>>;

pub fn lock(yard: &Shared) -> MutexGuard<'_, Yard> {
    yard.lock().expect("nothing panics with the yard in hand")
}

impl Yard {
    pub fn new(seed: u64) -> Yard {
        let (tids, groups, addresses) = (vec![Tid::NONE], vec![Tid::NONE], Vec::new());
        Yard { chance: Chance(seed), acts_left: ACTS, tids, groups, addresses, tally: Tally::new() }
    }

    pub fn below(&mut self, bound: usize) -> usize {
        self.chance.below(bound as u64) as usize
    }

    pub fn is_one_in(&mut self, of: usize) -> bool {
        self.below(of) == 0
    }

    pub fn pick<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.below(of.len())]
    }

    /// Rather one of the last, who may live.
    pub fn tid(&mut self) -> Tid {
        let back = 1 + self.below(self.tids.len().min(12));
        self.tids[self.tids.len() - back]
    }

    pub fn group(&mut self) -> Tid {
        let back = 1 + self.below(self.groups.len().min(4));
        self.groups[self.groups.len() - back]
    }

    /// A new one, or one of somebody.
    pub fn nursery(&mut self) -> Tid {
        if self.is_one_in(2) { Tid::NONE } else { self.tid() }
    }

    pub fn signal(&mut self) -> Signal {
        // Those that end a task for good are rarer: else nobody would live to do anything.
        match self.below(8) {
            0 => self.pick(Signal::ALL),
            1 => Signal::Stop,
            2 | 3 => Signal::Cont,
            4 => Signal::Tstp,
            5 | 6 => Signal::Chld,
            _ => self.pick(&[Signal::Usr1, Signal::Usr2, Signal::Int, Signal::Term, Signal::Alrm]),
        }
    }

    pub fn signals(&mut self) -> Signals {
        let bits = self.below(1 << Signal::ALL.len());
        let chosen = Signal::ALL.iter().enumerate().filter(|(index, _)| bits >> index & 1 == 1);
        chosen.fold(Signals::NONE, |all, (_, &signal)| all | signal)
    }

    pub fn span(&mut self) -> Duration {
        Duration::from_nanos(self.pick(&[0, 1, 2_000, 40_000, 300_000]))
    }

    pub fn path(&mut self) -> &'static str {
        self.pick(&[
            "/a",
            "/a/b",
            "/a/c",
            "b",
            "c",
            "../c",
            "/d",
            "/d/e",
            "/dev/zero",
            "/dev/null",
            "/scratch/f",
            "/",
            "/s",
        ])
    }
}

/// What a task knows of itself.
pub struct Me {
    pub fds: Vec<Fd>,
    pub scopes: Vec<ScopeId>,
    pub tracers: Vec<Fd>,
}

impl Me {
    pub fn fd(&self, yard: &Shared) -> Fd {
        let mut yard = lock(yard);
        // Also what it has closed, and now and then what it never had.
        if self.fds.is_empty() || yard.is_one_in(20) {
            return Fd::new(yard.below(6) as u32, 0);
        }
        let back = 1 + yard.below(self.fds.len().min(8));
        self.fds[self.fds.len() - back]
    }

    /// Rather a tracer than anything else.
    pub fn tracer(&self, yard: &Shared) -> Fd {
        let is_any = self.tracers.is_empty() || lock(yard).is_one_in(8);
        if is_any { self.fd(yard) } else { lock(yard).pick(&self.tracers) }
    }
}
