//! The echo server on lesson 8's kernel: accepting, receiving and sending are subroutines, each of
//! which waits as it must, and the server reads as plain code.
//!
//! The course wrote these three to hide the waiting. Our calls wait by themselves, so what is left
//! of each is one line; that they are trampolined is the lesson.

use super::address::{USAGE, address};
use crate::prelude::*;

pub(crate) const PROGRAM: Program =
    Program::lesson("echoserver", "an echo server made of subroutines", Lesson::COURSE, |args| vec![server(args)])
        .usage(USAGE);

fn accepted(sock: Fd) -> impl Routine<Result<(Fd, SocketAddr), Errno>> {
    routine!(move {
        trap!(yield read_wait(sock))?;
        trap!(yield accept(sock))
    })
}

fn received(sock: Fd, max: u32) -> impl Routine<Result<Buf, Errno>> {
    routine!(move {
        trap!(yield read_wait(sock))?;
        trap!(yield recv(sock, max))
    })
}

/// Sends piece by piece, as much as there is room for, until all is sent.
fn sent(sock: Fd, mut rest: Buf) -> impl Routine<Result<(), Errno>> {
    routine!(move {
        while !rest.is_empty() {
            trap!(yield write_wait(sock))?;
            let taken = trap!(yield send(sock, rest.clone()))?;
            rest.advance(taken);
        }
        Ok(())
    })
}

fn server(args: Args) -> Task {
    task!({
        let address = call!(or_usage(&PROGRAM, address(args)))?;
        println!("Server starting")?;
        let sock = call!(listen_at(PROGRAM.name, address))?.fd();
        loop {
            let (client, addr) = trap!(yield subroutine(accepted(sock)))?;
            trap!(yield spawn(handle_client(client, addr)).pass(client).detach())?;
        }
    })
}

fn handle_client(client: Fd, addr: SocketAddr) -> Task {
    task!({
        println!("Connection from {addr}")?;
        loop {
            let data = trap!(yield subroutine(received(client, limits::ECHO_BYTES)))?;
            if data.is_empty() {
                break;
            }
            trap!(yield subroutine(sent(client, data)))?;
        }
        trap!(yield close(client))?;
        println!("Client closed")
    })
}
