//! Where programs are.

use crate::{
    executable::{find, search_path},
    prelude::*,
};

pub(crate) const PROGRAM: Program =
    Program::new("which", Group::Tools, "prints the paths of the programs and scripts that these names start", main)
        .usage("NAME...");

fn parse(args: Args) -> Result<Vec<String>, Misuse> {
    Ok(Given::parse(args, &[], &[])?.operands)
}

fn main(args: Args) -> Task {
    task!({
        let names = call!(or_usage(&PROGRAM, parse(args)))?;
        let mut code = if names.is_empty() { 1 } else { 0 };
        let path = call!(search_path());
        for name in names {
            match call!(find(&name, &path)) {
                Ok(path) => println!("{path}")?,
                Err(_) => code = 1,
            }
        }
        trap!(yield exit(code))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fake_kernel::{End, run_script, words};

    #[test]
    fn paths_are_printed_and_what_is_in_no_folder_is_the_code() {
        let modified = Duration::ZERO;
        let info =
            FileInfo { kind: FileKind::Regular, size: 0, id: FileId::new(1, 1), modified, mode: 0o555, links: 1 };
        let path = || ("getenv(\"PATH\")", Reply::Buf("/a:/bin".into()));
        let script = [
            path(),
            ("stat(\"/a/echo\")", Reply::Err(Errno::ENOENT)),
            ("stat(\"/bin/echo\")", Reply::File(Box::new(info))),
            ("stat(\"/a/nonesuch\")", Reply::Err(Errno::ENOENT)),
            ("stat(\"/bin/nonesuch\")", Reply::Err(Errno::ENOENT)),
        ];
        let run = run_script(main(words("echo nonesuch")), script);
        assert_eq!((run.output.as_str(), run.end), ("/bin/echo\n", End::Exited(1)));
        assert_eq!(run_script(main(words("")), [path()]).end, End::Exited(1));
    }
}
