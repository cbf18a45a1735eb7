//! What the command makes of a log: the machine's state, what the scheduler did, a timeline.

use crate::{
    command::Report,
    draft::{Draft, is_same_file},
    exit::{BAD_LOG, Code, OUTPUT_LOST, SUCCESS, USAGE, code_of_printing, complain, print},
};
use std::{
    fmt::Display,
    fs::File,
    io::{self, BufReader, BufWriter, Write},
    path::Path,
};
use yieldix_trace::{
    Chrome, LogError, State,
    sched::{Latency, Map, Timehist},
    timeline,
};

/// `yieldix log state`.
pub fn log_state(at: Option<u64>, path: &Path) -> Code {
    read_log(path, |log| {
        let state = State::at(log, at)?;
        Ok(print(&format!("{}\n{state}", state.heading())))
    })
}

/// `yieldix sched`.
pub fn sched(report: Report, path: &Path) -> Code {
    read_log(path, |log| match report {
        Report::Latency => Ok(print(&Latency::of(log)?.to_string())),
        Report::Map => print_lines(Map::new(log)),
        Report::Timehist => print_lines(Timehist::new(log)),
    })
}

/// `yieldix timeline`, in each form that is asked for.
pub fn draw_timeline(log: &Path, chrome: Option<&Path>, html: Option<&Path>) -> Code {
    let chrome = chrome.map(|place| draw_chrome(log, place));
    let page = html.map(|place| draw_page(log, place));
    chrome.into_iter().chain(page).find(|&code| code != SUCCESS).unwrap_or(SUCCESS)
}

fn draw_page(log: &Path, place: &Path) -> Code {
    let name = log.file_name().unwrap_or(log.as_os_str()).to_string_lossy();
    draw(log, place, |from, draft| {
        let page = yieldix_trace::page(from, &name)?;
        Ok(draft.write_all(page.as_bytes()))
    })
}

fn draw_chrome(log: &Path, place: &Path) -> Code {
    draw(log, place, |from, draft| {
        let mut chrome = Chrome::new(draft, None);
        timeline::draw(from, &mut chrome)?;
        Ok(chrome.finish().map(drop))
    })
}

/// Makes the file at `place` of a log, if that is whole, and is not that very file.
fn draw(
    log: &Path,
    place: &Path,
    write: impl FnOnce(BufReader<File>, &mut Draft) -> Result<io::Result<()>, LogError>,
) -> Code {
    read_log(log, |from| {
        if is_same_file(&from.get_ref().metadata().map_err(LogError::Io)?, log, place) {
            return Ok(complain_of(USAGE, place, &"this is the log itself, which would be lost"));
        }
        let drawn = match Draft::at(place) {
            Ok(mut draft) => write(from, &mut draft)?.and_then(|()| draft.finish()),
            Err(error) => Err(error),
        };
        Ok(drawn.map_or_else(|error| complain_of(OUTPUT_LOST, place, &error), |()| SUCCESS))
    })
}

fn read_log(path: &Path, act: impl FnOnce(BufReader<File>) -> Result<Code, LogError>) -> Code {
    let read = File::open(path).map_err(LogError::Io).and_then(|file| act(BufReader::new(file)));
    read.unwrap_or_else(|error| complain_of(BAD_LOG, path, &error))
}

/// Prints lines as they come, for as long as there is a reader.
fn print_lines(lines: impl Iterator<Item = Result<String, LogError>>) -> Result<Code, LogError> {
    let mut out = BufWriter::new(io::stdout().lock());
    for line in lines {
        if let Err(error) = writeln!(out, "{}", line?) {
            return Ok(code_of_printing(Err(error)));
        }
    }
    Ok(code_of_printing(out.flush()))
}

fn complain_of(code: Code, path: &Path, error: &dyn Display) -> Code {
    complain(code, &format!("{}: {error}", path.display()))
}
