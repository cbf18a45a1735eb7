//! A thread a connection, on sockets that block.

use std::{
    io::{self, ErrorKind, Read, Write},
    net::{Shutdown, TcpListener, TcpStream},
    sync::Arc,
    thread,
};
use yieldix_userland::{
    http::{Refusal, Request, first_line},
    limits::{ACCEPT_PAUSE, CONNECTIONS_MAX, DISCARD_BYTES_MAX, HEAD_BYTES_MAX, READ_BYTES},
};

/// Serves for ever.
pub fn serve(listener: TcpListener) -> io::Result<std::convert::Infallible> {
    // Each thread holds a clone.
    let places = Arc::new(());
    loop {
        while Arc::strong_count(&places) > CONNECTIONS_MAX {
            thread::sleep(ACCEPT_PAUSE);
        }
        let stream = match listener.accept() {
            Ok((stream, _)) => stream,
            Err(error) if error.kind() == ErrorKind::ConnectionAborted => continue,
            // No descriptor is free: later one may be.
            Err(_) => {
                thread::sleep(ACCEPT_PAUSE);
                continue;
            }
        };
        let place = Arc::clone(&places);
        let handle = move || {
            let _place = place;
            // A peer that vanishes is a server's daily life.
            let _ = stream.set_nodelay(true).and_then(|()| converse(&stream));
        };
        if thread::Builder::new().spawn(handle).is_err() {
            // The connection is closed. More threads may be had later.
            thread::sleep(ACCEPT_PAUSE);
        }
    }
}

/// A stream of which one half can be closed.
pub trait Duplex: Read + Write {
    /// Says that nothing more will come.
    fn end(&mut self) -> io::Result<()>;
}

impl Duplex for &TcpStream {
    fn end(&mut self) -> io::Result<()> {
        self.shutdown(Shutdown::Write)
    }
}

/// Answers requests until the stream ends or one is refused.
pub fn converse(stream: impl Duplex) -> io::Result<()> {
    let mut input = Input { stream, bytes: Vec::new(), taken: 0 };
    while !input.is_over()? {
        match answer(&mut input) {
            Ok(reply) => input.stream.write_all(&reply)?,
            Err(Error::Refused(refusal)) => {
                input.stream.write_all(&refusal.reply())?;
                return hang_up(input.stream);
            }
            Err(Error::Failed(error)) => return Err(error),
        }
    }
    Ok(())
}

/// Reads one request, and makes its reply.
fn answer(input: &mut Input<impl Duplex>) -> Result<Vec<u8>, Error> {
    let mut room = HEAD_BYTES_MAX;
    let mut request = Request::from_line(input.line(&mut room)?)?;
    loop {
        let line = input.line(&mut room)?;
        if line.is_empty() {
            break;
        }
        request.header(line)?;
    }
    let body = input.exactly(request.body_bytes())?;
    Ok(request.reply(body))
}

fn hang_up(mut stream: impl Duplex) -> io::Result<()> {
    stream.end()?;
    let (mut buffer, mut discarded) = ([0; READ_BYTES as usize], 0);
    while discarded < DISCARD_BYTES_MAX {
        match stream.read(&mut buffer)? {
            0 => break,
            count => discarded += count,
        }
    }
    Ok(())
}

enum Error {
    Refused(Refusal),
    Failed(io::Error),
}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Error {
        Error::Refused(refusal)
    }
}

impl From<io::Error> for Error {
    fn from(error: io::Error) -> Error {
        Error::Failed(error)
    }
}

/// What was read and not yet taken. Between requests it holds no memory of the heap.
struct Input<S> {
    stream: S,
    bytes: Vec<u8>,
    taken: usize,
}

impl<S: Read> Input<S> {
    fn is_over(&mut self) -> io::Result<bool> {
        Ok(self.rest().is_empty() && !self.fill()?)
    }

    fn line(&mut self, room: &mut usize) -> Result<&[u8], Error> {
        let (line_bytes, taken) = loop {
            if let Some((line, taken)) = first_line(self.rest(), *room)? {
                break (line.len(), taken);
            }
            self.expect()?;
        };
        *room -= taken;
        Ok(&self.take(taken)[..line_bytes])
    }

    fn exactly(&mut self, count: usize) -> Result<&[u8], Error> {
        while self.rest().len() < count {
            self.expect()?;
        }
        Ok(self.take(count))
    }

    fn rest(&self) -> &[u8] {
        &self.bytes[self.taken..]
    }

    fn take(&mut self, count: usize) -> &[u8] {
        let from = self.taken;
        self.taken += count;
        &self.bytes[from..self.taken]
    }

    fn expect(&mut self) -> Result<(), Error> {
        if self.fill()? { Ok(()) } else { Err(Refusal::CutShort.into()) }
    }

    fn fill(&mut self) -> io::Result<bool> {
        self.bytes.drain(..self.taken);
        self.taken = 0;
        if self.bytes.is_empty() {
            self.bytes = Vec::new();
        }
        let mut buffer = [0; READ_BYTES as usize];
        let count = loop {
            match self.stream.read(&mut buffer) {
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                count => break count?,
            }
        };
        self.bytes.extend_from_slice(&buffer[..count]);
        Ok(count > 0)
    }
}
