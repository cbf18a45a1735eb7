//! Tests of jobs: work that is done elsewhere, and waited for.

use super::{Test, support::*};
use crate::prelude::*;

pub(super) const TESTS: &[Test] = tests![
    a_job_gives_what_its_work_gives,
    many_jobs_are_done_and_taken_in_any_order,
    a_panic_of_the_work_is_an_error_of_who_takes,
    a_job_is_taken_once,
    a_job_can_be_waited_for_and_polled_with_others,
    a_job_is_handed_to_a_child,
    work_of_another_type_is_a_broken_protocol,
    a_job_that_is_closed_drops_what_it_holds,
    a_job_does_not_outlive_its_task,
    a_value_that_nobody_takes_is_dropped,
    a_job_is_no_stream_and_a_stream_no_job,
    jobs_have_a_bound,
];

fn a_job_gives_what_its_work_gives() -> Task {
    task!({
        let numbers: Vec<u64> = (1..=100).collect();
        let job = trap!(yield offload(move || numbers.iter().sum::<u64>()))?;
        trap!(yield yield_now())?;
        assert_eq!(trap!(yield job.take())?, 5050);
        let text = trap!(yield offload(|| "four".to_owned()))?;
        assert_eq!(trap!(yield text.take())?, "four");
        Ok(())
    })
}

fn many_jobs_are_done_and_taken_in_any_order() -> Task {
    task!({
        let mut jobs = Vec::new();
        for number in 0..50_u32 {
            jobs.push((number, trap!(yield offload(move || number * number))?));
        }
        while let Some((number, job)) = jobs.pop() {
            assert_eq!(trap!(yield job.take())?, number * number);
        }
        Ok(())
    })
}

fn a_panic_of_the_work_is_an_error_of_who_takes() -> Task {
    task!({
        let job = trap!(yield offload(|| -> u32 { panic!("on purpose") }))?;
        assert_eq!(trap!(yield job.take()), Err(Errno::EOWNERDEAD));
        assert_eq!(trap!(yield job.take()), Err(Errno::EBADF));
        let next = trap!(yield offload(|| 1))?;
        assert_eq!(trap!(yield next.take())?, 1);
        Ok(())
    })
}

fn a_job_is_taken_once() -> Task {
    task!({
        let job = trap!(yield offload(|| 7))?;
        let copy = Job::<i32>::of(trap!(yield dup(job.fd()))?);
        assert_eq!(trap!(yield job.take())?, 7);
        assert_eq!(trap!(yield job.take()), Err(Errno::EBADF));
        assert_eq!(trap!(yield copy.take()), Err(Errno::ESTALE));
        trap!(yield copy.close())
    })
}

fn a_job_can_be_waited_for_and_polled_with_others() -> Task {
    task!({
        let (_sender, receiver) = trap!(yield port_create(1))?;
        let job = trap!(yield offload(|| 7))?;
        let interests = vec![Interest::Read(receiver), Interest::Read(job.fd())];
        assert_eq!(trap!(yield poll(interests, Duration::MAX))?, [Interest::Read(job.fd())]);
        trap!(yield read_wait(job.fd()))?;
        assert_eq!(trap!(yield job.take())?, 7);
        Ok(())
    })
}

fn a_job_is_handed_to_a_child() -> Task {
    task!({
        let job = trap!(yield offload(|| 7))?;
        let child = task!({
            let seven = trap!(yield job.take())?;
            trap!(yield exit(seven))
        });
        let child = trap!(yield spawn(child).pass(job.fd()))?;
        assert_eq!(trap!(yield wait(child))?, ExitStatus::Exited(7));
        assert_eq!(trap!(yield job.take()), Err(Errno::EBADF));
        Ok(())
    })
}

fn work_of_another_type_is_a_broken_protocol() -> Task {
    task!({
        let job = trap!(yield offload(|| 7_u8))?;
        assert_eq!(trap!(yield Job::<u64>::of(job.fd()).take()), Err(Errno::EPROTO));
        assert_eq!(trap!(yield job.close()), Err(Errno::EBADF));
        Ok(())
    })
}

/// Gives turns until nothing of `held` is held by others. What a helper does in the meantime ends by
/// itself, and the test has a deadline.
fn until_dropped(held: &Held) -> impl Routine<Result<(), Errno>> {
    routine!({
        while held.count() > 0 {
            trap!(yield sleep(Duration::from_micros(50)))?;
        }
        Ok(())
    })
}

fn a_job_that_is_closed_drops_what_it_holds() -> Task {
    task!({
        let held = Held::default();
        for _ in 0..20 {
            let handle = held.handle();
            let job = trap!(yield offload(move || handle))?;
            trap!(yield job.close())?;
        }
        call!(until_dropped(&held))
    })
}

fn a_job_does_not_outlive_its_task() -> Task {
    task!({
        let held = Held::default();
        let handle = held.handle();
        let child = task!({
            trap!(yield offload(move || handle))?;
            call!(forever())
        });
        let child = trap!(yield spawn(child))?;
        call!(until_blocked(child))?;
        trap!(yield kill(child, Signal::Kill))?;
        trap!(yield wait(child))?;
        call!(until_dropped(&held))
    })
}

fn forever() -> impl Routine<Result<(), Errno>> {
    routine!(move { trap!(yield sleep(Duration::MAX)) })
}

fn a_value_that_nobody_takes_is_dropped() -> Task {
    task!({
        let held = Held::default();
        let handle = held.handle();
        let job = trap!(yield offload(move || handle))?;
        trap!(yield read_wait(job.fd()))?;
        assert_eq!(held.count(), 1);
        trap!(yield job.close())?;
        assert_eq!(held.count(), 0);
        Ok(())
    })
}

fn a_job_is_no_stream_and_a_stream_no_job() -> Task {
    task!({
        let job = trap!(yield offload(|| ()))?;
        assert_eq!(trap!(yield read(job.fd(), 1)), Err(Errno::EOPNOTSUPP));
        assert_eq!(trap!(yield write(job.fd(), "x")), Err(Errno::EOPNOTSUPP));
        assert_eq!(trap!(yield write_wait(job.fd())), Err(Errno::EOPNOTSUPP));
        assert_eq!(trap!(yield recv(job.fd(), 1)), Err(Errno::ENOTSOCK));
        assert_eq!(trap!(yield local_addr(job.fd())), Err(Errno::ENOTSOCK));
        trap!(yield job.close())?;
        let (listener, _) = call!(listener())?;
        let (sender, receiver) = trap!(yield port_create(1))?;
        for fd in [Fd::STDOUT, listener.fd(), sender, receiver] {
            assert_eq!(trap!(yield Job::<()>::of(fd).take()), Err(Errno::EINVAL));
        }
        Ok(())
    })
}

fn jobs_have_a_bound() -> Task {
    const JOBS: usize = 512;
    task!({
        // Jobs are begun in order: when this one is done, none that was given up before still waits.
        trap!(yield trap!(yield offload(|| ()))?.take())?;
        let mut jobs = Vec::new();
        let refused = loop {
            match trap!(yield offload(|| ())) {
                Ok(job) => jobs.push(job),
                Err(errno) => break errno,
            }
        };
        assert_eq!((jobs.len(), refused), (JOBS, Errno::EAGAIN));
        trap!(yield jobs[0].take())?;
        jobs[0] = trap!(yield offload(|| ()))?;
        for job in jobs {
            trap!(yield job.take())?;
        }
        Ok(())
    })
}
