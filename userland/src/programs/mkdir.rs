//! Makes directories.

use crate::{directory::is_directory, prelude::*, quoting::quoted};

pub(crate) const PROGRAM: Program = Program::new(
    "mkdir",
    Group::Tools,
    "makes directories; with -p also those that they lie in, and without a word of what is there",
    main,
)
.usage("[-pv] DIRECTORY...");

fn parse(args: Args) -> Result<Given, Misuse> {
    let given = Given::parse(args, &["-p --parents", "-v --verbose"], &[])?;
    if given.operands.is_empty() { Err(Misuse::Wrong("no directory given".to_owned())) } else { Ok(given) }
}

/// The directories that lead to `path`, and itself.
fn steps(path: &str) -> impl Iterator<Item = &str> {
    let is_end =
        move |at: &usize| path.as_bytes()[*at] != b'/' && path.as_bytes().get(at + 1).is_none_or(|b| *b == b'/');
    (0..path.len()).filter(is_end).map(|end| &path[..=end])
}

fn main(args: Args) -> Task {
    task!({
        let mut tool = Tool::new(&PROGRAM);
        let given = call!(tool.or_usage(parse(args)))?;
        for operand in &given.operands {
            let mut first = if given.has("-p") { steps(operand).collect() } else { vec![operand.as_str()] };
            // The last with the slashes that it was given.
            first.pop();
            first.push(operand);
            for path in first {
                match trap!(yield mkdir(path)) {
                    Ok(()) if given.has("-v") => {
                        tool.out.extend(format!("mkdir: created directory {}\n", quoted(path)).bytes());
                    }
                    Ok(()) => {}
                    // A read-only system refuses even what is there.
                    Err(Errno::EEXIST | Errno::EROFS | Errno::EACCES)
                        if given.has("-p") && call!(is_directory(path)) => {}
                    Err(errno) => {
                        let is_on_the_way = path.len() < operand.trim_end_matches('/').len();
                        let errno = match errno {
                            Errno::EEXIST if given.has("-p") => match trap!(yield stat(path)) {
                                Ok(_) if is_on_the_way => Errno::ENOTDIR,
                                // A link to nothing is there itself.
                                Ok(_) | Err(Errno::ENOENT) => errno,
                                Err(why) => why,
                            },
                            errno => errno,
                        };
                        call!(tool.complain(path, errno))?;
                        break;
                    }
                }
            }
        }
        call!(tool.finish())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_directory_on_the_way_is_a_step() {
        assert_eq!(steps("a/b//c/").collect::<Vec<_>>(), ["a", "a/b", "a/b//c"]);
        assert_eq!(steps("/a").collect::<Vec<_>>(), ["/a"]);
        assert_eq!(steps("/").count(), 0);
        assert_eq!(steps("ä/é").collect::<Vec<_>>(), ["ä", "ä/é"]);
    }
}
