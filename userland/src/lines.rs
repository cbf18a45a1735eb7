//! Bytes of a descriptor, in the pieces in which they come or in lines, without a copy where that can be.
//!
//! After each read the task gives way, so that whoever works through a big file a piece at a time never holds
//! the machine for longer than it works on one.

use crate::limits::PIECE_BYTES;
use alloc::vec::Vec;
use core::mem;
use memchr::{memchr, memrchr};
use yieldix_syscalls::{
    Buf, Errno, Fd, Routine, SeekFrom,
    calls::{read, seek, yield_now},
    routine, trap,
};

/// What comes from a descriptor: [`fill`](ByteLines::fill) reads, and then there are lines to take, or all at once.
///
/// ```
/// # #![feature(coroutines, coroutine_trait)]
/// use yieldix_userland::prelude::*;
///
/// fn longest(mut input: ByteLines) -> impl Routine<Result<usize, Errno>> {
///     routine!(move {
///         let mut longest = 0;
///         while call!(input.fill())? {
///             while let Some(line) = input.take_line() {
///                 longest = longest.max(without_newline(line).len());
///             }
///         }
///         Ok(longest)
///     })
/// }
/// ```
///
/// Unlike [`Lines`](crate::console::Lines), these are bytes, as long as they may be, and have their newline.
#[derive(Debug)]
pub struct ByteLines {
    fd: Fd,
    piece: Buf,
    /// What of the piece was taken.
    taken: usize,
    /// The beginning of a line of which the piece has the end.
    held: Vec<u8>,
    is_held_given: bool,
    has_ended: bool,
    /// How much is read at a time.
    piece_bytes: u32,
}

impl ByteLines {
    /// What comes from `fd`.
    pub const fn new(fd: Fd) -> ByteLines {
        ByteLines {
            fd,
            piece: Buf::EMPTY,
            taken: 0,
            held: Vec::new(),
            is_held_given: false,
            has_ended: false,
            piece_bytes: PIECE_BYTES,
        }
    }

    /// Where it comes from.
    pub const fn fd(&self) -> Fd {
        self.fd
    }

    /// Sets how much is read at a time, [`PIECE_BYTES`] otherwise.
    pub const fn read_at_a_time(&mut self, bytes: u32) {
        self.piece_bytes = bytes;
    }

    /// Reads on; false when nothing is left. Waits as `read` does. Errors: those of `read`.
    ///
    /// What was not taken stays, so that a line may come in any number of pieces.
    pub fn fill(&mut self) -> impl Routine<Result<bool, Errno>> {
        routine!(move {
            if self.has_ended {
                return Ok(false);
            }
            let data = trap!(yield read(self.fd, self.piece_bytes))?;
            trap!(yield yield_now())?;
            Ok(self.put(data))
        })
    }

    /// As if `data` had been read.
    fn put(&mut self, data: Buf) -> bool {
        self.drop_given();
        self.held.extend_from_slice(&self.piece[self.taken..]);
        self.taken = 0;
        self.has_ended = data.is_empty();
        self.piece = data;
        !self.has_ended || !self.held.is_empty()
    }

    fn drop_given(&mut self) {
        if mem::take(&mut self.is_held_given) {
            self.held.clear();
        }
    }

    /// The next line with its newline, if it has been read. At the end, what lacks one is a line too.
    pub fn take_line(&mut self) -> Option<&[u8]> {
        self.take_up_to(memchr)
    }

    /// Is there a line to take?
    pub fn has_line(&self) -> bool {
        let rest = &self.piece[self.taken..];
        let is_held = !self.held.is_empty() && !self.is_held_given;
        memchr(b'\n', rest).is_some() || self.has_ended && (is_held || !rest.is_empty())
    }

    /// As [`take_line`](ByteLines::take_line), but several that lie behind each other, all if it can be.
    pub fn take_lines(&mut self) -> Option<&[u8]> {
        // What is held has to be copied to its end; the others need not be.
        let is_amid_line = !self.held.is_empty() && !self.is_held_given;
        self.take_up_to(if is_amid_line { memchr } else { memrchr })
    }

    /// Takes all up to the newline that `find` finds.
    fn take_up_to(&mut self, find: fn(u8, &[u8]) -> Option<usize>) -> Option<&[u8]> {
        self.drop_given();
        let rest = &self.piece[self.taken..];
        let length = match find(b'\n', rest) {
            Some(newline) => newline + 1,
            None if self.has_ended && !(rest.is_empty() && self.held.is_empty()) => rest.len(),
            None => return None,
        };
        let line = self.taken..self.taken + length;
        self.taken = line.end;
        if self.held.is_empty() {
            return Some(&self.piece[line]);
        }
        self.held.extend_from_slice(&self.piece[line]);
        self.is_held_given = true;
        Some(&self.held)
    }

    /// All that has been read and not taken.
    pub fn take_piece(&mut self) -> Buf {
        self.drop_given();
        let mut piece = mem::take(&mut self.piece);
        piece.advance(mem::take(&mut self.taken));
        if self.held.is_empty() {
            return piece;
        }
        self.held.extend_from_slice(&piece);
        Buf::from(mem::take(&mut self.held))
    }

    /// As [`take_piece`](ByteLines::take_piece), but no more than `max` bytes.
    pub fn take_bytes(&mut self, max: u64) -> Buf {
        let mut piece = self.take_piece();
        let end = (piece.len() as u64).min(max) as usize;
        if end < piece.len() {
            self.piece = piece.split_off(end);
            if end == 0 {
                return Buf::EMPTY;
            }
        }
        piece
    }

    /// Sets a regular file back to behind what was taken, for whoever shares it and reads on; nothing else
    /// can be.
    pub fn give_back(&mut self) -> impl Routine<Result<(), Errno>> {
        routine!(move {
            self.drop_given();
            let untaken = self.held.len() + self.piece.len() - self.taken;
            if untaken == 0 {
                return Ok(());
            }
            match trap!(yield seek(self.fd, SeekFrom::Current(-(untaken as i64)))) {
                Ok(_) | Err(Errno::ESPIPE | Errno::EINVAL) => Ok(()),
                Err(errno) => Err(errno),
            }
        })
    }
}

/// A line without its newline, if it has one.
pub fn without_newline(line: &[u8]) -> &[u8] {
    line.strip_suffix(b"\n").unwrap_or(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The lines of these pieces, as they can be taken after each.
    fn lines(pieces: &[&'static str]) -> Vec<Vec<u8>> {
        let mut input = ByteLines::new(Fd::STDIN);
        let mut lines = Vec::new();
        for piece in pieces.iter().chain(&[""]) {
            input.put(Buf::from(*piece));
            while let Some(line) = input.take_line() {
                lines.push(line.to_vec());
            }
        }
        lines
    }

    #[test]
    fn lines_are_put_together_from_any_pieces() {
        let whole: [&[u8]; 4] = [b"one\n", b"\n", b"two\n", b"three"];
        assert_eq!(lines(&["one\n\ntwo\nthree"]), whole);
        assert_eq!(lines(&["o", "ne", "\n", "\ntw", "o\nthr", "ee"]), whole);
        assert_eq!(lines(&["one\n"]), [b"one\n"]);
        assert!(lines(&[]).is_empty());
    }

    #[test]
    fn what_was_not_taken_as_lines_can_be_taken_as_it_is() {
        let mut input = ByteLines::new(Fd::STDIN);
        input.put(Buf::from("one\ntw"));
        assert_eq!(input.take_line(), Some(&b"one\n"[..]));
        input.put(Buf::from("o\nthree"));
        assert_eq!(&*input.take_piece(), b"two\nthree");
        assert!(!input.put(Buf::EMPTY));
        assert_eq!(input.take_line(), None);
    }
}
