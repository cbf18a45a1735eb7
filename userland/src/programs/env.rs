//! The environment, and programs in another one.

use crate::{
    args::or_usage_with,
    executable::{self, not_started_code, search_path, why_not_started},
    prelude::*,
};

pub(crate) const PROGRAM: Program = Program::new(
    "env",
    Group::Tools,
    "lists the environment, or runs a program in it; -i empties it, -u NAME takes out, NAME=VALUE sets; -C changes the directory",
    main,
)
.usage("[-i] [-u NAME]... [-C DIRECTORY] [NAME=VALUE]... [PROGRAM [ARGUMENT]...]");

/// The exit code when it is `env` itself that fails.
const ENV_FAILED_CODE: i32 = 125;

struct Options {
    is_emptied: bool,
    removed: Vec<String>,
    set: Vec<(String, String)>,
    directory: Option<String>,
    program: Option<String>,
    args: Args,
}

fn parse(args: Args) -> Result<Options, Misuse> {
    let given = Given::parse(args, &["-i --ignore-environment"], &["-u --unset", "-C --chdir"])?;
    let directory = given.value("-C")?;
    let removed = given.values().filter(|(option, _)| *option == "-u").map(|(_, name)| name.to_owned()).collect();
    let is_emptied = given.has("-i");
    let mut words = given.operands.into_iter().peekable();
    let mut set = Vec::new();
    // `-` alone is an old name of -i.
    let is_dash = words.next_if(|word| word == "-").is_some();
    while let Some(word) = words.next_if(|word| word.contains('=')) {
        if let Some((name, value)) = word.split_once('=') {
            set.push((name.to_owned(), value.to_owned()));
        }
    }
    let program = words.next();
    Ok(Options { is_emptied: is_emptied || is_dash, removed, set, directory, program, args: words.collect() })
}

fn main(args: Args) -> Task {
    task!({
        let Options { is_emptied, mut removed, set, directory, program, args } =
            call!(or_usage_with(&PROGRAM, ENV_FAILED_CODE, parse(args)))?;
        if is_emptied {
            removed.extend(trap!(yield environment())?.into_iter().map(|(name, _)| name.into_string()));
        }
        for name in removed {
            trap!(yield unsetenv(name))?;
        }
        for (name, value) in set {
            if let Err(errno) = trap!(yield setenv(name.clone(), value)) {
                eprintln!("env: {}: {errno}", excerpt(&name))?;
                return trap!(yield exit(ENV_FAILED_CODE));
            }
        }
        if let Some(directory) = directory
            && let Err(errno) = trap!(yield chdir(directory.as_str()))
        {
            eprintln!("env: {}: {errno}", excerpt(&directory))?;
            return trap!(yield exit(ENV_FAILED_CODE));
        }
        let Some(program) = program else {
            let list: String =
                trap!(yield environment())?.iter().map(|(name, value)| format!("{name}={value}\n")).collect();
            return print!("{list}");
        };
        let path = call!(search_path());
        let code = match call!(executable::start(&program, args, SpawnOptions::default(), &path)) {
            Ok(child) => trap!(yield wait(child))?.code(),
            Err(errno) => {
                eprintln!("env: {}: {}", excerpt(&program), why_not_started(errno))?;
                not_started_code(errno)
            }
        };
        trap!(yield exit(code))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fake_kernel::{End, run_script, words};

    const NO_PATH: (&str, Reply) = ("getenv(\"PATH\")", Reply::Err(Errno::ENOENT));

    fn variables() -> (&'static str, Reply) {
        ("environment()", Reply::Environment(Box::new(vec![("A".into(), "1".into()), ("B".into(), "two".into())])))
    }

    #[test]
    fn the_environment_is_listed() {
        let run = run_script(main(words("")), [variables()]);
        assert_eq!((run.output.as_str(), run.end), ("A=1\nB=two\n", End::Returned(Ok(()))));
    }

    #[test]
    fn a_program_runs_in_the_environment_that_is_set_for_it() {
        let script = [
            ("unsetenv(\"A\")", Reply::Unit),
            ("setenv(\"C\" (1 byte), \"x=y\" (3 bytes))", Reply::Unit),
            NO_PATH,
            ("spawn_program(\"echo\", [\"D=1\"])", Reply::Tid(Tid::new(0, 5))),
            ("wait(5)", Reply::Exited { tid: Tid::new(0, 5), code: 3 }),
        ];
        assert_eq!(run_script(main(words("-u A C=x=y echo D=1")), script).end, End::Exited(3));
    }

    #[test]
    fn an_emptied_environment_loses_every_variable() {
        let script = [
            variables(),
            ("unsetenv(\"A\")", Reply::Unit),
            ("unsetenv(\"B\")", Reply::Unit),
            ("environment()", Reply::Environment(Box::default())),
        ];
        assert_eq!(run_script(main(words("-i")), script).output, "");
    }

    #[test]
    fn what_cannot_be_set_or_started_is_told_by_the_code() {
        let refused = [("setenv(\"\", \"1\" (1 byte))", Reply::Err(Errno::EINVAL))];
        assert_eq!(run_script(main(words("=1 echo")), refused).end, End::Exited(125));
        let unknown = [NO_PATH, ("spawn_program(\"nonesuch\", [])", Reply::Err(Errno::ENOENT))];
        let run = run_script(main(words("nonesuch")), unknown);
        assert_eq!((run.errors.as_str(), run.end), ("env: nonesuch: not found\n", End::Exited(127)));
    }
}
