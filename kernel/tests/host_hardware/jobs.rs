//! Jobs: work on helper threads.

use super::*;
use std::sync::mpsc::channel;
use std::sync::{Arc, Barrier};
use yieldix_kernel::hardware::host::JOB_THREADS;
use yieldix_kernel::limits::JOBS;
use yieldix_syscalls::{Value, Work};

fn offload<T: Send + 'static>(host: &mut Host, work: impl FnOnce() -> T + Send + 'static) -> Result<Device, Errno> {
    host.offload(Box::new(Work::new(work))).map_err(|(errno, _)| errno)
}

#[test]
fn as_many_jobs_as_there_are_threads_run_side_by_side() {
    let mut host = host();
    let all = Arc::new(Barrier::new(JOB_THREADS));
    let jobs = [(); JOB_THREADS].map(|()| {
        let all = Arc::clone(&all);
        offload(&mut host, move || all.wait().is_leader()).unwrap()
    });
    let leaders = jobs.map(|job| {
        let outcome = wait(&mut host, |host| host.try_take(job)).unwrap();
        outcome.unwrap().downcast::<bool>().unwrap()
    });
    assert_eq!(leaders.iter().filter(|is_leader| **is_leader).count(), 1);
}

#[test]
fn work_that_never_ends_keeps_its_thread_and_neither_the_others_nor_the_host() {
    let mut host = host();
    let (end, never) = channel::<()>();
    offload(&mut host, move || never.recv().is_err()).unwrap();
    let job = offload(&mut host, || 7_u8).unwrap();
    let outcome = wait(&mut host, |host| host.try_take(job)).unwrap();
    assert_eq!(outcome.map(Value::downcast), Ok(Some(7_u8)));
    drop(host);
    drop(end);
}

#[test]
fn jobs_that_were_closed_count_until_a_helper_has_come_to_them() {
    let mut host = host();
    let (ends, gates): (Vec<_>, Vec<_>) = (0..JOB_THREADS).map(|_| channel::<()>()).unzip();
    let (begun, has_begun) = channel();
    for gate in gates {
        let begun = begun.clone();
        offload(&mut host, move || {
            begun.send(()).unwrap();
            gate.recv().is_err()
        })
        .unwrap();
    }
    for _ in 0..JOB_THREADS {
        has_begun.recv_timeout(PATIENCE).unwrap();
    }
    for _ in 0..JOBS {
        let job = offload(&mut host, || ()).unwrap();
        assert!(host.close_job(job).is_none());
    }
    assert_eq!(offload(&mut host, || ()), Err(Errno::EAGAIN));
    drop(ends);
    while offload(&mut host, || ()) == Err(Errno::EAGAIN) {
        std::thread::yield_now();
    }
}
