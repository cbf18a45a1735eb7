//! The calls by which tasks watch the traps of others, and the kernel's part in it.
//!
//! A tracer is a device of the kernel's own ([`crate::own::tracer`]). While there is one the kernel is observed, and
//! each event is shown to all of them; who reads is told at the end of each turn, and between rounds.

use crate::{
    event::Address,
    fd::Object,
    file::{Kind, Pending, Wants},
    hardware::Hardware,
    kernel::Kernel,
    limits,
    own::{Readiness, tracer::Found},
    sched::Policy,
    trap::Next,
};
use yieldix_syscalls::{Errno, Fd, Reply, Tid, TraceFlags};

impl<H: Hardware, P: Policy> Kernel<H, P> {
    pub(crate) fn sys_ktrace(&mut self, tid: Tid, slot: u32, target: Tid, flags: TraceFlags, shown: u16) -> Next {
        let target = (!target.is_none()).then_some(target);
        let opened = self.open_tracer(tid, slot, target, flags, shown);
        self.answer_with(slot, opened.map(Reply::Fd))
    }

    fn open_tracer(
        &mut self,
        tid: Tid,
        slot: u32,
        target: Option<Tid>,
        flags: TraceFlags,
        shown: u16,
    ) -> Result<Fd, Errno> {
        let found = target.map(|target| self.find_to_trace(tid, target)).transpose()?;
        self.room_for_a_file(slot)?;
        if self.own.tracers.get_mut().len() >= limits::TRACERS {
            return Err(Errno::EAGAIN);
        }
        let at = self.now_exactly();
        let device = self.own.open_tracer(flags, shown);
        if let Some((target, found)) = found {
            self.own.tracer(device).attach(target, at, found);
        }
        // The next round is observed.
        self.look_who_watches();
        self.operations += limits::OPERATIONS_PER_POLL;
        let file = self.open_file(device, Kind::Tracer, Address::Nameless);
        self.install(slot, Object::File(file))
    }

    /// The task that `tid` wants to trace, and how it is found.
    fn find_to_trace(&mut self, tid: Tid, target: Tid) -> Result<(Tid, Found), Errno> {
        let slot = self.look_up(target).ok_or(Errno::ESRCH)?;
        let (target, place) = (self.table.tid(slot), self.table.slot(slot));
        if target == tid {
            return Err(Errno::EINVAL);
        }
        if !place.state.is_live() {
            return Err(Errno::ESRCH);
        }
        let waits = self.blocked_on(slot).map(|on| on.to_string().into());
        Ok((target, Found { name: self.name_of(slot).into(), waits, line: place.at.copied() }))
    }

    pub(crate) fn sys_ktrace_attach(&mut self, tid: Tid, slot: u32, fd: Fd, target: Tid) -> Next {
        let attached = self.attach_tracer(tid, slot, fd, target);
        self.answer_with(slot, attached.map(|()| Reply::Unit))
    }

    fn attach_tracer(&mut self, tid: Tid, slot: u32, fd: Fd, target: Tid) -> Result<(), Errno> {
        let file = self.tracer_named(slot, fd)?;
        let (target, found) = self.find_to_trace(tid, target)?;
        let (at, device) = (self.now_exactly(), self.file(file).device);
        let tracer = self.own.tracer(device);
        if tracer.traces(target) {
            return Err(Errno::EEXIST);
        }
        tracer.attach(target, at, found);
        // The next round shows what it does.
        self.operations += limits::OPERATIONS_PER_POLL;
        Ok(())
    }

    pub(crate) fn sys_ktrace_read(&mut self, tid: Tid, slot: u32, fd: Fd, max: u32) -> Next {
        match self.tracer_named(slot, fd) {
            Ok(file) if self.own.tracer(self.file(file).device).traces(tid) => {
                self.answer(slot, Reply::Err(Errno::EINVAL))
            }
            Ok(_) => self.operate(slot, fd, Wants::Anything, Pending::Trace { max }),
            Err(errno) => self.answer(slot, Reply::Err(errno)),
        }
    }

    pub(crate) fn sys_ktrace_counts(&mut self, slot: u32, fd: Fd) -> Next {
        let counts = self.tracer_named(slot, fd).map(|file| self.own.tracer(self.file(file).device).counts());
        self.answer_with(slot, counts.map(|counts| Reply::Counts(Box::new(counts))))
    }

    pub(crate) fn sys_ktrace_tasks(&mut self, slot: u32, fd: Fd) -> Next {
        let file = self.tracer_named(slot, fd);
        let tids: Result<Vec<Tid>, Errno> = file.map(|file| self.own.tracer(self.file(file).device).traced().collect());
        self.operations += tids.as_ref().map_or(0, |tids| tids.len() as u32) / limits::SLOTS_PER_OPERATION;
        self.answer_with(slot, tids.map(|tids| Reply::Tids(Box::new(tids))))
    }

    /// The file of the tracer that `fd` names for the task in `slot`.
    pub(crate) fn tracer_named(&self, slot: u32, fd: Fd) -> Result<u32, Errno> {
        match self.object_of(slot, fd)? {
            Object::File(file) if self.file(file).kind == Kind::Tracer => Ok(file),
            _ => Err(Errno::EINVAL),
        }
    }

    /// Has a child that has not begun traced by this tracer.
    pub(crate) fn trace_child(&mut self, tracer: u32, child: Tid) {
        let device = self.file(tracer).device;
        self.own.tracer(device).expect(child);
    }

    /// Tells those who read tracers of what is there.
    #[cold]
    pub(crate) fn tell_tracers(&mut self) {
        while let Some(device) = self.own.tracers.get_mut().take_owing() {
            self.own.note(Readiness::to_read(device));
            self.settle();
        }
    }

    /// What becomes of a turn after a trap, if the task is traced and its tracer behind: it ends.
    pub(crate) fn slowed_down(&self, tid: Tid, next: Next) -> Next {
        match next {
            Next::Resume | Next::ResumeFree if self.own.tracers.borrow().slow_down(tid) => Next::ResumeLater,
            next => next,
        }
    }
}
