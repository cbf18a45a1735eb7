//! The event loop: waits for sockets that are ready, and calls back what is to be done with each.

use crate::session::Session;
use polling::{Event, Events, PollMode, Poller};
use std::{
    convert::Infallible,
    io::{self, ErrorKind, Read, Write},
    net::{Shutdown, TcpListener, TcpStream},
    num::NonZeroUsize,
};
use yieldix_userland::limits::{ACCEPT_PAUSE, CONNECTIONS_MAX, READ_BYTES};

const LISTENER: usize = usize::MAX - 1;
const EVENTS_MAX: NonZeroUsize = NonZeroUsize::new(512).expect("it is not");

struct Server {
    poller: Poller,
    listener: TcpListener,
    is_accepting: bool,
    /// By key.
    connections: Vec<Option<Connection>>,
    free_keys: Vec<usize>,
    /// What was read just now, and what is answered; one of each serves all connections.
    input: Vec<u8>,
    replies: Vec<u8>,
}

struct Connection {
    stream: TcpStream,
    session: Session,
    /// What the socket has not taken. While there is any, nothing is read.
    unsent: Vec<u8>,
}

/// Serves for ever.
pub fn serve(listener: TcpListener) -> io::Result<Infallible> {
    listener.set_nonblocking(true)?;
    let poller = Poller::new()?;
    // SAFETY: the listener is dropped with the poller.
    unsafe { poller.add_with_mode(&listener, Event::readable(LISTENER), PollMode::Level)? };
    let mut server = Server {
        poller,
        listener,
        is_accepting: true,
        connections: Vec::new(),
        free_keys: Vec::new(),
        input: vec![0; READ_BYTES as usize],
        replies: Vec::new(),
    };
    let mut events = Events::with_capacity(EVENTS_MAX);
    loop {
        events.clear();
        let is_held_up = !server.is_accepting;
        server.poller.wait(&mut events, is_held_up.then_some(ACCEPT_PAUSE))?;
        if is_held_up {
            server.accept_again(true)?;
        }
        for event in events.iter() {
            match event {
                Event { key: LISTENER, .. } => server.on_acceptable()?,
                Event { key, writable: true, .. } => server.on_writable(key)?,
                Event { key, .. } => server.on_readable(key)?,
            }
        }
    }
}

impl Server {
    fn accept_again(&mut self, is_accepting: bool) -> io::Result<()> {
        self.is_accepting = is_accepting;
        let interest = if is_accepting { Event::readable(LISTENER) } else { Event::none(LISTENER) };
        self.poller.modify_with_mode(&self.listener, interest, PollMode::Level)
    }

    fn on_acceptable(&mut self) -> io::Result<()> {
        loop {
            if self.connections.len() - self.free_keys.len() >= CONNECTIONS_MAX {
                return self.accept_again(false);
            }
            match self.listener.accept() {
                Ok((stream, _)) => self.on_connected(stream)?,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) if matches!(error.kind(), ErrorKind::ConnectionAborted | ErrorKind::Interrupted) => {}
                // No descriptor is free: later one may be.
                Err(_) => return self.accept_again(false),
            }
        }
    }

    fn on_connected(&mut self, stream: TcpStream) -> io::Result<()> {
        stream.set_nonblocking(true)?;
        stream.set_nodelay(true)?;
        let key = self.free_keys.pop().unwrap_or(self.connections.len());
        // SAFETY: a stream is deleted before it is dropped, and all of them are dropped with the poller.
        unsafe { self.poller.add_with_mode(&stream, Event::readable(key), PollMode::Level)? };
        let connection = Some(Connection { stream, session: Session::new(), unsent: Vec::new() });
        if key == self.connections.len() {
            self.connections.push(connection);
        } else {
            self.connections[key] = connection;
        }
        Ok(())
    }

    fn on_readable(&mut self, key: usize) -> io::Result<()> {
        // It may have been closed by an event before this one.
        let Some(connection) = &mut self.connections[key] else { return Ok(()) };
        match connection.stream.read(&mut self.input) {
            Ok(0) => connection.session.on_end(&mut self.replies),
            Ok(count) => connection.session.on_bytes(&self.input[..count], &mut self.replies),
            Err(error) if is_passing(&error) => return Ok(()),
            Err(_) => return self.close(key),
        }
        match write(&connection.stream, &self.replies) {
            Err(_) => self.close(key)?,
            Ok(sent) if sent < self.replies.len() => {
                connection.unsent.extend_from_slice(&self.replies[sent..]);
                self.poller.modify_with_mode(&connection.stream, Event::writable(key), PollMode::Level)?;
            }
            Ok(_) => self.on_sent(key)?,
        }
        self.replies.clear();
        Ok(())
    }

    fn on_writable(&mut self, key: usize) -> io::Result<()> {
        let Some(connection) = &mut self.connections[key] else { return Ok(()) };
        match write(&connection.stream, &connection.unsent) {
            Err(_) => self.close(key),
            Ok(sent) if sent < connection.unsent.len() => {
                connection.unsent.drain(..sent);
                Ok(())
            }
            Ok(_) => {
                connection.unsent = Vec::new();
                self.poller.modify_with_mode(&connection.stream, Event::readable(key), PollMode::Level)?;
                self.on_sent(key)
            }
        }
    }

    /// Called when all that was to be said is said.
    fn on_sent(&mut self, key: usize) -> io::Result<()> {
        let Some(connection) = &self.connections[key] else { return Ok(()) };
        // A peer that has gone meanwhile is seen by the next read.
        if connection.session.is_over()
            || connection.session.has_hung_up() && connection.stream.shutdown(Shutdown::Write).is_err()
        {
            return self.close(key);
        }
        Ok(())
    }

    fn close(&mut self, key: usize) -> io::Result<()> {
        let Some(connection) = self.connections[key].take() else { return Ok(()) };
        self.free_keys.push(key);
        self.poller.delete(&connection.stream)
    }
}

/// Sends as much as the socket takes, and says how much that is.
fn write(mut stream: &TcpStream, bytes: &[u8]) -> io::Result<usize> {
    let mut sent = 0;
    while sent < bytes.len() {
        match stream.write(&bytes[sent..]) {
            Ok(count) => sent += count,
            Err(error) if error.kind() == ErrorKind::WouldBlock => break,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(sent)
}

fn is_passing(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted)
}
