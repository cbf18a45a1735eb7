//! The last part of a path.

use crate::prelude::*;

pub(crate) const PROGRAM: Program = Program::new(
    "basename",
    Group::Tools,
    "writes the last part of a path, and without its SUFFIX if it has that",
    main,
)
.usage("PATH [SUFFIX] | -a [-s SUFFIX] PATH...");

struct Options {
    suffix: String,
    paths: Vec<String>,
}

fn parse(args: Args) -> Result<Options, Misuse> {
    let given = Given::parse(args, &["-a --multiple"], &["-s --suffix"])?;
    let suffix = given.value::<String>("-s")?;
    let takes_many = suffix.is_some() || given.has("-a");
    let mut paths = given.operands;
    match paths.len() {
        0 => Err(Misuse::Wrong("no path given".to_owned())),
        _ if takes_many => Ok(Options { suffix: suffix.unwrap_or_default(), paths }),
        1 | 2 => {
            let suffix = paths.drain(1..).next().unwrap_or_default();
            Ok(Options { suffix, paths })
        }
        _ => Err(Misuse::Wrong(format!("unexpected {:?}", excerpt(&paths[2])))),
    }
}

fn last_part<'a>(path: &'a str, suffix: &str) -> &'a str {
    let trimmed = path.trim_end_matches('/');
    if trimmed.is_empty() {
        return if path.is_empty() { "" } else { "/" };
    }
    let name = trimmed.rsplit('/').next().unwrap_or(trimmed);
    match name.strip_suffix(suffix) {
        Some(stem) if !stem.is_empty() => stem,
        _ => name,
    }
}

fn main(args: Args) -> Task {
    task!({
        let mut tool = Tool::new(&PROGRAM);
        let Options { suffix, paths } = call!(tool.or_usage(parse(args)))?;
        for path in paths {
            tool.out.extend_from_slice(last_part(&path, &suffix).as_bytes());
            tool.out.push(b'\n');
        }
        call!(tool.finish())
    })
}
