//! Lines in reverse.

use crate::prelude::*;
use alloc::collections::VecDeque;
use memchr::memrchr;

pub(crate) const PROGRAM: Program =
    Program::new("tac", Group::Tools, "writes the lines of each file in reverse, the last first", main)
        .usage("[FILE...]");

fn main(args: Args) -> Task {
    task!({
        let mut tool = Tool::new(&PROGRAM);
        let names = call!(tool.or_usage(Given::parse_anywhere(args, &[], &[])))?.operands;
        for name in or_standard_input(names) {
            let Some(mut input) = call!(tool.open(&name))? else { continue };
            // All of the file has to be there before its last line can be.
            let mut pieces = VecDeque::new();
            while call!(tool.fill(&mut input))? {
                pieces.push_back(input.lines.take_piece());
            }
            call!(tool.close(&input))?;
            let mut reverse = Reverse::default();
            while let Some(piece) = pieces.pop_back() {
                reverse.take(&piece, &mut tool.out);
                call!(tool.flush_if_full())?;
            }
            reverse.finish(&mut tool.out);
        }
        call!(tool.finish())
    })
}

/// The pieces of a file from the last on.
#[derive(Debug, Default)]
struct Reverse {
    /// What ends the line whose beginning has not come yet, piece by piece from the last on.
    ends: Vec<Vec<u8>>,
}

impl Reverse {
    fn take(&mut self, piece: &[u8], out: &mut Vec<u8>) {
        let mut end = piece.len();
        while let Some(newline) = memrchr(b'\n', &piece[..end]) {
            let start = newline + 1;
            self.put(&piece[start..end], out);
            // The newline goes with the line before it.
            end = newline;
            self.ends.push(vec![b'\n']);
        }
        self.ends.push(piece[..end].to_vec());
    }

    /// Writes a line that begins with `beginning`.
    fn put(&mut self, beginning: &[u8], out: &mut Vec<u8>) {
        out.extend_from_slice(beginning);
        self.finish(out);
    }

    fn finish(&mut self, out: &mut Vec<u8>) {
        while let Some(end) = self.ends.pop() {
            out.extend_from_slice(&end);
        }
    }
}
