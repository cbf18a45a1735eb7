//! That no look for knots takes long beside those who work, counted in the things it is at.

use super::*;
use crate::{
    LintRefusal, Options,
    event::{Event, Record},
    hardware::simulated::{Simulated, SimulatedOptions},
    sched::RoundRobin,
};
use std::{cell::Cell, rc::Rc, time::Duration};
use yieldix_syscalls::{calls::*, *};

/// Two tasks who wait for each other.
fn crossed() -> impl Routine<Result<(), Errno>> {
    routine!({
        let ends = [trap!(yield pipe())?, trap!(yield pipe())?];
        for (from, to) in [(ends[0].0, ends[1].1), (ends[1].0, ends[0].1)] {
            let reads = task!({ trap!(yield read(from, 1)).map(drop) });
            trap!(yield spawn(reads).pass(from).pass(to))?;
        }
        Ok(())
    })
}

/// A kernel in which two tasks wait for each other beside what `make` makes, and how many cycles it has told.
fn machine(make: impl Routine<Result<(), Errno>> + 'static) -> (Kernel<Simulated, RoundRobin>, Rc<Cell<u32>>) {
    let task = task!({
        call!(make)?;
        call!(crossed())?;
        trap!(yield sleep(Duration::MAX))
    });
    let hardware = Simulated::new(SimulatedOptions::default());
    let mut kernel = Kernel::new(hardware, RoundRobin::default(), Options::default());
    kernel.observe(Box::new(LintRefusal));
    let cycles = Rc::new(Cell::new(0));
    let told = Rc::clone(&cycles);
    kernel.observe(Box::new(move |record: &Record<'_>| {
        told.set(told.get() + u32::from(matches!(record.event, Event::Cycle { .. })));
    }));
    kernel.boot(task, SpawnOptions::default(), false).unwrap();
    // Nothing is looked at before all is there.
    kernel.looks.paid = i64::MIN / 2;
    kernel.run_until_blocked();
    (kernel, cycles)
}

/// How many things a look is at.
fn look(kernel: &mut Kernel<Simulated, RoundRobin>, is_anybody_ready: bool) -> usize {
    kernel.looks.paid = 0;
    kernel.look_if_paid_for(is_anybody_ready);
    let paid = if is_anybody_ready { limits::LOOKED_AT_PER_POLL } else { limits::LOOKED_AT_PER_WAIT };
    (paid - kernel.looks.paid) as usize
}

/// So much must be looked at to see all, and only when nobody is ready that is done.
fn assert_given_up(make: impl Routine<Result<(), Errno>> + 'static, all: usize) {
    let (mut kernel, cycles) = machine(make);
    let busy = look(&mut kernel, true);
    assert!((1..=limits::LOOKED_AT_WHILE_BUSY).contains(&busy), "{busy}");
    assert_eq!(cycles.get(), 0);
    let idle = look(&mut kernel, false);
    assert!(idle > all && all > limits::LOOKED_AT_WHILE_BUSY, "{idle} of {all}");
    assert_eq!(cycles.get(), 1);
}

fn sleeper() -> Task {
    task!({ trap!(yield sleep(Duration::MAX)) })
}

#[test]
fn no_more_descriptors_are_looked_at_beside_those_who_work() {
    let make = routine!({
        for _ in 0..20 {
            let has_many = task!({
                for _ in 0..1000 {
                    trap!(yield dup(Fd::STDIN))?;
                }
                trap!(yield sleep(Duration::MAX))
            });
            trap!(yield spawn(has_many))?;
        }
        Ok(())
    });
    assert_given_up(make, 20 * 1000);
}

#[test]
fn no_more_messages_and_descriptors_in_them_are_looked_at_beside_those_who_work() {
    let make = routine!({
        let (to, _from) = trap!(yield port_create(300))?;
        for _ in 0..300 {
            let mut fds = Vec::new();
            for _ in 0..limits::MESSAGE_FDS {
                fds.push(trap!(yield dup(Fd::STDIN))?);
            }
            trap!(yield port_send_fds(to, Message { data: Buf::default(), fds }))?;
        }
        Ok(())
    });
    assert_given_up(make, 300 * limits::MESSAGE_FDS);
}

#[test]
fn no_more_interests_are_looked_at_beside_those_who_work() {
    let make = routine!({
        let (from, _to) = trap!(yield pipe())?;
        let polls = task!({ trap!(yield poll(vec![Interest::Read(from); 20_000], Duration::MAX)).map(drop) });
        trap!(yield spawn(polls).share(from)).map(drop)
    });
    assert_given_up(make, 20_000);
}

#[test]
fn no_more_of_who_could_wake_whom_is_looked_at_beside_those_who_work() {
    let make = routine!({
        let tracer = trap!(yield ktrace(Tid::NONE, TraceFlags::COUNT, 0))?;
        for _ in 0..200 {
            trap!(yield spawn(sleeper()).traced(tracer))?;
        }
        for _ in 0..100 {
            let reads = task!({
                loop {
                    trap!(yield ktrace_read(tracer, 1))?;
                }
            });
            trap!(yield spawn(reads).share(tracer))?;
        }
        Ok(())
    });
    assert_given_up(make, 200 * 100);
}

#[test]
fn free_slots_are_passed_over_and_paid_for() {
    const GONE: u32 = 64 * limits::SLOTS_PER_OPERATION;
    let looked_at = |tasks: u32| {
        let make = routine!(move {
            for _ in 0..tasks {
                trap!(yield spawn(sleeper()).detach())?;
            }
            for tid in (2..).take(tasks as usize).map(Tid::from_serial) {
                trap!(yield kill(tid, Signal::Kill))?;
            }
            Ok(())
        });
        look(&mut machine(make).0, true)
    };
    assert_eq!(looked_at(GONE) - looked_at(0), 64);
}

#[test]
fn many_knots_are_each_told() {
    const PAIRS: u32 = 4000;
    let make = routine!({
        for _ in 1..PAIRS {
            call!(crossed())?;
        }
        Ok(())
    });
    let (mut kernel, cycles) = machine(make);
    look(&mut kernel, false);
    assert_eq!(cycles.get(), PAIRS);
}
