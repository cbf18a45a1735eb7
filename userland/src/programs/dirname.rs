//! A path without its last part.

use crate::prelude::*;

pub(crate) const PROGRAM: Program =
    Program::new("dirname", Group::Tools, "writes paths without their last part", main).usage("PATH...");

fn parse(args: Args) -> Result<Vec<String>, Misuse> {
    let paths = Given::parse(args, &[], &[])?.operands;
    if paths.is_empty() { Err(Misuse::Wrong("no path given".to_owned())) } else { Ok(paths) }
}

fn folder(path: &str) -> &str {
    let Some(slash) = path.trim_end_matches('/').rfind('/') else {
        return if path.starts_with('/') { "/" } else { "." };
    };
    let folder = path[..slash].trim_end_matches('/');
    if folder.is_empty() { "/" } else { folder }
}

fn main(args: Args) -> Task {
    task!({
        let mut tool = Tool::new(&PROGRAM);
        for path in call!(tool.or_usage(parse(args)))? {
            tool.out.extend_from_slice(folder(&path).as_bytes());
            tool.out.push(b'\n');
        }
        call!(tool.finish())
    })
}
