//! The contract of `Hardware`, tested from outside, on every implementation.
//!
//! Each test is a function over any hardware; `contract!` runs those of a file on all there are. They assume
//! nothing of the clock but that it goes on, and nothing of timing but that what is owed comes
//! within [`bench::PATIENCE`].

/// Makes tests of these functions of the module: each on simulated hardware and on this host.
macro_rules! contract {
    ($($test:ident,)+) => {
        contract!(@on simulated: $($test,)+);
        contract!(@on host: $($test,)+);
    };
    (@on $hardware:ident: $($test:ident,)+) => {
        mod $hardware {
            $(
                #[test]
                fn $test() {
                    super::$test(crate::bench::$hardware());
                }
            )+
        }
    };
}

mod bench;
mod datagrams;
mod directories;
mod disk;
mod files;
mod jobs;
mod names;
mod programs;
mod streams;
mod watches;

use bench::{Bench, PATIENCE, SILENCE};
use std::time::Duration;
use yieldix_kernel::hardware::{Device, Hardware};
use yieldix_syscalls::{Errno, Shutdown, SocketOption, Time};

contract! {
    the_clock_never_goes_back_and_reaches_the_moment_waited_for,
    a_waker_ends_a_wait,
    entropy_does_not_repeat,
    the_console_is_no_socket,
}

fn the_clock_never_goes_back_and_reaches_the_moment_waited_for<H: Hardware>(mut bench: Bench<H>) {
    let mut last = bench.hardware.now();
    for _ in 0..5 {
        let until = last + Duration::from_millis(2);
        assert!(bench.interrupts(until));
        let now = bench.hardware.now();
        assert!(now >= last);
        last = now;
    }
    bench.pass(SILENCE);
    assert!(bench.hardware.now() >= last + SILENCE);
    let now = bench.hardware.now();
    assert!(bench.interrupts(Time::BOOT), "a moment that has passed is not waited for");
    assert!(bench.hardware.now() >= now);
}

fn a_waker_ends_a_wait<H: Hardware>(mut bench: Bench<H>) {
    let waker = bench.hardware.waker();
    let deadline = bench.hardware.now() + PATIENCE;
    let thread = std::thread::spawn(move || waker());
    thread.join().expect("waking does not panic");
    assert!(bench.interrupts(deadline));
    assert!(bench.hardware.now() < deadline);
}

fn entropy_does_not_repeat<H: Hardware>(mut bench: Bench<H>) {
    let mut drawn = [[0; 16]; 2];
    for bytes in &mut drawn {
        bench.hardware.entropy(bytes).expect("random bytes");
    }
    assert_ne!(drawn[0], drawn[1]);
    assert_eq!(bench.hardware.entropy(&mut []), Ok(()));
}

fn the_console_is_no_socket<H: Hardware>(mut bench: Bench<H>) {
    for device in [Device::STDIN, Device::STDOUT, Device::STDERR] {
        assert_eq!(bench.hardware.try_accept(device), Err(Errno::ENOTSOCK));
        assert_eq!(bench.hardware.shutdown(device, Shutdown::Both), Err(Errno::ENOTSOCK));
        assert_eq!(bench.hardware.local_addr(device), Err(Errno::ENOTSOCK));
        assert_eq!(bench.hardware.peer_addr(device), Err(Errno::ENOTSOCK));
        assert_eq!(bench.hardware.set_option(device, SocketOption::NoDelay(true)), Err(Errno::ENOTSOCK));
    }
}
