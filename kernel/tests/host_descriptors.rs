//! The host without descriptors. A process of its own, as it lowers the limit of the whole process.
#![cfg(unix)]

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use std::time::Duration;
use yieldix_kernel::hardware::{Device, Hardware};
use yieldix_kernel::hardware::{
    MemoryConsole,
    host::{ConsoleOptions, Host, HostOptions},
};
use yieldix_syscalls::Errno;

#[test]
fn a_connection_that_finds_no_descriptor_waits_and_is_accepted_later() {
    let console = ConsoleOptions::Memory(MemoryConsole::default());
    let mut host = Host::new(HostOptions { console, ..HostOptions::default() }).unwrap();
    let listener = host.listen("127.0.0.1:0".parse().unwrap(), 16).unwrap();
    let address = host.local_addr(listener).unwrap();
    assert_eq!(host.try_accept(listener).unwrap_err(), Errno::EAGAIN);

    let limit = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: Some(64), ..limit }).unwrap();
    let mut clients: Vec<Device> = Vec::new();
    let full = loop {
        match host.connect(address) {
            Ok(client) => clients.push(client),
            Err(errno) => break errno,
        }
    };
    assert_eq!(full, Errno::EMFILE);
    assert_eq!(host.try_accept(listener).unwrap_err(), Errno::EMFILE);
    assert_eq!(host.try_accept(listener).unwrap_err(), Errno::EMFILE);

    // One descriptor comes free, and no new connection arrives: trying again is enough.
    host.close(clients.pop().unwrap());
    let (server, peer) = host.try_accept(listener).unwrap();
    assert_eq!(peer, host.local_addr(clients[0]).unwrap());
    host.close(server);
    setrlimit(Resource::Nofile, limit).unwrap();

    // The listener is as well as before: it answers EAGAIN when empty, and owes.
    while host.try_accept(listener).is_ok() {}
    assert_eq!(host.try_accept(listener).unwrap_err(), Errno::EAGAIN);
    host.interrupts(yieldix_syscalls::Time::BOOT, &mut Vec::new());
    host.connect(address).unwrap();
    let until = host.now() + Duration::from_secs(10);
    while host.try_accept(listener).is_err() {
        assert!(host.now() < until);
        host.interrupts(until, &mut Vec::new());
    }
}
