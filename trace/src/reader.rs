//! Reads a log line by line, and sees to it that it is whole: it begins with the boot, tells of every level, no event is
//! missing, and each has its fields.

use crate::{Event, LineError, event::moment, schema};
use std::{
    fmt,
    io::{self, BufRead},
};

/// The version of the events that is understood here.
pub const SCHEMA_VERSION: u64 = 3;

/// How to have a whole log.
const WHOLE: &str = "a whole log is needed (--log yieldix=trace --log-format json --log-file FILE)";

/// The level of which a whole log tells, and of all above it.
const ALL_LEVELS: &str = "trace";

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
        why: LineError,
    },
    /// It is a log, and not of JSON.
    InText,
    /// It ends within a line.
    Cut {
        /// How many lines are before that, of which one at least is an event.
        whole: u64,
    },
    /// It has no event.
    Empty,
    /// It does not begin with the machine's boot.
    NoBeginning {
        /// The name of its first event.
        first: Box<str>,
    },
    /// It was begun with events of some levels only.
    Partial {
        /// Of this and above.
        told: Box<str>,
    },
    /// Events are missing: they were dropped, filtered, or rotated away, or not told for some time.
    Missing {
        /// The first.
        from: u64,
        /// The last.
        to: u64,
    },
    /// The numbers of its events go back.
    Again {
        /// The event that comes again, or too late.
        seq: u64,
        /// The one before it.
        after: u64,
    },
    /// It was written by another version.
    Schema(u64),
    /// It has not the event that was asked for.
    NoEvent {
        /// Its last.
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

impl LogError {
    /// The event with this number says what cannot be.
    pub(crate) fn impossible(seq: u64, what: impl fmt::Display) -> LogError {
        LogError::Impossible { seq, what: what.to_string() }
    }
}

impl fmt::Display for LogError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            LogError::Io(error) => write!(f, "it cannot be read: {error}"),
            LogError::Line { number, why } => write!(f, "line {number} is no event: {why}"),
            LogError::InText => write!(f, "it is a log in text: {WHOLE}"),
            LogError::Cut { whole } => {
                write!(f, "its last line is cut: the {whole} before it are whole (head -n {whole} keeps them)")
            }
            LogError::Empty => write!(f, "it has no event: {WHOLE}"),
            LogError::NoBeginning { first } => {
                write!(f, "it does not begin with the machine's boot, but with {first:?}: {WHOLE}")
            }
            LogError::Partial { told } => write!(f, "it has only events of {} and above: {WHOLE}", told.escape_debug()),
            LogError::Missing { from, to } if from == to => write!(f, "event {from} is missing: {WHOLE}"),
            LogError::Missing { from, to } => write!(f, "events {from} to {to} are missing: {WHOLE}"),
            LogError::Again { seq, after } => {
                write!(f, "event {seq} comes again after {after}: this is more than one log, or not in its order")
            }
            LogError::Schema(version) => {
                write!(f, "it has events of version {version}; this reads version {SCHEMA_VERSION}")
            }
            LogError::NoEvent { wanted: 0, .. } => write!(f, "there is no event 0: the first is 1"),
            LogError::NoEvent { last, wanted } => write!(f, "it ends with event {last}: there is no event {wanted}"),
            LogError::Impossible { seq, what } => write!(f, "event {seq} cannot be: {what}"),
        }
    }
}

impl std::error::Error for LogError {}

/// The events of a log, in order. An iterator; after an error it is over.
#[derive(Debug)]
pub struct Reader<R> {
    from: R,
    line: Vec<u8>,
    number: u64,
    last: u64,
    has_ended: bool,
    is_over: bool,
}

impl<R: BufRead> Reader<R> {
    /// Reads from here.
    pub fn new(from: R) -> Reader<R> {
        Reader::after(from, 0)
    }

    /// Reads the rest of a log whose first events, up to the one with this number, were read before.
    pub fn after(from: R, last: u64) -> Reader<R> {
        Reader { from, line: Vec::new(), number: 0, last, has_ended: false, is_over: false }
    }

    /// The last event, once all were read, of a log that ends before its machine has.
    pub fn unfinished_after(&self) -> Option<u64> {
        (self.is_over && !self.has_ended).then_some(self.last)
    }

    fn read(&mut self) -> Result<Option<Event>, LogError> {
        loop {
            self.line.clear();
            if self.from.read_until(b'\n', &mut self.line).map_err(LogError::Io)? == 0 {
                return if self.last == 0 { Err(LogError::Empty) } else { Ok(None) };
            }
            self.number += 1;
            // Such as an editor leaves at the end.
            if self.line.trim_ascii().is_empty() {
                continue;
            }
            let event = Event::parse(&self.line).map_err(|why| self.refused(why))?;
            // Without a place in the order, it is none of the kernel's own.
            let Some(event) = event.filter(|event| event.seq > 0) else { continue };
            let (seq, after) = (event.seq, self.last);
            if seq <= after {
                return Err(LogError::Again { seq, after });
            }
            if seq > after + 1 {
                return Err(LogError::Missing { from: after + 1, to: seq - 1 });
            }
            if seq == 1 {
                self.check_beginning(&event)?;
            }
            schema::check(&event).map_err(|wrong| self.refused(wrong.into()))?;
            self.has_ended |= &*event.message == "ended";
            self.last = seq;
            return Ok(Some(event));
        }
    }

    /// What is wrong with the log, of which this is wrong with a line.
    fn refused(&self, why: LineError) -> LogError {
        let is_no_object = matches!(why, LineError::NotJson | LineError::NotText);
        if is_no_object && self.last == 0 && is_in_text(&self.line) {
            LogError::InText
        } else if is_no_object && self.last > 0 && self.number > 1 && !self.line.ends_with(b"\n") {
            LogError::Cut { whole: self.number - 1 }
        } else {
            LogError::Line { number: self.number, why }
        }
    }

    /// The first event says of which version they are, and of which levels.
    fn check_beginning(&self, first: &Event) -> Result<(), LogError> {
        let wrong = |why| self.refused(LineError::Field(why));
        if &*first.message != "booted" {
            return Err(LogError::NoBeginning { first: first.message.clone() });
        }
        let version = first.number("schema").map_err(wrong)?;
        if version != SCHEMA_VERSION {
            return Err(LogError::Schema(version));
        }
        let told = first.text("told").map_err(wrong)?;
        if told != ALL_LEVELS {
            return Err(LogError::Partial { told: told.into() });
        }
        Ok(())
    }
}

/// Does a line look as one of a log in text does? An event of the kernel has its number and its time first, any other its
/// level.
fn is_in_text(line: &[u8]) -> bool {
    let line = String::from_utf8_lossy(line);
    let mut words = line.split_ascii_whitespace();
    match (words.next(), words.next()) {
        (Some("ERROR" | "WARN" | "INFO" | "DEBUG" | "TRACE"), Some(target)) => target.ends_with(':'),
        (Some(seq), Some(at)) => seq.parse::<u64>().is_ok() && moment(at).is_some(),
        _ => false,
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

    fn booted(version: u64, told: &str) -> String {
        let rest = r#""policy":"p","quantum":64,"tasks_max":9"#;
        event(1, &format!(r#""message":"booted","schema":{version},"told":"{told}",{rest}"#))
    }

    fn idle(seq: u64) -> String {
        event(seq, r#""message":"idle","until":"never""#)
    }

    /// Two events of a whole log.
    fn begun() -> String {
        booted(SCHEMA_VERSION, ALL_LEVELS) + &idle(2)
    }

    fn read(log: &[u8]) -> Result<Vec<u64>, String> {
        Reader::new(log)
            .map(|event| event.map(|event| event.seq))
            .collect::<Result<_, _>>()
            .map_err(|error| error.to_string())
    }

    #[track_caller]
    fn assert_refused(log: impl AsRef<[u8]>, why: &str) {
        let refused = read(log.as_ref()).unwrap_err();
        assert!(refused.contains(why), "{refused}");
    }

    #[test]
    fn a_gap_is_an_error_and_not_passed_over() {
        let five = idle(5);
        assert_eq!(read(begun().as_bytes()), Ok(vec![1, 2]));
        assert_refused(begun() + &five, "events 3 to 4 are missing: a whole log is needed (--log yieldix=trace");
        assert_refused(five, "events 1 to 4 are missing");
        assert_refused(idle(2), "event 1 is missing");
    }

    #[test]
    fn numbers_that_go_back_are_two_logs_or_one_in_disorder() {
        let why = "this is more than one log, or not in its order";
        assert_refused(begun() + &begun(), &format!("event 1 comes again after 2: {why}"));
        assert_refused(begun() + &idle(2), "event 2 comes again after 2");
    }

    #[test]
    fn what_was_read_before_is_not_asked_for_again() {
        let rest = idle(3);
        assert_eq!(Reader::after(rest.as_bytes(), 2).map(|event| event.unwrap().seq).collect::<Vec<_>>(), [3]);
        assert!(Reader::after(&b""[..], 2).next().is_none());
    }

    #[test]
    fn a_foreign_line_is_passed_over_and_a_broken_one_named() {
        let foreign = "{\"target\":\"mine\",\"message\":\"hello\"}\n";
        let beside = event(0, r#""message":"holds the machine""#);
        let log = format!("{foreign}{}{beside}", begun());
        assert_eq!(read(log.as_bytes()), Ok(vec![1, 2]));
        assert_refused(begun() + "half a li", "its last line is cut: the 2 before it are whole (head -n 2 keeps them)");
        assert_refused(format!("\n{foreign}\nhalf a li"), "line 4 is no event: it is no JSON object");
        assert_refused(begun() + "half a li\n" + &idle(3), "line 3 is no event: it is no JSON object");
        assert_refused([begun().as_bytes(), b"\xff\n"].concat(), "line 3 is no event: it is not text in UTF-8");
    }

    #[test]
    fn a_field_that_no_reader_looks_at_is_refused_too() {
        for garbled in [r#""tid":"x","call":"read","reply":"1""#, r#""call":"read","reply":"1""#] {
            let answer = event(3, &format!(r#""message":"answer","after_ns":1,{garbled}"#));
            assert_refused(begun() + &answer, "line 3 is no event: its field \"tid\" is not a number from 0 on");
        }
        let new = event(3, r#""message":"of tomorrow""#) + &event(4, r#""message":"idle","until":"never","new":1"#);
        assert_eq!(read((begun() + &new).as_bytes()), Ok(vec![1, 2, 3, 4]));
    }

    #[test]
    fn a_log_in_text_is_told_how_it_would_be_in_json() {
        for first in [
            "      1    0.000000000 INFO  boot   -            the machine boots\n",
            "DEBUG polling::epoll: wait fd=3\n",
            " WARN mine: \u{e9}",
        ] {
            assert_refused(
                first,
                "it is a log in text: a whole log is needed (--log yieldix=trace --log-format json --lo",
            );
        }
        assert_refused("7 of something else\n", "line 1 is no event: it is no JSON object");
        assert_refused(begun() + "7 0.000000000 INFO", "its last line is cut");
    }

    #[test]
    fn an_empty_line_is_nothing() {
        assert_eq!(read((begun() + "\n\r\n" + &idle(3) + " \n").as_bytes()), Ok(vec![1, 2, 3]));
        assert_refused("\n", "it has no event");
    }

    #[test]
    fn it_is_known_whether_the_machine_has_ended_once_all_is_read() {
        let ended = event(3, r#""message":"ended","code":0,"reason":"finished","turns":1,"traps":1"#);
        for (log, cut) in [(begun(), Some(2)), (begun() + &ended, None)] {
            let mut reader = Reader::new(log.as_bytes());
            assert!(reader.next().is_some() && reader.unfinished_after().is_none());
            assert!(reader.by_ref().all(|event| event.is_ok()));
            assert_eq!(reader.unfinished_after(), cut);
        }
    }

    #[test]
    fn after_an_error_it_is_over() {
        let mut events = Reader::new(&b"no event\nno event\n"[..]);
        assert!(matches!(events.next(), Some(Err(_))));
        assert!(events.next().is_none());
    }

    #[test]
    fn another_version_is_refused_by_its_number() {
        assert_refused(booted(2, ALL_LEVELS), "version 2; this reads version 3");
        assert_refused(event(1, r#""message":"booted","schema":2"#), "version 2; this reads version 3");
    }

    #[test]
    fn a_log_of_some_levels_or_of_no_boot_or_of_nothing_is_refused() {
        assert_refused(booted(SCHEMA_VERSION, "info"), "it has only events of info and above: a whole log is needed");
        assert_refused(
            event(1, r#""message":"chosen""#),
            "it does not begin with the machine's boot, but with \"chosen\"",
        );
        let beside = event(0, r#""message":"holds the machine""#);
        for nothing in ["", &beside] {
            assert_refused(nothing, "it has no event: a whole log is needed");
        }
    }
}
