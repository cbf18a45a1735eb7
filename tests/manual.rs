//! The manual pages in docs/ that are made from the tables say what the tables say.
#![feature(coroutines)]

mod common;
#[path = "log_support/log.rs"]
mod log;

use log::log;
use serde_json::Value;
use std::{
    collections::BTreeSet,
    fs,
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    path::Path,
    process::Stdio,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};
use yieldix::syscalls::{calls::*, *};

#[track_caller]
fn assert_is_made_by(page: &str, command: &str, form: &str) {
    let output = common::yieldix().args([command, form]).output().unwrap();
    assert!(output.status.success());
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(page);
    let written = fs::read_to_string(&path).unwrap_or_default();
    let made = String::from_utf8(output.stdout).unwrap();
    assert!(written == made, "{page} is out of date; run: cargo run --quiet -- {command} {form} > {page}");
}

#[test]
fn the_manual_of_calls_is_the_table_of_calls() {
    assert_is_made_by("docs/syscalls.md", "syscalls", "--markdown");
}

#[test]
fn the_manual_of_events_is_the_table_of_events() {
    assert_is_made_by("docs/tracing.md", "events", "--markdown");
    assert_is_made_by("docs/events.schema.json", "events", "--schema");
}

/// A line without its places in source files, which move with every edit.
fn unplaced(line: &str) -> String {
    let is_place = |c: char| c.is_ascii_digit() || c == ':';
    let mut parts = line.trim().split(".rs:");
    let head = parts.next().unwrap_or_default().to_owned();
    parts.fold(head, |line, part| line + ".rs:" + part.trim_start_matches(is_place))
}

/// Each line of an excerpt stands in what its command says now, in the same order.
#[test]
fn the_excerpts_of_the_log_are_what_the_machine_says() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/tracing.md");
    let page = fs::read_to_string(path).unwrap();
    let mut excerpts = 0;
    for block in page.split("```text\n$ yieldix ").skip(1) {
        let block = block.split("```").next().unwrap();
        let (command, lines) = block.split_once('\n').unwrap();
        let output = common::yieldix().args(command.split(' ')).output().unwrap();
        let log = String::from_utf8(output.stderr).unwrap();
        let mut said = log.lines().map(unplaced);
        for line in lines.lines() {
            assert!(said.any(|said| said == unplaced(line)), "{command:?} does not say, or not there: {line}\n{log}");
        }
        excerpts += 1;
    }
    assert_eq!(excerpts, 6);
}

/// The lines of the walk through the log of echod, whose times are the host's, are what it says: the same tasks do
/// the same for the same reasons.
#[test]
#[cfg(unix)]
fn the_walk_through_the_log_of_echod_is_what_it_says() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let page = fs::read_to_string(root.join("docs/tracing.md")).unwrap();
    let walk = page.split("```text\n").skip(1).map(|block| block.split("```").next().unwrap());
    let walk = walk.clone().find(|block| block.contains(" echod ")).unwrap();
    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let mut echod = common::yieldix()
        .args(["--log", "yieldix::sched=debug", "run", "echod", "--addr", &address.to_string()])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut log = BufReader::new(echod.stderr.take().unwrap()).lines().map(Result::unwrap);
    let mut said = Vec::new();
    let mut until = |sign: &str, said: &mut Vec<String>| {
        for line in log.by_ref() {
            let is_it = line.contains(sign);
            said.push(timeless(&line));
            if is_it {
                break;
            }
        }
    };
    until("echod      waits: accept", &mut said);
    let mut client = TcpStream::connect(address).unwrap();
    client.write_all(b"hello\n").unwrap();
    client.read_exact(&mut [0; 6]).unwrap();
    until("echo       waits: read", &mut said);
    drop(client);
    until("echo       runs: file", &mut said);
    until("nobody is ready", &mut said);
    rustix::process::kill_process(rustix::process::Pid::from_child(&echod), rustix::process::Signal::TERM).unwrap();
    until("init       ready: task 2", &mut said);
    echod.wait().unwrap();
    let mut said = said.iter();
    for line in walk.lines() {
        assert!(said.any(|said| *said == timeless(line)), "it does not say, or not there: {line}");
    }
}

/// What a line says behind its number and time, without spans of time and ports of addresses.
#[cfg(unix)]
fn timeless(line: &str) -> String {
    let words = line
        .split_whitespace()
        .skip(2)
        .filter(|word| !word.starts_with(|c: char| c.is_ascii_digit()) || !word.ends_with("s;"));
    let words = words.map(|word| if word.starts_with("127.0.0.1:") { "ADDRESS" } else { word });
    words.collect::<Vec<_>>().join(" ")
}

/// The JSON Schema of events.
fn schema() -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/events.schema.json");
    serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

/// Each line of the log is as the JSON Schema says, which is made from the same table.
#[test]
fn a_log_keeps_to_its_schema() {
    let schema = schema();
    let mut kinds = BTreeSet::new();
    let script = "echo a | cat; sleep 1 & kill -STOP $!; kill -CONT $!; kill $!; wait; echo x >/f; cat /g; exec panic";
    for words in [&["storm"][..], &["philosophers"], &["deadlock"], &["sh", "-c", script]] {
        let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join("schema.json");
        let mut command = common::yieldix();
        command.args(["--simulate", "--log", "trace", "--log-format", "json", "--log-file"]).arg(&file).arg("run");
        command.args(words).output().unwrap();
        for line in fs::read_to_string(&file).unwrap().lines() {
            let event: Value = serde_json::from_str(line).unwrap();
            assert_fits(&event, &schema);
            kinds.insert(event["message"].as_str().unwrap().to_owned());
        }
    }
    // Each is of some kind, and of enough different ones to be worth the name of a test.
    assert!(kinds.len() > 30, "{kinds:?}");
}

/// What another thread tells has no place in the order of all, and the schema says so.
#[test]
fn what_is_told_from_beside_the_kernel_keeps_to_the_schema() {
    let schema = schema();
    drop(log().take());
    let told = Arc::new(Mutex::new(String::new()));
    let read_on = {
        let told = Arc::clone(&told);
        move || {
            let mut told = told.lock().unwrap();
            told.push_str(&String::from_utf8(log().take()).unwrap());
            told.contains("holds the machine")
        }
    };
    let is_told = read_on.clone();
    // It ends when it was told of, and not before.
    let holds = task!({
        let begun = Instant::now();
        trap!(yield yield_now())?;
        while !is_told() {
            assert!(begun.elapsed() < Duration::from_secs(60), "nobody says so");
        }
        Ok(())
    });
    let ended = common::machine_but_for(&["hog"]).watchdog(Duration::from_millis(50)).task(holds).boot().unwrap();
    assert_eq!(ended.code(), 0);
    assert!(read_on());
    let told = told.lock().unwrap();
    let events: Vec<Value> = told.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    for event in &events {
        assert_fits(event, &schema);
        // And no other number would.
        let mut other = event.clone();
        other["seq"] = if event["message"] == "holds the machine" { 1.into() } else { 0.into() };
        assert!(misfit(&other, &schema).is_some_and(|misfit| misfit.starts_with("seq is not")), "{other}");
    }
}

#[track_caller]
fn assert_fits(event: &Value, schema: &Value) {
    assert_eq!(misfit(event, schema), None, "{event}");
}

/// What of an event is not as the schema says, as far as the schema of events uses JSON Schema.
fn misfit(event: &Value, schema: &Value) -> Option<String> {
    let of_its_name =
        |kind: &&Value| ["message", "target"].iter().all(|name| kind["properties"][*name]["const"] == event[*name]);
    let Some(kind) = schema["oneOf"].as_array().unwrap().iter().find(of_its_name) else {
        return Some("there is no such event".to_owned());
    };
    let properties = kind["properties"].as_object().unwrap();
    if event.as_object().unwrap().len() != properties.len() {
        return Some(format!("it has not the fields {:?}", properties.keys()));
    }
    let fits = |(name, property): (&String, &Value)| {
        let value = &event[name];
        match (&property["const"], property["type"].as_str()) {
            (Value::Null, Some("integer")) => match property["minimum"].as_i64() {
                Some(minimum) => value.as_u64().is_some_and(|number| i128::from(number) >= i128::from(minimum)),
                None => value.is_i64() || value.is_u64(),
            },
            (Value::Null, Some("boolean")) => value.is_boolean(),
            (Value::Null, Some("string")) if property["pattern"].is_string() => value.as_str().is_some_and(is_moment),
            (Value::Null, Some("string")) => value.is_string(),
            (constant, _) => constant == value,
        }
    };
    let (name, property) = properties.iter().find(|property| !fits(*property))?;
    Some(format!("{name} is not {property}"))
}

fn is_moment(text: &str) -> bool {
    let is_number = |digits: &str| !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    text == "never"
        || text
            .split_once('.')
            .is_some_and(|(seconds, nanos)| is_number(seconds) && is_number(nanos) && nanos.len() == 9)
}

/// The code map names every source file of the six packages.
#[test]
fn the_code_map_names_every_file() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let page = fs::read_to_string(root.join("ARCHITECTURE.md")).unwrap();
    for package in ["syscalls/src", "kernel/src", "userland/src", "trace/src", "histogram/src", "src"] {
        let section = page.split(&format!("### {package}: ")).nth(1).expect(package);
        let section = section.split("\n##").next().unwrap();
        let mut listed: Vec<&str> =
            section.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next()).collect();
        for file in files(&root.join(package), "") {
            let is_named = listed.contains(&file.as_str());
            let is_in_named_folder = listed.iter().any(|name| name.ends_with('/') && file.starts_with(name));
            assert!(is_named || is_in_named_folder, "{package}: {file} is not in the code map");
        }
        listed.retain(|name| !root.join(package).join(name).exists());
        assert!(listed.is_empty(), "{package}: the code map names {listed:?}");
    }
}

/// Source files below `folder`, without those of unit tests.
fn files(folder: &Path, prefix: &str) -> Vec<String> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let name = entry.file_name().into_string().unwrap();
        if entry.file_type().unwrap().is_dir() {
            if name != "tests" {
                found.extend(files(&entry.path(), &format!("{prefix}{name}/")));
            }
        } else if name.ends_with(".rs") && name != "tests.rs" {
            found.push(format!("{prefix}{name}"));
        }
    }
    found
}
