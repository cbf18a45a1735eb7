//! The host hardware, seen from the kernel's side: real sockets on the loopback, real pipes.
//!
//! Nothing here sleeps to wait: what is waited for is an interrupt.
#![cfg(unix)]

mod console;
mod escapes;
#[cfg(target_os = "linux")]
mod files;
mod jobs;
#[cfg(target_os = "linux")]
mod programs;
#[cfg(target_os = "linux")]
mod races;
mod sockets;
mod terminal;
mod waits;

use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::Once;
use std::time::Duration;
use yieldix_kernel::hardware::host::{ConsoleOptions, Host, HostOptions};
use yieldix_kernel::hardware::{Device, Hardware, Interrupt, MemoryConsole, Received};
use yieldix_syscalls::{Errno, SocketOption};

/// How long a test waits before it fails.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long it takes for a thing that does not happen.
const SILENCE: Duration = Duration::from_millis(50);

const LOOPBACK: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 0);

fn host() -> Host {
    host_with(ConsoleOptions::Memory(MemoryConsole::default()))
}

fn host_with(console: ConsoleOptions) -> Host {
    raise_descriptor_limit();
    Host::new(HostOptions { console, ..HostOptions::default() }).unwrap()
}

/// All tests share one process, and one of them needs many descriptors.
fn raise_descriptor_limit() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let limit = getrlimit(Resource::Nofile);
        setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit }).unwrap();
    });
}

/// All that happens until something does, or until `span` has passed.
fn interrupts(host: &mut Host, span: Duration) -> Vec<Interrupt> {
    let until = host.now() + span;
    let mut happened = Vec::new();
    loop {
        assert!(host.interrupts(until, &mut happened));
        if !happened.is_empty() || host.now() >= until {
            return happened;
        }
    }
}

/// Tries until the answer is not `EAGAIN`, waiting for interrupts in between. Fails when one is
/// owed and does not come.
fn wait<T>(host: &mut Host, mut attempt: impl FnMut(&mut Host) -> Result<T, Errno>) -> Result<T, Errno> {
    loop {
        match attempt(host) {
            Err(Errno::EAGAIN) => {
                let until = host.now() + PATIENCE;
                let happened = interrupts(host, PATIENCE);
                assert!(!happened.is_empty() && host.now() < until, "an interrupt was owed");
            }
            answer => return answer,
        }
    }
}

/// Two ends of one connection, both of the same host.
fn connected_pair(host: &mut Host) -> (Device, Device) {
    let listener = host.listen(LOOPBACK, 16).unwrap();
    let address = host.local_addr(listener).unwrap();
    let client = host.connect(address).unwrap();
    wait(host, |host| host.connected(client)).unwrap();
    let (server, _) = wait(host, |host| host.try_accept(listener)).unwrap();
    host.close(listener);
    (client, server)
}

/// A connection whose other end is not ours.
fn connected_to_std(host: &mut Host) -> (Device, TcpStream) {
    connect_to_std(host, &TcpListener::bind(LOOPBACK).unwrap())
}

fn connect_to_std(host: &mut Host, listener: &TcpListener) -> (Device, TcpStream) {
    let device = host.connect(listener.local_addr().unwrap()).unwrap();
    wait(host, |host| host.connected(device)).unwrap();
    (device, listener.accept().unwrap().0)
}

/// Makes a close leave nothing behind: a thousand connections that linger would use up the ports of
/// the host for a minute.
fn close_at_once(host: &mut Host, device: Device) {
    host.set_option(device, SocketOption::Linger(Some(0))).unwrap();
    host.close(device);
}

/// Reads all, as one does who believes `drained`: such a reader tries again only when interrupted.
fn read_to_end(host: &mut Host, device: Device) -> Vec<u8> {
    let mut received = Vec::new();
    loop {
        let is_drained = match host.try_read(device, 100) {
            Ok(Received { data, .. }) if data.is_empty() => return received,
            Ok(Received { data, drained }) => {
                received.extend_from_slice(&data);
                drained
            }
            Err(errno) => {
                assert_eq!(errno, Errno::EAGAIN);
                true
            }
        };
        if is_drained {
            let happened = interrupts(host, PATIENCE);
            assert!(happened.iter().any(|i| is_ready_to_read(i, device)), "an interrupt was owed");
        }
    }
}

fn is_ready_to_read(interrupt: &Interrupt, wanted: Device) -> bool {
    matches!(*interrupt, Interrupt::Ready { device, readable: true, .. } if device == wanted)
}

fn is_ready_to_write(interrupt: &Interrupt, wanted: Device) -> bool {
    matches!(*interrupt, Interrupt::Ready { device, writable: true, .. } if device == wanted)
}

fn is_of(interrupt: &Interrupt, wanted: Device) -> bool {
    matches!(*interrupt, Interrupt::Ready { device, .. } if device == wanted)
}
