//! Telnet, as a server needs it that has a terminal behind it (RFC 854, 857, 858, 1073).
//!
//! What comes is keys, with commands among them that begin with an IAC; what goes is what a terminal shows, its
//! IACs doubled. The server echoes and never waits for a go-ahead, asks for the size of the peer's window, and
//! refuses whatever else is offered. A peer that knows nothing of telnet has its bytes taken as they are.

use crate::limits::TELNET_OPTION_BYTES;
use alloc::vec::Vec;

/// Bytes that mean something behind an IAC, and options.
mod code {
    pub const IAC: u8 = 255;
    pub const DONT: u8 = 254;
    pub const DO: u8 = 253;
    pub const WONT: u8 = 252;
    pub const WILL: u8 = 251;
    pub const SUBNEGOTIATION: u8 = 250;
    pub const ERASE_LINE: u8 = 248;
    pub const ERASE_CHARACTER: u8 = 247;
    pub const ARE_YOU_THERE: u8 = 246;
    pub const INTERRUPT: u8 = 244;
    pub const BREAK: u8 = 243;
    pub const END_OF_SUBNEGOTIATION: u8 = 240;
    pub const ECHO: u8 = 1;
    pub const SUPPRESS_GO_AHEAD: u8 = 3;
    pub const WINDOW_SIZE: u8 = 31;
}

use code::{DO, DONT, IAC, WILL, WONT};

/// What a server says first: it will echo, needs no go-ahead, and wants to know the size of the window.
pub const GREETING: [u8; 9] = [IAC, WILL, code::ECHO, IAC, WILL, code::SUPPRESS_GO_AHEAD, IAC, DO, code::WINDOW_SIZE];

/// What bytes of a peer came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Received {
    /// What was typed.
    pub typed: Vec<u8>,
    /// What the peer is to be answered.
    pub answer: Vec<u8>,
    /// The size of its window, columns and rows, if it has told one.
    pub size: Option<(u16, u16)>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    #[default]
    Data,
    /// After a carriage return, whose line feed or NUL belongs to it.
    Returned,
    /// After an IAC.
    Command,
    /// After one of WILL, WONT, DO and DONT.
    Option(u8),
    /// In a subnegotiation.
    Subnegotiation,
    /// After an IAC in one.
    SubnegotiationCommand,
}

/// A peer's side of a connection.
#[derive(Debug, Default)]
pub struct Telnet {
    state: State,
    /// What has come of a subnegotiation.
    option: Vec<u8>,
}

impl Telnet {
    /// Takes bytes of the peer.
    pub fn receive(&mut self, bytes: &[u8]) -> Received {
        let mut received = Received::default();
        for &byte in bytes {
            self.state = self.take(byte, &mut received);
        }
        received
    }

    fn take(&mut self, byte: u8, received: &mut Received) -> State {
        match (self.state, byte) {
            (State::Data | State::Returned, IAC) => State::Command,
            (State::Returned, b'\n' | 0) => State::Data,
            (State::Data | State::Returned, byte) => {
                received.typed.push(byte);
                if byte == b'\r' { State::Returned } else { State::Data }
            }
            (State::Command, DO | DONT | WILL | WONT) => State::Option(byte),
            (State::Command, code::SUBNEGOTIATION) => {
                self.option.clear();
                State::Subnegotiation
            }
            (State::Command, command) => {
                match command {
                    IAC => received.typed.push(IAC),
                    // As the keys are that mean the same to a terminal.
                    code::INTERRUPT | code::BREAK => received.typed.push(3),
                    code::ERASE_CHARACTER => received.typed.push(0x7f),
                    code::ERASE_LINE => received.typed.push(0x15),
                    code::ARE_YOU_THERE => received.answer.extend(b"\r\n[yes]\r\n"),
                    _ => {}
                }
                State::Data
            }
            (State::Option(verb), option) => {
                received.answer.extend(answer(verb, option));
                State::Data
            }
            (State::Subnegotiation, IAC) => State::SubnegotiationCommand,
            (State::SubnegotiationCommand, code::END_OF_SUBNEGOTIATION) => {
                if let [code::WINDOW_SIZE, left, right, high, low] = self.option[..] {
                    received.size = Some((u16::from_be_bytes([left, right]), u16::from_be_bytes([high, low])));
                }
                State::Data
            }
            (State::Subnegotiation | State::SubnegotiationCommand, byte) => {
                if self.option.len() < TELNET_OPTION_BYTES {
                    self.option.push(byte);
                }
                State::Subnegotiation
            }
        }
    }
}

/// What an offer or a wish is answered. What the server has said itself needs no answer, and neither does a no.
fn answer(verb: u8, option: u8) -> Vec<u8> {
    match (verb, option) {
        (DO, code::ECHO | code::SUPPRESS_GO_AHEAD) | (WILL, code::WINDOW_SIZE) | (DONT | WONT, _) => Vec::new(),
        (WILL, code::SUPPRESS_GO_AHEAD) => [IAC, DO, option].into(),
        (DO, _) => [IAC, WONT, option].into(),
        _ => [IAC, DONT, option].into(),
    }
}

/// What a terminal shows, as it is sent.
pub fn escaped(shown: &[u8]) -> Vec<u8> {
    let mut sent = Vec::with_capacity(shown.len());
    for piece in shown.split_inclusive(|&byte| byte == IAC) {
        sent.extend_from_slice(piece);
        if piece.ends_with(&[IAC]) {
            sent.push(IAC);
        }
    }
    sent
}

#[cfg(test)]
mod tests {
    use super::*;

    fn received(bytes: &[u8]) -> Received {
        // In any pieces it is the same.
        let whole = Telnet::default().receive(bytes);
        let mut telnet = Telnet::default();
        let mut joined = Received::default();
        for byte in bytes.chunks(1) {
            let more = telnet.receive(byte);
            joined.typed.extend(more.typed);
            joined.answer.extend(more.answer);
            joined.size = more.size.or(joined.size);
        }
        assert_eq!(joined, whole);
        whole
    }

    #[test]
    fn what_is_typed_comes_through_with_one_key_for_the_end_of_a_line() {
        assert_eq!(received(b"ls\r\nls\r\0ls\nl\rs").typed, b"ls\rls\rls\nl\rs");
        assert_eq!(received(&[b'a', IAC, IAC, b'b']).typed, [b'a', IAC, b'b']);
        assert_eq!(received(b"\r\n\n\0").typed, b"\r\n\0");
    }

    #[test]
    fn commands_are_the_keys_that_mean_the_same() {
        let commands = [code::INTERRUPT, code::BREAK, code::ERASE_CHARACTER, code::ERASE_LINE, 241];
        let bytes: Vec<u8> = commands.into_iter().flat_map(|command| [IAC, command]).collect();
        assert_eq!(received(&bytes), Received { typed: [3, 3, 0x7f, 0x15].into(), ..Received::default() });
        assert_eq!(received(&[IAC, code::ARE_YOU_THERE]).answer, b"\r\n[yes]\r\n");
    }

    #[test]
    fn what_was_offered_is_taken_and_all_else_refused() {
        let answered = |verb, option| received(&[IAC, verb, option, b'x']);
        for (verb, option, answer) in [
            (DO, code::ECHO, &[][..]),
            (DO, code::SUPPRESS_GO_AHEAD, &[]),
            (WILL, code::WINDOW_SIZE, &[]),
            (WONT, 24, &[]),
            (DONT, code::ECHO, &[]),
            (WILL, code::SUPPRESS_GO_AHEAD, &[IAC, DO, code::SUPPRESS_GO_AHEAD]),
            (WILL, 24, &[IAC, DONT, 24]),
            (DO, 24, &[IAC, WONT, 24]),
            (WILL, code::ECHO, &[IAC, DONT, code::ECHO]),
        ] {
            assert_eq!(answered(verb, option), Received { typed: b"x".into(), answer: answer.into(), size: None });
        }
    }

    #[test]
    fn the_size_of_the_window_is_told_and_may_have_an_iac_in_it() {
        let told = |size: &[u8]| {
            let bytes = [&[IAC, code::SUBNEGOTIATION][..], size, &[IAC, code::END_OF_SUBNEGOTIATION, b'x']].concat();
            let Received { typed, size, .. } = received(&bytes);
            assert_eq!(typed, b"x");
            size
        };
        assert_eq!(told(&[code::WINDOW_SIZE, 0, 80, 0, 24]), Some((80, 24)));
        assert_eq!(told(&[code::WINDOW_SIZE, 0, IAC, IAC, 1, 0]), Some((255, 256)));
        assert_eq!(told(&[code::WINDOW_SIZE, 0, 80]), None);
        assert_eq!(told(&[24, 0, b'x', b't', b'e', b'r', b'm']), None);
        assert_eq!(told(&[7; 1000]), None);
    }

    #[test]
    fn an_iac_that_is_shown_is_doubled() {
        assert_eq!(escaped(&[b'a', IAC, IAC, b'b']), [b'a', IAC, IAC, IAC, IAC, b'b']);
        assert_eq!(escaped(b""), b"");
    }
}
