//! Keys of a terminal, put together from the bytes that they are sent as.
//!
//! A key is a character, a control character, or a sequence that begins with an escape. A sequence is
//! taken whole, known or not, so that no part of one is ever typed into the line.

use crate::limits::KEY_BYTES;
use alloc::vec::Vec;

/// What was pressed, or pasted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Key {
    /// A character that shows.
    Char(char),
    /// A character of a text that was pasted: nothing in it is a command.
    Pasted(char),
    /// The control key and a lower-case letter, or one of `@[\]^_`.
    Control(char),
    /// The Alt key, or an escape, and a character.
    Alt(char),
    /// Alt and Backspace.
    AltBackspace,
    /// Enter.
    Enter,
    /// Tab.
    Tab,
    /// Backspace.
    Backspace,
    /// Delete.
    Delete,
    /// An arrow.
    Up,
    /// An arrow.
    Down,
    /// An arrow.
    Left,
    /// An arrow.
    Right,
    /// An arrow and the control key: a word to the left.
    WordLeft,
    /// An arrow and the control key: a word to the right.
    WordRight,
    /// Home.
    Home,
    /// End.
    End,
    /// The escape key alone.
    Escape,
    /// A sequence that means nothing here, or bytes that are no UTF-8.
    Unknown,
}

/// What the bytes so far are the beginning of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    #[default]
    Ground,
    /// A character of so many bytes, some of which have come.
    Character(usize),
    /// After an escape.
    Escaped,
    /// After `ESC [`.
    Sequence,
    /// After `ESC O`.
    Single,
}

/// Bytes to keys.
#[derive(Debug, Default)]
pub struct Keys {
    state: State,
    /// The bytes of a character or of a sequence so far.
    bytes: Vec<u8>,
    is_pasting: bool,
}

const ESCAPE: u8 = 0x1b;

impl Keys {
    /// Is it undecided whether there was an escape or a sequence that it begins? Time tells.
    pub fn is_undecided(&self) -> bool {
        matches!(self.state, State::Escaped | State::Sequence | State::Single)
    }

    /// Is the text being pasted not at its end?
    pub fn is_pasting(&self) -> bool {
        self.is_pasting
    }

    /// Nothing followed for a while: the key that was undecided.
    pub fn give_up(&mut self) -> Key {
        let is_escape = self.state == State::Escaped && !self.is_pasting;
        let key = if is_escape { Key::Escape } else { Key::Unknown };
        self.state = State::Ground;
        self.bytes.clear();
        key
    }

    /// Takes a byte, and gives the key that it completes.
    pub fn take(&mut self, byte: u8) -> Option<Key> {
        let key = self.step(byte)?;
        (!self.is_pasting || matches!(key, Key::Pasted(_))).then_some(key)
    }

    fn step(&mut self, byte: u8) -> Option<Key> {
        match self.state {
            State::Ground => self.begin(byte),
            State::Character(length) => {
                if byte & 0xc0 != 0x80 {
                    self.state = State::Ground;
                    // The byte begins something else: what was cut off is dropped, and it is not.
                    return self.begin(byte).or(Some(Key::Unknown));
                }
                self.bytes.push(byte);
                if self.bytes.len() < length {
                    return None;
                }
                self.state = State::Ground;
                let character = core::str::from_utf8(&self.bytes).ok().and_then(|text| text.chars().next());
                Some(character.map_or(Key::Unknown, |character| self.typed(character)))
            }
            State::Escaped => {
                self.state = State::Ground;
                match byte {
                    b'[' => self.go_on(State::Sequence),
                    b'O' => self.go_on(State::Single),
                    // Two escapes in a row: Alt and a sequence, or a key pressed twice.
                    ESCAPE => self.go_on(State::Escaped),
                    0x7f | 0x08 => Some(Key::AltBackspace),
                    0x20..=0x7e => Some(Key::Alt(char::from(byte))),
                    _ => Some(Key::Unknown),
                }
            }
            State::Single => {
                self.state = State::Ground;
                Some(cursor_key(byte, false))
            }
            State::Sequence => {
                // Parameters and intermediate bytes; whatever else comes ends it.
                if (0x20..0x40).contains(&byte) {
                    if self.bytes.len() < KEY_BYTES {
                        self.bytes.push(byte);
                    }
                    return None;
                }
                self.state = State::Ground;
                self.sequence(byte)
            }
        }
    }

    fn go_on(&mut self, state: State) -> Option<Key> {
        self.bytes.clear();
        self.state = state;
        None
    }

    fn begin(&mut self, byte: u8) -> Option<Key> {
        match byte {
            ESCAPE => self.go_on(State::Escaped),
            0x80.. => {
                let length = match byte {
                    0xc2..0xe0 => 2,
                    0xe0..0xf0 => 3,
                    0xf0..0xf5 => 4,
                    _ => return Some(Key::Unknown),
                };
                self.go_on(State::Character(length));
                self.bytes.push(byte);
                None
            }
            _ if self.is_pasting => Some(self.typed(char::from(if byte == b'\r' { b'\n' } else { byte }))),
            b'\r' | b'\n' => Some(Key::Enter),
            b'\t' => Some(Key::Tab),
            0x7f | 0x08 => Some(Key::Backspace),
            0..0x20 => Some(Key::Control(char::from(byte | 0x40).to_ascii_lowercase())),
            _ => Some(self.typed(char::from(byte))),
        }
    }

    fn typed(&self, character: char) -> Key {
        if self.is_pasting { Key::Pasted(character) } else { Key::Char(character) }
    }

    /// The sequence whose parameters have come and that ends with this byte.
    fn sequence(&mut self, end: u8) -> Option<Key> {
        let parameters = core::str::from_utf8(&self.bytes).unwrap_or_default();
        match (parameters, end) {
            ("200", b'~') => {
                self.is_pasting = true;
                None
            }
            ("201", b'~') => {
                self.is_pasting = false;
                None
            }
            ("1" | "7", b'~') => Some(Key::Home),
            ("3", b'~') => Some(Key::Delete),
            ("4" | "8", b'~') => Some(Key::End),
            // `1;5C`: the modifiers follow, 5 for the control key and 3 for Alt.
            ("1;5" | "1;3" | "5" | "3", end) => Some(cursor_key(end, true)),
            ("" | "1", end) => Some(cursor_key(end, false)),
            _ => Some(Key::Unknown),
        }
    }
}

fn cursor_key(end: u8, is_by_word: bool) -> Key {
    match end {
        b'A' => Key::Up,
        b'B' => Key::Down,
        b'C' if is_by_word => Key::WordRight,
        b'D' if is_by_word => Key::WordLeft,
        b'C' => Key::Right,
        b'D' => Key::Left,
        b'H' => Key::Home,
        b'F' => Key::End,
        b'M' => Key::Enter,
        _ => Key::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(bytes: impl AsRef<[u8]>) -> Vec<Key> {
        let mut keys = Keys::default();
        let taken = bytes.as_ref().iter().filter_map(|&byte| keys.take(byte)).collect();
        assert!(!keys.is_undecided() && !keys.is_pasting());
        taken
    }

    #[test]
    fn characters_are_put_together_from_their_bytes() {
        let typed = |text: &str| text.chars().map(Key::Char).collect::<Vec<_>>();
        assert_eq!(keys("aé漢🦀 ~"), typed("aé漢🦀 ~"));
    }

    #[test]
    fn bytes_that_are_no_text_are_one_unknown_key_and_lose_nothing_after_them() {
        assert_eq!(keys(b"\xff\xc0a"), [Key::Unknown, Key::Unknown, Key::Char('a')]);
        assert_eq!(keys(b"\xc3a"), [Key::Char('a')]);
        assert_eq!(keys(b"\xe6\xbc\xc3\xa9"), [Key::Unknown, Key::Char('é')]);
        assert_eq!(keys(b"\xed\xa0\x80"), [Key::Unknown], "a surrogate");
    }

    #[test]
    fn control_characters_are_keys() {
        let expected =
            [Key::Control('a'), Key::Enter, Key::Enter, Key::Tab, Key::Backspace, Key::Backspace, Key::Control('_')];
        assert_eq!(keys(b"\x01\r\n\t\x08\x7f\x1f"), expected);
    }

    #[test]
    fn a_sequence_is_taken_whole_whether_it_is_known_or_not() {
        use Key::{Char, Delete, Down, End, Home, Left, Right, Unknown, Up, WordLeft, WordRight};
        assert_eq!(keys("\x1b[A\x1b[B\x1b[C\x1b[D"), [Up, Down, Right, Left]);
        assert_eq!(keys("\x1bOA\x1bOH\x1bOF"), [Up, Home, End]);
        assert_eq!(keys("\x1b[H\x1b[1~\x1b[F\x1b[4~\x1b[3~"), [Home, Home, End, End, Delete]);
        assert_eq!(keys("\x1b[1;5C\x1b[1;5D"), [WordRight, WordLeft]);
        assert_eq!(
            keys("\x1b[15~x\x1b[?1;2cy\x1b[38;5;1mz"),
            [Unknown, Char('x'), Unknown, Char('y'), Unknown, Char('z')]
        );
        let long = alloc::format!("\x1b[{}Aq", "1;".repeat(1000));
        assert_eq!(keys(long), [Unknown, Char('q')]);
    }

    #[test]
    fn an_escape_before_a_character_is_alt() {
        assert_eq!(keys("\x1bb\x1b\x7f\x1b\x1b[A"), [Key::Alt('b'), Key::AltBackspace, Key::Up]);
    }

    #[test]
    fn what_follows_an_escape_too_late_is_a_key_of_its_own() {
        let mut keys = Keys::default();
        assert_eq!(keys.take(0x1b), None);
        assert!(keys.is_undecided());
        assert_eq!(keys.give_up(), Key::Escape);
        assert_eq!(keys.take(b'['), Some(Key::Char('[')));
        assert_eq!((keys.take(0x1b), keys.take(b'['), keys.give_up()), (None, None, Key::Unknown));
        assert_eq!(keys.take(b'A'), Some(Key::Char('A')));
    }

    #[test]
    fn nothing_in_a_pasted_text_is_a_command() {
        let pasted = "a\tb\r\x03é".replace('\r', "\n");
        let expected: Vec<Key> = pasted.chars().map(Key::Pasted).chain([Key::Enter]).collect();
        assert_eq!(keys("\x1b[200~a\tb\r\x03\x1bb\x1b[Aé\x1b[201~\r"), expected);
    }
}
