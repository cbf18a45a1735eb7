//! Devices that keep nothing, and so never wait: what is written to them is gone, or refused.

use crate::{hardware::Hardware, limits};
use yieldix_syscalls::{Buf, Errno};

/// Which of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Plain {
    /// A read finds the end.
    Null,
    /// A read gives zeros, and nothing has room there.
    Full,
    /// A read gives zeros.
    Zero,
    /// A read gives what chance has it.
    Random,
}

/// Zeros that all share.
static ZEROS: [u8; limits::PLAIN_READ_BYTES] = [0; limits::PLAIN_READ_BYTES];

impl Plain {
    /// Reads up to `max` bytes.
    pub fn read(self, max: usize, hardware: &mut impl Hardware) -> Result<Buf, Errno> {
        let count = max.min(limits::PLAIN_READ_BYTES);
        match self {
            Plain::Null => Ok(Buf::EMPTY),
            Plain::Full | Plain::Zero => Ok(Buf::from(&ZEROS[..count])),
            Plain::Random => {
                let mut bytes = vec![0; count];
                hardware.entropy(&mut bytes)?;
                Ok(Buf::from(bytes))
            }
        }
    }

    /// Takes what is written: all of it. `ENOSPC` where nothing has room.
    pub fn write(self, data: &Buf) -> Result<usize, Errno> {
        match self {
            Plain::Full if !data.is_empty() => Err(Errno::ENOSPC),
            _ => Ok(data.len()),
        }
    }
}
