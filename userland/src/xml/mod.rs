//! XML as a stream of events, in constant memory.
//!
//! Bytes go in as they arrive, events come out as soon as they are complete, and wherever the bytes
//! were cut makes no difference. There are two parsers of one shape: [`Strict`], which is correct,
//! and [`Scanner`], which is fast and says what it does not check.
//!
//! An event owns its strings, since who gets it may keep it; up to 24 bytes lie in it and are not
//! allocated.

mod reference;
mod scanner;
mod strict;
#[cfg(test)]
mod tests;
mod text;

pub use compact_str::CompactString;
pub use scanner::Scanner;
pub use strict::Strict;
pub use text::Pieces;

use crate::flow::{self, Consumer, Source, consumer};
use alloc::{collections::VecDeque, vec::Vec};
use core::fmt;
use yieldix_syscalls::{Buf, Routine, call, routine};

/// One thing that a document says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// `<name key="value">`, and the first half of `<name/>`.
    Start {
        /// With its prefix, as it is written.
        name: CompactString,
        /// In the order in which they are written.
        attributes: Vec<(CompactString, CompactString)>,
    },
    /// Characters of the innermost element, never none; references are resolved and line ends are
    /// `\n`.
    Text(CompactString),
    /// `</name>`, and the second half of `<name/>`.
    End {
        /// As it started.
        name: CompactString,
    },
}

/// Who makes events of bytes.
///
/// `send` is handed each event as it is complete; an error of its own ends the parsing and is handed
/// on. After an error a parser is of no further use.
pub trait Parser: Send {
    /// Parses the next bytes.
    fn feed<E: From<Error>>(&mut self, bytes: &[u8], send: &mut impl FnMut(Event) -> Result<(), E>) -> Result<(), E>;

    /// Says that there are no more bytes: an error if the document is not complete.
    fn finish<E: From<Error>>(&mut self, send: &mut impl FnMut(Event) -> Result<(), E>) -> Result<(), E>;
}

/// What is wrong with a document, and where.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Error {
    /// Bytes of the document up to the place where it was found.
    pub at: u64,
    /// What it is.
    pub fault: Fault,
}

/// What can be wrong with a document.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Fault {
    /// It is not XML, or not the part of it that the strict parser reads.
    NotXml(rxml::Error),
    /// It is not XML, as far as the scanner looks.
    Malformed(&'static str),
    /// The scanner does not read this.
    Unsupported(&'static str),
    /// An attribute stands twice in an element.
    DuplicateAttribute,
    /// Not UTF-8.
    NotUtf8,
    /// It ends too early.
    Incomplete,
    /// A bound of [`limits`](crate::limits) is passed: this is too long, too deep, or too many.
    TooMuch(&'static str),
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "byte {}: {}", self.at, self.fault)
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Fault::NotXml(error) => error.fmt(f),
            Fault::Malformed(what) => write!(f, "malformed {what}"),
            Fault::Unsupported(what) => write!(f, "{what}: not read by the scanner"),
            Fault::DuplicateAttribute => f.write_str("an attribute twice in an element"),
            Fault::NotUtf8 => f.write_str("not UTF-8"),
            Fault::Incomplete => f.write_str("the document ends too early"),
            Fault::TooMuch(what) => write!(f, "{what} past its bound"),
        }
    }
}

impl core::error::Error for Error {}

impl From<Error> for flow::Error {
    fn from(error: Error) -> flow::Error {
        flow::Error::raise(error)
    }
}

/// A stage that takes a document's bytes and sends its events into `target`.
///
/// Errors: [`Error`], raised, beside what `target` raises.
pub fn parse(mut parser: impl Parser, mut target: impl Consumer<Event>) -> impl Consumer<Buf> {
    consumer!(Buf, {
        while let Some(bytes) = (yield)? {
            parser.feed(&bytes, &mut |event| target.send(event))?;
        }
        parser.finish(&mut |event| target.send(event))?;
        target.close()
    })
}

/// A source of the events of a document, for a task that pulls them. It holds the events of one piece
/// of `bytes` at a time.
pub fn events<P: Parser, S: Source<Buf>>(parser: P, bytes: S) -> Events<P, S> {
    Events { parser, bytes, parsed: VecDeque::new(), has_ended: false, error: None }
}

/// What [`events`] makes.
#[derive(Debug)]
pub struct Events<P, S> {
    parser: P,
    bytes: S,
    parsed: VecDeque<Event>,
    has_ended: bool,
    /// Told once the events before it are.
    error: Option<Error>,
}

impl<P: Parser, S: Source<Buf>> Source<Event> for Events<P, S> {
    fn pull(&mut self) -> impl Routine<Result<Option<Event>, flow::Error>> {
        routine!(move -> Result<Option<Event>, flow::Error> {
            while self.parsed.is_empty() && !self.has_ended {
                let bytes = call!(self.bytes.pull())?;
                let parsed = &mut self.parsed;
                let mut keep = |event| {
                    parsed.push_back(event);
                    Ok::<(), Error>(())
                };
                self.has_ended = bytes.is_none();
                let fed = match bytes {
                    Some(bytes) => self.parser.feed(&bytes, &mut keep),
                    None => self.parser.finish(&mut keep),
                };
                if let Err(error) = fed {
                    (self.has_ended, self.error) = (true, Some(error));
                }
            }
            if let Some(error) = self.error.take_if(|_| self.parsed.is_empty()) {
                return Err(error.into());
            }
            Ok(self.parsed.pop_front())
        })
    }
}

/// The attributes of an element, as they come.
///
/// Looked through from the front: an element has few, and [`XML_ATTRIBUTES`](crate::limits::XML_ATTRIBUTES)
/// at most.
fn add_attribute(
    attributes: &mut Vec<(CompactString, CompactString)>,
    name: CompactString,
    value: CompactString,
) -> Result<(), Fault> {
    if attributes.iter().any(|(other, _)| *other == name) {
        return Err(Fault::DuplicateAttribute);
    }
    if attributes.len() == crate::limits::XML_ATTRIBUTES {
        return Err(Fault::TooMuch("attributes"));
    }
    attributes.push((name, value));
    Ok(())
}
