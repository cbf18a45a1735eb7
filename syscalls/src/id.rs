//! Names of tasks and descriptors: numbers that never mean their successor.
//!
//! Both carry a serial beside a slot, so that a stale one is refused and not taken for whatever
//! was put into its slot since.

use core::{
    cmp::Ordering,
    fmt,
    hash::{Hash, Hasher},
    num::ParseIntError,
    str::FromStr,
};

/// A task's identity: the slot it occupies and a serial number that is never given twice.
///
/// Shown and parsed as the serial, which counts from 1. One that was parsed does not know its
/// slot; the kernel looks the serial up. Two are equal when their serials are.
#[derive(Clone, Copy)]
pub struct Tid(u64);

impl Tid {
    const SLOT_BITS: u32 = 24;
    const SLOT_UNKNOWN: u32 = (1 << Self::SLOT_BITS) - 1;

    /// Slots count from 0 to one less than this; a kernel has use for the highest bit.
    pub const SLOTS: u32 = Self::SLOT_UNKNOWN >> 1;
    /// The highest serial: 40 bits, over a trillion tasks.
    pub const SERIAL_MAX: u64 = (1 << (64 - Self::SLOT_BITS)) - 1;
    /// Nobody: the parent of a first task.
    pub const NONE: Tid = Tid(0);

    /// The id of the task in `slot` that was the `serial`th to be made.
    #[inline(always)]
    pub const fn new(slot: u32, serial: u64) -> Tid {
        Tid(serial << Self::SLOT_BITS | slot as u64)
    }

    /// The id with this serial and no known slot. A serial past [`Tid::SERIAL_MAX`], which no task
    /// has, is taken for that.
    pub const fn from_serial(serial: u64) -> Tid {
        let serial = if serial > Self::SERIAL_MAX { Self::SERIAL_MAX } else { serial };
        Tid::new(Self::SLOT_UNKNOWN, serial)
    }

    /// The slot, unless the id was parsed from text.
    #[inline(always)]
    pub const fn slot(self) -> Option<u32> {
        let slot = self.0 as u32 & Self::SLOT_UNKNOWN;
        if slot == Self::SLOT_UNKNOWN { None } else { Some(slot) }
    }

    /// The slot as an index; past [`Tid::SLOTS`] for an id that was parsed.
    #[inline(always)]
    pub const fn index(self) -> usize {
        self.0 as usize & Self::SLOT_UNKNOWN as usize
    }

    /// What is shown: 1 for the first task of a machine.
    #[inline(always)]
    pub const fn serial(self) -> u64 {
        self.0 >> Self::SLOT_BITS
    }

    /// The serial number above a bit that is 0 when the slot is known: [`Tid::SLOTS`] leaves it free. For
    /// kernels, which compare it with theirs at every turn.
    #[inline(always)]
    pub const fn serial_and_bit(self) -> u64 {
        self.0 >> (Self::SLOT_BITS - 1)
    }

    /// The whole of it in a word: the serial number in the high 40 bits. For kernels, which keep it.
    #[inline(always)]
    pub const fn to_bits(self) -> u64 {
        self.0
    }

    /// Is this nobody?
    #[inline(always)]
    pub const fn is_none(self) -> bool {
        self.serial() == 0
    }
}

impl PartialEq for Tid {
    #[inline(always)]
    fn eq(&self, other: &Tid) -> bool {
        self.serial() == other.serial()
    }
}

impl Eq for Tid {}

impl PartialOrd for Tid {
    fn partial_cmp(&self, other: &Tid) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Tid {
    fn cmp(&self, other: &Tid) -> Ordering {
        self.serial().cmp(&other.serial())
    }
}

impl Hash for Tid {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.serial().hash(state);
    }
}

impl fmt::Display for Tid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.serial(), f)
    }
}

impl fmt::Debug for Tid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Tid({})", self.serial())
    }
}

/// The text is not a task's number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ParseTidError {
    /// Not a decimal number.
    NotANumber(ParseIntError),
    /// Zero, or more than [`Tid::SERIAL_MAX`].
    OutOfRange,
}

impl fmt::Display for ParseTidError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ParseTidError::NotANumber(_) => write!(f, "not a task's number"),
            ParseTidError::OutOfRange => write!(f, "no task can have that number"),
        }
    }
}

impl core::error::Error for ParseTidError {}

impl FromStr for Tid {
    type Err = ParseTidError;

    fn from_str(text: &str) -> Result<Tid, ParseTidError> {
        let serial = text.parse().map_err(ParseTidError::NotANumber)?;
        match serial {
            1..=Tid::SERIAL_MAX => Ok(Tid::from_serial(serial)),
            _ => Err(ParseTidError::OutOfRange),
        }
    }
}

/// A descriptor: a number in the table of one task, of the lowest slot that was free.
///
/// 0, 1 and 2 are standard input, output and error. A number reaches only the table of the task
/// that uses it. Once closed, it is `EBADF` for ever, also when its slot is in use again.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fd {
    slot: u32,
    generation: u32,
}

impl Fd {
    /// Standard input.
    pub const STDIN: Fd = Fd::new(0, 0);
    /// Standard output.
    pub const STDOUT: Fd = Fd::new(1, 0);
    /// Standard error.
    pub const STDERR: Fd = Fd::new(2, 0);

    /// The descriptor of this slot and generation; it need not be open.
    #[inline(always)]
    pub const fn new(slot: u32, generation: u32) -> Fd {
        Fd { slot, generation }
    }

    /// The place in the task's table, which is what is shown.
    #[inline(always)]
    pub const fn slot(self) -> u32 {
        self.slot
    }

    /// How often the slot had been used before; 0 for the standard three.
    #[inline(always)]
    pub const fn generation(self) -> u32 {
        self.generation
    }
}

impl fmt::Display for Fd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.slot, f)
    }
}

impl fmt::Debug for Fd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Fd({}.{})", self.slot, self.generation)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    #[test]
    fn a_tid_is_shown_and_parsed_as_its_serial() {
        let tid = Tid::new(7, 1234);
        assert_eq!(tid.to_string(), "1234");
        let parsed: Tid = "1234".parse().unwrap();
        assert_eq!(parsed, tid);
        assert_eq!(Tid::from_serial(Tid::SERIAL_MAX + 2).serial(), Tid::SERIAL_MAX);
        assert_eq!(parsed.slot(), None);
        assert_eq!(tid.slot(), Some(7));
    }

    #[test]
    fn text_that_is_no_tid_is_refused_by_name() {
        let error = "-1".parse::<Tid>().unwrap_err();
        assert!(matches!(error, ParseTidError::NotANumber(_)));
        assert_eq!(error.to_string(), "not a task's number");
        assert_eq!("0".parse::<Tid>(), Err(ParseTidError::OutOfRange));
        assert_eq!((Tid::SERIAL_MAX + 1).to_string().parse::<Tid>(), Err(ParseTidError::OutOfRange));
    }
}
