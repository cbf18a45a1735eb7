//! Bytes that cross the border, one word wide.
//!
//! A trap and its reply are moved at every `yield` and at every level of `call!`, so they are
//! small: bytes travel behind one pointer, and no bytes travel as none. A short message lies right
//! behind that pointer; longer bytes are shared.

use alloc::{boxed::Box, string::String, vec::Vec};
use bytes::{Buf as _, Bytes};
use core::{fmt, ops::Deref};

/// Immutable bytes that a task owns. One word wide; empty ones allocate nothing; a clone of long
/// ones shares.
#[derive(Clone, Default)]
pub struct Buf(Option<Box<Content>>);

#[derive(Clone)]
enum Content {
    Short { len: u8, bytes: [u8; Buf::SHORT_MAX] },
    Long(Bytes),
}

const _: () = assert!(size_of::<Content>() == 88);

impl Buf {
    /// No bytes.
    pub const EMPTY: Buf = Buf(None);

    /// Copied bytes up to which one allocation holds them. More are two allocations, and shared by
    /// clones.
    pub const SHORT_MAX: usize = 86;

    /// A copy of `bytes`.
    pub fn copy_from(bytes: &[u8]) -> Buf {
        match bytes.len() {
            0 => Buf::EMPTY,
            len @ 1..=Buf::SHORT_MAX => {
                let mut content = Box::new(Content::Short { len: len as u8, bytes: [0; Buf::SHORT_MAX] });
                if let Content::Short { bytes: place, .. } = &mut *content {
                    place[..len].copy_from_slice(bytes);
                }
                Buf(Some(content))
            }
            _ => Buf::from(Bytes::copy_from_slice(bytes)),
        }
    }

    /// Becomes a copy of `bytes`, in the same allocation when both are short.
    #[inline]
    pub fn refill(&mut self, bytes: &[u8]) {
        match self.0.as_deref_mut() {
            Some(Content::Short { len, bytes: place }) if (1..=Buf::SHORT_MAX).contains(&bytes.len()) => {
                place[..bytes.len()].copy_from_slice(bytes);
                *len = bytes.len() as u8;
            }
            _ => *self = Buf::copy_from(bytes),
        }
    }

    /// Does it lie in one allocation of its own, which [`refill`](Buf::refill) can use again?
    #[inline]
    pub fn is_short(&self) -> bool {
        matches!(self.0.as_deref(), Some(Content::Short { .. }))
    }

    /// The bytes from `at` on, which this keeps no longer.
    ///
    /// Takes all when `at` is 0, none when it is at or past the end.
    pub fn split_off(&mut self, at: usize) -> Buf {
        if at == 0 {
            return core::mem::take(self);
        }
        match self.0.as_deref_mut() {
            Some(Content::Short { len, bytes }) if at < usize::from(*len) => {
                let rest = Buf::copy_from(&bytes[at..usize::from(*len)]);
                *len = at as u8;
                rest
            }
            Some(Content::Long(bytes)) if at < bytes.len() => Buf::from(bytes.split_off(at)),
            _ => Buf::EMPTY,
        }
    }

    /// Forgets the first `count` bytes, or all when there are fewer.
    pub fn advance(&mut self, count: usize) {
        if count >= self.len() {
            self.0 = None;
            return;
        }
        match self.0.as_deref_mut() {
            Some(Content::Short { len, bytes }) => {
                bytes.copy_within(count..usize::from(*len), 0);
                *len -= count as u8;
            }
            Some(Content::Long(bytes)) => bytes.advance(count),
            None => {}
        }
    }

    /// The bytes as the `bytes` crate has them.
    pub fn into_bytes(self) -> Bytes {
        match self.0.map(|content| *content) {
            None => Bytes::new(),
            Some(Content::Short { len, bytes }) => Bytes::copy_from_slice(&bytes[..usize::from(len)]),
            Some(Content::Long(bytes)) => bytes,
        }
    }
}

impl Deref for Buf {
    type Target = [u8];

    #[inline]
    fn deref(&self) -> &[u8] {
        match self.0.as_deref() {
            None => &[],
            Some(Content::Short { len, bytes }) => &bytes[..usize::from(*len)],
            Some(Content::Long(bytes)) => bytes,
        }
    }
}

impl AsRef<[u8]> for Buf {
    fn as_ref(&self) -> &[u8] {
        self
    }
}

impl From<Bytes> for Buf {
    fn from(bytes: Bytes) -> Buf {
        Buf((!bytes.is_empty()).then(|| Box::new(Content::Long(bytes))))
    }
}

impl From<Vec<u8>> for Buf {
    fn from(bytes: Vec<u8>) -> Buf {
        // One allocation that can be used again costs less than the two of long bytes.
        if bytes.len() <= Buf::SHORT_MAX { Buf::copy_from(&bytes) } else { Bytes::from(bytes).into() }
    }
}

impl From<String> for Buf {
    fn from(text: String) -> Buf {
        text.into_bytes().into()
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
    use alloc::vec;

    /// The same bytes, short or long enough for either way of keeping them.
    fn both(len: usize) -> [(Vec<u8>, Buf); 2] {
        let bytes: Vec<u8> = (0..len).map(|i| i as u8).collect();
        [(bytes.clone(), Buf::copy_from(&bytes)), (bytes.clone(), Buf::from(bytes))]
    }

    #[test]
    fn splitting_keeps_every_byte_in_order() {
        for len in [1, 11, Buf::SHORT_MAX, Buf::SHORT_MAX + 1, 4096] {
            for at in [0, 1, len / 2, len - 1, len, len + 1] {
                for (bytes, mut head) in both(len) {
                    let tail = head.split_off(at);
                    let (before, after) = bytes.split_at(at.min(len));
                    assert_eq!((&*head, &*tail), (before, after), "{len} bytes at {at}");
                    assert_eq!(head.0.is_none(), before.is_empty(), "no bytes are nothing");
                    assert_eq!(tail.0.is_none(), after.is_empty(), "no bytes are nothing");
                    assert_eq!(&*tail.into_bytes(), after);
                }
            }
        }
    }

    #[test]
    fn advancing_forgets_the_first_and_past_the_end_all() {
        for len in [1, 11, Buf::SHORT_MAX, Buf::SHORT_MAX + 1, 4096] {
            for count in [0, 1, len / 2, len - 1, len, len + 1] {
                for (bytes, mut buf) in both(len) {
                    buf.advance(count);
                    assert_eq!(&*buf, &bytes[count.min(len)..], "{len} bytes by {count}");
                    assert_eq!(buf.0.is_none(), count >= len, "no bytes are nothing");
                }
            }
        }
    }

    #[test]
    fn a_clone_keeps_its_bytes_when_the_first_goes_on() {
        for (bytes, mut buf) in both(80) {
            let clone = buf.clone();
            buf.advance(40);
            let _ = buf.split_off(20);
            assert_eq!(&*clone, &*bytes);
        }
    }

    #[test]
    fn refilled_it_holds_the_new_bytes_only() {
        let lens = [0, 1, 11, Buf::SHORT_MAX, Buf::SHORT_MAX + 1, 4096];
        for (before, after) in lens.iter().flat_map(|&before| lens.map(|after| (before, after))) {
            for (_, mut buf) in both(before) {
                let new = vec![7; after];
                buf.refill(&new);
                assert_eq!(&*buf, &*new, "{before} bytes, then {after}");
                assert_eq!(buf.0.is_none(), after == 0, "no bytes are nothing");
            }
        }
    }
}
