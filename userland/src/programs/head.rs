//! The beginning of files.

use crate::{count::Count, prelude::*};
use alloc::collections::VecDeque;
use memchr::memchr_iter;

pub(crate) const PROGRAM: Program = Program::new(
    "head",
    Group::Tools,
    "writes the first 10 lines of files, or so many lines or bytes; with -N all but the last N",
    main,
)
.usage("[-qv] [-n LINES | -c BYTES | -LINES] [FILE...]");

struct Options {
    part: Part,
    titles: Titles,
    names: Vec<String>,
}

/// What is written of a file.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Part {
    Lines(u64),
    Bytes(u64),
    AllButLines(u64),
    AllButBytes(u64),
}

/// When each file's part has its name above it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Titles {
    IfSeveral,
    Always,
    Never,
}

impl Titles {
    pub(crate) fn parse(given: &Given) -> Titles {
        match given.last_of(&["-q", "-v"]) {
            Some("-q") => Titles::Never,
            Some(_) => Titles::Always,
            None => Titles::IfSeveral,
        }
    }

    /// Are there any for so many files?
    pub(crate) fn are_for(self, files: usize) -> bool {
        self == Titles::Always || self == Titles::IfSeveral && files > 1
    }
}

/// Writes a file's name above its part; between two of them is an empty line.
pub(crate) fn put_title(title: &str, is_first: &mut bool, out: &mut Vec<u8>) {
    let before = if core::mem::take(is_first) { "" } else { "\n" };
    out.extend_from_slice(format!("{before}==> {title} <==\n").as_bytes());
}

fn parse(args: Args) -> Result<Options, Misuse> {
    let flags = &["-q --quiet --silent", "-v --verbose"];
    let given = Given::parse_anywhere(args, flags, &["-n --lines", "-c --bytes", crate::args::NUMBER])?;
    let mut part = Part::Lines(10);
    for (name, value) in given.values() {
        let all_but = value.strip_prefix('-');
        let Count(count) = crate::args::parse(name, all_but.unwrap_or(value))?;
        part = match (name, all_but.is_some()) {
            ("-c", false) => Part::Bytes(count),
            ("-c", true) => Part::AllButBytes(count),
            (_, false) => Part::Lines(count),
            (_, true) => Part::AllButLines(count),
        };
    }
    Ok(Options { part, titles: Titles::parse(&given), names: or_standard_input(given.operands) })
}

fn main(args: Args) -> Task {
    task!({
        let mut tool = Tool::new(&PROGRAM);
        let Options { part, titles, names } = call!(tool.or_usage(parse(args)))?;
        let has_titles = titles.are_for(names.len());
        let mut is_first = true;
        for name in names {
            let Some(mut input) = call!(tool.open(&name))? else { continue };
            if has_titles {
                put_title(input.title(), &mut is_first, &mut tool.out);
            }
            match part {
                Part::Lines(count) => call!(write_lines(&mut tool, &mut input, count))?,
                Part::Bytes(count) => call!(write_bytes(&mut tool, &mut input, count))?,
                Part::AllButLines(count) => call!(write_all_but_lines(&mut tool, &mut input, count))?,
                Part::AllButBytes(count) => call!(write_all_but_bytes(&mut tool, &mut input, count))?,
            }
            call!(tool.close(&input))?;
        }
        call!(tool.finish())
    })
}

fn write_lines(tool: &mut Tool, input: &mut Input, count: u64) -> impl Routine<Result<(), Errno>> {
    routine!(move {
        let mut left = count;
        while left > 0 && call!(tool.fill(input))? {
            while left > 0 && let Some(line) = input.lines.take_line() {
                tool.out.extend_from_slice(line);
                left -= 1;
            }
        }
        call!(input.lines.give_back())
    })
}

fn write_bytes(tool: &mut Tool, input: &mut Input, count: u64) -> impl Routine<Result<(), Errno>> {
    routine!(move {
        let mut left = count;
        while left > 0 && call!(tool.fill(input))? {
            let bytes = input.lines.take_bytes(left);
            left -= bytes.len() as u64;
            call!(tool.write(bytes))?;
        }
        call!(input.lines.give_back())
    })
}

/// Holds back the pieces in which so many lines are, as they may be the last.
fn write_all_but_lines(tool: &mut Tool, input: &mut Input, count: u64) -> impl Routine<Result<(), Errno>> {
    routine!(move {
        let newlines = |piece: &[u8]| memchr_iter(b'\n', piece).count() as u64;
        let mut held: VecDeque<(Buf, u64)> = VecDeque::new();
        let mut held_newlines = 0;
        let mut ends_amid_line = false;
        while call!(tool.fill(input))? {
            let piece = input.lines.take_piece();
            ends_amid_line = piece.last().map_or(ends_amid_line, |last| *last != b'\n');
            let piece_newlines = newlines(&piece);
            held_newlines += piece_newlines;
            held.push_back((piece, piece_newlines));
            while let Some((_, first)) = held.front()
                && held_newlines - first >= count
                && let Some((piece, newlines)) = held.pop_front()
            {
                held_newlines -= newlines;
                call!(tool.write(piece))?;
            }
        }
        // A last line that lacks its newline is one of those that are left out.
        let mut left = (held_newlines + u64::from(ends_amid_line)).saturating_sub(count);
        for (mut piece, newlines) in held {
            if left == 0 {
                break;
            }
            if left <= newlines {
                let end = memchr_iter(b'\n', &piece).nth(left as usize - 1).map_or(piece.len(), |at| at + 1);
                drop(piece.split_off(end));
            }
            left = left.saturating_sub(newlines);
            call!(tool.write(piece))?;
        }
        Ok(())
    })
}

/// Holds back so many bytes, as they may be the last.
fn write_all_but_bytes(tool: &mut Tool, input: &mut Input, count: u64) -> impl Routine<Result<(), Errno>> {
    routine!(move {
        let mut held: VecDeque<Buf> = VecDeque::new();
        let mut held_bytes = 0;
        while call!(tool.fill(input))? {
            let piece = input.lines.take_piece();
            held_bytes += piece.len() as u64;
            held.push_back(piece);
            while held_bytes > count && let Some(mut first) = held.pop_front() {
                let surplus = (held_bytes - count).min(first.len() as u64);
                let rest = first.split_off(surplus as usize);
                held_bytes -= surplus;
                call!(tool.write(first))?;
                if !rest.is_empty() {
                    held.push_front(rest);
                }
            }
        }
        Ok(())
    })
}
