//! Events as text: a line to read.
//!
//! `seq`, the time, the level, the target, the task, and what happened, in the words of the event's declaration.
//! Events that are not the kernel's are told by their message and fields. Nothing that a task names or says can
//! break a line, or look like another.

use super::names::{Names, tells_names};
use std::{
    collections::BTreeMap,
    fmt::{self, Debug, Write},
    io,
    ops::Range,
    sync::LazyLock,
    time::Duration,
};
use tracing::{
    Event, Level,
    field::{Field, Visit},
    level_filters::LevelFilter,
};
use yieldix_kernel::{
    event::{EVENTS, EventInfo},
    one_line::OneLine,
};

/// Tells events, and knows the tasks in them.
#[derive(Debug, Default)]
pub struct Text {
    names: Names,
    fields: Fields,
}

/// What is declared of an event, by target and message.
static DECLARED: LazyLock<BTreeMap<(&str, &str), &EventInfo>> =
    LazyLock::new(|| EVENTS.iter().map(|event| ((event.target, event.message), event)).collect());

/// Fields in which tasks and files are numbers.
const EXPLAINED: [&str; 4] = ["because", "on", "queues", "object"];

/// The widest that most tasks are shown.
const TASK_WIDTH: usize = 12;

impl Text {
    /// Learns what an event tells of names, and adds it if it is wanted, without the end of the line.
    pub fn tell(&mut self, event: &Event<'_>, line: Option<&mut Vec<u8>>) {
        self.fields.read(event);
        if tells_names(event.metadata()) {
            self.learn();
        }
        if let Some(line) = line {
            // Writing to memory cannot fail.
            let _ = self.write_line(event, line);
        }
    }

    fn learn(&mut self) {
        let Text { names, fields } = self;
        match (fields.get("message"), fields.number("tid"), fields.number("file")) {
            ("spawned", Some(tid), _) => names.learn(tid, fields.get("name")),
            ("reaped", Some(tid), _) => names.forget(tid),
            // Nobody will hear that it is reaped.
            ("exited", Some(tid), _) if LevelFilter::current() < Level::DEBUG => names.forget(tid),
            ("opened", _, Some(file)) => names.learn_file(file, fields.get("kind"), fields.get("address")),
            ("offloaded", _, Some(file)) => names.learn_file(file, "job", fields.get("name")),
            ("closed", _, Some(file)) => names.forget_file(file),
            _ => {}
        }
    }

    fn write_line(&self, event: &Event<'_>, to: &mut Vec<u8>) -> io::Result<()> {
        use io::Write;
        let metadata = event.metadata();
        let (target, message) = (metadata.target(), self.fields.get("message"));
        let Some(declared) = DECLARED.get(&(target, message)) else {
            write!(to, "{:>5} {target}: {}", metadata.level().as_str(), OneLine(message))?;
            for (name, value) in self.fields.iter().filter(|(name, _)| *name != "message") {
                write!(to, " {name}={}", OneLine(value))?;
            }
            return Ok(());
        };
        let target = target.strip_prefix("yieldix::").unwrap_or(target);
        let (seq, at) = (self.fields.get("seq"), self.fields.get("at"));
        write!(to, "{seq:>7} {at:>14} {:<5} {target:<6} ", metadata.level().as_str())?;
        let task = match self.fields.number("tid") {
            Some(tid) => self.names.of_named(tid, self.fields.get("name")),
            None => String::from("-"),
        };
        write!(to, "{task:<TASK_WIDTH$} ")?;
        let mut text = String::new();
        let _ = self.expand(declared.text, &mut text);
        to.extend_from_slice(text.as_bytes());
        Ok(())
    }

    /// Puts the fields of the event into the words of its declaration.
    fn expand(&self, template: &str, to: &mut String) -> fmt::Result {
        let mut rest = template;
        while let Some(start) = rest.find(['{', '[']) {
            to.write_str(&rest[..start])?;
            let (close, is_optional) = if rest[start..].starts_with('[') { (']', true) } else { ('}', false) };
            let Some(length) = rest[start..].find(close) else { break };
            let inner = &rest[start + 1..start + length];
            if is_optional {
                let (told, otherwise) = inner.split_once('|').unwrap_or((inner, ""));
                let is_told = fields_of(told).all(|field| self.has_something_to_say(field));
                self.expand(if is_told { told } else { otherwise }, to)?;
            } else {
                self.write_field(inner, to)?;
            }
            rest = &rest[start + length + 1..];
        }
        to.write_str(rest)
    }

    fn has_something_to_say(&self, field: &str) -> bool {
        let value = self.fields.get(field.trim_start_matches('@'));
        !(value.is_empty() || value == "never" || value == "0" && field.starts_with('@'))
    }

    fn write_field(&self, field: &str, to: &mut String) -> fmt::Result {
        if let Some(field) = field.strip_prefix('@') {
            for (index, tid) in self.fields.get(field).split(' ').enumerate() {
                to.write_str(if index > 0 { ", " } else { "" })?;
                match tid.parse() {
                    Ok(0) => to.write_str("nobody")?,
                    Ok(tid) => write!(to, "{}", self.names.of(tid))?,
                    Err(_) => to.write_str(tid)?,
                }
            }
            return Ok(());
        }
        if let Some((field, what)) = field.split_once(' ') {
            let count = self.fields.get(field);
            return write!(to, "{count} {what}{}", if count == "1" { "" } else { "s" });
        }
        match (field.ends_with("_ns"), self.fields.number(field)) {
            (true, Some(nanos)) => write!(to, "{:?}", Duration::from_nanos(nanos)),
            _ if EXPLAINED.contains(&field) => write!(to, "{}", OneLine(&self.names.explain(self.fields.get(field)))),
            _ => write!(to, "{}", OneLine(self.fields.get(field))),
        }
    }
}

/// The fields that a template names: `{field}`, or `{field noun}` for so many of these.
fn fields_of<'a>(template: &'a str) -> impl Iterator<Item = &'a str> {
    let named = |part: &'a str| part.split_once('}')?.0.split(' ').next();
    template.split('{').skip(1).filter_map(named)
}

/// The fields of one event, as text.
#[derive(Debug, Default)]
struct Fields {
    text: String,
    fields: Vec<(&'static str, Range<usize>)>,
}

impl Fields {
    fn read(&mut self, event: &Event<'_>) {
        self.text.clear();
        self.fields.clear();
        event.record(self);
    }

    fn iter(&self) -> impl Iterator<Item = (&'static str, &str)> {
        self.fields.iter().map(|(name, range)| (*name, &self.text[range.clone()]))
    }

    /// A field, or nothing.
    fn get(&self, field: &str) -> &str {
        self.iter().find(|(name, _)| *name == field).map_or("", |(_, value)| value)
    }

    fn number(&self, field: &str) -> Option<u64> {
        self.get(field).parse().ok()
    }

    fn put(&mut self, field: &Field, value: fmt::Arguments<'_>) {
        let start = self.text.len();
        // Writing to a string cannot fail.
        let _ = self.text.write_fmt(value);
        self.fields.push((field.name(), start..self.text.len()));
    }
}

impl Visit for Fields {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.put(field, format_args!("{value}"));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.put(field, format_args!("{value:?}"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_of_each_event_name_its_fields_only() {
        for event in EVENTS {
            for field in fields_of(event.text) {
                let field = field.trim_start_matches('@');
                assert!(event.fields.contains(&field), "{}: {field}", event.message);
            }
            assert_eq!(event.text.matches('[').count(), event.text.matches(']').count(), "{}", event.message);
        }
    }

    /// What an event's declaration makes of these fields.
    fn told(message: &str, values: &[(&'static str, &str)]) -> String {
        let mut text = Text::default();
        for (name, value) in values {
            let start = text.fields.text.len();
            text.fields.text += value;
            text.fields.fields.push((name, start..text.fields.text.len()));
        }
        let declared = EVENTS.iter().find(|event| event.message == message).unwrap();
        let mut line = String::new();
        text.expand(declared.text, &mut line).unwrap();
        line
    }

    #[test]
    fn who_has_not_yielded_yet_is_said_to_be_before_its_first_yield() {
        let told = |line| told("holds the machine", &[("tid", "2"), ("held_ns", "1000000000"), ("line", line)]);
        assert!(
            told("src/a.rs:3:5").starts_with("has had the machine for 1s, since the yield at src/a.rs:3:5: let it")
        );
        assert!(told("").starts_with("has had the machine for 1s, before its first yield: let it"));
    }
}
