//! What tasks name and say cannot break or forge a line of a log in text.
#![feature(coroutines)]

mod hostile_support;
#[path = "log_support/lines.rs"]
mod lines;

use hostile_support::{CLEAN_NAME, machine};
use lines::Lines;
use yieldix::{LogFormat, start_log};
use yieldix_kernel::one_line::is_harmful;

#[test]
fn each_event_is_one_line_of_its_own() {
    let lines = Lines::default();
    let log = start_log("yieldix=trace", LogFormat::Text, lines.clone()).unwrap();
    let (machine, _) = machine(&["hostile"]);
    assert_eq!(machine.boot().unwrap().code(), 70);
    assert_eq!(log.lost(), 0);
    let text = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
    for (number, line) in (1..).zip(text.split_terminator('\n')) {
        assert_eq!(line.split_whitespace().next(), Some(number.to_string().as_str()), "{line:?}");
        assert!(!line.contains(is_harmful), "{line:?}");
    }
    // Wherever that task is named in a sentence, its name is in quotes.
    assert!(text.contains(&format!("{CLEAN_NAME:?}")), "{text}");
    let in_quotes = text.matches(&format!("{CLEAN_NAME:?}")).count();
    let named = text.matches(&format!("{CLEAN_NAME:?}")[1..]).count();
    assert_eq!(in_quotes, named);
    let cycle = text.lines().find(|line| line.contains("DEADLOCK")).expect("it is told");
    assert!(cycle.contains(&format!("({CLEAN_NAME:?}) waits for")), "{cycle}");
    assert!(text.contains(r#"regular "/f ready: spawned\n\u{1b}[0m\u{202e}\"'\\<!--, file 0 console""#), "{text}");
    assert!(text.contains(r"PANIC: "), "{text}");
}
