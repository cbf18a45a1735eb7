//! A timeline shows what the log says: no more, no less, and in a form that Perfetto can draw.
//!
//! Machines run with a log and a live timeline. The one that is made of the log must be the same file; what is in it
//! is counted against the log.
#![feature(coroutines, coroutine_trait)]

mod common;
mod log_support;

use log_support::{echoes, log, pipelines};
use serde_json::Value;
use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet},
    fs,
    io::{self, Write},
    process::Output,
    rc::Rc,
    time::Duration,
};
use yieldix::{
    Machine, Trace,
    syscalls::{calls::*, *},
};
use yieldix_trace::{
    Chrome, Event, Reader, State,
    state::Doing,
    timeline::{self, Counter, Drawn, Flow, FlowEnd, Instant, Sample, Sink, Slice, Track, What},
};

/// A file in memory.
#[derive(Clone, Default)]
struct File(Rc<RefCell<Vec<u8>>>);

impl Write for File {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.borrow_mut().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl File {
    fn text(&self) -> String {
        String::from_utf8(self.0.borrow().clone()).unwrap()
    }
}

/// All that there is to draw of a log, in the order in which it was told.
#[derive(Default)]
struct Timeline {
    tracks: BTreeMap<u64, Track>,
    slices: Vec<Slice>,
    flows: Vec<Flow>,
    instants: Vec<Instant>,
    samples: Vec<Sample>,
    end: u64,
}

impl Timeline {
    fn read(log: &[u8]) -> Timeline {
        let mut timeline = Timeline::default();
        timeline.end = timeline::draw(&mut Reader::new(log), &mut timeline).unwrap();
        timeline
    }
}

impl Sink for Timeline {
    fn draw(&mut self, drawn: Drawn) {
        match drawn {
            Drawn::Track(track) => drop(self.tracks.insert(track.tid, track)),
            Drawn::Slice(slice) => self.slices.push(slice),
            Drawn::FlowBegins(_) => {}
            Drawn::Flow(flow) => self.flows.push(flow),
            Drawn::Instant(instant) => self.instants.push(instant),
            Drawn::Sample(sample) => self.samples.push(sample),
        }
    }
}

/// Runs a machine to its end and looks at its timeline.
fn look_at(machine: Machine) {
    let log = log();
    log.take();
    let file = File::default();
    let trace = Trace::new(file.clone(), None);
    machine.trace_to(&trace).boot().unwrap();
    assert_eq!(trace.finish().unwrap(), 0, "nothing is left out");
    let lines = log.take();
    drop(log);

    let drawn = File::default();
    let mut chrome = Chrome::new(drawn.clone(), None);
    timeline::draw(&mut Reader::new(&lines[..]), &mut chrome).unwrap();
    chrome.finish().unwrap();
    assert!(file.text() == drawn.text(), "what is written live is what is made of the log");

    let events: Vec<Event> = Reader::new(&lines[..]).map(Result::unwrap).collect();
    let timeline = Timeline::read(&lines);
    assert_counts(&events, &timeline);
    assert_apart(&events, &timeline);
    assert_flows(&timeline);
    assert_counters(&events, &timeline);
    assert_can_be_drawn(&records(&file.text()), &timeline);
}

fn count(events: &[Event], message: &str) -> usize {
    events.iter().filter(|event| &*event.message == message).count()
}

fn is_turn(slice: &Slice) -> bool {
    matches!(slice.what, What::Turn(_))
}

/// A turn for each that was chosen, a wait for each that has blocked, a track for each that was spawned, a flow for
/// each that was chosen and that another had made ready.
fn assert_counts(events: &[Event], timeline: &Timeline) {
    let turns = timeline.slices.iter().filter(|slice| is_turn(slice)).count();
    assert_eq!(turns, count(events, "chosen"));
    assert_eq!(timeline.slices.len() - turns, count(events, "blocked"));
    assert_eq!(timeline.tracks.len(), count(events, "spawned"));
    assert_eq!(timeline.flows.len(), chosen_by_others(events));
    assert!(turns > 100 && timeline.flows.len() > 100, "there is something to see");
}

/// How many were chosen that another task had made ready: the event names it, or, in its own turn, the reason does.
fn chosen_by_others(events: &[Event]) -> usize {
    let (mut running, mut has_made_ready, mut chosen) = (0, BTreeMap::new(), 0);
    for event in events {
        match &*event.message {
            "turn over" => running = 0,
            "ready" => {
                let because = event.text("because").unwrap();
                let is_named = running != 0 && because.starts_with(&format!("task {running} "));
                let by_task = event.number("by").unwrap() != 0 || is_named;
                has_made_ready.insert(event.number("tid").unwrap(), by_task);
            }
            "chosen" => {
                running = event.number("tid").unwrap();
                chosen += usize::from(has_made_ready.remove(&running) == Some(true));
            }
            _ => {}
        }
    }
    chosen
}

/// The slices of a track are in order, and none begins before the one before it is over.
fn assert_apart(events: &[Event], timeline: &Timeline) {
    let made = events.iter().filter(|event| &*event.message == "spawned");
    let made: BTreeMap<u64, u64> = made.map(|event| (event.number("tid").unwrap(), event.at)).collect();
    let mut over = BTreeMap::new();
    for slice in &timeline.slices {
        let before = over.insert(slice.tid, slice.to).unwrap_or(made[&slice.tid]);
        assert!(before <= slice.from && slice.from <= slice.to && slice.to <= timeline.end, "{before}: {slice:?}");
    }
}

/// Each end of a flow is in a turn of its task; it leads on in time, and no other has its number.
fn assert_flows(timeline: &Timeline) {
    let mut ids = BTreeSet::new();
    for flow in &timeline.flows {
        for FlowEnd { tid, at, slice, .. } in [&flow.from, &flow.to] {
            let slice = &timeline.slices[*slice];
            assert!(is_turn(slice) && slice.tid == *tid && (slice.from..=slice.to).contains(at), "{flow:?} {slice:?}");
        }
        assert!(flow.from.at <= flow.to.at && flow.from.slice < flow.to.slice, "{flow:?}");
        assert!(flow.from.id == flow.to.id && ids.insert(flow.to.id), "{flow:?}");
    }
}

/// At each time the counters are what the state says that the log gives.
fn assert_counters(events: &[Event], timeline: &Timeline) {
    let mut state = State::default();
    let mut samples = timeline.samples.iter().peekable();
    let mut told = [0; Counter::ALL.len()];
    for (index, event) in events.iter().enumerate() {
        state.apply(event).unwrap();
        if events.get(index + 1).is_some_and(|next| next.at == event.at) {
            continue;
        }
        while let Some(sample) = samples.next_if(|sample| sample.at <= event.at) {
            told[sample.counter as usize] = sample.value;
        }
        let tasks = state.tasks.values();
        let ready =
            tasks.clone().filter(|task| matches!(task.doing, Doing::Made | Doing::Ready) && !task.is_stopped).count();
        let alive = tasks.filter(|task| task.doing != Doing::Zombie).count();
        assert_eq!(told, [ready as u64, alive as u64, state.files.len() as u64], "after event {}", event.seq);
    }
    assert!(samples.next().is_none());
}

fn records(text: &str) -> Vec<Value> {
    serde_json::from_str(text).unwrap()
}

/// As a reader takes it: by time, and what has the same in the order of the file. Ends are those of what has begun,
/// slices are not in each other, and flows and their ends are in slices.
fn assert_can_be_drawn(records: &[Value], timeline: &Timeline) {
    let nanos = |record: &Value| (record["ts"].as_f64().unwrap() * 1000.0).round() as u64;
    let mut timed: Vec<&Value> = records.iter().filter(|record| record["ph"] != "M").collect();
    timed.sort_by_key(|record| nanos(record));
    let (mut open, mut flows, mut ended) = (BTreeSet::new(), BTreeSet::new(), Vec::new());
    for record in timed {
        let (tid, id) = (record["tid"].as_u64(), record["id"].as_u64());
        match record["ph"].as_str().unwrap() {
            "B" => assert!(open.insert(tid), "{record}"),
            "E" => assert!(open.remove(&tid), "{record}"),
            "s" => assert!(open.contains(&tid) && flows.insert(id), "{record}"),
            "f" => {
                assert!(open.contains(&tid) && flows.contains(&id) && record["bp"] == "e", "{record}");
                ended.push(id);
            }
            "i" | "C" => {}
            other => panic!("{other}"),
        }
    }
    assert!(open.is_empty());
    let of = |phase: &str| records.iter().filter(|record| record["ph"] == phase).count();
    assert_eq!((of("B"), of("f"), ended.len()), (timeline.slices.len(), timeline.flows.len(), timeline.flows.len()));
    assert_eq!((of("i"), of("C")), (timeline.instants.len(), timeline.samples.len()));
    let named = records.iter().filter(|record| record["name"] == "thread_name");
    for record in named {
        let (tid, name) = (record["tid"].as_u64().unwrap(), record["args"]["name"].as_str().unwrap());
        assert_eq!(name, format!("{tid} {}", timeline.tracks[&tid].name));
    }
}

#[test]
fn a_thousand_echo_clients_in_a_simulated_world() {
    look_at(common::machine().simulate(1).task(echoes(1000)));
}

#[test]
fn a_thousand_echo_clients_on_the_host() {
    look_at(common::machine().task(echoes(1000)));
}

#[test]
fn a_shell_that_churns_pipelines_in_a_simulated_world() {
    look_at(pipelines(common::machine().simulate(2)));
}

#[test]
fn a_shell_that_churns_pipelines_on_the_host() {
    look_at(pipelines(common::machine()));
}

fn panics_while_others_wait() -> Task {
    task!({
        trap!(yield spawn(task!({ trap!(yield sleep(Duration::from_secs(9))) })))?;
        trap!(
            yield spawn(task!({
                trap!(yield yield_now())?;
                panic!("here")
            }))
        )?;
        trap!(yield sleep(Duration::from_secs(1)))
    })
}

#[test]
fn what_was_written_when_the_machine_waits_is_a_trace_but_for_its_bracket() {
    let _alone = log();
    let file = File::default();
    let trace = Trace::new(file.clone(), None);
    let machine = common::machine().simulate(1).task(panics_while_others_wait()).trace_to(&trace);
    let mut running = machine.start().unwrap();
    running.run_until_blocked();
    running.wait();
    let cut = records(&format!("{}]", file.text()));
    assert!(cut.iter().any(|record| record["name"] == "task fault" && record["args"]["detail"] == "here"));
    // Dropped in the middle, and not finished: what is not over ends there.
    drop((running, trace));
    let whole = records(&file.text());
    assert_eq!(whole[..cut.len()], cut[..]);
    let of = |phase: &str| whole.iter().filter(|record| record["ph"] == phase).count();
    assert_eq!(of("B"), of("E"));
    assert!(of("B") > cut.iter().filter(|record| record["ph"] == "B").count(), "waits that were not over");
}

#[test]
fn two_observers_see_the_same() {
    let _alone = log();
    let seen = [(); 2].map(|()| Rc::new(RefCell::new(Vec::new())));
    let mut machine = common::machine().simulate(1).task(panics_while_others_wait());
    for seen in &seen {
        let seen = Rc::clone(seen);
        machine = machine.observe(move |record: &yieldix::event::Record<'_>| {
            seen.borrow_mut().push((record.sequence, record.message()));
        });
    }
    machine.boot().unwrap();
    assert!(!seen[0].borrow().is_empty());
    assert_eq!(seen[0], seen[1]);
}

/// `yieldix`, in a folder of its own.
fn yieldix(args: &[&str]) -> Output {
    common::yieldix().args(args).current_dir(env!("CARGO_TARGET_TMPDIR")).output().unwrap()
}

fn written(name: &str) -> String {
    fs::read_to_string(format!("{}/{name}", env!("CARGO_TARGET_TMPDIR"))).unwrap()
}

const PIPELINE: &[&str] = &["run", "sh", "-c", "seq 100 | sort -r | head -n 3"];

#[test]
fn the_command_draws_live_and_from_a_log() {
    let log = ["--simulate", "--log", "yieldix=trace", "--log-format", "json", "--log-file", "timeline.log"];
    let traced = yieldix(&[&log[..], &["--trace", "timeline.json"], PIPELINE].concat());
    assert_eq!((traced.status.code(), &*traced.stdout), (Some(0), &b"99\n98\n97\n"[..]));
    let drawn = yieldix(&["timeline", "timeline.log", "--chrome", "timeline-of-log.json"]);
    assert_eq!((drawn.status.code(), &*drawn.stderr), (Some(0), &b""[..]));
    assert_eq!(written("timeline.json"), written("timeline-of-log.json"));
    assert!(!records(&written("timeline.json")).is_empty());
}

#[test]
fn a_trace_has_a_size_and_says_when_it_is_full() {
    let traced = yieldix(&[&["--simulate", "--trace", "full.json", "--trace-size", "4K"], PIPELINE].concat());
    assert_eq!((traced.status.code(), &*traced.stdout), (Some(0), &b"99\n98\n97\n"[..]));
    let said = String::from_utf8(traced.stderr).unwrap();
    assert!(said.starts_with("yieldix: full.json: full; ") && said.ends_with(" records were left out\n"), "{said}");
    let text = written("full.json");
    assert!((3500..=4096).contains(&text.len()), "{}", text.len());
    assert_eq!(records(&text).last().unwrap()["name"], "the trace is full");
}

#[test]
fn a_log_with_a_hole_is_not_drawn() {
    let log = ["--simulate", "--log", "yieldix::sched=debug", "--log-format", "json", "--log-file", "hole.log"];
    assert_eq!(yieldix(&[&log[..], PIPELINE].concat()).status.code(), Some(0));
    let drawn = yieldix(&["timeline", "hole.log", "--chrome", "hole.json"]);
    assert_eq!(drawn.status.code(), Some(1));
    assert!(String::from_utf8(drawn.stderr).unwrap().contains("hole.log: events 1 to 2 are missing"));
    assert_eq!(yieldix(&["timeline", "hole.log"]).status.code(), Some(2), "it is said what to draw");
}
