//! Removes files.

use crate::{
    directory::look_at,
    path::{last_part, plain, trimmed},
    prelude::*,
    tree::{Removal, Telling},
};

pub(crate) const PROGRAM: Program = Program::new(
    "rm",
    Group::Tools,
    "removes files; -r directories and all in them, -d empty ones, -f without a word of what is not there",
    main,
)
.usage("[-rdfv] FILE...");

struct Options {
    given: Given,
}

fn parse(args: Args) -> Result<Options, Misuse> {
    let flags = &["-r -R --recursive", "-d --dir", "-f --force", "-v --verbose"];
    let given = Given::parse(args, flags, &[])?;
    if given.operands.is_empty() && !given.has("-f") {
        return Err(Misuse::Wrong("no file given".to_owned()));
    }
    Ok(Options { given })
}

fn main(args: Args) -> Task {
    task!({
        let mut tool = Tool::new(&PROGRAM);
        let Options { given } = call!(tool.or_usage(parse(args)))?;
        let directory = trap!(yield getcwd())?;
        let removal = Removal { telling: if given.has("-v") { Telling::Verbose } else { Telling::Quiet } };
        for path in &given.operands {
            // Of several slashes at the end one is told.
            let path = if path.ends_with("//") { format!("{}/", trimmed(path)) } else { path.clone() };
            let path = path.as_str();
            // As the kernel will read it: `/a/..` is the root too.
            if given.has("-r") && plain(path, &directory) == "/" {
                call!(tool.complain(path, "the root is not removed"))?;
                continue;
            }
            let kind = match call!(look_at(path, false)) {
                Ok(info) => info.kind,
                Err(Errno::ENOENT | Errno::ENOTDIR) if given.has("-f") => continue,
                Err(errno) => {
                    call!(tool.complain(path, errno))?;
                    continue;
                }
            };
            if matches!(last_part(path), "." | "..") {
                call!(tool.complain(path, "`.` and `..` are not removed"))?;
                continue;
            }
            if kind == FileKind::Directory && !given.has("-r") {
                if given.has("-d") {
                    call!(removal.directory(&mut tool, path))?;
                } else {
                    call!(tool.complain(path, Errno::EISDIR))?;
                }
                continue;
            }
            call!(removal.tree(&mut tool, path, kind))?;
            call!(tool.flush_if_full())?;
        }
        call!(tool.finish())
    })
}
