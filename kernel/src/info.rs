//! What the kernel tells about itself: `tasks`, `sysinfo`, random bytes, statistics.

use crate::{
    change::Awaited,
    event::Queued,
    fd::Object,
    file::{Direction, Kind},
    hardware::Hardware,
    kernel::{Kernel, broken},
    limits,
    poll::operation,
    sched::Policy,
    task::State,
    trap::Next,
};
use yieldix_syscalls::{Buf, Children, Errno, Fd, Reply, SysInfo, TaskInfo, TaskState, Tid, Time, WaitsOn};

macro_rules! stats {
    ($($(#[doc = $doc:literal])+ $name:ident: $type:ty,)+) => {
        /// Counts of the whole kernel.
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
        pub struct Stats { $($(#[doc = $doc])+ pub $name: $type,)+ }

        impl Stats {
            /// Each by its name.
            pub fn by_name(&self) -> impl Iterator<Item = (&'static str, u64)> {
                [$((stringify!($name), u64::from(self.$name))),+].into_iter()
            }
        }
    };
}

stats! {
    /// Tasks that have not ended.
    tasks: u32,
    /// Tasks that have, and were not waited for.
    zombies: u32,
    /// Tasks made so far.
    spawned: u64,
    /// Open files and ports, the console's three included.
    files: u32,
    /// Ports.
    ports: u32,
    /// Tasks that wait on a file, and polls of one.
    file_waiters: u32,
    /// Pipes.
    pipes: u32,
    /// Jobs that are not closed.
    jobs: u32,
    /// Files, watches and questions of the disk.
    disk_devices: u32,
    /// Timers that are set.
    timers: u32,
    /// Sockets that are open.
    sockets: u32,
    /// Sockets that are registered with the poller.
    registrations: u32,
    /// Cold parts of tasks.
    cold_parts: u32,
    /// Turns given so far.
    turns: u64,
    /// Traps answered so far.
    traps: u64,
    /// Rounds so far.
    rounds: u64,
    /// Events that the flight recorder has kept so far, those that were overwritten included.
    recorded: u64,
    /// Looks at the hardware so far.
    polls: u64,
    /// Those that waited.
    waits: u64,
    /// Bytes of console output that could not be brought out, known at the end. Those are not
    /// counted whose reader went away.
    output_lost: u64,
    /// Files and directories in memory.
    ram_inodes: u32,
    /// Bytes of those files.
    ram_bytes: u64,
    /// The most bytes that they may have.
    ram_bytes_max: u64,
}

impl<H: Hardware, P: Policy> Kernel<H, P> {
    /// Counts of the whole kernel.
    pub fn stats(&self) -> Stats {
        let hardware = self.hardware.stats();
        Stats {
            tasks: self.table.live(),
            zombies: self.table.zombies(),
            spawned: self.table.spawned(),
            files: self.files.len() + self.ports.len(),
            ports: self.ports.len(),
            file_waiters: self.file_waiters,
            pipes: self.own.pipes(),
            jobs: hardware.jobs,
            disk_devices: hardware.disk_devices,
            timers: self.timers.len() + self.alarms.len() as u32,
            sockets: hardware.sockets,
            registrations: hardware.registrations,
            cold_parts: self.table.cold_parts(),
            turns: self.turns(),
            traps: self.traps,
            rounds: self.rounds,
            recorded: self.recorder.made(),
            polls: self.polls,
            waits: hardware.waits,
            output_lost: hardware.output_lost,
            ram_inodes: self.fs.ram.inodes(),
            ram_bytes: self.fs.ram.bytes(),
            ram_bytes_max: self.fs.ram.bytes_max(),
        }
    }

    /// Every task, oldest first.
    pub fn tasks(&self) -> Vec<TaskInfo> {
        self.table.tids().into_iter().map(|tid| self.task_info(tid)).collect()
    }

    pub(crate) fn task_info(&self, tid: Tid) -> TaskInfo {
        let slot = self.slot_of(tid);
        let (turns, traps) = self.counts(slot);
        let account = self.account(tid);
        TaskInfo {
            tid,
            parent: self.parent_of(slot),
            name: self.name_of(slot).into(),
            state: self.task_state(slot),
            turns,
            traps,
            fds: self.table.cold(slot).map_or(0, |cold| cold.fds.open()),
            at: self.table.slot(slot).at,
            group: self.group_of(slot),
            ran: account.ran,
            waited: account.waited,
        }
    }

    /// Turns and traps of a task.
    pub(crate) fn counts(&self, slot: u32) -> (u64, u64) {
        let carried = self.table.rare(slot).map_or([0; 2], |rare| rare.carried);
        let place = self.table.slot(slot);
        let whole = |carried: u32, low: u32| u64::from(carried) << 32 | u64::from(low);
        let in_this_turn = if self.turn.0 == slot { self.traps - self.turn.1 } else { 0 };
        (whole(carried[0], place.turns), whole(carried[1], place.traps) + in_this_turn)
    }

    pub(crate) fn task_state(&self, slot: u32) -> TaskState {
        let place = self.table.slot(slot);
        if place.is_stopped() {
            return TaskState::Stopped;
        }
        match place.state {
            State::Ready(_) => TaskState::Ready,
            State::Running => TaskState::Running,
            State::Zombie { .. } | State::Free { .. } => TaskState::Zombie,
            _ => self.blocked_on(slot).map_or(TaskState::Zombie, TaskState::Blocked),
        }
    }

    /// What the task in `slot` is blocked on, if it is; it may be stopped as well.
    pub(crate) fn blocked_on(&self, slot: u32) -> Option<WaitsOn> {
        Some(match self.table.slot(slot).state {
            State::Ready(_) | State::Running | State::Zombie { .. } | State::Free { .. } => return None,
            State::Reading { file, .. } => self.waits_on_file(slot, file, Direction::Read),
            State::Writing { file, .. } => self.waits_on_file(slot, file, Direction::Write),
            State::Sending { port, .. } => WaitsOn::Send(self.fd_of(slot, Object::Sender(port))),
            State::Receiving { port, .. } => WaitsOn::Receive(self.fd_of(slot, Object::Receiver(port))),
            State::Polling => WaitsOn::Poll(self.polled(slot)),
            State::Sleeping { alarm } | State::SleepingBounded { alarm } => WaitsOn::Sleep(alarm.at()),
            State::AwaitingChild { child } => WaitsOn::Child(self.table.tid(child)),
            State::AwaitingAny => WaitsOn::AnyChild,
            State::AwaitingChange => match self.table.rare(slot).and_then(|rare| rare.awaited) {
                Some(Awaited { children: Children::Only(child), .. }) => WaitsOn::Child(child),
                Some(Awaited { children: Children::Group(group), .. }) => WaitsOn::GroupChild(group),
                Some(Awaited { children: Children::Nursery(nursery), .. }) => WaitsOn::NurseryChild(nursery),
                _ => WaitsOn::AnyChild,
            },
            State::AwaitingSignal => WaitsOn::Signal,
            State::Joining { target, .. } => WaitsOn::Join(self.table.tid(target)),
        })
    }

    /// The queues that the task in `slot` stands in while it waits, or will again once it goes on.
    pub(crate) fn queues_of(&self, slot: u32) -> Vec<Queued> {
        let queued = |object, direction| match (object, direction) {
            (Object::File(file), Direction::Read) => Queued::Read(file),
            (Object::File(file), Direction::Write) => Queued::Write(file),
            (Object::Receiver(port), _) => Queued::Receive(port),
            (Object::Sender(port), _) => Queued::Send(port),
        };
        match self.table.slot(slot).state {
            State::Reading { file, .. } => vec![Queued::Read(file)],
            State::Writing { file, .. } => vec![Queued::Write(file)],
            State::Sending { port, .. } => vec![Queued::Send(port)],
            State::Receiving { port, .. } => vec![Queued::Receive(port)],
            State::Joining { target, .. } => vec![Queued::End(self.table.tid(target))],
            State::Polling => {
                let watches = self.table.cold(slot).and_then(|cold| cold.polling()).map(|polling| &polling.watches);
                let watches = watches.into_iter().flatten().filter_map(|&watch| self.watches.get(watch));
                watches.map(|watch| queued(watch.object, operation(watch.interest).direction())).collect()
            }
            _ => Vec::new(),
        }
    }

    /// A descriptor by which the task in `slot` has this object.
    fn find_fd(&self, slot: u32, object: Object) -> Option<Fd> {
        let own = self.table.cold(slot).and_then(|cold| cold.fds.fd_of(object, &self.streams));
        let is_it = |&stream: &Option<Object>| stream == Some(object);
        own.or_else(|| self.streams.iter().position(is_it).map(|index| Fd::new(index as u32, 0)))
    }

    fn fd_of(&self, slot: u32, object: Object) -> Fd {
        match self.find_fd(slot, object) {
            Some(fd) => fd,
            None => broken("a task waits on what it has no descriptor of"),
        }
    }

    fn waits_on_file(&self, slot: u32, file: u32, direction: Direction) -> WaitsOn {
        match (self.find_fd(slot, Object::File(file)), direction) {
            (Some(fd), Direction::Read) if matches!(self.file(file).kind, Kind::Listener | Kind::UnixListener) => {
                WaitsOn::Accept(fd)
            }
            (Some(fd), Direction::Read) if self.file(file).kind == Kind::Job => WaitsOn::Job(fd),
            (Some(fd), Direction::Read) => WaitsOn::Read(fd),
            (Some(fd), Direction::Write) => WaitsOn::Write(fd),
            // Only what holds its file itself has no descriptor for it.
            (None, _) => match self.file(file).kind {
                Kind::Regular | Kind::Watch => WaitsOn::Open,
                Kind::Resolve => WaitsOn::Resolve,
                Kind::HostProcess => WaitsOn::HostExec,
                Kind::Question => WaitsOn::Question,
                _ => WaitsOn::Connect,
            },
        }
    }

    /// What the task in `slot` waits on, if it does.
    pub(crate) fn waits_on(&self, slot: u32) -> Option<WaitsOn> {
        match self.task_state(slot) {
            TaskState::Blocked(on) => Some(on),
            TaskState::Stopped => Some(WaitsOn::Continue),
            _ => None,
        }
    }

    pub(crate) fn sys_tasks(&mut self, slot: u32) -> Next {
        self.charge_for_the_table();
        let tasks = Box::new(self.tasks());
        self.answer(slot, Reply::Tasks(tasks))
    }

    /// A call looks through the whole table of tasks, and counts for as much.
    pub(crate) fn charge_for_the_table(&mut self) {
        self.operations += self.table.slot_count() / limits::SLOTS_PER_OPERATION;
    }

    pub(crate) fn sys_sysinfo(&mut self, slot: u32) -> Next {
        let stats = self.stats();
        let uptime: Time = self.now();
        let info = Box::new(SysInfo {
            uptime,
            tasks: stats.tasks,
            zombies: stats.zombies,
            tasks_max: self.table.tasks_max(),
            files: stats.files,
            pipes: stats.pipes,
            jobs: stats.jobs,
            file_waiters: stats.file_waiters,
            timers: stats.timers,
            registrations: stats.registrations,
            ram_inodes: stats.ram_inodes,
            ram_bytes: stats.ram_bytes,
            turns: stats.turns,
            traps: stats.traps,
            wall_clock: self.hardware.wall_clock(),
        });
        self.answer(slot, Reply::SysInfo(info))
    }

    pub(crate) fn sys_getrandom(&mut self, slot: u32, count: u32) -> Next {
        if count > limits::TRANSFER_BYTES {
            return self.answer(slot, Reply::Err(Errno::EINVAL));
        }
        self.operations += count / limits::ENTROPY_PER_OPERATION;
        let mut bytes = vec![0; count as usize];
        let filled = self.hardware.entropy(&mut bytes);
        self.answer_with(slot, filled.map(|()| Reply::Buf(Buf::from(bytes))))
    }
}
