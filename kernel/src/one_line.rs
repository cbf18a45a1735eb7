//! What others have named and said, in lines of the kernel's own.
//!
//! Wherever a text of a task, a peer or the host stands in a line that is read, it goes through here: it cannot end
//! the line, colour it, turn its direction, or, as a [`Word`], be taken for what is around it.

use std::fmt::{self, Display, Write};

/// Would this break the line that it stands in: control it, end it for some reader, or turn its direction?
pub fn is_harmful(letter: char) -> bool {
    letter.is_control()
        || matches!(letter, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// A text within a line: what would harm it is escaped.
#[derive(Clone, Copy, Debug)]
pub struct OneLine<'a>(pub &'a str);

impl Display for OneLine<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.chars().try_for_each(|letter| {
            if is_harmful(letter) { letter.escape_default().fmt(f) } else { f.write_char(letter) }
        })
    }
}

/// A name within a sentence: as it is when it is one plain word or nothing, and else in quotes.
#[derive(Clone, Copy, Debug)]
pub struct Word<'a>(pub &'a str);

impl Display for Word<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let is_plain = |letter: char| letter.is_ascii_alphanumeric() || "_./+-".contains(letter);
        if self.0.chars().all(is_plain) { f.write_str(self.0) } else { quoted(self.0, f) }
    }
}

/// What a file was opened as, within a sentence: a path, the address of a socket, another file. As it is when it is
/// plain, and else in quotes.
#[derive(Clone, Copy, Debug)]
pub struct Place<'a>(pub &'a str);

impl Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let is_plain = |letter: char| letter.is_ascii_alphanumeric() || "_./+-:[]%".contains(letter);
        let is_other_end = |text: &str| {
            text.strip_prefix("file ")
                .is_some_and(|file| !file.is_empty() && file.bytes().all(|byte| byte.is_ascii_digit()))
        };
        if self.0.chars().all(is_plain) || is_other_end(self.0) { f.write_str(self.0) } else { quoted(self.0, f) }
    }
}

fn quoted(text: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    f.write_char('"')?;
    for letter in text.chars() {
        match letter {
            '"' | '\\' => write!(f, "\\{letter}")?,
            _ if is_harmful(letter) => letter.escape_default().fmt(f)?,
            _ => f.write_char(letter)?,
        }
    }
    f.write_char('"')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_breaks_colours_or_turns_a_line_is_left() {
        let text = "a\nb\x1b[31mc\u{9b}0m\u{61c}\u{202e}d\u{2028}\u{2029}\u{2066} \"e\" é";
        let shown = r#"a\nb\u{1b}[31mc\u{9b}0m\u{61c}\u{202e}d\u{2028}\u{2029}\u{2066} "e" é"#;
        assert_eq!(OneLine(text).to_string(), shown);
        assert!(!Word(text).to_string().contains(is_harmful));
        assert!(!Place(text).to_string().contains(is_harmful));
    }

    #[test]
    fn a_name_is_one_plain_word_or_quoted() {
        for plain in ["", "sh", "a.out", "/bin/true", "c++", "worker-7"] {
            assert_eq!(Word(plain).to_string(), plain);
        }
        for (name, shown) in [
            ("sh         waits: any child", r#""sh         waits: any child""#),
            ("x) waits for 9 (y", r#""x) waits for 9 (y""#),
            (r#"a" b\"#, r#""a\" b\\""#),
            ("é", r#""é""#),
        ] {
            assert_eq!(Word(name).to_string(), shown);
        }
    }

    #[test]
    fn a_place_is_a_path_an_address_or_another_file_and_else_quoted() {
        for plain in ["", "/tmp/f.txt", "127.0.0.1:80", "[::1]:80", "file 12"] {
            assert_eq!(Place(plain).to_string(), plain);
        }
        for quoted in ["/f ready: spawned", "file ", "file 1x", "/f, file 3 stream"] {
            assert_eq!(Place(quoted).to_string(), format!("{quoted:?}"));
        }
    }
}
