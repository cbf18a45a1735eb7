//! Text that comes in pieces and is handed on as a whole.

use super::{CompactString, Event};
use crate::limits::XML_TEXT_BYTES;
use alloc::string::String;

/// Pieces of text, put together.
///
/// Text of more than [`XML_TEXT_BYTES`] is handed on in parts of just that size, or up to three bytes
/// less, so that no character is cut: the parts do not depend on the pieces.
#[derive(Debug, Default)]
pub struct Pieces(String);

impl Pieces {
    /// Adds a piece; `send` is handed the parts that are full.
    pub fn add<E>(&mut self, mut piece: &str, send: &mut impl FnMut(Event) -> Result<(), E>) -> Result<(), E> {
        while self.0.len() + piece.len() > XML_TEXT_BYTES {
            let (fits, rest) = piece.split_at(piece.floor_char_boundary(XML_TEXT_BYTES - self.0.len()));
            self.0.push_str(fits);
            self.flush(send)?;
            piece = rest;
        }
        self.0.push_str(piece);
        Ok(())
    }

    /// Adds the last piece and hands on all there is: without a copy in between if this is all.
    pub fn end_with<E>(&mut self, piece: &str, send: &mut impl FnMut(Event) -> Result<(), E>) -> Result<(), E> {
        if self.0.is_empty() && piece.len() <= XML_TEXT_BYTES {
            if piece.is_empty() { Ok(()) } else { send(Event::Text(CompactString::new(piece))) }
        } else {
            self.add(piece, send)?;
            self.flush(send)
        }
    }

    /// Hands on what there is, if there is anything.
    pub fn flush<E>(&mut self, send: &mut impl FnMut(Event) -> Result<(), E>) -> Result<(), E> {
        if self.0.is_empty() {
            return Ok(());
        }
        let text = CompactString::new(&self.0);
        self.0.clear();
        send(Event::Text(text))
    }
}
