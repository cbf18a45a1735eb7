//! The log of the process: which events, how they look, and where they go.
//!
//! A layer of `tracing` that writes whole lines. It is our own because the kernel's events have words of their own
//! (`EventInfo::text`), and because the one that comes with `tracing-subscriber` takes several times as long.

mod file;
mod filter;
mod json;
mod names;
mod text;
mod writer;

pub use file::LogFile;
pub use filter::FilterError;
pub use writer::{LogFlusher, LogGuard};

use filter::parse;
use std::{
    io,
    sync::{Arc, LazyLock, Mutex, MutexGuard, OnceLock, PoisonError},
};
use tracing::{
    Event, Level, Metadata, Subscriber, callsite::Identifier, level_filters::LevelFilter, subscriber::Interest,
};
use tracing_subscriber::{
    filter::Targets,
    layer::{Context, Layer},
    prelude::*,
};
use writer::Writer;
use yieldix_kernel::event::{EVENTS, EventInfo};

/// How an event looks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LogFormat {
    /// A line to read.
    #[default]
    Text,
    /// An object a line.
    Json,
}

/// Starts the log of this process: the events that `filter` lets through, written to `to`, one line an event.
/// Times in it are the kernel's own. Each line is one write.
///
/// A filter is a list of `LEVEL`, `TARGET` and `TARGET=LEVEL`, separated by commas. What cannot be written is lost, and
/// counted ([`LogGuard::lost`]).
///
/// A log in text learns the names of tasks and files from its events, by their numbers. Of machines that run in this
/// process at the same time each has a task 1, and nothing in an event says whose it is: names are those that were told
/// last. Run them one after the other, or take JSON.
///
/// Errors: [`FilterError`].
pub fn start_log(
    filter: &str,
    format: LogFormat,
    to: impl io::Write + Send + 'static,
) -> Result<LogGuard, FilterError> {
    start(parse(filter)?, format, Writer::line_by_line(to))
}

/// The same, to a file, many lines at a time. What was not yet written is when a machine has nothing to do, when
/// something is wrong (WARN), and when the guard is dropped. A log that is not to tell when a machine has nothing to do
/// (DEBUG of `yieldix::sched`) writes each line at once.
pub fn start_log_to_file(filter: &str, format: LogFormat, file: LogFile) -> Result<LogGuard, FilterError> {
    let wanted = parse(filter)?;
    let is_idling_told = wanted.would_enable(IDLE.0, &Level::DEBUG);
    start(wanted, format, if is_idling_told { Writer::many_at_once(file) } else { Writer::line_by_line(file) })
}

/// Whether [`start_log`] would take `filter`, for who has something to do before a log begins.
pub fn check_log_filter(filter: &str) -> Result<(), FilterError> {
    parse(filter).map(|_| ())
}

fn start(wanted: Targets, format: LogFormat, writer: Writer) -> Result<LogGuard, FilterError> {
    let log = Arc::new(Mutex::new(Log { shape: Shape::new(format), writer }));
    let learns_names = format == LogFormat::Text;
    let layer = LogLayer { wanted, learns_names, idle: OnceLock::new(), log: Arc::clone(&log) };
    let started = tracing_subscriber::registry().with(layer).try_init();
    started.map(|()| LogGuard::new(log)).map_err(|_| FilterError::AlreadyStarted)
}

/// How events become lines.
enum Shape {
    Text(text::Text),
    Json,
}

impl Shape {
    fn new(format: LogFormat) -> Shape {
        match format {
            LogFormat::Text => Shape::Text(text::Text::default()),
            LogFormat::Json => Shape::Json,
        }
    }
}

/// What lies behind the layer's lock.
struct Log {
    shape: Shape,
    writer: Writer,
}

/// A log that was locked when something panicked is as good as any.
fn lock(log: &Mutex<Log>) -> MutexGuard<'_, Log> {
    log.lock().unwrap_or_else(PoisonError::into_inner)
}

struct LogLayer {
    wanted: Targets,
    /// Events that tell names are looked at, wanted or not.
    learns_names: bool,
    /// Where it is told that the machine has nothing to do, when that has been registered.
    idle: OnceLock<Identifier>,
    log: Arc<Mutex<Log>>,
}

impl LogLayer {
    fn wants(&self, metadata: &Metadata<'_>) -> bool {
        metadata.is_event() && self.wanted.would_enable(metadata.target(), metadata.level())
    }

    fn looks_at(&self, metadata: &Metadata<'_>) -> bool {
        self.wants(metadata) || self.learns_names && names::tells_names(metadata)
    }
}

impl<S: Subscriber> Layer<S> for LogLayer {
    fn register_callsite(&self, metadata: &'static Metadata<'static>) -> Interest {
        if tells_of_idling(metadata) {
            // There is one such place.
            let _ = self.idle.set(metadata.callsite());
        }
        if self.looks_at(metadata) { Interest::always() } else { Interest::never() }
    }

    fn enabled(&self, metadata: &Metadata<'_>, _: Context<'_, S>) -> bool {
        self.looks_at(metadata)
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Layer::<S>::max_level_hint(&self.wanted)
    }

    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let metadata = event.metadata();
        let Log { shape, writer } = &mut *lock(&self.log);
        match shape {
            Shape::Text(text) if !self.wants(metadata) => return text.tell(event, None),
            Shape::Text(text) => writer.add(|line| text.tell(event, Some(line))),
            // It looks at none that it does not want.
            Shape::Json => writer.add(|line| json::write(event, line)),
        }
        if *metadata.level() <= Level::WARN || self.idle.get().is_some_and(|idle| *idle == metadata.callsite()) {
            writer.flush();
        }
    }
}

/// Does an event from here tell that the machine has nothing to do?
fn tells_of_idling(metadata: &Metadata<'_>) -> bool {
    *IDLE == (metadata.target(), metadata.fields().iter().map(|field| field.name()).collect())
}

/// The target and the fields of that event, as they are logged. No other has the same.
static IDLE: LazyLock<(&str, Vec<&str>)> = LazyLock::new(|| {
    let idle = EVENTS.iter().find(|event| event.message == "idle");
    idle.map_or_else(Default::default, logged_as)
});

fn logged_as(event: &EventInfo) -> (&'static str, Vec<&'static str>) {
    (event.target, [&["message", "seq", "at"], event.fields].concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_event_of_an_idle_machine_is_known_by_its_fields() {
        let idle: Vec<&str> =
            EVENTS.iter().filter(|event| logged_as(event) == *IDLE).map(|event| event.message).collect();
        assert_eq!(idle, ["idle"]);
    }
}
