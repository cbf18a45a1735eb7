//! Runs a program of the host on this task's standard streams, and sends on the signals that come meanwhile.

use crate::prelude::*;

pub(crate) const PROGRAM: Program =
    Program::new("host", Group::Tools, "runs a program of the host, if the machine allows it", main)
        .usage("PROGRAM [ARGUMENT...]");

/// What a program that may not be run ends with.
const NOT_RUN: i32 = 126;
/// What a program that is not there ends with.
const NOT_FOUND: i32 = 127;

/// Bytes that are copied at once.
const COPIED: u32 = 64 * 1024;

fn parse(mut args: Args) -> Result<HostCommand, Misuse> {
    match args.first().map(String::as_str) {
        None => Err(Misuse::Wrong("no program of the host is named".to_owned())),
        // What follows the program is its own.
        Some("--help") => Err(Misuse::Help),
        Some(_) => {
            let words = args.split_off(1);
            Ok(HostCommand { program: args.swap_remove(0).into(), args: words })
        }
    }
}

fn main(args: Args) -> Task {
    task!({
        let command = call!(or_usage(&PROGRAM, parse(args)))?;
        let name = excerpt(&command.program).to_string();
        let HostProcess { process, stdin, stdout, stderr } = match trap!(yield host_exec(command)) {
            Ok(process) => process,
            Err(errno) => {
                let hint = if errno == Errno::EPERM { " (see --host-exec)" } else { "" };
                eprintln!("host: {name}: {errno}{hint}")?;
                let code = if errno == Errno::ENOENT { NOT_FOUND } else { NOT_RUN };
                return trap!(yield exit(code));
            }
        };
        let input = trap!(yield spawn(copies(Fd::STDIN, stdin)).pass(stdin).bound())?;
        let outputs = [
            trap!(yield spawn(copies(stdout, Fd::STDOUT)).pass(stdout).bound())?,
            trap!(yield spawn(copies(stderr, Fd::STDERR)).pass(stderr).bound())?,
        ];
        trap!(yield catch_signals(forwarded()))?;
        let status = loop {
            match trap!(yield host_wait(process)) {
                Err(Errno::EINTR) => {
                    while let Some(signal) = trap!(yield try_take_signal())? {
                        trap!(yield host_kill(process, signal))?;
                    }
                }
                status => break status?,
            }
        };
        // From now on a signal is for this task again, which has only to bring out what was printed: those that
        // the program has left running may print more.
        trap!(yield catch_signals(Signals::NONE))?;
        for output in outputs {
            trap!(yield wait(output))?;
        }
        trap!(yield kill(input, Signal::Kill))?;
        trap!(yield wait(input))?;
        trap!(yield exit(status.code()))
    })
}

/// The signals that are sent on.
fn forwarded() -> Signals {
    Signal::Hup | Signal::Int | Signal::Quit | Signal::Term | Signal::Usr1 | Signal::Usr2 | Signal::Alrm
}

/// Copies what is read from one descriptor to another, until there is no more or nobody reads it.
fn copies(from: Fd, to: Fd) -> Task {
    task!({
        loop {
            let mut data = trap!(yield read(from, COPIED))?;
            if data.is_empty() {
                return Ok(());
            }
            while !data.is_empty() {
                let count = trap!(yield write(to, data.clone()))?;
                data.advance(count);
            }
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_follows_the_program_is_its_own() {
        let words = |line: &str| line.split_whitespace().map(str::to_owned).collect::<Args>();
        let Ok(command) = parse(words("ls --help -l")) else { panic!("it is no misuse") };
        assert_eq!((&*command.program, command.args), ("ls", words("--help -l")));
        assert!(matches!(parse(words("--help")), Err(Misuse::Help)));
        assert!(matches!(parse(Args::new()), Err(Misuse::Wrong(_))));
    }
}
