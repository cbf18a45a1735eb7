//! What the simulated world promises beyond the contract of `Hardware`: its own time, its own
//! numbers, and that it answers as Linux does.

mod clock;
mod console;
mod datagrams;
mod faults;
mod listeners;
mod model;
mod streams;

use super::limits::{EPHEMERAL_COUNT, EPHEMERAL_FIRST, LATENCY_NS_MAX, LATENCY_NS_MIN, LOOK, WINDOW};
use super::*;
use std::time::Duration;

fn world() -> Simulated {
    Simulated::new(SimulatedOptions::default())
}

fn world_with_console(console: &MemoryConsole) -> Simulated {
    Simulated::new(SimulatedOptions { console: SimulatedConsole::Memory(console.clone()), ..Default::default() })
}

fn address(text: &str) -> SocketAddr {
    text.parse().expect("an address")
}

/// Lets all happen that is under way, and gives the interrupts.
fn settle(world: &mut Simulated) -> Vec<Interrupt> {
    let mut happened = Vec::new();
    while world.interrupts(Time::NEVER, &mut happened) {}
    happened
}

fn is_ready(happened: &[Interrupt], wanted: Device) -> bool {
    happened.iter().any(|interrupt| matches!(interrupt, Interrupt::Ready { device, .. } if *device == wanted))
}

fn listen(world: &mut Simulated, at: &str, backlog: u32) -> (Device, SocketAddr) {
    let listener = world.listen(address(at), backlog).expect("free");
    (listener, world.local_addr(listener).expect("a listener has an address"))
}

/// A connection: the client's end and the server's.
fn pair(world: &mut Simulated) -> (Device, Device) {
    let (listener, at) = listen(world, "127.0.0.1:0", 1);
    let client = world.connect(at).expect("local");
    settle(world);
    assert_eq!(world.connected(client), Ok(()));
    let (server, _) = world.try_accept(listener).expect("a connection");
    world.close(listener);
    (client, server)
}

fn read(world: &mut Simulated, device: Device) -> Result<Vec<u8>, Errno> {
    world.try_read(device, 1 << 20).map(|received| received.data.to_vec())
}
