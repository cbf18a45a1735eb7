//! Arguments in a format.

use crate::{
    bytes::{self, Escape},
    decimal::Decimal,
    prelude::*,
};
use core::{iter::repeat_n, ops::ControlFlow};

pub(crate) const PROGRAM: Program = Program::new(
    "printf",
    Group::Tools,
    "writes arguments in a format (%s %b %c %d %i %o %u %x %X %f %e %g %%), again and again while there are any",
    main,
)
.usage("FORMAT [ARGUMENT...]");

/// The widest field, and the most digits behind a point.
const WIDTH_MAX: usize = 1 << 20;

/// A part of a format.
#[derive(Clone, Debug, PartialEq)]
enum Part {
    Text(Vec<u8>),
    Conversion(Conversion),
    /// `\c`: the end of all output.
    End,
    /// What is no conversion: it ends the program when its turn comes.
    Wrong(String),
}

/// `%`, flags, width, precision, and what kind.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Conversion {
    is_left: bool,
    has_zeros: bool,
    has_plus: bool,
    has_blank: bool,
    is_alternate: bool,
    width: Option<Amount>,
    precision: Option<Amount>,
    kind: u8,
    /// What stands before and behind it, in a format of one number.
    around: [Vec<u8>; 2],
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Amount {
    Given(usize),
    /// `*`: an argument says it.
    Asked,
}

fn parse_format(text: &str) -> Vec<Part> {
    let text = text.as_bytes();
    let mut parts = Vec::new();
    let mut plain = Vec::new();
    let mut at = 0;
    while let Some(&byte) = text.get(at) {
        at += 1;
        match byte {
            b'\\' => match format_escape(&text[at..]) {
                Some((Escape::Byte(byte), length)) => {
                    plain.push(byte);
                    at += length;
                }
                Some((Escape::End, _)) => {
                    parts.push(Part::Text(plain));
                    parts.push(Part::End);
                    return parts;
                }
                None => plain.push(b'\\'),
            },
            b'%' if text.get(at) == Some(&b'%') => {
                plain.push(b'%');
                at += 1;
            }
            b'%' => {
                parts.push(Part::Text(core::mem::take(&mut plain)));
                match Conversion::parse(&text[at..]) {
                    Ok((conversion, length)) => {
                        at += length;
                        parts.push(Part::Conversion(conversion));
                    }
                    Err(what) => {
                        parts.push(Part::Wrong(what));
                        return parts;
                    }
                }
            }
            byte => plain.push(byte),
        }
    }
    parts.push(Part::Text(plain));
    parts
}

/// An escape behind its backslash, with those that only `printf` has.
fn format_escape(text: &[u8]) -> Option<(Escape, usize)> {
    match text.first()? {
        b'"' => Some((Escape::Byte(b'"'), 1)),
        b'x' => hexadecimal(&text[1..]).map(|(byte, digits)| (Escape::Byte(byte), 1 + digits)),
        _ => bytes::text_escape(text, false),
    }
}

fn hexadecimal(text: &[u8]) -> Option<(u8, usize)> {
    let digits = text.iter().take(2).take_while(|byte| byte.is_ascii_hexdigit()).count();
    let value = u8::from_str_radix(str::from_utf8(&text[..digits]).ok()?, 16).ok()?;
    Some((value, digits))
}

impl Conversion {
    /// The conversion behind a `%`, and how long it is.
    fn parse(text: &[u8]) -> Result<(Conversion, usize), String> {
        let mut conversion = Conversion {
            is_left: false,
            has_zeros: false,
            has_plus: false,
            has_blank: false,
            is_alternate: false,
            width: None,
            precision: None,
            kind: 0,
            around: [Vec::new(), Vec::new()],
        };
        let mut at = 0;
        while let Some(flag) = text.get(at) {
            match flag {
                b'-' => conversion.is_left = true,
                b'0' => conversion.has_zeros = true,
                b'+' => conversion.has_plus = true,
                b' ' => conversion.has_blank = true,
                b'#' => conversion.is_alternate = true,
                b'\'' => {}
                _ => break,
            }
            at += 1;
        }
        conversion.width = amount(text, &mut at)?;
        if text.get(at) == Some(&b'.') {
            at += 1;
            conversion.precision = Some(amount(text, &mut at)?.unwrap_or(Amount::Given(0)));
        }
        at += text[at..].iter().take_while(|byte| b"hlLjtz".contains(byte)).count();
        conversion.kind = match text.get(at) {
            Some(&kind) if b"sbcdiouxXfFeEgG".contains(&kind) => kind,
            _ => {
                let shown = String::from_utf8_lossy(&text[..text.len().min(at + 1)]).into_owned();
                return Err(format!("%{}: no such conversion", excerpt(&shown)));
            }
        };
        Ok((conversion, at + 1))
    }

    /// A format with one conversion, of a number with a fraction, as `seq` takes it.
    pub(crate) fn of_one_number(format: &str) -> Result<Conversion, Misuse> {
        let wrong = || Misuse::Wrong(format!("format {:?}: not one %f, %e or %g", excerpt(format)));
        // Its backslashes are themselves.
        match <[Part; 3]>::try_from(parse_format(&format.replace('\\', "\\\\"))) {
            Ok([Part::Text(before), Part::Conversion(conversion), Part::Text(behind)])
                if b"fFeEgG".contains(&conversion.kind)
                    && conversion.width != Some(Amount::Asked)
                    && conversion.precision != Some(Amount::Asked) =>
            {
                Ok(Conversion { around: [before, behind], ..conversion })
            }
            _ => Err(wrong()),
        }
    }

    /// Writes a number with a fraction, and what stands around it.
    pub(crate) fn put_decimal(&self, number: Decimal, out: &mut Vec<u8>) {
        let given = |amount| match amount {
            Some(Amount::Given(amount)) => Some(amount),
            _ => None,
        };
        let field = Field {
            conversion: self,
            width: given(self.width).unwrap_or(0),
            is_left: self.is_left,
            precision: given(self.precision),
        };
        out.extend_from_slice(&self.around[0]);
        field.put_decimal(number, out);
        out.extend_from_slice(&self.around[1]);
    }
}

fn amount(text: &[u8], at: &mut usize) -> Result<Option<Amount>, String> {
    if text.get(*at) == Some(&b'*') {
        *at += 1;
        return Ok(Some(Amount::Asked));
    }
    let digits = text[*at..].iter().take_while(|byte| byte.is_ascii_digit()).count();
    let number = str::from_utf8(&text[*at..*at + digits]).unwrap_or_default();
    *at += digits;
    match number.parse() {
        Ok(amount) if amount <= WIDTH_MAX => Ok(Some(Amount::Given(amount))),
        _ if digits == 0 => Ok(None),
        _ => Err(format!("a width of more than {WIDTH_MAX}")),
    }
}

/// A conversion whose width and precision are known.
struct Field<'a> {
    conversion: &'a Conversion,
    width: usize,
    is_left: bool,
    precision: Option<usize>,
}

impl Field<'_> {
    fn put_text(&self, text: &[u8], out: &mut Vec<u8>) {
        let padding = repeat_n(b' ', self.width.saturating_sub(text.len()));
        if !self.is_left {
            out.extend(padding.clone());
        }
        out.extend_from_slice(text);
        if self.is_left {
            out.extend(padding);
        }
    }

    /// Writes a number's digits behind its sign or base, with zeros between them if it is to have them.
    fn put_number(&self, before: &str, digits: &str, may_have_zeros: bool, out: &mut Vec<u8>) {
        let has_zeros = self.conversion.has_zeros && !self.is_left && may_have_zeros;
        let zeros = if has_zeros { self.width.saturating_sub(before.len() + digits.len()) } else { 0 };
        self.put_text(&[before.as_bytes(), &b"0".repeat(zeros), digits.as_bytes()].concat(), out);
    }

    fn sign(&self, is_negative: bool) -> &'static str {
        match self.conversion {
            _ if is_negative => "-",
            Conversion { has_plus: true, .. } => "+",
            Conversion { has_blank: true, .. } => " ",
            _ => "",
        }
    }

    fn put_integer(&self, is_negative: bool, size: u64, out: &mut Vec<u8>) {
        let kind = self.conversion.kind;
        let mut digits = match kind {
            b'o' => format!("{size:o}"),
            b'x' => format!("{size:x}"),
            b'X' => format!("{size:X}"),
            _ => size.to_string(),
        };
        if let Some(precision) = self.precision {
            if precision == 0 && size == 0 {
                digits.clear();
            }
            digits.insert_str(0, &"0".repeat(precision.saturating_sub(digits.len())));
        }
        let before = match kind {
            b'd' | b'i' => self.sign(is_negative),
            b'x' if self.conversion.is_alternate && size > 0 => "0x",
            b'X' if self.conversion.is_alternate && size > 0 => "0X",
            b'o' if self.conversion.is_alternate && !digits.starts_with('0') => "0",
            _ => "",
        };
        self.put_number(before, &digits, self.precision.is_none(), out);
    }

    fn put_decimal(&self, number: Decimal, out: &mut Vec<u8>) {
        let kind = self.conversion.kind;
        let precision = self.precision.unwrap_or(6);
        let is_alternate = self.conversion.is_alternate;
        let mut text = match kind.to_ascii_lowercase() {
            _ if let Some(word) = number.word() => word.to_owned(),
            b'f' => number.fixed(precision, is_alternate),
            b'e' => number.scientific(precision, is_alternate),
            _ => number.general(precision, is_alternate),
        };
        if kind.is_ascii_uppercase() {
            text.make_ascii_uppercase();
        }
        self.put_number(self.sign(number.is_negative), &text, number.word().is_none(), out);
    }
}

/// The arguments that are left, what was complained of, and what comes out.
struct Printer<'a, 'o> {
    arguments: core::slice::Iter<'a, String>,
    complaints: Vec<(String, &'static str)>,
    out: &'o mut Vec<u8>,
    end: Option<End>,
}

/// Why there is no more output.
enum End {
    Asked,
    Wrong(String),
}

const NO_NUMBER: &str = "not a number";
const PARTLY_A_NUMBER: &str = "a number only at its beginning";

impl Printer<'_, '_> {
    fn put(&mut self, part: &Part) -> ControlFlow<()> {
        match part {
            Part::Text(text) => self.out.extend_from_slice(text),
            Part::End => return self.end(End::Asked),
            Part::Wrong(what) => return self.end(End::Wrong(what.clone())),
            Part::Conversion(conversion) => return self.convert(conversion),
        }
        ControlFlow::Continue(())
    }

    fn end(&mut self, end: End) -> ControlFlow<()> {
        self.end = Some(end);
        ControlFlow::Break(())
    }

    fn convert(&mut self, conversion: &Conversion) -> ControlFlow<()> {
        let width = conversion.width.map(|width| self.amount(width));
        let precision = conversion.precision.map(|precision| self.amount(precision));
        let field = Field {
            conversion,
            width: width.map_or(0, |width| width.unsigned_abs() as usize),
            is_left: conversion.is_left || width.is_some_and(|width| width < 0),
            precision: precision.and_then(|precision| usize::try_from(precision).ok()),
        };
        let text = self.arguments.next().map_or("", String::as_str);
        let cut = |text: &[u8]| text.len().min(field.precision.unwrap_or(usize::MAX));
        match conversion.kind {
            b's' => field.put_text(&text.as_bytes()[..cut(text.as_bytes())], self.out),
            b'c' => field.put_text(text.as_bytes().get(..1).unwrap_or(b"\0"), self.out),
            b'b' => {
                let mut expanded = Vec::new();
                let flow = expand(text.as_bytes(), &mut expanded);
                field.put_text(&expanded, self.out);
                return if flow.is_break() { self.end(End::Asked) } else { flow };
            }
            b'd' | b'i' => {
                let value = self.integer(text, i128::from(i64::MIN), i128::from(i64::MAX));
                field.put_integer(value < 0, value.unsigned_abs() as u64, self.out);
            }
            b'o' | b'u' | b'x' | b'X' => {
                let value = self.integer(text, -i128::from(u64::MAX), i128::from(u64::MAX));
                // A number below 0 is as far below 2^64.
                field.put_integer(false, value as u64, self.out);
            }
            _ => {
                let value = self.decimal(text);
                field.put_decimal(value, self.out);
            }
        }
        ControlFlow::Continue(())
    }

    fn amount(&mut self, amount: Amount) -> i64 {
        match amount {
            Amount::Given(amount) => amount as i64,
            Amount::Asked => {
                let text = self.arguments.next().map_or("", String::as_str);
                let most = WIDTH_MAX as i128;
                self.integer(text, -most, most) as i64
            }
        }
    }

    fn complain(&mut self, text: &str, what: &'static str) {
        self.complaints.push((text.to_owned(), what));
    }

    /// `12`, `-0x1f`, `017`, or `'a`, which is the number of a sign.
    fn integer(&mut self, text: &str, least: i128, most: i128) -> i128 {
        if text.is_empty() {
            return 0;
        }
        if let Some(sign) = text.strip_prefix(['\'', '"']) {
            return i128::from(self.sign(sign, text));
        }
        let bare = text.trim_start_matches(|blank: char| matches!(blank, ' ' | '\t'..='\r'));
        let (is_negative, unsigned) = match bare.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, bare.strip_prefix('+').unwrap_or(bare)),
        };
        let is_hexadecimal = |rest: &str| rest.starts_with(|digit: char| digit.is_ascii_hexdigit());
        let (base, digits) = match unsigned.strip_prefix("0x").or(unsigned.strip_prefix("0X")) {
            Some(rest) if is_hexadecimal(rest) => (16, rest),
            _ if unsigned.starts_with('0') => (8, unsigned),
            _ => (10, unsigned),
        };
        let length = digits.chars().take_while(|digit| digit.is_digit(base)).count();
        if length == 0 {
            self.complain(text, NO_NUMBER);
            return 0;
        }
        let size = i128::from_str_radix(&digits[..length], base).unwrap_or(i128::MAX);
        let value = if is_negative { -size } else { size };
        if !(least..=most).contains(&value) {
            self.complain(text, "too large a number");
            // Of numbers without a sign, what is too far below is as large as can be.
            return if value < least && least == -most { most } else { value.clamp(least, most) };
        }
        if length < digits.len() {
            self.complain(text, PARTLY_A_NUMBER);
        }
        value
    }

    fn decimal(&mut self, text: &str) -> Decimal {
        if text.is_empty() {
            return Decimal::whole(0);
        }
        if let Some(sign) = text.strip_prefix(['\'', '"']) {
            return Decimal::whole(i128::from(self.sign(sign, text)));
        }
        match Decimal::parse(text) {
            Some((value, length)) => {
                if length < text.len() {
                    self.complain(text, PARTLY_A_NUMBER);
                }
                value
            }
            None => {
                self.complain(text, NO_NUMBER);
                Decimal::whole(0)
            }
        }
    }

    /// The first byte behind a quote. More than one is told, and no error.
    fn sign(&mut self, sign: &str, text: &str) -> u8 {
        match sign.as_bytes() {
            [] => {
                self.complain(text, NO_NUMBER);
                text.as_bytes()[0]
            }
            [first, ..] => *first,
        }
    }
}

/// `%b`: an argument with its escapes expanded.
fn expand(text: &[u8], out: &mut Vec<u8>) -> ControlFlow<()> {
    bytes::expand_by(text, out, |rest| match rest.first() {
        Some(b'x' | b'"') => format_escape(rest),
        _ => bytes::text_escape(rest, true),
    })
}

fn parse(args: Args) -> Result<(Vec<Part>, Args), Misuse> {
    if args.first().is_some_and(|word| word == "--help") {
        return Err(Misuse::Help);
    }
    let mut words = args.into_iter().peekable();
    words.next_if(|word| word == "--");
    match words.next() {
        Some(format) => Ok((parse_format(&format), words.collect())),
        None => Err(Misuse::Wrong("no format given".to_owned())),
    }
}

fn main(args: Args) -> Task {
    task!({
        let mut tool = Tool::new(&PROGRAM);
        let (parts, arguments) = call!(tool.or_usage(parse(args)))?;
        let is_used = parts.iter().any(|part| matches!(part, Part::Conversion(_)));
        let mut rest = arguments.as_slice();
        loop {
            let mut printer = Printer { arguments: rest.iter(), complaints: Vec::new(), out: &mut tool.out, end: None };
            let flow = parts.iter().try_for_each(|part| printer.put(part));
            rest = printer.arguments.as_slice();
            let end = printer.end;
            for (text, what) in printer.complaints {
                call!(tool.complain(&text, what))?;
            }
            match end {
                // Whatever was wrong before.
                Some(End::Asked) => tool.code = 0,
                Some(End::Wrong(what)) => call!(tool.complain("format", what))?,
                None => {}
            }
            if flow.is_break() || rest.is_empty() || !is_used {
                break;
            }
            call!(tool.flush_if_full())?;
        }
        call!(tool.finish())
    })
}
