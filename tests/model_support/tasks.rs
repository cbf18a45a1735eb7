//! The part of the account that is about tasks: how they come, wait for each other, are signalled, and end.

use super::{
    descriptors::Fds,
    world::{Life, Told, Waits, World},
};
use yieldix::syscalls::*;

impl World {
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
    pub fn spawn(&mut self, me: u64, act: (&[FdGrant], Option<u32>, bool, Option<Fd>)) -> Result<u64, Errno> {
        let (grants, quantum, is_detached, tracer) = act;
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
        let tracer = tracer.map(|fd| self.tracer(me, fd)).transpose()?;
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
        if let Some(tracer) = tracer {
            self.trace_child(tracer, self.spawned);
        }
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
}
