//! The end of files, and what is appended to them.

use crate::{
    count::Count,
    flow::Follow,
    prelude::*,
    programs::head::{Titles, put_title},
};
use alloc::collections::VecDeque;
use core::ops::Range;
use memchr::{memchr_iter, memrchr_iter};

pub(crate) const PROGRAM: Program = Program::new(
    "tail",
    Group::Tools,
    "writes the last 10 lines of files, or so many lines or bytes; with +N from the Nth on; -f follows what is appended",
    main,
)
.usage("[-fFqv] [-n LINES | -c BYTES | -LINES] [FILE...]");

struct Options {
    part: Part,
    follows: bool,
    titles: Titles,
    names: Vec<String>,
}

/// What is written of a file.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Part {
    LastLines(u64),
    LastBytes(u64),
    /// All but so many.
    BehindLines(u64),
    BehindBytes(u64),
}

/// A file that is followed, and its name for people.
struct Followed {
    title: String,
    follow: Follow,
}

fn parse(mut args: Args) -> Result<Options, Misuse> {
    // `tail +5`, as it was once written.
    if let Some(lines) = args.first().and_then(|word| word.strip_prefix('+'))
        && lines.starts_with(|first: char| first.is_ascii_digit())
    {
        args[0] = format!("-n+{lines}");
    }
    let flags = &["-q --quiet --silent", "-v --verbose", "-f --follow", "-F"];
    let given = Given::parse_anywhere(args, flags, &["-n --lines", "-c --bytes", crate::args::NUMBER])?;
    let mut part = Part::LastLines(10);
    // A later count without a sign is from the beginning as well.
    let mut is_from_beginning = false;
    for (name, value) in given.values() {
        let from = value.strip_prefix('+');
        is_from_beginning |= from.is_some();
        let Count(count) = crate::args::parse(name, from.or(value.strip_prefix('-')).unwrap_or(value))?;
        part = match (name, is_from_beginning) {
            ("-c", false) => Part::LastBytes(count),
            ("-c", true) => Part::BehindBytes(count.saturating_sub(1)),
            (_, false) => Part::LastLines(count),
            (_, true) => Part::BehindLines(count.saturating_sub(1)),
        };
    }
    let follows = given.last_of(&["-f", "-F"]).is_some();
    Ok(Options { part, follows, titles: Titles::parse(&given), names: or_standard_input(given.operands) })
}

fn main(args: Args) -> Task {
    task!({
        let mut tool = Tool::new(&PROGRAM);
        let Options { part, follows, titles, names } = call!(tool.or_usage(parse(args)))?;
        if !follows && matches!(part, Part::LastLines(0) | Part::LastBytes(0)) {
            return Ok(());
        }
        let has_titles = titles.are_for(names.len());
        let mut is_first = true;
        let mut followed = Vec::new();
        for name in names {
            let follow = match follows && name != crate::tool::STANDARD_INPUT {
                // Before anything is read, so that nothing is missed.
                true => match call!(Follow::from_beginning(&name)) {
                    Ok(follow) => Some(follow),
                    Err(errno) => {
                        call!(tool.complain(&name, errno))?;
                        continue;
                    }
                },
                false => None,
            };
            let opened = match &follow {
                None => call!(tool.open(&name))?,
                Some(follow) => match follow.file() {
                    Some(file) => {
                        Some(Input { name: name.clone(), kind: InputKind::File, lines: ByteLines::new(file) })
                    }
                    None => {
                        call!(tool.complain(&name, Errno::ENOENT))?;
                        None
                    }
                },
            };
            if let Some(mut input) = opened {
                if has_titles {
                    put_title(input.title(), &mut is_first, &mut tool.out);
                }
                call!(write_part(&mut tool, &mut input, part))?;
                if follow.is_none() {
                    call!(tool.close(&input))?;
                }
            }
            if let Some(mut follow) = follow {
                call!(follow.skip_read())?;
                followed.push(Followed { title: name, follow });
            }
        }
        if !followed.is_empty() {
            call!(follow_all(&mut tool, followed, has_titles))?;
        }
        call!(tool.finish())
    })
}

/// Writes what is appended to these files, for ever. While nothing is, it waits.
fn follow_all(tool: &mut Tool, mut files: Vec<Followed>, has_titles: bool) -> impl Routine<Result<(), Errno>> {
    routine!(move {
        let mut last_shown = files.len() - 1;
        loop {
            for (index, file) in files.iter_mut().enumerate() {
                loop {
                    let data = match call!(file.follow.read_appended()) {
                        Ok(data) if data.is_empty() => break,
                        Ok(data) => data,
                        Err(errno) => return call!(tool.complain(&file.title, errno)),
                    };
                    if has_titles && last_shown != index {
                        put_title(&file.title, &mut false, &mut tool.out);
                    }
                    last_shown = index;
                    call!(tool.write(data))?;
                    trap!(yield yield_now())?;
                }
            }
            call!(tool.flush())?;
            let watches = files.iter().map(|file| Interest::Read(file.follow.news())).collect::<Vec<_>>();
            let ready = trap!(yield poll(watches, Duration::MAX))?;
            for file in &mut files {
                if ready.iter().any(|interest| interest.fd() == file.follow.news()) {
                    call!(file.follow.take_news())?;
                }
            }
        }
    })
}

fn write_part(tool: &mut Tool, input: &mut Input, part: Part) -> impl Routine<Result<(), Errno>> {
    routine!(move {
        match part {
            Part::LastBytes(count) => match call!(extent(input.lines.fd())) {
                Some(extent) => {
                    let start = extent.end.saturating_sub(count).max(extent.start);
                    trap!(yield seek(input.lines.fd(), SeekFrom::Start(start)))?;
                    call!(write_behind(tool, input, 0, false))
                }
                None => call!(write_last_bytes(tool, input, count)),
            },
            Part::BehindBytes(count) => call!(write_behind(tool, input, count, false)),
            Part::BehindLines(count) => call!(write_behind(tool, input, count, true)),
            Part::LastLines(count) => match call!(extent(input.lines.fd())) {
                Some(extent) => call!(write_last_lines_of_file(tool, input, count, extent)),
                None => call!(write_last_lines(tool, input, count)),
            },
        }
    })
}

/// From where to where a file is to be read, or `None` where no place can be set, as in a pipe or a directory.
fn extent(fd: Fd) -> impl Routine<Option<Range<u64>>> {
    routine!(move -> Option<Range<u64>> {
        let start = trap!(yield seek(fd, SeekFrom::Current(0))).ok()?;
        let end = trap!(yield seek(fd, SeekFrom::End(0))).ok()?;
        Some(start..end)
    })
}

/// Passes over so many lines or bytes, and writes the rest.
fn write_behind(tool: &mut Tool, input: &mut Input, count: u64, is_lines: bool) -> impl Routine<Result<(), Errno>> {
    routine!(move {
        let mut left = count;
        while call!(tool.fill(input))? {
            if is_lines {
                while left > 0 && input.lines.take_line().is_some() {
                    left -= 1;
                }
            } else {
                left -= input.lines.take_bytes(left).len() as u64;
            }
            if left == 0 {
                let rest = input.lines.take_piece();
                call!(tool.write(rest))?;
            }
        }
        Ok(())
    })
}

/// Keeps the pieces that may have the last bytes.
fn write_last_bytes(tool: &mut Tool, input: &mut Input, count: u64) -> impl Routine<Result<(), Errno>> {
    routine!(move {
        let mut held: VecDeque<Buf> = VecDeque::new();
        let mut held_bytes = 0;
        while call!(tool.fill(input))? {
            let piece = input.lines.take_piece();
            held_bytes += piece.len() as u64;
            held.push_back(piece);
            while let Some(first) = held.front()
                && held_bytes - first.len() as u64 >= count
            {
                held_bytes -= first.len() as u64;
                held.pop_front();
            }
        }
        if let Some(first) = held.front_mut() {
            first.advance(held_bytes.saturating_sub(count) as usize);
        }
        for piece in held {
            call!(tool.write(piece))?;
        }
        Ok(())
    })
}

/// Looks for the beginning of the last lines from the end on.
fn write_last_lines_of_file(
    tool: &mut Tool,
    input: &mut Input,
    count: u64,
    extent: Range<u64>,
) -> impl Routine<Result<(), Errno>> {
    routine!(move {
        let fd = input.lines.fd();
        let Range { start: begin, end } = extent;
        let mut newlines_left = count;
        // The newline that ends the last line is none between two.
        let mut is_behind_last = true;
        let mut place = end;
        let mut start = if count == 0 { end } else { begin };
        'search: while count > 0 && place > begin {
            let from = place.saturating_sub(u64::from(limits::PIECE_BYTES)).max(begin);
            trap!(yield seek(fd, SeekFrom::Start(from)))?;
            let mut block = Vec::new();
            while (block.len() as u64) < place - from {
                let missing = (place - from) as u32 - block.len() as u32;
                match trap!(yield read(fd, missing)) {
                    Ok(data) if data.is_empty() => break,
                    Ok(data) => block.extend_from_slice(&data),
                    Err(errno) => return call!(tool.complain(input.title(), errno)),
                }
            }
            trap!(yield yield_now())?;
            if core::mem::take(&mut is_behind_last) && block.last() != Some(&b'\n') {
                newlines_left -= 1;
            }
            for at in memrchr_iter(b'\n', &block) {
                if newlines_left == 0 {
                    start = from + at as u64 + 1;
                    break 'search;
                }
                newlines_left -= 1;
            }
            place = from;
        }
        trap!(yield seek(fd, SeekFrom::Start(start)))?;
        call!(write_behind(tool, input, 0, false))
    })
}

/// Keeps the pieces that may have the last lines.
fn write_last_lines(tool: &mut Tool, input: &mut Input, count: u64) -> impl Routine<Result<(), Errno>> {
    routine!(move {
        let newlines = |piece: &Buf| memchr_iter(b'\n', piece).count() as u64;
        let mut held: VecDeque<(Buf, u64)> = VecDeque::new();
        let mut held_newlines = 0;
        while call!(tool.fill(input))? {
            let piece = input.lines.take_piece();
            held_newlines += newlines(&piece);
            held.push_back((piece.clone(), newlines(&piece)));
            while let Some((_, first)) = held.front()
                && held_newlines - first > count
            {
                held_newlines -= first;
                held.pop_front();
            }
        }
        let ends_amid_line = held.back().is_some_and(|(piece, _)| piece.last() != Some(&b'\n'));
        // Behind which newline the last lines begin, from the first that is kept.
        let mut passed_over = (held_newlines + u64::from(ends_amid_line)).saturating_sub(count);
        for (mut piece, newlines) in held {
            if passed_over > newlines {
                passed_over -= newlines;
                continue;
            }
            if passed_over > 0 {
                let at = memchr_iter(b'\n', &piece).nth(passed_over as usize - 1).map_or(piece.len(), |at| at + 1);
                piece.advance(at);
                passed_over = 0;
            }
            call!(tool.write(piece))?;
        }
        Ok(())
    })
}
