//! Where the flight recorder is read out: to a file, or to standard error.

use crate::command::{Command, Format};
use std::{
    fs::File,
    io::{self, Write},
    path::{Path, PathBuf},
};
use tracing::Level;
use yieldix::Flight;

/// The last lines of it that standard error is given.
const LINES: usize = 32;

/// Who reads it.
pub enum Reader {
    /// The end of a file.
    File(PathBuf, File),
    /// Standard error, and whether that has a log as JSON, between whose lines nothing else may stand.
    Stderr { is_json: bool },
}

impl Reader {
    /// The one that the command line asks for.
    ///
    /// Errors: the file cannot be opened.
    pub fn new(command: &Command) -> Result<Reader, (&Path, io::Error)> {
        match &command.flight {
            Some(path) => match File::options().append(true).create(true).open(path) {
                Ok(file) => Ok(Reader::File(path.clone(), file)),
                Err(error) => Err((path, error)),
            },
            None => Ok(Reader::Stderr { is_json: command.log_format == Format::Json && command.log_file.is_none() }),
        }
    }

    /// Writes it; what cannot be is told, and the last lines of it go to standard error.
    pub fn read(&mut self, flight: &Flight<'_>) {
        match self {
            Reader::Stderr { is_json } => {
                let is_wanted =
                    !flight.tasks.is_empty() || tracing::event_enabled!(target: "yieldix::sched", Level::ERROR);
                if is_wanted && !*is_json {
                    write_last(flight);
                }
            }
            Reader::File(path, file) => {
                if let Err(error) = file.write_all(told(flight, flight.events, "").as_bytes()) {
                    // Where even this cannot be written nobody is left to be told.
                    let _ = writeln!(io::stderr(), "yieldix: the flight recorder: {}: {error}", path.display());
                    write_last(flight);
                }
            }
        }
    }
}

fn told(flight: &Flight<'_>, events: &str, how_many: &str) -> String {
    let Flight { why, tasks, .. } = flight;
    let head = if tasks.is_empty() { "" } else { "tasks:\n" };
    format!("flight recorder ({why}){how_many}:\n{events}{head}{tasks}")
}

fn write_last(flight: &Flight<'_>) {
    let skipped = flight.events.lines().count().saturating_sub(LINES);
    let last: String = flight.events.split_inclusive('\n').skip(skipped).collect();
    let _ = io::stderr().write_all(told(flight, &last, &format!(", the last {LINES} events at most")).as_bytes());
}
