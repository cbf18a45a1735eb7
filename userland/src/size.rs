//! Sizes as people write them: `4096`, `64K`, `30M`.

use core::{fmt, num::ParseIntError, str::FromStr};

/// A number of bytes that was parsed from text: digits, in thousands with `K` behind them, millions with
/// `M`, thousand millions with `G`; small letters are the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size(pub u64);

/// The text is no size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ParseSizeError;

impl fmt::Display for ParseSizeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not a size (such as 4096, 64K or 30M)")
    }
}

impl core::error::Error for ParseSizeError {}

impl FromStr for Size {
    type Err = ParseSizeError;

    fn from_str(text: &str) -> Result<Size, ParseSizeError> {
        let (digits, unit) = match text.as_bytes().last() {
            Some(b'K' | b'k') => (&text[..text.len() - 1], 1_000),
            Some(b'M' | b'm') => (&text[..text.len() - 1], 1_000_000),
            Some(b'G' | b'g') => (&text[..text.len() - 1], 1_000_000_000),
            _ => (text, 1u64),
        };
        let number: Result<u64, ParseIntError> = digits.parse();
        let number = number.ok().filter(|_| !digits.starts_with('+'));
        number.and_then(|number| number.checked_mul(unit)).map(Size).ok_or(ParseSizeError)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_have_a_unit_or_are_bytes() {
        for (text, size) in [
            ("0", 0),
            ("4096", 4096),
            ("64K", 64_000),
            ("30M", 30_000_000),
            ("2G", 2_000_000_000),
            ("20k", 20_000),
            ("1m", 1_000_000),
            ("1g", 1_000_000_000),
        ] {
            assert_eq!(text.parse(), Ok(Size(size)), "{text}");
        }
    }

    #[test]
    fn what_is_no_size_is_refused() {
        for text in ["", "K", "-1", "+1", "1.5M", "1kb", "1KB", "1 K", "20000000000G", "99999999999999999999"] {
            assert_eq!(text.parse::<Size>(), Err(ParseSizeError), "{text}");
        }
    }
}
