//! What is written of the lines of a file, matched or not.

use crate::{args::NUMBER, prelude::*, regex::Regex};
use alloc::collections::VecDeque;
use core::ops::{ControlFlow, Range};
use memchr::{memchr, memchr_iter, memrchr};

/// What is to be shown.
#[derive(Clone, Copy, Debug)]
pub(super) struct Show {
    what: What,
    is_inverted: bool,
    has_numbers: bool,
    /// Files with zeros in them are text as well.
    is_all_text: bool,
    lines_max: u64,
    context: Option<Context>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum What {
    Lines,
    /// The parts of lines that match.
    Matches,
    Count,
    /// Files in which something was found.
    FilesWith,
    FilesWithout,
    Nothing,
}

/// Lines that are shown around others.
#[derive(Clone, Copy, Debug)]
struct Context {
    before: usize,
    after: usize,
}

impl Show {
    pub(super) fn parse(given: &Given, around: Option<usize>) -> Result<Show, Misuse> {
        let what = match given.last_of(&["-l", "-L"]) {
            _ if given.has("-q") => What::Nothing,
            Some("-l") => What::FilesWith,
            Some(_) => What::FilesWithout,
            None if given.has("-c") => What::Count,
            None if given.has("-o") => What::Matches,
            None => What::Lines,
        };
        let has_context = given.last_of(&["-A", "-B", "-C", NUMBER]).is_some();
        let context = Context {
            before: given.value("-B")?.or(around).unwrap_or(0),
            after: given.value("-A")?.or(around).unwrap_or(0),
        };
        Ok(Show {
            what,
            is_inverted: given.has("-v"),
            has_numbers: given.has("-n"),
            is_all_text: given.has("-a"),
            // One below 0 is as good as none.
            lines_max: given.value::<i64>("-m")?.and_then(|lines| u64::try_from(lines).ok()).unwrap_or(u64::MAX),
            context: has_context.then_some(context),
        })
    }

    /// Will nothing be found in any file, where a pattern matches all lines?
    pub(super) fn is_in_vain(self, matches_all: bool) -> bool {
        (self.lines_max == 0 || self.is_inverted && matches_all) && self.what != What::FilesWithout
    }

    /// Is only the exit code of interest?
    pub(super) fn is_quiet(self) -> bool {
        self.what == What::Nothing
    }

    fn has_text(self) -> bool {
        matches!(self.what, What::Lines | What::Matches)
    }
}

/// The search of one file after the other.
pub(super) struct Scan {
    regex: Box<Regex>,
    show: Show,
    has_found: bool,
    /// Was a line written, of any file?
    has_written: bool,
    title: String,
    has_title: bool,
    file: File,
    /// Lines with their newlines that may be the context before another.
    before: VecDeque<Vec<u8>>,
}

/// What is known of the file that is searched.
#[derive(Debug, Default)]
struct File {
    /// The lines before those that are next.
    lines: u64,
    found: u64,
    /// What had been found when it was seen to be no text.
    found_as_text: Option<u64>,
    /// Lines that are context of one before.
    after_left: usize,
    /// There are lines between the last that was written and those that are kept, or next.
    has_gap: bool,
}

impl Scan {
    pub(super) fn new(regex: Box<Regex>, show: Show) -> Scan {
        let (title, before) = (String::new(), VecDeque::new());
        Scan {
            regex,
            show,
            has_found: false,
            has_written: false,
            title,
            has_title: false,
            file: File::default(),
            before,
        }
    }

    pub(super) fn has_found(&self) -> bool {
        self.has_found
    }

    pub(super) fn begin(&mut self, title: &str, has_title: bool) {
        title.clone_into(&mut self.title);
        self.has_title = has_title;
        self.file = File { has_gap: true, ..File::default() };
        self.before.clear();
    }

    /// Takes the next lines of the file, which are whole; breaks when no more are needed.
    pub(super) fn take(&mut self, lines: &[u8], out: &mut Vec<u8>) -> ControlFlow<()> {
        let has_zero = memchr(0, lines).is_some();
        if self.file.found_as_text.is_none() && !self.show.is_all_text && has_zero {
            self.file.found_as_text = Some(self.file.found);
        }
        if self.file.found_as_text.is_none() || !has_zero {
            return self.scan(lines, out);
        }
        // Of what is no text, zeros end lines as well.
        let lines: Vec<u8> = lines.iter().map(|&byte| if byte == 0 { b'\n' } else { byte }).collect();
        self.scan(&lines, out)
    }

    fn scan(&mut self, lines: &[u8], out: &mut Vec<u8>) -> ControlFlow<()> {
        let mut at = 0;
        while at < lines.len() {
            if self.is_over() {
                return ControlFlow::Break(());
            }
            let has_all = self.file.found >= self.show.lines_max;
            let matched = if has_all { None } else { self.next_match(lines, at) };
            let unmatched = at..matched.as_ref().map_or(lines.len(), |line| line.start);
            at = matched.as_ref().map_or(lines.len(), |line| line.end);
            if self.show.is_inverted && !has_all {
                let mut next = unmatched.start;
                while next < unmatched.end && self.file.found < self.show.lines_max && !self.is_over() {
                    let end = line_end(lines, next);
                    self.select(&lines[next..end], out);
                    next = end;
                }
                self.pass(&lines[next..unmatched.end], out);
            } else {
                self.pass(&lines[unmatched], out);
            }
            match matched {
                Some(line) if self.show.is_inverted => self.pass(&lines[line], out),
                Some(line) => self.select(&lines[line], out),
                None => {}
            }
        }
        if self.is_over() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }

    /// Has the file nothing more to say?
    fn is_over(&self) -> bool {
        let is_first_enough = !(self.show.has_text() || self.show.what == What::Count)
            || self.show.has_text() && self.file.found_as_text.is_some();
        let is_found = self.file.found > self.file.found_as_text.unwrap_or(0);
        is_first_enough && is_found || self.file.found >= self.show.lines_max && self.file.after_left == 0
    }

    /// The line of the next match.
    fn next_match(&mut self, lines: &[u8], from: usize) -> Option<Range<usize>> {
        let found = self.regex.find(lines, from)?;
        // Behind the last newline is no line.
        if found.start == lines.len() && lines.ends_with(b"\n") {
            return None;
        }
        let start = memrchr(b'\n', &lines[from..found.start]).map_or(from, |newline| from + newline + 1);
        Some(start..line_end(lines, found.start))
    }

    fn writes(&self) -> bool {
        self.show.has_text() && self.file.found_as_text.is_none()
    }

    /// A line that was looked for.
    fn select(&mut self, line: &[u8], out: &mut Vec<u8>) {
        self.file.found += 1;
        self.has_found = true;
        if self.writes() {
            if self.show.context.is_some() && self.has_written && self.file.has_gap {
                out.extend_from_slice(b"--\n");
            }
            let before = core::mem::take(&mut self.before);
            let first = self.file.lines - before.len() as u64;
            for (number, line) in (first..).zip(&before) {
                self.put(line, number, false, out);
            }
            self.put(line, self.file.lines, true, out);
            self.has_written = true;
            self.file.has_gap = false;
            self.file.after_left = self.show.context.map_or(0, |context| context.after);
        }
        self.file.lines += 1;
    }

    /// Lines that were not.
    fn pass(&mut self, lines: &[u8], out: &mut Vec<u8>) {
        let Some(context) = self.show.context.filter(|_| self.writes()) else {
            if self.show.has_numbers {
                self.file.lines += memchr_iter(b'\n', lines).count() as u64;
            }
            return;
        };
        let mut at = 0;
        while at < lines.len() {
            let end = line_end(lines, at);
            let line = &lines[at..end];
            if self.file.after_left > 0 {
                self.file.after_left -= 1;
                self.put(line, self.file.lines, false, out);
            } else {
                self.before.push_back(line.to_vec());
                if self.before.len() > context.before {
                    self.before.pop_front();
                    self.file.has_gap = true;
                }
            }
            self.file.lines += 1;
            at = end;
        }
    }

    fn put(&mut self, line: &[u8], number: u64, is_selected: bool, out: &mut Vec<u8>) {
        if self.show.what == What::Lines {
            self.put_prefix(number, is_selected, out);
            out.extend_from_slice(line);
            if !line.ends_with(b"\n") {
                out.push(b'\n');
            }
            return;
        }
        if !is_selected || self.show.is_inverted {
            return;
        }
        let line = without_newline(line);
        let mut at = 0;
        while at < line.len()
            && let Some(found) = self.regex.find_longest(line, at)
        {
            if found.is_empty() {
                at = found.end + 1;
                continue;
            }
            self.put_prefix(number, is_selected, out);
            out.extend_from_slice(&line[found.clone()]);
            out.push(b'\n');
            at = found.end;
        }
    }

    fn put_prefix(&self, number: u64, is_selected: bool, out: &mut Vec<u8>) {
        let separator = if is_selected { b':' } else { b'-' };
        if self.has_title {
            out.extend_from_slice(self.title.as_bytes());
            out.push(separator);
        }
        if self.show.has_numbers {
            out.extend_from_slice((number + 1).to_string().as_bytes());
            out.push(separator);
        }
    }

    /// The end of the file.
    pub(super) fn finish(&mut self, out: &mut Vec<u8>) {
        let found = self.file.found;
        match self.show.what {
            What::Count => {
                if self.has_title {
                    out.extend_from_slice(format!("{}:", self.title).as_bytes());
                }
                out.extend_from_slice(format!("{found}\n").as_bytes());
            }
            What::FilesWith if found > 0 => out.extend_from_slice(format!("{}\n", self.title).as_bytes()),
            What::FilesWithout if found == 0 => out.extend_from_slice(format!("{}\n", self.title).as_bytes()),
            _ => {}
        }
    }

    /// Is there more in the file than was written, as it is no text?
    pub(super) fn has_hidden(&self) -> bool {
        self.show.has_text() && self.file.found_as_text.is_some_and(|as_text| self.file.found > as_text)
    }
}

/// Where the line ends that is at `at`, its newline in it.
fn line_end(lines: &[u8], at: usize) -> usize {
    memchr(b'\n', &lines[at..]).map_or(lines.len(), |newline| at + newline + 1)
}
