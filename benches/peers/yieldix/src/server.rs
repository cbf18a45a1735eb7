//! An echo server.

use std::net::{Ipv4Addr, SocketAddr};
use yieldix::userland::prelude::*;

/// Serves; beside a task that yields for ever, if it `is_busy`.
pub fn echo(port: u16, is_busy: bool) -> Task {
    const CONNECTIONS_MAX: usize = 15_000;
    task!({
        let listener = trap!(yield Socket::listen(SocketAddr::from((Ipv4Addr::LOCALHOST, port))))?;
        if is_busy {
            trap!(yield spawn(yields()).detach())?;
        }
        let options = ServeOptions { name: "echo", connections_max: CONNECTIONS_MAX };
        call!(serve(listener, options, |conn, _peer| connection(conn)))
    })
}

fn connection(conn: Socket) -> impl Routine<Result<(), Errno>> {
    routine!(move {
        trap!(yield set_option(conn.fd(), SocketOption::NoDelay(true)))?;
        loop {
            let data = trap!(yield conn.recv(1024))?;
            if data.is_empty() {
                return Ok(());
            }
            trap!(yield conn.send(data))?;
        }
    })
}

fn yields() -> Task {
    task!({
        loop {
            trap!(yield yield_now())?;
        }
    })
}
