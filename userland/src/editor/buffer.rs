//! The text of a line being edited, and a cursor in it.
//!
//! The cursor stands between two characters and never amid one, nor between a character and what
//! combines with it. Killed text is kept for one yank; kills in a row add up.

use crate::limits::LINE_BYTES_MAX;
use alloc::string::String;
use core::ops::Range;
use unicode_width::UnicodeWidthChar;

/// A text and a place in it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Buffer {
    text: String,
    /// In bytes.
    cursor: usize,
}

/// Text that was killed last.
#[derive(Debug, Default)]
pub struct Killed {
    text: String,
    /// Was the last key a kill, to which another adds?
    is_fresh: bool,
}

impl Killed {
    /// A key that kills nothing was pressed.
    pub fn settle(&mut self) {
        self.is_fresh = false;
    }
}

/// Does it stand on the character before it?
pub fn combines(character: char) -> bool {
    !character.is_control() && character.width() == Some(0)
}

/// A word, as the keys that move by words have it.
fn is_of_word(character: char) -> bool {
    character.is_alphanumeric()
}

impl Buffer {
    /// This text, with the cursor at its end.
    pub fn new(text: String) -> Buffer {
        Buffer { cursor: text.len(), text }
    }

    /// With the cursor before this byte.
    pub fn with_cursor(text: String, cursor: usize) -> Buffer {
        let cursor = text.floor_char_boundary(cursor);
        Buffer { text, cursor }
    }

    /// The text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The text, without the rest.
    pub fn into_text(self) -> String {
        self.text
    }

    /// Where the cursor is, in bytes.
    pub fn cursor(&self) -> usize {
        self.cursor
    }

    /// What stands before the cursor.
    pub fn before(&self) -> &str {
        &self.text[..self.cursor]
    }

    fn after(&self) -> &str {
        &self.text[self.cursor..]
    }

    /// Puts a text in at the cursor, which is then behind it. False when the line would be too long.
    pub fn insert(&mut self, text: &str) -> bool {
        let has_room = self.text.len() + text.len() <= LINE_BYTES_MAX;
        if has_room {
            self.text.insert_str(self.cursor, text);
            self.cursor += text.len();
        }
        has_room
    }

    /// As [`insert`](Buffer::insert), for one character.
    pub fn insert_char(&mut self, character: char) -> bool {
        self.insert(character.encode_utf8(&mut [0; 4]))
    }

    /// Replaces what stands between `start` and the cursor. False when the line would be too long.
    pub fn replace_before(&mut self, start: usize, text: &str) -> bool {
        let start = self.text.floor_char_boundary(start.min(self.cursor));
        let has_room = self.text.len() - (self.cursor - start) + text.len() <= LINE_BYTES_MAX;
        if has_room {
            self.text.replace_range(start..self.cursor, text);
            self.cursor = start + text.len();
        }
        has_room
    }

    /// Where the character before the cursor begins, with all that combines with it.
    fn previous(&self) -> usize {
        let mut characters = self.before().char_indices().rev();
        characters.find(|(_, character)| !combines(*character)).map_or(0, |(at, _)| at)
    }

    /// Where the character behind the cursor ends, with all that combines with it.
    fn next(&self) -> usize {
        let mut characters = self.after().char_indices().skip(1);
        characters.find(|(_, character)| !combines(*character)).map_or(self.text.len(), |(at, _)| self.cursor + at)
    }

    /// Where the word before the cursor begins, of characters that `is_of_word`.
    fn word_start(&self, is_of_word: fn(char) -> bool) -> usize {
        let before = self.before().trim_end_matches(|c| !is_of_word(c));
        before.trim_end_matches(is_of_word).len()
    }

    /// Where the word behind the cursor ends.
    fn word_end(&self) -> usize {
        let rest = self.after().trim_start_matches(|c| !is_of_word(c)).trim_start_matches(is_of_word);
        self.text.len() - rest.len()
    }

    /// A character to the left.
    pub fn left(&mut self) {
        self.cursor = self.previous();
    }

    /// A character to the right.
    pub fn right(&mut self) {
        self.cursor = self.next();
    }

    /// To the beginning.
    pub fn home(&mut self) {
        self.cursor = 0;
    }

    /// To the end.
    pub fn end(&mut self) {
        self.cursor = self.text.len();
    }

    /// To the beginning of a word.
    pub fn word_left(&mut self) {
        self.cursor = self.word_start(is_of_word);
    }

    /// To the end of a word.
    pub fn word_right(&mut self) {
        self.cursor = self.word_end();
    }

    /// Removes the character before the cursor. False when there is none.
    pub fn backspace(&mut self) -> bool {
        self.remove(self.previous()..self.cursor)
    }

    /// Removes the character behind the cursor. False when there is none.
    pub fn delete(&mut self) -> bool {
        self.remove(self.cursor..self.next())
    }

    fn remove(&mut self, range: Range<usize>) -> bool {
        self.text.drain(range.clone());
        self.cursor = range.start;
        !range.is_empty()
    }

    /// Kills all behind the cursor.
    pub fn kill_to_end(&mut self, killed: &mut Killed) {
        self.kill(self.cursor..self.text.len(), killed);
    }

    /// Kills all before the cursor.
    pub fn kill_to_start(&mut self, killed: &mut Killed) {
        self.kill(0..self.cursor, killed);
    }

    /// Kills the word before the cursor, and what is between.
    pub fn kill_word_left(&mut self, killed: &mut Killed) {
        self.kill(self.word_start(is_of_word)..self.cursor, killed);
    }

    /// Kills back to the last white space.
    pub fn kill_argument(&mut self, killed: &mut Killed) {
        self.kill(self.word_start(|c| !c.is_whitespace())..self.cursor, killed);
    }

    /// Kills the word behind the cursor, and what is between.
    pub fn kill_word_right(&mut self, killed: &mut Killed) {
        self.kill(self.cursor..self.word_end(), killed);
    }

    fn kill(&mut self, range: Range<usize>, killed: &mut Killed) {
        if range.is_empty() {
            return;
        }
        if !killed.is_fresh {
            killed.text.clear();
        }
        let at = if range.start < self.cursor { 0 } else { killed.text.len() };
        killed.text.insert_str(at, &self.text[range.clone()]);
        killed.is_fresh = true;
        self.remove(range);
    }

    /// Puts what was killed last in at the cursor. False when the line would be too long.
    pub fn yank(&mut self, killed: &Killed) -> bool {
        self.insert(&killed.text)
    }

    /// Has the characters before and behind the cursor change places, at the end the last two. False when there
    /// are not two.
    pub fn transpose(&mut self) -> bool {
        let mut place = self.clone();
        if place.after().is_empty() {
            place.left();
        }
        let (start, middle, end) = (place.previous(), place.cursor, place.next());
        if start == middle || middle == end {
            return false;
        }
        let [first, second] = [start..middle, middle..end].map(|range| String::from(&self.text[range]));
        self.text.replace_range(start..end, &(second + &first));
        self.cursor = end;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;

    /// A buffer whose cursor stands where the bar does.
    fn buffer(text: &str) -> Buffer {
        let (before, after) = text.split_once('|').unwrap();
        Buffer::with_cursor(format!("{before}{after}"), before.len())
    }

    fn shown(buffer: &Buffer) -> String {
        format!("{}|{}", buffer.before(), buffer.after())
    }

    #[track_caller]
    fn assert_goes(from: &str, key: fn(&mut Buffer), to: &str) {
        let mut buffer = buffer(from);
        key(&mut buffer);
        assert_eq!(shown(&buffer), to, "from {from}");
    }

    #[test]
    fn the_cursor_moves_by_characters_with_what_combines_with_them() {
        assert_goes("a漢|b", Buffer::left, "a|漢b");
        assert_goes("ae\u{301}\u{302}|b", Buffer::left, "a|e\u{301}\u{302}b");
        assert_goes("a|e\u{301}\u{302}b", Buffer::right, "ae\u{301}\u{302}|b");
        assert_goes("|a", Buffer::left, "|a");
        assert_goes("a|", Buffer::right, "a|");
        assert_goes("ab|c", Buffer::home, "|abc");
        assert_goes("ab|c", Buffer::end, "abc|");
    }

    #[test]
    fn the_cursor_moves_by_words_of_letters_and_digits() {
        assert_goes("ls /usr/bin |", Buffer::word_left, "ls /usr/|bin ");
        assert_goes("ls /usr/|bin", Buffer::word_left, "ls /|usr/bin");
        assert_goes("ls| /usr/bin", Buffer::word_right, "ls /usr|/bin");
        assert_goes(" |-- ", Buffer::word_right, " -- |");
    }

    #[test]
    fn characters_are_removed_on_either_side() {
        assert_goes("ae\u{301}|b", |b| assert!(b.backspace()), "a|b");
        assert_goes("a|e\u{301}b", |b| assert!(b.delete()), "a|b");
        assert_goes("|a", |b| assert!(!b.backspace()), "|a");
        assert_goes("a|", |b| assert!(!b.delete()), "a|");
    }

    #[test]
    fn kills_in_a_row_add_up_and_are_yanked_in_their_order() {
        let mut killed = Killed::default();
        let mut line = buffer("one two| three");
        line.kill_argument(&mut killed);
        line.kill_argument(&mut killed);
        line.kill_to_end(&mut killed);
        assert_eq!((shown(&line).as_str(), killed.text.as_str()), ("|", "one two three"));
        assert!(line.yank(&killed));
        assert_eq!(shown(&line), "one two three|");
        killed.settle();
        line.kill_word_left(&mut killed);
        assert_eq!((shown(&line).as_str(), killed.text.as_str()), ("one two |", "three"));
        killed.settle();
        line.kill_to_end(&mut killed);
        assert_eq!(killed.text, "three", "nothing was killed");
    }

    #[test]
    fn a_word_to_the_left_is_killed_to_a_space_or_to_what_is_no_letter() {
        let killing = |text, kill: fn(&mut Buffer, &mut Killed)| {
            let mut line = buffer(text);
            kill(&mut line, &mut Killed::default());
            shown(&line)
        };
        assert_eq!(killing("ls /usr/bin |x", Buffer::kill_argument), "ls |x");
        assert_eq!(killing("ls /usr/bin |x", Buffer::kill_word_left), "ls /usr/|x");
        assert_eq!(killing("a| /usr/bin", Buffer::kill_word_right), "a|/bin");
        assert_eq!(killing("ab|cd", Buffer::kill_to_start), "|cd");
    }

    #[test]
    fn two_characters_change_places() {
        assert_goes("ab|cd", |b| assert!(b.transpose()), "acb|d");
        assert_goes("abc|", |b| assert!(b.transpose()), "acb|");
        assert_goes("|ab", |b| assert!(!b.transpose()), "|ab");
        assert_goes("a|", |b| assert!(!b.transpose()), "a|");
    }

    #[test]
    fn a_line_has_its_bound() {
        let mut line = Buffer::new("x".repeat(LINE_BYTES_MAX - 1));
        assert!(line.insert("y"));
        assert!(!line.insert("y"));
        assert!(line.replace_before(LINE_BYTES_MAX - 2, "ab"));
        assert!(!line.replace_before(LINE_BYTES_MAX - 2, "abc"));
        assert_eq!(line.text().len(), LINE_BYTES_MAX);
    }
}
