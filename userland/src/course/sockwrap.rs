//! The echo server with sockets as objects, whose methods are coroutines.
//!
//! The course wrapped a socket in a class, so that `yield client.recv(…)` reads as any method call
//! does. This is that class, its methods run by `call!`, which needs no trampoline; the library's
//! own is [`Socket`](crate::socket::Socket).

use super::address::{USAGE, address};
use crate::prelude::*;

pub(crate) const PROGRAM: Program =
    Program::lesson("sockwrap", "an echo server with sockets as objects", Lesson::COURSE, |args| vec![server(args)])
        .usage(USAGE);

/// A socket and what can be done with it.
struct Socket(Fd);

impl Socket {
    fn accept(&self) -> impl Routine<Result<(Socket, SocketAddr), Errno>> {
        routine!(move {
            trap!(yield read_wait(self.0))?;
            let (client, addr) = trap!(yield accept(self.0))?;
            Ok((Socket(client), addr))
        })
    }

    fn send(&self, mut rest: Buf) -> impl Routine<Result<(), Errno>> {
        routine!(move {
            while !rest.is_empty() {
                trap!(yield write_wait(self.0))?;
                let taken = trap!(yield send(self.0, rest.clone()))?;
                rest.advance(taken);
            }
            Ok(())
        })
    }

    fn recv(&self, max: u32) -> impl Routine<Result<Buf, Errno>> {
        routine!(move {
            trap!(yield read_wait(self.0))?;
            trap!(yield recv(self.0, max))
        })
    }

    fn close(self) -> impl Routine<Result<(), Errno>> {
        routine!(move { trap!(yield close(self.0)) })
    }
}

fn server(args: Args) -> Task {
    task!({
        let address = call!(or_usage(&PROGRAM, address(args)))?;
        println!("Server starting")?;
        let sock = Socket(call!(listen_at(PROGRAM.name, address))?.fd());
        loop {
            let (client, addr) = call!(sock.accept())?;
            let fd = client.0;
            trap!(yield spawn(handle_client(client, addr)).pass(fd).detach())?;
        }
    })
}

fn handle_client(client: Socket, addr: SocketAddr) -> Task {
    task!({
        println!("Connection from {addr}")?;
        loop {
            let data = call!(client.recv(limits::ECHO_BYTES))?;
            if data.is_empty() {
                break;
            }
            call!(client.send(data))?;
        }
        call!(client.close())?;
        println!("Client closed")
    })
}
