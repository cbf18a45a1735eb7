//! Moves files: gives them another name, or copies and removes them where that would be on another disk.

use super::cp::sources_and_target;
use crate::{
    directory::{is_directory, look_at},
    path::{join, last_part},
    prelude::*,
    tree::{Copying, Removal, Telling},
};

pub(crate) const PROGRAM: Program = Program::new(
    "mv",
    Group::Tools,
    "gives a file or a directory another name, or moves several into a directory; -n spares what is there",
    main,
)
.usage("[-nfv] FROM... TO");

fn parse(args: Args) -> Result<(Given, Vec<String>, String), Misuse> {
    let mut given = Given::parse(args, &["-n --no-clobber", "-f --force", "-v --verbose"], &[])?;
    let (sources, target) = sources_and_target(&mut given)?;
    Ok((given, sources, target))
}

fn main(args: Args) -> Task {
    task!({
        let mut tool = Tool::new(&PROGRAM);
        let (given, sources, target) = call!(tool.or_usage(parse(args)))?;
        let is_into = call!(is_directory(&target));
        if sources.len() > 1 && !is_into {
            call!(tool.complain(&target, Errno::ENOTDIR))?;
            return call!(tool.finish());
        }
        for from in &sources {
            let to = if is_into { join(&target, last_part(from)) } else { target.clone() };
            // Asked first: a rename of a file to itself succeeds, and a copy would empty it.
            let info = match call!(look_at(from, false)) {
                Ok(info) => info,
                Err(errno) => {
                    call!(tool.complain(from, errno))?;
                    continue;
                }
            };
            let there = trap!(yield lstat(to.as_str())).ok();
            if there.is_some_and(|there| there.id == info.id) {
                call!(tool.complain(from, format!("the same file as {}", excerpt(&to))))?;
                continue;
            }
            if there.is_some() && given.has("-n") && !given.has("-f") {
                continue;
            }
            call!(go(&mut tool, from, &to, info, given.has("-v")))?;
            call!(tool.flush_if_full())?;
        }
        call!(tool.finish())
    })
}

fn go<'a>(
    tool: &'a mut Tool,
    from: &'a str,
    to: &'a str,
    info: FileInfo,
    is_verbose: bool,
) -> impl Routine<Result<(), Errno>> {
    routine!(move {
        match trap!(yield rename(from.to_owned(), to.to_owned())) {
            Ok(()) => {
                if is_verbose {
                    tool.out.extend(format!("renamed '{from}' -> '{to}'\n").bytes());
                }
                Ok(())
            }
            Err(Errno::EXDEV) => {
                let telling = if is_verbose { Telling::Verbose } else { Telling::Quiet };
                let copying = Copying { telling, keeps_time: true, spares_existing: false };
                // What was not copied whole is not removed.
                if call!(copying.tree(tool, from, to, info))? {
                    call!(Removal { telling }.tree(tool, from, info.kind))?;
                }
                Ok(())
            }
            Err(Errno::EINVAL) if info.kind == FileKind::Directory => {
                call!(tool.complain(from, format!("cannot be moved into itself, {}", excerpt(to))))
            }
            Err(errno) => call!(tool.complain(from, format!("to {}: {errno}", excerpt(to)))),
        }
    })
}
