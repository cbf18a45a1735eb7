//! The manual pages that are made from the tables of calls and events.

use serde_json::{Value, json};
use std::fmt::Write;
use yieldix_kernel::{
    event::{EVENTS, EventInfo, FieldKind, SCHEMA_VERSION},
    limits,
};
use yieldix_syscalls::{CALLS, CallInfo, Errno};
use yieldix_userland::limits as userland_limits;

/// `fd: Fd, max: u32`
fn arguments(call: &CallInfo) -> String {
    let shown: Vec<String> = call.arguments.iter().map(|(name, kind)| format!("{name}: {kind}")).collect();
    shown.join(", ")
}

/// The calls, a line each.
pub fn syscalls_table() -> String {
    let mut text = String::new();
    for call in CALLS {
        let state = if call.is_built { "" } else { "  (ENOSYS)" };
        // Writing to a string cannot fail, here and below.
        let _ = writeln!(text, "{:>4}  {}({}) -> {}{state}", call.number, call.name, arguments(call), call.answer);
    }
    text
}

const SYSCALLS_INTRODUCTION: &str = include_str!("manual/syscalls.md");
const EVENTS_INTRODUCTION: &str = include_str!("manual/tracing.md");

/// What is bounded, its bound, and what happens there.
const LIMITS: &[(&str, u64, &str)] = &[
    ("traps a turn", limits::QUANTUM as u64, "the task goes to the back (`--quantum`, `.quantum()`)"),
    ("free calls a turn", limits::FREE_CALLS_PER_TURN as u64, "the task goes to the back"),
    ("turns between two looks at devices", limits::TURNS_PER_POLL, "a look"),
    ("operations on files between two looks", limits::OPERATIONS_PER_POLL as u64, "a look"),
    ("tasks, zombies included", limits::TASKS as u64, "`EAGAIN` (`--max-tasks`)"),
    ("descriptors a task, the standard three not counted", limits::FDS_PER_TASK as u64, "`EMFILE`"),
    ("open files and ports", limits::FILES as u64, "`ENFILE`"),
    ("jobs that are open, and that wait for a helper", limits::JOBS as u64, "`EAGAIN`"),
    ("bytes in a pipe", limits::PIPE_BYTES as u64, "writers wait"),
    ("bytes of a write to a pipe that is not parted", limits::PIPE_ATOMIC_BYTES as u64, "some may be taken"),
    ("bytes of a write to a pipe that is copied", limits::PIPE_GATHERED_BYTES as u64, "it is queued as it is"),
    ("bytes a read of `/dev/zero` or `/dev/random` gives", limits::PLAIN_READ_BYTES as u64, "it gets fewer"),
    ("bytes that a terminal of a task's own holds, each way", limits::TERMINAL_BYTES as u64, "writers wait"),
    ("bytes of a line typed there", limits::TERMINAL_LINE_BYTES as u64, "more is dropped, and a bell rung"),
    ("lines typed ahead there", limits::TERMINAL_LINES_TYPED as u64, "writers wait"),
    ("messages in a port", limits::PORT_CAPACITY as u64, "`EINVAL` to ask for more"),
    ("bytes of a message", limits::MESSAGE_BYTES as u64, "`EMSGSIZE`"),
    ("descriptors with a message", limits::MESSAGE_FDS as u64, "`EINVAL`"),
    ("bytes of a port's name", limits::PORT_NAME_BYTES as u64, "`ENAMETOOLONG`"),
    ("bytes of a datagram", limits::DATAGRAM_BYTES as u64, "`EMSGSIZE`"),
    ("bytes of a host's name", limits::HOST_NAME_BYTES as u64, "`ENAMETOOLONG`"),
    ("connections that wait at a Unix socket", limits::UNIX_BACKLOG as u64, "one more waits to be connected"),
    (
        "bytes of datagrams that wait at a Unix socket, 256 more for each",
        limits::UNIX_DATAGRAMS as u64,
        "who sends more waits",
    ),
    ("programs of the host", limits::HOST_PROGRAMS as u64, "`EAGAIN`"),
    ("bytes of a path", limits::PATH_BYTES as u64, "`ENAMETOOLONG`"),
    ("bytes of a name in memory", limits::FILE_NAME_BYTES as u64, "`ENAMETOOLONG`"),
    ("bytes of all files in memory", limits::RAM_BYTES, "`ENOSPC` (`--ram`, `.ram_bytes()`)"),
    ("files and directories in memory", limits::RAM_INODES as u64, "`ENOSPC`"),
    ("entries a `readdir` of the kernel's own gives", limits::DIR_ENTRIES as u64, "the next gives more"),
    ("interests of a poll", limits::POLL_INTERESTS as u64, "`EINVAL`"),
    ("subroutines deep on the trampoline", limits::SUBROUTINE_DEPTH as u64, "`ENOMEM`"),
    ("deadline scopes a task", limits::DEADLINE_SCOPES as u64, "`ENOMEM`"),
    ("bytes a read may ask for", limits::TRANSFER_BYTES as u64, "it gets fewer"),
    ("random bytes a call", limits::TRANSFER_BYTES as u64, "`EINVAL`"),
    ("probes a task that count", limits::PROBES as u64, "one more does not count"),
    ("bytes of a task's name", limits::NAME_BYTES as u64, "it is cut"),
    ("bytes of an environment", limits::ENVIRONMENT_BYTES as u64, "`E2BIG`"),
    ("bytes of a panic's message", limits::PANIC_MESSAGE_BYTES as u64, "it is cut"),
    (
        "bytes of announced exits that wait for the console",
        limits::ANNOUNCEMENT_BYTES as u64,
        "what is over is dropped",
    ),
    ("lints that are told", limits::LINTS_TOLD as u64, "no more are"),
    (
        "ms that a task may run from one trap to the next",
        limits::HOG_RELEASE.as_millis() as u64,
        "told on `yieldix::lint`",
    ),
    ("ms that a task may hold the machine", limits::WATCHDOG.as_millis() as u64, "told while it does (`.watchdog()`)"),
    ("calls in a row, in a second, that come to nothing", limits::STORM_CALLS as u64, "told on `yieldix::lint`"),
    ("traps of a task for each of these calls", limits::STORM_OTHERS as u64, "it works, and is not told of"),
    ("bytes of a task's frame", limits::FRAME_BYTES as u64, "told on `yieldix::lint`"),
    ("tracers", limits::TRACERS as u64, "`EAGAIN`"),
    (
        "records that wait in a tracer",
        limits::TRACE_RECORDS as u64,
        "more are counted as lost; from half of it on, a traced task's turn ends after each trap",
    ),
    ("bytes of the texts in them", limits::TRACE_BYTES as u64, "likewise"),
    (
        "tasks told of a cycle of waits, cycles of a deadlock, things that a task of one waits at",
        limits::CYCLE_TOLD as u64,
        "more are counted",
    ),
    (
        "things looked at for such cycles that a wait for the hardware pays for",
        limits::LOOKED_AT_PER_WAIT as u64,
        "a search that took more is paid for by those that follow",
    ),
    ("the same of a look at the hardware while somebody is ready", limits::LOOKED_AT_PER_POLL as u64, "likewise"),
    (
        "the same that a single search looks at while somebody is ready",
        limits::LOOKED_AT_WHILE_BUSY as u64,
        "it is given up, and made when nobody is",
    ),
    ("lines of a kind in `/proc/TID/where`", limits::WHERE_LINES as u64, "more are counted"),
    ("requests of other threads that wait", limits::INBOX_REQUESTS as u64, "`EAGAIN`"),
    (
        "bytes of a line that the library's `Lines` and the shell read",
        userland_limits::LINE_BYTES_MAX as u64,
        "`EMSGSIZE`; the shell passes over the line and says so",
    ),
    ("bytes of a request's head that `stream` takes", userland_limits::HEAD_BYTES_MAX as u64, "status 431"),
    ("bytes of a request's body that `stream` takes", userland_limits::BODY_BYTES_MAX as u64, "status 413"),
];

/// docs/syscalls.md.
pub fn syscalls_markdown() -> String {
    let mut text = SYSCALLS_INTRODUCTION.to_owned();
    let _ = writeln!(text, "\n## Limits\n\n| what | bound | at it |\n| --- | --- | --- |");
    for (what, bound, consequence) in LIMITS {
        let _ = writeln!(text, "| {what} | {bound} | {consequence} |");
    }
    let mut group = "";
    for call in CALLS.iter().filter(|call| call.is_built) {
        if call.group != group {
            group = call.group;
            let _ = writeln!(text, "\n## {group}");
        }
        let _ = writeln!(text, "\n### {}\n\n```rust", call.name);
        let _ = writeln!(text, "fn {}({}) -> {}\n```\n", call.name, arguments(call), call.answer);
        for line in call.doc {
            let _ = writeln!(text, "{}", line.strip_prefix(' ').unwrap_or(line));
        }
        let errors: Vec<String> = call.errors.iter().map(|errno| format!("`{}`", errno.name())).collect();
        let errors = if errors.is_empty() { "none".to_owned() } else { errors.join(" ") };
        let _ = writeln!(
            text,
            "\nNumber {} · turn: {} · promise: {:?} · errors: {errors}",
            call.number,
            call.turn.phrase(),
            call.promise
        );
    }
    let _ = writeln!(text, "\n## Declared, not built\n\nThese are answered `ENOSYS`; their shapes may still change.\n");
    let _ = writeln!(text, "| number | call | what it will do |\n| --- | --- | --- |");
    for call in CALLS.iter().filter(|call| !call.is_built) {
        let about = call.doc.first().copied().unwrap_or_default().trim();
        let _ =
            writeln!(text, "| {} | `{}({}) -> {}` | {about} |", call.number, call.name, arguments(call), call.answer);
    }
    let _ = writeln!(text, "\n## Errors\n\n| errno | number | meaning |\n| --- | --- | --- |");
    for errno in Errno::ALL {
        let _ = writeln!(text, "| `{}` | {} | {} |", errno.name(), errno.number(), errno.meaning());
    }
    text
}

/// The events, a line each.
pub fn events_table() -> String {
    let mut text = String::new();
    for event in EVENTS {
        let level = event.level.as_str();
        let _ = writeln!(text, "{level:<5} {:<15} {:<20} {}", event.target, event.message, event.fields.join(" "));
    }
    text
}

/// docs/tracing.md.
pub fn events_markdown() -> String {
    let mut text = EVENTS_INTRODUCTION.to_owned();
    let _ = writeln!(text, "\n## Every event (schema {SCHEMA_VERSION})\n");
    let _ = writeln!(
        text,
        "| target | level | message | fields, beside `seq` and `at` | when |\n| --- | --- | --- | --- | --- |"
    );
    for event in EVENTS {
        let fields: Vec<String> = event.fields.iter().map(|field| format!("`{field}`")).collect();
        let _ = writeln!(
            text,
            "| `{}` | {} | {} | {} | {} |",
            event.target,
            event.level,
            event.message,
            fields.join(" "),
            event.doc.trim()
        );
    }
    text
}

/// docs/events.schema.json: what a line of the log is as JSON.
pub fn events_schema() -> String {
    let variants: Vec<Value> = EVENTS.iter().map(schema_of).collect();
    let schema = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": format!("A line of a yieldix event log (--log-format json), version {SCHEMA_VERSION}"),
        "oneOf": variants,
    });
    // A value made of literals can be shown.
    serde_json::to_string_pretty(&schema).unwrap_or_default() + "\n"
}

fn schema_of(event: &EventInfo) -> Value {
    let moment = json!({ "type": "string", "pattern": "^([0-9]+[.][0-9]{9}|never)$" });
    let mut properties = serde_json::Map::new();
    let constants = [("level", event.level.as_str()), ("target", event.target), ("message", event.message)];
    properties.extend(constants.map(|(name, value)| (name.to_owned(), json!({ "const": value }))));
    let seq = if event.is_numbered { json!({ "type": "integer", "minimum": 1 }) } else { json!({ "const": 0 }) };
    properties.insert("seq".to_owned(), seq);
    properties.insert("at".to_owned(), moment.clone());
    for (name, kind) in event.fields.iter().zip(event.kinds) {
        let schema = match kind {
            FieldKind::Number => json!({ "type": "integer", "minimum": 0 }),
            FieldKind::Signed => json!({ "type": "integer" }),
            FieldKind::Boolean => json!({ "type": "boolean" }),
            FieldKind::Moment => moment.clone(),
            FieldKind::Text => json!({ "type": "string" }),
        };
        properties.insert((*name).to_owned(), schema);
    }
    let required: Vec<&String> = properties.keys().collect();
    json!({
        "description": event.doc.trim(),
        "type": "object",
        "required": required,
        "additionalProperties": false,
        "properties": properties,
    })
}
