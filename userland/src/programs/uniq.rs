//! Lines that repeat the one before.

use crate::{count::Count, prelude::*, tool::STANDARD_INPUT};
use core::ops::ControlFlow;

pub(crate) const PROGRAM: Program = Program::new(
    "uniq",
    Group::Tools,
    "leaves out lines that equal the one before; -c counts them, -d and -u write only those that repeat or do not",
    main,
)
.usage("[-cdui] [-f FIELDS] [-s BYTES] [-w BYTES] [INPUT [OUTPUT]]");

/// What is compared of lines, and which are written.
#[derive(Clone, Copy, Debug)]
struct Options {
    is_counted: bool,
    writes_unique: bool,
    writes_repeated: bool,
    folds_case: bool,
    skipped_fields: u64,
    skipped_bytes: u64,
    compared_bytes: u64,
}

fn parse(args: Args) -> Result<(Options, Vec<String>), Misuse> {
    let flags = &["-c --count", "-d --repeated", "-u --unique", "-i --ignore-case"];
    let given = Given::parse_anywhere(args, flags, &["-f --skip-fields", "-s --skip-chars", "-w --check-chars"])?;
    let number = |name| Ok(given.value::<Count>(name)?.map(|Count(count)| count));
    let options = Options {
        is_counted: given.has("-c"),
        writes_unique: !given.has("-d"),
        writes_repeated: !given.has("-u"),
        folds_case: given.has("-i"),
        skipped_fields: number("-f")?.unwrap_or(0),
        skipped_bytes: number("-s")?.unwrap_or(0),
        compared_bytes: number("-w")?.unwrap_or(u64::MAX),
    };
    match given.operands.get(2) {
        Some(operand) => Err(Misuse::Wrong(format!("unexpected {:?}", excerpt(operand)))),
        None => Ok((options, given.operands)),
    }
}

impl Options {
    /// What of a line is compared.
    fn key(self, line: &[u8]) -> &[u8] {
        let mut rest = line;
        for _ in 0..self.skipped_fields {
            let blanks = rest.iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
            let field = rest[blanks..].iter().take_while(|byte| !matches!(byte, b' ' | b'\t')).count();
            rest = &rest[blanks + field..];
            if rest.is_empty() {
                break;
            }
        }
        let start = (rest.len() as u64).min(self.skipped_bytes) as usize;
        let rest = &rest[start..];
        &rest[..(rest.len() as u64).min(self.compared_bytes) as usize]
    }

    fn are_equal(self, one: &[u8], other: &[u8]) -> bool {
        let (one, other) = (self.key(one), self.key(other));
        if self.folds_case { one.eq_ignore_ascii_case(other) } else { one == other }
    }

    fn put(self, line: &[u8], count: u64, out: &mut Vec<u8>) {
        if !(if count == 1 { self.writes_unique } else { self.writes_repeated }) {
            return;
        }
        if self.is_counted {
            out.extend_from_slice(format!("{count:7} ").as_bytes());
        }
        out.extend_from_slice(line);
        out.push(b'\n');
    }
}

fn main(args: Args) -> Task {
    task!({
        let mut tool = Tool::new(&PROGRAM);
        let (options, operands) = call!(tool.or_usage(parse(args)))?;
        if let Some(output) = operands.get(1).filter(|output| *output != STANDARD_INPUT) {
            call!(tool.write_to(output))?;
        }
        let mut last = Vec::new();
        let mut count = 0;
        let input = operands.into_iter().take(1).collect();
        call!(tool.each_line(input, |line, out| {
            let line = without_newline(line);
            if count > 0 && options.are_equal(&last, line) {
                count += 1;
                return ControlFlow::Continue(());
            }
            if count > 0 {
                options.put(&last, count, out);
            }
            last.clear();
            last.extend_from_slice(line);
            count = 1;
            ControlFlow::Continue(())
        }))?;
        if count > 0 {
            options.put(&last, count, &mut tool.out);
        }
        call!(tool.finish())
    })
}
