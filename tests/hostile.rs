//! What tasks name and say cannot break or forge a line, in whatever form it is told; and a log as JSON has it as it
//! was said.
#![feature(coroutines)]

mod hostile_support;
#[path = "log_support/log.rs"]
mod log;

use hostile_support::{CLEAN_NAME, FILE, HOSTILE, PORT, machine};
use log::log;
use serde_json::Value;
use yieldix_kernel::one_line::is_harmful;
use yieldix_trace::{Reader, State};

/// What a hostile program leaves: its log, and what was printed.
fn run() -> (Vec<u8>, String) {
    let log = log();
    log.take();
    let (machine, console) = machine(&["hostile"]);
    assert_eq!(machine.boot().unwrap().code(), 70);
    (log.take(), String::from_utf8(console.stdout()).unwrap())
}

#[test]
fn a_line_of_json_is_one_event_and_has_what_was_said() {
    let (log, _) = run();
    let text = String::from_utf8(log).unwrap();
    let events: Vec<Value> = text.split_terminator('\n').map(|line| serde_json::from_str(line).expect(line)).collect();
    assert!(!text.contains(|letter| letter != '\n' && is_harmful(letter)), "{text:?}");
    for (number, event) in (1..).zip(&events) {
        assert_eq!(event["seq"], number);
    }
    let told = |message: &str, field: &str| -> Vec<&str> {
        let told = events.iter().filter(|event| event["message"] == message);
        told.map(|event| event[field].as_str().unwrap()).collect()
    };
    assert_eq!(told("spawned", "name").iter().filter(|name| **name == CLEAN_NAME).count(), 2);
    assert!(told("opened", "address").contains(&FILE));
    assert_eq!(told("port published", "name"), [PORT]);
    assert!(told("task fault", "panic").iter().all(|panic| panic.contains(HOSTILE)));
    assert_eq!(told("deadlock", "cycle").len(), 1);
}

#[test]
fn a_log_is_read_and_drawn_as_a_page_that_no_name_breaks() {
    let (log, _) = run();
    let state = State::at(&mut Reader::new(&*log), None).unwrap().to_string();
    assert!(!state.contains(|letter| letter != '\n' && is_harmful(letter)), "{state:?}");
    let page = yieldix_trace::page(&mut Reader::new(&*log), "log").unwrap();
    let (_, data) = page.split_once("<script type=\"application/json\" id=\"data\">").unwrap();
    let data: Value = serde_json::from_str(data.split_once("</script").unwrap().0).unwrap();
    let strings = data["strings"].as_array().unwrap();
    assert!(strings.contains(&CLEAN_NAME.into()));
}

#[test]
fn each_line_of_flight_and_sched_is_one_entry() {
    let (_, printed) = run();
    let (flight, sched) = printed.split_once("\n\n").unwrap();
    assert!(
        flight.lines().count() > 5 && !printed.contains(|c| !matches!(c, '\n' | '\t') && is_harmful(c)),
        "{printed:?}"
    );
    for line in flight.lines() {
        let mut words = line.split_whitespace();
        assert!(words.next().is_some_and(|at| at == "-" || at.parse::<f64>().is_ok()), "{line:?}");
        assert!(words.next().is_some_and(|tid| tid.parse::<u64>().is_ok()), "{line:?}");
    }
    let waits = flight.lines().find(|line| line.contains("waits: read file")).expect("it has waited");
    assert!(waits.contains(&format!("4 {CLEAN_NAME:?} waits: read file")), "{waits:?}");
    let (_, tasks) = sched.split_once("max_delay_at\tname\n").unwrap();
    let names: Vec<&str> = tasks.lines().filter_map(|line| line.split('\t').nth(7)).collect();
    assert!(names.contains(&CLEAN_NAME), "as /proc/tasks has it: {names:?}");
    for line in tasks.lines().filter(|line| !line.is_empty()) {
        assert_eq!(line.split('\t').count(), 8, "{line:?}");
    }
}

#[test]
fn each_line_of_strace_is_its_own() {
    let _log = log();
    let (machine, console) = machine(&["strace", "-f", "hostile"]);
    assert_eq!(machine.boot().unwrap().code(), 70);
    let shown = String::from_utf8(console.stderr()).unwrap();
    assert!(shown.lines().count() > 10, "{shown}");
    for line in shown.split_terminator('\n') {
        assert!(line.starts_with("[pid ") && !line.contains(is_harmful), "{line:?}");
    }
}
