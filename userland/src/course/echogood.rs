//! An echo server on lesson 7's kernel: a task waits before each call that could block it.
//!
//! While it waits, `alive` prints. The waits keep the course's shape; without them the calls would
//! wait themselves.

use super::address::{USAGE, address};
use crate::prelude::*;

pub(crate) const PROGRAM: Program =
    Program::lesson("echogood", "an echo server, beside a task that never waits", Lesson::COURSE, |args| {
        vec![alive(), server(args)]
    })
    .usage(USAGE);

fn alive() -> Task {
    task!({
        loop {
            println!("I'm alive!")?;
            yield Syscall::YieldNow.into();
        }
    })
}

fn server(args: Args) -> Task {
    task!({
        let address = call!(or_usage(&PROGRAM, address(args)))?;
        println!("Server starting")?;
        let sock = call!(listen_at(PROGRAM.name, address))?.fd();
        loop {
            trap!(yield read_wait(sock))?;
            let (client, addr) = trap!(yield accept(sock))?;
            trap!(yield spawn(handle_client(client, addr)).pass(client).detach())?;
        }
    })
}

/// Echoes one connection until its peer closes it.
pub(super) fn handle_client(client: Fd, addr: SocketAddr) -> Task {
    task!({
        println!("Connection from {addr}")?;
        loop {
            trap!(yield read_wait(client))?;
            let data = trap!(yield recv(client, limits::ECHO_BYTES))?;
            if data.is_empty() {
                break;
            }
            trap!(yield write_wait(client))?;
            trap!(yield send_all(client, data))?;
        }
        trap!(yield close(client))?;
        println!("Client closed")
    })
}
