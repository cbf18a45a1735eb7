//! Counts lines, words and bytes.

use crate::prelude::*;

pub(crate) const PROGRAM: Program = Program::new(
    "wc",
    Group::Tools,
    "counts lines, words and bytes of files; -m characters, -L the width of the widest line",
    main,
)
.usage("[-lwmcL] [FILE...]");

/// Digits that counts have room for when it is not known how large they get.
const UNKNOWN_WIDTH: usize = 7;

/// Which counts are shown, always in this order.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Shown {
    lines: bool,
    words: bool,
    characters: bool,
    bytes: bool,
    widest: bool,
}

impl Shown {
    fn flags(self) -> [bool; 5] {
        [self.lines, self.words, self.characters, self.bytes, self.widest]
    }

    fn is_one(self) -> bool {
        self.flags().into_iter().filter(|is_shown| *is_shown).count() == 1
    }

    /// Are lines or bytes all that has to be found?
    fn needs_no_words(self) -> bool {
        !(self.words || self.widest)
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Counts {
    lines: u64,
    words: u64,
    bytes: u64,
    widest: u64,
}

/// A file's counts, and where in its line and word the last piece has ended.
#[derive(Debug, Default)]
struct Counter {
    counts: Counts,
    column: u64,
    is_in_word: bool,
}

impl Counter {
    fn take(&mut self, piece: &[u8], shown: Shown) {
        self.counts.bytes += piece.len() as u64;
        if shown.needs_no_words() {
            if shown.lines {
                self.counts.lines += memchr::memchr_iter(b'\n', piece).count() as u64;
            }
            return;
        }
        for &byte in piece {
            self.take_byte(byte);
        }
    }

    fn take_byte(&mut self, byte: u8) {
        match byte {
            b'\n' | b'\r' | 0x0c => {
                self.counts.lines += u64::from(byte == b'\n');
                self.counts.widest = self.counts.widest.max(self.column);
                self.column = 0;
                self.end_word();
            }
            b'\t' => {
                self.column += 8 - self.column % 8;
                self.end_word();
            }
            b' ' => {
                self.column += 1;
                self.end_word();
            }
            0x0b => self.end_word(),
            // What does not print has no width, and makes no word.
            0x21..0x7f => {
                self.column += 1;
                self.is_in_word = true;
            }
            _ => {}
        }
    }

    fn end_word(&mut self) {
        self.counts.words += u64::from(core::mem::take(&mut self.is_in_word));
    }

    fn finish(mut self) -> Counts {
        self.end_word();
        self.counts.widest = self.counts.widest.max(self.column);
        self.counts
    }
}

fn parse(args: Args) -> Result<(Shown, Vec<String>), Misuse> {
    let flags = &["-l --lines", "-w --words", "-m --chars", "-c --bytes", "-L --max-line-length"];
    let given = Given::parse_anywhere(args, flags, &[])?;
    let mut shown = Shown {
        lines: given.has("-l"),
        words: given.has("-w"),
        characters: given.has("-m"),
        bytes: given.has("-c"),
        widest: given.has("-L"),
    };
    if shown == Shown::default() {
        shown = Shown { lines: true, words: true, bytes: true, ..shown };
    }
    Ok((shown, given.operands))
}

fn main(args: Args) -> Task {
    task!({
        let mut tool = Tool::new(&PROGRAM);
        let (shown, operands) = call!(tool.or_usage(parse(args)))?;
        let is_named = !operands.is_empty();
        let names = or_standard_input(operands);
        let width = if names.len() == 1 && shown.is_one() { 1 } else { call!(width(&names))? };
        let mut total = Counts::default();
        for name in &names {
            let counts = match call!(tool.open(name))? {
                Some(input) => call!(count(&mut tool, input, shown))?,
                None => continue,
            };
            total.lines += counts.lines;
            total.words += counts.words;
            total.bytes += counts.bytes;
            total.widest = total.widest.max(counts.widest);
            put_row(counts, shown, width, is_named.then_some(name.as_str()), &mut tool.out);
        }
        if names.len() > 1 {
            put_row(total, shown, width, Some("total"), &mut tool.out);
        }
        call!(tool.finish())
    })
}

fn count(tool: &mut Tool, mut input: Input, shown: Shown) -> impl Routine<Result<Counts, Errno>> {
    routine!(move {
        let mut counter = Counter::default();
        while call!(tool.fill(&mut input))? {
            counter.take(&input.lines.take_piece(), shown);
        }
        call!(tool.close(&input))?;
        Ok(counter.finish())
    })
}

/// How many digits the counts of these files may have, by their sizes.
fn width(names: &[String]) -> impl Routine<Result<usize, Errno>> {
    routine!(move {
        let (mut bytes, mut least) = (0u64, 1);
        for name in names {
            let is_standard_input = name == crate::tool::STANDARD_INPUT;
            let known = if is_standard_input { trap!(yield fstat(Fd::STDIN)) } else { trap!(yield stat(name.as_str())) };
            match known {
                Ok(info) if info.kind == FileKind::Regular => bytes += info.size,
                Err(_) if !is_standard_input => {}
                _ => least = UNKNOWN_WIDTH,
            }
        }
        Ok(bytes.checked_ilog10().map_or(1, |digits| digits as usize + 1).max(least))
    })
}

fn put_row(counts: Counts, shown: Shown, width: usize, name: Option<&str>, out: &mut Vec<u8>) {
    let numbers = [counts.lines, counts.words, counts.bytes, counts.bytes, counts.widest];
    let shown = numbers.iter().zip(shown.flags()).filter_map(|(number, is_shown)| is_shown.then_some(number));
    let cells: Vec<String> = shown.map(|number| format!("{number:width$}")).collect();
    out.extend_from_slice(cells.join(" ").as_bytes());
    if let Some(name) = name {
        out.push(b' ');
        out.extend_from_slice(name.as_bytes());
    }
    out.push(b'\n');
}
