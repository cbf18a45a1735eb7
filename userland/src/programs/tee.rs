//! A copy of standard input, in files and on standard output.

use crate::{prelude::*, write_all};

pub(crate) const PROGRAM: Program =
    Program::new("tee", Group::Tools, "writes standard input to standard output and to files; -a appends", main)
        .usage("[-a] [FILE...]");

fn parse(args: Args) -> Result<Given, Misuse> {
    Given::parse_anywhere(args, &["-a --append", "-i --ignore-interrupts"], &[])
}

fn main(args: Args) -> Task {
    task!({
        let mut tool = Tool::new(&PROGRAM);
        let given = call!(tool.or_usage(parse(args)))?;
        let end = if given.has("-a") { OpenFlags::APPEND } else { OpenFlags::TRUNCATE };
        let mut copies = Vec::new();
        for name in given.operands {
            match trap!(yield open(name.as_str(), OpenFlags::WRITE | OpenFlags::CREATE | end)) {
                Ok(fd) => copies.push((name, fd)),
                Err(errno) => call!(tool.complain(&name, errno))?,
            }
        }
        let Some(mut input) = call!(tool.open(crate::tool::STANDARD_INPUT))? else { return Ok(()) };
        while call!(tool.fill(&mut input))? {
            let piece = input.lines.take_piece();
            call!(tool.write(piece.clone()))?;
            let mut at = 0;
            while let Some((name, fd)) = copies.get(at) {
                match write_all!(*fd, piece.clone()) {
                    Ok(()) => at += 1,
                    // It has its complaint, and no more of the input.
                    Err(errno) => {
                        call!(tool.complain(name, errno))?;
                        copies.remove(at);
                    }
                }
            }
        }
        call!(tool.finish())
    })
}
