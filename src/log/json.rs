//! Events as JSON: an object a line, with the fields in their order.

use serde::Serialize;
use std::{fmt, io::Write};
use tracing::{
    Event,
    field::{Field, Visit},
};

/// Adds an event, without the end of the line.
pub fn write(event: &Event<'_>, line: &mut Vec<u8>) {
    let metadata = event.metadata();
    // The names of targets and levels need no escapes, and writing to memory cannot fail.
    let _ = write!(line, r#"{{"level":"{}","target":"{}""#, metadata.level(), metadata.target());
    event.record(&mut Fields(line));
    line.push(b'}');
}

struct Fields<'a>(&'a mut Vec<u8>);

impl Fields<'_> {
    fn put(&mut self, field: &Field, value: &(impl Serialize + ?Sized)) {
        let _ = write!(self.0, r#","{}":"#, field.name());
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
        self.put(field, &format!("{value:?}"));
    }
}
