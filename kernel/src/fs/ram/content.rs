//! The bytes of one file in memory.
//!
//! They lie in pieces, so that a file that grows is not copied. What was never written is zeros and takes
//! no memory. Invariant: [`Content::bytes`] is what the pieces hold.

use std::collections::BTreeMap;
use yieldix_syscalls::Buf;

/// Bytes of a piece.
const PIECE_BYTES: usize = 64 << 10;

/// The bytes of a file.
#[derive(Debug, Default)]
pub struct Content {
    length: u64,
    /// By their place; what is missing, also at the end of one, is zeros.
    pieces: BTreeMap<u64, Vec<u8>>,
    bytes: u64,
}

impl Content {
    /// How long the file is.
    pub fn len(&self) -> u64 {
        self.length
    }

    /// The memory that it takes: what was written, and zeros before it in the same piece.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Up to `max` bytes from `offset` on; none at the end.
    pub fn read(&self, offset: u64, max: usize) -> Buf {
        let count = self.length.saturating_sub(offset).min(max as u64) as usize;
        if count == 0 {
            return Buf::EMPTY;
        }
        let mut data = vec![0; count];
        for (place, within, at, count) in parts(offset, count) {
            // A piece may end before where the reading begins.
            let Some(held) = self.pieces.get(&place).and_then(|piece| piece.get(within..)) else { continue };
            let there = held.len().min(count);
            data[at..at + there].copy_from_slice(&held[..there]);
        }
        Buf::from(data)
    }

    /// Writes as much of `data` at `offset` as `room` bytes of memory more allow; gives how much.
    pub fn write(&mut self, offset: u64, data: &[u8], room: u64) -> usize {
        let mut left = room;
        let mut written = 0;
        for (place, within, at, count) in parts(offset, data.len()) {
            let before = self.pieces.get(&place).map_or(0, Vec::len);
            let allowed = (before as u64 + left).min((within + count) as u64) as usize;
            if allowed <= within {
                break;
            }
            let count = allowed - within;
            let piece = self.pieces.entry(place).or_default();
            if piece.len() < allowed {
                piece.resize(allowed, 0);
            }
            piece[within..allowed].copy_from_slice(&data[at..at + count]);
            let more = (piece.len() - before) as u64;
            self.bytes += more;
            left -= more;
            written = at + count;
            if written < data.len() && allowed < PIECE_BYTES {
                break;
            }
        }
        if written > 0 {
            self.length = self.length.max(offset + written as u64);
        }
        written
    }

    /// Sets the length: what is beyond is gone, what is added is zeros.
    pub fn set_length(&mut self, length: u64) {
        if length < self.length {
            let (last, within) = (length / PIECE_BYTES as u64, (length % PIECE_BYTES as u64) as usize);
            let mut cut = self.pieces.split_off(&last);
            if let Some(mut piece) = cut.remove(&last) {
                self.bytes -= piece.len().saturating_sub(within) as u64;
                if within > 0 {
                    piece.truncate(within);
                    piece.shrink_to_fit();
                    self.pieces.insert(last, piece);
                }
            }
            self.bytes -= cut.values().map(|piece| piece.len() as u64).sum::<u64>();
        }
        self.length = length;
    }
}

/// The parts of `count` bytes from `offset` on, a piece each: which piece, where in it, where among the
/// bytes, and how many.
fn parts(offset: u64, count: usize) -> impl Iterator<Item = (u64, usize, usize, usize)> {
    let mut at = 0;
    std::iter::from_fn(move || {
        if at == count {
            return None;
        }
        let from = offset + at as u64;
        let within = (from % PIECE_BYTES as u64) as usize;
        let part = (from / PIECE_BYTES as u64, within, at, (count - at).min(PIECE_BYTES - within));
        at += part.3;
        Some(part)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Bytes that a piece's border lies in.
    const BORDER: u64 = PIECE_BYTES as u64 - 3;

    #[test]
    fn bytes_come_back_across_the_border_of_pieces() {
        let mut content = Content::default();
        assert_eq!(content.write(BORDER, b"0123456789", u64::MAX), 10);
        assert_eq!((content.len(), content.bytes()), (BORDER + 10, BORDER + 10));
        assert_eq!(&*content.read(BORDER, 99), b"0123456789");
        assert_eq!(&*content.read(BORDER + 2, 3), b"234");
        assert_eq!(&*content.read(BORDER - 2, 4), b"\0\x0001");
        assert_eq!(content.read(BORDER + 10, 9), Buf::EMPTY);
        assert_eq!(content.read(u64::MAX, 9), Buf::EMPTY);
    }

    #[test]
    fn behind_the_end_of_a_piece_there_are_zeros() {
        let mut content = Content::default();
        assert_eq!(content.write(0, &[1; 100], u64::MAX), 100);
        content.set_length(300);
        for offset in [99, 100, 101, 200, 299] {
            let expected: Vec<u8> = (offset..300).map(|at| u8::from(at < 100)).collect();
            assert_eq!(&*content.read(offset, 999), expected, "from {offset} on");
        }
    }

    #[test]
    fn a_hole_takes_no_memory_and_reads_as_zeros() {
        let mut content = Content::default();
        let far = (1 << 40) + 5;
        assert_eq!(content.write(far, b"x", u64::MAX), 1);
        assert_eq!((content.len(), content.bytes()), (far + 1, 6));
        content.set_length(1 << 50);
        assert_eq!(content.bytes(), 6);
        assert_eq!(&*content.read((1 << 50) - 2, 99), b"\0\0");
        assert_eq!(&*content.read(far - 1, 3), b"\0x\0");
    }

    #[test]
    fn as_much_is_written_as_there_is_room_for() {
        let mut content = Content::default();
        assert_eq!(content.write(0, b"0123456789", 4), 4);
        assert_eq!((content.len(), content.bytes()), (4, 4));
        assert_eq!(content.write(2, b"abcdef", 0), 2, "what is there is written over");
        assert_eq!(&*content.read(0, 99), b"01ab");
        assert_eq!(content.write(9, b"x", 5), 0, "the zeros before it take memory too");
        assert_eq!((content.len(), content.bytes()), (4, 4));
        assert_eq!(content.write(BORDER, &[7; 10], BORDER - 4 + 5), 5);
        assert_eq!((content.len(), content.bytes()), (BORDER + 5, BORDER + 5));
        assert_eq!(content.write(4, b"yz", 0), 2, "a piece that is there has room");
    }

    #[test]
    fn what_is_cut_off_is_given_back_and_does_not_come_again() {
        let mut content = Content::default();
        let whole = vec![7; 3 * PIECE_BYTES];
        content.write(0, &whole, u64::MAX);
        for (length, bytes) in [(2 * PIECE_BYTES + 1, 2 * PIECE_BYTES + 1), (PIECE_BYTES, PIECE_BYTES), (5, 5), (0, 0)]
        {
            content.set_length(length as u64);
            assert_eq!((content.len(), content.bytes()), (length as u64, bytes as u64));
        }
        content.write(0, b"12345", u64::MAX);
        content.set_length(2);
        content.set_length(5);
        assert_eq!((&*content.read(0, 9), content.bytes()), (&b"12\0\0\0"[..], 2));
    }
}
