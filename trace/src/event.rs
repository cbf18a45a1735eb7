//! One event of a log: a line, taken apart.

use serde_json::{Map, Value};
use std::fmt;

/// One event.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// Its place in the order of all, from 1.
    pub seq: u64,
    /// The kernel's time, in nanoseconds since boot.
    pub at: u64,
    /// The target it was logged on, without `yieldix::`.
    pub target: Box<str>,
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

impl Event {
    /// Takes a line apart. None for an event that is not the kernel's: it has no number.
    ///
    /// Errors: it is no JSON object, or a field that all events have is not as it should be.
    pub fn parse(line: &str) -> Result<Option<Event>, FieldError> {
        let Ok(Value::Object(fields)) = serde_json::from_str(line) else {
            return Err(FieldError { field: "", wanted: "part of a JSON object" });
        };
        let mut event = Event { seq: 0, at: 0, target: "".into(), message: "".into(), fields };
        let target = event.text("target")?.strip_prefix("yieldix::");
        let (Some(target), true) = (target, event.fields.contains_key("seq")) else { return Ok(None) };
        event.target = target.into();
        event.message = event.text("message")?.into();
        event.seq = event.number("seq")?;
        event.at = event.time("at")?.ok_or(FieldError { field: "at", wanted: "a time" })?;
        Ok(Some(event))
    }

    /// A field that is text.
    pub fn text(&self, field: &'static str) -> Result<&str, FieldError> {
        self.fields.get(field).and_then(Value::as_str).ok_or(FieldError { field, wanted: "text" })
    }

    /// A field that is a number, a task's for one.
    pub fn number(&self, field: &'static str) -> Result<u64, FieldError> {
        self.fields.get(field).and_then(Value::as_u64).ok_or(FieldError { field, wanted: "a number" })
    }

    /// A field that is a moment, in nanoseconds since boot; none for `never`.
    pub fn time(&self, field: &'static str) -> Result<Option<u64>, FieldError> {
        let wrong = FieldError { field, wanted: "a time" };
        match self.text(field)? {
            "never" => Ok(None),
            text => nanoseconds(text).map(Some).ok_or(wrong),
        }
    }

    /// A field as it stands in the log, numbers as digits.
    pub fn shown(&self, field: &str) -> Option<String> {
        match self.fields.get(field)? {
            Value::String(text) => Some(text.clone()),
            other => Some(other.to_string()),
        }
    }

    /// Its fields, in the order of the log.
    pub fn fields(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.fields.iter().map(|(name, value)| (name.as_str(), value))
    }
}

/// `0.000001000` is 1,000 nanoseconds.
fn nanoseconds(text: &str) -> Option<u64> {
    let (seconds, fraction) = text.split_once('.')?;
    let has_nine_digits = fraction.len() == 9 && fraction.bytes().all(|byte| byte.is_ascii_digit());
    let seconds: u64 = seconds.parse().ok().filter(|_| has_nine_digits)?;
    seconds.checked_mul(1_000_000_000)?.checked_add(fraction.parse().ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_taken_apart() {
        let line = r#"{"seq":7,"at":"1.000000002","level":"DEBUG","target":"yieldix::sched","message":"blocked","tid":3,"on":"join 2","until":"never"}"#;
        let event = Event::parse(line).unwrap().unwrap();
        assert_eq!((event.seq, event.at, &*event.target, &*event.message), (7, 1_000_000_002, "sched", "blocked"));
        assert_eq!((event.number("tid"), event.text("on"), event.time("until")), (Ok(3), Ok("join 2"), Ok(None)));
        assert_eq!(event.number("on"), Err(FieldError { field: "on", wanted: "a number" }));
    }

    #[test]
    fn what_is_not_the_kernels_is_none_and_what_is_no_object_an_error() {
        assert_eq!(Event::parse(r#"{"level":"INFO","target":"mine","message":"hello"}"#), Ok(None));
        for line in ["", "{", "7", "[]", r#"{"seq":1}"#] {
            assert!(Event::parse(line).is_err(), "{line}");
        }
    }

    #[test]
    fn a_time_has_nine_digits_behind_the_point() {
        for (text, nanos) in [("0.000000001", Some(1)), ("2.5", None), ("x.000000000", None), ("1.00000000x", None)] {
            assert_eq!(nanoseconds(text), nanos, "{text}");
        }
    }
}
