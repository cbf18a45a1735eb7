//! What a connection has said so far, as a state, and a callback for each thing that can be said.
//!
//! A callback cannot wait: it takes what is there, notes in the state what it was about, and returns.

use yieldix_userland::{
    http::{Refusal, Request, first_line},
    limits::{DISCARD_BYTES_MAX, HEAD_BYTES_MAX},
};

/// One connection's requests.
pub struct Session {
    state: State,
    /// What has come of a line or a body that is not complete. Between requests it holds no memory.
    pending: Vec<u8>,
}

enum State {
    /// Before a request, or in its first line.
    RequestLine,
    /// After a line of the head, with so much room left to it.
    Headers {
        request: Request,
        room: usize,
    },
    /// After the empty line.
    Body(Request),
    /// After a refusal: so much was discarded.
    HungUp {
        discarded: usize,
    },
    Over,
}

impl Session {
    /// One that has said nothing.
    #[expect(clippy::new_without_default, reason = "a connection is no default")]
    pub fn new() -> Session {
        Session { state: State::RequestLine, pending: Vec::new() }
    }

    /// Will it read no more?
    pub fn is_over(&self) -> bool {
        matches!(self.state, State::Over)
    }

    /// Will it say no more?
    pub fn has_hung_up(&self) -> bool {
        matches!(self.state, State::HungUp { .. } | State::Over)
    }

    /// Called when bytes have come; adds the replies to `out`.
    pub fn on_bytes(&mut self, bytes: &[u8], out: &mut Vec<u8>) {
        if let State::HungUp { .. } = self.state {
            return self.on_discarded(bytes.len());
        }
        if self.pending.is_empty() {
            // Mostly a request comes whole, and is not copied.
            let taken = self.on_input(bytes, out);
            self.pending.extend_from_slice(&bytes[taken..]);
        } else {
            let mut pending = std::mem::take(&mut self.pending);
            pending.extend_from_slice(bytes);
            let taken = self.on_input(&pending, out);
            if taken < pending.len() {
                pending.drain(..taken);
                self.pending = pending;
            }
        }
    }

    /// Called at the end of the stream.
    pub fn on_end(&mut self, out: &mut Vec<u8>) {
        match self.state {
            State::RequestLine if self.pending.is_empty() => {}
            State::HungUp { .. } | State::Over => {}
            _ => self.on_refused(Refusal::CutShort, out),
        }
        self.state = State::Over;
    }

    /// Takes what is complete, and gives how much that was.
    fn on_input(&mut self, bytes: &[u8], out: &mut Vec<u8>) -> usize {
        let mut taken = 0;
        loop {
            match self.on_part(&bytes[taken..], out) {
                Ok(0) => return taken,
                Ok(count) => taken += count,
                Err(refusal) => {
                    self.on_refused(refusal, out);
                    self.on_discarded(bytes.len() - taken);
                    return bytes.len();
                }
            }
        }
    }

    /// Takes a line or a body if it is complete, and gives its size.
    fn on_part(&mut self, bytes: &[u8], out: &mut Vec<u8>) -> Result<usize, Refusal> {
        match std::mem::replace(&mut self.state, State::Over) {
            State::RequestLine => self.on_request_line(bytes),
            State::Headers { request, room } => self.on_header(request, room, bytes, out),
            State::Body(request) => Ok(self.on_body(request, bytes, out)),
            state @ (State::HungUp { .. } | State::Over) => {
                self.state = state;
                Ok(0)
            }
        }
    }

    fn on_request_line(&mut self, bytes: &[u8]) -> Result<usize, Refusal> {
        // Nothing has begun, and nothing can be too long.
        let Some((line, taken)) = first_line(bytes, HEAD_BYTES_MAX)? else {
            self.state = State::RequestLine;
            return Ok(0);
        };
        self.state = State::Headers { request: Request::from_line(line)?, room: HEAD_BYTES_MAX - taken };
        Ok(taken)
    }

    fn on_header(
        &mut self,
        mut request: Request,
        room: usize,
        bytes: &[u8],
        out: &mut Vec<u8>,
    ) -> Result<usize, Refusal> {
        let Some((line, taken)) = first_line(bytes, room)? else {
            self.state = State::Headers { request, room };
            return Ok(0);
        };
        if line.is_empty() {
            return Ok(taken + self.on_body(request, &bytes[taken..], out));
        }
        request.header(line)?;
        self.state = State::Headers { request, room: room - taken };
        Ok(taken)
    }

    fn on_body(&mut self, request: Request, bytes: &[u8], out: &mut Vec<u8>) -> usize {
        let Some(body) = bytes.get(..request.body_bytes()) else {
            self.state = State::Body(request);
            return 0;
        };
        out.extend_from_slice(&request.reply(body));
        self.state = State::RequestLine;
        body.len()
    }

    fn on_refused(&mut self, refusal: Refusal, out: &mut Vec<u8>) {
        out.extend_from_slice(&refusal.reply());
        self.state = State::HungUp { discarded: 0 };
    }

    /// Called when bytes have come that nobody will answer.
    fn on_discarded(&mut self, count: usize) {
        if let State::HungUp { discarded } = &mut self.state {
            *discarded += count;
            if *discarded >= DISCARD_BYTES_MAX {
                self.state = State::Over;
            }
        }
    }
}
