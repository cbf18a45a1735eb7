//! One line for ever.

use crate::prelude::*;

pub(crate) const PROGRAM: Program =
    Program::new("yes", Group::Tools, "writes its arguments, or y, until nobody reads them", main).usage("[WORD...]");

fn parse(args: Args) -> Result<Vec<String>, Misuse> {
    Ok(Given::parse(args, &[], &[])?.operands)
}

fn main(args: Args) -> Task {
    task!({
        let mut tool = Tool::new(&PROGRAM);
        let words = call!(tool.or_usage(parse(args)))?;
        let line = if words.is_empty() { "y\n".to_owned() } else { words.join(" ") + "\n" };
        let lines = Buf::from(line.repeat((limits::PIECE_BYTES as usize).div_ceil(line.len())));
        loop {
            call!(tool.write(lines.clone()))?;
            trap!(yield yield_now())?;
        }
    })
}
