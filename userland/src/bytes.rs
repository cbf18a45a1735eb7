//! Bytes as people write them: escapes, and the classes of POSIX in the C locale.

use alloc::vec::Vec;
use core::ops::ControlFlow;

/// The byte that `text`, which is not empty, begins with, and how long it is there: `\n` and its kin, `\NNN` in
/// octal, or the byte itself. A backslash before anything else is nothing, and at the end itself.
pub fn escaped(text: &[u8]) -> (u8, usize) {
    let Some(&next) = text.get(1).filter(|_| text[0] == b'\\') else { return (text[0], 1) };
    if let Some(byte) = control(next) {
        return (byte, 2);
    }
    match octal(&text[1..], 3) {
        (_, 0) => (next, 2),
        // 3 digits can say more than a byte has; then the last is none of them.
        (value, 3) if value > 0xff => ((value >> 3) as u8, 3),
        (value, digits) => (value as u8, 1 + digits),
    }
}

/// The byte of an escape of one letter.
pub fn control(letter: u8) -> Option<u8> {
    Some(match letter {
        b'a' => 7,
        b'b' => 8,
        b't' => b'\t',
        b'n' => b'\n',
        b'v' => 0x0b,
        b'f' => 0x0c,
        b'r' => b'\r',
        b'\\' => b'\\',
        _ => return None,
    })
}

/// What an escape of [`text_escape`] stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Escape {
    /// A byte.
    Byte(u8),
    /// The end of all output.
    End,
}

/// The escape that `text` begins with, behind its backslash, as `echo` and `printf` have it, and how long it is
/// there; `None` when it is none and the backslash is itself. Of an octal number a 0 at its beginning is not one of
/// the three digits if it `has_free_zero`.
pub fn text_escape(text: &[u8], has_free_zero: bool) -> Option<(Escape, usize)> {
    let &first = text.first()?;
    if first == b'c' {
        return Some((Escape::End, 1));
    }
    let byte = if first == b'e' { Some(0x1b) } else { control(first) };
    if let Some(byte) = byte {
        return Some((Escape::Byte(byte), 1));
    }
    let zeros = usize::from(has_free_zero && first == b'0');
    match octal(&text[zeros..], 3) {
        (_, 0) if zeros == 0 => None,
        (value, digits) => Some((Escape::Byte(value as u8), zeros + digits)),
    }
}

/// Appends `text` with its escapes expanded, as `echo` does; breaks at the one that ends all output.
pub fn expand(text: &[u8], out: &mut Vec<u8>) -> ControlFlow<()> {
    expand_by(text, out, |rest| text_escape(rest, true))
}

/// The same for who knows other escapes: `escape` is given what follows a backslash.
pub fn expand_by(text: &[u8], out: &mut Vec<u8>, escape: impl Fn(&[u8]) -> Option<(Escape, usize)>) -> ControlFlow<()> {
    let mut at = 0;
    while let Some(&byte) = text.get(at) {
        at += 1;
        let found = if byte == b'\\' { escape(&text[at..]) } else { None };
        match found {
            Some((Escape::End, _)) => return ControlFlow::Break(()),
            Some((Escape::Byte(byte), length)) => {
                out.push(byte);
                at += length;
            }
            None => out.push(byte),
        }
    }
    ControlFlow::Continue(())
}

/// The value of the octal digits that `text` begins with, at most `max`, and how many there are.
pub fn octal(text: &[u8], max: usize) -> (u32, usize) {
    let digits = text.iter().take(max).take_while(|byte| matches!(byte, b'0'..=b'7'));
    digits.fold((0, 0), |(value, count), digit| (value * 8 + u32::from(digit - b'0'), count + 1))
}

/// What is in the class of this name: `alpha`, `digit`, …
pub fn class(name: &[u8]) -> Option<fn(&u8) -> bool> {
    Some(match name {
        b"alpha" => u8::is_ascii_alphabetic,
        b"digit" => u8::is_ascii_digit,
        b"alnum" => u8::is_ascii_alphanumeric,
        b"upper" => u8::is_ascii_uppercase,
        b"lower" => u8::is_ascii_lowercase,
        b"space" => |byte| matches!(byte, b' ' | 9..=13),
        b"blank" => |byte| matches!(byte, b' ' | b'\t'),
        b"punct" => u8::is_ascii_punctuation,
        b"print" => |byte| matches!(byte, 0x20..=0x7e),
        b"graph" => u8::is_ascii_graphic,
        b"cntrl" => u8::is_ascii_control,
        b"xdigit" => u8::is_ascii_hexdigit,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_escape_is_one_byte() {
        for (text, byte, length) in [
            ("a", b'a', 1),
            ("\\n!", b'\n', 2),
            ("\\1012", b'A', 4),
            ("\\777", 0o77, 3),
            ("\\q", b'q', 2),
            ("\\", b'\\', 1),
        ] {
            assert_eq!(escaped(text.as_bytes()), (byte, length), "{text}");
        }
    }
}
