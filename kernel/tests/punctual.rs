//! A host that waits with a clock changes how the thread's timed waits end, for as long as it lives.
#![cfg(all(target_os = "linux", not(feature = "portable-poller")))]

use rustix::thread::{current_timer_slack, set_current_timer_slack};
use std::{num::NonZeroU64, time::Duration};
use yieldix_kernel::hardware::{
    Hardware, MemoryConsole,
    host::{ConsoleOptions, Host, HostOptions},
};

#[test]
fn a_timed_wait_is_punctual_and_the_thread_gets_its_slack_back() {
    const OURS: u64 = 70_000;
    set_current_timer_slack(NonZeroU64::new(OURS)).unwrap();
    let console = ConsoleOptions::Memory(MemoryConsole::default());
    let mut host = Host::new(HostOptions { console, ..HostOptions::default() }).unwrap();
    assert_eq!(current_timer_slack().unwrap(), OURS);
    let until = host.now() + Duration::from_micros(100);
    host.interrupts(until, &mut Vec::new());
    assert_eq!(current_timer_slack().unwrap(), 1);
    drop(host);
    assert_eq!(current_timer_slack().unwrap(), OURS);
}
