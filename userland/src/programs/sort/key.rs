//! What is compared of two lines, and how.

use crate::prelude::*;
use core::cmp::Ordering;

/// The order of lines: by one key after the other, and last by all bytes.
#[derive(Clone, Debug)]
pub(super) struct Order {
    keys: Vec<Key>,
    separator: Option<u8>,
    /// Of lines that are equal by their keys, only the first is written.
    pub(super) is_unique: bool,
    /// They keep the order in which they came.
    is_stable: bool,
    is_reversed: bool,
}

/// A part of a line: from a place to a place behind it.
#[derive(Clone, Debug)]
struct Key {
    start: Place,
    end: Option<Place>,
    manner: Manner,
}

/// A byte of a field, both counted from 0. In the end of a key, `byte` is how many bytes of the field are in it, and 0
/// all of them.
#[derive(Clone, Copy, Debug, Default)]
struct Place {
    field: usize,
    byte: usize,
    /// Blanks before it do not count.
    skips_blanks: bool,
}

/// How parts are compared.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Manner {
    is_numeric: bool,
    is_reversed: bool,
    folds_case: bool,
    /// Only blanks, letters and digits count.
    is_dictionary: bool,
    /// Only what prints counts, unless it is only what is of the dictionary.
    is_printing: bool,
}

impl Manner {
    /// Are bytes compared as they are?
    fn is_plain(self) -> bool {
        !(self.is_numeric || self.folds_case || self.is_dictionary || self.is_printing)
    }

    fn counts(self, byte: u8) -> bool {
        let is_of_dictionary = byte.is_ascii_alphanumeric() || is_blank(byte);
        if self.is_dictionary { is_of_dictionary } else { !self.is_printing || matches!(byte, 0x20..=0x7e) }
    }

    fn compare(self, one: &[u8], other: &[u8]) -> Ordering {
        let order = if self.is_numeric {
            Number::parse(one).cmp(&Number::parse(other))
        } else if self.is_plain() {
            one.cmp(other)
        } else {
            let counting = |bytes| self.counting(bytes);
            counting(one).cmp(counting(other))
        };
        if self.is_reversed { order.reverse() } else { order }
    }

    fn counting(self, bytes: &[u8]) -> impl Iterator<Item = u8> {
        let bytes = bytes.iter().filter(move |&&byte| self.counts(byte));
        bytes.map(move |byte| if self.folds_case { byte.to_ascii_uppercase() } else { *byte })
    }

    /// A number that stands for the beginning of a part: of two that differ, the lower is of the part that comes
    /// first, and of two that are equal nothing is known.
    fn rank(self, part: &[u8]) -> u64 {
        let rank = if self.is_numeric {
            Number::parse(part).rank()
        } else if self.is_plain() {
            leading(part.iter().copied())
        } else {
            leading(self.counting(part))
        };
        if self.is_reversed { !rank } else { rank }
    }
}

/// The first eight bytes as a number, with zeros behind them.
fn leading(bytes: impl Iterator<Item = u8>) -> u64 {
    let mut first = [0; 8];
    first.iter_mut().zip(bytes).for_each(|(place, byte)| *place = byte);
    u64::from_be_bytes(first)
}

const fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t')
}

/// A number as it is written, of any length: blanks, a sign, digits, a fraction. What is none is 0.
#[derive(Clone, Copy, Debug)]
struct Number<'a> {
    is_negative: bool,
    /// Without leading zeros.
    whole: &'a [u8],
    /// Without zeros at its end.
    fraction: &'a [u8],
}

impl<'a> Number<'a> {
    fn parse(text: &'a [u8]) -> Number<'a> {
        let blanks = text.iter().take_while(|&&byte| is_blank(byte)).count();
        let text = &text[blanks..];
        let (is_negative, text) = text.strip_prefix(b"-").map_or((false, text), |rest| (true, rest));
        let digits = |text: &[u8]| text.iter().take_while(|byte| byte.is_ascii_digit()).count();
        let (whole, rest) = text.split_at(digits(text));
        let fraction = rest.strip_prefix(b".").map_or(&rest[..0], |rest| &rest[..digits(rest)]);
        let zeros = whole.iter().take_while(|&&digit| digit == b'0').count();
        let last = fraction.iter().rposition(|&digit| digit != b'0').map_or(0, |last| last + 1);
        let (whole, fraction) = (&whole[zeros..], &fraction[..last]);
        Number { is_negative: is_negative && !(whole.is_empty() && fraction.is_empty()), whole, fraction }
    }

    fn cmp(&self, other: &Number<'_>) -> Ordering {
        let size = |number: &Number<'_>| number.whole.len();
        let by_size = || {
            size(self)
                .cmp(&size(other))
                .then_with(|| self.whole.cmp(other.whole))
                .then_with(|| self.fraction.cmp(other.fraction))
        };
        match (self.is_negative, other.is_negative) {
            (false, false) => by_size(),
            (true, true) => by_size().reverse(),
            (is_less, _) => {
                if is_less {
                    Ordering::Less
                } else {
                    Ordering::Greater
                }
            }
        }
    }

    fn rank(&self) -> u64 {
        const MIDDLE: u64 = 1 << 63;
        const DIGITS: usize = 18;
        let whole = match self.whole.len() {
            0..=DIGITS => self.whole.iter().fold(0, |value, digit| value * 10 + u64::from(digit - b'0')),
            _ => MIDDLE - 1,
        };
        if self.is_negative { MIDDLE - whole } else { MIDDLE + whole }
    }
}

impl Order {
    pub(super) fn parse(given: &Given) -> Result<Order, Misuse> {
        let manner = Manner {
            is_numeric: given.has("-n"),
            is_reversed: given.has("-r"),
            folds_case: given.has("-f"),
            is_dictionary: given.has("-d"),
            is_printing: given.has("-i"),
        };
        let skips_blanks = given.has("-b");
        let mut keys = Vec::new();
        let mut separator = None;
        for (name, value) in given.values() {
            match name {
                "-k" => keys.push(Key::parse(value, manner, skips_blanks)?),
                "-t" => {
                    let given = parse_separator(value)?;
                    if separator.replace(given).is_some_and(|before| before != given) {
                        return Err(Misuse::Wrong("more than one separator".to_owned()));
                    }
                }
                _ => {}
            }
        }
        if keys.is_empty() && (!manner.is_plain() || skips_blanks) {
            let start = Place { skips_blanks, ..Place::default() };
            keys.push(Key { start, end: None, manner });
        }
        if keys.iter().any(|key| key.manner.is_numeric && (key.manner.is_dictionary || key.manner.is_printing)) {
            return Err(Misuse::Wrong("numbers are not compared by dictionary or by what prints".to_owned()));
        }
        Ok(Order {
            keys,
            separator,
            is_unique: given.has("-u"),
            is_stable: given.has("-s"),
            is_reversed: manner.is_reversed,
        })
    }

    /// Which line comes first. Of lines that are equal, the one that came first does.
    pub(super) fn compare(&self, one: &[u8], other: &[u8]) -> Ordering {
        for key in &self.keys {
            let order = key.manner.compare(key.part(one, self.separator), key.part(other, self.separator));
            if order.is_ne() {
                return order;
            }
        }
        if !self.keys.is_empty() && (self.is_stable || self.is_unique) {
            return Ordering::Equal;
        }
        let order = one.cmp(other);
        if self.is_reversed { order.reverse() } else { order }
    }

    /// See [`Manner::rank`], of a whole line.
    pub(super) fn rank(&self, line: &[u8]) -> u64 {
        match self.keys.first() {
            Some(key) => key.manner.rank(key.part(line, self.separator)),
            None => Manner { is_reversed: self.is_reversed, ..Manner::default() }.rank(line),
        }
    }
}

fn parse_separator(text: &str) -> Result<u8, Misuse> {
    match text.as_bytes() {
        &[byte] => Ok(byte),
        b"\\0" => Ok(0),
        _ => Err(Misuse::Wrong("a separator is one byte".to_owned())),
    }
}

impl Key {
    /// `FIELD[.BYTE][OPTIONS][,FIELD[.BYTE][OPTIONS]]`; without options of its own it is compared as all else.
    fn parse(text: &str, manner: Manner, skips_blanks: bool) -> Result<Key, Misuse> {
        let wrong =
            || Misuse::Wrong(format!("key {:?}: not FIELD[.BYTE][bdfinr][,FIELD[.BYTE][bdfinr]]", excerpt(text)));
        let (first, last) = text.split_once(',').map_or((text, None), |(first, last)| (first, Some(last)));
        let (start, start_options) = Place::parse(first).ok_or_else(wrong)?;
        let (end, end_options) = match last.map(|last| Place::parse(last).ok_or_else(wrong)).transpose()? {
            Some((end, options)) => (Some(end), options),
            None => (None, ""),
        };
        let start = Place { field: start.field.checked_sub(1).ok_or_else(wrong)?, ..start };
        let start = match first.contains('.') {
            true => Place { byte: start.byte.checked_sub(1).ok_or_else(wrong)?, ..start },
            false => start,
        };
        let end = match end {
            Some(end) => Some(Place { field: end.field.checked_sub(1).ok_or_else(wrong)?, ..end }),
            None => None,
        };
        let options = [start_options, end_options].concat();
        if options.chars().any(|option| !"bdfinr".contains(option)) {
            return Err(wrong());
        }
        if options.is_empty() {
            let skipping = |place| Place { skips_blanks, ..place };
            return Ok(Key { start: skipping(start), end: end.map(skipping), manner });
        }
        let skipping = |place, options: &str| Place { skips_blanks: options.contains('b'), ..place };
        Ok(Key {
            start: skipping(start, start_options),
            end: end.map(|end| skipping(end, end_options)),
            manner: Manner {
                is_numeric: options.contains('n'),
                is_reversed: options.contains('r'),
                folds_case: options.contains('f'),
                is_dictionary: options.contains('d'),
                is_printing: options.contains('i'),
            },
        })
    }

    fn part<'a>(&self, line: &'a [u8], separator: Option<u8>) -> &'a [u8] {
        let start = self.start.start(line, separator);
        let end = self.end.map_or(line.len(), |end| end.end(line, separator));
        &line[start..end.max(start)]
    }
}

impl Place {
    /// The two numbers as they are written, and the options behind them.
    fn parse(text: &str) -> Option<(Place, &str)> {
        let number = |text: &str| {
            let digits = text.bytes().take_while(u8::is_ascii_digit).count();
            (digits > 0).then(|| text[..digits].parse().unwrap_or(usize::MAX)).map(|number| (number, digits))
        };
        let (field, digits) = number(text)?;
        let rest = &text[digits..];
        let (byte, rest) = match rest.strip_prefix('.') {
            Some(rest) => {
                let (byte, digits) = number(rest)?;
                (byte, &rest[digits..])
            }
            None => (0, rest),
        };
        Some((Place { field, byte, skips_blanks: false }, rest))
    }

    /// Where a key begins.
    fn start(self, line: &[u8], separator: Option<u8>) -> usize {
        let mut at = 0;
        for _ in 0..self.field {
            if at == line.len() {
                break;
            }
            at = past_field(line, at, separator);
            if separator.is_some() && at < line.len() {
                at += 1;
            }
        }
        if self.skips_blanks {
            at = past_blanks(line, at);
        }
        at.saturating_add(self.byte).min(line.len())
    }

    /// Where one ends.
    fn end(self, line: &[u8], separator: Option<u8>) -> usize {
        let mut at = 0;
        let mut fields = if self.byte == 0 { self.field.saturating_add(1) } else { self.field };
        while fields > 0 && at < line.len() {
            fields -= 1;
            at = past_field(line, at, separator);
            if separator.is_some() && at < line.len() && (fields > 0 || self.byte > 0) {
                at += 1;
            }
        }
        if self.byte > 0 {
            if self.skips_blanks {
                at = past_blanks(line, at);
            }
            at = at.saturating_add(self.byte).min(line.len());
        }
        at
    }
}

fn past_blanks(line: &[u8], at: usize) -> usize {
    at + line[at..].iter().take_while(|&&byte| is_blank(byte)).count()
}

/// Behind a field: at its separator, or behind blanks and what follows them.
fn past_field(line: &[u8], at: usize, separator: Option<u8>) -> usize {
    match separator {
        Some(separator) => memchr::memchr(separator, &line[at..]).map_or(line.len(), |length| at + length),
        None => {
            let at = past_blanks(line, at);
            at + line[at..].iter().take_while(|&&byte| !is_blank(byte)).count()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fake_kernel::words;

    fn order(line: &str) -> Order {
        Order::parse(
            &Given::parse(words(line), &["-n", "-r", "-f", "-d", "-i", "-b", "-s", "-u"], &["-k", "-t"]).unwrap(),
        )
        .unwrap()
    }

    #[test]
    fn numbers_are_compared_whatever_their_length() {
        let numbers =
            ["-100000000000000000000", "-2.5", "-1", "-.5", "x", "0.25", " 1", "1.5", "010", "99999999999999999999"];
        let order = order("-n");
        for pair in numbers.windows(2) {
            assert_eq!(order.compare(pair[0].as_bytes(), pair[1].as_bytes()), Ordering::Less, "{pair:?}");
        }
    }

    #[test]
    fn a_rank_never_contradicts_the_comparison() {
        let lines = ["", "a", "a\0", "B", "-3 b", "-3.5", " 12 x", "12.1", "0", "-0", "aaaaaaaab", "aaaaaaaac", "~"];
        for options in ["", "-r", "-n", "-nr", "-f", "-d", "-k2", "-k1n -k2r", "-k1.2,1.3r"] {
            let order = order(options);
            for (one, other) in
                lines.iter().flat_map(|one| lines.iter().map(move |other| (one.as_bytes(), other.as_bytes())))
            {
                let by_rank = order.rank(one).cmp(&order.rank(other));
                assert!(by_rank.is_eq() || by_rank == order.compare(one, other), "{options}: {one:?} {other:?}");
            }
        }
    }
}
