//! Events as JSON: an object a line, with the fields in their order.

use serde::Serialize;
use std::fmt::{self, Write};
use tracing::{
    Event,
    field::{Field, Visit},
};
use yieldix_kernel::one_line::is_harmful;

/// Adds an event, without the end of the line.
pub fn write(event: &Event<'_>, line: &mut Vec<u8>) {
    let metadata = event.metadata();
    // The names of targets, levels and fields need no escapes.
    line.extend_from_slice(b"{\"level\":\"");
    line.extend_from_slice(metadata.level().as_str().as_bytes());
    line.extend_from_slice(b"\",\"target\":\"");
    line.extend_from_slice(metadata.target().as_bytes());
    line.push(b'"');
    event.record(&mut Fields(line));
    line.push(b'}');
}

struct Fields<'a>(&'a mut Vec<u8>);

impl Fields<'_> {
    fn name(&mut self, field: &Field) {
        self.0.extend_from_slice(b",\"");
        self.0.extend_from_slice(field.name().as_bytes());
        self.0.extend_from_slice(b"\":");
    }

    fn put(&mut self, field: &Field, value: &(impl Serialize + ?Sized)) {
        self.name(field);
        // Writing to memory cannot fail.
        let _ = serde_json::to_writer(&mut *self.0, value);
    }

    fn put_text(&mut self, field: &Field, value: &str) {
        let start = self.0.len();
        self.put(field, value);
        escape_harmful(self.0, start);
    }
}

impl Visit for Fields<'_> {
    fn record_u64(&mut self, field: &Field, value: u64) {
        self.put(field, &value);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.put(field, &value);
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.put(field, &value);
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.put(field, &value);
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.put_text(field, value);
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.name(field);
        self.0.push(b'"');
        // It may say that it fails; what it has written until then stands.
        let _ = fmt::write(&mut Within(self.0), format_args!("{value:?}"));
        self.0.push(b'"');
    }
}

/// The inside of a string of JSON, to which text is added piece by piece.
struct Within<'a>(&'a mut Vec<u8>);

impl fmt::Write for Within<'_> {
    fn write_str(&mut self, piece: &str) -> fmt::Result {
        let is_plain = |byte: u8| byte.is_ascii() && byte >= b' ' && byte != b'"' && byte != b'\\';
        if piece.bytes().all(is_plain) {
            self.0.extend_from_slice(piece.as_bytes());
            return Ok(());
        }
        let start = self.0.len();
        serde_json::to_writer(&mut *self.0, piece).map_err(|_| fmt::Error)?;
        // Without its quotes.
        self.0.pop();
        self.0.remove(start);
        escape_harmful(self.0, start);
        Ok(())
    }
}

/// Escapes in a string of JSON, from `start` on, what JSON allows there and a terminal, or a reader of lines, would
/// obey.
fn escape_harmful(line: &mut Vec<u8>, start: usize) {
    // Asked of each text: nothing else is harmful below, and what is was escaped.
    if line[start..].iter().all(|&byte| byte < 0x7f) {
        return;
    }
    let Ok(text) = str::from_utf8(&line[start..]) else { return };
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        match u32::from(letter) {
            // All of them have four digits at most.
            code if is_harmful(letter) => drop(write!(escaped, "\\u{code:04x}")),
            _ => escaped.push(letter),
        }
    }
    line.truncate(start);
    line.extend_from_slice(escaped.as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_in_pieces_is_one_string() {
        let mut line = Vec::new();
        let said = "plain \"quoted\" back\\slash\n\u{1b}[0m é 漢 \u{7f}\u{9b}0m\u{202e}\u{2028}";
        let _ = write!(Within(&mut line), "{}{said}{:>4}", 17, '"');
        let json = format!("\"{}\"", String::from_utf8(line).unwrap());
        assert_eq!(serde_json::from_str::<String>(&json).unwrap(), format!("17{said}   \""));
        assert!(!json.contains(is_harmful), "{json}");
    }
}
