//! A timeline as Chrome trace events: JSON that Perfetto and Chrome open.
//!
//! The machine is a process, and each task a thread of it. A slice is a beginning and an end, and between them stand
//! the flows that leave it or come to it, all at the time of its beginning: many slices may share one moment, above
//! all in virtual time, and a reader takes what has the same time in the order of the file. Records are written whole,
//! and one that is written changes none before it: what there is of a file is a trace, but for the bracket at its end.

use crate::timeline::{Drawn, FlowEnd, Instant, Sample, Sink, Slice, Track, Turn, Wait, What};
use std::{
    fmt,
    io::{self, Write},
};

/// Bytes of records that are kept for one write.
const KEPT: usize = 64 << 10;
/// Bytes of the limit that are kept for what is said at the end.
const FOR_THE_END: u64 = 256;
/// The number of the process that the machine is.
const MACHINE: u64 = 1;

/// Writes a timeline as it is drawn.
#[derive(Debug)]
pub struct Chrome<W: Write> {
    to: W,
    /// Whole records, not written yet.
    records: Vec<u8>,
    /// The slice that was drawn last: when it began, and the record of its end, before which there may be flows.
    slice: Option<(u64, Vec<u8>)>,
    /// Bytes so far, those that are kept included.
    bytes: u64,
    limit: u64,
    /// Things that the limit has left out.
    left_out: u64,
    error: Option<io::Error>,
    /// The latest time that was drawn.
    now: u64,
    is_over: bool,
}

impl<W: Write> Chrome<W> {
    /// Writes to `to`, at most `limit` bytes; what comes after is left out and counted. None is no limit.
    pub fn new(to: W, limit: Option<u64>) -> Chrome<W> {
        // Every record begins with the comma after the one before it; the first has none before it.
        let first = named("process_name", None, "yieldix");
        let records = [b"[", first.strip_prefix(b",").unwrap_or(&first)].concat();
        let limit = limit.unwrap_or(u64::MAX).saturating_sub(FOR_THE_END);
        let (bytes, slice, error) = (records.len() as u64, None, None);
        Chrome { to, records, slice, bytes, limit, left_out: 0, error, now: 0, is_over: false }
    }

    /// Writes what is kept.
    pub fn flush(&mut self) {
        if self.error.is_none() {
            self.error = self.to.write_all(&self.records).and_then(|()| self.to.flush()).err();
        }
        self.records.clear();
    }

    /// Closes the trace, once, and gives how many things the limit has left out.
    ///
    /// Errors: the first that writing has met.
    pub fn finish(&mut self) -> io::Result<u64> {
        if !self.is_over {
            self.is_over = true;
            self.end_slice();
            if self.left_out > 0 {
                let full = Record::at("i", None, self.now).text("name", "the trace is full").text("s", "p");
                self.records.extend_from_slice(&full.args(|args| args.number("left_out", self.left_out)).end());
            }
            self.records.extend_from_slice(b"\n]\n");
            self.flush();
        }
        self.error.take().map_or(Ok(self.left_out), Err)
    }

    /// Adds records, unless one was left out before or the limit is reached: then they are left out. Are they added?
    fn add(&mut self, records: &[u8], and_later: usize) -> bool {
        let bytes = self.bytes + (records.len() + and_later) as u64;
        if self.is_over || self.left_out > 0 || bytes > self.limit {
            self.left_out += 1;
            return false;
        }
        self.bytes = bytes;
        self.records.extend_from_slice(records);
        if self.records.len() >= KEPT {
            self.flush();
        }
        true
    }

    /// Nothing more belongs to the slice that was drawn last.
    fn end_slice(&mut self) {
        if let Some((_, end)) = self.slice.take() {
            self.records.extend_from_slice(&end);
        }
    }

    fn track(&mut self, Track { tid, name, .. }: &Track) {
        let sorted = Record::new("M", Some(*tid)).text("name", "thread_sort_index");
        let sorted = sorted.args(|args| args.number("sort_index", *tid)).end();
        self.add(&[named("thread_name", Some(*tid), &format!("{tid} {name}")), sorted].concat(), 0);
    }

    fn slice(&mut self, Slice { tid, from, to, what }: &Slice) {
        let (begin, end) = (Record::at("B", Some(*tid), *from), Record::at("E", Some(*tid), *to));
        let (begin, end) = match what {
            What::Turn(turn) => (begin.text("name", "turn").text("cat", "turn").args(|args| told(turn, args)), end),
            What::Wait(wait) => {
                // Moments in a name would give each wait a colour of its own.
                let name = wait.on.split(" until ").next().unwrap_or_default();
                (begin.text("name", name).text("cat", "wait").args(|args| waited(wait, args)), end)
            }
        };
        let end = end.end();
        if self.add(&begin.end(), end.len()) {
            self.slice = Some((*from, end));
        }
    }

    /// An end of a flow, of the slice that was drawn last.
    fn flow(&mut self, phase: &'static str, end: &FlowEnd) {
        // Without its slice, it has been left out as well.
        let Some((from, _)) = self.slice else { return };
        let flow = Record::at(phase, Some(end.tid), from).text("name", "wakes").text("cat", "flow");
        let flow = flow.number("id", end.id);
        self.add(&if phase == "f" { flow.text("bp", "e") } else { flow }.end(), 0);
    }

    fn instant(&mut self, Instant { tid, at, name, detail }: &Instant) {
        let tid = Some(*tid).filter(|&tid| tid != 0);
        let instant = Record::at("i", tid, *at).text("name", name).text("cat", "mark");
        let instant = instant.text("s", if tid.is_some() { "t" } else { "p" });
        self.add(&instant.args(|args| args.text_unless_empty("detail", detail)).end(), 0);
    }

    fn sample(&mut self, Sample { counter, at, value }: &Sample) {
        let sample = Record::at("C", None, *at).text("name", counter.name());
        self.add(&sample.args(|args| args.number("value", *value)).end(), 0);
    }
}

impl<W: Write> Sink for Chrome<W> {
    fn draw(&mut self, drawn: Drawn) {
        if !matches!(drawn, Drawn::Flow(_) | Drawn::FlowBegins(_)) {
            self.end_slice();
        }
        match &drawn {
            Drawn::Track(track) => self.track(track),
            Drawn::Slice(slice) => {
                self.now = slice.to;
                self.slice(slice);
            }
            Drawn::FlowBegins(from) => self.flow("s", from),
            Drawn::Flow(flow) => self.flow("f", &flow.to),
            Drawn::Instant(instant) => {
                self.now = instant.at;
                self.instant(instant);
            }
            Drawn::Sample(sample) => self.sample(sample),
        }
    }
}

impl<W: Write> Drop for Chrome<W> {
    fn drop(&mut self) {
        // Who wants to know how it went has asked before.
        let _ = self.finish();
    }
}

fn told(turn: &Turn, args: Record) -> Record {
    let Turn { because, by, waited_ns, of_ready, rule, stopped, traps, call, line } = turn;
    let args = args.text("because", because).number_unless_0("by", *by).number("waited_ns", *waited_ns);
    let args = args.number("of_ready", *of_ready).text("rule", rule);
    let args = args.text("stopped", stopped.as_deref().unwrap_or("the machine has ended"));
    args.number_unless_0("traps", traps.unwrap_or(0)).text_unless_empty("call", call).text_unless_empty("line", line)
}

fn waited(wait: &Wait, args: Record) -> Record {
    let Wait { on, queues, until, line } = wait;
    let args = args.text("on", on).text_unless_empty("queues", queues).text_unless_empty("line", line);
    args.number_unless_0("until_ns", until.unwrap_or(0))
}

/// A record that gives something its name.
fn named(what: &str, tid: Option<u64>, name: &str) -> Vec<u8> {
    Record::new("M", tid).text("name", what).args(|args| args.text("name", name)).end()
}

/// A record, or its arguments, that is being written. Each begins with the end of the line before it.
struct Record(Vec<u8>);

impl Record {
    /// On a task's track, or the machine's.
    fn new(phase: &str, tid: Option<u64>) -> Record {
        let mut json = Vec::with_capacity(256);
        json.extend_from_slice(b",\n{");
        let record = Record(json).text("ph", phase).number("pid", MACHINE);
        match tid {
            Some(tid) => record.number("tid", tid),
            None => record,
        }
    }

    /// The same, at a time: in microseconds, with three digits behind the point.
    fn at(phase: &str, tid: Option<u64>, nanos: u64) -> Record {
        Record::new(phase, tid).value("ts", format_args!("{}.{:03}", nanos / 1000, nanos % 1000))
    }

    fn key(mut self, key: &str) -> Record {
        if !self.0.ends_with(b"{") {
            self.0.push(b',');
        }
        self.value_of(format_args!("\"{key}\":"))
    }

    fn value_of(mut self, value: fmt::Arguments<'_>) -> Record {
        // Writing to memory cannot fail.
        let _ = self.0.write_fmt(value);
        self
    }

    fn value(self, key: &str, value: fmt::Arguments<'_>) -> Record {
        self.key(key).value_of(value)
    }

    fn number(self, key: &str, value: u64) -> Record {
        self.value(key, format_args!("{value}"))
    }

    fn number_unless_0(self, key: &str, value: u64) -> Record {
        if value == 0 { self } else { self.number(key, value) }
    }

    fn text(self, key: &str, value: &str) -> Record {
        let mut record = self.key(key);
        let _ = serde_json::to_writer(&mut record.0, value);
        record
    }

    fn text_unless_empty(self, key: &str, value: &str) -> Record {
        if value.is_empty() { self } else { self.text(key, value) }
    }

    fn args(self, args: impl FnOnce(Record) -> Record) -> Record {
        let mut record = args(self.value("args", format_args!("{{")));
        record.0.push(b'}');
        record
    }

    fn end(mut self) -> Vec<u8> {
        self.0.push(b'}');
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    fn turn(tid: u64, from: u64, to: u64) -> Drawn {
        let turn = Turn {
            because: "spawned".into(),
            by: 0,
            waited_ns: 7,
            of_ready: 1,
            rule: "round-robin".into(),
            stopped: Some("blocked".into()),
            traps: Some(3),
            call: "read".into(),
            line: "a.rs:1:2".into(),
        };
        Drawn::Slice(Slice { tid, from, to, what: What::Turn(turn) })
    }

    fn written(limit: Option<u64>, drawn: impl IntoIterator<Item = Drawn>) -> (String, u64) {
        let mut bytes = Vec::new();
        let mut chrome = Chrome::new(&mut bytes, limit);
        drawn.into_iter().for_each(|drawn| chrome.draw(drawn));
        let left_out = chrome.finish().unwrap();
        drop(chrome);
        (String::from_utf8(bytes).unwrap(), left_out)
    }

    fn records(text: &str) -> Vec<Value> {
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn flows_stand_between_the_ends_of_their_slices_at_its_beginning() {
        let end = |tid, at| FlowEnd { id: 4, tid, at, slice: 0 };
        let (text, _) = written(None, [turn(1, 1_002_003, 1_002_009), Drawn::FlowBegins(end(1, 1_002_005))]);
        let phases: Vec<_> = records(&text).iter().map(|record| record["ph"].to_string()).collect();
        assert_eq!(phases, [r#""M""#, r#""B""#, r#""s""#, r#""E""#]);
        assert!(text.contains(r#""ts":1002.003,"name":"wakes""#) && text.contains(r#""ts":1002.009"#), "{text}");
    }

    #[test]
    fn no_name_breaks_out_of_its_text() {
        let name = "\"}]</script>\u{1b}[31m\n\u{2028}";
        let track = Track { tid: 3, name: name.into(), parent: 0 };
        let (text, _) = written(None, [Drawn::Track(track)]);
        assert_eq!(records(&text)[1]["args"]["name"], format!("3 {name}"));
        assert_eq!(text.lines().count(), 1 + 3 + 1, "a line a record: {text}");
    }

    #[test]
    fn a_full_trace_is_whole_and_says_what_it_left_out() {
        let all: Vec<Drawn> = (0..100).map(|at| turn(1, at, at)).collect();
        for limit in (0..6000).step_by(97) {
            let (text, left_out) = written(Some(limit), all.clone());
            let records = records(&text);
            let of = |phase: &str| records.iter().filter(|record| record["ph"] == phase).count() as u64;
            assert_eq!((of("B"), of("E"), of("i")), (100 - left_out, 100 - left_out, 1));
            assert!(text.len() as u64 <= limit.max(400), "{limit}: {}", text.len());
        }
    }

    #[test]
    fn what_cannot_be_written_is_an_error_at_the_end() {
        struct Full;
        impl Write for Full {
            fn write(&mut self, _: &[u8]) -> io::Result<usize> {
                Err(io::ErrorKind::StorageFull.into())
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        let mut chrome = Chrome::new(Full, None);
        assert_eq!(chrome.finish().unwrap_err().kind(), io::ErrorKind::StorageFull);
    }
}
