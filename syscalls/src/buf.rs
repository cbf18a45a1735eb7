//! Bytes that cross the border, one word wide.
//!
//! A trap and its reply are moved at every `yield` and at every level of `call!`, so they are
//! small: bytes travel behind one pointer, and no bytes travel as none.

use alloc::{boxed::Box, string::String, vec::Vec};
use bytes::Bytes;
use core::{fmt, ops::Deref};

/// Immutable bytes that a task owns. One word wide; empty ones allocate nothing; a clone shares.
#[derive(Clone, Default)]
pub struct Buf(Option<Box<Bytes>>);

impl Buf {
    /// No bytes.
    pub const EMPTY: Buf = Buf(None);

    /// A copy of `bytes`.
    pub fn copy_from(bytes: &[u8]) -> Buf {
        Buf::from(Bytes::copy_from_slice(bytes))
    }

    /// The bytes from `at` on, which this keeps no longer.
    ///
    /// Takes all when `at` is 0, none when it is at or past the end.
    pub fn split_off(&mut self, at: usize) -> Buf {
        match &mut self.0 {
            Some(bytes) if at < bytes.len() => {
                let rest = bytes.split_off(at);
                if at == 0 {
                    self.0 = None;
                }
                Buf::from(rest)
            }
            _ => Buf::EMPTY,
        }
    }

    /// Forgets the first `count` bytes, or all when there are fewer.
    pub fn advance(&mut self, count: usize) {
        *self = self.split_off(count);
    }

    /// The bytes as the `bytes` crate has them.
    pub fn into_bytes(self) -> Bytes {
        self.0.map_or_else(Bytes::new, |bytes| *bytes)
    }
}

impl Deref for Buf {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        self.0.as_deref().map_or(&[], |bytes| bytes)
    }
}

impl AsRef<[u8]> for Buf {
    fn as_ref(&self) -> &[u8] {
        self
    }
}

impl From<Bytes> for Buf {
    fn from(bytes: Bytes) -> Buf {
        Buf((!bytes.is_empty()).then(|| Box::new(bytes)))
    }
}

impl From<Vec<u8>> for Buf {
    fn from(bytes: Vec<u8>) -> Buf {
        Bytes::from(bytes).into()
    }
}

impl From<String> for Buf {
    fn from(text: String) -> Buf {
        Bytes::from(text).into()
    }
}

impl From<&'static str> for Buf {
    fn from(text: &'static str) -> Buf {
        Bytes::from_static(text.as_bytes()).into()
    }
}

impl From<&'static [u8]> for Buf {
    fn from(bytes: &'static [u8]) -> Buf {
        Bytes::from_static(bytes).into()
    }
}

impl<const N: usize> From<&'static [u8; N]> for Buf {
    fn from(bytes: &'static [u8; N]) -> Buf {
        Bytes::from_static(bytes).into()
    }
}

impl PartialEq for Buf {
    fn eq(&self, other: &Buf) -> bool {
        **self == **other
    }
}

impl Eq for Buf {}

impl fmt::Debug for Buf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\"", self.escape_ascii())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn splitting_keeps_every_byte_in_order() {
        let mut head = Buf::from("hello world");
        let tail = head.split_off(5);
        assert_eq!(&*head, b"hello");
        assert_eq!(&*tail, b" world");
        assert!(head.split_off(5).is_empty());
        assert_eq!(&*head.split_off(0), b"hello");
        assert!(head.is_empty());
    }

    #[test]
    fn advancing_past_the_end_leaves_nothing() {
        let mut buf = Buf::from("abc");
        buf.advance(1);
        assert_eq!(&*buf, b"bc");
        buf.advance(9);
        assert!(buf.is_empty());
    }
}
