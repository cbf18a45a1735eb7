//! Durations as people write them: `1`, `0.5`, `20ms`.

use core::{fmt, str::FromStr, time::Duration};

/// A duration that was parsed from text: a decimal number, of seconds unless `ns`, `us`, `ms`,
/// `s`, `m` or `h` follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span(pub Duration);

/// The text is no duration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ParseSpanError {
    /// Not a decimal number without sign.
    NotANumber,
    /// The unit is not known.
    UnknownUnit,
    /// More than 584 years.
    TooLong,
}

impl fmt::Display for ParseSpanError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            ParseSpanError::NotANumber => "not a duration (such as 1, 0.5 or 20ms)",
            ParseSpanError::UnknownUnit => "unknown unit of time (ns, us, ms, s, m, h)",
            ParseSpanError::TooLong => "too long a time",
        })
    }
}

impl core::error::Error for ParseSpanError {}

impl FromStr for Span {
    type Err = ParseSpanError;

    /// Digits beyond the nanosecond are dropped.
    fn from_str(text: &str) -> Result<Span, ParseSpanError> {
        let unit_at = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
        let (number, unit) = text.split_at(unit_at);
        let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
        if (whole.is_empty() && fraction.is_empty()) || fraction.contains('.') {
            return Err(ParseSpanError::NotANumber);
        }
        let unit_nanos: u128 = match unit {
            "ns" => 1,
            "us" => 1_000,
            "ms" => 1_000_000,
            "" | "s" => 1_000_000_000,
            "m" => 60_000_000_000,
            "h" => 3_600_000_000_000,
            _ => return Err(ParseSpanError::UnknownUnit),
        };
        let too_long = ParseSpanError::TooLong;
        let whole: u64 = if whole.is_empty() { 0 } else { whole.parse().map_err(|_| too_long)? };
        let mut nanos = u128::from(whole) * unit_nanos;
        let mut place_nanos = unit_nanos;
        for digit in fraction.bytes() {
            place_nanos /= 10;
            nanos += u128::from(digit - b'0') * place_nanos;
        }
        Ok(Span(Duration::from_nanos(u64::try_from(nanos).map_err(|_| too_long)?)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_alone_is_seconds() {
        assert_eq!("1".parse(), Ok(Span(Duration::from_secs(1))));
        assert_eq!("0.5".parse(), Ok(Span(Duration::from_millis(500))));
        assert_eq!(".25".parse(), Ok(Span(Duration::from_millis(250))));
        assert_eq!("0".parse(), Ok(Span(Duration::ZERO)));
    }

    #[test]
    fn a_unit_scales_it_exactly() {
        assert_eq!("20ms".parse(), Ok(Span(Duration::from_millis(20))));
        assert_eq!("1.5us".parse(), Ok(Span(Duration::from_nanos(1_500))));
        assert_eq!("1.9ns".parse(), Ok(Span(Duration::from_nanos(1))));
        assert_eq!("1.5h".parse(), Ok(Span(Duration::from_secs(5_400))));
    }

    #[test]
    fn what_is_no_duration_is_refused_by_name() {
        for text in ["", ".", "-1", "ms", "1.2.3", "infinity"] {
            assert_eq!(text.parse::<Span>(), Err(ParseSpanError::NotANumber), "{text}");
        }
        assert_eq!("1 s".parse::<Span>(), Err(ParseSpanError::UnknownUnit));
        assert_eq!("3 weeks".parse::<Span>(), Err(ParseSpanError::UnknownUnit));
        for text in ["99999999999999999999999", "18446744073709551615", "6000000h"] {
            assert_eq!(text.parse::<Span>(), Err(ParseSpanError::TooLong), "{text}");
        }
    }
}
