//! One event of a log: a line, taken apart.

use serde_json::{Map, Value};
use std::fmt;

/// What a number has to be, unless it may be below 0.
pub(crate) const UNSIGNED: &str = "a number from 0 on";

/// One event.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// Its place in the order of all, from 1.
    pub seq: u64,
    /// The kernel's time, in nanoseconds since boot.
    pub at: u64,
    /// Its name: `chosen`.
    pub message: Box<str>,
    fields: Map<String, Value>,
}

/// A field that is not as the schema says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldError {
    /// Its name.
    pub field: &'static str,
    /// What it should have been.
    pub wanted: &'static str,
}

impl fmt::Display for FieldError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "its field {:?} is not {}", self.field, self.wanted)
    }
}

impl std::error::Error for FieldError {}

/// Why a line is no event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LineError {
    /// It is not in UTF-8.
    NotText,
    /// It is no JSON object.
    NotJson,
    /// A field that all events have is not as it should be.
    Field(FieldError),
}

impl fmt::Display for LineError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            LineError::NotText => f.write_str("it is not text in UTF-8"),
            LineError::NotJson => f.write_str("it is no JSON object"),
            LineError::Field(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for LineError {}

impl From<FieldError> for LineError {
    fn from(error: FieldError) -> LineError {
        LineError::Field(error)
    }
}

impl Event {
    /// Takes a line apart. None for an event that is not the kernel's: it has no number.
    ///
    /// Errors: [`LineError`].
    pub fn parse(line: &[u8]) -> Result<Option<Event>, LineError> {
        let line = std::str::from_utf8(line).map_err(|_| LineError::NotText)?;
        let Ok(Value::Object(fields)) = serde_json::from_str(line) else { return Err(LineError::NotJson) };
        let mut event = Event { seq: 0, at: 0, message: "".into(), fields };
        let is_the_kernels = event.text("target")?.starts_with("yieldix::") && event.fields.contains_key("seq");
        if !is_the_kernels {
            return Ok(None);
        }
        event.message = event.text("message")?.into();
        event.seq = event.number("seq")?;
        event.at = event.time("at")?.ok_or(FieldError { field: "at", wanted: "a time" })?;
        Ok(Some(event))
    }

    /// A field that is text.
    pub fn text(&self, field: &'static str) -> Result<&str, FieldError> {
        self.fields.get(field).and_then(Value::as_str).ok_or(FieldError { field, wanted: "text" })
    }

    /// A field that is a number from 0 on, a task's for one.
    pub fn number(&self, field: &'static str) -> Result<u64, FieldError> {
        self.fields.get(field).and_then(Value::as_u64).ok_or(FieldError { field, wanted: UNSIGNED })
    }

    /// A field that is a moment, in nanoseconds since boot; none for `never`.
    pub fn time(&self, field: &'static str) -> Result<Option<u64>, FieldError> {
        moment(self.text(field)?).ok_or(FieldError { field, wanted: "a time" })
    }

    /// A field as it is.
    pub(crate) fn value(&self, field: &str) -> Option<&Value> {
        self.fields.get(field)
    }
}

/// A moment as the log has it: nanoseconds since boot, as seconds with nine digits behind the point.
pub(crate) struct Moment(pub u64);

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:09}", self.0 / 1_000_000_000, self.0 % 1_000_000_000)
    }
}

/// A moment or `never`, which is none; nothing for what is neither.
pub(crate) fn moment(text: &str) -> Option<Option<u64>> {
    if text == "never" { Some(None) } else { nanoseconds(text).map(Some) }
}

/// A moment as nanoseconds since boot: `0.000001000` is 1,000.
fn nanoseconds(text: &str) -> Option<u64> {
    let (seconds, fraction) = text.split_once('.')?;
    // A sign is none.
    let are_digits = [seconds, fraction].iter().all(|part| part.bytes().all(|byte| byte.is_ascii_digit()));
    let seconds: u64 = seconds.parse().ok().filter(|_| are_digits && fraction.len() == 9)?;
    seconds.checked_mul(1_000_000_000)?.checked_add(fraction.parse().ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_taken_apart() {
        let line = br#"{"seq":7,"at":"1.000000002","level":"DEBUG","target":"yieldix::sched","message":"blocked","tid":3,"on":"join 2","until":"never"}"#;
        let event = Event::parse(line).unwrap().unwrap();
        assert_eq!((event.seq, event.at, &*event.message), (7, 1_000_000_002, "blocked"));
        assert_eq!((event.number("tid"), event.text("on"), event.time("until")), (Ok(3), Ok("join 2"), Ok(None)));
        assert_eq!(event.number("on"), Err(FieldError { field: "on", wanted: "a number from 0 on" }));
    }

    #[test]
    fn what_is_not_the_kernels_is_none_and_what_is_no_object_an_error() {
        assert_eq!(Event::parse(br#"{"level":"INFO","target":"mine","message":"hello"}"#), Ok(None));
        for line in ["", "{", "7", "[]"] {
            assert_eq!(Event::parse(line.as_bytes()), Err(LineError::NotJson), "{line}");
        }
        let without_target = FieldError { field: "target", wanted: "text" };
        assert_eq!(Event::parse(br#"{"seq":1}"#), Err(LineError::Field(without_target)));
        assert_eq!(Event::parse(b"{\"target\":\"\xff\"}"), Err(LineError::NotText));
    }

    #[test]
    fn a_time_has_nine_digits_behind_the_point() {
        for (text, nanos) in [
            ("0.000000001", Some(1)),
            ("2.5", None),
            ("x.000000000", None),
            ("1.00000000x", None),
            ("+1.000000000", None),
        ] {
            assert_eq!(nanoseconds(text), nanos, "{text}");
            assert!(nanos.is_none_or(|nanos| Moment(nanos).to_string() == text), "{text}");
        }
    }
}
