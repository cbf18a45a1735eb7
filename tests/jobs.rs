//! Jobs, seen from outside: where they run, what is told of them, and what waits for them.
#![feature(coroutines, coroutine_trait)]

mod common;

use common::{Seen, Witness, run};
use std::time::Duration;
use yieldix::Ended;
use yieldix::syscalls::{calls::*, *};

const WELL: Ended = Ended::Finished(ExitStatus::Exited(0));

/// Boots a task in a simulation and sees it end well.
fn passes(task: Task) -> Witness {
    let (ended, seen) = run(common::machine().task(task));
    assert_eq!(ended, WELL);
    seen
}

#[test]
fn on_the_host_work_runs_on_a_thread_of_its_own_while_the_task_goes_on() {
    let (to_work, from_task) = std::sync::mpsc::channel();
    let task = task!({
        let job = trap!(
            yield offload(move || {
                let word: u32 = from_task.recv().expect("the task has gone on");
                (std::thread::current().name().map(str::to_owned), word)
            })
        )?;
        assert_eq!(trap!(yield poll(vec![Interest::Read(job.fd())], Duration::ZERO))?, []);
        to_work.send(7).expect("the work waits");
        assert_eq!(trap!(yield job.take())?, (Some("yieldix job".to_owned()), 7));
        Ok(())
    });
    assert_eq!(common::machine().task(task).boot().unwrap(), WELL);
}

#[test]
fn a_deadline_ends_a_take_and_the_job_can_still_be_taken() {
    passes(task!({
        // No job of a simulation is done within a microsecond.
        let job = trap!(yield offload(|| 7))?;
        let early = timeout!(Duration::from_micros(1), { trap!(yield job.take()) });
        assert_eq!(early, Err(Elapsed));
        assert_eq!(trap!(yield job.take())?, 7);
        Ok(())
    }));
}

#[test]
fn of_two_who_wait_for_a_job_the_first_has_its_value() {
    passes(task!({
        let job = trap!(yield offload(|| 7))?;
        let second = task!({
            assert_eq!(trap!(yield job.take()), Err(Errno::ESTALE));
            trap!(yield job.close())
        });
        let first = task!({
            let seven = trap!(yield job.take())?;
            trap!(yield exit(seven))
        });
        let first = trap!(yield spawn(first).share(job.fd()))?;
        let second = trap!(yield spawn(second).pass(job.fd()))?;
        trap!(yield yield_now())?;
        let on = |all: &[TaskInfo], tid| all.iter().find(|task| task.tid == tid).map(|task| task.state.to_string());
        let all = trap!(yield tasks())?;
        assert_eq!((on(&all, first), on(&all, second)), (Some("job 3".into()), Some("job 3".into())));
        assert_eq!(trap!(yield wait(first))?, ExitStatus::Exited(7));
        assert_eq!(trap!(yield wait(second))?, ExitStatus::Exited(0));
        Ok(())
    }));
}

#[test]
fn a_killed_taker_leaves_the_job_to_the_others() {
    passes(task!({
        let job = trap!(yield offload(|| 7))?;
        let taker = trap!(yield spawn(task!({ trap!(yield job.take()).map(drop) })).share(job.fd()))?;
        trap!(yield yield_now())?;
        trap!(yield kill(taker, Signal::Kill))?;
        trap!(yield wait(taker))?;
        assert_eq!(trap!(yield job.take())?, 7);
        Ok(())
    }));
}

/// What is told of files and jobs, in order.
fn told(seen: &Witness) -> Vec<String> {
    seen.events_of(|event| match event {
        Seen::Other(what @ ("offloaded" | "device ready" | "job panicked")) => Some((*what).to_owned()),
        Seen::Closed { file } => Some(format!("closed {file}")),
        Seen::Blocked { on, .. } => Some(on.to_string()),
        _ => None,
    })
}

#[test]
fn a_job_is_told_from_its_beginning_to_its_end() {
    let seen = passes(task!({
        let job = trap!(yield offload(|| 7))?;
        trap!(yield job.take()).map(drop)
    }));
    assert_eq!(told(&seen), ["offloaded", "job 3", "device ready", "closed 3"]);
}

#[test]
fn a_panic_is_told_once_whether_it_is_taken_or_not() {
    let seen = passes(task!({
        let job = trap!(yield offload(|| -> u8 { panic!("on purpose") }))?;
        let copy = trap!(yield dup(job.fd()))?;
        assert_eq!(trap!(yield job.take()), Err(Errno::EOWNERDEAD));
        trap!(yield close(copy))
    }));
    assert_eq!(told(&seen), ["offloaded", "job 3", "device ready", "job panicked", "closed 3"]);
    let seen = passes(task!({
        let job = trap!(yield offload(|| -> u8 { panic!("on purpose") }))?;
        trap!(yield read_wait(job.fd()))?;
        trap!(yield job.close())
    }));
    assert_eq!(told(&seen), ["offloaded", "job 3", "device ready", "job panicked", "closed 3"]);
}
