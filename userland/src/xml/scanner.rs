//! The fast parser: looks for the next `<` or `&`, and takes what is between.
//!
//! It takes the place of the course's C extension. Text and names go from the bytes as they arrived
//! right into the event; only what a chunk was cut in, and text with references in it, is copied first.
//! Text is put together and handed on before every start and end.
//!
//! On a document of elements, attributes, text and references it gives the same events as
//! [`Strict`](super::Strict). What it does not do:
//!
//! - Comments, CDATA sections, document types and processing instructions are an error. The XML
//!   declaration is skipped, whatever it says; the document must be UTF-8.
//! - It counts tags and does not compare their names: `<a></b>` passes.
//! - It does not look for characters that XML forbids, nor for `]]>` in text; names may begin with a
//!   digit, and have any character that is not ASCII.
//!
//! So what it accepts may be no XML. It never panics, and its memory is bounded, whatever it is fed.

use super::{CompactString, Error, Event, Fault, Parser, Pieces, add_attribute, reference::resolve};
use crate::limits::{XML_DEPTH, XML_NAME_BYTES, XML_REFERENCE_BYTES, XML_TOKEN_BYTES};
use alloc::{string::String, vec::Vec};
use core::str;
use memchr::{memchr, memchr3};

/// What XML counts as space.
const SPACE: [char; 4] = [' ', '\t', '\n', '\r'];

/// Which bytes may be in a name, as far as the scanner looks: a lookup instead of eight comparisons.
const IN_NAME: [bool; 256] = {
    let mut in_name = [false; 256];
    let mut byte = 0;
    while byte < 256 {
        in_name[byte] =
            byte >= 128 || (byte as u8).is_ascii_alphanumeric() || matches!(byte as u8, b'_' | b'-' | b'.' | b':');
        byte += 1;
    }
    in_name
};

/// A parser that believes that it is fed XML.
#[derive(Debug, Default)]
pub struct Scanner {
    state: State,
    text: Pieces,
    /// What has come of a tag or a reference that a chunk was cut in.
    token: String,
    /// What has come of a character that a chunk was cut in.
    character: Vec<u8>,
    depth: usize,
    has_root: bool,
    /// Where in the document the last tag began.
    tag_at: u64,
    /// Bytes of the document before the next.
    at: u64,
}

/// What the next character belongs to.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
enum State {
    #[default]
    Text,
    /// Text, right after a carriage return: a newline belongs to it.
    AfterReturn,
    /// What is between `<` and `>`, maybe within these quotes.
    Tag { quote: Option<u8> },
    /// What is between `&` and `;`.
    Reference,
}

impl Scanner {
    /// One at the beginning of a document.
    pub fn new() -> Scanner {
        Scanner::default()
    }

    /// The next bytes, which begin with a whole character or are the beginning of one.
    fn checked<E: From<Error>>(
        &mut self,
        bytes: &[u8],
        send: &mut impl FnMut(Event) -> Result<(), E>,
    ) -> Result<(), E> {
        let error = match str::from_utf8(bytes) {
            Ok(text) => return self.scan(text, send),
            Err(error) => error,
        };
        // Looked at again, slowly: once a chunk at most, since the scan ends or only the last bytes are left.
        let valid = bytes.utf8_chunks().next().map_or("", |chunk| chunk.valid());
        self.scan(valid, send)?;
        if error.error_len().is_some() {
            return Err(self.error(Fault::NotUtf8).into());
        }
        self.character.extend_from_slice(&bytes[valid.len()..]);
        Ok(())
    }

    /// The next characters.
    fn scan<E: From<Error>>(&mut self, mut rest: &str, send: &mut impl FnMut(Event) -> Result<(), E>) -> Result<(), E> {
        let end = self.at + rest.len() as u64;
        while !rest.is_empty() {
            rest = match self.state {
                State::Text => self.text(rest, send)?,
                State::AfterReturn => {
                    self.state = State::Text;
                    rest.strip_prefix('\n').unwrap_or(rest)
                }
                State::Tag { quote } => self.tag(quote, rest, send)?,
                State::Reference => self.reference(rest, send)?,
            };
            self.at = end - rest.len() as u64;
        }
        Ok(())
    }

    /// Takes text up to what ends it, and gives what follows.
    fn text<'a, E: From<Error>>(
        &mut self,
        rest: &'a str,
        send: &mut impl FnMut(Event) -> Result<(), E>,
    ) -> Result<&'a str, E> {
        let found = memchr3(b'<', b'&', b'\r', rest.as_bytes());
        let (text, mark) = found.map_or((rest, None), |at| (&rest[..at], Some(rest.as_bytes()[at])));
        if self.depth == 0 && (mark == Some(b'&') || !text.trim_start_matches(SPACE).is_empty()) {
            return Err(self.error(Fault::Malformed("text outside the root")).into());
        }
        match mark {
            _ if self.depth == 0 => {}
            Some(b'<') => self.text.end_with(text, send)?,
            _ => self.text.add(text, send)?,
        }
        self.state = match mark {
            None => return Ok(""),
            Some(b'<') => {
                self.tag_at = self.at + text.len() as u64;
                State::Tag { quote: None }
            }
            Some(b'&') => State::Reference,
            Some(_) => {
                if self.depth > 0 {
                    self.text.add("\n", send)?;
                }
                State::AfterReturn
            }
        };
        Ok(&rest[text.len() + 1..])
    }

    /// Looks for the end of a tag, and acts on it when it is there.
    fn tag<'a, E: From<Error>>(
        &mut self,
        mut quote: Option<u8>,
        rest: &'a str,
        send: &mut impl FnMut(Event) -> Result<(), E>,
    ) -> Result<&'a str, E> {
        if self.token.is_empty() {
            if rest.starts_with('!') {
                return Err(self.error(Fault::Unsupported("comments, CDATA sections and document types")).into());
            }
            // Most tags are but a name.
            let slash = usize::from(rest.starts_with('/'));
            let (name, after) = split_name(&rest[slash..]);
            if let Some(after) = after.strip_prefix('>').filter(|_| name.len() <= XML_NAME_BYTES) {
                self.state = State::Text;
                match slash {
                    0 => self.start(name, "", send)?,
                    _ => self.end(name, "", send)?,
                }
                return Ok(after);
            }
        }
        let mut from = 0;
        loop {
            let bytes = &rest.as_bytes()[from..];
            let found = match quote {
                Some(quote) => memchr(quote, bytes),
                None => memchr3(b'>', b'"', b'\'', bytes),
            };
            let Some(at) = found.map(|at| from + at) else {
                self.keep(rest, XML_TOKEN_BYTES, "tag")?;
                self.state = State::Tag { quote };
                return Ok("");
            };
            quote = match (quote, rest.as_bytes()[at]) {
                (None, b'>') => {
                    self.state = State::Text;
                    self.whole_tag(&rest[..at], send)?;
                    return Ok(&rest[at + 1..]);
                }
                (None, mark) => Some(mark),
                (Some(_), _) => None,
            };
            from = at + 1;
        }
    }

    /// Acts on a tag whose last part is `part`.
    fn whole_tag<E: From<Error>>(
        &mut self,
        part: &str,
        send: &mut impl FnMut(Event) -> Result<(), E>,
    ) -> Result<(), E> {
        if self.token.is_empty() {
            return self.act_on(part, send);
        }
        self.keep(part, XML_TOKEN_BYTES, "tag")?;
        let mut token = core::mem::take(&mut self.token);
        let result = self.act_on(&token, send);
        token.clear();
        self.token = token;
        result
    }

    /// Acts on what stood between `<` and `>`.
    fn act_on<E: From<Error>>(&mut self, tag: &str, send: &mut impl FnMut(Event) -> Result<(), E>) -> Result<(), E> {
        if tag.len() > XML_TOKEN_BYTES {
            Err(self.error(Fault::TooMuch("tag")).into())
        } else if let Some(tag) = tag.strip_prefix('/') {
            let (name, rest) = split_name(tag);
            self.end(name, rest, send)
        } else if let Some(declaration) = tag.strip_prefix('?') {
            self.declaration(declaration).map_err(|fault| self.error(fault).into())
        } else {
            let (name, rest) = split_name(tag);
            self.start(name, rest, send)
        }
    }

    fn declaration(&self, tag: &str) -> Result<(), Fault> {
        let (name, rest) = split_name(tag);
        if self.tag_at == 0 && name == "xml" && rest.starts_with(SPACE) && rest.ends_with('?') {
            return Ok(());
        }
        Err(Fault::Unsupported("processing instructions"))
    }

    fn start<E: From<Error>>(
        &mut self,
        name: &str,
        rest: &str,
        send: &mut impl FnMut(Event) -> Result<(), E>,
    ) -> Result<(), E> {
        let (attributes, is_empty) = rest.strip_suffix('/').map_or((rest, false), |rest| (rest, true));
        let parsed = self.check_start(name).and_then(|()| parse_attributes(attributes));
        let attributes = parsed.map_err(|fault| self.error(fault))?;
        self.has_root = true;
        let name = CompactString::new(name);
        if is_empty {
            send(Event::Start { name: name.clone(), attributes })?;
            return send(Event::End { name });
        }
        self.depth += 1;
        send(Event::Start { name, attributes })
    }

    fn check_start(&self, name: &str) -> Result<(), Fault> {
        match self.depth {
            _ if name.is_empty() => Err(Fault::Malformed("start tag")),
            0 if self.has_root => Err(Fault::Malformed("element after the root")),
            XML_DEPTH => Err(Fault::TooMuch("depth")),
            _ if name.len() > XML_NAME_BYTES => Err(Fault::TooMuch("name")),
            _ => Ok(()),
        }
    }

    fn end<E: From<Error>>(
        &mut self,
        name: &str,
        rest: &str,
        send: &mut impl FnMut(Event) -> Result<(), E>,
    ) -> Result<(), E> {
        if self.depth == 0 || name.is_empty() || !rest.trim_start_matches(SPACE).is_empty() {
            return Err(self.error(Fault::Malformed("end tag")).into());
        }
        self.depth -= 1;
        send(Event::End { name: CompactString::new(name) })
    }

    /// Looks for the end of a reference, and resolves it when it is there.
    fn reference<'a, E: From<Error>>(
        &mut self,
        rest: &'a str,
        send: &mut impl FnMut(Event) -> Result<(), E>,
    ) -> Result<&'a str, E> {
        let Some(at) = memchr(b';', rest.as_bytes()) else {
            self.keep(rest, XML_REFERENCE_BYTES, "reference")?;
            return Ok("");
        };
        self.keep(&rest[..at], XML_REFERENCE_BYTES, "reference")?;
        let character = resolve(&self.token).ok_or_else(|| self.error(Fault::Malformed("reference")))?;
        self.token.clear();
        self.state = State::Text;
        self.text.add(character.encode_utf8(&mut [0; 4]), send)?;
        Ok(&rest[at + 1..])
    }

    /// Keeps a part of a token, unless that gets too long.
    fn keep(&mut self, part: &str, max: usize, what: &'static str) -> Result<(), Error> {
        if self.token.len() + part.len() > max {
            return Err(self.error(Fault::TooMuch(what)));
        }
        self.token.push_str(part);
        Ok(())
    }

    fn error(&self, fault: Fault) -> Error {
        Error { at: self.at, fault }
    }
}

impl Parser for Scanner {
    fn feed<E: From<Error>>(
        &mut self,
        mut bytes: &[u8],
        send: &mut impl FnMut(Event) -> Result<(), E>,
    ) -> Result<(), E> {
        while let Some((&first, rest)) = bytes.split_first().filter(|_| !self.character.is_empty()) {
            let mut whole = core::mem::take(&mut self.character);
            whole.push(first);
            self.checked(&whole, send)?;
            bytes = rest;
        }
        self.checked(bytes, send)
    }

    fn finish<E: From<Error>>(&mut self, _send: &mut impl FnMut(Event) -> Result<(), E>) -> Result<(), E> {
        let is_between = matches!(self.state, State::Text | State::AfterReturn) && self.character.is_empty();
        if self.has_root && self.depth == 0 && is_between {
            return Ok(());
        }
        Err(self.error(Fault::Incomplete).into())
    }
}

/// The name at the beginning of what is in a tag, none if there is none, and what follows it.
fn split_name(tag: &str) -> (&str, &str) {
    tag.split_at(tag.bytes().position(|byte| !IN_NAME[usize::from(byte)]).unwrap_or(tag.len()))
}

/// What a tag says after its name.
fn parse_attributes(mut rest: &str) -> Result<Vec<(CompactString, CompactString)>, Fault> {
    const MALFORMED: Fault = Fault::Malformed("attribute");
    let mut attributes = Vec::new();
    while !rest.is_empty() {
        let trimmed = rest.trim_start_matches(SPACE);
        if trimmed.len() == rest.len() {
            return Err(MALFORMED);
        }
        if trimmed.is_empty() {
            break;
        }
        let (name, after) = split_name(trimmed);
        let value = after.trim_start_matches(SPACE).strip_prefix('=').filter(|_| !name.is_empty()).ok_or(MALFORMED)?;
        let value = value.trim_start_matches(SPACE);
        let quote = if value.starts_with('"') { '"' } else { '\'' };
        let (value, after) = value.strip_prefix(quote).and_then(|value| value.split_once(quote)).ok_or(MALFORMED)?;
        add_attribute(&mut attributes, CompactString::new(name), attribute_value(value)?)?;
        rest = after;
    }
    Ok(attributes)
}

/// With references resolved; a line end or a tab is a space.
fn attribute_value(mut rest: &str) -> Result<CompactString, Fault> {
    let mut value = CompactString::default();
    while let Some(at) = rest.find(['&', '<', '\t', '\n', '\r']) {
        value.push_str(&rest[..at]);
        let (mark, after) = rest[at..].split_at(1);
        rest = match mark {
            "<" => return Err(Fault::Malformed("attribute")),
            "&" => {
                let (name, after) = after.split_once(';').ok_or(Fault::Malformed("reference"))?;
                value.push(resolve(name).ok_or(Fault::Malformed("reference"))?);
                after
            }
            _ => {
                value.push(' ');
                after.strip_prefix('\n').filter(|_| mark == "\r").unwrap_or(after)
            }
        };
    }
    value.push_str(rest);
    Ok(value)
}
