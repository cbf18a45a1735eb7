//! What fields an event has, and of what kind.
//!
//! It is taken from docs/events.schema.json, which is made from the kernel's own declaration: a reader of a log holds
//! each event against it, so no field that is missing or garbled is passed over because this reader has no use for it.
//! Within a version there may be new events and new fields; those are not known here, and let through.

use crate::{
    Event, FieldError,
    event::{UNSIGNED, moment},
};
use serde_json::Value;
use std::{collections::BTreeMap, sync::LazyLock};

const SCHEMA: &str = include_str!("../../docs/events.schema.json");

/// The fields of each event, by its message.
static FIELDS: LazyLock<BTreeMap<String, Vec<(String, Kind)>>> = LazyLock::new(|| {
    let schema: Value = serde_json::from_str(SCHEMA).expect("docs/events.schema.json is JSON");
    let events = schema["oneOf"].as_array().into_iter().flatten();
    let of_event = |event: &Value| {
        let properties = &event["properties"];
        let fields = properties.as_object().into_iter().flatten();
        let fields = fields.filter_map(|(name, field)| Some((name.clone(), Kind::of(field)?))).collect();
        Some((properties["message"]["const"].as_str()?.to_owned(), fields))
    };
    events.filter_map(of_event).collect()
});

/// What a field is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Unsigned,
    /// A number that may be below 0.
    Signed,
    Boolean,
    /// Text that has a pattern.
    Moment,
    Text,
}

impl Kind {
    /// None for a field that is always the same.
    fn of(field: &Value) -> Option<Kind> {
        match field["type"].as_str()? {
            "integer" if field["minimum"].is_null() => Some(Kind::Signed),
            "integer" => Some(Kind::Unsigned),
            "boolean" => Some(Kind::Boolean),
            "string" if field["pattern"].is_null() => Some(Kind::Text),
            "string" => Some(Kind::Moment),
            _ => None,
        }
    }

    fn fits(self, value: &Value) -> bool {
        match self {
            Kind::Unsigned => value.is_u64(),
            Kind::Signed => value.is_i64(),
            Kind::Boolean => value.is_boolean(),
            Kind::Moment => value.as_str().and_then(moment).is_some(),
            Kind::Text => value.is_string(),
        }
    }

    fn words(self) -> &'static str {
        match self {
            Kind::Unsigned => UNSIGNED,
            Kind::Signed => "a number",
            Kind::Boolean => "true or false",
            Kind::Moment => "a time",
            Kind::Text => "text",
        }
    }
}

/// Has the event all its fields?
///
/// Errors: the first that is missing, or of another kind.
pub fn check(event: &Event) -> Result<(), FieldError> {
    let Some(fields) = FIELDS.get(&*event.message) else { return Ok(()) };
    match fields.iter().find(|(name, kind)| !event.value(name).is_some_and(|value| kind.fits(value))) {
        Some((field, kind)) => Err(FieldError { field, wanted: kind.words() }),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_of_field_is_known_and_looked_at() {
        let whole = r#"{"seq":1,"at":"0.000000001","target":"yieldix::sched","message":"blocked","tid":3,"on":"join 2","queues":"","until":"never"}"#;
        let check = |line: &str| super::check(&Event::parse(line.as_bytes()).unwrap().unwrap());
        assert_eq!(check(whole), Ok(()));
        for (field, wanted) in [("tid", "a number from 0 on"), ("on", "text"), ("until", "a time")] {
            let wrong = Err(FieldError { field, wanted });
            assert_eq!(check(&whole.replace(&format!("\"{field}\""), "\"x\"")), wrong, "it is missing");
            assert_eq!(check(&whole.replace(&format!("\"{field}\":"), &format!("\"{field}\":[],\"x\":"))), wrong);
        }
        let negative = FieldError { field: "tid", wanted: "a number from 0 on" };
        assert_eq!(check(&whole.replace(r#""tid":3"#, r#""tid":-3"#)), Err(negative));
        let new = r#"{"seq":1,"at":"0.000000001","target":"yieldix::sched","message":"of tomorrow","tid":"x"}"#;
        assert_eq!(check(new), Ok(()));
    }

    #[test]
    fn every_event_of_the_schema_is_known_with_all_its_fields() {
        let schema: Value = serde_json::from_str(SCHEMA).unwrap();
        let events = schema["oneOf"].as_array().unwrap();
        assert!(events.len() > 50 && FIELDS.len() == events.len(), "{} of {}", FIELDS.len(), events.len());
        for event in events {
            let message = event["properties"]["message"]["const"].as_str().unwrap();
            let properties = event["properties"].as_object().unwrap().iter();
            let names = properties.filter(|(_, field)| field["const"].is_null()).map(|(name, _)| name);
            assert!(names.eq(FIELDS[message].iter().map(|(name, _)| name)), "{message}: {:?}", FIELDS[message]);
        }
    }

    #[test]
    fn only_the_code_that_a_machine_ends_with_may_be_below_0() {
        let fields = FIELDS.iter().flat_map(|(message, fields)| fields.iter().map(move |field| (message, field)));
        let signed = fields.filter(|(_, (_, kind))| *kind == Kind::Signed);
        assert!(signed.map(|(message, (name, _))| (&**message, &**name)).eq([("ended", "code")]));
        let ended = r#"{"seq":1,"at":"0.000000001","target":"yieldix::boot","message":"ended","code":-2147483648,"reason":"","turns":1,"traps":1}"#;
        assert_eq!(check(&Event::parse(ended.as_bytes()).unwrap().unwrap()), Ok(()));
    }
}
