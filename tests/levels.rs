//! A log tells of which levels it is: one that is not whole is refused by all who read it, and what was not told while
//! fewer levels were listened to is missing in it.
#![feature(coroutines)]

mod common;

use serde_json::{Map, Value};
use std::{
    fmt::Debug,
    fs,
    sync::{Arc, Mutex},
    time::Duration,
};
use tracing::{
    Event, Subscriber,
    field::{Field, Visit},
    level_filters::LevelFilter,
    subscriber::DefaultGuard,
};
use tracing_subscriber::{
    Registry,
    layer::{Context, Layer},
    prelude::*,
    reload,
};
use yieldix::{
    Running, Work,
    syscalls::{calls::*, *},
};
use yieldix_trace::{LogError, Reader, State};

/// The levels that are listened to are the process's: one test at a time.
static ALONE: Mutex<()> = Mutex::new(());

/// The events that were logged, as objects.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<Value>>>);

impl<S: Subscriber> Layer<S> for Lines {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        struct Fields(Map<String, Value>);
        impl Visit for Fields {
            fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
                self.0.insert(field.name().to_owned(), format!("{value:?}").into());
            }

            fn record_str(&mut self, field: &Field, value: &str) {
                self.0.insert(field.name().to_owned(), value.into());
            }

            fn record_u64(&mut self, field: &Field, value: u64) {
                self.0.insert(field.name().to_owned(), value.into());
            }

            fn record_i64(&mut self, field: &Field, value: i64) {
                self.0.insert(field.name().to_owned(), value.into());
            }

            fn record_bool(&mut self, field: &Field, value: bool) {
                self.0.insert(field.name().to_owned(), value.into());
            }
        }
        let mut fields = Fields(Map::new());
        fields.0.insert("target".to_owned(), event.metadata().target().into());
        event.record(&mut fields);
        self.0.lock().unwrap().push(fields.0.into());
    }
}

/// A log whose level can be changed while a machine runs.
struct Log {
    lines: Lines,
    level: reload::Handle<LevelFilter, Registry>,
    _default: DefaultGuard,
}

impl Log {
    fn new(level: LevelFilter) -> Log {
        let lines = Lines::default();
        let (filter, level) = reload::Layer::new(level);
        let default = tracing_subscriber::registry().with(filter).with(lines.clone()).set_default();
        Log { lines, level, _default: default }
    }

    fn listen(&self, level: LevelFilter) {
        self.level.reload(level).unwrap();
    }

    fn text(&self) -> String {
        self.lines.0.lock().unwrap().iter().map(|line| format!("{line}\n")).collect()
    }

    /// What was told of the decisions so far.
    fn chosen(&self) -> Vec<Value> {
        self.lines.0.lock().unwrap().iter().filter(|line| line["message"] == "chosen").cloned().collect()
    }
}

/// A machine of two tasks that yield, which are observed by nobody but the log.
fn two_that_yield() -> Running {
    let yields = || {
        task!({
            for _ in 0..100 {
                trap!(yield yield_now())?;
            }
            trap!(yield sleep(Duration::from_secs(1)))
        })
    };
    let both = task!({
        let tids = [trap!(yield spawn(yields()))?, trap!(yield spawn(yields()))?];
        for tid in tids {
            trap!(yield wait(tid))?;
        }
        Ok(())
    });
    common::machine().simulate(1).checked(false).task(both).start().unwrap()
}

fn step(running: &mut Running, rounds: usize) {
    for _ in 0..rounds {
        assert_eq!(running.step(), Work::Ready);
    }
}

#[test]
fn what_is_not_told_while_fewer_levels_are_listened_to_is_missing() {
    let _alone = ALONE.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    for fewer in [LevelFilter::TRACE, LevelFilter::DEBUG, LevelFilter::INFO, LevelFilter::OFF] {
        let log = Log::new(LevelFilter::TRACE);
        let mut running = two_that_yield();
        step(&mut running, 3);
        log.listen(fewer);
        step(&mut running, 3);
        log.listen(LevelFilter::TRACE);
        running.run();
        drop(running);
        let state = State::at(&mut Reader::new(log.text().as_bytes()), None);
        match fewer {
            LevelFilter::TRACE => assert!(state.unwrap().tasks.is_empty()),
            _ => assert!(matches!(state, Err(LogError::Missing { .. })), "{fewer}: {state:?}"),
        }
    }
}

#[test]
fn why_a_task_is_ready_is_not_told_by_what_was_noted_before_nobody_observed() {
    let _alone = ALONE.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    for first in [LevelFilter::OFF, LevelFilter::DEBUG] {
        let log = Log::new(first);
        let mut running = two_that_yield();
        step(&mut running, 3);
        log.listen(LevelFilter::OFF);
        step(&mut running, 3);
        let told_before = log.chosen().len();
        assert_eq!(told_before > 0, first == LevelFilter::DEBUG);
        log.listen(LevelFilter::DEBUG);
        step(&mut running, 2);
        let chosen = log.chosen().split_off(told_before);
        let because: Vec<&str> = chosen.iter().map(|event| event["because"].as_str().unwrap()).collect();
        assert_eq!(because[..3], ["not observed", "not observed", "yielded"], "{chosen:?}");
        assert_eq!((&chosen[0]["previous"], &chosen[0]["by"]), (&Value::from(0), &Value::from(0)));
        running.run();
    }
}

/// `yieldix`, in a folder of its own; its exit code, and what it says on standard error.
fn yieldix(args: &[&str]) -> (Option<i32>, String) {
    let output = common::yieldix().args(args).current_dir(env!("CARGO_TARGET_TMPDIR")).output().unwrap();
    (output.status.code(), String::from_utf8(output.stderr).unwrap())
}

#[test]
fn a_log_of_some_levels_only_or_of_nothing_is_refused_by_all_who_read_it() {
    let path = |name: &str| format!("{}/{name}", env!("CARGO_TARGET_TMPDIR"));
    fs::write(path("levels-empty.log"), "").unwrap();
    let readers: [&[&str]; 6] = [
        &["log", "state", "LOG"],
        &["sched", "latency", "LOG"],
        &["sched", "map", "LOG"],
        &["sched", "timehist", "LOG"],
        &["timeline", "LOG", "--chrome", "levels.json"],
        &["timeline", "LOG", "--html", "levels.html"],
    ];
    for level in ["empty", "info", "debug", "trace"] {
        let name = format!("levels-{level}.log");
        if level != "empty" {
            let filter = format!("yieldix={level}");
            let log = ["--simulate", "--log", &filter, "--log-format", "json", "--log-file", &name];
            let (code, said) = yieldix(&[&log[..], &["run", "sh", "-c", "seq 3 | sort -r"]].concat());
            assert_eq!((code, &*said), (Some(0), ""));
        }
        let why = match level {
            "empty" => "it has no event".to_owned(),
            level => format!("it has only events of {level} and above"),
        };
        let refusal = format!("{why}: a whole log is needed (--log yieldix=trace --log-format json --log-file FILE)");
        for reader in readers {
            let args: Vec<&str> = reader.iter().map(|&word| if word == "LOG" { &name } else { word }).collect();
            let (code, said) = yieldix(&args);
            let is_whole = level == "trace";
            assert_eq!(code, Some(if is_whole { 0 } else { 1 }), "{args:?}: {said}");
            assert!(is_whole || said.contains(&refusal), "{args:?}: {said}");
        }
    }
}
