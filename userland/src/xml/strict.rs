//! The correct parser: `rxml`, with positions, bounds and whole tags.
//!
//! What `rxml` leaves out is an error here too: document types and their entities, processing
//! instructions, and encodings other than UTF-8. A carriage return without a newline in an attribute is an
//! error or is lost, where it should be a space. Comments are skipped. Namespaces are not resolved, as in SAX
//! unless it is asked to: names keep their prefixes.

use super::{CompactString, Error, Event, Fault, Parser, Pieces, add_attribute};
use crate::limits::{XML_DEPTH, XML_NAME_BYTES, XML_TOKEN_BYTES};
use alloc::vec::Vec;
use rxml::{Options, Parse, RawEvent, RawParser, RawQName, WithOptions, error::EndOrError, parser::CommentMode};

/// A parser that accepts XML and nothing else.
#[derive(Debug)]
pub struct Strict {
    parser: RawParser,
    /// Bytes of the document before the next.
    at: u64,
    /// The element whose tag is being read.
    name: CompactString,
    attributes: Vec<(CompactString, CompactString)>,
    /// How long that tag is so far, names and values.
    tag_bytes: usize,
    /// The names of the elements that are open.
    open: Vec<CompactString>,
    /// Text is put together here, unless it is handed on in the pieces in which it is found.
    pieces: Option<Pieces>,
}

impl Strict {
    /// One that hands text on in the pieces in which it is found: one ends before each reference.
    pub fn piecewise() -> Strict {
        let options =
            Options { max_token_length: XML_TOKEN_BYTES, comments: CommentMode::Discard, ..Options::default() };
        Strict {
            parser: RawParser::with_options(options),
            at: 0,
            name: CompactString::default(),
            attributes: Vec::new(),
            tag_bytes: 0,
            open: Vec::new(),
            pieces: None,
        }
    }

    /// One that puts text together, up to [`XML_TEXT_BYTES`](crate::limits::XML_TEXT_BYTES).
    pub fn coalescing() -> Strict {
        Strict { pieces: Some(Pieces::default()), ..Strict::piecewise() }
    }

    /// Parses until it wants more.
    fn parse<E: From<Error>>(
        &mut self,
        mut bytes: &[u8],
        is_end: bool,
        send: &mut impl FnMut(Event) -> Result<(), E>,
    ) -> Result<(), E> {
        let end = self.at + bytes.len() as u64;
        loop {
            let parsed = self.parser.parse(&mut bytes, is_end);
            self.at = end - bytes.len() as u64;
            match parsed {
                Ok(Some(event)) => self.take(event, send)?,
                Ok(None) | Err(EndOrError::NeedMoreData) => return Ok(()),
                Err(EndOrError::Error(rxml::Error::InvalidEof(_))) => return Err(self.error(Fault::Incomplete).into()),
                Err(EndOrError::Error(error)) => return Err(self.error(Fault::NotXml(error)).into()),
            }
        }
    }

    /// Makes an event of what `rxml` tells in several.
    fn take<E: From<Error>>(
        &mut self,
        event: RawEvent,
        send: &mut impl FnMut(Event) -> Result<(), E>,
    ) -> Result<(), E> {
        match event {
            RawEvent::XmlDeclaration(..) => Ok(()),
            RawEvent::ElementHeadOpen(_, name) => {
                self.name = qualified(name);
                self.tag_bytes = self.name.len();
                if self.name.len() > XML_NAME_BYTES {
                    return Err(self.error(Fault::TooMuch("name")).into());
                }
                Ok(())
            }
            RawEvent::Attribute(_, name, value) => {
                let name = qualified(name);
                self.tag_bytes += name.len() + value.len();
                if self.tag_bytes > XML_TOKEN_BYTES {
                    return Err(self.error(Fault::TooMuch("tag")).into());
                }
                add_attribute(&mut self.attributes, name, value.into()).map_err(|fault| self.error(fault).into())
            }
            RawEvent::ElementHeadClose(_) => {
                if self.open.len() == XML_DEPTH {
                    return Err(self.error(Fault::TooMuch("depth")).into());
                }
                self.flush(send)?;
                let name = core::mem::take(&mut self.name);
                self.open.push(name.clone());
                send(Event::Start { name, attributes: core::mem::take(&mut self.attributes) })
            }
            RawEvent::Text(_, text) => match &mut self.pieces {
                Some(pieces) => pieces.add(&text, send),
                None => send(Event::Text(text.into())),
            },
            RawEvent::ElementFoot(_) => {
                self.flush(send)?;
                match self.open.pop() {
                    Some(name) => send(Event::End { name }),
                    None => Err(self.error(Fault::Malformed("end tag")).into()),
                }
            }
        }
    }

    fn flush<E>(&mut self, send: &mut impl FnMut(Event) -> Result<(), E>) -> Result<(), E> {
        self.pieces.as_mut().map_or(Ok(()), |pieces| pieces.flush(send))
    }

    fn error(&self, fault: Fault) -> Error {
        Error { at: self.at, fault }
    }
}

impl Parser for Strict {
    fn feed<E: From<Error>>(&mut self, bytes: &[u8], send: &mut impl FnMut(Event) -> Result<(), E>) -> Result<(), E> {
        self.parse(bytes, false, send)
    }

    fn finish<E: From<Error>>(&mut self, send: &mut impl FnMut(Event) -> Result<(), E>) -> Result<(), E> {
        self.parse(&[], true, send)
    }
}

/// The name as it was written.
fn qualified((prefix, name): RawQName) -> CompactString {
    let Some(prefix) = prefix else { return name.into() };
    let mut whole = CompactString::from(prefix);
    whole.push(':');
    whole.push_str(&name);
    whole
}
