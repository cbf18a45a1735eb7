//! The course's last echo server: sockets are objects, and nothing of the scheduler shows.
//!
//! Here with the library's [`Socket`], whose methods are typed calls: one trap each, no subroutine.

use super::address::{USAGE, address};
use crate::prelude::*;

pub(crate) const PROGRAM: Program =
    Program::lesson("echoserver2", "the echo server as one writes it", Lesson::COURSE, |args| vec![server(args)])
        .usage(USAGE);

fn server(args: Args) -> Task {
    task!({
        let address = call!(or_usage(&PROGRAM, address(args)))?;
        println!("Server starting")?;
        let sock = call!(listen_at(PROGRAM.name, address))?;
        loop {
            let (client, addr) = trap!(yield sock.accept())?;
            trap!(yield spawn(handle_client(client, addr)).pass(client.fd()).detach())?;
        }
    })
}

fn handle_client(client: Socket, addr: SocketAddr) -> Task {
    task!({
        println!("Connection from {addr}")?;
        loop {
            let data = trap!(yield client.recv(limits::ECHO_BYTES))?;
            if data.is_empty() {
                break;
            }
            trap!(yield client.send(data))?;
        }
        trap!(yield client.close())?;
        println!("Client closed")
    })
}
