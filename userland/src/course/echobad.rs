//! A server on lesson 6's kernel: it just calls `accept`, with no wait before.
//!
//! In the course that stopped everything, since the one thread sat in the host's `accept`. Here a
//! call that has to wait blocks the task that made it and nobody else: `alive` goes on.

use super::address::{USAGE, address};
use crate::prelude::*;

pub(crate) const PROGRAM: Program =
    Program::lesson("echobad", "an echo server that blocks, but only itself", Lesson::COURSE, |args| {
        vec![alive(), server(args)]
    })
    .usage(USAGE);

fn alive() -> Task {
    task!({
        loop {
            println!("I'm alive!")?;
            trap!(yield yield_now())?;
        }
    })
}

fn server(args: Args) -> Task {
    task!({
        let address = call!(or_usage(&PROGRAM, address(args)))?;
        println!("Server starting")?;
        let sock = call!(listen_at(PROGRAM.name, address))?.fd();
        loop {
            let (client, addr) = trap!(yield accept(sock))?;
            trap!(yield spawn(handle_client(client, addr)).pass(client).detach())?;
        }
    })
}

fn handle_client(client: Fd, addr: SocketAddr) -> Task {
    task!({
        println!("Connection from {addr}")?;
        loop {
            let data = trap!(yield recv(client, limits::ECHO_BYTES))?;
            if data.is_empty() {
                break;
            }
            trap!(yield send_all(client, data))?;
        }
        trap!(yield close(client))?;
        println!("Client closed")
    })
}
