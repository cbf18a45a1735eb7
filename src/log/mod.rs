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
pub use writer::LogGuard;

use filter::parse;
use std::{
    io,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use tracing::{Event, Level, Metadata, Subscriber, level_filters::LevelFilter, subscriber::Interest};
use tracing_subscriber::{
    filter::Targets,
    layer::{Context, Layer},
    prelude::*,
};
use writer::Writer;

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
/// Times in it are the kernel's own.
///
/// A filter is a list of `LEVEL`, `TARGET` and `TARGET=LEVEL`, separated by commas. Each line is one write. What
/// cannot be written is lost, and counted ([`LogGuard::lost`]).
///
/// Errors: [`FilterError`].
pub fn start_log(
    filter: &str,
    format: LogFormat,
    to: impl io::Write + Send + 'static,
) -> Result<LogGuard, FilterError> {
    start(filter, format, Writer::line_by_line(to))
}

/// The same, to a file, many lines at a time. What was not yet written is when a machine has nothing to do, when
/// something is wrong (WARN), and when the guard is dropped.
pub fn start_log_to_file(filter: &str, format: LogFormat, file: LogFile) -> Result<LogGuard, FilterError> {
    start(filter, format, Writer::many_at_once(file))
}

fn start(filter: &str, format: LogFormat, writer: Writer) -> Result<LogGuard, FilterError> {
    let wanted = parse(filter)?;
    let log = Arc::new(Mutex::new(Log { shape: Shape::new(format), writer }));
    let layer = LogLayer { wanted, learns_names: format == LogFormat::Text, log: Arc::clone(&log) };
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
        let is_wanted = match shape {
            Shape::Text(text) => {
                let is_wanted = self.wants(metadata);
                text.learn(event);
                if is_wanted {
                    writer.add(|line| text.write(event, line));
                }
                is_wanted
            }
            // It looks at none that it does not want.
            Shape::Json => {
                writer.add(|line| json::write(event, line));
                true
            }
        };
        if is_wanted && (*metadata.level() <= Level::WARN || names::is_idle(event)) {
            writer.flush();
        }
    }
}
