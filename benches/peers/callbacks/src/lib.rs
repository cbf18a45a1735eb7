//! The twins of the program `stream`: the same requests and replies, by callbacks straight on `polling`
//! and by a thread a connection. All three hand the bytes to the same functions for lines, headers and
//! replies, so what differs is the flow of control.

pub mod callbacks;
pub mod session;
pub mod threads;

/// Connections that may wait to be accepted.
const BACKLOG: i32 = 4096;

/// A listener on 127.0.0.1; port 0 takes a free one.
pub fn listen(port: u16) -> std::io::Result<std::net::TcpListener> {
    let listener = std::net::TcpListener::bind(("127.0.0.1", port))?;
    rustix::net::listen(&listener, BACKLOG)?;
    Ok(listener)
}
