//! The shell: a POSIX shell's language, every part of a pipeline a task.
//!
//! A script is read by its [`parser`] into [`syntax`], whose words are [expanded](expansion) when their command
//! is run. A subshell, a part of a pipeline and what runs in the background are tasks with a copy of the
//! [`shell`](shell::Shell); programs are its children. What dash does is the measure of what this does.

mod arithmetic;
mod builtins;
mod children;
mod completion;
mod cursor;
mod execution;
mod expansion;
mod fields;
mod glob;
mod input;
mod jobs;
mod parser;
mod redirection;
mod shell;
mod simple;
mod syntax;
#[cfg(test)]
mod tests;
mod traps;
mod typed;
mod variables;
mod word;

use crate::prelude::*;
use builtins::Listing;
use input::Stream;
use shell::Shell;
use typed::Typed;

pub(crate) const PROGRAM: Program =
    Program::new("sh", Group::System, "runs commands from standard input, from a file or from -c; -i prompts", main)
        .usage("[-aCefimnuvx] [-o OPTION] [-c COMMAND [NAME [ARGUMENT...]] | FILE [ARGUMENT...] | -s [ARGUMENT...]]");

/// Where the commands are.
#[derive(Debug, PartialEq)]
enum Script {
    Text(String),
    File(String),
    Input,
}

/// What a command line says: a shell that is set so, and what it is to run.
fn parse(args: Args) -> Result<(Shell, Script), Misuse> {
    let mut shell = Shell { name: PROGRAM.name.to_owned(), ..Shell::default() };
    let (mut is_text, mut is_input) = (false, false);
    let mut words = args.into_iter().peekable();
    let mut options = Vec::new();
    while let Some(word) = words.next_if(|word| word.len() > 1 && word.starts_with(['-', '+'])) {
        match word.as_str() {
            "--" => break,
            "--help" => return Err(Misuse::Help),
            word => {
                let sign = &word[..1];
                let mut plain = sign.to_owned();
                for letter in word[1..].chars() {
                    match letter {
                        'c' if sign == "-" => is_text = true,
                        's' if sign == "-" => is_input = true,
                        'i' => shell.options.is_interactive = sign == "-",
                        letter => plain.push(letter),
                    }
                }
                if plain.len() > 1 {
                    let wants_name = plain.ends_with('o');
                    options.push(plain);
                    options.extend(wants_name.then(|| words.next()).flatten());
                }
            }
        }
    }
    match shell.set_options(options) {
        Ok((rest, _)) if rest.is_empty() => {}
        Ok((rest, _)) => return Err(Misuse::Wrong(format!("unexpected {:?}", excerpt(&rest[0])))),
        Err(Listing::Wrong(what)) => return Err(Misuse::Wrong(what)),
        Err(Listing::Options(_)) => return Err(Misuse::Wrong("-o needs a value".to_owned())),
    }
    let script = if is_text {
        let text = words.next().ok_or_else(|| Misuse::Wrong("-c needs a value".to_owned()))?;
        shell.name = words.next().unwrap_or(shell.name);
        Script::Text(text)
    } else {
        match words.next_if(|_| !is_input) {
            Some(path) => {
                shell.name = path.clone();
                Script::File(path)
            }
            None => Script::Input,
        }
    };
    shell.parameters = words.collect();
    shell.options.has_jobs |= shell.options.is_interactive;
    Ok((shell, script))
}

fn main(args: Args) -> Task {
    task!({
        let (mut shell, script) = call!(or_usage(&PROGRAM, parse(args)))?;
        if script == Script::Input && !shell.options.is_interactive {
            // A shell in a shell at a terminal prompts, too.
            let sees_keys = trap!(yield terminal(Fd::STDIN)).is_ok() && trap!(yield terminal(Fd::STDERR)).is_ok();
            (shell.options.is_interactive, shell.options.has_jobs) = (sees_keys, sees_keys);
        }
        call!(shell.begin());
        let outcome = match &script {
            Script::Text(text) => call!(shell.run_text(text, 1, false)),
            Script::File(path) => match call!(read_text(path)) {
                Ok(text) => call!(shell.run_text(text.strip_prefix('\u{feff}').unwrap_or(&text), 1, false)),
                Err(errno) => {
                    call!(shell.complain(format!("cannot open {}: {}", excerpt(path), errno.meaning())));
                    shell.status = shell::ERROR;
                    Ok(())
                }
            },
            Script::Input if shell.options.is_interactive && call!(typed::is_possible()) => {
                call!(shell.run_source(&mut Typed::new()))
            }
            Script::Input => {
                let mut source = Stream::new(Fd::STDIN, shell.options.is_interactive);
                let outcome = call!(shell.run_source(&mut source));
                if shell.options.is_interactive {
                    // The next prompt, of whoever started this, should not follow ours.
                    let _ = write_all!(Fd::STDERR, Buf::from("\n"));
                }
                outcome
            }
        };
        let code = call!(shell.finish(outcome));
        trap!(yield exit(code))
    })
}
