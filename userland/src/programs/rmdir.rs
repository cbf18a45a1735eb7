//! Removes empty directories.

use crate::{
    path::{last_part, parent, trimmed},
    prelude::*,
    quoting::quoted,
};

pub(crate) const PROGRAM: Program =
    Program::new("rmdir", Group::Tools, "removes empty directories; with -p also those that they lie in", main)
        .usage("[-pv] [--ignore-fail-on-non-empty] DIRECTORY...");

fn parse(args: Args) -> Result<Given, Misuse> {
    let given = Given::parse(args, &["-p --parents", "-v --verbose", "--ignore-fail-on-non-empty"], &[])?;
    if given.operands.is_empty() { Err(Misuse::Wrong("no directory given".to_owned())) } else { Ok(given) }
}

fn main(args: Args) -> Task {
    task!({
        let mut tool = Tool::new(&PROGRAM);
        let given = call!(tool.or_usage(parse(args)))?;
        for operand in &given.operands {
            let mut path = Some(operand.as_str());
            while let Some(directory) = path {
                if given.has("-v") {
                    tool.out.extend(format!("rmdir: removing directory, {}\n", quoted(directory)).bytes());
                }
                // The kernel reads the text of a path: to it, this would be the directory that `.` stands in.
                let removed = match last_part(directory) {
                    "." => trap!(yield lstat(directory)).and(Err(Errno::EINVAL)),
                    _ => trap!(yield rmdir(directory)),
                };
                match removed {
                    Ok(()) => {}
                    Err(Errno::ENOTEMPTY) if given.has("--ignore-fail-on-non-empty") => break,
                    Err(errno) => {
                        call!(tool.complain(directory, errno))?;
                        break;
                    }
                }
                path = if given.has("-p") { parent(trimmed(directory)).filter(|parent| *parent != "/") } else { None };
            }
        }
        call!(tool.finish())
    })
}
