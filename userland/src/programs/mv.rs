//! Moves files: gives them another name, or copies and removes them where that would be on another disk.

use super::cp::sources_and_target;
use crate::{
    directory::{check_name_of_file, look_at},
    path::last_part,
    prelude::*,
    quoting::quoted,
    target::Target,
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
        let Some(mut target) = call!(Target::find(&mut tool, target, sources.len()))? else {
            return call!(tool.finish());
        };
        let spares_existing = given.last_of(&["-n", "-f"]) == Some("-n");
        for from in &sources {
            let to = target.of(from);
            // Asked first: a rename of a file to itself succeeds, and a copy would empty it.
            let info = match trap!(yield lstat(from.as_str())) {
                Ok(info) => info,
                Err(errno) => {
                    call!(tool.complain(from, errno))?;
                    continue;
                }
            };
            let there = trap!(yield lstat(to.as_str())).ok();
            if there.is_some() && spares_existing {
                continue;
            }
            if let Err(errno) = call!(look_at(from, false)) {
                call!(tool.complain(from, errno))?;
                continue;
            }
            if there.is_some_and(|there| there.id == info.id) {
                call!(tool.complain(from, format!("the same file as {}", excerpt(&to))))?;
                continue;
            }
            if !call!(target.takes(&mut tool, from, info, spares_existing))? {
                continue;
            }
            if call!(go(&mut tool, from, &to, info, given.has("-v")))? {
                call!(target.has_taken(&to));
            }
            call!(tool.flush_if_full())?;
        }
        call!(tool.finish())
    })
}

/// Moves one file. False when it is not all there, which has been told.
fn go<'a>(
    tool: &'a mut Tool,
    from: &'a str,
    to: &'a str,
    info: FileInfo,
    is_verbose: bool,
) -> impl Routine<Result<bool, Errno>> {
    routine!(move {
        // What `.` and `..` stand for has another name, which is not the one that is to be given.
        let has_own_name = [from, to].iter().all(|path| !matches!(last_part(path), "." | ".."));
        let may_have_slash = info.kind == FileKind::Directory;
        let checked = if may_have_slash { Ok(()) } else { call!(check_name_of_file(to)) };
        let renamed = match checked {
            Ok(()) if has_own_name => trap!(yield rename(from.to_owned(), to.to_owned())),
            Ok(()) => Err(Errno::EBUSY),
            Err(errno) => Err(errno),
        };
        match renamed {
            Ok(()) => {
                if is_verbose {
                    tool.out.extend(format!("renamed {} -> {}\n", quoted(from), quoted(to)).bytes());
                }
                return Ok(true);
            }
            Err(Errno::EXDEV) => {
                let telling = if is_verbose { Telling::Verbose } else { Telling::Quiet };
                let copying = Copying { telling, keeps_time: true, spares_existing: false };
                // What was not copied whole is not removed.
                if call!(copying.tree(tool, from, to, info))? {
                    return call!(Removal { telling }.tree(tool, from, info.kind));
                }
            }
            Err(Errno::EINVAL) if info.kind == FileKind::Directory => {
                call!(tool.complain(from, format!("cannot be moved into itself, {}", excerpt(to))))?;
            }
            Err(errno) => call!(tool.complain(from, format!("to {}: {errno}", excerpt(to))))?,
        }
        Ok(false)
    })
}
