//! Lesson 7: waiting for I/O. `read_wait` and `write_wait` suspend a task until a descriptor is
//! ready, and move no bytes.
//!
//! The course gave the polling to a task of its own, with a number like any other; here it is the
//! kernel's own work. A server and its client talk over loopback, each waiting before it acts.

use crate::prelude::*;
use core::net::{IpAddr, Ipv4Addr};

pub(crate) const PROGRAM: Program =
    Program::lesson("pyos7", "tasks that wait for I/O", Lesson::COURSE, |_| vec![server()]);

fn server() -> Task {
    task!({
        let sock = trap!(yield tcp_listen(SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0), 1))?;
        let address = trap!(yield local_addr(sock))?;
        let child = trap!(yield spawn(client(address)))?;

        println!("Server waits for a connection")?;
        trap!(yield read_wait(sock))?;
        let (conn, _) = trap!(yield accept(sock))?;
        println!("Server waits for a message")?;
        trap!(yield read_wait(conn))?;
        let message = trap!(yield recv(conn, limits::ECHO_BYTES))?;
        println!("Server got {} bytes", message.len())?;
        trap!(yield join(child))?;
        trap!(yield close(conn))?;
        trap!(yield close(sock))
    })
}

fn client(address: SocketAddr) -> Task {
    task!({
        let conn = trap!(yield tcp_connect(address))?;
        println!("Client waits for room")?;
        trap!(yield write_wait(conn))?;
        trap!(yield send_all(conn, "hello"))?;
        println!("Client sent its message")?;
        trap!(yield close(conn))
    })
}
