//! A text that was made when it was opened, to be read as a file: what a moment was like.

use yieldix_syscalls::{Buf, Errno, SeekFrom};

/// Bytes that stay as they are, and where the next read is.
#[derive(Clone, Debug)]
pub struct Text {
    bytes: Buf,
    at: usize,
}

impl Text {
    /// To be read from its beginning.
    pub fn new(bytes: Buf) -> Text {
        Text { bytes, at: 0 }
    }

    /// Its length in bytes.
    pub fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Reads up to `max` bytes; none at the end.
    pub fn read(&mut self, max: usize) -> Buf {
        let mut data = self.bytes.clone();
        data.advance(self.at);
        drop(data.split_off(max));
        self.at += data.len();
        data
    }

    /// Sets where the next read is. `EINVAL` before the beginning.
    pub fn seek(&mut self, to: SeekFrom) -> Result<u64, Errno> {
        let at = match to {
            SeekFrom::Start(at) => Some(at),
            SeekFrom::Current(span) => (self.at as u64).checked_add_signed(span),
            SeekFrom::End(span) => (self.len() as u64).checked_add_signed(span),
        };
        let at = at.filter(|&at| i64::try_from(at).is_ok()).ok_or(Errno::EINVAL)?;
        self.at = usize::try_from(at).map_err(|_| Errno::EINVAL)?;
        Ok(at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_read_from_where_it_was_sought_to_its_end() {
        for len in [10, 500] {
            let bytes: Vec<u8> = (0..len).map(|at| at as u8).collect();
            let mut text = Text::new(Buf::copy_from(&bytes));
            assert_eq!(&*text.read(4), &bytes[..4]);
            assert_eq!(&*text.read(1 << 20), &bytes[4..]);
            assert_eq!(text.read(1), Buf::EMPTY);
            assert_eq!(text.seek(SeekFrom::End(-3)), Ok(len as u64 - 3));
            assert_eq!(&*text.read(9), &bytes[len as usize - 3..]);
            assert_eq!(text.seek(SeekFrom::Current(1)), Ok(len as u64 + 1));
            assert_eq!(text.read(1), Buf::EMPTY);
            assert_eq!(text.seek(SeekFrom::Current(-1 << 40)), Err(Errno::EINVAL));
            assert_eq!(text.seek(SeekFrom::Start(u64::MAX)), Err(Errno::EINVAL));
            assert_eq!(text.seek(SeekFrom::Start(0)), Ok(0));
        }
    }
}
