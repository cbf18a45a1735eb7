//! Events as JSON: an object a line, with the fields in their order.

use serde::Serialize;
use std::fmt;
use tracing::{
    Event,
    field::{Field, Visit},
};

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
        self.put(field, value);
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
        let is_plain = |byte: u8| byte >= b' ' && byte != b'"' && byte != b'\\';
        if piece.bytes().all(is_plain) {
            self.0.extend_from_slice(piece.as_bytes());
            return Ok(());
        }
        let start = self.0.len();
        serde_json::to_writer(&mut *self.0, piece).map_err(|_| fmt::Error)?;
        // Without its quotes.
        self.0.pop();
        self.0.remove(start);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fmt::Write;

    #[test]
    fn what_is_written_in_pieces_is_one_string() {
        let mut line = Vec::new();
        let said = "plain \"quoted\" back\\slash\n\u{1b}[0m é 漢 \u{7f}";
        let _ = write!(Within(&mut line), "{}{said}{:>4}", 17, '"');
        let json = format!("\"{}\"", String::from_utf8(line).unwrap());
        assert_eq!(serde_json::from_str::<String>(&json).unwrap(), format!("17{said}   \""));
        assert!(!json.contains(['\n', '\u{1b}']), "{json}");
    }
}
