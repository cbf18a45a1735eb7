//! A page that draws a timeline: one HTML file that needs nothing else.
//!
//! What it shows is in it as JSON, a column of numbers for each thing that is known of all turns, waits, marks and
//! flows; words are numbers of a list. Beside its time each moment has the number of its event, since in a simulation
//! many events share a time. Nothing that a task has named can end the element it is in.

mod columns;

use crate::{
    Event, FieldError, Happening, LogError, Reader,
    timeline::{Builder, Counter, Drawn, Flow, FlowEnd, Instant, Sample, Sink, Slice, Track, Turn, Wait, What},
};
use columns::{Columns, Place, Strings};
use std::{collections::BTreeMap, fmt::Write, io::BufRead};

const TEMPLATE: &str = include_str!("page/page.html");
const STYLE: &str = include_str!("page/style.css");
const SCRIPTS: [&str; 8] = [
    include_str!("page/model.js"),
    include_str!("page/format.js"),
    include_str!("page/view.js"),
    include_str!("page/draw.js"),
    include_str!("page/overview.js"),
    include_str!("page/details.js"),
    include_str!("page/stretch.js"),
    include_str!("page/input.js"),
];

/// The page of a complete log of events; `name` is what it is called there.
///
/// Errors: those of [`Reader`].
pub fn page(events: &mut Reader<impl BufRead>, name: &str) -> Result<String, LogError> {
    let data = Contents::read(events)?.into_json(name);
    // In this order, so that no mark is looked for in what was put in.
    let (head, rest) = split(TEMPLATE, "/*STYLE*/");
    let (body, rest) = split(rest, "/*DATA*/");
    let (script, tail) = split(rest, "/*SCRIPT*/");
    Ok([head, STYLE, body, &data, script, &SCRIPTS.concat(), tail].concat())
}

fn split(text: &'static str, mark: &str) -> (&'static str, &'static str) {
    text.split_once(mark).unwrap_or_else(|| panic!("the template of the page has no {mark}"))
}

/// The row of what happens to nobody in particular.
const MACHINE: u64 = 0;

/// What the page tells of a task beside its timeline: the events of what there has only a time, and more of a decision.
#[derive(Debug, Default)]
struct Notes {
    /// Its row.
    row: usize,
    /// The event that made it ready, or was the end of the turn in which it had stayed so.
    ready: u64,
    /// The event since which it waits, if it does.
    waits: Option<u64>,
    decision: Decision,
}

/// Of the last that chose the task.
#[derive(Debug, Default)]
struct Decision {
    seq: u64,
    ready: u64,
    others: i64,
    previous: i64,
    previous_stopped: i64,
}

/// All that the page shows.
#[derive(Debug)]
struct Contents {
    begin: Place,
    /// The last event so far.
    now: Place,
    notes: BTreeMap<u64, Notes>,
    strings: Strings,
    /// For each slice the turn that it is, by its row in `turns`.
    turn_of_slice: Vec<Option<usize>>,
    tasks: Columns<6>,
    turns: Columns<16>,
    waits: Columns<7>,
    marks: Columns<3>,
    flows: Columns<2>,
    counters: BTreeMap<Counter, Columns<1>>,
}

impl Contents {
    fn new() -> Contents {
        Contents {
            begin: Place::default(),
            now: Place::default(),
            notes: BTreeMap::new(),
            strings: Strings::default(),
            turn_of_slice: Vec::new(),
            tasks: Columns::new(["tid", "name", "parent", "ended", "endedSeq", "status"]),
            turns: Columns::new([
                "task",
                "ns",
                "events",
                "waited",
                "readyEvents",
                "because",
                "by",
                "ofReady",
                "others",
                "rule",
                "previous",
                "previousStopped",
                "why",
                "traps",
                "call",
                "line",
            ]),
            waits: Columns::new(["task", "ns", "events", "on", "queues", "until", "line"]),
            marks: Columns::new(["task", "name", "detail"]),
            flows: Columns::new(["from", "to"]),
            counters: Counter::ALL.map(|counter| (counter, Columns::new(["value"]))).into(),
        }
    }

    fn read(events: &mut Reader<impl BufRead>) -> Result<Contents, LogError> {
        let (mut builder, mut contents) = (Builder::default(), Contents::new());
        for event in events {
            let event = event?;
            let impossible = |why: FieldError| LogError::impossible(event.seq, why);
            contents.now = Place { at: event.at.max(contents.now.at), seq: event.seq };
            if event.seq == 1 {
                contents.begin = contents.now;
            }
            builder.tell(event.at, Happening::of(&event).map_err(impossible)?, &mut contents);
            // After each event, since the page tells apart those of one time.
            builder.tell_counts(&mut contents);
            contents.note(&event).map_err(impossible)?;
        }
        builder.finish(&mut contents);
        contents.end_lives();
        Ok(contents)
    }

    /// Keeps what the timeline leaves out. After it was told, so that what ends here has its old notes.
    fn note(&mut self, event: &Event) -> Result<(), FieldError> {
        let message = &*event.message;
        if !["chosen", "turn over", "blocked", "ready"].contains(&message) {
            return Ok(());
        }
        let Some(notes) = self.notes.get_mut(&event.number("tid")?) else { return Ok(()) };
        match message {
            "chosen" => {
                notes.decision = Decision {
                    seq: event.seq,
                    ready: notes.ready,
                    others: self.strings.number(event.text("others")?),
                    previous: number(event.number("previous")?),
                    previous_stopped: self.strings.number(event.text("previous_stopped")?),
                };
            }
            "turn over" => match &mut notes.waits {
                Some(since) => *since = event.seq,
                None => notes.ready = event.seq,
            },
            "blocked" => notes.waits = Some(event.seq),
            _ => (notes.waits, notes.ready) = (None, event.seq),
        }
        Ok(())
    }

    /// Who has not ended by now lives on.
    fn end_lives(&mut self) {
        for row in 0..self.tasks.len() {
            let [_, _, _, ended, ended_seq, _] = self.tasks.row_mut(row);
            if *ended < 0 {
                (*ended, *ended_seq) = (number(self.now.at), number(self.now.seq));
            }
        }
    }

    /// The row of a task; one of the machine's own is made when it is needed.
    fn row(&mut self, tid: u64) -> usize {
        if !self.notes.contains_key(&tid) {
            let name = if tid == MACHINE { "machine" } else { "" };
            self.add_task(tid, name, 0);
        }
        self.notes[&tid].row
    }

    fn add_task(&mut self, tid: u64, name: &str, parent: u64) {
        let (row, name, status) = (self.tasks.len(), self.strings.number(name), self.strings.number(""));
        let born = if tid == MACHINE { self.begin } else { self.now };
        self.tasks.push(born, [number(tid), name, number(parent), -1, -1, status]);
        self.notes.insert(tid, Notes { row, ready: self.now.seq, ..Notes::default() });
    }

    fn draw_turn(&mut self, slice: &Slice, turn: &Turn) {
        let task = self.row(slice.tid) as i64;
        let Decision { seq, ready, others, previous, previous_stopped } = self.notes[&slice.tid].decision;
        let mut words = |words: &str| self.strings.number(words);
        let numbers = [
            task,
            number(slice.to - slice.from),
            number(self.now.seq - seq),
            number(turn.waited_ns),
            number(seq - ready),
            words(&turn.because),
            number(turn.by),
            number(turn.of_ready),
            others,
            words(&turn.rule),
            previous,
            previous_stopped,
            words(turn.stopped.as_deref().unwrap_or_default()),
            turn.traps.map_or(-1, number),
            words(&turn.call),
            words(&turn.line),
        ];
        self.turn_of_slice.push(Some(self.turns.len()));
        self.turns.push(Place { at: slice.from, seq }, numbers);
    }

    fn draw_wait(&mut self, slice: &Slice, wait: &Wait) {
        let task = self.row(slice.tid) as i64;
        let seq = self.notes[&slice.tid].waits.unwrap_or(self.now.seq);
        let mut words = |words: &str| self.strings.number(words);
        let numbers = [
            task,
            number(slice.to - slice.from),
            number(self.now.seq - seq),
            words(&wait.on),
            words(&wait.queues),
            wait.until.map_or(-1, number),
            words(&wait.line),
        ];
        self.turn_of_slice.push(None);
        self.waits.push(Place { at: slice.from, seq }, numbers);
    }

    fn draw_flow(&mut self, from: &FlowEnd, to: &FlowEnd) {
        let turn = |end: &FlowEnd| self.turn_of_slice.get(end.slice).copied().flatten();
        // Both ends of a flow are turns.
        if let (Some(waker), Some(woken)) = (turn(from), turn(to)) {
            let seq = self.notes.get(&to.tid).map_or(self.now.seq, |notes| notes.decision.ready);
            self.flows.push(Place { at: from.at, seq }, [waker as i64, woken as i64]);
        }
    }

    fn draw_mark(&mut self, instant: &Instant) {
        let row = self.row(instant.tid);
        let detail = self.strings.number(&instant.detail);
        if instant.name == "exited" {
            let [_, _, _, ended, ended_seq, status] = self.tasks.row_mut(row);
            (*ended, *ended_seq, *status) = (number(self.now.at), number(self.now.seq), detail);
        }
        let name = self.strings.number(instant.name);
        self.marks.push(self.now, [row as i64, name, detail]);
    }

    fn into_json(mut self, name: &str) -> String {
        let name = self.strings.number(name);
        let mut out = format!("{{\"name\":{name}");
        for (key, Place { at, seq }) in [("begin", self.begin), ("end", self.now)] {
            let _ = write!(out, ",\"{key}\":[{at},{seq}]");
        }
        let mut part = |key: &str, write: &dyn Fn(&mut String)| {
            let _ = write!(out, ",\"{key}\":");
            write(&mut out);
        };
        part("tasks", &|out| self.tasks.write(out));
        part("turns", &|out| self.turns.write(out));
        part("waits", &|out| self.waits.write(out));
        part("marks", &|out| self.marks.write(out));
        part("flows", &|out| self.flows.write(out));
        part("counters", &|out| {
            for (index, counter) in Counter::ALL.iter().enumerate() {
                let before = if index == 0 { '{' } else { ',' };
                let _ = write!(out, "{before}\"{}\":", counter.name());
                self.counters[counter].write(out);
            }
            out.push('}');
        });
        part("strings", &|out| self.strings.write(out));
        out.push('}');
        out
    }
}

impl Sink for Contents {
    fn draw(&mut self, drawn: Drawn) {
        match drawn {
            Drawn::Track(Track { tid, name, parent }) => self.add_task(tid, &name, parent),
            Drawn::Slice(slice) => match &slice.what {
                What::Turn(turn) => self.draw_turn(&slice, turn),
                What::Wait(wait) => self.draw_wait(&slice, wait),
            },
            Drawn::FlowBegins(_) => {}
            Drawn::Flow(Flow { from, to }) => self.draw_flow(&from, &to),
            Drawn::Instant(instant) => self.draw_mark(&instant),
            Drawn::Sample(Sample { counter, value, .. }) => {
                if let Some(columns) = self.counters.get_mut(&counter) {
                    columns.push(self.now, [number(value)]);
                }
            }
        }
    }
}

/// Numbers of the log, which are far below half of what fits.
fn number(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}
