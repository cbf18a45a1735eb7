//! Other bytes for some, or none.

use crate::{bytes::escaped, prelude::*};
use core::iter::repeat_n;

pub(crate) const PROGRAM: Program = Program::new(
    "tr",
    Group::Tools,
    "turns bytes of standard input into others; -d deletes them, -s leaves one of those that repeat, -c takes all others",
    main,
)
.usage("[-cdst] SET1 [SET2]");

/// What becomes of each byte.
struct Translation {
    table: [u8; 256],
    deleted: [bool; 256],
    squeezed: [bool; 256],
}

/// A part of a set.
#[derive(Clone, Debug)]
enum Part {
    Byte(u8),
    /// `[=x=]`, which in the C locale is one byte.
    Like(u8),
    Range(u8, u8),
    Class(Class),
    /// `[x*n]`, or `[x*]`, which is as long as it has to be.
    Repeat(u8, Option<usize>),
}

#[derive(Clone, Copy, Debug)]
enum Class {
    Lower,
    Upper,
    Other(fn(&u8) -> bool),
}

fn wrong(what: &str) -> Misuse {
    Misuse::Wrong(what.to_owned())
}

/// The parts of a set as it is written.
fn parts(text: &str) -> Result<Vec<Part>, Misuse> {
    let text = text.as_bytes();
    let mut parts = Vec::new();
    let mut at = 0;
    while at < text.len() {
        if text[at] == b'['
            && let Some((part, length)) = bracketed(&text[at..])?
        {
            parts.push(part);
            at += length;
            continue;
        }
        let (first, length) = escaped(&text[at..]);
        at += length;
        // A dash at the end stands for itself.
        if text.get(at) == Some(&b'-') && at + 1 < text.len() {
            let (last, length) = escaped(&text[at + 1..]);
            if first > last {
                return Err(wrong("a range ends before it begins"));
            }
            parts.push(Part::Range(first, last));
            at += 1 + length;
        } else {
            parts.push(Part::Byte(first));
        }
    }
    Ok(parts)
}

/// `[:class:]`, `[=x=]` or `[x*n]` at the beginning of `text`, and how long it is. Any other bracket is one.
fn bracketed(text: &[u8]) -> Result<Option<(Part, usize)>, Misuse> {
    for kind in *b":=" {
        if text.get(1) != Some(&kind) {
            continue;
        }
        let Some(end) = text[2..].windows(2).position(|pair| pair == [kind, b']']) else { continue };
        let name = &text[2..2 + end];
        if kind == b'=' && end != 1 {
            // `[=*…]` is a repeat of the sign.
            if text.get(2) == Some(&b'*') {
                continue;
            }
            return Err(wrong("between [= and =] stands one byte"));
        }
        if kind == b':' && text.get(2) == Some(&b'*') {
            continue;
        }
        let part = if kind == b'=' { Part::Like(name[0]) } else { Part::Class(class(name)?) };
        return Ok(Some((part, end + 4)));
    }
    let Some(rest) = text.get(1..).filter(|rest| !rest.is_empty()) else { return Ok(None) };
    let (byte, length) = escaped(rest);
    let Some(count) = rest[length..].strip_prefix(b"*") else { return Ok(None) };
    let Some(end) = count.iter().position(|byte| !byte.is_ascii_digit()) else { return Ok(None) };
    if count[end] != b']' {
        return Ok(None);
    }
    let digits = str::from_utf8(&count[..end]).unwrap_or_default();
    let base = if digits.starts_with('0') { 8 } else { 10 };
    let repeats = match digits {
        "" => None,
        digits => match usize::from_str_radix(digits, base) {
            Ok(0) => None,
            Ok(repeats) => Some(repeats),
            Err(_) => return Err(wrong("a repeat count is no number")),
        },
    };
    Ok(Some((Part::Repeat(byte, repeats), 1 + length + 1 + end + 1)))
}

fn class(name: &[u8]) -> Result<Class, Misuse> {
    match name {
        b"lower" => Ok(Class::Lower),
        b"upper" => Ok(Class::Upper),
        name => match crate::bytes::class(name) {
            Some(contains) => Ok(Class::Other(contains)),
            None => Err(wrong("no such class")),
        },
    }
}

impl Part {
    fn bytes(&self, repeats: usize, bytes: &mut Vec<u8>) {
        match *self {
            Part::Byte(byte) | Part::Like(byte) => bytes.push(byte),
            Part::Range(first, last) => bytes.extend(first..=last),
            Part::Class(class) => bytes.extend((0..=u8::MAX).filter(|byte| match class {
                Class::Lower => byte.is_ascii_lowercase(),
                Class::Upper => byte.is_ascii_uppercase(),
                Class::Other(contains) => contains(byte),
            })),
            Part::Repeat(byte, count) => bytes.extend(repeat_n(byte, count.unwrap_or(repeats).min(256))),
        }
    }
}

/// The bytes of a set; of `[x*]` so many that there are `length`.
fn expand(parts: &[Part], length: usize) -> Vec<u8> {
    let fixed: usize = parts.iter().map(|part| sized(part, 0)).sum();
    let mut bytes = Vec::new();
    parts.iter().for_each(|part| part.bytes(length.saturating_sub(fixed), &mut bytes));
    bytes
}

fn sized(part: &Part, repeats: usize) -> usize {
    let mut bytes = Vec::new();
    part.bytes(repeats, &mut bytes);
    bytes.len()
}

fn complement(set: &[u8]) -> Vec<u8> {
    (0..=u8::MAX).filter(|byte| !set.contains(byte)).collect()
}

fn members(set: &[u8]) -> [bool; 256] {
    let mut members = [false; 256];
    set.iter().for_each(|&byte| members[usize::from(byte)] = true);
    members
}

fn parse(args: Args) -> Result<Translation, Misuse> {
    let flags = &["-c --complement", "-C", "-d --delete", "-s --squeeze-repeats", "-t --truncate-set1"];
    let given = Given::parse(args, flags, &[])?;
    let is_complement = given.last_of(&["-c", "-C"]).is_some();
    let (deletes, squeezes) = (given.has("-d"), given.has("-s"));
    let (first, second) = match given.operands.as_slice() {
        [first] if deletes && squeezes || !deletes && !squeezes => {
            return Err(Misuse::Wrong(format!("a set is missing after {:?}", excerpt(first))));
        }
        [first] => (first, None),
        [_, second] if deletes && !squeezes => {
            return Err(Misuse::Wrong(format!(
                "unexpected {:?}: what is deleted becomes nothing else",
                excerpt(second)
            )));
        }
        [first, second] => (first, Some(parts(second)?)),
        [_, _, third, ..] => return Err(Misuse::Wrong(format!("unexpected {:?}", excerpt(third)))),
        [] => return Err(wrong("no set given")),
    };
    let first_parts = parts(first)?;
    if first_parts.iter().any(|part| matches!(part, Part::Repeat(_, None))) {
        return Err(wrong("[x*] may stand in the second set only"));
    }
    let listed = expand(&first_parts, 0);
    let first = if is_complement { complement(&listed) } else { listed };
    let mut translation =
        Translation { table: core::array::from_fn(|byte| byte as u8), deleted: [false; 256], squeezed: [false; 256] };
    match (&second, deletes) {
        (None, false) => translation.squeezed = members(&first),
        (None, true) => translation.deleted = members(&first),
        (Some(second), true) => {
            translation.deleted = members(&first);
            translation.squeezed = members(&expand(second, first.len()));
        }
        (Some(second), false) => {
            let is_truncated = given.has("-t");
            let second = translate(&first_parts, &first, second, is_complement, is_truncated, &mut translation.table)?;
            if squeezes {
                translation.squeezed = members(&second);
            }
        }
    }
    Ok(translation)
}

/// Enters what each byte of the first set becomes, and gives the bytes of the second.
fn translate(
    first_parts: &[Part],
    first: &[u8],
    second: &[Part],
    is_complement: bool,
    is_truncated: bool,
    table: &mut [u8; 256],
) -> Result<Vec<u8>, Misuse> {
    let is_case = |part: &Part| matches!(part, Part::Class(Class::Lower | Class::Upper));
    if second.iter().filter(|part| matches!(part, Part::Repeat(_, None))).count() > 1 {
        return Err(wrong("[x*] may stand in the second set once"));
    }
    if second.iter().any(|part| matches!(part, Part::Class(Class::Other(_)))) {
        return Err(wrong("of classes, the second set may have [:upper:] and [:lower:] only"));
    }
    if second.iter().any(|part| matches!(part, Part::Like(_))) {
        return Err(wrong("[=x=] may stand in the first set only"));
    }
    let bytes = expand(second, first.len());
    if bytes.is_empty() && !is_truncated && !first.is_empty() {
        return Err(wrong("the second set is empty"));
    }
    if second.iter().any(is_case) {
        if is_complement {
            return Err(wrong("a class cannot stand for all that is not in the first set"));
        }
        // Each must stand where the first set has one as well; both have the same length.
        let offsets = |parts: &[Part]| {
            let mut offset = 0;
            let mut cases = Vec::new();
            for part in parts {
                if is_case(part) {
                    cases.push(offset);
                }
                offset += sized(part, first.len().saturating_sub(bytes.len()));
            }
            cases
        };
        let in_first = offsets(first_parts);
        if offsets(second).iter().any(|offset| *offset <= first.len() && !in_first.contains(offset)) {
            return Err(wrong("[:upper:] and [:lower:] stand in both sets, at the same place"));
        }
    } else if is_complement && first_parts.iter().any(|part| matches!(part, Part::Class(_))) && !all_same(&bytes) {
        return Err(wrong("what is not in a class becomes one byte"));
    }
    for (index, &byte) in first.iter().enumerate() {
        // A second set that is too short goes on with its last byte.
        match bytes.get(index).or(bytes.last().filter(|_| !is_truncated)) {
            Some(&becomes) => table[usize::from(byte)] = becomes,
            None => break,
        }
    }
    Ok(bytes)
}

fn all_same(bytes: &[u8]) -> bool {
    bytes.windows(2).all(|pair| pair[0] == pair[1])
}

fn main(args: Args) -> Task {
    task!({
        let mut tool = Tool::new(&PROGRAM);
        let translation = Box::new(call!(tool.or_usage(parse(args)))?);
        let mut last = None;
        call!(tool.each_piece(Vec::new(), |piece, out| {
            out.reserve(piece.len());
            for &byte in piece {
                if translation.deleted[usize::from(byte)] {
                    continue;
                }
                let byte = translation.table[usize::from(byte)];
                if last == Some(byte) && translation.squeezed[usize::from(byte)] {
                    continue;
                }
                last = Some(byte);
                out.push(byte);
            }
        }))?;
        call!(tool.finish())
    })
}
