//! The host's signals. A process of its own, as it sends some to itself.
#![cfg(unix)]

use rustix::process::{Signal as HostSignal, getpid, kill_process};
use std::time::Duration;
use yieldix_kernel::hardware::{Hardware, Interrupt};
use yieldix_kernel::hardware::{
    MemoryConsole,
    host::{ConsoleOptions, Host, HostOptions},
};
use yieldix_syscalls::Signal;

#[test]
fn signals_that_are_caught_are_interrupts_each_time() {
    let console = ConsoleOptions::Memory(MemoryConsole::default());
    let mut host = Host::new(HostOptions { console, catches_signals: true, ..HostOptions::default() }).unwrap();
    for _ in 0..3 {
        for (sent, expected) in [
            (HostSignal::INT, Signal::Int),
            (HostSignal::TERM, Signal::Term),
            (HostSignal::HUP, Signal::Hup),
            (HostSignal::QUIT, Signal::Quit),
            (HostSignal::TSTP, Signal::Tstp),
        ] {
            kill_process(getpid(), sent).unwrap();
            let until = host.now() + Duration::from_secs(10);
            let mut happened = Vec::new();
            while happened.is_empty() && host.now() < until {
                host.interrupts(until, &mut happened);
            }
            assert!(matches!(happened[..], [Interrupt::Signal(signal)] if signal == expected), "{happened:?}");
        }
    }
}
