//! Work that a task has done elsewhere, on a helper thread.

use crate::{Call, Errno, Fd, Reply, Returned, Syscall, Value, answer::Answer, calls, task::function};
use alloc::boxed::Box;
use core::{fmt, marker::PhantomData};

/// A closure that is to run on a helper thread, once.
pub struct Work {
    run: Box<dyn FnOnce() -> Value + Send>,
    path: &'static str,
}

impl Work {
    /// Runs `work` and hides the type of what it gives.
    pub fn new<T: Send + 'static, F: FnOnce() -> T + Send + 'static>(work: F) -> Work {
        Work { run: Box::new(move || Value::new(work())), path: core::any::type_name::<F>() }
    }

    /// The name of the function that made it: the last part of its path.
    pub fn function(&self) -> &'static str {
        function(self.path)
    }

    /// Does it. For kernels only.
    pub fn run(self) -> Value {
        (self.run)()
    }
}

impl fmt::Debug for Work {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Work({})", self.function())
    }
}

/// A job that will give a `T`: a descriptor, readable when the job is done.
pub struct Job<T> {
    fd: Fd,
    gives: PhantomData<fn() -> T>,
}

impl<T: 'static> Job<T> {
    /// The job that `fd` names, when that was handed on. Taking another type than it gives is `EPROTO`,
    /// and the value is lost.
    pub const fn of(fd: Fd) -> Job<T> {
        Job { fd, gives: PhantomData }
    }

    /// Its descriptor: to poll, to wait for, to pass on.
    pub const fn fd(self) -> Fd {
        self.fd
    }

    /// Waits until the job is done, and gives what came of it: [`calls::job_take`].
    pub const fn take(self) -> Call<Returned<T>> {
        Call::new(Syscall::JobTake { fd: self.fd })
    }

    /// Abandons the job: it is not begun any more, or what comes of it is dropped.
    pub fn close(self) -> Call<()> {
        calls::close(self.fd)
    }
}

impl<T> Clone for Job<T> {
    fn clone(&self) -> Job<T> {
        *self
    }
}

impl<T> Copy for Job<T> {}

impl<T> fmt::Debug for Job<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Job({})", self.fd)
    }
}

impl<T: 'static> Answer for Job<T> {
    type Value = Job<T>;
    type Error = Errno;

    #[inline(always)]
    fn decode(reply: Reply) -> Result<Job<T>, Errno> {
        Fd::decode(reply).map(Job::of)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    fn sum(numbers: [u32; 3]) -> Call<Job<u32>> {
        calls::offload(move || numbers.iter().sum())
    }

    #[test]
    fn work_is_named_after_the_function_that_made_it() {
        assert_eq!(sum([1, 2, 3]).syscall.to_string(), "offload_work(sum)");
    }

    #[test]
    fn a_job_decodes_to_what_its_work_gives() {
        let Call { syscall: Syscall::Offload { work }, typed } = sum([1, 2, 3]) else { panic!("another call") };
        let fd = Fd::new(4, 1);
        let Ok(job) = typed.decode(Reply::Fd(fd)) else { panic!("no job") };
        assert_eq!(job.fd(), fd);
        assert_eq!(job.take().typed.decode(Reply::Value(Box::new(work.run()))), Ok(6));
        assert_eq!(job.take().typed.decode(Reply::Value(Box::new(Value::new("six")))), Err(Errno::EPROTO));
    }
}
