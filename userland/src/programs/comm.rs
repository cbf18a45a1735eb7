//! Lines that two sorted files have in common, and those that they have not.

use crate::prelude::*;
use core::cmp::Ordering;

pub(crate) const PROGRAM: Program = Program::new(
    "comm",
    Group::Tools,
    "writes in three columns the lines of two sorted files: only in the first, only in the second, in both",
    main,
)
.usage("[-123] FILE1 FILE2");

struct Options {
    /// Which columns are shown.
    shown: [bool; 3],
    names: [String; 2],
}

fn parse(args: Args) -> Result<Options, Misuse> {
    let given = Given::parse_anywhere(args, &["-1", "-2", "-3"], &[])?;
    let shown = ["-1", "-2", "-3"].map(|flag| !given.has(flag));
    match <[String; 2]>::try_from(given.operands) {
        Ok(names) => Ok(Options { shown, names }),
        Err(_) => Err(Misuse::Wrong("two files are compared".to_owned())),
    }
}

/// A file, its next line, and whether it has been in order so far.
struct Side {
    input: Input,
    line: Option<Vec<u8>>,
    is_in_order: bool,
}

impl Side {
    fn advance(&mut self, tool: &mut Tool) -> impl Routine<Result<(), Errno>> {
        routine!(move {
            let line = call!(tool.next_line(&mut self.input))?;
            let line = line.map(|line| without_newline(line).to_vec());
            if let (Some(last), Some(line)) = (&self.line, &line) {
                self.is_in_order &= last <= line;
            }
            self.line = line;
            Ok(())
        })
    }
}

fn main(args: Args) -> Task {
    task!({
        let mut tool = Tool::new(&PROGRAM);
        let Options { shown, names } = call!(tool.or_usage(parse(args)))?;
        let mut sides = Vec::with_capacity(2);
        for name in &names {
            let Some(input) = call!(tool.open(name))? else { return call!(tool.finish()) };
            let mut side = Side { input, line: None, is_in_order: true };
            call!(side.advance(&mut tool))?;
            sides.push(side);
        }
        let mut has_pairs_only = true;
        loop {
            let order = match (&sides[0].line, &sides[1].line) {
                (None, None) => break,
                (Some(_), None) => Ordering::Less,
                (None, Some(_)) => Ordering::Greater,
                (Some(first), Some(second)) => first.cmp(second),
            };
            has_pairs_only &= order.is_eq();
            let column = match order {
                Ordering::Less => 0,
                Ordering::Greater => 1,
                Ordering::Equal => 2,
            };
            let line = sides[if order.is_gt() { 1 } else { 0 }].line.as_deref().unwrap_or_default();
            if shown[column] {
                let tabs = shown[..column].iter().filter(|is_shown| **is_shown).count();
                tool.out.extend(core::iter::repeat_n(b'\t', tabs));
                tool.out.extend_from_slice(line);
                tool.out.push(b'\n');
            }
            for (side, is_done) in [(0, order.is_le()), (1, order.is_ge())] {
                if is_done {
                    call!(sides[side].advance(&mut tool))?;
                }
            }
            call!(tool.flush_if_full())?;
        }
        // Files that are the same line by line compare well in any order.
        for (side, name) in sides.iter().zip(&names) {
            if !side.is_in_order && !has_pairs_only {
                call!(tool.complain(name, "not in order"))?;
            }
        }
        call!(tool.finish())
    })
}
