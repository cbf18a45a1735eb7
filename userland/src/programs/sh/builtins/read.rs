//! `read`: a line of input becomes variables.

use crate::{
    limits::LINE_BYTES_MAX,
    prelude::*,
    programs::sh::{
        cursor::is_name,
        shell::{Outcome, Shell},
    },
};

/// A character of a line, and whether a backslash has kept it from parting fields.
type Kept = (char, bool);

impl Shell {
    /// `read [-r] [-p PROMPT] name...`
    pub(super) fn read(&mut self, words: Vec<String>) -> impl Routine<Outcome<i32>> {
        routine!(move -> Outcome<i32> {
            let mut words = words.into_iter().peekable();
            let mut is_raw = false;
            while let Some(option) = words.next_if(|word| word.starts_with('-') && word.len() > 1) {
                match option.as_str() {
                    "--" => break,
                    "-r" => is_raw = true,
                    "-p" => {
                        let prompt = words.next().unwrap_or_default();
                        let _ = write_all!(Fd::STDERR, Buf::from(prompt.into_bytes()));
                    }
                    option => return Ok(call!(self.misused(format!("read: illegal option {}", excerpt(option))))),
                }
            }
            let names: Vec<String> = words.collect();
            if names.is_empty() {
                return Ok(call!(self.misused("read: arg count")));
            }
            if let Some(name) = names.iter().find(|name| !is_name(name)) {
                return Ok(call!(self.misused(format!("read: {}: bad variable name", excerpt(name)))));
            }
            let (line, status) = call!(self.read_line(is_raw));
            let values = split(&line, self.variables.separators(), names.len());
            for (name, value) in names.into_iter().zip(values) {
                if let Err(what) = self.variables.set(&name, value) {
                    return Ok(call!(self.misused(format!("read: {what}"))));
                }
            }
            Ok(status)
        })
    }

    /// A line, byte by byte, so that what follows it is still there for others; and the status: 1 at the end.
    fn read_line(&mut self, is_raw: bool) -> impl Routine<(Vec<Kept>, i32)> {
        routine!(move -> (Vec<Kept>, i32) {
            // What was escaped is marked: the bytes of a character are put together first.
            let mut bytes: Vec<(u8, bool)> = Vec::new();
            let mut is_escaped = false;
            let status = loop {
                let byte = match trap!(yield read(Fd::STDIN, 1)) {
                    Ok(data) => match data.first() {
                        Some(byte) => *byte,
                        None => break 1,
                    },
                    Err(Errno::EINTR) => {
                        call!(self.note_signals());
                        match self.noted_signal() {
                            Some(signal) => break 128 + i32::from(signal.number()),
                            None => continue,
                        }
                    }
                    Err(errno) => break call!(self.misused(format!("read: {}", errno.meaning()))),
                };
                match byte {
                    b'\n' if !is_escaped => break 0,
                    // It goes on in the next line.
                    b'\n' => is_escaped = false,
                    b'\\' if !is_raw && !is_escaped => is_escaped = true,
                    0 => {}
                    byte => {
                        bytes.push((byte, is_escaped));
                        is_escaped = false;
                    }
                }
                if bytes.len() > LINE_BYTES_MAX {
                    break call!(self.misused("read: line too long"));
                }
            };
            let text: Vec<u8> = bytes.iter().map(|(byte, _)| *byte).collect();
            let text = match core::str::from_utf8(&text) {
                Ok(text) => text.char_indices().map(|(at, c)| (c, bytes[at].1)).collect(),
                Err(_) => String::from_utf8_lossy(&text).chars().map(|c| (c, false)).collect(),
            };
            (text, status)
        })
    }
}

/// The fields of a line, the last of which has all that is left; empty ones where there are too few.
fn split(line: &[Kept], separators: &str, count: usize) -> Vec<String> {
    let parts = |&(c, is_kept): &Kept| !is_kept && separators.contains(c);
    let is_blank = |kept: &Kept| parts(kept) && matches!(kept.0, ' ' | '\t' | '\n');
    let text = |kept: &[Kept]| kept.iter().map(|(c, _)| *c).collect::<String>();
    let skip_blanks = |line: &[Kept]| line.iter().take_while(|kept| is_blank(kept)).count();
    // One separator, with the blank ones around it.
    let skip_separator = |mut line: &[Kept]| {
        let before = line.len();
        line = &line[skip_blanks(line)..];
        if line.first().is_some_and(&parts) {
            line = &line[1..];
            line = &line[skip_blanks(line)..];
        }
        before - line.len()
    };
    let mut fields = Vec::new();
    let mut rest = &line[skip_blanks(line)..];
    while fields.len() + 1 < count {
        let end = rest.iter().position(parts).unwrap_or(rest.len());
        fields.push(text(&rest[..end]));
        rest = &rest[end..];
        rest = &rest[skip_separator(rest)..];
    }
    while rest.last().is_some_and(is_blank) {
        rest = &rest[..rest.len() - 1];
    }
    // One field with a separator behind it is that field; more of them are a text with all its separators.
    let end = rest.iter().position(parts).unwrap_or(rest.len());
    if end < rest.len() && end + skip_separator(&rest[end..]) == rest.len() {
        rest = &rest[..end];
    }
    fields.push(text(rest));
    fields
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(line: &str, separators: &str, count: usize) -> Vec<String> {
        split(&line.chars().map(|c| (c, false)).collect::<Vec<_>>(), separators, count)
    }

    #[test]
    fn the_last_variable_has_what_is_left() {
        assert_eq!(fields("  a  b c  ", " ", 2), ["a", "b c"]);
        assert_eq!(fields("a", " ", 3), ["a", "", ""]);
        assert_eq!(fields("a:b:c", ":", 2), ["a", "b:c"]);
        assert_eq!(fields("a::b", ":", 3), ["a", "", "b"]);
        assert_eq!(fields("a:b:", ":", 2), ["a", "b"]);
        assert_eq!(fields("a:b::", ":", 2), ["a", "b::"]);
        assert_eq!(fields(" a b ", "", 1), [" a b "]);
    }
}
