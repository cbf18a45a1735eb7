//! Work that is done elsewhere, and names that are asked about so.

use crate::bench::{Bench, Direction, SILENCE};
use yieldix_kernel::hardware::{Device, Hardware};
use yieldix_kernel::resolve::Addresses;
use yieldix_syscalls::{Errno, Value, Work};

contract! {
    a_job_interrupts_when_it_is_done_and_is_taken_once,
    a_panic_is_what_comes_of_a_job,
    a_closed_job_gives_what_nobody_took_and_no_interrupt,
    jobs_are_counted,
    a_name_is_asked_about_and_answered_once,
}

fn offload<H: Hardware, T: Send + 'static>(bench: &mut Bench<H>, work: impl FnOnce() -> T + Send + 'static) -> Device {
    bench.hardware.offload(Box::new(Work::new(work))).map_err(|(errno, _)| errno).expect("a helper")
}

fn a_job_interrupts_when_it_is_done_and_is_taken_once<H: Hardware>(mut bench: Bench<H>) {
    let jobs: Vec<(u32, Device)> =
        (0..20).map(|number| (number, offload(&mut bench, move || number * number))).collect();
    for (number, job) in jobs {
        let outcome = bench.until_done(job, Direction::Read, |hardware| hardware.try_take(job)).expect("open");
        assert_eq!(outcome.map(Value::downcast), Ok(Some(number * number)));
        assert_eq!(bench.hardware.is_readable(job), Ok(true));
        assert_eq!(bench.hardware.try_take(job).map(drop), Err(Errno::ESTALE));
        assert!(bench.hardware.close_job(job).is_none());
        assert_eq!(bench.hardware.try_take(job).map(drop), Err(Errno::EBADF));
    }
}

fn a_panic_is_what_comes_of_a_job<H: Hardware>(mut bench: Bench<H>) {
    let job = offload(&mut bench, || -> u8 { panic!("on {}", "purpose") });
    let outcome = bench.until_done(job, Direction::Read, |hardware| hardware.try_take(job)).expect("open");
    assert_eq!(outcome.map(drop), Err("on purpose".into()));
}

fn a_closed_job_gives_what_nobody_took_and_no_interrupt<H: Hardware>(mut bench: Bench<H>) {
    let job = offload(&mut bench, || 7_u8);
    while !bench.hardware.is_readable(job).expect("open") {
        bench.wait(job, Direction::Read);
    }
    let outcome = bench.hardware.close_job(job).expect("it was not taken");
    assert_eq!(outcome.map(Value::downcast), Ok(Some(7_u8)));
    let abandoned = offload(&mut bench, || ());
    bench.hardware.close_job(abandoned);
    bench.ready.clear();
    bench.pass(SILENCE);
    assert!(bench.ready.is_empty(), "{:?}", bench.ready);
}

fn jobs_are_counted<H: Hardware>(mut bench: Bench<H>) {
    let [first, second] = [offload(&mut bench, || ()), offload(&mut bench, || ())];
    assert_eq!(bench.hardware.stats().jobs, 2);
    bench.hardware.close_job(first);
    assert_eq!(bench.hardware.stats().jobs, 1);
    bench.hardware.close_job(second);
    let stats = bench.hardware.stats();
    assert_eq!((stats.jobs, stats.sockets, stats.registrations), (0, 0, 0));
}

fn a_name_is_asked_about_and_answered_once<H: Hardware>(mut bench: Bench<H>) {
    let mut ask = |name: &str| {
        let device = bench.hardware.resolve(name).expect("it is asked");
        assert_eq!(bench.hardware.stats().jobs, 1);
        let told = bench.until_done(device, Direction::Read, |hardware| hardware.try_take(device));
        let addresses = told.expect("it is told").expect("no panic").downcast::<Addresses>().expect("addresses");
        assert_eq!(bench.hardware.try_take(device).map(drop), Err(Errno::ESTALE));
        assert!(bench.hardware.close_job(device).is_none());
        assert_eq!(bench.hardware.stats().jobs, 0);
        addresses
    };
    let own = ask("localhost").expect("every host has it");
    assert!(!own.is_empty() && own.iter().all(|address| address.is_loopback()), "{own:?}");
    // Nobody has it, and a host without a network cannot ask who would know that.
    let nobody = ask("nobody.invalid");
    assert!(matches!(nobody, Err(Errno::ENOENT | Errno::EAGAIN)), "{nobody:?}");
}
