//! A storm: an echo server, clients that do as chance has it, and lightning that strikes some.
//!
//! It uses all that could differ from run to run (the network, the clock, random numbers, deaths at
//! any moment), so in a simulation it shows that nothing does: one seed, one log, to the last byte.

use crate::prelude::*;
use core::net::{IpAddr, Ipv4Addr};

pub(crate) const PROGRAM: Program =
    Program::new("storm", Group::Tests, "clients, an echo server and lightning, all as chance has it", main)
        .usage("[--clients N]");

/// Wherever there is room.
const ADDRESS: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0);

fn parse(args: Args) -> Result<u64, Misuse> {
    let given = Given::parse(args, &[], &["--clients"])?.without_operands()?;
    Ok(given.value("--clients")?.unwrap_or(10))
}

fn main(args: Args) -> Task {
    task!({
        let count = call!(or_usage(&PROGRAM, parse(args)))?;
        let listener = trap!(yield Socket::listen(ADDRESS))?;
        let address = trap!(yield listener.local_addr())?;
        let server = trap!(yield spawn(server(listener)).pass(listener.fd()))?;
        let mut clients = Vec::new();
        for _ in 0..count {
            clients.push(trap!(yield spawn(client(address)))?);
        }
        for &client in &clients {
            call!(dawdle())?;
            if call!(chance(3))? == 0 {
                trap!(yield kill(client, Signal::Kill))?;
            }
        }
        for client in clients {
            let status = trap!(yield wait(client))?;
            println!("client {client} {status}")?;
        }
        trap!(yield kill(server, Signal::Term))?;
        let status = trap!(yield wait(server))?;
        println!("server {server} {status}")
    })
}

fn server(listener: Socket) -> Task {
    task!({
        let options = ServeOptions { name: PROGRAM.name, connections_max: limits::CONNECTIONS_MAX };
        call!(serve(listener, options, |conn, _peer| echo(conn)))
    })
}

fn echo(conn: Socket) -> impl Routine<Result<(), Errno>> {
    routine!(move {
        loop {
            let data = trap!(yield conn.recv(limits::ECHO_BYTES))?;
            if data.is_empty() {
                return Ok(());
            }
            trap!(yield conn.send(data))?;
        }
    })
}

/// Sends a few messages, on connections that it leaves in any state.
fn client(address: SocketAddr) -> Task {
    task!({
        for _ in 0..1 + call!(chance(5))? {
            call!(dawdle())?;
            let conn = trap!(yield Socket::connect(address))?;
            let count = 1 + call!(chance(5_000))? as u32;
            let message = trap!(yield getrandom(count))?;
            trap!(yield conn.send(message.clone()))?;
            let mut awaited = message;
            while !awaited.is_empty() && call!(chance(20))? > 0 {
                let data = trap!(yield conn.recv(1_000))?;
                if data.is_empty() || !awaited.starts_with(&data) {
                    return Err(Errno::EBADMSG);
                }
                awaited.advance(data.len());
            }
            trap!(yield conn.close())?;
        }
        Ok(())
    })
}

/// Sleeps for at most 200 microseconds.
fn dawdle() -> impl Routine<Result<(), Errno>> {
    routine!({
        let micros = call!(chance(200))?;
        trap!(yield sleep(Duration::from_micros(micros)))
    })
}

/// A random number below `bound`.
fn chance(bound: u64) -> impl Routine<Result<u64, Errno>> {
    routine!(move {
        let random = trap!(yield getrandom(8))?;
        Ok(random.iter().fold(0, |number, &byte| number << 8 | u64::from(byte)) % bound)
    })
}
