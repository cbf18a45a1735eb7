//! Words of others in our messages: made harmless, and cut.
//!
//! A name or an argument may hold anything: an escape sequence that would act on the terminal, or
//! 60,000 bytes. An error message shows an [`excerpt`] of it. What a program is *asked* to print, as
//! `echo` is, goes out as it is.

use crate::limits::EXCERPT_CHARS;
use core::fmt::{self, Write};

/// A text as messages show it; see [`excerpt`].
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Excerpt<'a>(&'a str);

/// The first [`EXCERPT_CHARS`] characters of a text, and its size when there are more. Characters
/// that do not show as themselves, and backslashes, are escaped as in Rust: `\u{1b}` and `\\`.
///
/// `{}` shows it bare, `{:?}` in quotes.
pub const fn excerpt(text: &str) -> Excerpt<'_> {
    Excerpt(text)
}

impl<'a> Excerpt<'a> {
    /// What is shown, and whether that is all.
    fn head(self) -> (&'a str, bool) {
        let end = self.0.char_indices().nth(EXCERPT_CHARS).map(|(index, _)| index);
        (&self.0[..end.unwrap_or(self.0.len())], end.is_none())
    }

    fn size_if_cut(self, is_all: bool, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if is_all { Ok(()) } else { write!(f, "... ({} bytes)", self.0.len()) }
    }
}

impl fmt::Display for Excerpt<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (head, is_all) = self.head();
        for c in head.chars() {
            match c {
                // They need an escape only between their like.
                '\'' | '"' => f.write_char(c)?,
                c => write!(f, "{}", c.escape_debug())?,
            }
        }
        self.size_if_cut(is_all, f)
    }
}

impl fmt::Debug for Excerpt<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (head, is_all) = self.head();
        write!(f, "{head:?}")?;
        self.size_if_cut(is_all, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;

    #[test]
    fn what_would_act_on_a_terminal_is_escaped() {
        let text = "a\u{1b}[31m\r\n\u{202e}\u{9b}\\ it's \"é\"";
        assert_eq!(format!("{}", excerpt(text)), r#"a\u{1b}[31m\r\n\u{202e}\u{9b}\\ it's "é""#);
        assert_eq!(format!("{:?}", excerpt(text)), r#""a\u{1b}[31m\r\n\u{202e}\u{9b}\\ it's \"é\"""#);
    }

    #[test]
    fn a_long_text_is_cut_between_characters_and_its_size_told() {
        let longest = "é".repeat(EXCERPT_CHARS);
        assert_eq!(format!("{}", excerpt(&longest)), longest);
        let longer = longest.clone() + "x";
        assert_eq!(format!("{}", excerpt(&longer)), format!("{longest}... ({} bytes)", longer.len()));
        assert_eq!(format!("{:?}", excerpt(&longer)), format!("\"{longest}\"... ({} bytes)", longer.len()));
    }
}
