//! As much of HTTP/1.1 as a small server needs: a request's head line by line, its reply, and why it is
//! refused.
//!
//! Nothing here reads: whoever has the bytes hands them over, as a task does with an
//! [`Input`](crate::input::Input), or a callback. What is made of a stream does not hang on how its bytes
//! arrive.
//!
//! A request is a request line, headers up to an empty line, and as many bytes of body as
//! `Content-Length` says. Lines end with a newline, with or without a carriage return before it.
//! Headers but the length are read and passed over; other encodings of a body are refused.

use crate::limits::{BODY_BYTES_MAX, HEAD_BYTES_MAX};
use alloc::{borrow::ToOwned, format, string::String, vec::Vec};
use core::fmt;
use yieldix_syscalls::Errno;

/// What a head has said so far.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// Method and target, with a blank between.
    asked: String,
    body_bytes: Option<usize>,
}

/// Why a request is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The first line is not `METHOD /TARGET HTTP/1.1`.
    BadRequestLine,
    /// A header is not `NAME: VALUE`.
    BadHeader,
    /// The length of the body is no number, or is given twice.
    BadContentLength,
    /// The head has more than [`HEAD_BYTES_MAX`] bytes.
    HeadTooLarge,
    /// The body would have more than [`BODY_BYTES_MAX`] bytes.
    BodyTooLarge,
    /// The body is sent in a way that is not understood.
    UnknownEncoding,
    /// The stream ended before the request did.
    CutShort,
}

/// Why a request that is read has no reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Error {
    /// It is refused.
    Refused(Refusal),
    /// The connection failed.
    Failed(Errno),
}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Error {
        Error::Refused(refusal)
    }
}

impl From<Errno> for Error {
    fn from(errno: Errno) -> Error {
        Error::Failed(errno)
    }
}

/// The first line of `bytes` without its end, and how many bytes it takes with that, or `None` when its
/// end is not there yet.
///
/// `room` is what is left to the head; [`Refusal::HeadTooLarge`] when the line does not fit.
pub fn first_line(bytes: &[u8], room: usize) -> Result<Option<(&[u8], usize)>, Refusal> {
    let newline = bytes[..bytes.len().min(room)].iter().position(|&byte| byte == b'\n');
    let Some(newline) = newline else {
        return if bytes.len() < room { Ok(None) } else { Err(Refusal::HeadTooLarge) };
    };
    let line = &bytes[..newline];
    Ok(Some((line.strip_suffix(b"\r").unwrap_or(line), newline + 1)))
}

impl Request {
    /// From the request line.
    pub fn from_line(line: &[u8]) -> Result<Request, Refusal> {
        let line = str::from_utf8(line).map_err(|_| Refusal::BadRequestLine)?;
        let asked = line.strip_suffix(" HTTP/1.1").ok_or(Refusal::BadRequestLine)?;
        let (method, target) = asked.split_once(' ').ok_or(Refusal::BadRequestLine)?;
        let is_target = target.starts_with('/') && target.bytes().all(|byte| byte.is_ascii_graphic());
        if !is_token(method) || !is_target {
            return Err(Refusal::BadRequestLine);
        }
        Ok(Request { asked: asked.to_owned(), body_bytes: None })
    }

    /// Takes a header.
    pub fn header(&mut self, line: &[u8]) -> Result<(), Refusal> {
        let line = str::from_utf8(line).map_err(|_| Refusal::BadHeader)?;
        let (name, value) = line.split_once(':').ok_or(Refusal::BadHeader)?;
        if !is_token(name) {
            return Err(Refusal::BadHeader);
        }
        if name.eq_ignore_ascii_case("Transfer-Encoding") {
            return Err(Refusal::UnknownEncoding);
        }
        if name.eq_ignore_ascii_case("Content-Length") {
            let body_bytes = length(value.trim_matches([' ', '\t']))?;
            if self.body_bytes.replace(body_bytes).is_some() {
                return Err(Refusal::BadContentLength);
            }
        }
        Ok(())
    }

    /// The length of its body.
    pub fn body_bytes(&self) -> usize {
        self.body_bytes.unwrap_or(0)
    }

    /// The reply: a line that says what was asked, and the body as it came.
    pub fn reply(&self, body: &[u8]) -> Vec<u8> {
        let length = self.asked.len() + 1 + body.len();
        let mut reply = format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n{}\n", self.asked).into_bytes();
        reply.extend_from_slice(body);
        reply
    }
}

impl Refusal {
    /// The reply that says so.
    pub fn reply(self) -> Vec<u8> {
        let status = match self {
            Refusal::HeadTooLarge => "431 Request Header Fields Too Large",
            Refusal::BodyTooLarge => "413 Content Too Large",
            Refusal::UnknownEncoding => "501 Not Implemented",
            _ => "400 Bad Request",
        };
        let text = format!("{self}\n");
        let length = text.len();
        format!("HTTP/1.1 {status}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{text}").into_bytes()
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Refusal::BadRequestLine => f.write_str("bad request line"),
            Refusal::BadHeader => f.write_str("bad header"),
            Refusal::BadContentLength => f.write_str("bad content length"),
            Refusal::HeadTooLarge => write!(f, "head of more than {HEAD_BYTES_MAX} bytes"),
            Refusal::BodyTooLarge => write!(f, "body of more than {BODY_BYTES_MAX} bytes"),
            Refusal::UnknownEncoding => f.write_str("unknown transfer encoding"),
            Refusal::CutShort => f.write_str("request cut short"),
        }
    }
}

/// The value of a `Content-Length`.
fn length(digits: &str) -> Result<usize, Refusal> {
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(Refusal::BadContentLength);
    }
    // A number that does not fit is too large as well.
    digits.parse().ok().filter(|&bytes| bytes <= BODY_BYTES_MAX).ok_or(Refusal::BodyTooLarge)
}

/// Is it a word as methods and names of headers are?
fn is_token(word: &str) -> bool {
    !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(line: &str) -> Option<Refusal> {
        Request::from_line(line.as_bytes()).err()
    }

    /// What a head with these headers is refused for, or the length of its body.
    fn headers(lines: &[&str]) -> Result<usize, Refusal> {
        let mut request = Request::from_line(b"GET / HTTP/1.1").unwrap();
        lines.iter().try_for_each(|line| request.header(line.as_bytes()))?;
        Ok(request.body_bytes())
    }

    #[test]
    fn a_line_ends_with_a_newline_and_a_carriage_return_before_it_is_no_part_of_it() {
        assert_eq!(first_line(b"one\ntwo\n", 100), Ok(Some((&b"one"[..], 4))));
        assert_eq!(first_line(b"one\r\ntwo", 100), Ok(Some((&b"one"[..], 5))));
        assert_eq!(first_line(b"\r\n", 100), Ok(Some((&b""[..], 2))));
        assert_eq!(first_line(b"one\r", 100), Ok(None));
    }

    #[test]
    fn whether_a_line_is_too_long_does_not_hang_on_what_has_come_of_it() {
        assert_eq!(first_line(b"one\n", 4), Ok(Some((&b"one"[..], 4))));
        assert_eq!(first_line(b"one\n", 3), Err(Refusal::HeadTooLarge));
        assert_eq!(first_line(b"one", 3), Err(Refusal::HeadTooLarge));
        assert_eq!(first_line(b"on", 3), Ok(None));
    }

    #[test]
    fn a_request_line_has_a_method_a_target_and_the_version() {
        assert_eq!(refused("GET / HTTP/1.1"), None);
        assert_eq!(refused("M-SEARCH /a?b=c HTTP/1.1"), None);
        let bad = [
            "",
            "GET",
            "GET /",
            "GET / HTTP/1.0",
            "GET x HTTP/1.1",
            " / HTTP/1.1",
            "GET  / HTTP/1.1",
            "GET /a b HTTP/1.1",
            "G(T / HTTP/1.1",
            "GET /\u{e9} HTTP/1.1",
            "GET / HTTP/1.1 ",
        ];
        for line in bad {
            assert_eq!(refused(line), Some(Refusal::BadRequestLine), "{line:?}");
        }
    }

    #[test]
    fn a_header_has_a_name_and_a_colon() {
        assert_eq!(headers(&["Host: x", "X-Empty:", "a:b:c"]), Ok(0));
        for line in ["", "Host", ": x", "Host : x", " folded: x", "caf\u{e9}: x"] {
            assert_eq!(headers(&[line]), Err(Refusal::BadHeader), "{line:?}");
        }
    }

    #[test]
    fn the_body_is_as_long_as_is_said_once() {
        assert_eq!(headers(&["content-LENGTH:\t007 "]), Ok(7));
        for value in ["", "-1", "+1", "1 2", "0x10", "\u{663}"] {
            assert_eq!(headers(&[&format!("Content-Length: {value}")]), Err(Refusal::BadContentLength), "{value:?}");
        }
        assert_eq!(headers(&["Content-Length: 1", "Content-Length: 1"]), Err(Refusal::BadContentLength));
    }

    #[test]
    fn a_body_has_a_greatest_length() {
        let of = |bytes: &dyn fmt::Display| headers(&[&format!("Content-Length: {bytes}")]);
        assert_eq!(of(&BODY_BYTES_MAX), Ok(BODY_BYTES_MAX));
        assert_eq!(of(&(BODY_BYTES_MAX + 1)), Err(Refusal::BodyTooLarge));
        assert_eq!(of(&"9".repeat(100)), Err(Refusal::BodyTooLarge));
    }

    #[test]
    fn an_encoding_is_refused_and_not_guessed() {
        assert_eq!(headers(&["transfer-encoding: chunked"]), Err(Refusal::UnknownEncoding));
    }

    #[test]
    fn a_reply_says_what_was_asked_and_how_long_it_is() {
        let request = Request::from_line(b"PUT /x HTTP/1.1").unwrap();
        assert_eq!(request.reply(b"\xff!"), b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nPUT /x\n\xff!");
        let refusal = b"HTTP/1.1 400 Bad Request\r\nContent-Length: 11\r\nConnection: close\r\n\r\nbad header\n";
        assert_eq!(Refusal::BadHeader.reply(), refusal);
    }
}
