//! What the command makes of a log: the machine's state, what the scheduler did, a timeline.

use crate::{
    command::Report,
    draft::{Draft, are_one, is_same_file, is_same_place},
    exit::{BAD_LOG, Code, OUTPUT_LOST, SUCCESS, USAGE, code_of_printing, complain, print},
};
#[cfg(unix)]
use std::os::fd::AsFd as AsFile;
#[cfg(windows)]
use std::os::windows::io::AsHandle as AsFile;
use std::{
    fmt::Display,
    fs::{self, File, Metadata},
    io::{self, BufRead, BufReader, BufWriter, Cursor, Read, Seek, SeekFrom, Write},
    path::Path,
};
use yieldix_trace::{
    Chrome, LogError, Reader, State,
    sched::{Latency, Map, Timehist},
    timeline,
};

/// What `-` is as a log.
const INPUT: &str = "standard input";
/// What `-` is as a place.
const OUTPUT: &str = "standard output";

/// `yieldix log state`.
pub fn log_state(at: Option<u64>, path: &Path) -> Code {
    code_of_reading(path, || {
        let state = State::at(&mut Reader::new(BufReader::new(open(path)?)), at)?;
        Ok(print(&format!("{}\n{state}", state.heading())))
    })
}

/// `yieldix sched`.
pub fn sched(report: Report, path: &Path) -> Code {
    code_of_reading(path, || {
        let mut events = Reader::new(BufReader::new(open(path)?));
        let code = match report {
            Report::Latency => print(&Latency::of(&mut events)?.to_string()),
            Report::Map => print_lines(Map::new(&mut events))?,
            Report::Timehist => print_lines(Timehist::new(&mut events))?,
        };
        tell_if_unfinished(path, events.unfinished_after());
        Ok(code)
    })
}

/// `yieldix timeline`, in each form that is asked for.
pub fn draw_timeline(path: &Path, chrome: Option<&Path>, html: Option<&Path>) -> Code {
    if let (Some(place), Some(other)) = (chrome, html)
        && are_one_place(place, other)
    {
        return complain_of(USAGE, &named(place, OUTPUT), &"one form would be written over the other");
    }
    code_of_reading(path, || {
        let file = open(path)?;
        let info = file.metadata().map_err(LogError::Io)?;
        let is_log = |place: &&Path| match is_stream(place) {
            // A terminal or a socket may well be both: what is written to it is not read from it.
            true => info.is_file() && is_output(&info),
            false => is_same_file(&info, path, place),
        };
        if let Some(place) = chrome.into_iter().chain(html).find(is_log) {
            return Ok(complain_of(USAGE, &named(place, OUTPUT), &"this is the log itself, which would be lost"));
        }
        let is_read_again = chrome.is_some() && html.is_some();
        let (mut log, begin) = log_of(file, is_read_again).map_err(LogError::Io)?;
        let (mut code, mut unfinished) = (SUCCESS, None);
        let name = named(Path::new(path.file_name().unwrap_or(path.as_os_str())), INPUT);
        for (form, place) in [(Form::Chrome, chrome), (Form::Page(&name), html)] {
            let Some(place) = place else { continue };
            if let Some(begin) = begin {
                log.seek(SeekFrom::Start(begin)).map_err(LogError::Io)?;
            }
            let mut events = Reader::new(&mut log);
            let drawn = draw(&mut events, form, place)?;
            code = if code == SUCCESS { drawn } else { code };
            unfinished = events.unfinished_after();
        }
        tell_if_unfinished(path, unfinished);
        Ok(code)
    })
}

/// Is what is drawn at one of these places drawn at the other too?
fn are_one_place(one: &Path, other: &Path) -> bool {
    let is_there = |place| fs::metadata(place).is_ok_and(|there| is_output(&there));
    match (is_stream(one), is_stream(other)) {
        (true, true) => true,
        (true, false) => is_there(other),
        (false, true) => is_there(one),
        (false, false) => one == other || is_same_place(one, other),
    }
}

/// Is this of what standard output goes to?
fn is_output(info: &Metadata) -> bool {
    file_of(io::stdout()).and_then(|output| output.metadata()).is_ok_and(|output| are_one(info, &output))
}

/// How a timeline is drawn.
enum Form<'a> {
    Chrome,
    /// With this name.
    Page(&'a str),
}

/// Makes the file at `place` of a log, if that is whole.
fn draw(events: &mut Reader<impl BufRead>, form: Form<'_>, place: &Path) -> Result<Code, LogError> {
    let draft = if is_stream(place) { file_of(io::stdout()).map(Draft::in_place) } else { Draft::at(place) };
    let drawn = match (draft, form) {
        (Err(error), _) => Err(error),
        (Ok(mut draft), Form::Chrome) => {
            let mut chrome = Chrome::new(&mut draft, None);
            timeline::draw(events, &mut chrome)?;
            let drawn = chrome.finish();
            drop(chrome);
            drawn.and_then(|_| draft.finish())
        }
        (Ok(mut draft), Form::Page(name)) => {
            let page = yieldix_trace::page(events, name)?;
            draft.write_all(page.as_bytes()).and_then(|()| draft.finish())
        }
    };
    Ok(match drawn {
        outcome if is_stream(place) => code_of_printing(outcome),
        outcome => outcome.map_or_else(|error| complain_of(OUTPUT_LOST, &named(place, OUTPUT), &error), |()| SUCCESS),
    })
}

/// What can be read and, where it is to be, read again.
trait Log: BufRead + Seek {}

impl<T: BufRead + Seek> Log for T {}

/// A log, and where in it to begin when it is read again; none for one that is read once.
fn log_of(mut file: File, is_read_again: bool) -> io::Result<(Box<dyn Log>, Option<u64>)> {
    if !is_read_again {
        return Ok((Box::new(BufReader::new(file)), None));
    }
    // A pipe has its bytes but once.
    let Ok(begin) = file.stream_position() else {
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        return Ok((Box::new(Cursor::new(bytes)), Some(0)));
    };
    Ok((Box::new(BufReader::new(file)), Some(begin)))
}

/// Is it `-`, which stands for standard input or output?
fn is_stream(path: &Path) -> bool {
    path == "-"
}

fn open(path: &Path) -> Result<File, LogError> {
    let opened = if is_stream(path) { file_of(io::stdin()) } else { File::open(path) };
    opened.map_err(LogError::Io)
}

/// A standard stream as the file that it is, without a buffer.
#[cfg(unix)]
fn file_of(stream: impl AsFile) -> io::Result<File> {
    stream.as_fd().try_clone_to_owned().map(File::from)
}

/// A standard stream as the file that it is, without a buffer.
#[cfg(windows)]
fn file_of(stream: impl AsFile) -> io::Result<File> {
    stream.as_handle().try_clone_to_owned().map(File::from)
}

/// How a path is named to people, which may be this stream.
fn named(path: &Path, stream: &str) -> String {
    if is_stream(path) { stream.to_owned() } else { path.display().to_string() }
}

/// The code of what reads a log.
fn code_of_reading(path: &Path, act: impl FnOnce() -> Result<Code, LogError>) -> Code {
    act().unwrap_or_else(|error| complain_of(BAD_LOG, &named(path, INPUT), &error))
}

/// Says of a log that ends with this event that there is more to come.
fn tell_if_unfinished(path: &Path, last: Option<u64>) {
    if let Some(last) = last {
        let what = format!("it ends with event {last}, before its machine has ended");
        complain_of(SUCCESS, &named(path, INPUT), &what);
    }
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

fn complain_of(code: Code, what: &dyn Display, error: &dyn Display) -> Code {
    complain(code, &format!("{what}: {error}"))
}
