//! Numbers with a fraction, as C's `long double` of x86 has them, printed digit by digit.
//!
//! `printf` and `seq` of Debian compute with its 64 bits of mantissa, so what they print of `0.1` to 30 digits is not
//! 0.1. A number is read to the nearest of those, and printed exactly, rounded to even.

use alloc::{collections::VecDeque, string::String, vec, vec::Vec};
use core::{cmp::Ordering, iter::repeat_n};

/// Digits before and behind the point past which a number is infinite, or 0.
const EXPONENT_MAX: i64 = 4950;

/// The same of twos.
const POWER_MAX: i64 = 16_384;

/// `mantissa * 2^exponent`, or one without an end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Decimal {
    /// Is it below 0? 0 has a sign, too.
    pub is_negative: bool,
    size: Size,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Size {
    Finite { mantissa: u64, exponent: i64 },
    Infinite,
    NotANumber,
}

/// A natural number of any size, its lowest digits first.
#[derive(Clone, Debug)]
struct Natural(Vec<u32>);

impl Natural {
    fn multiply_add(&mut self, factor: u32, more: u32) {
        let mut carry = u64::from(more);
        for digit in &mut self.0 {
            let value = u64::from(*digit) * u64::from(factor) + carry;
            *digit = value as u32;
            carry = value >> 32;
        }
        if carry > 0 {
            self.0.push(carry as u32);
        }
    }

    /// Divides it, and gives the rest.
    fn divide(&mut self, divisor: u32) -> u32 {
        let mut rest = 0;
        for digit in self.0.iter_mut().rev() {
            let value = rest << 32 | u64::from(*digit);
            *digit = (value / u64::from(divisor)) as u32;
            rest = value % u64::from(divisor);
        }
        self.trim();
        rest as u32
    }

    fn trim(&mut self) {
        while self.0.last() == Some(&0) {
            self.0.pop();
        }
    }

    fn cmp(&self, other: &Natural) -> Ordering {
        let by_length = self.0.len().cmp(&other.0.len());
        by_length.then_with(|| self.0.iter().rev().cmp(other.0.iter().rev()))
    }

    fn subtract(&mut self, other: &Natural) {
        let mut borrow = 0;
        for (index, digit) in self.0.iter_mut().enumerate() {
            let value = i64::from(*digit) - i64::from(other.0.get(index).copied().unwrap_or(0)) - borrow;
            borrow = i64::from(value < 0);
            *digit = value as u32;
        }
        self.trim();
    }

    fn power(base: u32, exponent: u32) -> Natural {
        let mut power = Natural(vec![1]);
        (0..exponent).for_each(|_| power.multiply_add(base, 0));
        power
    }
}

impl Decimal {
    /// The number that `text` begins with, and how long it is there: blanks, a sign, digits with a point, an exponent;
    /// or `inf`, `nan`. `None` when it begins with none.
    pub fn parse(text: &str) -> Option<(Decimal, usize)> {
        let bytes = text.as_bytes();
        let mut at = bytes.iter().take_while(|byte| matches!(byte, b' ' | 9..=13)).count();
        let is_negative = bytes.get(at) == Some(&b'-');
        at += usize::from(matches!(bytes.get(at), Some(b'-' | b'+')));
        let rest = &bytes[at..];
        for (name, size) in [("infinity", Size::Infinite), ("inf", Size::Infinite), ("nan", Size::NotANumber)] {
            if rest.get(..name.len()).is_some_and(|word| word.eq_ignore_ascii_case(name.as_bytes())) {
                return Some((Decimal { is_negative, size }, at + name.len()));
            }
        }
        if let Some((size, length)) = Size::parse_hexadecimal(rest) {
            return Some((Decimal { is_negative, size }, at + length));
        }
        let mut natural = Natural(Vec::new());
        let (mut digits, mut behind_point, mut has_point) = (0, 0, false);
        let mut length = 0;
        for &byte in rest {
            match byte {
                b'0'..=b'9' => {
                    natural.multiply_add(10, u32::from(byte - b'0'));
                    digits += 1;
                    behind_point += i64::from(has_point);
                }
                b'.' if !has_point => has_point = true,
                _ => break,
            }
            length += 1;
        }
        if digits == 0 {
            return None;
        }
        let (exponent, exponent_length) = parse_exponent(&rest[length..], b'e');
        let size = Size::nearest(natural, exponent.saturating_sub(behind_point));
        Some((Decimal { is_negative, size }, at + length + exponent_length))
    }

    /// A whole number.
    pub fn whole(value: i128) -> Decimal {
        let mut natural = Natural((0..4).map(|digit| (value.unsigned_abs() >> (32 * digit)) as u32).collect());
        natural.trim();
        Decimal { is_negative: value < 0, size: Size::nearest(natural, 0) }
    }

    /// Is it no number, or without an end? The words for that.
    pub fn word(self) -> Option<&'static str> {
        match self.size {
            Size::Finite { .. } => None,
            Size::Infinite => Some("inf"),
            Size::NotANumber => Some("nan"),
        }
    }

    /// All its digits without the sign, highest first, and how many of them are behind the point.
    fn digits(self) -> (VecDeque<u8>, usize) {
        let Size::Finite { mantissa, exponent } = self.size else { return (VecDeque::new(), 0) };
        let mut natural = Natural(vec![mantissa as u32, (mantissa >> 32) as u32]);
        natural.trim();
        // A half is five tenths.
        let factor = if exponent < 0 { 5 } else { 2 };
        (0..exponent.unsigned_abs()).for_each(|_| natural.multiply_add(factor, 0));
        let behind_point = if exponent < 0 { exponent.unsigned_abs() as usize } else { 0 };
        let mut digits = VecDeque::new();
        while !natural.0.is_empty() {
            let mut nine = natural.divide(1_000_000_000);
            for _ in 0..9 {
                digits.push_front(b'0' + (nine % 10) as u8);
                nine /= 10;
            }
        }
        while digits.len() <= behind_point {
            digits.push_front(b'0');
        }
        while digits.len() > behind_point + 1 && digits[0] == b'0' {
            digits.pop_front();
        }
        (digits, behind_point)
    }

    /// `%f`: so many digits behind the point, without the sign.
    pub fn fixed(self, precision: usize, has_point: bool) -> String {
        let (mut digits, behind_point) = self.digits();
        let whole = digits.len() - behind_point;
        let is_carried = round(&mut digits, whole + precision);
        let whole = whole + usize::from(is_carried);
        point(digits, whole, precision, has_point)
    }

    /// `%e`: one digit before the point.
    pub fn scientific(self, precision: usize, has_point: bool) -> String {
        let (digits, exponent) = self.significant(precision + 1);
        let sign = if exponent < 0 { '-' } else { '+' };
        alloc::format!("{}e{sign}{:02}", point(digits, 1, precision, has_point), exponent.unsigned_abs())
    }

    /// `%g`: the shorter of both, of so many digits in all; zeros at the end are left out unless they are to be kept.
    pub fn general(self, precision: usize, keeps_zeros: bool) -> String {
        let precision = precision.max(1);
        let (_, exponent) = self.significant(precision);
        let is_fixed = (-4..precision as i64).contains(&exponent);
        let text = match is_fixed {
            true => self.fixed((precision as i64 - 1 - exponent) as usize, keeps_zeros),
            false => self.scientific(precision - 1, keeps_zeros),
        };
        let (number, rest) = text.find('e').map_or((text.as_str(), ""), |at| text.split_at(at));
        if keeps_zeros || !number.contains('.') {
            return text;
        }
        alloc::format!("{}{rest}", number.trim_end_matches('0').trim_end_matches('.'))
    }

    /// So many digits from the first that is not 0, and the power of ten of that.
    fn significant(self, count: usize) -> (VecDeque<u8>, i64) {
        let (mut digits, behind_point) = self.digits();
        let mut exponent = (digits.len() - behind_point) as i64 - 1;
        if digits.iter().all(|&digit| digit == b'0') {
            return (repeat_n(b'0', count).collect(), 0);
        }
        while digits.front() == Some(&b'0') {
            digits.pop_front();
            exponent -= 1;
        }
        if round(&mut digits, count) {
            digits.pop_back();
            exponent += 1;
        }
        (digits, exponent)
    }
}

/// The exponent that `text` begins with, behind this letter, and how long it is there.
fn parse_exponent(text: &[u8], letter: u8) -> (i64, usize) {
    if text.first().is_none_or(|first| first.to_ascii_lowercase() != letter) {
        return (0, 0);
    }
    let signed = usize::from(matches!(text.get(1), Some(b'-' | b'+')));
    let digits = text[1 + signed..].iter().take_while(|byte| byte.is_ascii_digit());
    let (value, count) = digits.fold((0i64, 0), |(value, count), digit| {
        (value.saturating_mul(10).saturating_add(i64::from(digit - b'0')), count + 1)
    });
    match count {
        0 => (0, 0),
        _ if text[1] == b'-' => (-value, 1 + signed + count),
        _ => (value, 1 + signed + count),
    }
}

impl Size {
    /// `0x1.8p3`, and how long it is; `None` for what is not written so.
    fn parse_hexadecimal(text: &[u8]) -> Option<(Size, usize)> {
        let digits = text.strip_prefix(b"0x").or_else(|| text.strip_prefix(b"0X"))?;
        let mut natural = Natural(Vec::new());
        let (mut count, mut behind_point, mut has_point, mut length) = (0, 0, false, 0);
        for &byte in digits {
            match char::from(byte).to_digit(16) {
                Some(digit) => {
                    natural.multiply_add(16, digit);
                    count += 1;
                    behind_point += i64::from(has_point);
                }
                None if byte == b'.' && !has_point => has_point = true,
                None => break,
            }
            length += 1;
        }
        if count == 0 {
            return None;
        }
        let (power, power_length) = parse_exponent(&digits[length..], b'p');
        let size = match Size::nearest(natural, 0) {
            Size::Finite { mantissa, exponent } if mantissa > 0 => {
                let exponent = exponent.saturating_add(power).saturating_sub(4 * behind_point);
                match exponent {
                    _ if exponent < -POWER_MAX => Size::Finite { mantissa: 0, exponent: 0 },
                    _ if exponent > POWER_MAX => Size::Infinite,
                    _ => Size::Finite { mantissa, exponent },
                }
            }
            size => size,
        };
        Some((size, 2 + length + power_length))
    }

    /// The nearest to `natural * 10^exponent`; of two, the even one.
    fn nearest(mut natural: Natural, exponent: i64) -> Size {
        natural.trim();
        let digits = natural.0.len() as i64 * 10;
        if natural.0.is_empty() || exponent + digits < -EXPONENT_MAX {
            return Size::Finite { mantissa: 0, exponent: 0 };
        }
        if exponent > EXPONENT_MAX {
            return Size::Infinite;
        }
        let mut divisor = Natural(vec![1]);
        if exponent < 0 {
            divisor = Natural::power(10, exponent.unsigned_abs() as u32);
        } else {
            (0..exponent).for_each(|_| natural.multiply_add(10, 0));
        }
        // Brought to 1 <= natural / divisor < 2.
        let mut power = 0;
        while natural.cmp(&divisor).is_lt() {
            natural.multiply_add(2, 0);
            power -= 1;
        }
        loop {
            let mut double = divisor.clone();
            double.multiply_add(2, 0);
            if natural.cmp(&double).is_lt() {
                break;
            }
            divisor = double;
            power += 1;
        }
        let mut mantissa = 0u64;
        for _ in 0..u64::BITS {
            mantissa <<= 1;
            if natural.cmp(&divisor).is_ge() {
                natural.subtract(&divisor);
                mantissa |= 1;
            }
            natural.multiply_add(2, 0);
        }
        let exponent = power - i64::from(u64::BITS - 1);
        let is_up = match natural.cmp(&divisor) {
            Ordering::Less => false,
            Ordering::Equal => mantissa & 1 == 1,
            Ordering::Greater => true,
        };
        match mantissa.checked_add(u64::from(is_up)) {
            Some(mantissa) => {
                let zeros = mantissa.trailing_zeros();
                Size::Finite { mantissa: mantissa >> zeros, exponent: exponent + i64::from(zeros) }
            }
            None => Size::Finite { mantissa: 1, exponent: exponent + i64::from(u64::BITS) },
        }
    }
}

/// Leaves so many digits, rounded to even, with zeros where there were fewer; is there one more in front?
fn round(digits: &mut VecDeque<u8>, count: usize) -> bool {
    let rest = digits.split_off(count.min(digits.len()));
    digits.extend(repeat_n(b'0', count - digits.len()));
    let is_odd = digits.back().is_some_and(|digit| digit % 2 == 1);
    let is_up = match rest.front() {
        Some(b'5') => is_odd || rest.iter().skip(1).any(|&digit| digit != b'0'),
        Some(digit) => *digit > b'5',
        None => false,
    };
    if !is_up {
        return false;
    }
    for digit in digits.iter_mut().rev() {
        if *digit < b'9' {
            *digit += 1;
            return false;
        }
        *digit = b'0';
    }
    digits.push_front(b'1');
    true
}

fn point(digits: VecDeque<u8>, whole: usize, precision: usize, has_point: bool) -> String {
    let mut text: String = digits.into_iter().map(char::from).collect();
    if precision > 0 || has_point {
        text.insert(whole, '.');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decimal(text: &str) -> Decimal {
        let (decimal, length) = Decimal::parse(text).unwrap();
        assert_eq!(length, text.len());
        decimal
    }

    #[test]
    fn a_tenth_has_as_many_digits_as_long_double_has() {
        assert_eq!(decimal("0.1").fixed(30, false), "0.100000000000000000001355252716");
        assert_eq!(decimal("1e25").fixed(1, false), "10000000000000000000000000.0");
    }

    #[test]
    fn numbers_are_rounded_to_even_and_carry() {
        for (text, precision, fixed) in [
            ("0.5", 0, "0"),
            ("1.5", 0, "2"),
            ("2.5", 0, "2"),
            ("0.125", 2, "0.12"),
            ("99.96", 1, "100.0"),
            ("0", 2, "0.00"),
        ] {
            assert_eq!(decimal(text).fixed(precision, false), fixed, "{text}");
        }
        assert_eq!(decimal("9.96e-5").scientific(1, false), "1.0e-04");
        assert_eq!(decimal("0").scientific(2, false), "0.00e+00");
    }

    #[test]
    fn the_general_form_is_the_shorter_one() {
        for (text, general) in [
            ("100000", "100000"),
            ("1000000", "1e+06"),
            ("0.0001", "0.0001"),
            ("0.00001", "1e-05"),
            ("2.50", "2.5"),
            ("0", "0"),
        ] {
            assert_eq!(decimal(text).general(6, false), general, "{text}");
        }
    }

    #[test]
    fn what_is_too_large_or_too_small_has_an_end_too() {
        assert_eq!(decimal("1e999999").word(), Some("inf"));
        assert_eq!(decimal("1e-999999").fixed(2, false), "0.00");
        assert!(Decimal::parse("x").is_none());
        assert_eq!(Decimal::parse("1.5x").unwrap().1, 3);
    }
}
