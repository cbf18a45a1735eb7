//! The page of a timeline needs nothing else, has all that the log has, and cannot be broken by a name.

mod common;

use serde_json::Value;
use std::{
    fs,
    path::{Path, PathBuf},
    process::Output,
};

const SCRIPT: &str = "seq 200 | sort -rn | head -n 20 | tr 1 2 >/f; (sleep 1; echo late) & cat /f | while read x; do \
    echo $x; done | wc -l; kill $!; wait; exec panic";

fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join(name)
}

/// A complete log of the script, in a file of this name.
fn log(name: &str) -> PathBuf {
    let path = file(name);
    let mut command = common::yieldix();
    command.args(["--simulate", "--log", "yieldix=trace", "--log-format", "json", "--log-file"]).arg(&path);
    command.args(["run", "sh", "-c", SCRIPT]).output().unwrap();
    path
}

fn draw(log: &Path) -> (PathBuf, Output) {
    let page = log.with_extension("html");
    let mut command = common::yieldix();
    let output = command.arg("timeline").arg(log).arg("--html").arg(&page).output().unwrap();
    (page, output)
}

#[track_caller]
fn page_of(log: &Path) -> String {
    let (page, output) = draw(log);
    assert!(output.status.success(), "{output:?}");
    fs::read_to_string(page).unwrap()
}

/// What is in the page to be drawn, read as a browser does: to the first end of an element.
#[track_caller]
fn data_of(page: &str) -> Value {
    let (_, rest) = page.split_once("<script type=\"application/json\" id=\"data\">").unwrap();
    serde_json::from_str(rest.split_once("</script").unwrap().0).unwrap()
}

fn events(log: &Path) -> Vec<Value> {
    fs::read_to_string(log).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn column<'a>(data: &'a Value, table: &str, name: &str) -> &'a Vec<Value> {
    data[table][name].as_array().unwrap_or_else(|| panic!("no {name} of {table}"))
}

/// The words that a column of numbers stands for.
fn words<'a>(data: &'a Value, table: &str, name: &str) -> Vec<&'a str> {
    let word = |number: &Value| data["strings"][number.as_u64().unwrap() as usize].as_str().unwrap();
    column(data, table, name).iter().map(word).collect()
}

/// Moments that are written as differences.
fn sums(data: &Value, table: &str, name: &str) -> Vec<i64> {
    let mut sum = 0;
    let differences = column(data, table, name).iter().map(|difference| difference.as_i64().unwrap());
    differences
        .map(|difference| {
            sum += difference;
            sum
        })
        .collect()
}

#[test]
fn a_page_needs_nothing_else() {
    let page = page_of(&log("alone.json")).to_lowercase();
    for reference in
        ["http:", "https:", "//cdn", "src=", "<link", "@import", "url(", "import(", "fetch(", "xmlhttprequest"]
    {
        assert!(!page.contains(reference), "the page has {reference}");
    }
    assert!(page.contains("content-security-policy"), "the browser is told so too");
}

#[test]
fn a_page_has_every_decision_of_the_log_with_its_reason() {
    let log = log("whole.json");
    let (data, events) = (data_of(&page_of(&log)), events(&log));
    let chosen: Vec<&Value> = events.iter().filter(|event| event["message"] == "chosen").collect();
    assert!(chosen.len() > 50);
    for (name, field) in
        [("because", "because"), ("others", "others"), ("rule", "rule"), ("previousStopped", "previous_stopped")]
    {
        let logged: Vec<&str> = chosen.iter().map(|event| event[field].as_str().unwrap()).collect();
        assert_eq!(words(&data, "turns", name), logged, "{name}");
    }
    for (name, field) in [("by", "by"), ("waited", "waited_ns"), ("ofReady", "of_ready"), ("previous", "previous")] {
        let logged: Vec<&Value> = chosen.iter().map(|event| &event[field]).collect();
        assert_eq!(column(&data, "turns", name).iter().collect::<Vec<_>>(), logged, "{name}");
    }
    let seqs: Vec<i64> = chosen.iter().map(|event| event["seq"].as_i64().unwrap()).collect();
    assert_eq!(sums(&data, "turns", "seq"), seqs);
    let tids: Vec<&Value> = chosen.iter().map(|event| &event["tid"]).collect();
    let tid = |row: &Value| &column(&data, "tasks", "tid")[row.as_u64().unwrap() as usize];
    assert_eq!(column(&data, "turns", "task").iter().map(tid).collect::<Vec<_>>(), tids);
}

#[test]
fn a_page_has_as_many_of_each_thing_as_the_log() {
    let log = log("counted.json");
    let (data, events) = (data_of(&page_of(&log)), events(&log));
    let logged = |message: &str| events.iter().filter(|event| event["message"] == message).count();
    let drawn = |table: &str| column(&data, table, "task").len();
    assert_eq!(drawn("turns"), logged("chosen"));
    assert_eq!(drawn("waits"), logged("blocked"));
    assert_eq!(column(&data, "tasks", "tid").len(), logged("spawned"));
    let named = words(&data, "marks", "name");
    for (name, message) in
        [("spawned", "spawned"), ("exited", "exited"), ("task fault", "task fault"), ("signal sent", "sent")]
    {
        assert!(logged(message) > 0, "the log has a {message}");
        assert_eq!(named.iter().filter(|other| **other == name).count(), logged(message), "{name}");
    }
    let end: Vec<&Value> = data["end"].as_array().unwrap().iter().collect();
    assert_eq!(end[1], &events.last().unwrap()["seq"]);
}

#[test]
fn an_arrow_leads_from_the_turn_in_which_a_task_was_made_ready_to_its_next() {
    let log = log("arrows.json");
    let (data, events) = (data_of(&page_of(&log)), events(&log));
    let (seqs, lengths) = (sums(&data, "turns", "seq"), column(&data, "turns", "events"));
    let (from, to) = (column(&data, "flows", "from"), column(&data, "flows", "to"));
    assert!(from.len() > 20, "{} arrows", from.len());
    for ((from, to), seq) in from.iter().zip(to).zip(sums(&data, "flows", "seq")) {
        let [from, to] = [from, to].map(|turn| turn.as_u64().unwrap() as usize);
        let over = seqs[from] + lengths[from].as_i64().unwrap();
        assert!((seqs[from]..=over).contains(&seq), "event {seq} is not in {}..={over}", seqs[from]);
        let (ready, chosen) = (&events[seq as usize - 1], &events[seqs[to] as usize - 1]);
        assert_eq!((&ready["message"], &chosen["message"]), (&"ready".into(), &"chosen".into()));
        assert_eq!(ready["tid"], chosen["tid"]);
    }
}

#[test]
fn a_name_cannot_break_out_of_its_element() {
    let log = log("named.json");
    let name = "</script><script>alert(1)</script><!-- ]]> \u{2028}\"\\";
    let text = fs::read_to_string(&log).unwrap();
    let forged = text.replace("\"name\":\"sort\"", &format!("\"name\":{}", Value::from(name)));
    assert_ne!(text, forged);
    let honest = page_of(&log);
    fs::write(&log, forged).unwrap();
    let page = page_of(&log);
    for mark in ["<script", "</script", "<!--"] {
        assert_eq!(page.matches(mark).count(), honest.matches(mark).count(), "{mark}");
    }
    assert!(words(&data_of(&page), "tasks", "name").contains(&name), "it is the same when it is read");
}

#[test]
fn a_log_with_a_gap_is_refused_and_no_page_made() {
    let log = log("gap.json");
    let text = fs::read_to_string(&log).unwrap();
    fs::write(&log, text.lines().filter(|line| !line.contains("\"seq\":40,")).collect::<Vec<_>>().join("\n")).unwrap();
    let page = log.with_extension("html");
    let _ = fs::remove_file(&page);
    let (page, output) = draw(&log);
    assert!(!output.status.success() && !page.exists());
    assert!(String::from_utf8(output.stderr).unwrap().contains("event 40 is missing"));
}
