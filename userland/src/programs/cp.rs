//! Copies files.

use crate::{
    directory::look_at,
    path::{is_within, plain},
    prelude::*,
    target::Target,
    tree::{Copying, Telling},
};

pub(crate) const PROGRAM: Program = Program::new(
    "cp",
    Group::Tools,
    "copies a file to another name, or files into a directory; -r directories, -p keeps the time of change",
    main,
)
.usage("[-rapnfv] FROM... TO");

/// What `cp` and `mv` are given: what is to go, and where to.
pub(crate) fn sources_and_target(given: &mut Given) -> Result<(Vec<String>, String), Misuse> {
    let mut sources = core::mem::take(&mut given.operands);
    match sources.pop() {
        Some(target) if !sources.is_empty() => Ok((sources, target)),
        Some(_) => Err(Misuse::Wrong("no target given".to_owned())),
        None => Err(Misuse::Wrong("no file given".to_owned())),
    }
}

fn parse(args: Args) -> Result<(Given, Vec<String>, String), Misuse> {
    let flags =
        &["-r -R --recursive", "-a --archive", "-p --preserve", "-n --no-clobber", "-f --force", "-v --verbose"];
    let mut given = Given::parse(args, flags, &[])?;
    let (sources, target) = sources_and_target(&mut given)?;
    Ok((given, sources, target))
}

fn main(args: Args) -> Task {
    task!({
        let mut tool = Tool::new(&PROGRAM);
        let (given, sources, target) = call!(tool.or_usage(parse(args)))?;
        let copying = Copying {
            telling: if given.has("-v") { Telling::Verbose } else { Telling::Quiet },
            keeps_time: given.has("-p") || given.has("-a"),
            spares_existing: given.has("-n"),
        };
        let is_recursive = given.has("-r") || given.has("-a");
        let Some(mut target) = call!(Target::find(&mut tool, target, sources.len()))? else {
            return call!(tool.finish());
        };
        let directory = trap!(yield getcwd())?;
        for from in &sources {
            let info = match call!(look_at(from, !is_recursive || from.ends_with('/'))) {
                Ok(info) => info,
                Err(errno) => {
                    call!(tool.complain(from, errno))?;
                    continue;
                }
            };
            if info.kind == FileKind::Directory {
                if !is_recursive {
                    call!(tool.complain(from, "a directory; -r copies it"))?;
                    continue;
                }
                let to = target.of(from);
                let [plain_from, plain_to] = [from, &to].map(|path| plain(path, &directory));
                if plain_from == plain_to && copying.spares_existing {
                    continue;
                }
                if is_within(&plain_to, &plain_from) {
                    call!(tool.complain(from, format!("cannot be copied into itself, {}", excerpt(&to))))?;
                    continue;
                }
            }
            if !call!(target.takes(&mut tool, from, info, copying.spares_existing))? {
                continue;
            }
            let to = target.of(from);
            if call!(copying.tree(&mut tool, from, &to, info))? {
                call!(target.has_taken(&to));
            }
            call!(tool.flush_if_full())?;
        }
        call!(tool.finish())
    })
}
