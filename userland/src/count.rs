//! Numbers of lines and bytes on command lines: `10`, `4K`, `2MB`.

use core::str::FromStr;

/// A number with an optional unit, as `head -c` takes it: `b` is 512, `K` is 1024 and `kB` is 1000, and so on with
/// `M`, `G`, `T`, `P` and `E`. What is too large is as much as can be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Count(pub u64);

impl FromStr for Count {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Count, &'static str> {
        const WRONG: &str = "not a number of lines or bytes (such as 10, 4K or 2MB)";
        let digits = text.bytes().take_while(u8::is_ascii_digit).count();
        let (number, unit) = text.split_at(digits);
        if number.is_empty() {
            return Err(WRONG);
        }
        // Only digits: it can but be too large.
        let number = number.parse::<u64>().unwrap_or(u64::MAX);
        let factor = match unit.strip_suffix("iB").or_else(|| unit.strip_suffix('B')) {
            _ if unit.is_empty() => 1,
            _ if unit == "b" => 512,
            Some(letter) => power(letter, if unit.ends_with("iB") { 1024 } else { 1000 }).ok_or(WRONG)?,
            None => power(unit, 1024).ok_or(WRONG)?,
        };
        Ok(Count(number.saturating_mul(factor)))
    }
}

fn power(letter: &str, base: u64) -> Option<u64> {
    let exponent = match letter {
        "k" | "K" => 1,
        "m" | "M" => 2,
        "G" => 3,
        "T" => 4,
        "P" => 5,
        "E" => 6,
        _ => return None,
    };
    Some(base.pow(exponent))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_multiply() {
        for (text, count) in [("0", 0), ("12", 12), ("2b", 1024), ("3K", 3072), ("3kB", 3000), ("1MiB", 1 << 20)] {
            assert_eq!(text.parse(), Ok(Count(count)), "{text}");
        }
        assert_eq!("99999999999999999999".parse(), Ok(Count(u64::MAX)));
    }

    #[test]
    fn what_is_no_count_is_refused() {
        for text in ["", "-1", "x", "1x", "1KK", "B", " 1"] {
            assert!(text.parse::<Count>().is_err(), "{text}");
        }
    }
}
