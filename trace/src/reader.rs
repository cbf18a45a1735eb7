//! Reads a log line by line, and sees to it that none is missing.

use crate::{Event, FieldError};
use std::{
    fmt,
    io::{self, BufRead},
};

/// The version of the events that is understood here.
pub const SCHEMA_VERSION: u64 = 2;

/// Why a log cannot be read, or cannot be believed.
#[derive(Debug)]
pub enum LogError {
    /// It could not be read.
    Io(io::Error),
    /// A line is not an event.
    Line {
        /// Which, from 1.
        number: u64,
        /// What is wrong with it.
        why: FieldError,
    },
    /// Events are missing: they were dropped, filtered, or rotated away.
    Missing {
        /// The first.
        from: u64,
        /// The last.
        to: u64,
    },
    /// It was written by another version.
    Schema(u64),
    /// It has fewer events than were asked for.
    Short {
        /// The last.
        last: u64,
        /// The one that was asked for.
        wanted: u64,
    },
    /// An event says what cannot be.
    Impossible {
        /// Its number.
        seq: u64,
        /// What it said.
        what: String,
    },
}

impl fmt::Display for LogError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            LogError::Io(error) => write!(f, "it cannot be read: {error}"),
            LogError::Line { number, why } => write!(f, "line {number} is no event: {why}"),
            LogError::Missing { from, to } if from == to => {
                write!(f, "event {from} is missing: a whole log is needed (--log yieldix=trace --log-format json)")
            }
            LogError::Missing { from, to } => write!(
                f,
                "events {from} to {to} are missing: a whole log is needed (--log yieldix=trace --log-format json)"
            ),
            LogError::Schema(version) => {
                write!(f, "it has events of version {version}; this reads version {SCHEMA_VERSION}")
            }
            LogError::Short { last, wanted } => write!(f, "it ends with event {last}: there is no event {wanted}"),
            LogError::Impossible { seq, what } => write!(f, "event {seq} cannot be: {what}"),
        }
    }
}

impl std::error::Error for LogError {}

/// The events of a log, in order. An iterator; after an error it is over.
#[derive(Debug)]
pub struct Reader<R> {
    from: R,
    line: String,
    number: u64,
    last: u64,
    is_over: bool,
}

impl<R: BufRead> Reader<R> {
    /// Reads from here.
    pub fn new(from: R) -> Reader<R> {
        Reader::after(from, 0)
    }

    /// Reads the rest of a log whose first events, up to the one with this number, were read before.
    pub fn after(from: R, last: u64) -> Reader<R> {
        Reader { from, line: String::new(), number: 0, last, is_over: false }
    }

    fn read(&mut self) -> Result<Option<Event>, LogError> {
        loop {
            self.line.clear();
            if self.from.read_line(&mut self.line).map_err(LogError::Io)? == 0 {
                return Ok(None);
            }
            self.number += 1;
            let parsed = Event::parse(&self.line);
            let event = parsed.map_err(|why| LogError::Line { number: self.number, why })?;
            // Without a place in the order, it is none of the kernel's own.
            let Some(event) = event.filter(|event| event.seq > 0) else { continue };
            if event.seq != self.last + 1 {
                return Err(LogError::Missing { from: self.last + 1, to: event.seq.saturating_sub(1) });
            }
            self.last = event.seq;
            if &*event.message == "booted" {
                let number = self.number;
                let version = event.number("schema").map_err(|why| LogError::Line { number, why })?;
                if version != SCHEMA_VERSION {
                    return Err(LogError::Schema(version));
                }
            }
            return Ok(Some(event));
        }
    }
}

impl<R: BufRead> Iterator for Reader<R> {
    type Item = Result<Event, LogError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.is_over {
            return None;
        }
        let next = self.read().transpose();
        self.is_over = !matches!(next, Some(Ok(_)));
        next
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(seq: u64, rest: &str) -> String {
        format!(r#"{{"seq":{seq},"at":"0.000000000","target":"yieldix::boot",{rest}}}"#) + "\n"
    }

    fn read(log: &str) -> Result<Vec<u64>, String> {
        Reader::new(log.as_bytes())
            .map(|event| event.map(|event| event.seq))
            .collect::<Result<_, _>>()
            .map_err(|error| error.to_string())
    }

    #[test]
    fn a_gap_is_an_error_and_not_passed_over() {
        let [one, two, five] = [1, 2, 5].map(|seq| event(seq, r#""message":"ended""#));
        assert_eq!(read(&format!("{one}{two}")), Ok(vec![1, 2]));
        assert!(read(&format!("{one}{two}{five}")).unwrap_err().contains("events 3 to 4 are missing"));
        assert!(read(&two).unwrap_err().contains("event 1 is missing"));
    }

    #[test]
    fn a_foreign_line_is_passed_over_and_a_broken_one_named() {
        let one = event(1, r#""message":"ended""#);
        let foreign = "{\"target\":\"mine\",\"message\":\"hello\"}\n";
        let beside = event(0, r#""message":"holds the machine""#);
        assert_eq!(read(&format!("{foreign}{one}{beside}")), Ok(vec![1]));
        assert!(read(&format!("{one}half a li")).unwrap_err().starts_with("line 2 is no event"));
    }

    #[test]
    fn another_version_is_refused() {
        let booted = |version: u64| event(1, &format!(r#""message":"booted","schema":{version}"#));
        assert_eq!(read(&booted(SCHEMA_VERSION)), Ok(vec![1]));
        assert!(read(&booted(1)).unwrap_err().contains("version 1"));
    }
}
