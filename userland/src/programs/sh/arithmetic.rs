//! `$((…))`: numbers of 64 bits, and the operators of C.
//!
//! What overflows wraps. What the first half of `&&`, `||` or `?:` decides is read and not done.

use super::cursor::is_name_char;
use crate::{excerpt::excerpt, limits::SHELL_SYNTAX_DEPTH};
use alloc::{
    borrow::ToOwned,
    format,
    string::{String, ToString},
};

/// Where variables are.
pub(super) trait Names {
    /// The value of a variable, if it is set.
    fn value(&self, name: &str) -> Option<String>;
    /// Sets it.
    fn set(&mut self, name: &str, value: String) -> Result<(), String>;
}

/// What the expression gives; or what is wrong with it.
pub(super) fn evaluate(text: &str, names: &mut dyn Names) -> Result<i64, String> {
    let mut reader = Reader { text, rest: text, names, depth: 0 };
    reader.skip_blanks();
    if reader.rest.is_empty() {
        return Err("arithmetic expression: nothing to evaluate".to_owned());
    }
    let value = reader.assignment(true)?;
    if reader.rest.is_empty() { Ok(value) } else { Err(reader.wrong()) }
}

/// The number that a text is, as a variable's value has to be one.
pub(super) fn number(text: &str) -> Result<i64, String> {
    let wrong = || format!("Illegal number: {}", excerpt(text));
    let trimmed = text.trim_start_matches([' ', '\t', '\n']);
    let (is_negative, digits) = match trimmed.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, trimmed.strip_prefix('+').unwrap_or(trimmed)),
    };
    if text.is_empty() {
        return Ok(0);
    }
    let (taken, value) = literal(digits.trim_end_matches([' ', '\t', '\n'])).ok_or_else(wrong)?;
    if taken < digits.trim_end_matches([' ', '\t', '\n']).len() {
        return Err(wrong());
    }
    Ok(if is_negative { value.wrapping_neg() } else { value })
}

/// A number at the beginning of a text: how long it is, and its value, at most the greatest.
fn literal(text: &str) -> Option<(usize, i64)> {
    let (prefix, radix) = match text.as_bytes() {
        [b'0', b'x' | b'X', c, ..] if c.is_ascii_hexdigit() => (2, 16),
        [b'0', c, ..] if c.is_ascii_digit() => (1, 8),
        [c, ..] if c.is_ascii_digit() => (0, 10),
        _ => return None,
    };
    let digits = text[prefix..].bytes().take_while(|byte| (*byte as char).is_digit(radix)).count();
    let text = &text[prefix..prefix + digits];
    if text.is_empty() {
        return None;
    }
    Some((prefix + digits, i64::from_str_radix(text, radix).unwrap_or(i64::MAX)))
}

struct Reader<'a> {
    text: &'a str,
    rest: &'a str,
    names: &'a mut dyn Names,
    depth: usize,
}

/// Operators of two sides, those that bind less first; longer ones before those they begin with.
const LEVELS: &[&[&str]] = &[
    &["||"],
    &["&&"],
    &["|"],
    &["^"],
    &["&"],
    &["==", "!="],
    &["<=", ">=", "<", ">"],
    &["<<", ">>"],
    &["+", "-"],
    &["*", "/", "%"],
];

const ASSIGNMENTS: &[&str] = &["=", "+=", "-=", "*=", "/=", "%=", "<<=", ">>=", "&=", "^=", "|="];

impl<'a> Reader<'a> {
    fn wrong(&self) -> String {
        format!("arithmetic expression: unexpected {:?} in {:?}", excerpt(self.rest), excerpt(self.text))
    }

    fn skip_blanks(&mut self) {
        self.rest = self.rest.trim_start_matches([' ', '\t', '\n']);
    }

    fn skip(&mut self, bytes: usize) {
        self.rest = &self.rest[bytes..];
        self.skip_blanks();
    }

    fn take(&mut self, wanted: &str) -> bool {
        let is_next = self.rest.starts_with(wanted);
        if is_next {
            self.skip(wanted.len());
        }
        is_next
    }

    fn name(&self) -> &'a str {
        let end = self.rest.find(|c| !is_name_char(c)).unwrap_or(self.rest.len());
        if self.rest.starts_with(|c: char| c.is_ascii_digit()) { "" } else { &self.rest[..end] }
    }

    fn deeper(&mut self) -> Result<(), String> {
        self.depth += 1;
        if self.depth > SHELL_SYNTAX_DEPTH { Err("arithmetic expression: nested too deep".to_owned()) } else { Ok(()) }
    }

    /// `x = …` or a value. What is not `counted` is read and has no effect.
    fn assignment(&mut self, counted: bool) -> Result<i64, String> {
        self.deeper()?;
        let name = self.name();
        let behind = self.rest[name.len()..].trim_start_matches([' ', '\t', '\n']);
        let is_operator = |operator: &&&str| {
            let next = behind.strip_prefix(**operator);
            next.is_some_and(|next| **operator != "=" || !next.starts_with('='))
        };
        let value = match ASSIGNMENTS.iter().find(is_operator).filter(|_| !name.is_empty()) {
            Some(operator) => {
                self.rest = behind;
                self.skip(operator.len());
                let value = self.assignment(counted)?;
                let value = match operator.strip_suffix('=') {
                    Some("") | None => value,
                    Some(operator) if counted => {
                        let old = self.variable(name)?;
                        self.apply(operator, old, value)?
                    }
                    Some(_) => value,
                };
                if counted {
                    self.names.set(name, value.to_string())?;
                }
                value
            }
            None => self.conditional(counted)?,
        };
        self.depth -= 1;
        Ok(value)
    }

    fn conditional(&mut self, counted: bool) -> Result<i64, String> {
        let condition = self.binary(0, counted)?;
        if !self.take("?") {
            return Ok(condition);
        }
        let yes = self.assignment(counted && condition != 0)?;
        if !self.take(":") {
            return Err(self.wrong());
        }
        self.deeper()?;
        let no = self.conditional(counted && condition == 0)?;
        self.depth -= 1;
        Ok(if condition != 0 { yes } else { no })
    }

    /// The operator of this level that is next.
    fn operator(&self, level: usize) -> Option<&'static str> {
        let operator = *LEVELS[level].iter().find(|operator| self.rest.starts_with(**operator))?;
        let next = &self.rest[operator.len()..];
        let is_longer = match operator {
            "|" => next.starts_with(['|', '=']),
            "&" => next.starts_with(['&', '=']),
            "<" | ">" => next.starts_with(operator),
            "==" | "!=" | "<=" | ">=" | "||" | "&&" => false,
            _ => next.starts_with('='),
        };
        (!is_longer).then_some(operator)
    }

    fn binary(&mut self, level: usize, counted: bool) -> Result<i64, String> {
        if level == LEVELS.len() {
            return self.unary(counted);
        }
        let mut left = self.binary(level + 1, counted)?;
        while let Some(operator) = self.operator(level) {
            self.skip(operator.len());
            let is_decided = operator == "&&" && left == 0 || operator == "||" && left != 0;
            let counts = counted && !is_decided;
            let right = self.binary(level + 1, counts)?;
            left = if counts || is_decided { self.apply(operator, left, right)? } else { 0 };
        }
        Ok(left)
    }

    fn apply(&self, operator: &str, left: i64, right: i64) -> Result<i64, String> {
        let by_zero = || "division by zero".to_owned();
        Ok(match operator {
            "||" => (left != 0 || right != 0).into(),
            "&&" => (left != 0 && right != 0).into(),
            "|" => left | right,
            "^" => left ^ right,
            "&" => left & right,
            "==" => (left == right).into(),
            "!=" => (left != right).into(),
            "<=" => (left <= right).into(),
            ">=" => (left >= right).into(),
            "<" => (left < right).into(),
            ">" => (left > right).into(),
            "<<" => left.wrapping_shl(right as u32),
            ">>" => left.wrapping_shr(right as u32),
            "+" => left.wrapping_add(right),
            "-" => left.wrapping_sub(right),
            "*" => left.wrapping_mul(right),
            "/" if right == 0 => return Err(by_zero()),
            "%" if right == 0 => return Err(by_zero()),
            "/" => left.wrapping_div(right),
            "%" => left.wrapping_rem(right),
            _ => return Err(self.wrong()),
        })
    }

    fn unary(&mut self, counted: bool) -> Result<i64, String> {
        self.deeper()?;
        let value = if self.take("!") {
            (self.unary(counted)? == 0).into()
        } else if self.take("~") {
            !self.unary(counted)?
        } else if self.take("-") {
            self.unary(counted)?.wrapping_neg()
        } else if self.take("+") {
            self.unary(counted)?
        } else if self.take("(") {
            let value = self.assignment(counted)?;
            if !self.take(")") {
                return Err(self.wrong());
            }
            value
        } else {
            self.operand(counted)?
        };
        self.depth -= 1;
        Ok(value)
    }

    fn operand(&mut self, counted: bool) -> Result<i64, String> {
        let name = self.name();
        if !name.is_empty() {
            self.skip(name.len());
            return if counted { self.variable(name) } else { Ok(0) };
        }
        let Some((taken, value)) = literal(self.rest) else { return Err(self.wrong()) };
        if self.rest[taken..].starts_with(is_name_char) {
            return Err(self.wrong());
        }
        self.skip(taken);
        Ok(value)
    }

    fn variable(&self, name: &str) -> Result<i64, String> {
        match self.names.value(name) {
            Some(value) => number(&value),
            None => Ok(0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::collections::BTreeMap;

    impl Names for BTreeMap<String, String> {
        fn value(&self, name: &str) -> Option<String> {
            self.get(name).cloned()
        }

        fn set(&mut self, name: &str, value: String) -> Result<(), String> {
            self.insert(name.to_owned(), value);
            Ok(())
        }
    }

    fn value(text: &str) -> Result<i64, String> {
        evaluate(text, &mut BTreeMap::from([("x".to_owned(), "7".to_owned())]))
    }

    #[test]
    fn operators_bind_as_in_c() {
        for (text, wanted) in [
            ("1 + 2 * 3", 7),
            ("(1+2)*3", 9),
            ("10 - 4 - 3", 3),
            ("-7 / 2", -3),
            ("-7 % 3", -1),
            ("1 << 2 + 1", 8),
            ("5 & 3 | 8 ^ 1", 9),
            ("3 == 3 && 2 < 1 || 4 >= 4", 1),
            ("!0 + !5", 1),
            ("~0", -1),
            ("- -3", 3),
            ("0x1f + 010", 39),
            ("x", 7),
            ("x > 5 ? x : 0 ? 1 : 2", 7),
            ("none", 0),
            ("9223372036854775807 + 1", i64::MIN),
            ("1?2:3", 2),
        ] {
            assert_eq!(value(text), Ok(wanted), "{text}");
        }
    }

    #[test]
    fn what_is_decided_already_is_not_done() {
        let mut names = BTreeMap::new();
        assert_eq!(evaluate("0 && (x = 1) || 1 || (y = 1 / 0)", &mut names), Ok(1));
        assert_eq!(evaluate("1 ? 2 : (x = 3)", &mut names), Ok(2));
        assert!(names.is_empty());
    }

    #[test]
    fn an_assignment_gives_its_value_and_keeps_it() {
        let mut names = BTreeMap::new();
        assert_eq!(evaluate("x = y = 3", &mut names), Ok(3));
        assert_eq!(evaluate("x += 2", &mut names), Ok(5));
        assert_eq!(evaluate("x <<= 1", &mut names), Ok(10));
        assert_eq!((names["x"].as_str(), names["y"].as_str()), ("10", "3"));
    }

    #[test]
    fn what_is_no_expression_is_refused() {
        for text in ["", "1 +", "1 2", "(1", "1 / 0", "1 % 0", "3x", "x = ", "&", "1 ? 2", "08"] {
            assert!(value(text).is_err(), "{text}");
        }
        assert!(value(&"(".repeat(100_000)).is_err_and(|what| what.contains("deep")));
        assert!(number("seven").is_err() && number("7x").is_err() && number(" 7 ") == Ok(7));
    }
}
