//! Lines backwards.

use crate::prelude::*;
use core::ops::ControlFlow;

pub(crate) const PROGRAM: Program =
    Program::new("rev", Group::Tools, "writes the bytes of each line backwards", main).usage("[FILE...]");

fn main(args: Args) -> Task {
    task!({
        let mut tool = Tool::new(&PROGRAM);
        let names = call!(tool.or_usage(Given::parse_anywhere(args, &[], &[])))?.operands;
        call!(tool.each_line(names, |line, out| {
            let text = without_newline(line);
            out.extend(text.iter().rev());
            out.extend_from_slice(&line[text.len()..]);
            ControlFlow::Continue(())
        }))?;
        call!(tool.finish())
    })
}
