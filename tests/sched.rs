//! What `yieldix sched` makes of a log is what the kernel's histograms have counted meanwhile.

mod common;
#[path = "log_support/log.rs"]
mod log;

use log::log;
use serde_json::Value;
use std::collections::BTreeMap;
use yieldix::{Console, Machine, Measures, MemoryConsole};
use yieldix_histogram::{Histogram, bucket};
use yieldix_trace::{
    LogError, Reader,
    sched::{Latency, Map, Timehist},
};
use yieldix_userland::PROGRAMS;

/// Runs a machine to its end, and gives its log and what it has measured.
fn run(machine: Machine) -> (String, Measures) {
    let log = log();
    log.take();
    let mut running = machine.start().unwrap();
    assert_eq!(running.run().code(), 0);
    let measures = running.measures().clone();
    drop(running);
    (String::from_utf8(log.take()).unwrap(), measures)
}

const SCRIPT: &str = "
f() { if [ $1 -gt 0 ]; then f $(($1 - 1)); fi; }
for i in $(seq 15); do
    seq $i | sort -rn | head -n 3 | tr 1 2 >/f$i; f 20
    (sleep 0.0$i; echo $i) & cat /f$i | while read x; do echo $x; done | wc -l
    yes | head -n 500 | wc -c; sleep 5 & kill -STOP $!; sleep 0.01; kill -CONT $!; kill $!; wait
done
";

fn pipelines(machine: Machine) -> Machine {
    let console = MemoryConsole::new();
    machine.programs(PROGRAMS).program("sh", ["-c", SCRIPT]).console(Console::Memory(console))
}

/// The spans of a log by what they are of, taken from the moments of the events alone.
#[derive(Default)]
struct Spans {
    delays: Vec<u64>,
    runs: Vec<u64>,
    calls: BTreeMap<String, Vec<u64>>,
}

fn spans(log: &str) -> Spans {
    let mut spans = Spans::default();
    let (mut began, mut asked): (BTreeMap<u64, u64>, BTreeMap<u64, Vec<u64>>) = Default::default();
    for line in log.lines() {
        let event: Value = serde_json::from_str(line).unwrap();
        let at: u64 = event["at"].as_str().unwrap().replace('.', "").parse().unwrap();
        let tid = event["tid"].as_u64().unwrap_or(0);
        match event["message"].as_str().unwrap() {
            "chosen" => {
                spans.delays.push(event["waited_ns"].as_u64().unwrap());
                began.insert(tid, at);
            }
            "turn over" => spans.runs.push(at - began[&tid]),
            "trap" if !event["call"].as_str().unwrap().starts_with("subroutine_return(") => {
                asked.entry(tid).or_default().push(at);
            }
            "answer" => {
                let since = asked.get_mut(&tid).unwrap().pop().unwrap();
                spans.calls.entry(event["call"].as_str().unwrap().to_owned()).or_default().push(at - since);
            }
            _ => {}
        }
    }
    spans
}

const PARTS: [u32; 8] = [1, 1_000, 5_000, 9_000, 9_900, 9_990, 9_999, 10_000];

/// Each percentile of a histogram is in the bucket of the one of the list.
#[track_caller]
fn assert_agree(what: &str, histogram: &Histogram, mut list: Vec<u64>) {
    list.sort_unstable();
    assert_eq!(histogram.count(), list.len() as u64, "{what}");
    assert_eq!(histogram.sum(), list.iter().map(|&span| u128::from(span)).sum(), "{what}");
    for part in PARTS {
        let rank = (list.len() as u64 * u64::from(part)).div_ceil(10_000) as usize;
        let (told, exact) = (histogram.percentile(part), list[rank - 1]);
        assert_eq!(bucket(told), bucket(exact), "{what} at {part}: {told} for {exact}");
    }
}

/// The log's figures, the kernel's, and those of the moments in the log are the same to a bucket.
fn compare(machine: Machine) {
    let (log, measures) = run(machine);
    let latency = Latency::of(&mut Reader::new(log.as_bytes())).unwrap();
    let spans = spans(&log);
    for (what, histogram) in [("the kernel's", &measures.delays), ("the log's", &latency.delays)] {
        assert_agree(what, histogram, spans.delays.clone());
    }
    for (what, histogram) in [("the kernel's", &measures.runs), ("the log's", &latency.runs)] {
        assert_agree(what, histogram, spans.runs.clone());
    }
    let of_kernel: BTreeMap<&str, &Histogram> = measures.calls().collect();
    let names: Vec<&str> = spans.calls.keys().map(String::as_str).collect();
    assert_eq!(of_kernel.keys().copied().collect::<Vec<_>>(), names);
    assert_eq!(latency.calls.keys().map(|name| &**name).collect::<Vec<_>>(), names);
    assert!(names.len() > 15 && names.contains(&"sleep") && names.contains(&"wait_change"), "{names:?}");
    for (name, list) in &spans.calls {
        assert_agree(name, of_kernel[name.as_str()], list.clone());
        assert_agree(name, &latency.calls[name.as_str()], list.clone());
    }
    assert!(latency.delays.max() > 0 && measures.delays.count() > 300, "{latency}");
    // All that tasks had is all that there was.
    let of_tasks = |of: fn(&yieldix_trace::sched::Share) -> u128| latency.tasks.values().map(of).sum::<u128>();
    assert_eq!(of_tasks(|share| share.ran), measures.runs.sum());
    assert_eq!(of_tasks(|share| share.delay), measures.delays.sum());
}

#[test]
fn latency_agrees_with_the_histograms_in_a_simulated_world() {
    compare(pipelines(common::machine().simulate(7)));
}

#[test]
fn latency_agrees_with_the_histograms_on_the_host() {
    compare(pipelines(common::machine()));
}

#[test]
fn timehist_has_a_line_for_each_turn_and_map_one_for_each_switch() {
    let (log, _) = run(pipelines(common::machine().simulate(3)));
    let events: Vec<Value> = log.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let named = |name: &'static str| events.iter().filter(move |event| event["message"] == name);
    let timehist: Vec<String> = Timehist::new(&mut Reader::new(log.as_bytes())).map(Result::unwrap).collect();
    assert_eq!(timehist.len(), 1 + named("turn over").count());
    for (line, event) in timehist[1..].iter().zip(named("turn over")) {
        assert!(line.contains(&format!(":{} ", event["tid"])), "{line}: {event}");
        assert!(line.ends_with(event["why"].as_str().unwrap()), "{line}: {event}");
    }
    let mut switches = 0;
    let mut running = 0;
    for event in &events {
        let now = match event["message"].as_str().unwrap() {
            "chosen" => event["tid"].as_u64().unwrap(),
            "idle" => 0,
            _ => continue,
        };
        switches += usize::from(now != running);
        running = now;
    }
    let map: Vec<String> = Map::new(&mut Reader::new(log.as_bytes())).map(Result::unwrap).collect();
    assert_eq!(map.len(), switches);
    let legends = map.iter().filter(|line| line.contains(" => ")).count();
    assert_eq!(legends, Latency::of(&mut Reader::new(log.as_bytes())).unwrap().tasks.len());
}

#[test]
fn a_log_with_a_hole_has_no_latency() {
    let (log, _) = run(common::machine().simulate(1).programs(PROGRAMS).program("hello", [""; 0]));
    let with_hole: String =
        log.lines().enumerate().filter(|(index, _)| *index != 3).map(|(_, line)| format!("{line}\n")).collect();
    assert!(matches!(Latency::of(&mut Reader::new(with_hole.as_bytes())), Err(LogError::Missing { from: 4, to: 4 })));
    assert!(Timehist::new(&mut Reader::new(with_hole.as_bytes())).last().unwrap().is_err());
}
