//! Lines of a bounded width.

use crate::{args::NUMBER, prelude::*};
use core::ops::ControlFlow;

pub(crate) const PROGRAM: Program =
    Program::new("fold", Group::Tools, "breaks lines at 80 columns, or at WIDTH; -s at blanks, -b counts bytes", main)
        .usage("[-bs] [-w WIDTH] [FILE...]");

#[derive(Clone, Copy, Debug)]
struct Options {
    width: usize,
    counts_bytes: bool,
    breaks_at_blanks: bool,
}

fn parse(args: Args) -> Result<(Options, Vec<String>), Misuse> {
    let given = Given::parse_anywhere(args, &["-b --bytes", "-s --spaces"], &["-w --width", NUMBER])?;
    let width = given.value::<usize>("-w")?.or(given.value(NUMBER)?).unwrap_or(80);
    if width == 0 {
        return Err(Misuse::Wrong("a width of 0".to_owned()));
    }
    let options = Options { width, counts_bytes: given.has("-b"), breaks_at_blanks: given.has("-s") };
    Ok((options, given.operands))
}

impl Options {
    /// The column behind `byte` when it stands at `column`.
    fn behind(self, column: usize, byte: u8) -> usize {
        match byte {
            _ if self.counts_bytes => column + 1,
            b'\x08' => column.saturating_sub(1),
            b'\r' => 0,
            b'\t' => column + 8 - column % 8,
            _ => column + 1,
        }
    }

    fn fold(self, line: &[u8], out: &mut Vec<u8>) {
        let text = without_newline(line);
        let (mut start, mut column, mut at) = (0, 0, 0);
        while at < text.len() {
            let behind = self.behind(column, text[at]);
            if behind <= self.width || at == start {
                (column, at) = (behind, at + 1);
                continue;
            }
            let blank = text[start..at].iter().rposition(|byte| matches!(byte, b' ' | b'\t'));
            let end = match blank.filter(|_| self.breaks_at_blanks) {
                Some(blank) => start + blank + 1,
                None => at,
            };
            out.extend_from_slice(&text[start..end]);
            out.push(b'\n');
            column = text[end..at].iter().fold(0, |column, &byte| self.behind(column, byte));
            start = end;
        }
        out.extend_from_slice(&line[start..]);
    }
}

fn main(args: Args) -> Task {
    task!({
        let mut tool = Tool::new(&PROGRAM);
        let (options, names) = call!(tool.or_usage(parse(args)))?;
        call!(tool.each_line(names, |line, out| {
            options.fold(line, out);
            ControlFlow::Continue(())
        }))?;
        call!(tool.finish())
    })
}
