//! What a new task is given beside its body.

use crate::{Call, Fd, Syscall, Task, Tid};
use alloc::{boxed::Box, vec::Vec};

/// One descriptor for a child. Without any, it has 0, 1 and 2 of its parent and nothing else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FdGrant {
    /// Moved out of the parent's table; keeps its number.
    Pass(Fd),
    /// Moved out of the parent's table, to this slot of the child's (0, 1, 2 included).
    PassAs(Fd, u32),
    /// Duplicated; both have it, under the same number.
    Share(Fd),
}

/// How a child differs from the plainest one.
#[derive(Clone, Debug, Default)]
pub struct SpawnOptions {
    /// Its name; without one, that of the function that made it.
    pub name: Option<Box<str>>,
    /// Descriptors it gets.
    pub fds: Vec<FdGrant>,
    /// Leave no zombie: nobody will wait for it.
    pub detached: bool,
    /// Its quantum, in traps a turn; inherited when not set.
    pub quantum: Option<u32>,
    /// Tell the console when it ends; inherited when not set.
    pub announced: Option<bool>,
    /// Its process group; inherited when not set. [`Tid::NONE`] is a new one of its own.
    pub group: Option<Tid>,
    /// The terminal whose foreground its process group is from its first turn on.
    pub foreground: Option<Fd>,
    /// End it, by `KILL`, before its parent ends: the nursery of its parent that it is in, named by the child
    /// that was its first. [`Tid::NONE`] is a new one of its own.
    pub nursery: Option<Tid>,
    /// The tracer that is told of its traps, from the first: see `ktrace`.
    pub tracer: Option<Fd>,
}

/// A body and options.
#[derive(Debug)]
pub struct SpawnRequest {
    /// What will run.
    pub task: Task,
    /// And how.
    pub options: SpawnOptions,
}

/// The answer to a spawn: the child's [`Tid`].
pub struct Spawned;

impl Call<Spawned> {
    fn with(mut self, change: impl FnOnce(&mut SpawnOptions)) -> Self {
        if let Syscall::Spawn { task } = self.syscall {
            let options = SpawnOptions::default();
            self.syscall = Syscall::SpawnWith { request: Box::new(SpawnRequest { task, options }) };
        }
        match &mut self.syscall {
            Syscall::SpawnWith { request } => change(&mut request.options),
            Syscall::SpawnProgram { request } => change(&mut request.options),
            _ => {}
        }
        self
    }

    /// Names the child.
    pub fn name(self, name: impl Into<Box<str>>) -> Self {
        self.with(|options| options.name = Some(name.into()))
    }

    /// Moves `fd` into the child's table, where it keeps its number.
    pub fn pass(self, fd: Fd) -> Self {
        self.with(|options| options.fds.push(FdGrant::Pass(fd)))
    }

    /// Moves `fd` into slot `slot` of the child's table.
    pub fn pass_as(self, fd: Fd, slot: u32) -> Self {
        self.with(|options| options.fds.push(FdGrant::PassAs(fd, slot)))
    }

    /// Gives the child a duplicate of `fd`, under the same number.
    pub fn share(self, fd: Fd) -> Self {
        self.with(|options| options.fds.push(FdGrant::Share(fd)))
    }

    /// The child leaves no zombie; it cannot be waited for, only joined while it lives.
    pub fn detach(self) -> Self {
        self.with(|options| options.detached = true)
    }

    /// The child's turn ends after so many traps that cost; at least 1.
    pub fn quantum(self, traps: u32) -> Self {
        self.with(|options| options.quantum = Some(traps))
    }

    /// The child is in this process group, or with [`Tid::NONE`] in a new one that it is the first of.
    pub fn group(self, group: Tid) -> Self {
        self.with(|options| options.group = Some(group))
    }

    /// The child's process group is the foreground of this terminal before the child has its first turn: no key
    /// that is pressed once it is there goes to another group.
    pub fn foreground(self, terminal: Fd) -> Self {
        self.with(|options| options.foreground = Some(terminal))
    }

    /// The child ends when its parent does: it is the first in a nursery of its own.
    pub fn bound(self) -> Self {
        self.nursery(Tid::NONE)
    }

    /// The child ends when its parent does, and is in this nursery of it, named by the child that was its
    /// first: [`Children::Nursery`](crate::Children::Nursery) waits for those. [`Tid::NONE`] is a new one.
    pub fn nursery(self, nursery: Tid) -> Self {
        self.with(|options| options.nursery = Some(nursery))
    }

    /// The child is traced by this tracer, from its first trap: see [`ktrace`](crate::calls::ktrace).
    pub fn traced(self, tracer: Fd) -> Self {
        self.with(|options| options.tracer = Some(tracer))
    }

    /// The console says when the child ends.
    pub fn announced(self) -> Self {
        self.with(|options| options.announced = Some(true))
    }
}
