//! The life of tasks: spawn, exit, wait, join, reap.
//!
//! A task that has ended is a zombie until its parent asks; with nobody to ask (no parent, a dead
//! parent, detached) its slot is free at once. An orphan belongs to init, which is told nothing:
//! the kernel reaps for it.

use crate::{
    block::Cause,
    emit,
    event::level,
    hardware::Hardware,
    kernel::{Kernel, broken},
    limits,
    pulse::text,
    sched::Policy,
    task::{Cold, State, clean_name},
    trap::Next,
    wait::Links,
};
use yieldix_syscalls::{
    Errno, ExitStatus, Fd, FdGrant, ProgramRequest, Reply, Signal, SpawnOptions, SpawnRequest, Task, Tid,
};

impl<H: Hardware, P: Policy> Kernel<H, P> {
    #[inline(never)]
    pub(crate) fn sys_spawn(&mut self, tid: Tid, slot: u32, task: Task) -> Next {
        if let Err(errno) = self.table.room() {
            self.discard(tid, task);
            return self.answer(slot, Reply::Err(errno));
        }
        let child = self.add_child(tid, slot, task);
        self.begin(child, tid);
        self.answer(slot, Reply::Tid(child))
    }

    pub(crate) fn sys_spawn_with(&mut self, tid: Tid, slot: u32, request: SpawnRequest) -> Next {
        let SpawnRequest { task, options } = request;
        if let Err(errno) = self.check_spawn(slot, &options) {
            self.discard(tid, task);
            return self.answer(slot, Reply::Err(errno));
        }
        // Found before descriptors move, for one that moves.
        let terminal = options.foreground.and_then(|fd| self.foreground_named(slot, fd).ok());
        let tracer = options.tracer.and_then(|fd| self.tracer_named(slot, fd).ok());
        let child = self.add_child(tid, slot, task);
        let child_slot = self.slot_of(child);
        self.grant(slot, child_slot, &options.fds);
        if options.detached {
            self.table.make_cold(slot).children -= 1;
        }
        if let Some(group) = options.group {
            self.enter_group(child_slot, group);
        }
        if let Some(terminal) = terminal {
            let group = self.group_of(child_slot);
            self.give_foreground(slot, terminal, group);
        }
        if let Some(tracer) = tracer {
            self.trace_child(tracer, child);
        }
        if let Some(nursery) = options.nursery {
            self.bind(slot, child_slot, nursery);
        }
        self.set_options(child_slot, options);
        self.begin(child, tid);
        self.answer(slot, Reply::Tid(child))
    }

    pub(crate) fn sys_spawn_program(&mut self, tid: Tid, slot: u32, request: ProgramRequest) -> Next {
        let ProgramRequest { name, args, mut options } = request;
        let program = match self.program(slot, &name) {
            Ok(program) => program,
            Err(errno) => return self.answer(slot, Reply::Err(errno)),
        };
        options.name.get_or_insert(program.name.into());
        // A program's entry is user code: one that panics while it makes its task fails the spawn.
        let made = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| program.request(args)));
        match made {
            Ok(SpawnRequest { task, options: own }) => {
                options.quantum = options.quantum.or(own.quantum);
                options.announced = options.announced.or(own.announced);
                self.sys_spawn_with(tid, slot, SpawnRequest { task, options })
            }
            Err(payload) => {
                self.discard(tid, payload);
                self.answer(slot, Reply::Err(Errno::ENOEXEC))
            }
        }
    }

    /// A child of the task in `slot`, with what children inherit; there is room for it.
    #[inline(always)]
    fn add_child(&mut self, tid: Tid, slot: u32, task: Task) -> Tid {
        let quantum = self.table.quantum();
        let child = self.table.insert(tid, task);
        let cold = self.table.make_cold(slot);
        cold.children += 1;
        if cold.bequeaths(quantum) {
            self.inherit(slot, self.slot_of(child));
        }
        child
    }

    /// A task that nobody made: the first ones, and those that a handle asks for.
    pub(crate) fn spawn_first(&mut self, task: Task, options: SpawnOptions) -> Result<Tid, Errno> {
        let is_for_a_child = !is_quantum(options.quantum)
            || !options.fds.is_empty()
            || options.group.is_some()
            || options.foreground.is_some()
            || options.tracer.is_some()
            || options.nursery.is_some();
        let checked = if is_for_a_child { Err(Errno::EINVAL) } else { self.table.room() };
        if let Err(errno) = checked {
            self.discard(Tid::NONE, task);
            return Err(errno);
        }
        let tid = self.table.insert(Tid::NONE, task);
        self.set_options(self.slot_of(tid), options);
        self.begin(tid, Tid::NONE);
        Ok(tid)
    }

    #[inline(always)]
    fn begin(&mut self, tid: Tid, parent: Tid) {
        self.recorder.spawned(tid, parent);
        if self.wants(level::Spawned) {
            self.tell_spawned(tid);
        }
        self.look_at_frame(tid, parent);
        self.make_ready(tid, Cause::Spawned);
    }

    #[cold]
    #[inline(never)]
    fn tell_spawned(&mut self, tid: Tid) {
        let slot = self.slot_of(tid);
        let parent = self.table.slot(slot).parent;
        // The group of the very first is known only when that is known to be the first.
        let group = Some(self.group_of(slot)).filter(|group| !group.is_none()).unwrap_or(tid);
        emit!(self, Spawned { tid, parent, group, name: self.name_of(slot) });
    }

    /// A child begins with its parent's standard streams, its quantum, and what it hands on.
    #[cold]
    fn inherit(&mut self, parent: u32, child: u32) {
        let cold = self.table.make_cold(parent);
        let (quantum, inherited, streams) = (cold.quantum, cold.inherited.clone(), cold.fds.streams().copied());
        let cold = self.table.make_cold(child);
        (cold.quantum, cold.inherited) = (quantum, inherited);
        if let Some(streams) = streams {
            self.hold_streams(&streams);
            self.give_streams(child, streams);
        }
    }

    fn set_options(&mut self, slot: u32, options: SpawnOptions) {
        let SpawnOptions { name, detached, quantum, announced, .. } = options;
        if name.is_none() && !detached && quantum.is_none() && announced.is_none() {
            return;
        }
        let cold = self.table.make_cold(slot);
        if let Some(name) = name {
            cold.make_rare().name = Some(clean_name(&name));
        }
        cold.is_detached = detached;
        // No quantum is so large that it would not fit: that was checked.
        cold.quantum = quantum.and_then(|traps| traps.try_into().ok()).unwrap_or(cold.quantum);
        if let Some(announced) = announced.filter(|&announced| announced != self.table.inherited(slot).is_announced) {
            self.table.inherited_mut(slot).is_announced = announced;
        }
    }

    /// Can the task in `slot` have such a child? Nothing has moved yet.
    fn check_spawn(&mut self, slot: u32, options: &SpawnOptions) -> Result<(), Errno> {
        self.check_grants(slot, &options.fds)?;
        if !is_quantum(options.quantum) {
            return Err(Errno::EINVAL);
        }
        self.check_group(slot, options.group)?;
        if let Some(fd) = options.foreground {
            self.foreground_named(slot, fd)?;
        }
        if let Some(fd) = options.tracer {
            self.tracer_named(slot, fd)?;
        }
        self.table.room()
    }

    /// Can all of these be granted?
    fn check_grants(&self, slot: u32, grants: &[FdGrant]) -> Result<(), Errno> {
        let mut slots = Vec::with_capacity(grants.len());
        let mut passed = Vec::with_capacity(grants.len());
        for grant in grants {
            let (fd, to) = match *grant {
                FdGrant::Pass(fd) | FdGrant::Share(fd) => (fd, fd.slot()),
                FdGrant::PassAs(fd, to) => (fd, to),
            };
            self.object_of(slot, fd)?;
            if to >= self.options.fds_per_task.saturating_add(3) {
                return Err(Errno::EMFILE);
            }
            let is_moved = !matches!(grant, FdGrant::Share(_));
            if slots.contains(&to) || passed.contains(&fd) {
                return Err(Errno::EINVAL);
            }
            slots.push(to);
            if is_moved {
                passed.push(fd);
            }
        }
        Ok(())
    }

    fn grant(&mut self, parent: u32, child: u32, grants: &[FdGrant]) {
        let max = self.options.fds_per_task.saturating_add(3);
        for grant in grants {
            let (fd, to, is_moved) = match *grant {
                FdGrant::Pass(fd) => (fd, fd, true),
                FdGrant::PassAs(fd, to) => (fd, Fd::new(to, if to < 3 { 0 } else { 1 }), true),
                FdGrant::Share(fd) => (fd, fd, false),
            };
            let Ok(object) = self.object_of(parent, fd) else { broken("a descriptor went away while it was granted") };
            self.hold(object);
            if to.slot() < 3 {
                self.replace_stream(child, to.slot(), object);
            } else if self.table.make_cold(child).fds.install_as(to, object, max).is_err() {
                broken("a grant that was checked cannot be made");
            } else {
                emit!(self, FdOpened { tid: self.table.tid(child), fd: to, object });
            }
            if is_moved {
                self.remove_fd(parent, fd);
            }
        }
    }

    /// How the task in `slot` is called: as it was named, or after its function.
    pub(crate) fn name_of(&self, slot: u32) -> &str {
        let rare = self.table.rare(slot);
        if let Some(name) = rare.and_then(|rare| rare.name.as_deref()) {
            return name;
        }
        // With subroutines on the trampoline, the task's own coroutine is the outermost caller.
        let outermost = rare.and_then(|rare| rare.callers.first()).map(|caller| &caller.body);
        outermost.or(self.table.slot(slot).body.as_ref()).map_or("", |body| body.function())
    }

    #[inline(never)]
    pub(crate) fn sys_getppid(&mut self, slot: u32) -> Next {
        let parent = self.parent_of(slot);
        self.answer(slot, Reply::Tid(parent))
    }

    /// The parent of the task in `slot`, or whoever took its place.
    pub(crate) fn parent_of(&self, slot: u32) -> Tid {
        let parent = self.table.slot(slot).parent;
        match self.table.find_live(parent) {
            Some(_) => parent,
            None => self.init.filter(|&init| Some(slot) != init.slot()).unwrap_or(Tid::NONE),
        }
    }

    /// Ends a live task: destructors, descriptors, joiners, parent. Any state but zombie is a way
    /// in, and this is the only way out.
    #[inline(always)]
    pub(crate) fn exit(&mut self, slot: u32, status: ExitStatus) {
        let tid = self.table.tid(slot);
        let place = self.table.slot(slot);
        self.recorder.ended(place, &status);
        let is_plain = place.cold().is_none() && matches!(place.state, State::Running);
        if is_plain && !self.tells_exit(slot, &status) {
            let body = self.table.slot_mut(slot).body.take();
            self.discard(tid, body);
        } else if self.strip(slot, tid, &status) {
            return self.bury_alone(slot, tid, status);
        }
        self.bury(slot, tid, status);
    }

    /// Takes from a task that ends all that it has, and tells who wants to know. True when it is
    /// detached.
    #[inline(never)]
    fn strip(&mut self, slot: u32, tid: Tid, status: &ExitStatus) -> bool {
        self.look_at_end(slot, status);
        self.end_bound(slot);
        self.unbind(slot);
        self.forget_change(slot);
        self.take_back_alarm(slot);
        self.forget_signals(slot);
        self.drop_state(slot, tid);
        // The body has the name, and is about to go.
        let name = self.tells_exit(slot, status).then(|| Box::<str>::from(self.name_of(slot)));
        let innermost = self.table.slot_mut(slot).body.take();
        self.discard(tid, innermost);
        while let Some(caller) = self.table.rare_mut(slot).and_then(|rare| rare.callers.pop()) {
            self.discard(tid, caller);
        }
        self.close_all(slot);
        self.tell_stages(slot);
        if let Some(name) = name {
            self.tell_exit(slot, tid, &name, status);
        }
        self.announce(slot, tid);
        while let Some(joiner) = self.table.rare(slot).and_then(|rare| rare.joiners.first()) {
            self.unblock(joiner, Reply::exit(tid, status.clone()), Cause::Exit(tid));
        }
        // Nobody will wait for its zombies.
        while let Some(zombie) = self.table.cold(slot).and_then(|cold| cold.zombies.first()) {
            let _ = self.reap(slot, zombie);
        }
        self.table.cold(slot).is_some_and(|cold| cold.is_detached)
    }

    /// Takes a task that is about to end out of its wait, or drops the answer that it will not get.
    /// What is left is not a state that anything looks for while destructors run.
    fn drop_state(&mut self, slot: u32, tid: Tid) {
        match self.table.slot(slot).state {
            State::Running => {}
            State::Ready(_) => {
                let undelivered = std::mem::replace(&mut self.table.slot_mut(slot).state, State::Running);
                self.discard(tid, undelivered);
            }
            _ => {
                let left = self.leave(slot);
                let undelivered = self.give_up(left, Errno::ECANCELED);
                self.discard(tid, undelivered);
                self.table.slot_mut(slot).set_state(State::Running);
            }
        }
    }

    /// Will this end be told, as every one is to who wants that, or as a fault?
    fn tells_exit(&self, slot: u32, status: &ExitStatus) -> bool {
        let is_fault = || {
            let has_failed = self.table.cold(slot).is_some_and(|cold| cold.failure().is_some());
            has_failed || matches!(status, ExitStatus::Panicked(_))
        };
        self.wants(level::Exited) || self.wants(level::Faulted) && is_fault()
    }

    fn tell_exit(&mut self, slot: u32, tid: Tid, name: &str, status: &ExitStatus) {
        let line = text(self.table.slot(slot).at);
        if let ExitStatus::Panicked(message) = status {
            emit!(self, Faulted { tid, name, panic: message, line: &line });
        }
        let failure = self.table.cold(slot).and_then(Cold::failure);
        // Nobody reads any more what it wrote: that is how a pipeline ends, and no news.
        if let Some(errno) = failure.filter(|&errno| errno != Errno::EPIPE)
            && self.table.slot(slot).parent.is_none()
        {
            emit!(self, Failed { tid, name, errno, line: &line });
        }
        emit!(
            self,
            Exited {
                tid,
                name,
                status,
                errno: failure.map_or("", |errno| errno.name()),
                turns: self.counts(slot).0,
                traps: self.counts(slot).1,
            }
        );
    }

    /// The task becomes a zombie of its parent, or nothing.
    #[inline(always)]
    fn bury(&mut self, slot: u32, tid: Tid, status: ExitStatus) {
        let parent = self.table.slot(slot).parent;
        let Some(parent_slot) = self.table.find_live(parent) else { return self.bury_alone(slot, tid, status) };
        let mut value = None;
        let is_awaited = match self.table.slot(parent_slot).state {
            State::AwaitingChild { child } => child == slot,
            State::AwaitingAny => true,
            State::AwaitingChange => {
                let flags = self.awaited_change(parent_slot, slot);
                value = flags.and_then(|flags| self.take_value(slot, flags));
                flags.is_some()
            }
            _ => false,
        };
        if is_awaited {
            self.table.make_cold(parent_slot).children -= 1;
            emit!(self, Reaped { tid, by: parent });
            self.release(slot);
            let reply = value.unwrap_or_else(|| Reply::exit(tid, status));
            return self.unblock(parent_slot, reply, Cause::Exit(tid));
        }
        let code = self.keep_ending(slot, status);
        let (cold, slots) = self.table.make_cold_and_slots(parent_slot);
        let links = cold.zombies.append(slots, slot);
        slots.get_mut(slot).set_state(State::Zombie { links, code });
        self.table.count_zombie();
        if self.catches(parent_slot, Signal::Chld) {
            self.post(parent_slot, Signal::Chld);
        }
    }

    /// A task that nobody will wait for is nothing. A first one may be the end of the machine.
    #[inline(never)]
    fn bury_alone(&mut self, slot: u32, tid: Tid, status: ExitStatus) {
        if self.table.slot(slot).parent.is_none() && self.keeps_status(tid) {
            let code = self.keep_ending(slot, status.clone());
            self.table.slot_mut(slot).set_state(State::Zombie { links: Links::LOOSE, code });
            self.table.count_zombie();
        } else {
            emit!(self, Reaped { tid, by: Tid::NONE });
            self.release(slot);
        }
        if self.init == Some(tid) {
            self.init_ended(status);
        } else if self.first == Some(tid) {
            self.first_status = Some(status);
        }
    }

    /// What a zombie remembers of its end: a code, and beside it whatever was not an exit.
    #[inline(always)]
    fn keep_ending(&mut self, slot: u32, status: ExitStatus) -> i32 {
        let code = status.code();
        if !matches!(status, ExitStatus::Exited(_)) {
            self.table.make_rare(slot).ending = Some(status);
        }
        code
    }

    /// How a zombie ended; none for a task that lives.
    #[inline(always)]
    pub(crate) fn status_of(&self, slot: u32) -> Option<ExitStatus> {
        let State::Zombie { code, .. } = self.table.slot(slot).state else { return None };
        let ending = self.table.rare(slot).and_then(|rare| rare.ending.clone());
        Some(ending.unwrap_or(ExitStatus::Exited(code)))
    }

    /// Frees the slot of a task; what it left and nobody took is dropped.
    #[inline(always)]
    pub(crate) fn release(&mut self, slot: u32) {
        if let Some(value) = self.table.release(slot) {
            self.discard(Tid::NONE, value);
        }
    }

    /// Takes a zombie away from its parent; gives the answer that tells of it.
    #[inline(always)]
    pub(crate) fn reap(&mut self, parent: u32, zombie: u32) -> Reply {
        let tid = self.table.tid(zombie);
        let Some(status) = self.status_of(zombie) else { broken("a task that lives is reaped") };
        self.table.with_queue(
            parent,
            |cold| {
                cold.children -= 1;
                &mut cold.zombies
            },
            |zombies, slots| zombies.remove(slots, zombie),
        );
        emit!(self, Reaped { tid, by: self.table.tid(parent) });
        self.release(zombie);
        Reply::exit(tid, status)
    }

    /// Where the task with this id is. To look for one that was parsed takes as long as the table.
    pub(crate) fn look_up(&mut self, tid: Tid) -> Option<u32> {
        if tid.slot().is_none() {
            self.charge_for_the_table();
        }
        self.table.find(tid)
    }

    /// The slot of a task that is a child of the caller and can be waited for.
    pub(crate) fn child_slot(&mut self, tid: Tid, child: Tid) -> Result<u32, Errno> {
        let child = self.look_up(child).ok_or(Errno::ECHILD)?;
        if self.is_child(tid, child) { Ok(child) } else { Err(Errno::ECHILD) }
    }

    /// Can the task in `slot` be waited for by this one, as its parent?
    #[inline(always)]
    pub(crate) fn is_child(&self, tid: Tid, slot: u32) -> bool {
        let is_detached = self.table.cold(slot).is_some_and(|cold| cold.is_detached);
        self.table.slot(slot).parent == tid && !is_detached
    }

    #[inline(never)]
    pub(crate) fn sys_wait(&mut self, tid: Tid, slot: u32, child: Tid) -> Next {
        match self.child_slot(tid, child) {
            Err(errno) => self.answer(slot, Reply::Err(errno)),
            Ok(child) if self.table.slot(child).state.is_live() => self.block(slot, State::AwaitingChild { child }),
            Ok(zombie) => self.answer_with_zombie(slot, zombie),
        }
    }

    #[inline(never)]
    pub(crate) fn sys_wait_any(&mut self, slot: u32) -> Next {
        match self.table.cold(slot) {
            Some(cold) if cold.children > 0 => match cold.zombies.first() {
                Some(zombie) => self.answer_with_zombie(slot, zombie),
                None => self.block(slot, State::AwaitingAny),
            },
            _ => self.answer(slot, Reply::Err(Errno::ECHILD)),
        }
    }

    #[inline(always)]
    fn answer_with_zombie(&mut self, slot: u32, zombie: u32) -> Next {
        let reply = self.reap(slot, zombie);
        self.answer(slot, reply)
    }

    pub(crate) fn sys_join(&mut self, slot: u32, target: Tid) -> Next {
        match self.look_up(target) {
            None => self.answer(slot, Reply::Err(Errno::ESRCH)),
            Some(target) if target == slot => self.answer(slot, Reply::Err(Errno::EDEADLK)),
            Some(target) => match self.status_of(target) {
                Some(status) => self.answer(slot, Reply::exit(self.table.tid(target), status)),
                None => self.block(slot, State::Joining { target, links: Links::LOOSE }),
            },
        }
    }

    /// The slot of a task that is known to be there.
    pub(crate) fn slot_of(&self, tid: Tid) -> u32 {
        match tid.slot() {
            Some(slot) => slot,
            None => broken("the kernel uses an id that was parsed"),
        }
    }

    /// Says on the console that a task has ended, if that is wanted.
    fn announce(&mut self, slot: u32, tid: Tid) {
        if !self.table.inherited(slot).is_announced {
            return;
        }
        let line = format!("Task {tid} terminated\n");
        if self.announcements.len() + line.len() <= limits::ANNOUNCEMENT_BYTES {
            self.announcements.extend_from_slice(line.as_bytes());
        }
        self.print_announcements();
    }

    /// Brings announced exits to the console; true when all are out.
    pub(crate) fn print_announcements(&mut self) -> bool {
        while !self.announcements.is_empty() {
            match self.hardware.try_write(crate::hardware::Device::STDOUT, &self.announcements) {
                Ok(count) => drop(self.announcements.drain(..count)),
                Err(Errno::EAGAIN) => return false,
                // Nobody can be told: the console is gone.
                Err(_) => self.announcements.clear(),
            }
        }
        true
    }
}

/// May a task be given this quantum?
fn is_quantum(quantum: Option<u32>) -> bool {
    quantum.is_none_or(|traps| (1..=limits::QUANTUM_MAX).contains(&traps))
}
