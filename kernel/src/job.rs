//! Jobs: work that tasks have done elsewhere, and wait for as for a file.

use crate::{
    emit,
    fd::Object,
    file::{Kind, Pending, Wants},
    hardware::{Device, Hardware},
    kernel::Kernel,
    limits,
    sched::Policy,
    trap::Next,
};
use yieldix_syscalls::{Errno, Fd, Reply, Tid, Work};

impl<H: Hardware, P: Policy> Kernel<H, P> {
    pub(crate) fn sys_offload(&mut self, tid: Tid, slot: u32, work: Box<Work>) -> Next {
        let name = work.function();
        let begun = match self.room_for_a_file(slot).and_then(|()| self.room_for_a_job()) {
            Ok(()) => self.hardware.offload(work),
            Err(errno) => Err((errno, work)),
        };
        let fd = match begun {
            Ok(device) => {
                let file = self.insert_file(device, Kind::Job);
                emit!(self, Offloaded { file, tid, name });
                self.install(slot, Object::File(file))
            }
            Err((errno, work)) => {
                self.discard(tid, work);
                Err(errno)
            }
        };
        self.answer_with(slot, fd.map(Reply::Fd))
    }

    /// Could one more job be begun?
    pub(crate) fn room_for_a_job(&self) -> Result<(), Errno> {
        self.room_for_an_object()?;
        if self.hardware.stats().jobs >= limits::JOBS { Err(Errno::EAGAIN) } else { Ok(()) }
    }

    pub(crate) fn sys_job_take(&mut self, slot: u32, fd: Fd) -> Next {
        let operation = Pending::Take { fd, is_done: false };
        let job = self.object_of(slot, fd).and_then(|object| match object {
            Object::File(file) => operation.permit(self.file(file).kind, Wants::Anything).map(|()| file),
            Object::Sender(_) | Object::Receiver(_) => Err(Errno::EINVAL),
        });
        match job {
            Ok(file) => self.attempt_or_block(slot, file, operation),
            Err(errno) => self.answer(slot, Reply::Err(errno)),
        }
    }

    /// Takes what came of a job for the task in `slot`, and the job's descriptor out of its table.
    pub(crate) fn take_outcome(
        &mut self,
        slot: u32,
        file: u32,
        job: Device,
        fd: Fd,
        is_done: &mut bool,
    ) -> Result<Reply, Errno> {
        let outcome = self.hardware.try_take(job)?;
        // Its hold on the file is the operation's now.
        *is_done = self.take_fd(slot, fd).is_some();
        match outcome {
            Ok(value) => Ok(Reply::Value(Box::new(value))),
            Err(panic) => {
                emit!(self, JobPanicked { file, panic: &panic });
                Err(Errno::EOWNERDEAD)
            }
        }
    }

    /// Closes a job that nobody holds. What nobody took of it is dropped.
    pub(crate) fn close_job(&mut self, file: u32, job: Device) {
        match self.hardware.close_job(job) {
            Some(Ok(value)) => self.discard(Tid::NONE, value),
            Some(Err(panic)) => emit!(self, JobPanicked { file, panic: &panic }),
            None => {}
        }
    }
}
